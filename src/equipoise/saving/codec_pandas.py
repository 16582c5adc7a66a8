"""Dates, decimals, zones, and what pandas, arrow and polars are made of, as nodes of `codec`."""

import base64
import datetime as dt
import decimal
import sys
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

Child = Callable[[Any], Any]

NULLABLE = {f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)}
NULLABLE |= {"Float32", "Float64", "boolean"}


class CannotBeKept(Exception):
    """A value is of a known type, but not one that a file could bring back."""


def encode(value: Any, child: Child) -> list | None:
    """Give the node of a value, None if it is of none of these types.

    Raises
    ------
    CannotBeKept
        It is of one of them, yet a file cannot hold it; the message says why.
    """
    if value is pd.NA or value is pd.NaT:
        return ["missing", "NA" if value is pd.NA else "NaT"]
    if type(value) in SCALARS:
        return SCALARS[type(value)](value, child)
    if isinstance(value, dt.tzinfo):
        return _zone(value)
    if isinstance(value, pd.api.extensions.ExtensionDtype):
        return _dtype(value, child)
    if type(value) is pd.Series:
        plain = type(value.index) is pd.RangeIndex and value.index.equals(pd.RangeIndex(len(value)))
        index = None if plain else child(value.index)
        return ["series", child(value.name), child(bare(value.array)), index]
    if isinstance(value, pd.Index):
        return _index(value, child)
    if isinstance(value, pd.api.extensions.ExtensionArray):
        return _extension(value, child)
    return _frame_schema(value)


def bare(values: Any) -> Any:
    """Give the cells of a column as a numpy array if they are one."""
    return np.asarray(values) if _is_numpy(values) else values


def _is_numpy(values: Any) -> bool:
    return isinstance(values, pd.arrays.NumpyExtensionArray) or isinstance(values.dtype, np.dtype)


SCALARS: dict[type, Callable[[Any, Child], list]] = {
    dt.date: lambda v, child: ["date", v.isoformat()],
    dt.datetime: lambda v, child: [
        "datetime", v.replace(tzinfo=None).isoformat(), v.fold, child(v.tzinfo)
    ],
    dt.time: lambda v, child: ["time", v.replace(tzinfo=None).isoformat(), v.fold, child(v.tzinfo)],
    dt.timedelta: lambda v, child: ["timedelta", v.days, v.seconds, v.microseconds],
    decimal.Decimal: lambda v, child: ["decimal", str(v)],
    uuid.UUID: lambda v, child: ["uuid", v.hex],
    pd.Timestamp: lambda v, child: [
        "Timestamp", child((v.tz_convert(None) if v.tz else v).to_datetime64()), child(v.tz)
    ],
    pd.Timedelta: lambda v, child: ["Timedelta", child(v.to_timedelta64())],
    pd.Period: lambda v, child: ["Period", v.ordinal, v.freqstr],
    pd.Interval: lambda v, child: ["Interval", child(v.left), child(v.right), v.closed],
}  # fmt: skip


def _zone(value: dt.tzinfo) -> list:
    if type(value) is dt.timezone:
        offset = value.utcoffset(None)
        name = None if value == dt.UTC else value.tzname(None)
        return ["zone", "fixed", offset.days * 86_400 + offset.seconds, offset.microseconds, name]
    if isinstance(value, zoneinfo.ZoneInfo) and value.key:
        return ["zone", "name", value.key]
    if type(value).__module__.split(".")[0] == "pytz" and getattr(value, "zone", None):
        return ["zone", "pytz", value.zone]  # type: ignore[attr-defined]
    raise CannotBeKept("is a time zone without a name; use one of the zoneinfo module")


def _dtype(value: Any, child: Child) -> list | None:
    if isinstance(value, pd.CategoricalDtype):
        return ["categories", child(value.categories), value.ordered]
    if isinstance(value, pd.DatetimeTZDtype):
        return ["zoned", value.unit, child(value.tz)]
    if isinstance(value, pd.ArrowDtype):
        import pyarrow as pa

        return ["arrow", _packed(pa.schema([("", value.pyarrow_dtype)]))]
    if isinstance(value, pd.StringDtype):
        return ["string", value.storage, getattr(value, "na_value", pd.NA) is pd.NA]
    if isinstance(value, pd.PeriodDtype):
        return ["periods", str(value).removeprefix("period[").removesuffix("]")]
    if isinstance(value, pd.IntervalDtype):
        return ["intervals", child(value.subtype), value.closed]
    if isinstance(value, pd.SparseDtype):
        return ["sparse", child(value.subtype), child(value.fill_value)]
    return ["nullable", value.name] if value.name in NULLABLE else None


