"""A score with its floor and its ceiling."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from equipoise.fidelity.blocks import Spread
from equipoise.fidelity.metric import Better, Metric
from equipoise.fidelity.references import Calibrated, by_name, calibrate
from equipoise.fidelity.registry import group_of
from equipoise.metrics.calibration import LEAST_RANGE


@dataclass(frozen=True)
class Score:
    """One score of the synthetic rows.

    Attributes
    ----------
    metric, title, group : str
    better : {"higher", "lower"}
        Which way the value points. A calibrated score is better when higher, whatever the metric.
    label : str
        The class whose rows were scored; empty for the whole table.
    value, low, high : float
        The score and its 95 % interval over blocks; NaN where there is one block.
    floor, ceiling, copy : float
        What those score who know nothing, real rows, and a memoriser. For scores against training rows the
        ``ceiling`` is what fresh rows score: nothing to reach, but the measure.
    calibrated, calibrated_low, calibrated_high : float
        (value - floor) / (ceiling - floor); NaN where it is not informative, and for scores against training rows.
    informative : bool
        Whether the floor lies below the ceiling by more than noise.
    items : mapping of str to float
        Values of single columns, pairs or classes.
    """

    metric: str
    title: str
    group: str
    better: Better
    label: str
    value: float
    low: float
    high: float
    floor: float
    ceiling: float
    copy: float
    calibrated: float
    calibrated_low: float
    calibrated_high: float
    informative: bool
    items: Mapping[str, float] = field(default_factory=dict)

    @property
    def beyond(self) -> bool:
        """Whether it is surely above its ceiling: nearer to fresh rows than real rows are, as only copies should be."""
        return self.informative and self.calibrated_low > 1

    @property
    def below_both(self) -> bool:
        """Whether it is surely worse than floor and ceiling where these two meet, so that no ratio can tell."""
        if self.informative or self.group == "Copies" or math.isnan(self.low):
            return False
        if self.better == "higher":
            return self.high < min(self.floor, self.ceiling) - LEAST_RANGE
        return self.low > max(self.floor, self.ceiling) + LEAST_RANGE


UNSCALED = Calibrated(math.nan, math.nan, math.nan, False)


def fidelity_scores(
    metrics: Sequence[Metric],
    synthetic: Sequence[Spread],
    references: Mapping[str, Sequence[Spread]],
) -> tuple[Score, ...]:
    """Put scores against fresh rows between their floors and ceilings."""
    known = {name: by_name(spreads) for name, spreads in references.items()}
    wanted = {metric.name: metric for metric in metrics}
    found = []
    for spread in synthetic:
        metric, key = wanted[spread.metric], (spread.label, spread.metric)
        floor, ceiling, copy = (known[n][key] for n in (metric.floor, "ceiling", "copy"))
        scaled = calibrate(spread, floor, ceiling, metric.better)
        found.append(_score(metric, spread, floor.value, ceiling.value, copy.value, scaled))
    return _defined(found)


def novelty_scores(
    metrics: Sequence[Metric],
    synthetic: Sequence[Spread],
    references: Mapping[str, Sequence[Spread]],
) -> tuple[Score, ...]:
    """Put scores against training rows beside those of fresh rows, of independent columns and of a memoriser."""
    known = {name: by_name(spreads) for name, spreads in references.items()}
    wanted = {metric.name: metric for metric in metrics}
    found = []
    for spread in synthetic:
        key = (spread.label, spread.metric)
        floor, fresh, copy = (known[n][key].value for n in ("independent", "fresh", "copy"))
        found.append(_score(wanted[spread.metric], spread, floor, fresh, copy, UNSCALED))
    return _defined(found)


def _score(
    metric: Metric, spread: Spread, floor: float, ceiling: float, copy: float, scaled: Calibrated
) -> Score:
    return Score(
        metric.name, metric.title, group_of(metric.name), metric.better, spread.label,
        spread.value, *spread.interval, floor, ceiling, copy,
        scaled.value, scaled.low, scaled.high, scaled.informative, spread.items,
    )  # fmt: skip


def _defined(scores: Sequence[Score]) -> tuple[Score, ...]:
    return tuple(score for score in scores if math.isfinite(score.value))
