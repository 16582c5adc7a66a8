"""The Gaussian copula: the columns of a class as they are, tied by one correlation matrix.

N. Patki, R. Wedge and K. Veeramachaneni, The Synthetic Data Vault, DSAA 2016, section III: F_j of every column, normal
scores z_j = Phi^-1(F_j(x_j)), their correlation R; rows are x_j = F_j^-1(Phi(z_j)) with z ~ N(0, R). Written from the
paper. Departures:

- One copula a class, with the correlation shrunk to (1 - rho) R + rho I, rho = d / (d + n_c).
- Margins are empirical, not of a parametric family. A value that several rows hold takes the interval between F(x-) and
  F(x), as a level does, and comes back as often as it came; single values are interpolated.
- The score of a value is the mean of z over its interval, where the paper draws z there. Such scores vary less than z,
  which weakens correlations; they are divided by what was lost (to first order the polychoric correlation of U. Olsson,
  Psychometrika 44, 1979).
- Whether a number is missing is a column of its own; its value is tied to others by the rows that have both.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from equipoise.synthesizers._base import Synthesizer
from equipoise.tables.coded import Coded

LEAST_ROWS = 10  # of a class that has a correlation of its own
LEAST_EIGENVALUE = 1e-6
CHUNK = 50_000  # rows made at a time


class GaussianCopula(Synthesizer):
    """Margins of the class, tied by a Gaussian copula.

    Parameters
    ----------
    random_state : None, int, Generator or RandomState, default=None
        Not used: nothing in `fit` is random. `sample` has its own.

    Attributes
    ----------
    correlations_ : tuple of ndarray of shape (d, d)
        Of the normal scores, for each class: first the numbers, then whether those are missing that can be, then the
        levels. Shrunk, and mended where it was not positive definite.
    schema_, labels_, class_counts_, fallbacks_, deliveries_
        See `Synthesizer`.

    Notes
    -----
    Only ties between two columns that are monotone are kept, levels being in the order of their frequencies: an XOR or
    a ring is lost. A class of fewer than 10 rows takes the correlation within all classes, which is recorded in
    `fallbacks_`; its margins are its own.

    References
    ----------
    N. Patki, R. Wedge and K. Veeramachaneni, The Synthetic Data Vault, IEEE International Conference on Data Science
    and Advanced Analytics, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from equipoise.synthesizers.gaussian_copula import GaussianCopula
    >>> x = np.linspace(0.5, 9.5, 200)
    >>> copula = GaussianCopula().fit(np.column_stack([x, -x]), np.repeat(["a", "b"], 100))
    >>> X_new, _ = copula.sample({"b": 50}, random_state=0)
    >>> bool(np.corrcoef(X_new.T)[0, 1] < -0.8)
    True
    """

    how_it_conditions: ClassVar[str] = "one copula per class"
    keeps_rows: ClassVar[bool] = False

    def __init__(self, *, random_state: Any = None) -> None:
        self.random_state = random_state

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        gaps = np.flatnonzero(np.isnan(table.numbers).any(axis=0))
        ranked, self._levels = by_frequency(table.codes)
        self._margins: list[Margins] = []
        cells, scores, losses = [], [], []
        for k, count in enumerate(self.class_counts_):
            numbers = table.numbers[y == k]
            places = np.hstack([np.isnan(numbers[:, gaps]), ranked[y == k]]).astype(np.int64)
            self._margins.append(Margins(np.sort(numbers, axis=0), np.sort(places, axis=0), gaps))
            cells.append(np.hstack([numbers, places]))
            means, kept = normal_scores(cells[-1])
            scores.append(means)
            losses.append(kept)
            if count < LEAST_ROWS:
                self.fallbacks_[k] = (
                    f"{count} row(s) are too few for a correlation: that within all classes is used"
                )
        pooled = None
        self.correlations_: tuple[NDArray[np.float64], ...] = ()
        for k, count in enumerate(self.class_counts_):
            if count >= LEAST_ROWS:
                own = shrunk(correlation(scores[k], losses[k]), int(count))
            else:
                if pooled is None:
                    pooled = shrunk(_within(scores, losses, self.class_counts_), len(table))
                own = pooled
            self.correlations_ += (own,)
        self._factors = [np.linalg.cholesky(matrix) for matrix in self.correlations_]

    def _sample(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        parts = []
        for factor, margins, n in zip(self._factors, self._margins, counts, strict=True):
            for start in range(0, max(int(n), 1), CHUNK):
                noise = rng.standard_normal((min(CHUNK, int(n) - start), len(factor)))
                parts.append(margins.rows(ndtr(noise @ factor.T), self._levels))
        return Coded.concat(parts)


@dataclass(frozen=True, eq=False)
class Margins:
    """The columns of one class, each sorted for itself: no row can be put together again from them.

    Attributes
    ----------
    numbers : (n, p) float64
        Missing cells last.
    places : (n, g + q) int64
        Whether those numbers are missing that can be, and the place of each level in the order of frequencies.
    gaps : (g,) int64
        The numbers that can be missing.
    """

    numbers: NDArray[np.float64]
    places: NDArray[np.int64]
    gaps: NDArray[np.int64]

    def rows(self, u: NDArray[np.float64], levels: list[NDArray[np.int64]]) -> Coded:
        """Give the rows (m,) whose cells stand at the quantiles u (m, p + g + q)."""
        n, p = self.numbers.shape
        numbers = np.empty((len(u), p))
        for j in range(p):
            column = self.numbers[:, j]
            numbers[:, j] = quantiles(column[: n - np.isnan(column).sum()], u[:, j])
        drawn = np.take_along_axis(self.places, _order_statistic(u[:, p:], n), axis=0)
        g = len(self.gaps)
        numbers[:, self.gaps] = np.where(drawn[:, :g] == 1, np.nan, numbers[:, self.gaps])
        codes = np.empty((len(u), len(levels)), dtype=np.int64)
        for j, ordered in enumerate(levels):
            codes[:, j] = ordered[drawn[:, g + j]]
        return Coded(numbers, codes)


def _order_statistic(u: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    return np.minimum((u * n).astype(np.int64), n - 1)


def quantiles(column: NDArray[np.float64], u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the cells at the quantiles u (m,) of a sorted column (n,), NaN if it is empty.

    The i-th smallest of n stands at (i - 0.5) / n, and cells are interpolated between neighbours, but neither from a
    value that two rows hold nor towards it.
    """
    n = len(column)
    if n == 0:
        return np.full(len(u), np.nan)
    near = _order_statistic(u, n)
    beside = u * n - near - 0.5
    other = np.clip(near + np.where(beside < 0, -1, 1), 0, n - 1)
    same = np.diff(column) == 0
    tied = np.append(same, False) | np.insert(same, 0, False)
    weight = np.where(tied[near] | tied[other], 0.0, np.abs(beside))
    return column[near] + weight * (column[other] - column[near])


