"""The coded form of a table: numbers as floats, levels as integer codes, and the way back to the frame.

Every method works on this form, so dtypes, decimals, bounds and missing cells are dealt with once, here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.errors import DataError
from equipoise.tables.schema import (
    Column,
    Schema,
    date_unit,
    list_names,
    shifted,
    stored_integers,
)


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
    series: dict = {}
    numbers = {column.name: j for j, column in enumerate(schema.numbers)}
    codes = {column.name: j for j, column in enumerate(schema.discrete)}
    for column in schema.columns:
        if column.is_number:
            series[column.name] = series_of_numbers(column, table.numbers[:, numbers[column.name]])
        elif column.is_discrete:
            series[column.name] = series_of_codes(column, table.codes[:, codes[column.name]])
        elif column.kind == "constant":
            filling = column.levels[0] if column.levels else None
            series[column.name] = pd.Series([filling] * len(table), dtype=column.dtype)
    frame = pd.DataFrame(dict(enumerate(series.values())), index=pd.RangeIndex(len(table)))
    frame.columns = pd.Index(list(series), tupleize_cols=False)
    return frame


def numbers_of(column: Column, series: pd.Series) -> NDArray[np.float64]:
    """Give the numbers (n,) of one numeric or datetime column, NaN where missing."""
    if column.kind == "datetime":
        out = np.full(len(series), np.nan)
        present = series.notna().to_numpy()
        if present.any():
            stored = stored_integers(series[present].astype(column.dtype))
            out[present] = (stored - column.origin) / column.step
        return out
    if column.origin:
        return shifted(pd.to_numeric(series), column.origin)
    if not pd.api.types.is_numeric_dtype(series.dtype) or series.dtype == object:
        series = pd.to_numeric(series)
    return series.to_numpy(dtype=np.float64, na_value=np.nan)


def codes_of(column: Column, series: pd.Series) -> NDArray[np.int64]:
    """Give the codes (n,) of one discrete column, -1 where missing or unknown."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        if tuple(series.dtype.categories) == column.levels:
            return series.cat.codes.to_numpy(dtype=np.int64)
        series = series.astype(series.dtype.categories.dtype)
    lookup = {(type(level), level): k for k, level in enumerate(column.levels)}
    places, values = pd.factorize(series, use_na_sentinel=True)
    if series.dtype == object and series.map(type).nunique() > 2:
        return np.array([lookup.get((type(v), v), -1) for v in series], dtype=np.int64)
    plain = {level: k for k, level in enumerate(column.levels)}
    found = np.array([plain.get(v, -1) for v in values] + [-1], dtype=np.int64)
    return found[places]


def rounded(column: Column, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put numbers (n,) on the column's grid and within its bounds; NaN stays."""
    out = np.asarray(values, dtype=np.float64)
    if column.decimals is not None:
        out = np.round(out, column.decimals)
    return np.clip(out, column.low, column.high)


def series_of_numbers(column: Column, values: NDArray[np.float64]) -> pd.Series:
    """Give the cells of one numeric or datetime column from its numbers."""
    values = rounded(column, values)
    missing = np.isnan(values)
    if column.kind == "datetime":
        return _dates(column, values, missing)
    whole = column.decimals is not None and column.decimals <= 0
    dtype = column.dtype
    if dtype == object:
        cells = [int(v) + column.origin if whole else float(v) for v in np.nan_to_num(values)]
        series = pd.Series(cells, dtype=object)
        series[missing] = None
        return series
    if not pd.api.types.is_integer_dtype(dtype):
        if isinstance(dtype, np.dtype) and dtype.kind != "f":
            return pd.Series(values)  # text declared numeric: numbers are what it means
        return pd.Series(values).astype(dtype)
    integers = [int(v) + column.origin for v in np.nan_to_num(values)]
    if not missing.any():
        return pd.Series(integers, dtype=dtype)
    return pd.Series(pd.array(integers, dtype="object")).mask(missing, pd.NA).astype(dtype)


def series_of_codes(column: Column, codes: NDArray[np.int64]) -> pd.Series:
    """Give the cells of one discrete column from its codes."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return pd.Series(pd.Categorical.from_codes(codes, dtype=column.dtype))
    levels = np.empty(len(column.levels) + 1, dtype=object)
    levels[:-1] = column.levels
    levels[-1] = None
    cells = levels[codes]
    dtype = column.dtype
    if isinstance(dtype, np.dtype) and dtype.kind == "f":
        cells[codes < 0] = np.nan
    return pd.Series(cells, dtype=dtype)


def _dates(column: Column, values: NDArray[np.float64], missing: NDArray[np.bool_]) -> pd.Series:
    stored = np.nan_to_num(values).astype(np.int64) * column.step + column.origin
    dtype = column.dtype
    unit = date_unit(dtype)
    duration = pd.api.types.is_timedelta64_dtype(dtype) or "duration" in str(dtype)
    stamps = stored.astype(f"timedelta64[{unit}]" if duration else f"datetime64[{unit}]")
    stamps[missing] = "NaT"
    if isinstance(dtype, pd.ArrowDtype):
        import pyarrow as pa

        plain = pa.array(stamps, from_pandas=True)
        return pd.Series(pd.arrays.ArrowExtensionArray(plain.cast(dtype.pyarrow_dtype)))
    series = pd.Series(stamps)
    if dtype == object:
        first = series.dt.to_pydatetime()
        return pd.Series(first, dtype=object).mask(missing, None)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return series.dt.tz_localize("UTC").dt.tz_convert(dtype.tz).astype(dtype)
    return series.astype(dtype)
