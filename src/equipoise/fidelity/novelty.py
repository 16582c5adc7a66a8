"""Scores against training rows, for synthetic rows and for what they are read against.

To be near a training row is no merit, so that these scores have no ceiling to reach. They are read beside those of
fresh real rows, of independent columns and of a memoriser. Training rows are all searched, since a copy may be of any
of them; of the others there are enough in a few thousand.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from equipoise.fidelity.blocks import LEAST_ROWS, Spread, block_size
from equipoise.fidelity.copying import TOO_CLOSE, Copying, too_close
from equipoise.fidelity.metric import Metric, Trio
from equipoise.fidelity.references import reference_rows
from equipoise.tables.coded import Coded

MOST_ROWS = 4_000
NOVELTY_REFERENCES = ("independent", "fresh", "copy")


def novelty_parts(trio: Trio) -> Iterator[tuple[str, Trio]]:
    """Give the whole table and each class whose three tables are large enough: (label, trio)."""
    yield "", trio
    for k, label in enumerate(trio.labels):
        part = trio.of_class(k)
        if block_size(part, len(part.synthetic)) >= LEAST_ROWS:
            yield label, part


def trimmed(trio: Trio, rng: np.random.Generator) -> Trio:
    """Leave at most a few thousand fresh and synthetic rows."""
    fresh, synthetic = (
        table.take(rng.permutation(len(table))[:MOST_ROWS]) if len(table) > MOST_ROWS else table
        for table in (trio.fresh, trio.synthetic)
    )
    return _trio(trio, fresh, synthetic)


def score_novelty(
    trio: Trio, metrics: Sequence[Metric], rng: np.random.Generator
) -> tuple[list[Spread], dict[str, Copying]]:
    """Score the synthetic rows against training rows, for the whole table and each class that is large enough.

    Returns
    -------
    scores : list of Spread
        Of one block each.
    copying : dict of str to Copying
        By class; of the whole table under "".
    """
    scores, copying = [], {}
    for label, part in novelty_parts(trio):
        part = trimmed(part, rng)
        copying[label] = too_close(part, rng)
        for metric in metrics:
            if metric is TOO_CLOSE:
                value = copying[label].value
            else:
                value = metric.measure(part, rng.spawn(1)[0]).value
            scores.append(Spread(metric.name, label, value, math.nan, 1))
    return scores, copying


def score_novelty_references(
    trio: Trio, metrics: Sequence[Metric], rng: np.random.Generator
) -> dict[str, list[Spread]]:
    """Score fresh rows, independent columns and a memoriser against training rows."""
    found: dict[str, list[Spread]] = {name: [] for name in NOVELTY_REFERENCES}
    for label, part in novelty_parts(trio):
        for name in NOVELTY_REFERENCES:
            known = trimmed(_reference(name, part, rng), rng)
            found[name] += [
                Spread(m.name, label, m.measure(known, rng.spawn(1)[0]).value, math.nan, 1)
                for m in metrics
            ]
    return found


def _reference(name: str, trio: Trio, rng: np.random.Generator) -> Trio:
    """Put a reference in the place of the synthetic rows; fresh rows are set against other fresh rows."""
    if name == "fresh":
        order = rng.permutation(len(trio.fresh))
        half = len(order) // 2
        return _trio(trio, trio.fresh.take(order[half:]), trio.fresh.take(order[:half]))
    size = min(len(trio.synthetic) or len(trio.train), MOST_ROWS)
    return trio.with_synthetic(reference_rows(name, trio.schema, trio.train, size, rng))


def _trio(trio: Trio, fresh: Coded, synthetic: Coded) -> Trio:
    return Trio(trio.schema, trio.target, trio.labels, trio.sizes, trio.train, fresh, synthetic)
