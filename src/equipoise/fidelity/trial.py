"""Quality inside a benchmark: what a trial computes of its synthesizer's rows, and once a split of the references.

A trial scores its own rows only. The references depend on training and fresh rows alone, so that one call serves all
methods of a (dataset, repeat), and calibrated scores are derived from what both have stored.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.fidelity.blocks import Spread
from equipoise.fidelity.metric import Trio
from equipoise.fidelity.novelty import score_novelty, score_novelty_references
from equipoise.fidelity.references import score_references, score_synthetic
from equipoise.fidelity.registry import TRIAL_METRICS, TRIAL_PRIVACY_METRICS
from equipoise.results.records import REFERENCE

WITH_COLUMNS = ("column-shapes", "detection")  # pairs would be hundreds a class


@dataclass(frozen=True)
class Found:
    """A score as it is stored.

    Attributes
    ----------
    label : str
        The class; empty for the whole table.
    metric : str
    item : str
        A column; empty for the score itself.
    value, low, high : float
        The interval is NaN where none is known.
    """

    label: str
    metric: str
    item: str
    value: float
    low: float
    high: float


def trial_quality(trio: Trio, rng: np.random.Generator) -> list[Found]:
    """Score a synthesizer's rows: as many as there are training rows, at their class proportions.

    Parameters
    ----------
    trio : Trio
        Training part, test part and synthetic rows.
    rng : Generator
    """
    found = _stored(score_synthetic(trio, TRIAL_METRICS, rng))
    near, copying = score_novelty(trio, TRIAL_PRIVACY_METRICS, rng)
    for spread in near:
        low, high = math.nan, math.nan
        if spread.metric == "too-close":
            low, high = copying[spread.label].low, copying[spread.label].high
        found.append(Found(spread.label, spread.metric, "", spread.value, low, high))
    for label, known in copying.items():
        found.append(Found(label, "copying-alarm", "", float(known.alarm), math.nan, math.nan))
    return [entry for entry in found if math.isfinite(entry.value)]


def reference_quality(trio: Trio, rng: np.random.Generator) -> dict[str, list[Found]]:
    """Score the references of a (dataset, repeat): ``reference:ceiling`` and so on.

    Parameters
    ----------
    trio : Trio
        Training part and test part; its synthetic rows are not looked at.
    rng : Generator
    """
    bare = trio.with_synthetic(trio.train)  # of which only the number counts
    scored = score_references(bare, TRIAL_METRICS, rng)
    near = score_novelty_references(bare, TRIAL_PRIVACY_METRICS, rng)
    names = dict.fromkeys((*scored, *near))
    return {
        REFERENCE + name: [
            entry
            for entry in _stored([*scored.get(name, []), *near.get(name, [])])
            if math.isfinite(entry.value)
        ]
        for name in names
    }


def _stored(spreads: Sequence[Spread]) -> list[Found]:
    found = []
    for spread in spreads:
        found.append(Found(spread.label, spread.metric, "", spread.value, *spread.interval))
        if spread.metric in WITH_COLUMNS:
            found += [
                Found(spread.label, spread.metric, item, value, math.nan, math.nan)
                for item, value in spread.items.items()
            ]
    return found
