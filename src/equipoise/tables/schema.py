"""The schema of a table: one `Column` a column, inferred from training rows only.

A column is one of six kinds. `numeric` and `datetime` columns are numbers, `categorical` and `boolean`
columns are codes of levels. `constant` columns and `identifier` columns are carried along, never modelled:
there is nothing to learn from them. The schema knows all that is needed to give back rows as they came:
dtypes, levels, bounds and decimals.
"""

import datetime as dt
import math
import warnings
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from equipoise.errors import DataError, EquipoiseWarning, OptionError
from equipoise.tables.dates import common_step, is_datetime, stored_integers
from equipoise.tables.grids import (
    EXACT,
    as_numeric,
    check_finite,
    decimals_of,
    float_within,
    shifted,
)

Kind = Literal["numeric", "categorical", "boolean", "datetime", "constant", "identifier"]

MANY_LEVELS = 100
IDENTIFIER_ROWS = 50  # below this many rows, distinct values are no sign of an identifier


@dataclass(frozen=True)
class Column:
    """What is known of one column.

    Attributes
    ----------
    name : hashable
        As in the frame.
    kind : {"numeric", "categorical", "boolean", "datetime", "constant", "identifier"}
    dtype : dtype
        The pandas dtype that came in and that rows are given back in.
    levels : tuple
        The values of a discrete column in the order of their codes (those of a category dtype in its order, unused ones
        included), or the one value of a constant column (empty if that is missing).
    low, high : float
        Bounds of a numeric or datetime column, in the unit of its numbers.
    decimals : int or None
        Numbers are multiples of ``10**-decimals``: 0 for integers, -2 for hundreds; None if no such grid is seen.
    origin, step : int
        A number stands for the stored integer ``origin + step * number`` (dates, and integers beyond 2**53).
    has_missing : bool
        Whether a training row misses it.
    cell : {"", "date", "text"}
        What the cells of an object column are, where the kind leaves it open: dates without a time, or numbers as text.
    """

    name: Hashable
    kind: Kind
    dtype: Any
    levels: tuple[Any, ...] = ()
    low: float = math.nan
    high: float = math.nan
    decimals: int | None = None
    origin: int = 0
    step: int = 1
    has_missing: bool = False
    cell: Literal["", "date", "text"] = ""

    @property
    def is_number(self) -> bool:
        """Whether its cells are numbers of the coded table."""
        return self.kind in ("numeric", "datetime")

    @property
    def is_discrete(self) -> bool:
        """Whether its cells are codes of levels."""
        return self.kind in ("categorical", "boolean")


@dataclass(frozen=True)
class Schema:
    """The columns of a table, in order."""

    columns: tuple[Column, ...]

    def __len__(self) -> int:
        """Give the number of columns."""
        return len(self.columns)

    @property
    def names(self) -> list[Hashable]:
        """Names of all columns."""
        return [column.name for column in self.columns]

    @property
    def numbers(self) -> tuple[Column, ...]:
        """The columns that are numbers, in table order: the order of `Coded.numbers`."""
        return tuple(column for column in self.columns if column.is_number)

    @property
    def discrete(self) -> tuple[Column, ...]:
        """The columns that are codes, in table order: the order of `Coded.codes`."""
        return tuple(column for column in self.columns if column.is_discrete)

    @property
    def carried(self) -> tuple[Column, ...]:
        """Constant and identifier columns, which nothing is learnt from."""
        return tuple(c for c in self.columns if not c.is_number and not c.is_discrete)

    @classmethod
    def infer(
        cls, frame: pd.DataFrame, kinds: Mapping[Any, Kind] | None = None, warn: bool = True
    ) -> "Schema":
        """Infer the schema of training rows.

        Parameters
        ----------
        frame : DataFrame of shape (n, d)
            Training rows, without the target.
        kinds : dict of column name to kind, optional
            Overrules what would be inferred.
        warn : bool, default=True
            Name identifiers and columns of very many levels in an `EquipoiseWarning`.

        Raises
        ------
        DataError
            No rows, two columns of one name, infinities, complex numbers or unhashable cells.
        OptionError
            `kinds` names no column, or a kind that the column's values cannot have.
        """
        check_frame(frame)
        if kinds is not None and not isinstance(kinds, Mapping):
            raise OptionError(
                f"kinds must map names of columns to kinds, as {{'age': 'numeric'}}; got {type(kinds).__name__}"
            )
        kinds = dict(kinds or {})
        for name, kind in kinds.items():
            if name not in frame.columns:
                raise OptionError(
                    f"kinds names the column {name!r}, which is not in the table; "
                    f"its columns are {list_names(frame.columns)}"
                )
            if kind not in get_args(Kind):
                raise OptionError(
                    f"the kind of column {name!r} must be one of {', '.join(get_args(Kind))}, "
                    f"got {kind!r}"
                )
        columns = tuple(
            _infer_column(name, frame.iloc[:, j], kinds.get(name))
            for j, name in enumerate(frame.columns)
        )
        schema = cls(columns)
        if warn:
            schema._warn(set(kinds))
        return schema

    def _warn(self, overruled: set[Hashable]) -> None:
        for column in self.columns:
            if column.name in overruled:
                continue
            if column.kind == "identifier":
                warnings.warn(
                    f"column {column.name!r} looks like an identifier (no value occurs twice): "
                    "nothing is learnt from it; synthetic rows repeat values seen in training and "
                    "classifiers leave it out. To keep it, declare it "
                    "categorical or numeric (--categorical, --numeric, or kinds in Python)",
                    EquipoiseWarning,
                    stacklevel=4,
                )
            elif column.kind == "categorical" and len(column.levels) > MANY_LEVELS:
                warnings.warn(
                    f"column {column.name!r} has {len(column.levels)} levels: methods that have an input for each "
                    f"see the {MANY_LEVELS} most frequent ones and pool the rest, from which rows are "
                    "drawn at their frequencies. Drop it if it carries nothing",
                    EquipoiseWarning,
                    stacklevel=4,
                )


