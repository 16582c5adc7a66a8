"""What all classifiers share: the schema, classes that training lacks, levels that training has not met."""

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.classifiers.matrices import known_levels, without_unknown
from equipoise.errors import DataError, NotFittedError
from equipoise.tables.coded import Coded, code
from equipoise.tables.schema import Schema


class Classifier(ABC):
    """A classifier of rows of one schema into class positions.

    Identifier and constant columns are left out. A level that the fit has not met counts as missing. A class without a
    training row gets probability 0; with a single class, or without a column to learn from, every row gets the
    training shares.

    Parameters
    ----------
    schema : Schema
        Of the training part.
    n_classes : int
        Classes of the table, whether or not training has rows of each.
    random_state : int, default=0

    Attributes
    ----------
    classes_ : ndarray of int
        Class positions that training had.
    unseen_ : dict of column name to int
        How many cells of the rows last predicted held a level not met in training; columns with none are left out.
    """

    def __init__(self, *, schema: Schema, n_classes: int, random_state: int = 0) -> None:
        self.schema = schema
        self.n_classes = n_classes
        self.random_state = random_state

    def fit(
        self, X: pd.DataFrame, y: NDArray[np.int64], sample_weight: NDArray | None = None
    ) -> Self:
        """Learn from training rows.

        Parameters
        ----------
        X : DataFrame of shape (n, d)
            With the columns of the schema.
        y : (n,) int
            Class positions.
        sample_weight : (n,) float, optional

        Raises
        ------
        DataError
            Columns are lacking, there is no row, or lengths differ.
        OptionError
            The classifier takes no weights.
        """
        y = np.asarray(y)
        weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        if not len(y) or len(X) != len(y) or (weights is not None and len(weights) != len(y)):
            raise DataError(
                f"a classifier needs rows, labels and weights of the same number, at least one; got "
                f"{len(X)} rows, {len(y)} labels"
                + ("" if weights is None else f" and {len(weights)} weights")
            )
        table = code(self.schema, X)
        self._known = known_levels(self.schema, table)
        self.classes_, places = np.unique(y, return_inverse=True)
        shares = np.bincount(places, weights=weights)
        self._shares = shares / shares.sum()
        self._learns = len(self.classes_) > 1 and len(self.schema) > len(self.schema.carried)
        if self._learns:
            self._fit(table, places, weights)
        return self

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Give the probability (n, n_classes) of each class position.

        Raises
        ------
        NotFittedError
            `fit` has not been called.
        DataError
            Columns are lacking.
        """
        if not hasattr(self, "classes_"):
            raise NotFittedError("this classifier is not fitted yet; call fit before predict_proba")
        raw = code(self.schema, X)
        table = without_unknown(raw, self._known)
        self.unseen_ = self._count_unseen(X, table)
        probabilities = np.zeros((len(X), self.n_classes))
        if self._learns and len(X):
            probabilities[:, self.classes_] = self._probabilities(table)
        else:
            probabilities[:, self.classes_] = self._shares
        return probabilities

    def _count_unseen(self, X: pd.DataFrame, table: Coded) -> dict[Hashable, int]:
        unseen = {}
        for j, column in enumerate(self.schema.discrete):
            absent = table.codes[:, j] < 0
            if absent.any():
                count = int((absent & X[column.name].notna().to_numpy()).sum())
                if count:
                    unseen[column.name] = count
        return unseen

    @abstractmethod
    def _fit(self, table: Coded, y: NDArray[np.int64], weights: NDArray | None) -> None:
        """Learn from a coded table and places (n,) in `classes_`, of which there are two or more."""

    @abstractmethod
    def _probabilities(self, table: Coded) -> NDArray:
        """Give the probability (n, len(classes_)) of each class in `classes_`."""
