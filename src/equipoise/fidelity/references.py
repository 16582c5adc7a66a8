"""What a score is read against: tables that know too little, tables that are real, and tables that copy.

- The floor knows nothing of what a score is about: each column drawn on its own from the training rows
  (``independent``; of one class, where rows of a class are scored), or drawn uniformly in its range (``uniform``),
  where a score looks at single columns, of which independent draws know all.
- The ``ceiling`` is what real rows score: training rows, against the fresh ones.
- ``copy`` is a memoriser: training rows drawn with replacement. Scores against fresh rows cannot tell it from the
  ceiling, which is why copying is an axis of its own.

A calibrated score is (score - floor) / (ceiling - floor): 0 says no more than the floor, 1 as good as real rows.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from equipoise.fidelity.blocks import (
    LEAST_ROWS,
    LEVEL,
    MOST_BLOCKS,
    Spread,
    block_size,
    measure,
)
from equipoise.fidelity.metric import Better, Metric, Trio
from equipoise.metrics.calibration import LEAST_RANGE
from equipoise.tables.coded import Coded, rounded
from equipoise.tables.schema import Schema

REFERENCES = ("independent", "uniform", "ceiling", "copy")
ASIDE_BLOCKS = 1  # of a reference that is neither floor nor ceiling


@dataclass(frozen=True)
class Calibrated:
    """A score on the scale from its floor (0) to its ceiling (1).

    Attributes
    ----------
    value, low, high : float
        With its 95 % interval; NaN where it is not informative, or where no spread is known.
    informative : bool
        False where floor and ceiling meet, nearer than 0.02 or than their noise, or where the floor scores better.
    """

    value: float
    low: float
    high: float
    informative: bool


def calibrate(score: Spread, floor: Spread, ceiling: Spread, better: Better) -> Calibrated:
    """Put a score on the scale from its floor to its ceiling.

    The interval has the errors of all three means, by the first derivatives of the ratio, and Satterthwaite's degrees
    of freedom. A table of one block is taken to vary as the ceiling does.
    """
    lone = Calibrated(math.nan, math.nan, math.nan, False)
    width = ceiling.value - floor.value
    if not (math.isfinite(width) and math.isfinite(score.value)):
        return lone
    own = score if score.blocks > 1 else ceiling
    parts = [
        (own.deviation**2 / score.blocks, own.blocks - 1),
        (ceiling.error**2, ceiling.blocks - 1),
        (floor.error**2, floor.blocks - 1),
    ]
    rise = width if better == "higher" else -width
    if rise < max(LEAST_RANGE, _reach(parts[1:], (1.0, 1.0))):
        return lone
    value = (score.value - floor.value) / width
    reach = _reach(parts, (1.0, value**2, (1 - value) ** 2)) / abs(width)
    if not reach:
        return Calibrated(value, math.nan, math.nan, True)
    return Calibrated(value, value - reach, value + reach, True)


def _reach(parts: Sequence[tuple[float, int]], weights: Sequence[float]) -> float:
    """Give half the width of the interval of a sum of means, from their (squared error, degrees of freedom)."""
    known = [(w * v, df) for (v, df), w in zip(parts, weights, strict=True) if df > 0 and w * v > 0]
    total = sum(v for v, _ in known)
    if not total:
        return 0.0
    freedom = total**2 / sum(v**2 / df for v, df in known)
    return float(stats.t.ppf((1 + LEVEL) / 2, freedom)) * math.sqrt(total)


def independent_rows(train: Coded, rows: int, rng: np.random.Generator) -> Coded:
    """Draw every column on its own from the training rows."""
    p, q = train.numbers.shape[1], train.codes.shape[1]
    return Coded(
        train.numbers[rng.integers(len(train), size=(rows, p)), np.arange(p)],
        train.codes[rng.integers(len(train), size=(rows, q)), np.arange(q)],
    )


def uniform_rows(schema: Schema, train: Coded, rows: int, rng: np.random.Generator) -> Coded:
    """Draw numbers uniformly in their range and levels with equal chances; as many cells are missing as in training."""
    numbers = np.full((rows, train.numbers.shape[1]), np.nan)
    for j, (column, cells) in enumerate(zip(schema.numbers, train.numbers.T, strict=True)):
        present = cells[~np.isnan(cells)]
        if len(present):
            drawn = present.min() + rng.random(rows) * (present.max() - present.min())
            missing = rng.random(rows) < 1 - len(present) / len(cells)
            numbers[:, j] = np.where(missing, np.nan, rounded(column, drawn))
    codes = np.full((rows, train.codes.shape[1]), -1, dtype=np.int64)
    for j, cells in enumerate(train.codes.T):
        present = cells[cells >= 0]
        if len(present):
            missing = rng.random(rows) < 1 - len(present) / len(cells)
            codes[:, j] = np.where(missing, -1, rng.choice(np.unique(present), size=rows))
    return Coded(numbers, codes)


def reference_rows(
    name: str, schema: Schema, train: Coded, rows: int, rng: np.random.Generator
) -> Coded:
    """Draw the rows of a reference.

    Parameters
    ----------
    name : {"independent", "uniform", "ceiling", "copy"}
    schema : Schema
    train : Coded
        Training rows; of one class, where rows of a class are scored.
    rows : int
        The ceiling has at most as many as there are training rows.
    rng : Generator
    """
    if name == "independent":
        return independent_rows(train, rows, rng)
    if name == "uniform":
        return uniform_rows(schema, train, rows, rng)
    if name == "ceiling":
        return train.take(rng.permutation(len(train))[:rows])
    return train.take(rng.integers(len(train), size=rows))


def parts_of(trio: Trio, rows: Coded | None = None) -> Iterator[tuple[str, Trio, int]]:
    """Give the whole table and each class that is large enough: (label, trio, rows of a block).

    Parameters
    ----------
    trio : Trio
    rows : Coded, optional
        What decides the size of blocks where it is smaller than the others; the training rows if not given.
    """
    rows = trio.train if rows is None else rows
    yield "", trio, block_size(trio, len(rows))
    for k, label in enumerate(trio.labels):
        part = trio.of_class(k)
        size = block_size(part, int((rows.codes[:, trio.target] == k).sum()))
        if size >= LEAST_ROWS:
            yield label, part, size


def score_references(
    trio: Trio,
    metrics: Sequence[Metric],
    rng: np.random.Generator,
    rows: Coded | None = None,
) -> dict[str, list[Spread]]:
    """Score every reference, for the whole table and each class that is large enough.

    They depend on training and fresh rows alone, so that one call serves all methods of a (dataset, repeat).

    Parameters
    ----------
    trio : Trio
        Its synthetic rows are not looked at.
    metrics : sequence of Metric
    rng : Generator
    rows : Coded, optional
        A synthetic table that may be smaller than the training part, and then decides the size.

    Returns
    -------
    dict of str to list of Spread
        For each name of `REFERENCES`.
    """
    found: dict[str, list[Spread]] = {name: [] for name in REFERENCES}
    for label, part, size in parts_of(trio, rows):
        for name in REFERENCES:
            floors = tuple(m for m in metrics if m.floor == name)
            many = tuple(metrics) if name == "ceiling" else floors
            few = tuple(m for m in metrics if m not in many)
            for some, most in ((many, MOST_BLOCKS), (few, ASIDE_BLOCKS)):
                if some:
                    drawn = reference_rows(name, part.schema, part.train, most * size, rng)
                    known = part.with_synthetic(drawn)
                    found[name] += measure(known, some, size, rng, label=label, most=most)
    return found


def score_synthetic(
    trio: Trio,
    metrics: Sequence[Metric],
    rng: np.random.Generator,
    rows: Coded | None = None,
) -> list[Spread]:
    """Score the synthetic rows, for the whole table and each class that is large enough.

    Parameters
    ----------
    trio : Trio
    metrics : sequence of Metric
    rng : Generator
    rows : Coded, optional
        As for `score_references`, which it must agree with.

    Returns
    -------
    list of Spread
    """
    found = []
    for label, part, size in parts_of(trio, rows):
        found += measure(part, metrics, size, rng, label=label)
    return found


def by_name(spreads: Sequence[Spread]) -> Mapping[tuple[str, str], Spread]:
    """Index scores by (label, metric)."""
    return {(s.label, s.metric): s for s in spreads}