def list_names(names: Iterable[Hashable], most: int = 8) -> str:
    """Give column names for a message, the first `most` of them."""
    shown = [repr(name) for name in names]
    rest = len(shown) - most
    return ", ".join(shown[:most]) + (f" and {rest} more" if rest > 0 else "")


def listed(items: Iterable[str]) -> str:
    """Join words as a sentence does."""
    words = list(items)
    return ", ".join(words[:-1]) + f" and {words[-1]}" if len(words) > 1 else "".join(words)


def check_frame(frame: pd.DataFrame) -> None:
    """Refuse what is no table: no rows, no columns, two columns of one name."""
    if frame.shape[1] == 0:
        raise DataError("the table has no feature columns; at least one is needed")
    if frame.shape[0] == 0:
        raise DataError("the table has no rows; at least one is needed")
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()].unique()
        raise DataError(
            f"two columns have the same name: {list_names(twice)}; rename or drop one of them"
        )


def _infer_column(name: Hashable, series: pd.Series, wanted: Kind | None) -> Column:
    missing = series.isna()
    present = series[~missing] if missing.any() else series
    has_missing = len(present) < len(series)
    if present.empty:
        return Column(name, "constant", series.dtype, has_missing=True)
    natural = _natural_kind(name, series, present)
    distinct = _distinct(name, present)
    if wanted is not None:
        _check_wanted(name, wanted, natural, present, distinct, has_missing)
    is_category = isinstance(series.dtype, pd.CategoricalDtype)
    kind = wanted or natural
    if len(distinct) == 1 and not has_missing and not is_category and wanted is None:
        kind = "constant"
    if kind == "constant":
        return Column(name, kind, series.dtype, levels=tuple(distinct))
    if wanted is None and _is_identifier(present, distinct, natural):
        kind = "identifier"
    if kind == "identifier":
        return Column(name, kind, series.dtype, has_missing=has_missing)
    if kind in ("categorical", "boolean"):
        levels = tuple(series.dtype.categories) if is_category else in_order(distinct)
        return Column(name, kind, series.dtype, levels=levels, has_missing=has_missing)
    if kind == "datetime":
        return _date_column(name, series, present, has_missing)
    return _number_column(name, series, present, has_missing)


def _distinct(name: Hashable, present: pd.Series) -> list[Any]:
    """Give the distinct cells as Python values; 1, 1.0 and True are three."""
    try:
        if present.dtype != object:
            return present.drop_duplicates().tolist()
        return [v for _, v in dict.fromkeys((type(v), v) for v in present)]
    except (TypeError, NotImplementedError):
        raise DataError(
            f"column {name!r} holds a {type(present.iloc[0]).__name__}; a cell must be a number, "
            "a text, a date or a truth value"
        ) from None


