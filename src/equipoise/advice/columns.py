"""The columns that say how folds are cut and whose errors are shown: groups, times, levels."""

from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.errors import DataError, OptionError
from equipoise.tables.labels import as_series

MOST_LEVELS = 12  # of a column of numbers; with more it is cut into ranges of equal mass
RANGES = 5


def is_name(given: Any) -> bool:
    """Whether a column is given by its name rather than by its values."""
    return isinstance(given, str) or np.isscalar(given)


def column(frame: pd.DataFrame, given: Any, option: str) -> pd.Series | None:
    """Give a column by its name, or the values themselves, one a row.

    Raises
    ------
    OptionError
        There is no column of that name.
    DataError
        There is not one value a row.
    """
    if given is None:
        return None
    if is_name(given):
        if given not in frame.columns:
            near = get_close_matches(str(given), [str(c) for c in frame.columns], n=3)
            raise OptionError(
                f"{option} names the column {given!r}, which is not there"
                + (f"; did you mean {', '.join(map(repr, near))}?" if near else "")
            )
        return frame[given]
    values = as_series(given)
    if len(values) != len(frame):
        raise DataError(
            f"{option} must have one value a row, got {len(values)} for {len(frame)} rows"
        )
    return values


def group_codes(groups: pd.Series | None, known: NDArray[np.bool_]) -> NDArray[np.int64] | None:
    """Give each row the number of its group; every row without one is a group of its own."""
    if groups is None:
        return None
    codes = pd.factorize(groups[known])[0].astype(np.int64)
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(alone.sum())
    return codes


def time_values(times: pd.Series | None, known: NDArray[np.bool_]) -> NDArray | None:
    """Give values that can be put in order: numbers, or dates in one time zone.

    Raises
    ------
    DataError
        A row has no time, or it is neither a number nor an ISO 8601 date.
    """
    if times is None:
        return None
    values = times[known]
    if values.isna().any():
        raise DataError(
            f"{int(values.isna().sum())} rows have no time, so that they cannot be put in order; drop them"
        )
    if pd.api.types.is_numeric_dtype(values):
        return values.to_numpy()
    if not pd.api.types.is_datetime64_any_dtype(values):
        read = pd.to_datetime(values.astype(str), errors="coerce", format="ISO8601", utc=True)
        if read.isna().any():
            bad = values[read.isna()].iloc[0]
            raise DataError(f"the time column must hold numbers or ISO 8601 dates, got {bad!r}")
        values = read
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    return values.to_numpy()


def levels_of(by: pd.Series | None, known: NDArray[np.bool_]) -> pd.Series | None:
    """Give the level (n,) of each row as text; a column of many numbers is cut into five ranges of equal mass."""
    if by is None:
        return None
    values = by[known].reset_index(drop=True)
    is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if is_number and values.nunique() > MOST_LEVELS:
        values = pd.qcut(values.astype(float), RANGES, duplicates="drop", precision=4)
    return values.astype("string").fillna("(missing)").rename(by.name)
