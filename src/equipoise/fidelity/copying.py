"""How many synthetic rows are too close to a training row, and an alarm (design section 2, rule 6).

Let F_s and F_f be the distribution functions of the Gower distance to the nearest training row, of synthetic and of
fresh rows. If a share p of the synthetic rows lies nearer than fresh rows do, F_s = (1 - p) F_f + p G, then

    p >= (F_s(d) - F_f(d)) / (1 - F_f(d))    for every d.

The largest of these bounds, over d up to the median of the fresh distances, is the score. A maximum of noisy values
is too high by itself. Its bias is taken off inside: of each bound c standard deviations of its noise are subtracted,
with c such that fresh rows score 0 on average. Fresh rows scored against fresh rows are had by resampling: given the
training rows, both sides' distances are draws of one law, so drawing both from the fresh distances tells their noise,
and no distance is computed again. Noise is small where d is, so copies lose next to nothing.

A dense clump of rows near the mode (mode collapse) is close to training rows and to fresh rows alike. So the same score
is taken with training and fresh rows exchanged as targets: high on both sides is concentration, on the first alone
copying.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.fidelity.closest import closest, searchable
from equipoise.fidelity.metric import Measured, Metric, Trio

DRAWS = 400
LEVEL = 0.99  # one table in a hundred of fresh rows passes it
LEAST_SHARE = 0.05  # what is certain but below this is not worth an alarm
MOST_POINTS = 300  # distances at which the bound is taken
MOST_BELOW = 0.9  # of the fresh distances; beyond it a few rows decide
TOLERANCE = 1e-6  # of distances, which are sums in single precision


@dataclass(frozen=True)
class Bound:
    """The least share of rows that are nearer to a target than the rows that they are compared with.

    Attributes
    ----------
    value : float
        In [0, 1], free of bias for a share of 0.
    low, high : float
        Its 95 % interval, by resampling the rows of both sides.
    limit : float
        What one table of fresh rows in a hundred passes.
    """

    value: float
    low: float
    high: float
    limit: float

    @property
    def certain(self) -> bool:
        """Whether the share is above noise and worth a word."""
        return self.value > self.limit and self.value >= LEAST_SHARE


@dataclass(frozen=True)
class Copying:
    """What was found of synthetic rows that are too close to training rows.

    Attributes
    ----------
    value, low, high : float
        At least this share of the synthetic rows is nearer to a training row than fresh rows are; its 95 % interval.
    alarm : bool
        Whether it is above what fresh rows reach by chance, and above what concentration explains.
    concentrated : bool
        Whether rows crowd together: at least half as many are too close to fresh rows as well.
    to_train : Bound
        Nearness to training rows, against fresh rows.
    to_fresh : Bound
        Nearness to fresh rows, against training rows.
    """

    value: float
    low: float
    high: float
    alarm: bool
    concentrated: bool
    to_train: Bound
    to_fresh: Bound

    @property
    def clean(self) -> bool:
        """Whether nothing speaks for copies, nor for rows that crowd together."""
        unknown = bool(np.isnan(self.value))
        return not (unknown or self.alarm or self.concentrated or self.to_train.certain)

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        if np.isnan(self.value):
            return "There are too few rows to say whether training rows were copied."
        share = (
            f"at least {self.value:.0%} of the synthetic rows ({self.low:.0%} to {self.high:.0%}) "
            "are nearer to a training row than fresh rows are"
        )
        if self.alarm:
            return f"Training rows show through: {share}."
        if self.concentrated:
            return (
                f"Rows crowd together: {share}. They are as near to fresh rows "
                f"({self.to_fresh.value:.0%}), which cannot have been copied."
            )
        if self.to_train.certain:
            return f"There may be copies: {share}, but rows also crowd together."
        return "There is no sign of copies: synthetic rows are no nearer to training rows than fresh rows are."


def too_close(trio: Trio, rng: np.random.Generator) -> Copying:
    """Give the least share of synthetic rows that are nearer to a training row than fresh rows are.

    Parameters
    ----------
    trio : Trio
    rng : Generator
        Draws the resplits and the resamples.
    """
    if not searchable(trio) or min(len(trio.fresh), len(trio.synthetic)) < 2:
        nothing = Bound(*[np.nan] * 4)
        return Copying(np.nan, np.nan, np.nan, False, False, nothing, nothing)
    found = closest(trio)
    to_train = bound(found.to_train.first, found.fresh_to_train.first, rng)
    to_fresh = bound(found.to_fresh.first, found.fresh_to_train.back, rng)
    concentrated = to_fresh.certain and to_fresh.value >= to_train.value / 2
    unexplained = not concentrated or to_train.low > to_fresh.high
    return Copying(
        to_train.value, to_train.low, to_train.high,
        alarm=to_train.certain and unexplained,
        concentrated=concentrated,
        to_train=to_train, to_fresh=to_fresh,
    )  # fmt: skip


def bound(near: NDArray, expected: NDArray, rng: np.random.Generator) -> Bound:
    """Give the least share of rows whose distances (m,) are below what distances of real rows (n,) let expect."""
    near, expected = (np.sort(np.asarray(x, dtype=np.float64)) for x in (near, expected))
    points = np.unique(np.concatenate([near, expected]))
    points = points[points <= expected[(len(expected) - 1) // 2] + TOLERANCE]
    if len(points) > MOST_POINTS:
        points = points[np.linspace(0, len(points) - 1, MOST_POINTS).astype(np.int64)]
    n_points, m, n = len(points), len(near), len(expected)
    counts = [
        np.bincount(np.searchsorted(points + TOLERANCE, x, "left"), minlength=n_points + 1)
        for x in (near, expected)
    ]
    ratio, noise = _bounds(_redrawn(counts[1], m, rng), _redrawn(counts[1], n, rng), m, n)
    c = _centring(ratio, noise)
    limit = float(np.quantile(_largest(ratio, noise, c), LEVEL))
    value = float(
        _largest(*_bounds(_shares(counts[0][None]), _shares(counts[1][None]), m, n), c)[0]
    )
    again = _bounds(_redrawn(counts[0], m, rng), _redrawn(counts[1], n, rng), m, n)
    spread = _largest(*again, c)
    low, high = value + np.quantile(spread - spread.mean(), [0.025, 0.975])
    low, value, high = np.clip([min(low, value), value, max(high, value)], 0, 1)
    return Bound(float(value), float(low), float(high), limit)


def _redrawn(counts: NDArray[np.int64], size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw rows with replacement, and give the shares (DRAWS, points) at or below each point."""
    return _shares(rng.multinomial(size, counts / counts.sum(), size=DRAWS))