def _index(value: pd.Index, child: Child) -> list:
    if type(value) is pd.RangeIndex:
        return ["range", value.start, value.stop, value.step, child(value.name)]
    if isinstance(value, pd.MultiIndex):
        codes = [np.asarray(part) for part in value.codes]
        return ["levels", child(list(value.names)), child(list(value.levels)), child(codes)]
    freq = getattr(value, "freqstr", None) if value.dtype.kind in "mM" else None
    return ["index", child(value.name), child(bare(value.array)), freq]


def _extension(value: Any, child: Child) -> list:
    dtype = value.dtype
    if isinstance(value, pd.Categorical):
        return ["codes", child(dtype), child(np.asarray(value.codes))]
    if _is_numpy(value):
        return ["wrapped", child(np.asarray(value))]
    if dtype.name in NULLABLE:
        empty = False if dtype.name == "boolean" else 0
        cells = value.to_numpy(dtype=dtype.numpy_dtype, na_value=empty)
        return ["masked", child(cells), child(np.asarray(value.isna()))]
    if isinstance(dtype, pd.DatetimeTZDtype):
        return ["instants", child(dtype), child(np.asarray(value.tz_convert(None)))]
    return ["extension", child(dtype), child(np.asarray(value, dtype=object))]


def _frame_schema(value: Any) -> list | None:
    """Give the node of the schema of an arrow or polars frame."""
    pa, pl = sys.modules.get("pyarrow"), sys.modules.get("polars")
    if pa is not None and isinstance(value, pa.Schema):
        return ["arrow-schema", _packed(value)]
    if pl is not None and isinstance(value, pl.Schema):
        packed = _packed(pl.DataFrame(schema=value).to_arrow().schema)
        if _polars_schema(lambda part: part, packed) != value:
            raise CannotBeKept("is a polars schema with a type that arrow has not")
        return ["polars-schema", packed]
    return None


def _packed(schema: Any) -> str:
    """Give an arrow schema as text: its own serialised form, in which there is no code."""
    if any(_has_extension(field.type) for field in schema):
        raise CannotBeKept("is of an arrow extension type, which a file cannot hold")
    return base64.b64encode(schema.serialize().to_pybytes()).decode("ascii")


def _unpacked(text: str) -> Any:
    import pyarrow as pa

    schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text, validate=True)))
    if any(_has_extension(field.type) for field in schema):
        raise ValueError("it names an arrow extension type")
    return schema


def _has_extension(kind: Any) -> bool:
    import pyarrow as pa

    if isinstance(kind, pa.BaseExtensionType):
        return True
    if pa.types.is_dictionary(kind):
        return _has_extension(kind.value_type)
    return any(_has_extension(kind.field(i).type) for i in range(kind.num_fields))


# Reading


def _missing(child: Child, name: str) -> Any:
    return {"NA": pd.NA, "NaT": pd.NaT}[name]


def _datetime(child: Child, text: str, fold: int, zone: Any) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=child(zone), fold=fold)


def _time(child: Child, text: str, fold: int, zone: Any) -> dt.time:
    return dt.time.fromisoformat(text).replace(tzinfo=child(zone), fold=fold)


def _timestamp(child: Child, instant: Any, zone: Any) -> pd.Timestamp:
    stamp = pd.Timestamp(_of(np.datetime64, child(instant)))
    return (
        stamp if zone is None else stamp.tz_localize("UTC").tz_convert(_of(dt.tzinfo, child(zone)))
    )


def _read_zone(child: Child, kind: str, *parts: Any) -> dt.tzinfo:
    if kind == "fixed":
        seconds, microseconds, name = parts
        offset = dt.timedelta(seconds=seconds, microseconds=microseconds)
        if name is None:
            return dt.UTC if not offset else dt.timezone(offset)
        return dt.timezone(offset, name)
    (name,) = parts
    if kind == "pytz":
        try:
            import pytz  # type: ignore[import-untyped, unused-ignore]
        except ImportError:
            return zoneinfo.ZoneInfo(name)
        return pytz.timezone(name)
    return zoneinfo.ZoneInfo(name)


def _string(child: Child, storage: str, is_na: bool) -> Any:
    return pd.StringDtype(storage) if is_na else pd.StringDtype(storage, na_value=np.nan)


def _arrow(child: Child, text: str) -> pd.ArrowDtype:
    (field,) = _unpacked(text)
    return pd.ArrowDtype(field.type)


def _read_nullable(child: Child, name: str) -> Any:
    if name not in NULLABLE:
        raise ValueError(f"{name[:80]!r} is no dtype")
    return pd.api.types.pandas_dtype(name)


