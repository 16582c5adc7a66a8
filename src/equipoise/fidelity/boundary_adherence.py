"""Boundary adherence: how many numbers lie within the real column's bounds. Its mean is SDMetrics' Boundary."""

import numpy as np
from numpy.typing import NDArray

from equipoise.fidelity.columns import column_metric, present


def boundary_adherence(real: NDArray[np.float64], synthetic: NDArray[np.float64]) -> float:
    """Give the share of S in [min R, max R].

    A missing cell of S is dropped where R misses cells too, else it counts as outside.

    Parameters
    ----------
    real : (n,) float64
    synthetic : (m,) float64

    Returns
    -------
    float
        In [0, 1]; NaN if a column has no value.

    References
    ----------
    `BoundaryAdherence` of SDMetrics.
    """
    kept_real, kept = present(real), present(synthetic)
    if not len(kept_real) or not len(kept):
        return np.nan
    inside = (kept >= kept_real.min()) & (kept <= kept_real.max())
    n = len(kept) if len(kept_real) < len(real) else len(synthetic)
    return float(inside.sum() / n)


METRIC = column_metric(
    name="boundary-adherence",
    title="Boundary adherence",
    formula="mean over columns of numbers of the share of S in [min R, max R]",
    source="SDMetrics BoundaryAdherence",
    numbers=boundary_adherence,
)
