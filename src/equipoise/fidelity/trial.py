"""Quality inside a benchmark: what a trial computes of its synthesizer's rows, and once a split of the references.

A trial scores its own rows only. The references depend on training and fresh rows alone, so that one call serves all
methods of a (dataset, repeat), and calibrated scores are derived from what both have stored.
"""

import math
from collections.abc import Sequence

import numpy as np

from equipoise.fidelity.blocks import Spread
from equipoise.fidelity.metric import Trio
from equipoise.fidelity.novelty import score_novelty, score_novelty_references
from equipoise.fidelity.references import score_references, score_synthetic
from equipoise.fidelity.registry import TRIAL_METRICS, TRIAL_PRIVACY_METRICS
from equipoise.results.records import REFERENCE, QualityRecord

BY_COLUMN = ("column-shapes", "detection")
BY_PAIR = "column-pair-trends"  # hundreds of pairs: of the whole table only, and in one split


def trial_quality(
    trio: Trio, method: str, rng: np.random.Generator, pairs: bool = False
) -> list[QualityRecord]:
    """Score a synthesizer's rows: as many as there are training rows, at their class proportions.

    Parameters
    ----------
    trio : Trio
        Training part, test part and synthetic rows.
    method : str
        Whose rows they are.
    rng : Generator
    pairs : bool, default=False
        Whether to give the pairs of columns one by one as well.
    """
    spreads = score_synthetic(trio, TRIAL_METRICS, rng)
    found = _stored(method, spreads) + (_pairs(method, spreads) if pairs else [])
    near, copying = score_novelty(trio, TRIAL_PRIVACY_METRICS, rng)
    for spread in near:
        ends = math.nan, math.nan
        if spread.metric == "too-close":
            ends = copying[spread.label].low, copying[spread.label].high
        found.append(QualityRecord(method, spread.label, spread.metric, "", spread.value, *ends))
    for label, known in copying.items():
        alarm = float(known.alarm)
        found.append(QualityRecord(method, label, "copying-alarm", "", alarm, math.nan, math.nan))
    return [record for record in found if math.isfinite(record.value)]


def reference_quality(trio: Trio, rng: np.random.Generator) -> list[QualityRecord]:
    """Score the references of a (dataset, repeat): ``reference:ceiling`` and so on.

    Parameters
    ----------
    trio : Trio
        Training part and test part; its synthetic rows are not looked at.
    rng : Generator
    """
    bare = trio.with_synthetic(trio.train)  # of which only the number counts
    found: list[QualityRecord] = []
    for known in (
        score_references(bare, TRIAL_METRICS, rng),
        score_novelty_references(bare, TRIAL_PRIVACY_METRICS, rng),
    ):
        for name, spreads in known.items():
            found += _stored(REFERENCE + name, spreads)
    return [record for record in found if math.isfinite(record.value)]


def _stored(source: str, spreads: Sequence[Spread]) -> list[QualityRecord]:
    found = []
    for spread in spreads:
        of = source, spread.label, spread.metric
        found.append(QualityRecord(*of, "", spread.value, *spread.interval))
        if spread.metric in BY_COLUMN:
            found += [
                QualityRecord(*of, item, value, math.nan, math.nan)
                for item, value in spread.items.items()
            ]
    return found


def _pairs(source: str, spreads: Sequence[Spread]) -> list[QualityRecord]:
    """Give the pair trends of the whole table, pair by pair."""
    return [
        QualityRecord(source, "", BY_PAIR, item, value, math.nan, math.nan)
        for spread in spreads
        if spread.metric == BY_PAIR and not spread.label
        for item, value in spread.items.items()
    ]
