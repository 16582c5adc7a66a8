"""Methods that write a row cell by cell, and so can be given some of its cells beside the label."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.errors import DataError, OptionError
from equipoise.synthesizers._base import Synthesizer
from equipoise.tables.coded import Coded, codes_of, numbers_of, rounded, series_of_numbers
from equipoise.tables.schema import Column, list_names


@dataclass(frozen=True)
class Given:
    """Cells that every new row has, in coded form.

    Attributes
    ----------
    numbers : dict of int to float
        Position in `Schema.numbers` to the number; NaN if the cell is to be missing.
    codes : dict of int to int
        Position in `Schema.discrete` to the code; -1 if the cell is to be missing.
    """

    numbers: dict[int, float] = field(default_factory=dict)
    codes: dict[int, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything is given."""
        return bool(self.numbers or self.codes)

    def put(self, table: Coded) -> Coded:
        """Give the table with these cells in every row, exactly."""
        numbers, codes = table.numbers.copy(), table.codes.copy()
        for j, number in self.numbers.items():
            numbers[:, j] = number
        for j, code in self.codes.items():
            codes[:, j] = code
        return Coded(numbers, codes)


class Prompted(Synthesizer):
    """Base of methods that continue a row from the cells they are given.

    A subclass writes `_sample_given`, and its `_fit` begins with ``super()._fit(table, y, rng)``. It should make rows
    that go with the given cells; that the cells themselves come back exactly is seen to here.
    """

    def sample(
        self,
        n: int | Mapping[Any, int],
        *,
        given: Mapping[Any, Any] | None = None,
        random_state: Any = None,
    ) -> tuple[pd.DataFrame | NDArray, pd.Series | NDArray]:
        """Make new rows, some cells of which may be given.

        Parameters
        ----------
        n : int or dict of label to int
            A number of rows, shared out in the training proportions, or exactly so many rows of each class named.
        given : dict of column name to value, optional
            Cells that every row is to have; the others are made to go with them and with the class. A number must lie
            in the training range and on the column's grid, a level must have been seen in training, and None is a
            missing cell, where training had some.
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
            A negative number, a class that training did not have, or a given cell that no row can have.
        """
        self._require_fit("sample")
        cells = self._given(given)

        def make(
            counts: NDArray[np.int64], rng: np.random.Generator
        ) -> tuple[Coded, NDArray[np.int64]]:
            table, made = self._sample_given(counts, cells, rng)
            return cells.put(table), made

        return self._deliver(n, random_state, make)

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        """Remember which levels training rows have; a category dtype may have others."""
        self._seen_codes = tuple(np.unique(table.codes[:, j]) for j in range(table.codes.shape[1]))

    def _sample_given(
        self, counts: NDArray[np.int64], given: Given, rng: np.random.Generator
    ) -> tuple[Coded, NDArray[np.int64]]:
        """Make up to ``counts[k]`` rows of each class, in order, that go with the given cells; say how many of each."""
        raise NotImplementedError

    def _sample(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        return self._sample_given(counts, Given(), rng)[0]

    def _given(self, given: Mapping[Any, Any] | None) -> Given:
        if given is None:
            return Given()
        if not isinstance(given, Mapping):
            raise OptionError(
                f"given must be a dict of column name to value, got {type(given).__name__}"
            )
        columns = {column.name: column for column in self.schema_.columns}
        numbers = {column.name: j for j, column in enumerate(self.schema_.numbers)}
        discrete = {column.name: j for j, column in enumerate(self.schema_.discrete)}
        out = Given()
        for name, value in given.items():
            if name not in columns:
                raise OptionError(self._unknown(name))
            column = columns[name]
            if name in numbers:
                out.numbers[numbers[name]] = _number(column, value)
            elif name in discrete:
                j = discrete[name]
                out.codes[j] = _code(column, value, self._seen_codes[j])
            else:
                _check_carried(column, value)
        return out

    def _unknown(self, name: Hashable) -> str:
        if name == self.labels_.name and name is not None:
            return (
                f"given names the target {name!r}; ask for rows of a class by n, as in "
                f"sample({{{self.labels_.classes[0]!r}: 10}})"
            )
        return (
            f"given names the column {name!r}, which is not in the table; its columns are "
            f"{list_names(self.schema_.names)}"
        )


def _number(column: Column, value: Any) -> float:
    """Give the number of one cell of a numeric or datetime column."""
    if _is_missing(column, value):
        return float("nan")
    if not pd.api.types.is_scalar(value):
        raise OptionError(
            f"the value given for column {column.name!r} must be one {column.kind} value, "
            f"got {value!r}"
        )
    try:
        number = float(numbers_of(column, _series(value))[0])
    except (DataError, ArithmeticError) as error:
        raise OptionError(
            f"the value given for column {column.name!r} cannot be used: {error}"
        ) from None
    if not column.low <= number <= column.high:
        raise OptionError(
            f"the value given for column {column.name!r} must lie in its training range, "
            f"{_shown(column, column.low)} to {_shown(column, column.high)}; got {value!r}"
        )
    nearest = float(rounded(column, np.array([number]))[0])
    single = str(column.dtype).lower() in ("float32", "float[pyarrow]")
    if abs(nearest - number) > abs(number) * (2.0**-22 if single else 2.0**-50):
        raise OptionError(
            f"the value given for column {column.name!r} must be one that the column can hold, "
            f"such as {_shown(column, nearest)}; got {value!r}"
        )
    return nearest


def _code(column: Column, value: Any, seen: NDArray[np.int64]) -> int:
    """Give the code of one cell of a column of levels."""
    if _is_missing(column, value):
        return -1
    try:
        code = int(codes_of(column, _series(value))[0])
    except TypeError:  # unhashable
        code = -1
    if code < 0 or code not in seen:
        levels = list_names(column.levels[k] for k in seen if k >= 0)
        raise OptionError(
            f"the value given for column {column.name!r} must be a level seen in training, "
            f"one of {levels}; got {value!r}"
        )
    return code


def _check_carried(column: Column, value: Any) -> None:
    if column.kind == "identifier":
        raise OptionError(
            f"given names the column {column.name!r}, an identifier, of which nothing is learnt"
        )
    only = column.levels[0] if column.levels else None
    same = _absent(value) if only is None else not _absent(value) and bool(value == only)
    if not same:
        raise OptionError(
            f"column {column.name!r} has one value only, {only!r}; got {value!r} as given"
        )


def _is_missing(column: Column, value: Any) -> bool:
    if not _absent(value):
        return False
    if not column.has_missing:
        raise OptionError(
            f"column {column.name!r} cannot be given as missing: no training row misses it"
        )
    return True


def _absent(value: Any) -> bool:
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def _series(value: Any) -> pd.Series:
    cells = np.empty(1, dtype=object)
    cells[0] = value
    return pd.Series(cells)


def _shown(column: Column, number: float) -> Any:
    return series_of_numbers(column, np.array([number])).tolist()[0]
