"""The classifiers by name: XGBoost in six forms, random forest, and any of scikit-learn's, alone or as an ensemble.

One thread each, in fitting and in prediction; seeds come in and no global stream is used.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.classifiers._base import Classifier
from equipoise.classifiers.ensembles import BALANCED, ENSEMBLES, Alone, Ensemble, make_ensemble
from equipoise.classifiers.foreign import accepts_weights, make_foreign
from equipoise.classifiers.learners import Booster, Foreign, Forest
from equipoise.classifiers.presets import DEFAULT, REGULARISED
from equipoise.classifiers.tuning import tuned
from equipoise.errors import OptionError
from equipoise.tables.schema import Schema

CLASSIFIERS = (
    "xgboost", "xgboost-regularised", "xgboost-bagging", "xgboost-balanced-bagging",
    "xgboost-easy-ensemble", "xgboost-tuned", "random-forest",
)  # fmt: skip
XGBOOST = "xgboost-"  # before an ensemble's word: one of default XGBoosts


def make_classifier(
    name: str, *, schema: Schema, n_classes: int, random_state: int = 0
) -> Classifier:
    """Make an unfitted classifier.

    Parameters
    ----------
    name : str
        One of `CLASSIFIERS`, or any scikit-learn classifier as ``module:Class``; ``module:Class+bagging``,
        ``module:Class+balanced-bagging`` and ``module:Class+easy-ensemble`` are ensembles of ten of it.
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
    if name == "xgboost-regularised":
        return Alone(learner=Booster(schema, REGULARISED), **shared)
    if name == "xgboost-tuned":
        return TunedXGBoost(learner=Booster(schema, DEFAULT), **shared)
    if name == "random-forest":
        return Alone(learner=Forest(schema), **shared)
    single, word = _parts(name)
    learner = Booster(schema, DEFAULT) if single == "xgboost" else Foreign(schema, single)
    return make_ensemble(word, learner, **shared) if word else Alone(learner=learner, **shared)


def check_classifier(name: str) -> None:
    """Refuse a name that leads to no classifier; classes of the user's own are imported for it.

    Raises
    ------
    OptionError
        There is no such classifier.
    """
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


def takes_weights(name: str) -> bool:
    """Whether a classifier can be trained with weights; ensembles on balanced samples cannot.

    Raises
    ------
    OptionError
        There is no such classifier.
    """
    check_classifier(name)
    if learns_balanced(name):
        return False
    return name in CLASSIFIERS or accepts_weights(make_foreign(_parts(name)[0], 0))


def learns_balanced(name: str) -> bool:
    """Whether a classifier's members learn at the class shares of `ensembles.balanced_counts`.

    Raises
    ------
    OptionError
        The name ends in an ensemble that there is not.
    """
    return _parts(name)[1] in BALANCED


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
