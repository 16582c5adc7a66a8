"""Scores in blocks: equally many synthetic and fresh rows a time, so that every table is measured at one size.

Most scores depend on how many rows they see: two samples of one law differ more, the fewer they are. So synthetic rows
and the references are cut into blocks of one size, each block is measured against as many fresh rows, and a score is
the mean over blocks. The spread over blocks gives the interval. All of them meet the same fresh rows, whose own luck
then moves a score and its floor and ceiling together and drops out of the calibrated score.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from equipoise.fidelity.metric import Measured, Metric, Trio
from equipoise.seeds import generator
from equipoise.tables.coded import Coded

LEAST_ROWS = 30  # fewer fresh, training or synthetic rows are too few to calibrate
LARGEST_BLOCK = 3_000
MOST_BLOCKS = 5
LEVEL = 0.95


@dataclass(frozen=True)
class Spread:
    """One score of one table over its blocks.

    Attributes
    ----------
    metric : str
    label : str
        The class whose rows were scored; empty for the whole table.
    value : float
        Mean over blocks; NaN where the score means nothing for these rows.
    deviation : float
        Standard deviation of a block; NaN where there is one block only.
    blocks : int
    items : mapping of str to float
        Means of single columns or pairs.
    """

    metric: str
    label: str
    value: float
    deviation: float
    blocks: int
    items: Mapping[str, float] = field(default_factory=dict)

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return self.deviation / math.sqrt(self.blocks)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the mean; NaN where there is one block only."""
        if self.blocks < 2:
            return math.nan, math.nan
        reach = float(stats.t.ppf((1 + LEVEL) / 2, self.blocks - 1)) * self.error
        return self.value - reach, self.value + reach


def block_size(trio: Trio, rows: int | None = None) -> int:
    """Give how many rows a block has: those of the fresh part, if the others have as many.

    The training part must fill two blocks, since the spread of the ceiling is needed.

    Parameters
    ----------
    trio : Trio
    rows : int, optional
        Synthetic rows; as many as training rows if not given.
    """
    rows = len(trio.train) if rows is None else rows
    return min(len(trio.fresh), len(trio.train) // 2, rows, LARGEST_BLOCK)


def cut(table: Coded, size: int, rng: np.random.Generator, most: int = MOST_BLOCKS) -> list[Coded]:
    """Cut shuffled rows into at most ``most`` blocks; what is left over is left out."""
    count = min(most, len(table) // size)
    order = rng.permutation(len(table))[: count * size]
    return [table.take(part) for part in np.split(order, count)] if count else []


def measure(
    trio: Trio,
    metrics: Sequence[Metric],
    size: int,
    rng: np.random.Generator,
    *,
    label: str = "",
    most: int = MOST_BLOCKS,
) -> list[Spread]:
    """Score the synthetic rows of a trio.

    Parameters
    ----------
    trio : Trio
    metrics : sequence of Metric
    size : int
        Rows of a block.
    rng : Generator
    label : str, default=""
        The class that all rows are of.
    most : int, default=5
        Blocks.

    Returns
    -------
    list of Spread, one a metric
    """
    found: list[list[Measured]] = [[] for _ in metrics]
    for block in _blocks(trio, size, rng, most):
        for measured, metric in zip(found, metrics, strict=True):
            measured.append(metric.measure(block, rng.spawn(1)[0]))
    return [_spread(metric.name, label, m) for metric, m in zip(metrics, found, strict=True)]


def _blocks(trio: Trio, size: int, rng: np.random.Generator, most: int) -> Iterator[Trio]:
    """Give trios of equally many fresh and synthetic rows; fresh rows are reused where there are not enough."""
    # The fresh parts have a stream of their own, so that all tables of one trio and size meet the same rows.
    parts = cut(trio.fresh, size, generator(0, "fresh rows", size), most)
    for b, rows in enumerate(cut(trio.synthetic, size, rng, most)):
        yield Trio(
            trio.schema, trio.target, trio.labels, trio.sizes,
            trio.train, parts[b % len(parts)], rows,
        )  # fmt: skip


def _spread(metric: str, label: str, measured: list[Measured]) -> Spread:
    values = np.array([m.value for m in measured if math.isfinite(m.value)])
    if not len(values):
        return Spread(metric, label, math.nan, math.nan, 0)
    names = dict.fromkeys(name for m in measured for name in m.items)
    items = {}
    for name in names:
        scores = [m.items[name] for m in measured if math.isfinite(m.items.get(name, math.nan))]
        items[name] = float(np.mean(scores)) if scores else math.nan
    deviation = float(values.std(ddof=1)) if len(values) > 1 else math.nan
    return Spread(metric, label, float(values.mean()), deviation, len(values), items)
