"""A variational mixture of Gaussians in one dimension, with a Dirichlet-process prior on its weights.

D. M. Blei and M. I. Jordan, Variational inference for Dirichlet process mixtures, Bayesian Analysis 1(1),
2006, section 3: the stick-breaking posterior, truncated at `max_modes`. C. M. Bishop, Pattern Recognition and
Machine Learning, 2006, section 10.2.1: the posterior of means and precisions. Written from these. Departures:
rows of equal value are one point with a weight; the start is the optimal k-means partition, found exactly, so
that the fit draws nothing; light components are left out in the end.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

Floats = NDArray[np.float64]

CONCENTRATION = 1e-3
ITERATIONS = 100
TOLERANCE = 1e-6  # change of the log-likelihood per row at which the fit ends
VARIANCE_FLOOR = 1e-6  # in units of the column's variance
REACH = 3.96  # standard deviations around its mean that a mode can encode
OUT_OF_REACH = 5e-4  # share of the rows that may lie out of reach of all components kept
START_POINTS = 256  # the partition that the fit starts from is optimal for so many points


@dataclass(frozen=True)
class Mixture:
    """A mixture of m Gaussians.

    Attributes
    ----------
    weights, means, deviations : (m,) float64
        In the order of their means.
    """

    weights: Floats
    means: Floats
    deviations: Floats

    def log_densities(self, values: Floats) -> Floats:
        """Give the weighted log-density (n, m) of each value (n,) under each Gaussian."""
        z = (values[:, None] - self.means) / self.deviations
        return np.log(self.weights / self.deviations) - 0.5 * (z * z + np.log(2 * np.pi))


def fit_mixture(values: Floats, max_modes: int, least_weight: float) -> Mixture:
    """Fit a mixture to values.

    Parameters
    ----------
    values : (n,) float64
        Finite, at least two distinct ones.
    max_modes : int
        The truncation of the Dirichlet process.
    least_weight : float
        Components of this weight or less are left out, unless more than `OUT_OF_REACH` of the rows would then be out of
        reach of all others.
    """
    points, counts = np.unique(values, return_counts=True)
    weights = counts.astype(np.float64)
    size = np.abs(points).max()
    points = points / size
    centre = np.average(points, weights=weights)
    scale = np.sqrt(np.average((points - centre) ** 2, weights=weights))
    scale = max(scale, np.finfo(np.float64).eps)
    points = (points - centre) / scale
    shares, means, variances = _posterior(points, weights, min(max_modes, len(points)))
    kept = _kept(points, weights, shares, means, np.sqrt(variances), least_weight)
    kept = kept[np.argsort(means[kept], kind="stable")]
    deviations = np.maximum(np.sqrt(variances[kept]) * scale * size, np.finfo(np.float64).tiny)
    return Mixture(
        shares[kept] / shares[kept].sum(), (means[kept] * scale + centre) * size, deviations
    )


def _kept(
    points: Floats, weights: Floats, shares: Floats, means: Floats, sds: Floats, least: float
) -> NDArray[np.int64]:
    """Choose the components of more than the least weight, and lighter ones that a tail cannot do without."""
    reached = np.abs(points - means[:, None]) <= REACH * sds[:, None]
    kept = [int(k) for k in np.flatnonzero(shares > least)] or [int(shares.argmax())]
    while True:
        out = weights * ~reached[kept].any(axis=0)
        gains = reached @ out
        best = int(gains.argmax())
        if out.sum() <= OUT_OF_REACH * weights.sum() or gains[best] == 0:
            return np.array(kept, dtype=np.int64)
        kept.append(best)


def _posterior(points: Floats, weights: Floats, n_modes: int) -> tuple[Floats, Floats, Floats]:
    """Give expected weights, means and variances (k,) for standardised points (n,)."""
    resp = _start(points, weights, n_modes)
    before = -np.inf
    for _ in range(ITERATIONS):
        mass, means, variances, log_scale, log_weights, shares = _maximise(points, weights, resp)
        logs = log_weights + log_scale - 0.5 * (points - means[:, None]) ** 2 / variances[:, None]
        top = logs.max(axis=0)
        resp = np.exp(logs - top)
        total = resp.sum(axis=0)
        resp /= total
        now = float(weights @ (np.log(total) + top)) / float(weights.sum())
        if abs(now - before) < TOLERANCE:
            break
        before = now
    return shares, means, variances


def _maximise(points: Floats, weights: Floats, resp: Floats) -> tuple[Floats, ...]:
    """Update the posterior of means, precisions and sticks from responsibilities (k, n)."""
    weighted = resp * weights
    mass = weighted.sum(axis=1) + 1e-12
    first = weighted @ points / mass
    spread = np.maximum(weighted @ points**2 / mass - first**2, 0.0)
    # The prior of a mean is N(0, 1) and that of a variance is 1, with the weight of one row: points are standardised.
    strength = 1.0 + mass
    means = mass * first / strength
    variances = (1.0 + mass * spread + mass * first**2 / strength) / strength
    variances = np.maximum(variances, VARIANCE_FLOOR)
    log_scale = 0.5 * (
        np.log(2 / strength) + digamma(0.5 * strength) - np.log(variances) - 1 / strength
    )
    # Sticks: v_k ~ Beta(1 + n_k, gamma + sum of the n after k).
    after = np.concatenate([np.cumsum(mass[::-1])[-2::-1], [0.0]])
    a, b = 1.0 + mass, CONCENTRATION + after
    both = digamma(a + b)
    left = digamma(b) - both
    log_weights = digamma(a) - both + np.concatenate([[0.0], np.cumsum(left)[:-1]])
    rest = np.concatenate([[1.0], np.cumprod(b / (a + b))[:-1]])
    shares = a / (a + b) * rest
    return (mass, means, variances, log_scale[:, None], log_weights[:, None], shares / shares.sum())


def _start(points: Floats, weights: Floats, n_modes: int) -> Floats:
    """Give one-hot responsibilities (k, n) of the optimal k-means partition, heaviest part first."""
    edges = np.unique(np.linspace(0, len(points), min(len(points), START_POINTS) + 1).astype(int))
    mass, first, second = (
        np.concatenate([[0.0], np.cumsum(moment)])[edges]
        for moment in (weights, weights * points, weights * points**2)
    )
    cuts = edges[_optimal_cuts(mass, first, second, min(n_modes, len(edges) - 1))]
    part = np.searchsorted(cuts, np.arange(len(points)), side="right")
    sizes = np.bincount(part, weights=weights, minlength=len(cuts) + 1)
    rank = np.argsort(np.argsort(-sizes, kind="stable"), kind="stable")
    resp = np.zeros((len(cuts) + 1, len(points)))
    resp[rank[part], np.arange(len(points))] = 1.0
    return resp


def _optimal_cuts(mass: Floats, first: Floats, second: Floats, n_parts: int) -> NDArray[np.int64]:
    """Cut g sorted groups, given by cumulative moments (g + 1,), into parts of least squared error.

    The cost of groups i to j is their squared distance to their mean; the best cut into k parts is found from those
    into k - 1 (dynamic programming, n_parts g^2 operations).
    """
    g = len(mass) - 1
    m, f, s = (moment[None, :] - moment[:, None] for moment in (mass, first, second))
    cost = np.full((g + 1, g + 1), np.inf)
    upper = np.triu_indices(g + 1, 1)
    cost[upper] = np.maximum(s[upper] - f[upper] ** 2 / m[upper], 0.0)
    best = cost[0].copy()
    came_from = []
    for _ in range(n_parts - 1):
        through = best[:, None] + cost
        came_from.append(through.argmin(axis=0))
        best = through.min(axis=0)
    cuts, at = [], g
    for origin in reversed(came_from):
        at = int(origin[at])
        cuts.append(at)
    return np.array(cuts[::-1], dtype=np.int64)
