"""What all synthesizers share: the table and its label are parted on the way in and joined on the way out.

A method sees one coded table, the class positions of its rows and a generator; it never sees a frame, a dtype or a
label. It makes rows of a class it is told, so the label of a row is right by construction.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.errors import DataError, NotFittedError, OptionError
from equipoise.saving.savable import Savable
from equipoise.seeds import as_generator
from equipoise.tables.coded import Coded, code, decode
from equipoise.tables.frames import Container
from equipoise.tables.labels import Labels
from equipoise.tables.schema import Kind, Schema

Make = Callable[[NDArray[np.int64], np.random.Generator], tuple[Coded, NDArray[np.int64]]]


@dataclass(frozen=True)
class Delivery:
    """What was asked of one class and what came."""

    label: Any
    requested: int
    delivered: int
    fallback: str = ""


class Synthesizer(Savable):
    """Base of every method that makes new rows of a given class.

    A subclass names its parameters in its constructor, which only stores them, and writes `_fit` and `_sample`. Its
    `keeps_rows` says whether what it holds of the columns that are learnt from, be it rows or codes that decode to rows
    like them, could give training rows away. Identifier columns are not among them: whatever the method, their values
    are kept as they came, and each new row gets one of them at random, of any class. Drop columns whose values must not
    be passed on.

    Attributes
    ----------
    schema_ : Schema
        The columns, as inferred from the training rows.
    labels_ : Labels
        The classes, as seen in training.
    class_counts_ : ndarray of shape (n_classes,)
        Training rows of each class.
    fallbacks_ : dict of int to str
        Class position to the reason why `fit` will not give it the full method (too few rows, say). Empty if none.
    deliveries_ : tuple of Delivery
        What the last call of `sample` was asked for and gave, class by class.
    history_ : dict of str to list
        Training curves; empty for methods that do not iterate.
    """

    how_it_conditions: ClassVar[str] = "one model per class"
    random_state: Any

    def fit(self, X: Any, y: Any, *, kinds: Mapping[Any, Kind] | None = None) -> Self:
        """Learn from training rows.

        Parameters
        ----------
        X : frame or array of shape (n, d)
            Features: a pandas, polars or arrow frame of any dtypes, or a numeric array. Missing cells are welcome.
        y : series or array of shape (n,)
            Labels of any type.
        kinds : dict of column name to kind, optional
            Overrules the inferred kind of a column: numeric, categorical, boolean, datetime, constant or identifier.

        Raises
        ------
        DataError
            The table or the target cannot be learnt from; the message says where and why.
        OptionError
            A parameter is out of range.
        """
        self._check_options()
        self.container_ = Container.of(X)
        frame = self.container_.frame(X)
        self.labels_ = Labels.infer(y)
        y_codes = self.labels_.code(y)
        if len(y_codes) != len(frame):
            raise DataError(f"X has {len(frame)} rows but y has {len(y_codes)}")
        self.schema_ = Schema.infer(frame, kinds)
        self.class_counts_ = np.bincount(y_codes, minlength=len(self.labels_))
        self.fallbacks_: dict[int, str] = {}
        self.history_: dict[str, list[float]] = {}
        self._identifiers = {
            place: frame[column.name].reset_index(drop=True)
            for place, column in enumerate(self.schema_.columns)
            if column.kind == "identifier"
        }
        self._header = frame.columns.copy()
        table = code(self.schema_, frame)
        self._complete = ~np.isnan(table.numbers).any(axis=0), (table.codes >= 0).all(axis=0)
        self._fit(table, y_codes, as_generator(self.random_state))
        return self

    def sample(
        self, n: int | Mapping[Any, int], *, random_state: Any = None
    ) -> tuple[pd.DataFrame | NDArray, pd.Series | NDArray]:
        """Make new rows.

        Parameters
        ----------
        n : int or dict of label to int
            A number of rows, shared out in the training proportions, or exactly so many rows of each class named.
        random_state : None, int, Generator or RandomState
            Same seed, same rows.

        Returns
        -------
        X_new : frame or array of shape (n, d)
            In the container, dtypes, levels, decimals and column order of training; rows are grouped by class, in the
            order of the classes.
        y_new : series or array of shape (n,)

        Raises
        ------
        NotFittedError
            `fit` has not been called.
        OptionError
            A negative number, or a class that training did not have.
        """
        return self._deliver(n, random_state, self._sample_upto)

    def save(self, path: str | os.PathLike) -> None:
        """Write this fitted synthesizer to a file that `equipoise.load` reads: safetensors and JSON, never pickle.

        The file appears whole or not at all. It holds the parameters, what `fit` learnt and the record of the last
        `sample`, in a format with a version. A `random_state` that is a Generator or a RandomState cannot be kept and
        is saved as None, which concerns a new `fit` alone; `sample` has its own.

        A method whose `keeps_rows` is True saves training rows, as trees and neighbours do, or codes of them, and any
        method saves the values of identifier columns: an `EquipoiseWarning` says so, and so does the file.

        Parameters
        ----------
        path : path
            Where to; a file that is there is replaced.

        Raises
        ------
        NotFittedError
            `fit` has not been called.
        OptionError
            A parameter or an attribute is nothing that a file can hold (a function, say); the message names it.
        DataError
            No file can be put there.
        """
        from equipoise.saving.model_file import save

        save(self, path)

    def _deliver(
        self, n: int | Mapping[Any, int], random_state: Any, make: Make
    ) -> tuple[pd.DataFrame | NDArray, pd.Series | NDArray]:
        """Have rows made, record what came, and give them as the training rows came."""
        self._require_fit("sample")
        counts = self._counts(n)
        rng = as_generator(random_state)
        self._sample_fallbacks: dict[int, str] = {}
        table, made = make(counts, rng)
        if len(table) != made.sum() or (made > counts).any():
            raise RuntimeError(
                f"{type(self).__name__} gave {len(table)} rows, asked for {counts.sum()}"
            )
        self._refuse_new_gaps(table)
        reasons = {**self.fallbacks_, **self._sample_fallbacks}
        self.deliveries_ = tuple(
            Delivery(self.labels_.classes[k], int(m), int(made[k]), reasons.get(k, ""))
            for k, m in enumerate(counts)
            if m > 0
        )
        y_codes = np.repeat(np.arange(len(made)), made)
        frame = decode(self.schema_, table)
        for place, seen in self._identifiers.items():
            rows = rng.integers(len(seen), size=len(frame))
            frame.insert(place, seen.name, seen.take(rows).array)
        frame.columns = self._header.copy()
        return self.container_.back(frame), self.labels_.decode(y_codes)

    def _require_fit(self, action: str) -> None:
        if not hasattr(self, "schema_"):
            raise NotFittedError(
                f"this {type(self).__name__} is not fitted yet; call fit(X, y) before {action}"
            )

    def _passed_on(self) -> list[Any]:
        return [column.name for column in self.schema_.columns if column.kind == "identifier"]

    def _check_restored(self, values: list[Any]) -> None:
        from equipoise.saving.state_checks import check_method

        check_method(self, values)

    def _refuse_new_gaps(self, table: Coded) -> None:
        """Stop a method that leaves cells open in columns without missing cells; what it decodes to would mislead."""
        numbers, codes = self._complete
        for columns, open_cells in (
            (self.schema_.numbers, np.isnan(table.numbers).any(axis=0) & numbers),
            (self.schema_.discrete, (table.codes < 0).any(axis=0) & codes),
        ):
            for j in np.flatnonzero(open_cells)[:1]:
                raise RuntimeError(
                    f"{type(self).__name__}._sample left cells of column {columns[j].name!r} missing, "
                    "though no training row misses it; give each of its rows a value"
                )

    def _counts(self, n: int | Mapping[Any, int]) -> NDArray[np.int64]:
        counts = np.zeros(len(self.labels_), dtype=np.int64)
        if isinstance(n, Mapping):
            for label, wanted in n.items():
                counts[self.labels_.position(label)] = _whole(wanted, f"rows of class {label!r}")
            return counts
        return proportional(_whole(n, "rows"), self.class_counts_)

    def _check_options(self) -> None:
        """Refuse parameters that are out of range, before any row is seen."""

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        """Learn from a coded table and its class positions (n,)."""
        raise NotImplementedError

    def _sample(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        """Make ``counts[k]`` rows of each class position k, in the order of the classes."""
        raise NotImplementedError

    def _sample_upto(
        self, counts: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[Coded, NDArray[np.int64]]:
        """Make rows and say how many of each class; a method with a budget of its own may make fewer than asked."""
        return self._sample(counts, rng), counts


def proportional(n: int, weights: NDArray) -> NDArray[np.int64]:
    """Share out n in proportion to weights by largest remainders; the parts add up to n."""
    exact = n * np.asarray(weights, dtype=np.float64) / np.sum(weights)
    parts = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - parts), kind="stable")
    parts[order[: n - parts.sum()]] += 1
    return parts


def _whole(value: Any, what: str) -> int:
    whole = isinstance(value, Real) and not isinstance(value, bool) and float(value).is_integer()
    if not whole or value < 0:
        raise OptionError(f"the number of {what} must be a whole number, 0 or more; got {value!r}")
    return int(value)
