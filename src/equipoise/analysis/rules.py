"""From intervals to the verdict on a claim: inside its region, outside, or not to be told."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from equipoise.analysis.intervals import Interval
from equipoise.analysis.signed_ranks import holm

Finding = Literal["holds", "does not hold", "cannot be told"]
LEVEL = 0.025  # one-sided: a 95 % interval wholly on one side


@dataclass(frozen=True)
class Region:
    """Where a statistic must lie for a claim to hold: ends included, either may be infinite."""

    low: float
    high: float


@dataclass(frozen=True)
class Check:
    """One statistic of one method against its region.

    Attributes
    ----------
    name : str
        What was measured.
    value, low, high : float
        With its 95 % interval.
    inside, outside : float
        One-sided p of "it is not inside" and of "it is not outside"; 1 where nothing is known.
    """

    name: str
    value: float
    low: float
    high: float
    inside: float
    outside: float


@dataclass(frozen=True)
class Measured:
    """All checks of one method, which must all be met, and what is to be said beside them."""

    method: str
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()

    @property
    def inside(self) -> float:
        """P of "not every check is inside"."""
        return max((c.inside for c in self.checks), default=1.0)

    @property
    def outside(self) -> float:
        """P of "no check is outside", corrected for their number."""
        return min(1.0, len(self.checks) * min((c.outside for c in self.checks), default=1.0))


def check(name: str, found: Interval, region: Region) -> Check:
    """Hold a mean with a t interval against a region.

    Parameters
    ----------
    name : str
    found : Interval
    region : Region
    """
    above, below = _distance(found, region.low, 1), _distance(found, region.high, -1)
    inside = max(_tail(above, found), _tail(below, found))
    outside = min(_tail(-above, found), _tail(-below, found))
    return Check(name, found.mean, found.low, found.high, inside, outside)


def _distance(found: Interval, end: float, inwards: int) -> float:
    """Give how far the mean lies inwards (+1 up, -1 down) of an end, in standard errors."""
    if math.isinf(end):
        return math.inf
    distance = inwards * (found.mean - end)
    error = math.sqrt(found.variance) if found.variance > 0 else 0.0
    if error <= 1e-12:  # the same in every split: an end belongs to the region
        return math.inf if abs(distance) <= 1e-12 else math.copysign(math.inf, distance)
    return distance / error


def _tail(distance: float, found: Interval) -> float:
    """Give P(T > distance), 1 where there is no variance to go by."""
    if math.isnan(found.variance) or math.isnan(found.mean) or found.df <= 0:
        return 1.0
    if math.isinf(distance):
        return 0.0 if distance > 0 else 1.0
    return float(stats.t.sf(distance, found.df))


@dataclass(frozen=True)
class Count:
    """How many methods are clearly inside and clearly outside, after Holm's correction over all of them."""

    inside: tuple[str, ...]
    outside: tuple[str, ...]
    n: int


def count(measured: Sequence[Measured]) -> Count:
    """Count the methods on either side."""
    inside = holm([m.inside for m in measured]) < LEVEL
    outside = holm([m.outside for m in measured]) < LEVEL
    return Count(
        tuple(m.method for m, yes in zip(measured, inside, strict=True) if yes),
        tuple(m.method for m, yes in zip(measured, outside, strict=True) if yes),
        len(measured),
    )


def decide(found: Count, quantifier: str) -> Finding:
    """Give the verdict for "each" or "most" methods.

    For "each" one method clearly outside is enough to refute; for "most" it takes more than half on one side.
    """
    if not found.n:
        return "cannot be told"
    if quantifier == "most":
        if len(found.inside) > found.n / 2:
            return "holds"
        return "does not hold" if len(found.outside) > found.n / 2 else "cannot be told"
    if found.outside:
        return "does not hold"
    return "holds" if len(found.inside) == found.n else "cannot be told"


def spread_between(
    means: Sequence[float], variances: Sequence[float], region: Region, name: str
) -> Check:
    """Hold the standard deviation between tables, beyond what folds explain, against a region from its low end up.

    The interval is that of the Q profile: all tau with Q(tau^2) between the quantiles of chi-square with N - 1 degrees
    (Viechtbauer 2007), Q(tau^2) = sum_t (m_t - mean)^2 / (V_t + tau^2), Cochran's Q at tau = 0.
    """
    m, v = np.asarray(means, dtype=float), np.asarray(variances, dtype=float)
    n = len(m)
    if n < 2 or not np.isfinite(v).all():
        return Check(name, math.nan, math.nan, math.nan, 1.0, 1.0)
    v = np.maximum(v, 1e-12)

    def q(tau: float) -> float:
        weights = 1 / (v + tau**2)
        mean = float((weights * m).sum() / weights.sum())
        return float((weights * (m - mean) ** 2).sum())

    low, value, high = (_solve(q, bound) for bound in (
        float(stats.chi2.ppf(1 - LEVEL, n - 1)), float(n - 1), float(stats.chi2.ppf(LEVEL, n - 1))
    ))  # fmt: skip
    at_end = q(region.low)
    inside, outside = float(stats.chi2.sf(at_end, n - 1)), float(stats.chi2.cdf(at_end, n - 1))
    return Check(name, value, low, high, inside, outside)


def _solve(q: Callable[[float], float], bound: float) -> float:
    """Give the tau at which the falling function q reaches a bound; 0 where it never lies above it."""
    if q(0.0) <= bound:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if q(middle) > bound else (low, middle)
    return (low + high) / 2
