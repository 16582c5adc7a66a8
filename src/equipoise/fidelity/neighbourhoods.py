"""Fidelity and diversity in high dimension, by the neighbourhoods of rows.

Points are standardised numbers and one-hot levels (`distances.standard_points`), R the fresh rows and S the synthetic
ones. Precision and recall are those of Kynkaanniemi et al. 2019, density and coverage those of Naeem et al. 2020
(equations 2 to 4), alpha-precision and beta-recall those of Alaa et al. 2022 (equations 4 to 8, integrated over 30
levels), measured on the points themselves instead of a learnt embedding. Written from the papers.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import trapezoid

from equipoise.fidelity.distances import neighbour_radii, squared_blocks, standard_points
from equipoise.fidelity.metric import Measured, Metric, Trio

K = 5
LEVELS = 30


@dataclass(frozen=True)
class Neighbourhoods:
    """The six scores; for S of the law of R and many rows of both in parentheses.

    Attributes
    ----------
    precision : float
        Share of S inside the ball of some row of R, whose radius reaches its k-th neighbour in R.
    recall : float
        Share of R inside the ball of some row of S.
    density : float
        Mean number of balls of R that a row of S lies in, over k (1).
    coverage : float
        Share of R whose ball holds a row of S (1 - 2**-k).
    alpha_precision : float
        1 - 2 times the integral over a of abs(P(a) - a): P(a) is the share of S inside the ball around the mean of R
        that holds the share a of R (1).
    beta_recall : float
        Likewise for B(b), the share of R whose nearest row of S is not farther than its own nearest neighbour and lies
        inside the ball that holds the share b of S (1/2).
    """

    precision: float
    recall: float
    density: float
    coverage: float
    alpha_precision: float
    beta_recall: float


def neighbourhoods(
    real: NDArray[np.float64], synthetic: NDArray[np.float64], k: int = K
) -> Neighbourhoods:
    """Score synthetic points (m, w) against real ones (n, w), at least two of each."""
    n, m = len(real), len(synthetic)
    own, theirs = neighbour_radii(real, k), neighbour_radii(synthetic, k)
    inside, covered, recalled = np.zeros(m), np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    nearest, closest = np.zeros(n, np.int64), np.zeros(n)
    for at, squared in squared_blocks(real, synthetic):
        held = squared <= own[at, None]
        inside += held.sum(axis=0)
        covered[at] = held.any(axis=1)
        recalled[at] = (squared <= theirs).any(axis=1)
        nearest[at] = squared.argmin(axis=1)
        closest[at] = squared.min(axis=1)
    levels = np.linspace(0, 1, LEVELS)
    around = np.linalg.norm(real - real.mean(axis=0), axis=1)
    far = np.linalg.norm(synthetic - real.mean(axis=0), axis=1)
    precise = (far[:, None] <= np.quantile(around, levels)).mean(axis=0)
    spread = np.linalg.norm(synthetic - synthetic.mean(axis=0), axis=1)
    near = closest <= neighbour_radii(real, 1)
    typical = spread[nearest][:, None] <= np.quantile(spread, levels)
    return Neighbourhoods(
        precision=float((inside > 0).mean()),
        recall=float(recalled.mean()),
        density=float(inside.mean() / k),
        coverage=float(covered.mean()),
        alpha_precision=_agreement(precise, levels),
        beta_recall=_agreement((near[:, None] & typical).mean(axis=0), levels),
    )


def _agreement(shares: NDArray[np.float64], levels: NDArray[np.float64]) -> float:
    """Give 1 - 2 times the integral of what shares (L,) differ from their levels (L,)."""
    return float(1 - 2 * trapezoid(np.abs(shares - levels), levels))


@lru_cache(maxsize=4)
def _of(trio: Trio) -> Neighbourhoods:
    """Score a trio once for all six metrics."""
    if min(len(trio.train), len(trio.fresh) - 1, len(trio.synthetic) - 1) < 1:
        return Neighbourhoods(*[math.nan] * 6)
    real, synthetic = standard_points(trio, trio.fresh, trio.synthetic)
    return neighbourhoods(real, synthetic)


def _metric(field: str, title: str, high: float, formula: str, source: str) -> Metric:
    def measure(trio: Trio, rng: np.random.Generator) -> Measured:
        return Measured(getattr(_of(trio), field))

    return Metric(
        name=field.replace("_", "-"), title=title, better="higher", low=0.0, high=high,
        formula=formula, source=source, floor="independent", measure=measure,
    )  # fmt: skip


_IMPROVED = "Kynkaanniemi et al. 2019, arXiv:1904.06991"
_RELIABLE = "Naeem et al. 2020, arXiv:2002.09797"
_FAITHFUL = "Alaa et al. 2022, arXiv:2102.08921"
METRICS = (
    _metric(
        "precision", "Rows lie where fresh rows lie", 1.0,
        "share of synthetic rows inside a fresh row's ball to its fifth neighbour", _IMPROVED,
    ),
    _metric(
        "recall", "Fresh rows lie where rows lie", 1.0,
        "share of fresh rows inside a synthetic row's ball to its fifth neighbour", _IMPROVED,
    ),
    _metric(
        "density", "Rows crowd where fresh rows do", float(np.inf),
        "mean number of fresh rows' balls that a synthetic row lies in, over 5", _RELIABLE,
    ),
    _metric(
        "coverage", "Fresh rows have a row near them", 1.0,
        "share of fresh rows whose ball to the fifth neighbour holds a synthetic row", _RELIABLE,
    ),
    _metric(
        "alpha_precision", "Typical and rare rows in proportion", 1.0,
        "1 - 2 integral abs(P(a) - a): share of synthetic rows in the ball that holds the share a of fresh ones",
        _FAITHFUL,
    ),
    _metric(
        "beta_recall", "Typical and rare fresh rows found again", 1.0,
        "1 - 2 integral abs(B(b) - b): share of fresh rows with a row of the typical share b at arm's length",
        _FAITHFUL,
    ),
)  # fmt: skip
