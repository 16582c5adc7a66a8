"""Columns of numbers cut in bins, so that they can be counted like levels."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import OptionError
from equipoise.fidelity.columns import present

Bins = Literal["real", "quantiles", "sdmetrics"]

N_BINS = 10
N_CODES = N_BINS + 2  # the two places beyond the last edge hold the maximum and what is missing


def check_bins(bins: str) -> None:
    """Refuse a word that names no bins."""
    if bins not in get_args(Bins):
        raise OptionError(f"bins must be one of {', '.join(get_args(Bins))}, got {bins!r}")


def binned(
    real: NDArray[np.float64], synthetic: NDArray[np.float64], bins: Bins = "real"
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cut two columns of numbers in ten bins.

    Parameters
    ----------
    real : (n,) float64
    synthetic : (m,) float64
    bins : {"real", "quantiles", "sdmetrics"}, default="real"
        "real": ten bins of equal width between the least and the greatest real value, the outer ones without end.
        "quantiles": bins of equally many real values, the outer ones without end. "sdmetrics": as in the quality
        report of SDMetrics, each column between its own extremes; its maximum falls in an eleventh bin, with what is
        missing.

    Returns
    -------
    codes : (n,) int64, (m,) int64
        In [0, `N_CODES`); missing is a bin of its own, but for "sdmetrics".
    """
    check_bins(bins)
    if bins == "sdmetrics":
        return _digits(real, _equal_width(real)), _digits(synthetic, _equal_width(synthetic))
    edges = _equal_width(real) if bins == "real" else _quantiles(real)
    edges[0], edges[-1] = -np.inf, np.inf
    return _digits(real, edges), _digits(synthetic, edges)


def _equal_width(values: NDArray[np.float64]) -> NDArray[np.float64]:
    kept = present(values)
    if not len(kept):
        return np.linspace(0.0, 1.0, N_BINS + 1)
    low, high = kept.min(), kept.max()
    if low == high:
        low, high = low - 0.5, high + 0.5
    if high / 2 - low / 2 < np.finfo(np.float64).max / 4:
        return np.linspace(low, high, N_BINS + 1)
    return 2 * np.linspace(low / 2, high / 2, N_BINS + 1)


def _quantiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    kept = present(values)
    if not len(kept):
        return np.linspace(0.0, 1.0, N_BINS + 1)
    return np.quantile(kept, np.linspace(0.0, 1.0, N_BINS + 1), method="inverted_cdf")


def _digits(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.searchsorted(edges, values, side="right").astype(np.int64, copy=False)
