"""Correlation similarity: how closely Pearson's correlation of two columns of numbers is met."""

import numpy as np
from numpy.typing import NDArray

# Below this share of a column's square sum a difference of sums has lost too many digits.
CANCELLED = 1e-5


def correlation_similarity(
    real: NDArray[np.float64], synthetic: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give 1 - |rho_R - rho_S| / 2 of all pairs of columns, rho being Pearson's correlation.

    Parameters
    ----------
    real : (n, p) float64
    synthetic : (m, p) float64

    Returns
    -------
    (p, p) float64
        In [0, 1]; NaN where a correlation is undefined.

    References
    ----------
    `CorrelationSimilarity` of SDMetrics.
    """
    return 1.0 - np.abs(correlations(real) - correlations(synthetic)) / 2


def correlations(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give Pearson's correlation of all pairs of columns, each over the rows where both have a value.

    Parameters
    ----------
    numbers : (n, p) float64

    Returns
    -------
    (p, p) float64
        NaN where fewer than two rows are complete or a column is constant, in them or as a whole.
    """
    held = ~np.isnan(numbers)
    z = _standardised(numbers, held)
    mask = held.astype(np.float64)
    n = mask.T @ mask
    sums, squares, products = z.T @ mask, (z * z).T @ mask, z.T @ z
    with np.errstate(divide="ignore", invalid="ignore"):
        variances = squares - sums * sums / n
        rho = (products - sums * sums.T / n) / np.sqrt(variances * variances.T)
    np.fill_diagonal(rho, np.where(squares.diagonal() > 0, 1.0, np.nan))
    lost = (variances <= CANCELLED * squares) | (n < 2)
    for a, b in np.argwhere(np.triu(lost | lost.T, 1)):
        rho[a, b] = rho[b, a] = _pearson(z[:, a], z[:, b], held[:, a] & held[:, b])
    return np.clip(rho, -1.0, 1.0)


def _standardised(numbers: NDArray[np.float64], held: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Give each column (n, p) with mean 0 and variance 1; 0 where missing and in a constant column."""
    filled = np.where(held, numbers, 0.0)
    highest = np.max(numbers, axis=0, initial=-np.inf, where=held)
    constant = highest == np.min(numbers, axis=0, initial=np.inf, where=held)
    scale = np.abs(filled).max(axis=0, initial=0.0)
    filled = filled / np.where(scale > 0, scale, 1.0)
    n = np.maximum(held.sum(axis=0), 1)
    centred = np.where(held & ~constant, filled - filled.sum(axis=0) / n, 0.0)
    spread = np.sqrt((centred * centred).sum(axis=0) / n)
    return centred / np.where(spread > 0, spread, 1.0)


def _pearson(
    first: NDArray[np.float64], second: NDArray[np.float64], rows: NDArray[np.bool_]
) -> float:
    """Correlate two columns (n,) over some rows in two passes, which loses no digits."""
    a, b = first[rows], second[rows]
    if len(a) < 2 or a.min() == a.max() or b.min() == b.max():
        return np.nan
    a, b = a - a.mean(), b - b.mean()
    a, b = a / np.abs(a).max(), b / np.abs(b).max()
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))
