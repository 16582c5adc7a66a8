"""Calibrated draws: around a point moved towards the nearest class means, with the covariance of those classes.

R. Vigneswaran, M. T. Law, V. N. Balasubramanian and M. Tapaswi, Feature Generation for Long-tail Classification, ICVGIP
2021, arXiv:2111.05956, eq. 7 and 8, after S. Yang, L. Liu and M. Xu, Free Lunch for Few-shot Learning: Distribution
Calibration, ICLR 2021, arXiv:2101.06395. Written from the papers. Points in, points out: what they stand for (scaled
cells, codes of a network) is left to the caller.

Points that have the same neighbouring classes share a covariance, which is factored once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf

from equipoise.synthesizers._options import (
    check_choices,
    check_share,
    check_whole,
    check_zero_or_more,
)

Own = Literal["include", "exclude"]
AlphaMode = Literal["identity", "ones"]
Shrinkage = Literal["pooled", "ledoit-wolf", "none"]
Covariance = Literal["neighbours", "own_or_neighbour"]

JITTER = 1e-4  # on the diagonal of every covariance
MOST_NEIGHBOURS = 3  # by default, where there are more than two classes

# What the authors' code does where it differs from the defaults here; n_neighbours is theirs for CIFAR-100-LT.
REFERENCE: Mapping[str, Any] = MappingProxyType(
    {
        "n_neighbours": 3,
        "own": "include",
        "shift": None,
        "spread": "full",
        "alpha": 0.0,
        "alpha_mode": "ones",
        "covariance": "neighbours",
        "shrinkage": "none",
    }
)


@dataclass(frozen=True)
class Rule:
    """How a point is calibrated; see the parameters of `TailCalib`.

    Attributes
    ----------
    n_neighbours : int
        K, as many as there are classes to choose from at most.
    shift : float
        gamma in [0, 1].
    """

    n_neighbours: int
    shift: float
    own: Own = "include"
    spread: Literal["kept", "full"] = "full"
    alpha: float = 0.0
    alpha_mode: AlphaMode = "identity"
    covariance: Covariance = "neighbours"
    shrinkage: Shrinkage = "pooled"

    @classmethod
    def of(cls, options: Any, n_classes: int) -> "Rule":
        """Take the options of a synthesizer, which `check_rule` has found good, for a table of so many classes."""
        wanted = options.n_neighbours
        if wanted is None:
            wanted = 1 if n_classes <= 2 else min(MOST_NEIGHBOURS, n_classes - 1)
        own: Own = options.own if n_classes > 1 else "include"
        n = min(int(wanted), n_classes - (own == "exclude"))
        shift = n / (n + 1) if options.shift is None else float(options.shift)
        return cls(
            n_neighbours=n,
            shift=shift,
            own=own,
            spread=options.spread,
            alpha=float(options.alpha),
            alpha_mode=options.alpha_mode,
            covariance=options.covariance,
            shrinkage=options.shrinkage,
        )


def check_rule(options: Any) -> None:
    """Refuse options that are out of range."""
    check_whole(options, "n_neighbours", optional=True)
    check_share(options, "shift", optional=True)
    check_zero_or_more(options, "alpha")
    check_choices(
        options,
        own=get_args(Own),
        spread=("kept", "full"),
        alpha_mode=get_args(AlphaMode),
        covariance=get_args(Covariance),
        shrinkage=get_args(Shrinkage),
    )


@dataclass(frozen=True, eq=False)
class Statistics:
    """Means (C, d) and covariances (C, d, d) of the classes."""

    means: NDArray[np.float64]
    covariances: NDArray[np.float64]

    @classmethod
    def of(
        cls, points: NDArray[np.float64], y: NDArray[np.int64], n_classes: int, shrinkage: Shrinkage
    ) -> "Statistics":
        """Learn from points (n, d) of the classes y (n,), each of at least one.

        Sigma_c = (1 - rho_c) S_c + rho_c S_pooled with S_pooled the covariance within classes: "pooled" has
        rho_c = d / (d + n_c), "none" rho_c = 0. A class of one point has rho_c = 1 whatever is asked.
        """
        d = points.shape[1]
        means = np.empty((n_classes, d))
        covariances = np.zeros((n_classes, d, d))
        scatter = np.zeros((d, d))
        counts = np.bincount(y, minlength=n_classes)
        for k in range(n_classes):
            mine = points[y == k]
            means[k] = mine.mean(axis=0)
            products = (mine - means[k]).T @ (mine - means[k])
            scatter += products
            covariances[k] = products / max(counts[k] - 1, 1)
            if shrinkage == "ledoit-wolf" and d and counts[k] > 1:
                covariances[k] = np.reshape(ledoit_wolf(mine)[0], (d, d))
        pooled = scatter / max(counts.sum() - n_classes, 1)
        for k, count in enumerate(counts):
            rho = 1.0 if count == 1 else d / (d + count) if shrinkage == "pooled" else 0.0
            covariances[k] = (1 - rho) * covariances[k] + rho * pooled
        return cls(means, covariances)


def neighbours(
    points: NDArray[np.float64], y: NDArray[np.int64], means: NDArray[np.float64], rule: Rule
) -> NDArray[np.int64]:
    """Give the K classes (n, K), in ascending order, whose means are nearest to each point (n, d) of class y (n,).

    Of classes at the same distance the own one comes first, then those before the others.
    """
    squares = np.column_stack([((points - mean) ** 2).sum(axis=1) for mean in means])
    other = y[:, None] != np.arange(len(means))
    if rule.own == "exclude":
        squares[~other] = np.inf
    order = np.lexsort((other, squares), axis=1)
    return np.sort(order[:, : rule.n_neighbours], axis=1)


def centres(
    points: NDArray[np.float64],
    near: NDArray[np.int64],
    means: NDArray[np.float64],
    shift: float,
) -> NDArray[np.float64]:
    """Give mu' = (1 - gamma) x + gamma mean_S mu_j, which with gamma = K / (K + 1) is eq. 7. Shape: (n, d)."""
    return (1 - shift) * points + shift * means[near].mean(axis=1)


