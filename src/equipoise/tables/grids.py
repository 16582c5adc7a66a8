"""Columns of numbers as floats: integers too large for them, infinities, and the decimal grid that a column lies on."""

import math
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.errors import DataError

EXACT = 2**53  # integers beyond this are not exact as floats


def check_finite(name: Hashable, series: pd.Series, values: NDArray[np.float64]) -> None:
    """Refuse infinities among the numbers (n,) of a column."""
    if np.isinf(values).any():
        row = int(np.flatnonzero(np.isinf(values))[0])
        raise DataError(
            f"column {name!r} holds an infinity (row {series.index[row]}); "
            "replace it by a finite number or leave the cell empty"
        )


def float_within(value: int) -> float:
    """Give the largest float not above an integer."""
    nearest = float(value)
    return nearest if int(nearest) <= value else math.nextafter(nearest, -math.inf)


def as_numeric(series: pd.Series) -> pd.Series:
    """Give a column in a dtype of numbers; pandas would take arrow's decimals for integers."""
    return series if pd.api.types.is_numeric_dtype(series.dtype) else pd.to_numeric(series)


def shifted(integers: pd.Series, origin: int) -> NDArray[np.float64]:
    """Give integers less `origin` as floats; the difference is taken before precision is lost."""
    if origin == 0:
        return integers.to_numpy(dtype=np.float64, na_value=np.nan)
    out = np.full(len(integers), np.nan)
    present = integers.notna().to_numpy()
    out[present] = [float(int(v) - origin) for v in integers[present]]
    return out


def decimals_of(values: NDArray[np.float64], dtype: Any) -> int | None:
    """Find the coarsest decimal grid that holds all values exactly."""
    values = np.unique(values[np.isfinite(values)])
    if not len(values) or not values.any():
        return 0
    single = np.float32 if str(dtype).lower() in ("float32", "float[pyarrow]") else np.float64
    scale = np.abs(values).max()
    if scale >= EXACT:
        return None
    coarsest = -int(math.log10(scale)) if scale >= 10 else 0
    finest = max(d for d in range(13) if d == 0 or scale * 10.0**d < EXACT)

    def on_grid(decimals: int) -> bool:
        return bool((np.round(values, decimals).astype(single) == values.astype(single)).all())

    if not on_grid(finest):
        return None
    return next((d for d in range(coarsest, finest) if on_grid(d)), finest)
