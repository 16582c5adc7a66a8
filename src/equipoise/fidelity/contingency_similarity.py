"""Contingency similarity: how closely the joint shares of the levels of two columns are met."""

import numpy as np
from numpy.typing import NDArray

FEW_CELLS = (
    4  # a table of up to so many cells a row is counted whole, a larger one by the cells that occur
)


def contingency_similarity(
    real: NDArray[np.int64], synthetic: NDArray[np.int64], sizes: tuple[int, int]
) -> float:
    """Give 1 - (1/2) sum_ij |p_R(i, j) - p_S(i, j)| of two pairs of columns; missing is a level.

    Parameters
    ----------
    real : (n, 2) int64
        Codes; -1 is missing.
    synthetic : (m, 2) int64
    sizes : pair of int
        Numbers of levels.

    Returns
    -------
    float
        In [0, 1]; NaN without rows.

    References
    ----------
    `ContingencySimilarity` of SDMetrics.
    """
    n, m = len(real), len(synthetic)
    if not n or not m:
        return np.nan
    in_real, in_synthetic = _cells(real, sizes), _cells(synthetic, sizes)
    size = (sizes[0] + 1) * (sizes[1] + 1)
    if size > FEW_CELLS * (n + m):
        occurring, places = np.unique(np.concatenate([in_real, in_synthetic]), return_inverse=True)
        in_real, in_synthetic, size = places[:n], places[n:], len(occurring)
    shares_real = np.bincount(in_real, minlength=size) / n
    shares_synthetic = np.bincount(in_synthetic, minlength=size) / m
    return float(1.0 - 0.5 * np.abs(shares_real - shares_synthetic).sum())


def cramers_v(codes: NDArray[np.int64], sizes: tuple[int, int]) -> float:
    """Give Cramer's V, sqrt(chi^2 / (n (min(r, c) - 1))), of two columns; missing is a level.

    Levels that do not occur do not count, and there is no correction of bias.

    Parameters
    ----------
    codes : (n, 2) int64
        Codes; -1 is missing.
    sizes : pair of int
        Numbers of levels.

    Returns
    -------
    float
        In [0, 1]; NaN if a column has fewer than two levels.

    References
    ----------
    Cramer 1946, Mathematical Methods of Statistics.
    """
    rows, columns = (np.bincount(codes[:, j] + 1, minlength=sizes[j] + 1) for j in (0, 1))
    least = min((rows > 0).sum(), (columns > 0).sum())
    if least < 2:
        return np.nan
    cells, counts = np.unique(_cells(codes, sizes), return_counts=True)
    i, j = np.divmod(cells, sizes[1] + 1)
    # chi^2 / n, since the expected counts are products of the margins
    phi2 = (counts.astype(np.float64) ** 2 / (rows[i].astype(np.float64) * columns[j])).sum() - 1.0
    return float(np.sqrt(np.clip(phi2 / (least - 1), 0.0, 1.0)))


def _cells(codes: NDArray[np.int64], sizes: tuple[int, int]) -> NDArray[np.int64]:
    """Give the cell (n,) of each row in the table of two columns (n, 2)."""
    return (codes[:, 0] + 1) * (sizes[1] + 1) + (codes[:, 1] + 1)