def covariance(
    near: NDArray[np.int64], own: int, covariances: NDArray[np.float64], rule: Rule
) -> NDArray[np.float64]:
    """Give Sigma' (d, d) of points of the class `own` whose neighbours are `near` (K,).

    Sigma' = s mean_S Sigma_j + alpha A + 1e-4 I, with A all ones or the identity, which with s = 1 and ones is eq. 8.
    """
    d = covariances.shape[1]
    base = covariances[near].mean(axis=0)
    if rule.covariance == "own_or_neighbour":
        trace = np.trace(base)
        base = base * (np.trace(covariances[own]) / trace if trace > 0 else 1.0)
    if rule.spread == "kept":
        base = base * (1 - (1 - rule.shift) ** 2)
    added = np.eye(d) if rule.alpha_mode == "identity" else np.ones((d, d))
    return base + rule.alpha * added + JITTER * np.eye(d)


def root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give L (d, d) with L L^T the covariance, by eigenvalues where rounding leaves it indefinite."""
    try:
        return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(matrix)
        return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)), dtype=np.float64)


def allocate(n_rows: int, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Give how many of n draws each row (n_rows,) gets: floor(n / n_rows), and the rest at random with replacement."""
    whole, rest = divmod(n, n_rows)
    return whole + rng.multinomial(rest, np.full(n_rows, 1 / n_rows))


@dataclass(frozen=True, eq=False)
class Calibration:
    """What draws are made from.

    Attributes
    ----------
    points : (n, d) float64
    y : (n,) int64
    near : (n, K) int64
        Neighbouring classes of each point.
    statistics : Statistics
    rule : Rule
    """

    points: NDArray[np.float64]
    y: NDArray[np.int64]
    near: NDArray[np.int64]
    statistics: Statistics
    rule: Rule

    @classmethod
    def fit(
        cls, points: NDArray[np.float64], y: NDArray[np.int64], n_classes: int, rule: Rule
    ) -> "Calibration":
        """Learn from points (n, d) of the classes y (n,)."""
        statistics = Statistics.of(points, y, n_classes, rule.shrinkage)
        near = neighbours(points, y, statistics.means, rule)
        return cls(points, y, near, statistics, rule)

    def seeds(self, counts: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw the rows that new ones start from, so many of each class, in the order of the classes."""
        drawn = []
        for k, n in enumerate(counts):
            rows = np.flatnonzero(self.y == k)
            drawn.append(rng.permutation(np.repeat(rows, allocate(len(rows), int(n), rng))))
        return np.concatenate(drawn)

    def draw(
        self,
        seeds: NDArray[np.int64],
        noise: NDArray[np.float64],
        starts: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Give a draw (m, d) for each seed (m,) from standard normal noise (m, d).

        `starts` (m, d) stands in for the seeds' points where it is given; their neighbours stay.
        """
        near, y = self.near[seeds], self.y[seeds]
        begin = self.points[seeds] if starts is None else starts
        new = centres(begin, near, self.statistics.means, self.rule.shift)
        keys, which = np.unique(np.column_stack([y, near]), axis=0, return_inverse=True)
        which = which.reshape(-1)
        for g, (own, *classes) in enumerate(keys):
            here = which == g
            matrix = covariance(
                np.array(classes, dtype=np.int64), own, self.statistics.covariances, self.rule
            )
            new[here] += noise[here] @ root(matrix).T
        return new

    def fallbacks(self, counts: NDArray[np.int64], own: Own) -> dict[int, str]:
        """Say of which classes, of so many rows each, covariance or neighbours are not as they were asked for."""
        out: dict[int, str] = {}
        for k, count in enumerate(counts):
            if counts.max() == 1:
                out[k] = "no class has two rows: nothing is known of their spread"
            elif count == 1:
                out[k] = "one row has no covariance: that within all classes is used"
            elif own != self.rule.own:
                out[k] = "there is no other class: it is its own neighbour"
        return out
