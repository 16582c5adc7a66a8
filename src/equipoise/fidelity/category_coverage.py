"""Category coverage: how many of a column's levels occur."""

import numpy as np
from numpy.typing import NDArray

from equipoise.fidelity.columns import column_metric, counts


def category_coverage(real: NDArray[np.int64], synthetic: NDArray[np.int64], size: int) -> float:
    """Give the share of the levels of R that occur in S.

    Missing is no level.

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
        In [0, 1]; NaN if the real column has no value.

    References
    ----------
    `CategoryCoverage` of SDMetrics.
    """
    in_real, in_synthetic = counts(real, size) > 0, counts(synthetic, size) > 0
    if not in_real.any():
        return np.nan
    return float((in_real & in_synthetic).sum() / in_real.sum())


METRIC = column_metric(
    name="category-coverage",
    title="Category coverage",
    formula="mean over columns of levels of the share of R's levels that occur in S",
    source="SDMetrics CategoryCoverage",
    levels=category_coverage,
)