def _check_wanted(
    name: Hashable, wanted: Kind, natural: Kind, present: pd.Series, distinct: list, missing: bool
) -> None:
    said = f"column {name!r} was declared {wanted}, but"
    if wanted == "numeric" and natural == "datetime":
        raise OptionError(f"{said} it holds dates, which are used as numbers anyway; leave it out")
    if wanted == "numeric" and natural == "categorical":
        try:
            pd.to_numeric(present)
        except (ValueError, TypeError):
            bad = next((v for v in present if not _is_numeric_text(v)), present.iloc[0])
            raise OptionError(
                f"{said} {bad!r} is not a number; declare such words missing, "
                "or leave the column categorical"
            ) from None
    if wanted == "datetime" and natural != "datetime":
        raise OptionError(
            f"{said} its values are of type {present.dtype}; convert the column first"
        )
    if wanted == "boolean" and len(distinct) > 2:
        raise OptionError(f"{said} it has {len(distinct)} values; declare it categorical")
    if wanted == "constant" and (len(distinct) > 1 or missing):
        raise OptionError(f"{said} it has several values (missing is one); drop it instead")


def _is_numeric_text(value: Any) -> bool:
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


def _is_identifier(present: pd.Series, distinct: list, natural: Kind) -> bool:
    if len(present) < IDENTIFIER_ROWS or len(distinct) < len(present):
        return False
    if isinstance(present.dtype, pd.CategoricalDtype):
        return False
    if natural == "categorical":
        return True
    if natural != "numeric" or not all(
        isinstance(v, int) or float(v).is_integer() for v in distinct
    ):
        return False
    return 0.5 * (max(distinct) - min(distinct) + 1) <= len(present)


def _natural_kind(name: Hashable, series: pd.Series, present: pd.Series) -> Kind:
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "categorical"
    if pd.api.types.is_complex_dtype(dtype):
        raise DataError(f"column {name!r} holds complex numbers; split it into real columns")
    if pd.api.types.is_bool_dtype(dtype):
        return "boolean"
    if pd.api.types.is_numeric_dtype(dtype):
        return "numeric"
    if is_datetime(dtype):
        return "datetime"
    if pd.api.types.is_object_dtype(dtype):
        inferred = pd.api.types.infer_dtype(present, skipna=True)
        if inferred == "boolean":
            return "boolean"
        if inferred in ("integer", "floating", "mixed-integer-float"):
            return "numeric"
        if inferred in ("datetime", "datetime64", "date") and _same_type(present):
            return "datetime"
    return "categorical"


def _same_type(present: pd.Series) -> bool:
    return present.map(type).nunique() == 1 and not any(
        isinstance(v, dt.datetime) and v.tzinfo is not None for v in present.head(1)
    )


def in_order(values: Iterable[Any]) -> tuple[Any, ...]:
    """Sort values; those of different types by the name of their type, then by their text."""
    values = list(values)
    try:
        return tuple(sorted(values))
    except TypeError:
        return tuple(sorted(values, key=lambda v: (type(v).__name__, str(v))))


def _date_column(
    name: Hashable, series: pd.Series, present: pd.Series, has_missing: bool
) -> Column:
    stored = stored_integers(present)
    origin, step = int(stored.min()), common_step(stored, series.dtype)
    high = (int(stored.max()) - origin) // step
    bare = series.dtype == object and not isinstance(present.iloc[0], dt.datetime)
    return Column(
        name, "datetime", series.dtype, low=0.0, high=float_within(high), decimals=0,
        origin=origin, step=step, has_missing=has_missing, cell="date" if bare else "",
    )  # fmt: skip


def _number_column(
    name: Hashable, series: pd.Series, present: pd.Series, has_missing: bool
) -> Column:
    too_large = f"column {name!r} holds integers too large to compute with; rescale it"
    try:
        numeric = as_numeric(present)
    except OverflowError:
        raise DataError(too_large) from None
    origin = 0
    if pd.api.types.is_integer_dtype(numeric.dtype) or numeric.dtype == np.dtype(object):
        low, high = int(numeric.min()), int(numeric.max())
        if max(abs(low), abs(high)) > EXACT:
            origin = low
            low, high = 0, high - low
        if high - low > 1e300:
            raise DataError(too_large)
        bounds = -float_within(-low), float_within(high)
        values = shifted(numeric, origin)
        decimals: int | None = decimals_of(values, series.dtype) or 0
    else:
        values = numeric.to_numpy(dtype=np.float64, na_value=np.nan)
        check_finite(name, present, values)
        bounds = float(values.min()), float(values.max())
        decimals = decimals_of(values, series.dtype)
    text = numeric.dtype != present.dtype and isinstance(present.iloc[0], str)
    return Column(
        name, "numeric", series.dtype, low=bounds[0], high=bounds[1], decimals=decimals,
        origin=origin, has_missing=has_missing, cell="text" if text else "",
    )  # fmt: skip
