"""The coded form of a table: numbers as floats, levels as integer codes, and the way back to the frame.

Every method works on this form, so dtypes, decimals, bounds and missing cells are dealt with once, here.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_integer_dtype, is_object_dtype

from equipoise.errors import DataError
from equipoise.tables.dates import (
    from_steps,
    is_datetime,
    series_of_stamps,
    steps_from,
    stored_integers,
)
from equipoise.tables.grids import EXACT, as_numeric, check_finite, shifted
from equipoise.tables.schema import Column, Schema, list_names


@dataclass(frozen=True)
class Coded:
    """A table of n rows, p numbers and q codes.

    Attributes
    ----------
    numbers : (n, p) float64
        In the order of `Schema.numbers`; NaN where missing.
    codes : (n, q) int64
        In the order of `Schema.discrete`; -1 where missing, or where the level is not one of the schema's.
    """

    numbers: NDArray[np.float64]
    codes: NDArray[np.int64]

    def __len__(self) -> int:
        """Give the number of rows."""
        return len(self.numbers)

    def take(self, rows: NDArray) -> "Coded":
        """Give the rows at these positions, or under this mask."""
        return Coded(self.numbers[rows], self.codes[rows])

    @staticmethod
    def concat(parts: Sequence["Coded"]) -> "Coded":
        """Stack tables of one schema."""
        return Coded(
            np.concatenate([part.numbers for part in parts]),
            np.concatenate([part.codes for part in parts]),
        )


def code(schema: Schema, frame: pd.DataFrame) -> Coded:
    """Code rows by a schema.

    Raises
    ------
    DataError
        A column of the schema is not in the frame.
    """
    absent = [name for name in schema.names if name not in frame.columns]
    if absent:
        raise DataError(
            f"the table lacks columns that were there in training: {list_names(absent)}"
        )
    numbers = np.empty((len(frame), len(schema.numbers)))
    for j, column in enumerate(schema.numbers):
        numbers[:, j] = numbers_of(column, frame[column.name])
    codes = np.empty((len(frame), len(schema.discrete)), dtype=np.int64)
    for j, column in enumerate(schema.discrete):
        codes[:, j] = codes_of(column, frame[column.name])
    return Coded(numbers, codes)


def decode(schema: Schema, table: Coded) -> pd.DataFrame:
    """Turn a coded table back into rows with the dtypes, grids, bounds and levels of training.

    Numbers are rounded to the column's grid and clipped to its bounds. Constant columns come back; identifier columns
    are left out, since no row can be given a new one: the caller fills them in.
    """
    cells: list[pd.Series] = []
    names: list[Hashable] = []
    numbers, codes = iter(table.numbers.T), iter(table.codes.T)
    for column in schema.columns:
        if column.is_number:
            cells.append(series_of_numbers(column, next(numbers)))
        elif column.is_discrete:
            cells.append(series_of_codes(column, next(codes)))
        elif column.kind == "constant":
            filling = column.levels[0] if column.levels else None
            cells.append(pd.Series([filling] * len(table), dtype=column.dtype))
        else:
            continue
        names.append(column.name)
    frame = pd.DataFrame(dict(enumerate(cells)), index=pd.RangeIndex(len(table)))
    # Left to itself an index of None and 0.5 becomes one of numbers.
    mixed = len({type(name) for name in names}) > 1
    frame.columns = pd.Index(names, dtype=object if mixed else None, tupleize_cols=False)
    return frame


def numbers_of(column: Column, series: pd.Series) -> NDArray[np.float64]:
    """Give the numbers (n,) of one numeric or datetime column, NaN where missing.

    Raises
    ------
    DataError
        A cell is no number, or no date, or it is infinite.
    """
    present = series.notna().to_numpy()
    out = np.full(len(series), np.nan)
    kept = series if present.all() else series[present]
    try:
        if column.kind == "datetime":
            stored = stored_integers(kept.astype(column.dtype))
            out[present] = steps_from(stored, column.origin, column.step)
        elif is_datetime(series.dtype):
            raise TypeError("they are dates")
        else:
            out[present] = shifted(as_numeric(kept), column.origin)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"column {column.name!r} was {column.kind} in training, "
            f"but now holds values of type {series.dtype} that cannot be used so: {error}"
        ) from None
    check_finite(column.name, series, out)
    return out


def codes_of(column: Column, series: pd.Series) -> NDArray[np.int64]:
    """Give the codes (n,) of one discrete column, -1 where missing or unknown."""
    if len({type(level) for level in column.levels}) > 1 and is_object_dtype(series.dtype):
        lookup = {(type(level), level): k for k, level in enumerate(column.levels)}
        return np.array([lookup.get((type(v), v), -1) for v in series], dtype=np.int64)
    if isinstance(series.dtype, pd.CategoricalDtype):
        places, values = series.cat.codes.to_numpy(), series.dtype.categories
    else:
        places, values = pd.factorize(series)
    plain = {level: k for k, level in enumerate(column.levels)}
    return np.array([plain.get(v, -1) for v in values] + [-1], dtype=np.int64)[places]


def rounded(column: Column, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put numbers (n,) on the column's grid and within its bounds; NaN stays."""
    out = np.clip(np.asarray(values, dtype=np.float64), column.low, column.high)
    if column.decimals is None:
        return out
    return np.clip(np.round(out, column.decimals), column.low, column.high)


def series_of_numbers(column: Column, values: NDArray[np.float64]) -> pd.Series:
    """Give the cells of one numeric or datetime column from its numbers."""
    values = rounded(column, values)
    missing = np.isnan(values)
    dtype = column.dtype
    if column.kind == "datetime":
        stored = from_steps(np.where(missing, column.low, values), column.origin, column.step)
        return series_of_stamps(stored, missing, dtype, column.cell == "date")
    if is_integer_dtype(dtype) or column.cell == "text" or is_object_dtype(dtype):
        return _cells(column, values, missing)
    if isinstance(dtype, pd.CategoricalDtype):
        return pd.Series(values)  # a category declared numeric: new numbers are no levels of it
    return pd.Series(values).astype(dtype)


def _cells(column: Column, values: NDArray[np.float64], missing: NDArray[np.bool_]) -> pd.Series:
    """Give integers, texts or Python numbers (n,), which a float may not hold exactly."""
    whole = column.decimals is not None and column.decimals <= 0
    kind = int if whole else float
    exact = column.origin == 0 and max(-column.low, column.high) <= EXACT
    if whole and exact and column.cell == "" and not missing.any():
        return pd.Series(values.astype(np.int64)).astype(column.dtype)
    cells = [kind(v) + column.origin for v in np.where(missing, column.low, values)]
    series = pd.Series(cells, dtype=object)
    if column.cell == "text":
        series = series.map(str)
    return series.mask(missing, None).astype(column.dtype)


def series_of_codes(column: Column, codes: NDArray[np.int64]) -> pd.Series:
    """Give the cells of one discrete column from its codes."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return pd.Series(pd.Categorical.from_codes(codes, dtype=column.dtype))
    if isinstance(column.dtype, pd.StringDtype):  # each level is stored once, not once a row
        stored = pd.array(list(column.levels), dtype=column.dtype)
        return pd.Series(stored.take(codes, allow_fill=True))
    levels = np.empty(len(column.levels) + 1, dtype=object)
    levels[:-1] = column.levels
    levels[-1] = None
    cells = levels[codes]
    dtype = column.dtype
    if isinstance(dtype, np.dtype) and dtype.kind == "f":
        cells[codes < 0] = np.nan
    return pd.Series(cells, dtype=dtype)
