"""The classifiers by name: XGBoost in six forms, random forest, and any of scikit-learn's, alone or as an ensemble.

One thread each, in fitting and in prediction; seeds come in and no global stream is used.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.classifiers._base import Classifier
from equipoise.classifiers.ensembles import (
    BALANCED,
    ENSEMBLES,
    Alone,
    Ensemble,
    balanced_prior,
    make_ensemble,
)
from equipoise.classifiers.foreign import accepts_weights, make_foreign
from equipoise.classifiers.learners import Booster, Foreign, Forest
from equipoise.classifiers.presets import DEFAULT, REGULARISED
from equipoise.classifiers.tuning import tuned
from equipoise.classifiers.weights import effective_prior
from equipoise.errors import OptionError
from equipoise.tables.schema import Schema

CLASSIFIERS = (
    "xgboost", "xgboost-regularised", "xgboost-bagging", "xgboost-balanced-bagging",
    "xgboost-easy-ensemble", "xgboost-tuned", "random-forest",
)  # fmt: skip
XGBOOST = "xgboost-"  # before an ensemble's word: one of default XGBoosts


def make_classifier(
    name: Any, *, schema: Schema, n_classes: int, random_state: int = 0
) -> Classifier:
    """Make an unfitted classifier.

    Parameters
    ----------
    name : str or classifier
        One of `CLASSIFIERS`, or any scikit-learn classifier: ``module:Class``, or an instance, which is cloned;
        ``module:Class+bagging``, ``module:Class+balanced-bagging`` and ``module:Class+easy-ensemble`` are ensembles of
        ten of it.
    schema : Schema
        Of the training part.
    n_classes : int
    random_state : int, default=0

    Raises
    ------
    OptionError
        There is no such classifier.
    """
    check_classifier(name)
    shared: dict[str, Any] = {
        "name": name, "schema": schema, "n_classes": n_classes, "random_state": random_state
    }  # fmt: skip
    if not isinstance(name, str):
        return Alone(learner=Foreign(schema, name), **{**shared, "name": type(name).__name__})
    if name == "xgboost-regularised":
        return Alone(learner=Booster(schema, REGULARISED), **shared)
    if name == "xgboost-tuned":
        return TunedXGBoost(learner=Booster(schema, DEFAULT), **shared)
    if name == "random-forest":
        return Alone(learner=Forest(schema), **shared)
    single, word = _parts(name)
    learner = Booster(schema, DEFAULT) if single == "xgboost" else Foreign(schema, single)
    return make_ensemble(word, learner, **shared) if word else Alone(learner=learner, **shared)


def check_classifier(name: Any) -> None:
    """Refuse what is, or leads to, no classifier; classes of the user's own are imported for it.

    Raises
    ------
    OptionError
        There is no such classifier.
    """
    if not isinstance(name, str):
        make_foreign(name, 0)
        return
    if name in CLASSIFIERS:
        return
    if ":" in name:
        make_foreign(_parts(name)[0], 0)
        return
    near = get_close_matches(name, CLASSIFIERS, n=1, cutoff=0.5)
    raise OptionError(
        f"there is no classifier {name!r}"
        + (f"; did you mean {near[0]!r}?" if near else ";")
        + f" The classifiers are {', '.join(CLASSIFIERS)}, or any of scikit-learn's as module:Class"
    )


def takes_weights(name: Any) -> bool:
    """Whether a classifier can be trained with weights; ensembles on balanced samples cannot.

    Raises
    ------
    OptionError
        There is no such classifier.
    """
    check_classifier(name)
    if learns_balanced(name):
        return False
    if isinstance(name, str) and name in CLASSIFIERS:
        return True
    single = _parts(name)[0] if isinstance(name, str) else name
    return accepts_weights(make_foreign(single, 0))


def learns_balanced(name: Any) -> bool:
    """Whether a classifier's members learn at the class shares of `ensembles.balanced_counts`.

    Raises
    ------
    OptionError
        The name ends in an ensemble that there is not.
    """
    return isinstance(name, str) and _parts(name)[1] in BALANCED


def trained_shares(
    name: Any,
    y: NDArray[np.int64],
    n_classes: int,
    class_weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Give the class shares (n_classes,) that a classifier learns at.

    Parameters
    ----------
    name : str or classifier
    y : (n,) int
        Class positions of all training rows, synthetic ones included.
    n_classes : int
    class_weights : (n_classes,) float, optional

    Raises
    ------
    OptionError
        The name ends in an ensemble that there is not.
    """
    if learns_balanced(name):
        return balanced_prior(y, n_classes)
    return effective_prior(y, n_classes, class_weights)


def _parts(name: str) -> tuple[str, Ensemble | None]:
    """Part a name into that of one member and the ensemble's word, if it has one."""
    if ":" not in name:
        word = name.removeprefix(XGBOOST)
        return ("xgboost", word) if word in ENSEMBLES else (name, None)
    single, plus, word = name.partition("+")
    if not plus:
        return single, None
    if word not in ENSEMBLES:
        near = get_close_matches(word, ENSEMBLES, n=1)
        raise OptionError(
            f"there is no ensemble {word!r}"
            + (f"; did you mean {near[0]!r}?" if near else ";")
            + f" The ensembles of {single} are {', '.join(f'+{known}' for known in ENSEMBLES)}"
        )
    return single, word


class TunedXGBoost(Alone):
    """XGBoost with the best of its defaults and twenty random settings, chosen on inner folds (`tuning.tuned`)."""

    def _train(self, matrix: NDArray, y: NDArray[np.int64], weights: NDArray | None) -> list[Any]:
        def make(settings: Mapping[str, Any]) -> Any:
            return Booster(self.schema, settings).make(self.random_state)

        found = tuned(make, matrix, y, weights, self.random_state)
        self.learner = Booster(self.schema, found)
        return super()._train(matrix, y, weights)
