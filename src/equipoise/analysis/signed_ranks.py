"""Signed ranks over tables: Wilcoxon's test, exact and with Pratt's zeros; Holm; the Bayesian version.

Sources: Pratt 1959 (zeros), Holm 1979, Benavoli et al. 2014 (Bayesian signed-rank test, Dirichlet process with a
prior point at zero). Written from the papers.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata


def wilcoxon_exact(differences: ArrayLike) -> float:
    """Give the exact two-sided p of Wilcoxon's signed-rank test.

    Zeros take part in the ranking and then leave (Pratt 1959); ties share mid-ranks. The distribution is
    counted, not approximated, whatever N: the 2^N signs fold into one polynomial of the doubled ranks.

    Parameters
    ----------
    differences : (N,) array-like
        One difference per table; equal ones up to 1e-12 are ties.

    Returns
    -------
    float
        At best 2 / 2^N; 1 where nothing differs from zero.
    """
    d = np.round(np.asarray(differences, dtype=float), 12)
    doubled = np.rint(2 * rankdata(np.abs(d))).astype(int)
    moving = d != 0
    ranks = doubled[moving]
    if not len(ranks):
        return 1.0
    observed = int(doubled[d > 0].sum())
    chances = np.ones(1)
    for rank in ranks:
        longer = np.zeros(len(chances) + rank)
        longer[: len(chances)] += chances / 2
        longer[rank:] += chances / 2
        chances = longer
    below, above = chances[: observed + 1].sum(), chances[observed:].sum()
    return float(min(1.0, 2 * min(below, above)))


def smallest_p(n_tables: int) -> float:
    """Give the smallest two-sided p that Wilcoxon's test can reach on N tables: 2 / 2^N."""
    return min(1.0, 2.0 / 2.0**n_tables)


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p-values for several comparisons (Holm 1979); NaN stays NaN and is not counted.

    Parameters
    ----------
    p_values : (k,) array-like

    Returns
    -------
    (k,) float64
        In the order given.
    """
    p = np.asarray(p_values, dtype=float)
    adjusted = np.full(len(p), np.nan)
    real = np.flatnonzero(~np.isnan(p))
    order = real[np.argsort(p[real], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return adjusted


@dataclass(frozen=True)
class Posterior:
    """Probabilities that the difference is below the region of equivalence, in it, or above it."""

    left: float
    rope: float
    right: float


def bayesian_signed_rank(
    differences: ArrayLike,
    rng: np.random.Generator,
    rope: float = 0.01,
    draws: int = 50_000,
) -> Posterior:
    """Give the posterior of the Bayesian signed-rank test (Benavoli et al. 2014).

    Weights of the differences and of one prior point at zero are drawn from Dirichlet(0.5, 1, ..., 1). In each
    draw, theta_right is the weight of the pairs with z_i + z_j > 2 rope (half of it at equality), theta_left
    that of the pairs below -2 rope; the outcome with the largest theta wins the draw.

    Parameters
    ----------
    differences : (N,) array-like
        One difference per table.
    rng : numpy.random.Generator
    rope : float, default=0.01
        Half-width of the region of practical equivalence.
    draws : int, default=50000
    """
    z = np.concatenate([[0.0], np.asarray(differences, dtype=float)])
    sums = np.round(z[:, None] + z[None, :], 12)
    bound = round(2 * rope, 12)
    right = (sums > bound) + 0.5 * (sums == bound)
    left = (sums < -bound) + 0.5 * (sums == -bound)
    prior = np.ones(len(z))
    prior[0] = 0.5
    wins = np.zeros(3)
    remaining = draws
    while remaining > 0:
        weights = rng.dirichlet(prior, size=min(remaining, 10_000))  # (draws, N + 1)
        remaining -= len(weights)
        at_right = ((weights @ right) * weights).sum(axis=1)
        at_left = ((weights @ left) * weights).sum(axis=1)
        thetas = np.stack([at_left, 1 - at_left - at_right, at_right], axis=1)
        best = np.isclose(thetas, thetas.max(axis=1, keepdims=True), rtol=0, atol=1e-12)
        wins += (best / best.sum(axis=1, keepdims=True)).sum(axis=0)
    shares = wins / draws
    return Posterior(left=float(shares[0]), rope=float(shares[1]), right=float(shares[2]))


def tables_needed(n_comparisons: int, level: float = 0.05) -> int:
    """Give the least number of tables on which any of k comparisons can pass Holm at this level."""
    return math.ceil(math.log2(2 * max(1, n_comparisons) / level))


def enough_tables(n_tables: int, n_comparisons: int, level: float = 0.05) -> bool:
    """Say whether any of k comparisons over N tables can pass Holm: whether 2 / 2^N times k is at most the level."""
    return n_tables >= tables_needed(n_comparisons, level)
