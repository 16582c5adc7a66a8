"""The schema of a table: one `Column` a column, inferred from training rows only.

A column is one of six kinds. `numeric` and `datetime` columns are numbers, `categorical` and `boolean` columns are codes
of levels. `constant` columns and `identifier` columns are carried along, never modelled: there is nothing to learn from
them. The schema knows all that is needed to give back rows as they came: dtypes, levels, bounds and decimals.
"""

import datetime as dt
import math
import warnings
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.errors import DataError, EquipoiseWarning, OptionError

Kind = Literal["numeric", "categorical", "boolean", "datetime", "constant", "identifier"]

MANY_LEVELS = 100
IDENTIFIER_ROWS = 50  # below this many rows, distinct values are no sign of an identifier
EXACT = 2**53  # integers beyond this are not exact as floats
STEPS = {"D": 86_400, "h": 3_600, "min": 60, "s": 1}


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
        cls, frame: pd.DataFrame, kinds: Mapping[Hashable, Kind] | None = None, warn: bool = True
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
            _infer_column(name, frame[name], kinds.get(name)) for name in frame.columns
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
                    "classifiers leave it out. To keep it, declare it categorical or numeric",
                    EquipoiseWarning,
                    stacklevel=4,
                )
            elif column.kind == "categorical" and len(column.levels) > MANY_LEVELS:
                warnings.warn(
                    f"column {column.name!r} has {len(column.levels)} levels: networks see the "
                    f"{MANY_LEVELS} most frequent ones and pool the rest, from which rows are "
                    "drawn at their frequencies. Drop it if it carries nothing",
                    EquipoiseWarning,
                    stacklevel=4,
                )


def list_names(names: Iterable[Hashable], most: int = 8) -> str:
    """Give column names for a message, the first `most` of them."""
    shown = [repr(name) for name in names]
    rest = len(shown) - most
    return ", ".join(shown[:most]) + (f" and {rest} more" if rest > 0 else "")


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
    present = series[~missing]
    has_missing = bool(missing.any())
    natural = _natural_kind(name, series, present)
    kind = wanted or natural
    if kind in ("numeric", "datetime") and kind != natural and natural != "boolean":
        kind = _settle(name, series, present, kind)
    if kind == "constant" or (wanted is None and _is_constant(series, present, has_missing)):
        first = () if present.empty else (present.iloc[0],)
        return Column(name, "constant", series.dtype, levels=first, has_missing=has_missing)
    if wanted is None and _is_identifier(present, natural):
        return Column(name, "identifier", series.dtype, has_missing=has_missing)
    if kind == "identifier":
        return Column(name, "identifier", series.dtype, has_missing=has_missing)
    if kind in ("categorical", "boolean"):
        levels = _levels(name, series, present)
        return Column(name, kind, series.dtype, levels=levels, has_missing=has_missing)
    return _number_column(name, kind, series, present, has_missing)


def _settle(name: Hashable, series: pd.Series, present: pd.Series, kind: Kind) -> Kind:
    if kind == "numeric":
        try:
            pd.to_numeric(present)
        except (ValueError, TypeError):
            bad = next(v for v in present if not _is_numeric_text(v))
            raise OptionError(
                f"column {name!r} was declared numeric, but {bad!r} is not a number; "
                "declare such words missing, or leave the column categorical"
            ) from None
        return kind
    raise OptionError(
        f"column {name!r} was declared {kind}, but its values are of type {series.dtype}; "
        "convert the column first"
    )


def _is_numeric_text(value: Any) -> bool:
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


def _is_constant(series: pd.Series, present: pd.Series, has_missing: bool) -> bool:
    if present.empty:
        return True
    if has_missing or isinstance(series.dtype, pd.CategoricalDtype):
        return False
    first = present.iloc[0]
    return bool((present == first).all()) and present.map(type).nunique() == 1


def _is_identifier(present: pd.Series, natural: Kind) -> bool:
    if len(present) < IDENTIFIER_ROWS or natural not in ("categorical", "numeric"):
        return False
    if isinstance(present.dtype, pd.CategoricalDtype) or not present.is_unique:
        return False
    if natural == "categorical":
        return True
    if not pd.api.types.is_integer_dtype(present.dtype):
        return False
    return 0.5 * (int(present.max()) - int(present.min()) + 1) <= len(present)


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
    if dtype == object:
        inferred = pd.api.types.infer_dtype(present, skipna=True)
        if inferred == "boolean":
            return "boolean"
        if inferred in ("integer", "floating", "mixed-integer-float"):
            return "numeric"
        if inferred in ("datetime", "datetime64", "date") and _same_type(present):
            return "datetime"
    return "categorical"


def is_datetime(dtype: Any) -> bool:
    """Whether a dtype holds dates, times or durations, numpy's or arrow's."""
    if isinstance(dtype, pd.ArrowDtype):
        import pyarrow as pa

        kind = dtype.pyarrow_dtype
        return pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_duration(kind)
    return pd.api.types.is_datetime64_any_dtype(dtype) or pd.api.types.is_timedelta64_dtype(dtype)


