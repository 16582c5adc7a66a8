"""Range coverage: how much of a column's range is reached."""

import numpy as np
from numpy.typing import NDArray

from equipoise.fidelity.columns import column_metric, present


def range_coverage(real: NDArray[np.float64], synthetic: NDArray[np.float64]) -> float:
    """Give max(0, 1 - [max(0, min S - min R) + max(0, max R - max S)] / (max R - min R)).

    Missing cells are dropped.

    Parameters
    ----------
    real : (n,) float64
    synthetic : (m,) float64

    Returns
    -------
    float
        In [0, 1]; NaN if a column has no value or the real one is constant.

    References
    ----------
    `RangeCoverage` of SDMetrics.
    """
    real, synthetic = present(real), present(synthetic)
    if not len(real) or not len(synthetic):
        return np.nan
    # Halves, since the width of a column may be beyond the largest float.
    low, high = real.min() / 2, real.max() / 2
    if low == high:
        return np.nan
    with np.errstate(over="ignore"):  # beyond the largest float is beyond the range all the more
        below = max((synthetic.min() / 2 - low) / (high - low), 0.0)
        above = max((high - synthetic.max() / 2) / (high - low), 0.0)
    return float(max(1.0 - (below + above), 0.0))


METRIC = column_metric(
    name="range-coverage",
    title="Range coverage",
    formula="mean over columns of numbers of the share of [min R, max R] that [min S, max S] covers",
    source="SDMetrics RangeCoverage",
    numbers=range_coverage,
)
