"""Normal scores of one column of numbers, with the cells that have none beside them.

A number x becomes z = Phi^-1(F(x)), F being the distribution of the column's training values, and comes back as the
quantile at Phi(z): whatever the column's law, what a network sees is N(0, 1), and no value leaves the training range.

A pure map by quantiles closes the gaps between groups of values, since no row lies in them, and a Gaussian that is a
little off then crosses from one group into the other. With a *linear share* w the score is a blend,
(1 - w) Phi^-1(F(x)) + w (x - mean) / deviation, brought to mean 0 and deviation 1, that keeps them apart.

A distribution with jumps has no such map, so three kinds of cells are levels of a one-hot block beside the score: a
missing cell, an *atom* (a value that many rows hold, as a capital gain of 0) and, in a column of few distinct numbers,
every value. A smaller tie is spread over the scores that its rows would have, at random, and comes back exactly.
Written from the definition of the quantile function.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ATOM_ROWS = 5  # fewer rows than this make no atom, whatever their share
FARTHEST = 4.0  # deviations from the mean beyond which a value is no farther for the linear share


@dataclass(frozen=True)
class Scores:
    """One column of numbers: a distribution function by its knots, and the cells that are levels.

    The block beside the score has a position for values that have a score, if any do; then one for each atom; then one
    for missing cells, if there were any. A block of one position says nothing and is left out.

    Attributes
    ----------
    knots : (k,) float64
        Distinct training values that are no atoms, ascending; the least and the largest among them.
    low, high : (k,) float64
        The probabilities that the rows of a knot lie between: i of n sorted rows lies at (i + 1/2) / n.
    weight : float
        Of the normal score.
    shifts : (k,) float64
        What is added to it at each knot.
    atoms : (a,) float64
        Ascending.
    has_missing : bool
    """

    knots: Floats
    low: Floats
    high: Floats
    weight: float
    shifts: Floats
    atoms: Floats
    has_missing: bool

    @property
    def has_score(self) -> bool:
        """Whether any value has a score."""
        return len(self.knots) > 0

    @property
    def block(self) -> int:
        """Number of positions of the block beside the score, 0 if there is none."""
        slots = int(self.has_score) + len(self.atoms) + int(self.has_missing)
        return 0 if slots == 1 and self.has_score else slots

    def encode(self, values: Floats, rng: np.random.Generator) -> tuple[Ints, Floats]:
        """Give slots and scores.

        Parameters
        ----------
        values : (n,) float64
            NaN where missing; values beyond those of training count as the nearest.
        rng : Generator
            One uniform number a row is drawn, if there are scores.

        Returns
        -------
        slots : (n,) int64
            -1 where a value has none: it is missing, or new in a column of levels, and training had no such cell.
        scores : (n,) float64
            0 at atoms and missing cells.
        """
        slots, scores = np.full(len(values), -1, dtype=np.int64), np.zeros(len(values))
        missing = np.isnan(values)
        if self.has_missing:
            slots[missing] = int(self.has_score) + len(self.atoms)
        place = np.minimum(np.searchsorted(self.atoms, values), max(len(self.atoms) - 1, 0))
        at_atom = np.zeros(len(values), dtype=bool)
        if len(self.atoms):
            at_atom = self.atoms[place] == values
        slots[at_atom] = int(self.has_score) + place[at_atom]
        if self.has_score:
            uniform = rng.random(len(values))
            rest = ~missing & ~at_atom
            slots[rest] = 0
            scores[rest] = self._scores(values[rest], uniform[rest])
        return slots, scores

    def _ends(self) -> tuple[Floats, Floats]:
        """Give the scores that each knot lies between."""
        low, high = (self.weight * ndtri(p) + self.shifts for p in (self.low, self.high))
        return low, high

    def _scores(self, values: Floats, uniform: Floats) -> Floats:
        low, high = self._ends()
        values = np.clip(values, self.knots[0], self.knots[-1])
        right = np.searchsorted(self.knots, values)
        left = np.maximum(right - 1, 0)
        # Halves, lest a difference overflow where the numbers do not.
        gap = self.knots[right] / 2 - self.knots[left] / 2
        step = values / 2 - self.knots[left] / 2
        share = np.where(gap > 0, step / np.where(gap > 0, gap, 1), 0)
        between = (1 - share) * high[left] + share * low[right]
        tied = self.low[right] + uniform * (self.high[right] - self.low[right])
        tied = self.weight * ndtri(tied) + self.shifts[right]
        return np.where(self.knots[right] == values, tied, between)

    def decode(self, slots: Ints, scores: Floats) -> Floats:
        """Give the values (n,) of slots (n,) and scores (n,); NaN where missing."""
        values = np.full(len(slots), np.nan)
        if self.has_score:
            regular = slots == 0
            values[regular] = self._quantiles(scores[regular])
        place = slots - int(self.has_score)
        at_atom = (place >= 0) & (place < len(self.atoms))
        values[at_atom] = self.atoms[place[at_atom]]
        return values

    def _quantiles(self, scores: Floats) -> Floats:
        low, high = self._ends()
        right = np.minimum(np.searchsorted(high, scores), len(self.knots) - 1)
        left = np.maximum(right - 1, 0)
        gap = low[right] - high[left]
        share = np.where(gap > 0, (scores - high[left]) / np.where(gap > 0, gap, 1), 1)
        share = np.clip(share, 0.0, 1.0)
        return (1 - share) * self.knots[left] + share * self.knots[right]


def fit_scores(
    values: Floats,
    *,
    max_quantiles: int = 1000,
    max_values: int = 20,
    atom_share: float = 0.05,
    linear_share: float = 0.0,
) -> Scores:
    """Find the distribution function and the atoms of one column.

    Parameters
    ----------
    values : (n,) float64
        NaN where missing.
    max_quantiles : int
        The most knots: half of them evenly spaced in probability and half in score, which is for the tails.
    max_values : int
        A column of at most so many distinct numbers, each held by two rows on average (or of one or two numbers), is
        made of atoms alone.
    atom_share : float
        A value held by at least this share of the rows that are not missing, and by five rows, is an atom.
    linear_share : float
        Weight of the standardised value in the score, below 1.
    """
    present = values[~np.isnan(values)]
    has_missing = len(present) < len(values)
    distinct, counts = np.unique(present, return_counts=True)
    none = np.empty(0)
    if len(distinct) <= 2 or (len(distinct) <= max_values and 2 * len(distinct) <= len(present)):
        return Scores(none, none, none, 1.0, none, distinct, has_missing)
    held = (counts >= ATOM_ROWS) & (counts >= atom_share * len(present))
    if (~held).sum() <= 2:
        return Scores(none, none, none, 1.0, none, distinct, has_missing)
    return _scores_of(
        distinct[~held], counts[~held], distinct[held], has_missing, max_quantiles, linear_share
    )


def fit_scores_beside(values: Floats, atoms: Floats, *, max_quantiles: int = 1000) -> Scores:
    """Find the distribution function of the values of one column that are none of these atoms, ties among them.

    Parameters
    ----------
    values : (n,) float64
        NaN where missing.
    atoms : (a,) float64
        Ascending.
    max_quantiles : int
        See `fit_scores`.
    """
    present = values[~np.isnan(values)]
    knots, counts = np.unique(present[~np.isin(present, atoms)], return_counts=True)
    has_missing = len(present) < len(values)
    if len(knots) == 0:
        return Scores(knots, knots, knots, 1.0, knots, atoms, has_missing)
    return _scores_of(knots, counts, atoms, has_missing, max_quantiles, 0.0)


def _scores_of(
    knots: Floats,
    counts: Ints,
    atoms: Floats,
    has_missing: bool,
    max_quantiles: int,
    linear_share: float,
) -> Scores:
    """Give the scores of a column of the distinct values knots (k,), each of so many rows (k,), beside atoms (a,)."""
    ends = np.cumsum(counts)
    n = ends[-1]
    low, high = (ends - counts + 0.5) / n, (ends - 0.5) / n
    weight, shifts = _blend(knots, counts, ndtri((low + high) / 2), linear_share)
    if len(knots) > max_quantiles:
        n_even = max_quantiles // 2
        even = np.linspace(low[0], high[-1], n_even)
        tails = ndtr(np.linspace(ndtri(low[0]), ndtri(high[-1]), max_quantiles - n_even))
        places = np.searchsorted(high, np.concatenate([even, tails]))
        kept = np.unique(np.concatenate([[0], np.minimum(places, len(knots) - 1)]))
        kept[-1] = len(knots) - 1
        knots, low, high, shifts = knots[kept], low[kept], high[kept], shifts[kept]
    return Scores(knots, low, high, weight, shifts, atoms, has_missing)


def _blend(knots: Floats, counts: Ints, normal: Floats, share: float) -> tuple[float, Floats]:
    """Give the weight of the normal scores (k,) and what is added to them."""
    if share == 0:
        return 1.0, np.zeros(len(knots))
    parts = knots / np.abs(knots).max()  # squares of huge numbers would overflow
    mean = np.average(parts, weights=counts)
    deviation = np.sqrt(np.average((parts - mean) ** 2, weights=counts))
    straight = np.clip((parts - mean) / deviation, -FARTHEST, FARTHEST)
    blended = (1 - share) * normal + share * straight
    centre = np.average(blended, weights=counts)
    scale = np.sqrt(np.average((blended - centre) ** 2, weights=counts))
    return float((1 - share) / scale), (share * straight - centre) / scale