def _series(child: Child, name: Any, values: Any, index: Any) -> pd.Series:
    cells = child(values)
    own = None if index is None else _of(pd.Index, child(index))
    return pd.Series(cells, index=own, name=child(name), dtype=_flat(cells).dtype, copy=False)


def _read_index(child: Child, name: Any, values: Any, freq: str | None) -> pd.Index:
    cells = _flat(child(values))
    if freq is not None:
        made = pd.DatetimeIndex if cells.dtype.kind == "M" else pd.TimedeltaIndex
        return made(cells, freq=freq, name=child(name))
    return pd.Index(cells, dtype=cells.dtype, name=child(name), tupleize_cols=False)


def _range(child: Child, start: int, stop: int, step: int, name: Any) -> pd.RangeIndex:
    return pd.RangeIndex(_of(int, start), _of(int, stop), _of(int, step), name=child(name))


def _levels(child: Child, names: Any, levels: Any, codes: Any) -> pd.MultiIndex:
    parts = [_flat(part) for part in _of(list, child(codes))]
    return pd.MultiIndex(levels=child(levels), codes=parts, names=child(names))


def _codes(child: Child, dtype: Any, codes: Any) -> pd.Categorical:
    kind = _of(pd.CategoricalDtype, child(dtype))
    return pd.Categorical.from_codes(_of(np.ndarray, child(codes)), dtype=kind)


def _wrapped(child: Child, values: Any) -> Any:
    cells = _of(np.ndarray, _flat(child(values)))
    if cells.dtype.kind in "mM":
        return (pd.DatetimeIndex if cells.dtype.kind == "M" else pd.TimedeltaIndex)(cells).array
    return pd.arrays.NumpyExtensionArray(cells)


def _masked(child: Child, cells: Any, mask: Any) -> Any:
    values, missing = _flat(child(cells)), _flat(child(mask))
    made = {"b": pd.arrays.BooleanArray, "f": pd.arrays.FloatingArray}
    return made.get(values.dtype.kind, pd.arrays.IntegerArray)(values, missing)


def _instants(child: Child, dtype: Any, cells: Any) -> Any:
    zone = _of(pd.DatetimeTZDtype, child(dtype)).tz
    return pd.DatetimeIndex(_flat(child(cells))).tz_localize("UTC").tz_convert(zone).array


def _read_extension(child: Child, dtype: Any, cells: Any) -> Any:
    kind = _of(pd.api.extensions.ExtensionDtype, child(dtype))
    return pd.array(_flat(child(cells)).tolist(), dtype=kind)


def _polars_schema(child: Child, text: str) -> Any:
    import polars as pl

    return pl.from_arrow(_unpacked(text).empty_table()).schema  # type: ignore[union-attr]


def _of(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"a {kind.__name__} is expected where a {type(value).__name__} stands")
    return value


def _flat(cells: Any) -> Any:
    is_array = isinstance(cells, np.ndarray | pd.api.extensions.ExtensionArray)
    if not is_array or cells.ndim != 1:
        raise ValueError("a column is no array of one dimension")
    return cells


READERS: dict[str, Callable[..., Any]] = {
    "missing": _missing,
    "date": lambda child, text: dt.date.fromisoformat(text),
    "datetime": _datetime,
    "time": _time,
    "timedelta": lambda child, d, s, us: dt.timedelta(days=d, seconds=s, microseconds=us),
    "decimal": lambda child, text: decimal.Decimal(text),
    "uuid": lambda child, text: uuid.UUID(hex=text),
    "Timestamp": _timestamp,
    "Timedelta": lambda child, span: pd.Timedelta(_of(np.timedelta64, child(span))),
    "Period": lambda child, ordinal, freq: pd.Period(ordinal=_of(int, ordinal), freq=freq),
    "Interval": lambda child, left, right, closed: pd.Interval(child(left), child(right), closed),
    "zone": _read_zone,
    "categories": lambda child, levels, ordered: pd.CategoricalDtype(child(levels), ordered),
    "zoned": lambda child, unit, zone: pd.DatetimeTZDtype(unit, child(zone)),
    "arrow": _arrow,
    "string": _string,
    "periods": lambda child, freq: pd.PeriodDtype(_of(str, freq)),
    "intervals": lambda child, subtype, closed: pd.IntervalDtype(child(subtype), closed),
    "sparse": lambda child, subtype, filling: pd.SparseDtype(child(subtype), child(filling)),
    "nullable": _read_nullable,
    "series": _series,
    "range": _range,
    "levels": _levels,
    "index": _read_index,
    "codes": _codes,
    "wrapped": _wrapped,
    "masked": _masked,
    "instants": _instants,
    "extension": _read_extension,
    "arrow-schema": lambda child, text: _unpacked(text),
    "polars-schema": _polars_schema,
}