def by_frequency(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """Rank levels by how many rows (n,) have them, missing being one; give ranks (n, q) and the codes behind them."""
    ranked, levels = np.empty_like(codes), []
    for j, column in enumerate(codes.T):
        values, places, counts = np.unique(column, return_inverse=True, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        ranked[:, j] = np.argsort(order)[places]
        levels.append(values[order])
    return ranked, levels


def normal_scores(
    cells: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the mean normal score of each cell, and the share of the variance that ties leave to each column.

    A value that the shares [l, r) of the present cells hold has the score (phi(Phi^-1(l)) - phi(Phi^-1(r))) / (r - l).
    The share is relative to a column of as many distinct values, and 0 where there is but one value.
    Shape: (n, d) to (n, d) with NaN where missing, and (d,).
    """
    scores = np.full(cells.shape, np.nan)
    kept = np.zeros(cells.shape[1])
    for j, column in enumerate(cells.T):
        present = ~np.isnan(column)
        n = int(present.sum())
        values, places, counts = np.unique(column[present], return_inverse=True, return_counts=True)
        if len(values) < 2:
            scores[present, j] = 0.0
            continue
        own, distinct = _means_between(counts), _means_between(np.ones(n))
        scores[present, j] = own[places]
        kept[j] = (counts * own**2).sum() / (distinct**2).sum()
    return scores, kept


def _means_between(counts: NDArray) -> NDArray[np.float64]:
    edges = np.concatenate([[0.0], np.cumsum(counts) / np.sum(counts)])
    heights = np.exp(-0.5 * ndtri(edges[1:-1]) ** 2) / np.sqrt(2 * np.pi)
    return -np.diff(np.concatenate([[0.0], heights, [0.0]])) / np.diff(edges)


def correlation(scores: NDArray[np.float64], kept: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlate scores (n, d) over the rows that have both cells, and undo what ties took off. Shape: (d, d)."""
    present = (~np.isnan(scores)).astype(np.float64)
    filled = np.nan_to_num(scores)
    both = np.maximum(present.T @ present, 1.0)
    mean = filled.T @ present / both  # of the first column where the second is present
    square = (filled**2).T @ present / both
    covariance = filled.T @ filled / both - mean * mean.T
    variance = np.maximum(square - mean**2, 0.0)
    scale = np.sqrt(variance * variance.T * np.outer(kept, kept))
    informative = scale > 1e-12
    ratio = np.divide(covariance, scale, out=np.zeros_like(covariance), where=informative)
    out = np.clip(ratio, -1.0, 1.0)
    np.fill_diagonal(out, 1.0)
    return out


def _within(
    scores: list[NDArray[np.float64]], kept: list[NDArray[np.float64]], counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Correlate within classes: their scores are centred, so that stacking them adds no differences of classes."""
    return correlation(np.concatenate(scores), np.average(kept, axis=0, weights=counts))


def shrunk(matrix: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Shrink a correlation (d, d) of n rows towards none, and make it positive definite."""
    d = len(matrix)
    rho = d / (d + n) if d else 0.0
    out = (1 - rho) * matrix + rho * np.eye(d)
    values, vectors = np.linalg.eigh(out)
    if d and values[0] < LEAST_EIGENVALUE:
        out = (vectors * np.maximum(values, LEAST_EIGENVALUE)) @ vectors.T
        deviations = np.sqrt(np.diag(out))
        out = out / np.outer(deviations, deviations)
    return out
