"""Whom to choose, and what the choice is worth: rule S and the honest gain (card `advise`, steps 8 to 13).

The best of many candidates looks better than it is, because it was chosen for looking good. So the choice is made
inside each bootstrap, on the rows drawn, and is scored on the rows that were not drawn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from equipoise.advice.candidates import Candidate
from equipoise.advice.matrix import Matrix
from equipoise.advice.resample import Bootstrap

Spans = Sequence[tuple[int, tuple[int, ...]]]
Nothing = Literal["", "equivalent", "harmful", "cannot be told"]

TIMES = 1000
LEAST_TIMES = 100
# Standard deviations within which a simpler candidate is as good. The card has 0.5; on the simulated tables of
# docs/advise.md a tenth keeps a little more of the attainable gain, in the best guess and in the verdict, and acts no
# oftener where nothing is to be gained.
SLACK = 0.1
GATE = 0.90  # share of bootstraps in which the gain must be positive
LEVEL = (2.5, 97.5)
# A bootstrap of tested rows does not know that another training set would have given other models. Without the fifth
# the interval covers the truth in 90 % of the tables on the worst simulated law, and longer budgets narrow it further.
STRETCH = 1.2


@dataclass(frozen=True, eq=False)
class Gain:
    """What a choice is worth over doing nothing, by bootstrap.

    Attributes
    ----------
    mean, low, high : float
        In the measure's unit, larger is better; the interval is of 95 %, a fifth longer than the bootstrap's, and
        reaches one row's worth either way: that no bootstrap differs does not mean that no fresh row will.
    helps, same, hurts : float
        Shares of bootstraps with a gain above the rope, within it, below it.
    positive : float
        Share of bootstraps with any gain.
    draws : (B,) float
    """

    mean: float
    low: float
    high: float
    helps: float
    same: float
    hurts: float
    positive: float
    draws: NDArray[np.float64] = field(repr=False, default_factory=lambda: np.empty(0))

    @classmethod
    def of(cls, draws: NDArray[np.float64], rope: float, grain: float = 0.0) -> "Gain":
        """Sum up the gains of all bootstraps; `grain` is what one row can change."""
        mean = float(draws.mean())
        low, high = mean + STRETCH * (np.percentile(draws, LEVEL) - mean)
        return cls(
            mean, min(float(low), mean - grain), max(float(high), mean + grain),
            float((draws > rope).mean()), float((np.abs(draws) <= rope).mean()),
            float((draws < -rope).mean()), float((draws > 0).mean()), draws,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Choice:
    """What rule S picks from a field of candidates, and what that is worth.

    Attributes
    ----------
    lean : Candidate
        The pick on all rows: the best guess if one must act.
    gain : Gain
        Of the choice over doing nothing.
    over_simple : Gain
        Of the choice over the best simple treatment, itself chosen inside each bootstrap.
    """

    lean: Candidate
    gain: Gain
    over_simple: Gain


@dataclass(frozen=True, eq=False)
class Draws:
    """Scores of candidates on the rows drawn and on those not drawn, by bootstrap: (B, c) each; on all rows (c,)."""

    candidates: tuple[Candidate, ...]
    point: NDArray[np.float64]
    drawn: NDArray[np.float64]
    left: NDArray[np.float64]
    grain: float = 0.0

    def field(self, keep: Sequence[bool] | NDArray[np.bool_]) -> "Draws":
        """Give the draws of some of the candidates."""
        at = np.flatnonzero(keep)
        found = tuple(self.candidates[j] for j in at)
        return Draws(found, self.point[at], self.drawn[:, at], self.left[:, at], self.grain)


def draw(
    matrix: Matrix, found: Sequence[Candidate], spans: Spans, bootstrap: Bootstrap,
    rng: np.random.Generator, enough: Callable[[], bool],
) -> Draws:  # fmt: skip
    """Score all candidates on the rows drawn by each of 1,000 bootstraps and on those not drawn.

    Bootstraps that leave no row of a class are left out. `enough` is asked after each piece, and ends them early.
    """
    inside, outside = [], []
    kinds = np.eye(len(matrix.scale.scored), dtype=np.float32)[matrix.y]
    kinds = kinds[:, np.bincount(matrix.y[bootstrap.eligible], minlength=kinds.shape[1]) > 0]
    for weights in bootstrap.draws(TIMES, rng):
        left = ((weights == 0) & bootstrap.eligible).astype(np.float32)
        whole = ((left @ kinds) > 0).all(axis=1)
        inside.append(matrix.scores(found, spans, weights[whole]))
        outside.append(matrix.scores(found, spans, left[whole]))
        if enough() and sum(map(len, inside)) >= LEAST_TIMES:
            break
    point = matrix.scores(found, spans, bootstrap.eligible.astype(np.float32)[None, :])[0]
    counts = np.bincount(matrix.y[bootstrap.eligible], minlength=len(matrix.scale.scored))
    grain = matrix.scale.measure.grain(counts[counts > 0])
    return Draws(tuple(found), point, np.concatenate(inside), np.concatenate(outside), grain)


def pick(scores: NDArray[np.float64], spread: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rule S: the simplest candidate within a tenth of a standard deviation of the best.

    Parameters
    ----------
    scores : (B, c) float
        Candidates in order of simplicity.
    spread : (c, c) float
        Standard deviation of the difference of two candidates.

    Returns
    -------
    picked : (B,) int
    """
    best = scores.argmax(axis=1)
    short = scores[np.arange(len(scores)), best][:, None] - scores
    return (short <= SLACK * spread[best]).argmax(axis=1)


