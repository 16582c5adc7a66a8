"""TV complement: how closely the shares of the levels of a column are met."""

import numpy as np
from numpy.typing import NDArray

from equipoise.fidelity.columns import column_metric, counts

SDMETRICS_UNSEEN = 1e-6


def tv_complement(
    real: NDArray[np.int64], synthetic: NDArray[np.int64], size: int, *, unseen: float = 0.0
) -> float:
    """Give 1 - (1/2) sum_v |p_R(v) - p_S(v)| of two columns of codes.

    Missing cells are dropped. Two samples of one law have
    E[TV] = (1/2) sum_v sqrt(2/pi p_v (1 - p_v) (1/n + 1/m)).

    Parameters
    ----------
    real : (n,) int64
        Codes; -1 is missing.
    synthetic : (m,) int64
    size : int
        Number of levels.
    unseen : float, default=0.0
        The count in `real` of a level that only `synthetic` has. SDMetrics' is 1e-6 (`SDMETRICS_UNSEEN`).

    Returns
    -------
    float
        In [0, 1]; NaN if a column has no value.

    References
    ----------
    Total variation distance; `TVComplement` of SDMetrics.
    """
    in_real, in_synthetic = counts(real, size).astype(np.float64), counts(synthetic, size)
    if not in_real.any() or not in_synthetic.any():
        return np.nan
    in_real[(in_real == 0) & (in_synthetic > 0)] = unseen
    gaps = np.abs(in_real / in_real.sum() - in_synthetic / in_synthetic.sum())
    return float(1.0 - 0.5 * gaps.sum())


METRIC = column_metric(
    name="tv-complement",
    title="TV complement",
    formula="mean over columns of levels of 1 - (1/2) sum_v |p_R(v) - p_S(v)|",
    source="total variation distance; SDMetrics TVComplement",
    levels=tv_complement,
)
