"""The classifiers that take levels and missing cells as they are: XGBoost in four forms, random forest.

One thread each, in fitting and in prediction; seeds come in and no global stream is used.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.classifiers._base import Classifier
from equipoise.classifiers.boosters import BoosterClassifier, unfitted_booster
from equipoise.classifiers.foreign import Foreign, accepts_weights, make_foreign
from equipoise.classifiers.matrices import OneHot, native
from equipoise.classifiers.presets import DEFAULT, N_BAGS, N_FOREST_TREES, REGULARISED
from equipoise.classifiers.tuning import tuned
from equipoise.errors import OptionError
from equipoise.seeds import generator
from equipoise.tables.coded import Coded
from equipoise.tables.schema import Schema

CLASSIFIERS = (
    "xgboost", "xgboost-regularised", "xgboost-bagging", "xgboost-tuned", "random-forest",
)  # fmt: skip


def make_classifier(
    name: Any, *, schema: Schema, n_classes: int, random_state: int = 0
) -> Classifier:
    """Make an unfitted classifier.

    Parameters
    ----------
    name : str or classifier
        One of `CLASSIFIERS`, or any scikit-learn classifier: ``module:Class``, or an instance, which is cloned.
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
        "schema": schema, "n_classes": n_classes, "random_state": random_state
    }  # fmt: skip
    if not isinstance(name, str):
        return Foreign(source=name, **shared)
    if name == "xgboost":
        return XGBoost(parameters=DEFAULT, **shared)
    if name == "xgboost-regularised":
        return XGBoost(parameters=REGULARISED, **shared)
    if name == "xgboost-bagging":
        return BaggedXGBoost(**shared)
    if name == "xgboost-tuned":
        return TunedXGBoost(parameters=DEFAULT, **shared)
    if name == "random-forest":
        return RandomForest(**shared)
    return Foreign(source=name, **shared)


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
        make_foreign(name, 0)
        return
    near = get_close_matches(name, CLASSIFIERS, n=1, cutoff=0.5)
    raise OptionError(
        f"there is no classifier {name!r}"
        + (f"; did you mean {near[0]!r}?" if near else ";")
        + f" The classifiers are {', '.join(CLASSIFIERS)}, or any of scikit-learn's as module:Class"
    )


def takes_weights(name: Any) -> bool:
    """Whether a classifier can be trained with weights.

    Raises
    ------
    OptionError
        There is no such classifier.
    """
    check_classifier(name)
    built_in = isinstance(name, str) and name in CLASSIFIERS
    return built_in or accepts_weights(make_foreign(name, 0))


class XGBoost(BoosterClassifier):
    """XGBoost on native levels and missing values: what `XGBClassifier` learns from the frame, bit by bit.

    Parameters
    ----------
    parameters : dict
        Of `XGBClassifier`; what is not named keeps its default.
    schema : Schema
    n_classes : int
    random_state : int, default=0
    """

    def __init__(
        self,
        *,
        parameters: Mapping[str, Any],
        schema: Schema,
        n_classes: int,
        random_state: int = 0,
    ) -> None:
        super().__init__(schema=schema, n_classes=n_classes, random_state=random_state)
        self.parameters = parameters

    def _fit(self, table: Coded, y: NDArray[np.int64], weights: NDArray | None) -> None:
        model = unfitted_booster(self.schema, self.parameters, self.random_state)
        self._models = [model.fit(native(self.schema, table), y, sample_weight=weights)]


class TunedXGBoost(XGBoost):
    """XGBoost with the best of its defaults and twenty random settings, chosen on inner folds (`tuning.tuned`)."""

    def _fit(self, table: Coded, y: NDArray[np.int64], weights: NDArray | None) -> None:
        def make(settings: Mapping[str, Any]) -> Any:
            return unfitted_booster(self.schema, settings, self.random_state)

        self.parameters = tuned(make, native(self.schema, table), y, weights, self.random_state)
        super()._fit(table, y, weights)


class BaggedXGBoost(BoosterClassifier):
    """The mean probabilities of ten default XGBoosts, each trained on a bootstrap of the rows (Breiman 1996).

    A bootstrap that misses a class has one of its rows replaced by a row of that class, so that all members know all
    classes. Weights travel with their rows.
    """

    def _fit(self, table: Coded, y: NDArray[np.int64], weights: NDArray | None) -> None:
        matrix = native(self.schema, table)
        self._models = []
        for bag in range(N_BAGS):
            rows = bootstrap(y, generator(self.random_state, "bagging", bag))
            model = unfitted_booster(self.schema, DEFAULT, self.random_state)
            model.fit(
                matrix[rows], y[rows], sample_weight=None if weights is None else weights[rows]
            )
            self._models.append(model)


class RandomForest(Classifier):
    """scikit-learn's random forest of 100 trees on one-hot levels; missing numbers go their own way in each split."""

    def _fit(self, table: Coded, y: NDArray[np.int64], weights: NDArray | None) -> None:
        from sklearn.ensemble import RandomForestClassifier

        self._one_hot = OneHot(self.schema).fit(table)
        self._model = RandomForestClassifier(
            n_estimators=N_FOREST_TREES, n_jobs=1, random_state=self.random_state
        )
        self._model.fit(self._matrix(table), y, sample_weight=weights)

    def _probabilities(self, table: Coded) -> NDArray:
        return self._model.predict_proba(self._matrix(table))

    def _matrix(self, table: Coded) -> NDArray[np.float32]:
        numbers = self._one_hot.numbers(table).astype(np.float32)
        return np.hstack([numbers, self._one_hot.levels(table)])


def bootstrap(y: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw as many rows (n,) as there are, with replacement, with at least one of each class in y."""
    rows = rng.integers(len(y), size=len(y))
    drawn = np.bincount(y[rows], minlength=y.max() + 1)
    for c in np.flatnonzero((drawn == 0) & (np.bincount(y) > 0)):
        spare = np.flatnonzero(drawn[y[rows]] > 1)
        at = rng.choice(spare)
        drawn[y[rows[at]]] -= 1
        rows[at] = rng.choice(np.flatnonzero(y == c))
        drawn[c] += 1
    return rows
