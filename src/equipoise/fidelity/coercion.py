"""One column of another tool's table, read as the training rows' column says.

Other tools write whole numbers as floats, numbers and dates as texts, truth values as 'True' or 1. What a cell means is
settled by the training rows' column; that it came in another form is told, never passed over.
"""

import math
import re
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.tables.cells import NUMBER, shown
from equipoise.tables.coded import codes_of, numbers_of
from equipoise.tables.dates import is_datetime
from equipoise.tables.schema import Column

SHORT = 15  # so many digits a float holds exactly
FORMS = {
    "integer": "whole numbers",
    "floating": "floats",
    "mixed-integer-float": "floats",
    "decimal": "decimals",
    "boolean": "truth values",
    "string": "texts",
    "datetime": "dates",
    "datetime64": "dates",
    "date": "dates",
    "timedelta": "durations",
    "timedelta64": "durations",
}


class CellError(ValueError):
    """A cell that cannot be read: its row, counted from 0, and what was expected."""

    def __init__(self, row: int, cell: Any, expected: str) -> None:
        self.row = row
        super().__init__(f"expected {expected}, got {shown(str(cell))}")


@dataclass
class Levels:
    """The levels of a discrete column: those of the training rows, then those that other tables add, in their order.

    Attributes
    ----------
    column : Column
    added : dict of str to int
        Code of each level that the training rows do not have, by its text.
    """

    column: Column
    added: dict[str, int] = field(default_factory=dict)
    _known: dict[str, int] = field(init=False)
    _words: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Give each level the one text by which it is found in another form."""
        if all(isinstance(level, (bool, np.bool_)) for level in self.column.levels):
            self._words = {"0": "False", "1": "True"}
        elif {level_text(level) for level in self.column.levels} <= {"0", "1"}:
            self._words = {"False": "0", "True": "1"}
        texts = [self._text(level) for level in self.column.levels]
        times = Counter(texts)
        self._known = {text: k for k, text in enumerate(texts) if times[text] == 1}

    @property
    def size(self) -> int:
        """Number of all levels."""
        return len(self.column.levels) + len(self.added)

    def code(self, series: pd.Series) -> NDArray[np.int64]:
        """Give the codes (n,) of a column, -1 where missing; levels not met before are added.

        A cell that is no level as it stands is one if it reads the same as text: 1, 1.0, "1" and "01" do.

        Raises
        ------
        CellError
            A cell of a boolean column is no truth value, or a cell holds a list or the like.
        """
        try:
            codes = codes_of(self.column, series)
        except TypeError:
            held = series.map(lambda cell: isinstance(cell, Hashable)).to_numpy(dtype=bool)
            raise _first_error(series, ~held, "a text, a number, a date or a truth value") from None
        other = np.flatnonzero((codes < 0) & series.notna().to_numpy())
        if not len(other):
            return codes
        places, cells = _distinct(series.iloc[other])
        found = np.empty(len(cells), dtype=np.int64)
        for k, cell in enumerate(cells):
            text = self._text(cell)
            if self.column.kind == "boolean" and text not in ("True", "False"):
                row = int(other[np.flatnonzero(places == k)[0]])
                raise CellError(row, cell, "True or False")
            known = self._known.get(text)
            found[k] = self.added.setdefault(text, self.size) if known is None else known
        codes[other] = found[places]
        return codes

    def _text(self, cell: Any) -> str:
        text = level_text(cell)
        return self._words.get(text, text)


def level_text(cell: Any) -> str:
    """Give the text of a level, the same for 1, 1.0, "1" and "01", and for True, "True" and "TRUE"."""
    text = str(cell).strip()
    if len(text) <= SHORT and re.match(NUMBER, text):
        number = float(text)
        if math.isfinite(number):
            return str(int(number)) if number.is_integer() else repr(number)
    return {"true": "True", "false": "False"}.get(text.lower(), text)


def _distinct(series: pd.Series) -> tuple[NDArray[np.int64], list[Any]]:
    """Give the place (n,) of each cell among the distinct ones; 1, 1.0 and True are three."""
    if series.dtype != object:
        places, values = pd.factorize(series.astype(object))
        return places, list(values)
    keys = [(type(cell), cell) for cell in series]
    order = {key: k for k, key in enumerate(dict.fromkeys(keys))}
    return np.array([order[key] for key in keys], dtype=np.int64), [cell for _, cell in order]


def read_numbers(column: Column, series: pd.Series) -> NDArray[np.float64]:
    """Give the numbers (n,) of a numeric or datetime column, whatever form they came in; NaN where missing.

    Raises
    ------
    CellError
        A cell is no number, or no date.
    """
    if series.isna().all():
        return np.full(len(series), np.nan)
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object).infer_objects()
    if column.kind == "datetime":
        return numbers_of(column, _dates(column, series))
    if is_datetime(series.dtype):
        raise _first_error(series, series.notna().to_numpy(), "a number")
    if pd.api.types.is_complex_dtype(series.dtype):
        raise _first_error(series, series.notna().to_numpy(), "a number")
    if not pd.api.types.is_numeric_dtype(series.dtype):
        parsed = pd.to_numeric(series.astype(object), errors="coerce")
        bad = (series.notna() & parsed.isna()).to_numpy()
        if bad.any():
            raise _first_error(series, bad, "a number")
        series = parsed
    values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(values).any():
        raise _first_error(series, np.isinf(values), "a finite number")
    return numbers_of(column, series)


def _dates(column: Column, series: pd.Series) -> pd.Series:
    """Give a column in the form that the training rows have: dates or durations, with or without a time zone.

    Dates without a zone are taken to be UTC where a zone is called for.
    """
    duration = _is_duration(column.dtype)
    expected = "a duration" if duration else "a date written as 2024-01-31 or 2024-01-31 10:00:00"
    if is_datetime(series.dtype):
        if _is_duration(series.dtype) != duration:
            raise _first_error(series, series.notna().to_numpy(), expected)
        parsed = series
    elif pd.api.types.is_numeric_dtype(series.dtype):
        raise _first_error(series, series.notna().to_numpy(), expected)
    elif duration:
        parsed = pd.to_timedelta(series.astype(object), errors="coerce")
    else:
        parsed = pd.to_datetime(series.astype(object), errors="coerce", format="ISO8601", utc=True)
    bad = (series.notna() & parsed.isna()).to_numpy()
    if bad.any():
        raise _first_error(series, bad, expected)
    if isinstance(parsed.dtype, np.dtype) and _zone(column.dtype) is not None:
        parsed = parsed.dt.tz_localize("UTC")
    elif isinstance(parsed.dtype, pd.DatetimeTZDtype) and _zone(column.dtype) is None:
        parsed = parsed.dt.tz_convert("UTC").dt.tz_localize(None)
    return parsed


def _is_duration(dtype: Any) -> bool:
    return pd.api.types.is_timedelta64_dtype(dtype) or "duration" in str(dtype)


def _zone(dtype: Any) -> Any:
    if isinstance(dtype, pd.ArrowDtype):
        return getattr(dtype.pyarrow_dtype, "tz", None)
    return getattr(dtype, "tz", None)


def _first_error(series: pd.Series, bad: NDArray[np.bool_], expected: str) -> CellError:
    row = int(bad.argmax())
    return CellError(row, series.iloc[row], expected)


def form_of(series: pd.Series) -> str:
    """Say in what form the cells of a column came; the empty text if it holds none."""
    values: Any = series
    if isinstance(series.dtype, pd.CategoricalDtype):
        values = series.cat.categories
    elif isinstance(series.dtype, pd.ArrowDtype):
        values = series.dropna().head(1).astype(object)
    word = pd.api.types.infer_dtype(values, skipna=True)
    return "" if word == "empty" else FORMS.get(word, "cells of several forms")


def coerced(column: Column, real: pd.Series, series: pd.Series, values: NDArray) -> str:
    """Say what had to be done to read a column; the empty text if nothing.

    Parameters
    ----------
    column : Column
    real, series : Series
        The training rows' cells, and those that were read.
    values : (n,) float64 or int64
        What `series` was read as.
    """
    was, came = form_of(real), form_of(series)
    if column.kind == "numeric" and column.decimals is not None and column.decimals <= 0:
        kept = values[~np.isnan(values)]
        broken = int((kept != np.round(kept)).sum())
        if broken:
            return (
                f"column {column.name!r} holds whole numbers in the real rows, but {broken} of {len(kept)} cells are "
                f"no whole numbers, such as {kept[kept != np.round(kept)][0]:.12g}; they are used as they are"
            )
    harmless = column.kind == "numeric" and (was, came) == ("floats", "whole numbers")
    if not came or came == was or harmless:
        return ""
    return f"column {column.name!r} came as {came} and was read as {was}, as in the real rows"


def unseen(column: Column, levels: Iterable[str], n: int) -> str:
    """Say which levels the training rows do not have, and in how many cells they stand."""
    texts = [shown(text) for text in levels]
    more = f" and {len(texts) - 5} more" if len(texts) > 5 else ""
    return (
        f"column {column.name!r} holds levels that no real row has, in {n} cells: "
        f"{', '.join(texts[:5])}{more}"
    )