def _shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give the shares (b, points) at or below each point, from counts (b, points + 1) whose last lie beyond all."""
    return counts[:, :-1].cumsum(axis=1) / counts.sum(axis=1, keepdims=True)


def _bounds(
    near: NDArray[np.float64], expected: NDArray[np.float64], m: int, n: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the bounds (b, points) of the share, -infinity where none is taken, and their standard deviations at 0."""
    rest = np.maximum(1 - expected, 1 - MOST_BELOW)
    # The first point at or beyond the median counts still.
    before = np.concatenate([np.zeros((len(expected), 1)), expected[:, :-1]], axis=1)
    used = (expected < MOST_BELOW) & (before < 0.5)
    ratio = np.where(used, (near - expected) / rest, -np.inf)
    smooth = (n * expected + 0.5) / (n + 1)  # no share is certain to be 0
    return ratio, np.sqrt(smooth * (1 - smooth) * (1 / m + 1 / n)) / rest


def _largest(
    ratio: NDArray[np.float64], noise: NDArray[np.float64], c: float
) -> NDArray[np.float64]:
    """Give the largest bound (b,) that is left after c deviations; 0 where no bound is taken."""
    largest = (ratio - c * noise).max(axis=1, initial=-np.inf)
    return np.where(np.isfinite(largest), largest, 0.0)


def _centring(ratio: NDArray[np.float64], noise: NDArray[np.float64]) -> float:
    """Give the c at which the largest bounds of fresh rows are 0 on average."""
    low, high = 0.0, 8.0
    for _ in range(20):
        middle = (low + high) / 2
        if _largest(ratio, noise, middle).mean() > 0:
            low = middle
        else:
            high = middle
    return high


def _measure(trio: Trio, rng: np.random.Generator) -> Measured:
    return Measured(too_close(trio, rng).value)


TOO_CLOSE = Metric(
    name="too-close",
    title="Copied training rows, at least",
    better="lower",
    low=0.0,
    high=1.0,
    formula="max over d of (F_s(d) - F_f(d)) / (1 - F_f(d)) for distances to the nearest training row, bias taken off",
    source="Equipoise, design section 2 rule 6",
    floor="independent",
    measure=_measure,
)
