"""Category adherence: how many cells hold a level that the real column has."""

import numpy as np
from numpy.typing import NDArray

from equipoise.fidelity.columns import column_metric


def category_adherence(real: NDArray[np.int64], synthetic: NDArray[np.int64], size: int) -> float:
    """Give the share of S whose level occurs in R; missing is a level.

    Parameters
    ----------
    real : (n,) int64
        Codes; -1 is missing.
    synthetic : (m,) int64
    size : int
        Number of levels.

    Returns
    -------
    float
        In [0, 1]; NaN without rows.

    References
    ----------
    `CategoryAdherence` of SDMetrics.
    """
    if not len(real) or not len(synthetic):
        return np.nan
    occurs = np.bincount(real + 1, minlength=size + 1) > 0
    return float(occurs[synthetic + 1].mean())


METRIC = column_metric(
    name="category-adherence",
    title="Category adherence",
    formula="mean over columns of levels of the share of S whose level (or missing) occurs in R",
    source="SDMetrics CategoryAdherence",
    levels=category_adherence,
)
