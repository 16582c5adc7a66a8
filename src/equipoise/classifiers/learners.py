"""What a classifier is made of: the matrix that a table becomes, and an unfitted estimator that learns from it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from equipoise.classifiers.foreign import accepts_weights, make_foreign
from equipoise.classifiers.matrices import OneHot, Standardised, native, native_types
from equipoise.classifiers.presets import N_FOREST_TREES
from equipoise.tables.coded import Coded
from equipoise.tables.schema import Schema


class Learner(ABC):
    """A matrix and an estimator that go together; a classifier trains one estimator of it, or several.

    Parameters
    ----------
    schema : Schema
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    @property
    def takes_weights(self) -> bool:
        """Whether its estimators can be trained with weights of rows."""
        return True

    def prepare(self, table: Coded) -> Self:
        """Learn from training rows what the matrix needs to know."""
        return self

    @abstractmethod
    def matrix(self, table: Coded) -> NDArray:
        """Give the matrix (n, d) that estimators take."""

    @abstractmethod
    def make(self, seed: int) -> Any:
        """Make an unfitted estimator of one thread."""


class Booster(Learner):
    """XGBoost on native levels and missing values.

    Parameters
    ----------
    schema : Schema
    parameters : dict
        Of `XGBClassifier`; what is not named keeps its default.
    """

    def __init__(self, schema: Schema, parameters: Mapping[str, Any]) -> None:
        super().__init__(schema)
        self.parameters = parameters

    def matrix(self, table: Coded) -> NDArray[np.float32]:
        """Give one column a feature: levels as codes, missing as NaN."""
        return native(self.schema, table)

    def make(self, seed: int) -> Any:
        """Make an `XGBClassifier`."""
        from xgboost import XGBClassifier

        return XGBClassifier(
            **self.parameters,
            enable_categorical=True,
            feature_types=native_types(self.schema),
            n_jobs=1,
            random_state=seed,
        )


class Forest(Learner):
    """scikit-learn's random forest of 100 trees on one-hot levels; missing numbers go their own way in each split."""

    def prepare(self, table: Coded) -> Self:
        """Learn the places of the levels."""
        self._one_hot = OneHot(self.schema).fit(table)
        return self

    def matrix(self, table: Coded) -> NDArray[np.float32]:
        """Give numbers with NaN, and one column a level."""
        numbers = self._one_hot.numbers(table).astype(np.float32)
        return np.hstack([numbers, self._one_hot.levels(table)])

    def make(self, seed: int) -> Any:
        """Make a `RandomForestClassifier`."""
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(n_estimators=N_FOREST_TREES, n_jobs=1, random_state=seed)


class Foreign(Learner):
    """A scikit-learn classifier on one-hot levels and standardised numbers.

    Missing numbers get the median and an indicator column. A class gets its default parameters, `random_state` where it
    has one, and one job where its default is more; an instance keeps its parameters, and what has no seed gets one.

    Parameters
    ----------
    schema : Schema
    source : str or classifier
        ``module:Class``, such as ``sklearn.linear_model:LogisticRegression``, or an instance, which is cloned.
    """

    def __init__(self, schema: Schema, source: Any) -> None:
        super().__init__(schema)
        self.source = source

    @property
    def takes_weights(self) -> bool:
        """Whether its `fit` takes them."""
        return accepts_weights(self.make(0))

    def prepare(self, table: Coded) -> Self:
        """Learn the places of the levels, medians, means and deviations."""
        self._one_hot = OneHot(self.schema).fit(table)
        self._standardised = Standardised().fit(self._one_hot.numbers(table))
        return self

    def matrix(self, table: Coded) -> NDArray[np.float64]:
        """Give standardised numbers, indicators of missing ones, and one column a level."""
        numbers = self._standardised.transform(self._one_hot.numbers(table))
        return np.hstack([numbers, self._one_hot.levels(table)])

    def make(self, seed: int) -> Any:
        """Make the class that the name leads to, or a copy of the instance."""
        return make_foreign(self.source, seed)
