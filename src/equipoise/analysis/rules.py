"""From intervals to the verdict on a claim: inside its region, outside, or not to be told."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from equipoise.analysis.intervals import Interval
from equipoise.analysis.signed_ranks import holm
from equipoise.seeds import generator

Finding = Literal["holds", "does not hold", "cannot be told"]
LEVEL = 0.025  # one-sided: a 95 % interval wholly on one side
SIMULATED = 4_000  # draws of Cochran's Q
Q_PROFILE = "Q profile"


@dataclass(frozen=True)
class Region:
    """Where a statistic must lie for a claim to hold: between two ends, either of which may be infinite."""

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
    level : bool
        Whether the value is a level, which has no sign, and not a difference.
    kind : str
        What the interval is, where it is no t interval.
    beyond_low, beyond_high : float
        The 95 % t interval for tables like these, of which those of the run are a sample; NaN where there is none.
    """

    name: str
    value: float
    low: float
    high: float
    inside: float
    outside: float
    level: bool = False
    kind: str = ""
    beyond_low: float = math.nan
    beyond_high: float = math.nan

    @property
    def half_width(self) -> float:
        """Half of the interval, NaN where the value is not in its middle."""
        up, down = self.high - self.value, self.value - self.low
        return up if math.isclose(up, down, rel_tol=1e-6, abs_tol=1e-12) else math.nan


@dataclass(frozen=True)
class Measured:
    """All checks of one method, which must all be met, and what is to be said beside them.

    A method that failed in half of its splits or more is on neither side: no gain by failure is evidence of nothing.
    """

    method: str
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()
    mostly_failed: bool = False

    @property
    def inside(self) -> float:
        """P of "not every check is inside"."""
        return 1.0 if self.mostly_failed else max((c.inside for c in self.checks), default=1.0)

    @property
    def outside(self) -> float:
        """P of "no check is outside", corrected for their number."""
        if self.mostly_failed:
            return 1.0
        return min(1.0, len(self.checks) * min((c.outside for c in self.checks), default=1.0))


def check(
    name: str, found: Interval, region: Region, *, level: bool = False, kind: str = ""
) -> Check:
    """Hold a mean with a t interval against a region.

    Parameters
    ----------
    name : str
    found : Interval
    region : Region
    level : bool, default=False
    kind : str, default=""
        As `Check` has them.
    """
    above, below = _distance(found, region.low, 1), _distance(found, region.high, -1)
    inside = max(_tail(above, found), _tail(below, found))
    outside = min(_tail(-above, found), _tail(-below, found))
    return Check(name, found.mean, found.low, found.high, inside, outside, level, kind)


def _distance(found: Interval, end: float, inwards: int) -> float:
    """Give how far the mean lies inwards (+1 up, -1 down) of an end, in standard errors."""
    if math.isinf(end):
        return math.inf
    distance = inwards * (found.mean - end)
    error = math.sqrt(found.variance) if found.variance > 0 else 0.0
    if error <= 1e-12:  # the same in every split; at an end it is on neither side
        return 0.0 if abs(distance) <= 1e-12 else math.copysign(math.inf, distance)
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
    means: Sequence[float],
    variances: Sequence[float],
    dfs: Sequence[float],
    region: Region,
    name: str,
) -> Check:
    """Hold the standard deviation between tables, beyond what folds explain, against a region from its low end up.

    The interval is that of the Q profile (Viechtbauer 2007): all tau at which Q(tau) lies between its quantiles, with
    Q(tau) = sum_t (m_t - mean)^2 / (V_t + tau^2), Cochran's Q at tau = 0. The quantiles are not those of chi-square,
    which would take the V_t for known: few splits tell them badly, so Q is simulated with V_t estimated anew.
    """
    m, v = np.asarray(means, dtype=float), np.asarray(variances, dtype=float)
    n = len(m)
    if n < 2 or not np.isfinite(v).all():
        return Check(name, math.nan, math.nan, math.nan, 1.0, 1.0, level=True)
    v = np.maximum(v, 1e-12)
    rng = generator(0, "claims", "spread")
    deviations = rng.standard_normal((SIMULATED, n))
    scales = rng.chisquare(np.asarray(dfs, dtype=float), (SIMULATED, n)) / np.asarray(dfs)

    def above(tau: float) -> float:
        """Give the share of simulated Q(tau) that is not below the one found; it rises with tau."""
        simulated = _q(np.sqrt(v + tau**2) * deviations, v * scales, tau)
        return float((simulated >= _q(m, v, tau)).mean())

    low, high = (_where_it_passes(above, share) for share in (LEVEL, 1 - LEVEL))
    value = _where_it_passes(lambda tau: -float(_q(m, v, tau)), 1.0 - n)
    inside = above(region.low)
    return Check(name, value, low, high, inside, 1 - inside, level=True, kind=Q_PROFILE)


def _q(means: NDArray[np.float64], variances: NDArray[np.float64], tau: float) -> NDArray[Any]:
    """Give Q(tau) of (..., N) means with (..., N) squared standard errors."""
    weights = 1 / (variances + tau**2)
    centre = (weights * means).sum(axis=-1, keepdims=True) / weights.sum(axis=-1, keepdims=True)
    return np.asarray((weights * (means - centre) ** 2).sum(axis=-1))


def _where_it_passes(rising: Callable[[float], float], level: float) -> float:
    """Give the tau at which a rising function passes a level; 0 where it starts above it."""
    if rising(0.0) >= level:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < level else (low, middle)
    return (low + high) / 2
