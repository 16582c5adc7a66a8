"""Dates, times and durations as integers of their own unit."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

STEPS = {"D": 86_400, "h": 3_600, "min": 60, "s": 1}
SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
SAFE = 2**62  # differences below this cannot overflow


def is_datetime(dtype: Any) -> bool:
    """Whether a dtype holds dates, times or durations, numpy's or arrow's."""
    if isinstance(dtype, pd.ArrowDtype):
        import pyarrow as pa

        kind = dtype.pyarrow_dtype
        return pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_duration(kind)
    return pd.api.types.is_datetime64_any_dtype(dtype) or pd.api.types.is_timedelta64_dtype(dtype)


def date_unit(dtype: Any) -> str:
    """Give the unit ("s", "ms", "us", "ns" or "D") of the integers behind a date dtype."""
    if pd.api.types.is_object_dtype(dtype):
        return "us"
    if isinstance(dtype, pd.ArrowDtype):
        import pyarrow as pa

        return "D" if pa.types.is_date(dtype.pyarrow_dtype) else dtype.pyarrow_dtype.unit
    return dtype.unit if hasattr(dtype, "unit") else np.datetime_data(dtype)[0]


def stored_integers(present: pd.Series) -> NDArray[np.int64]:
    """Give dates or durations without missing values as the integers of their own unit, UTC."""
    if pd.api.types.is_object_dtype(present.dtype):
        present = pd.Series(present.to_numpy(dtype="datetime64[us]"))
    elif isinstance(present.dtype, pd.ArrowDtype):
        import pyarrow as pa

        kind = present.dtype.pyarrow_dtype
        if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
            return np.asarray(pa.array(present.array).cast(pa.int64()), dtype=np.int64)
        return present.to_numpy(dtype="datetime64[D]").astype(np.int64)
    return present.astype("int64").to_numpy()


def common_step(stored: NDArray[np.int64], dtype: Any) -> int:
    """Find the longest of day, hour, minute, second and fractions of which all differences are multiples."""
    unit = date_unit(dtype)
    if unit == "D" or not len(stored):
        return 1
    second = SECOND[unit]
    candidates = [second * length for length in STEPS.values()]
    candidates += [second // 10**3, second // 10**6]
    phases = stored % candidates[0]
    offsets = phases - phases[0]
    return next((s for s in candidates if s >= 1 and not (offsets % s).any()), 1)


def steps_from(stored: NDArray[np.int64], origin: int, step: int) -> NDArray[np.float64]:
    """Give (stored - origin) / step (n,), whatever the size of the difference."""
    if not len(stored):
        return np.empty(0)
    if int(stored.max()) - min(origin, int(stored.min())) < SAFE and origin < SAFE:
        return (stored - origin) / step
    return np.array([(int(v) - origin) / step for v in stored])


def from_steps(numbers: NDArray[np.float64], origin: int, step: int) -> NDArray[np.int64]:
    """Give origin + step * number (n,) in whole steps, whatever the size of the product."""
    if abs(origin) < SAFE and np.abs(numbers).max(initial=0.0) * step < SAFE:
        return numbers.astype(np.int64) * step + origin
    limit = np.iinfo(np.int64).max
    return np.array([min(int(v) * step + origin, limit) for v in numbers], dtype=np.int64)


def series_of_stamps(
    stored: NDArray[np.int64], missing: NDArray[np.bool_], dtype: Any, as_dates: bool
) -> pd.Series:
    """Give the cells (n,) of a date dtype from its integers.

    Parameters
    ----------
    stored : (n,) int64
    missing : (n,) bool
    dtype : dtype
    as_dates : bool
        Whether the cells of an object dtype are dates without a time.
    """
    unit = date_unit(dtype)
    duration = pd.api.types.is_timedelta64_dtype(dtype) or "duration" in str(dtype)
    stamps = stored.astype(f"timedelta64[{unit}]" if duration else f"datetime64[{unit}]")
    stamps[missing] = "NaT"
    if isinstance(dtype, pd.ArrowDtype):
        import pyarrow as pa

        plain = pa.array(stamps, from_pandas=True)
        return pd.Series(pd.arrays.ArrowExtensionArray(plain.cast(dtype.pyarrow_dtype)))
    if pd.api.types.is_object_dtype(dtype):
        if as_dates:
            stamps = stamps.astype("datetime64[D]")
        return pd.Series(stamps.astype(object), dtype=object)
    series = pd.Series(stamps)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return series.dt.tz_localize("UTC").dt.tz_convert(dtype.tz).astype(dtype)
    return series.astype(dtype)