def _same_type(present: pd.Series) -> bool:
    return present.map(type).nunique() == 1 and not any(
        isinstance(v, dt.datetime) and v.tzinfo is not None for v in present.head(1)
    )


def _levels(name: Hashable, series: pd.Series, present: pd.Series) -> tuple[Any, ...]:
    if isinstance(series.dtype, pd.CategoricalDtype):
        return tuple(series.dtype.categories)
    try:
        values = list(dict.fromkeys((type(v), v) for v in present))
    except TypeError:
        bad = next(v for v in present if not isinstance(v, Hashable))
        raise DataError(
            f"column {name!r} holds a {type(bad).__name__}; a cell must be a number, a text, "
            "a date or a truth value"
        ) from None
    levels = [v for _, v in values]
    try:
        return tuple(sorted(levels))
    except TypeError:
        return tuple(sorted(levels, key=lambda v: (type(v).__name__, str(v))))


def _number_column(
    name: Hashable, kind: Kind, series: pd.Series, present: pd.Series, has_missing: bool
) -> Column:
    if kind == "datetime":
        stored = stored_integers(present)
        step = _date_step(stored, present)
        origin = int(stored.min()) if len(stored) else 0
        numbers = ((stored - origin) // step).astype(np.float64)
        return Column(
            name, kind, series.dtype, low=0.0, high=float(numbers.max(initial=0.0)), decimals=0,
            origin=origin, step=step, has_missing=has_missing,
        )  # fmt: skip
    numeric = pd.to_numeric(present)
    origin = 0
    if pd.api.types.is_integer_dtype(numeric.dtype):
        low, high = int(numeric.min()), int(numeric.max())
        if max(abs(low), abs(high)) > EXACT:
            origin = low
            low, high = 0, high - low
        values = shifted(numeric, origin)
    else:
        values = numeric.to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isinf(values).any():
            row = int(np.flatnonzero(np.isinf(values))[0])
            raise DataError(
                f"column {name!r} holds an infinity (row {present.index[row]!r}); "
                "replace it by a finite number or leave the cell empty"
            )
        low, high = float(values.min()), float(values.max())
    return Column(
        name, kind, series.dtype, low=float(low), high=float(high),
        decimals=_decimals(values, series.dtype), origin=origin, has_missing=has_missing,
    )  # fmt: skip


def shifted(integers: pd.Series, origin: int) -> NDArray[np.float64]:
    """Give integers less `origin` as floats; the difference is taken before precision is lost."""
    if origin == 0:
        return integers.to_numpy(dtype=np.float64, na_value=np.nan)
    out = np.full(len(integers), np.nan)
    present = integers.notna().to_numpy()
    out[present] = [float(int(v) - origin) for v in integers[present]]
    return out


def stored_integers(present: pd.Series) -> NDArray[np.int64]:
    """Give dates or durations without missing values as the integers of their own unit, UTC."""
    if present.dtype == object:
        present = pd.to_datetime(present).astype("datetime64[us]")
    elif isinstance(present.dtype, pd.ArrowDtype):
        import pyarrow as pa

        kind = present.dtype.pyarrow_dtype
        if pa.types.is_date(kind):
            return present.to_numpy(dtype="datetime64[D]").astype(np.int64)
        name = "timedelta64" if pa.types.is_duration(kind) else "datetime64"
        return present.to_numpy(dtype=f"{name}[{kind.unit}]").astype(np.int64)
    return present.astype("int64").to_numpy()


def date_unit(dtype: Any) -> str:
    """Give the unit ("s", "ms", "us", "ns" or "D") of the integers behind a date dtype."""
    if dtype == object:
        return "us"
    if isinstance(dtype, pd.ArrowDtype):
        import pyarrow as pa

        return "D" if pa.types.is_date(dtype.pyarrow_dtype) else dtype.pyarrow_dtype.unit
    return dtype.unit if hasattr(dtype, "unit") else np.datetime_data(dtype)[0]


def _date_step(stored: NDArray[np.int64], present: pd.Series) -> int:
    unit = date_unit(present.dtype)
    if unit == "D" or not len(stored):
        return 1
    second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    offsets = stored - stored.min()
    candidates = [second * length for length in STEPS.values()]
    candidates += [second // 10**3, second // 10**6] if unit == "ns" else []
    return next((s for s in candidates if s >= 1 and not (offsets % s).any()), 1)


def _decimals(values: NDArray[np.float64], dtype: Any) -> int | None:
    """Find the coarsest decimal grid that holds all values exactly."""
    values = np.unique(values[np.isfinite(values)])
    if not len(values) or not values.any():
        return 0
    single = np.float32 if dtype == np.float32 else np.float64
    scale = np.abs(values).max()
    for decimals in range(-int(math.log10(scale)) if scale >= 10 else 0, 13):
        grid = np.round(values, decimals)
        if scale * 10.0**decimals < EXACT and (grid.astype(single) == values.astype(single)).all():
            return decimals
    return None