def spread(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the standard deviations (c, c) of differences between candidates over bootstraps (B, c)."""
    covariance = np.atleast_2d(np.cov(drawn, rowvar=False))
    variance = np.diag(covariance)
    return np.sqrt(np.maximum(variance[:, None] + variance[None, :] - 2 * covariance, 0.0))


def choose(draws: Draws, rope: float) -> Choice:
    """Apply rule S to all rows, and to each bootstrap for what it is worth."""
    deviations = spread(draws.drawn)
    lean = draws.candidates[int(pick(draws.point[None, :], deviations)[0])]
    picked = pick(draws.drawn, deviations)
    at = np.arange(len(picked))
    nothing = next(j for j, c in enumerate(draws.candidates) if c.is_identity)
    worth = draws.left[at, picked]
    simple = np.array([c.is_simple for c in draws.candidates])
    rival = np.where(simple, draws.drawn, -np.inf).argmax(axis=1)
    return Choice(
        lean,
        Gain.of(worth - draws.left[:, nothing], rope, draws.grain),
        Gain.of(worth - draws.left[at, rival], rope, draws.grain),
    )


@dataclass(frozen=True, eq=False)
class Decision:
    """Two answers: what is proven enough to act on, and the best guess if one must.

    Attributes
    ----------
    verdict : Candidate
        Doing nothing, or the choice.
    nothing : str
        Which kind of nothing it is, where the verdict is to do nothing.
    choice : Choice
        The field that the verdict was taken in: without synthesizers, where one did not beat the simple treatments.
    lean : Choice
        That of the whole field.
    """

    verdict: Candidate
    nothing: Nothing
    choice: Choice
    lean: Choice

    @property
    def gain(self) -> Gain:
        """What the interval is about."""
        return self.choice.gain


def decide(draws: Draws, rope: float) -> Decision:
    """Take the verdict: act only if the gain is positive in nine bootstraps of ten.

    A synthesizer must also beat the best simple treatment as surely; if it does not, the field is judged without
    synthesizers.
    """
    lean = choice = choose(draws, rope)
    if choice.lean.model.synthetic and not (
        choice.gain.positive >= GATE and choice.over_simple.positive >= GATE
    ):
        choice = choose(draws.field([not c.model.synthetic for c in draws.candidates]), rope)
    if choice.gain.positive >= GATE and not choice.lean.is_identity:
        return Decision(choice.lean, "", choice, lean)
    identity = next(c for c in draws.candidates if c.is_identity)
    return Decision(identity, kind_of_nothing(choice.gain, rope), choice, lean)


def kind_of_nothing(gain: Gain, rope: float) -> Nothing:
    """Name the three kinds of nothing, which are never mixed (step 13)."""
    if -rope <= gain.low and gain.high <= rope:
        return "equivalent"
    return "harmful" if gain.high < 0 else "cannot be told"
