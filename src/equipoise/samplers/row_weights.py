"""Weights of rows: checked on the way in, and carried over to the rows that a treatment leaves."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import DataError, OptionError


def checked_weights(sample_weight: Any, n: int) -> NDArray[np.float64]:
    """Give the weights (n,) of training rows.

    Raises
    ------
    DataError
        There is not one number for each row, finite and not negative, or all are 0.
    """
    try:
        weights = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(
            "sample_weight must hold one number for each row, got what is no number"
        ) from None
    if weights.shape != (n,):
        raise DataError(
            f"sample_weight must hold one number for each of the {n} rows, got the shape {weights.shape}"
        )
    wrong = np.flatnonzero(~np.isfinite(weights) | (weights < 0))
    if len(wrong):
        raise DataError(
            "sample_weight must be finite and not negative, "
            f"got {weights[wrong[0]]} for row {wrong[0]}"
        )
    if not weights.any():
        raise DataError("every weight in sample_weight is zero; at least one row must count")
    return weights


def checked_synthetic_weight(value: Any) -> float:
    """Give the weight of a new row.

    Raises
    ------
    OptionError
        It is no number, negative or infinite.
    """
    try:
        weight = float(value)
    except (TypeError, ValueError):
        weight = np.nan
    if not (np.isfinite(weight) and weight >= 0):
        raise OptionError(f"synthetic_weight must be a finite number, 0 or more, got {value!r}")
    return weight


def carried_weights(
    weights: NDArray[np.float64] | None, origins: NDArray[np.int64], synthetic_weight: float
) -> NDArray[np.float64]:
    """Give the weights (m,) of rows that come from training rows, or are new.

    Parameters
    ----------
    weights : (n,) float or None
        Of the training rows; 1 each if there are none.
    origins : (m,) int
        The training row that each is; -1 for a new one.
    synthetic_weight : float
    """
    kept = origins >= 0
    carried = np.full(len(origins), synthetic_weight)
    carried[kept] = 1.0 if weights is None else weights[origins[kept]]
    return carried
