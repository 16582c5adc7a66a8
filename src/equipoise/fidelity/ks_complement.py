"""KS complement: how closely the distribution of a column of numbers is met."""

import numpy as np
from numpy.typing import NDArray

from equipoise.fidelity.columns import column_metric, present

DECIMALS = 14


def ks_complement(real: NDArray[np.float64], synthetic: NDArray[np.float64]) -> float:
    """Give 1 - sup_x |F_R(x) - F_S(x)| of two columns of numbers.

    Missing cells are dropped, and values are rounded to 14 decimals, so that 0.1 + 0.2 and 0.3 are one. Two samples of
    one law have E[KS] = 0.8687 sqrt((n + m) / (n m)): at 500 rows each a score of 0.945 is perfect.

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
    Two-sample statistic of Smirnov (1939); `KSComplement` of SDMetrics.
    """
    real, synthetic = _sorted(real), _sorted(synthetic)
    if not len(real) or not len(synthetic):
        return np.nan
    at = np.concatenate([_distinct(real), _distinct(synthetic)])
    below_real = np.searchsorted(real, at, side="right") / len(real)
    below_synthetic = np.searchsorted(synthetic, at, side="right") / len(synthetic)
    return float(1.0 - np.abs(below_real - below_synthetic).max())


def _sorted(values: NDArray[np.float64]) -> NDArray[np.float64]:
    kept = present(values)
    with np.errstate(over="ignore"):
        rounded = np.round(kept, DECIMALS)
    return np.sort(np.where(np.isfinite(rounded), rounded, kept))


def _distinct(ordered: NDArray[np.float64]) -> NDArray[np.float64]:
    return ordered[np.r_[True, ordered[1:] != ordered[:-1]]]


METRIC = column_metric(
    name="ks-complement",
    title="KS complement",
    formula="mean over columns of numbers of 1 - sup_x |F_R(x) - F_S(x)|",
    source="Smirnov 1939; SDMetrics KSComplement",
    numbers=ks_complement,
)
