"""All scores, in the order of the page."""

from collections.abc import Mapping
from types import MappingProxyType

from equipoise.fidelity import (
    boundary_adherence,
    category_adherence,
    category_coverage,
    column_coverage,
    column_pair_trends,
    column_shapes,
    ks_complement,
    labels,
    mode_collapse,
    neighbourhoods,
    overall_quality,
    privacy,
    range_coverage,
    statistic_similarity,
    tv_complement,
)
from equipoise.fidelity.copying import TOO_CLOSE
from equipoise.fidelity.detection import DETECTION
from equipoise.fidelity.metric import Metric
from equipoise.fidelity.new_rows import NEW_ROWS

GROUPS: Mapping[str, tuple[Metric, ...]] = MappingProxyType(
    {
        "Whole rows": (DETECTION, *neighbourhoods.METRICS, *mode_collapse.METRICS),
        "Rows and classes": labels.METRICS,
        "Pairs of columns": (column_pair_trends.METRIC, overall_quality.METRIC),
        "Single columns": (
            column_shapes.METRIC,
            ks_complement.METRIC,
            tv_complement.METRIC,
            *statistic_similarity.METRICS,
            column_coverage.METRIC,
            range_coverage.METRIC,
            category_coverage.METRIC,
            boundary_adherence.METRIC,
            category_adherence.METRIC,
        ),
    }
)
METRICS: tuple[Metric, ...] = tuple(metric for group in GROUPS.values() for metric in group)

# Scores against training rows: near to them is bad, so that real rows are no ceiling but fresh rows are the measure.
PRIVACY_METRICS: tuple[Metric, ...] = (TOO_CLOSE, NEW_ROWS, *privacy.METRICS)

# What a trial of a benchmark computes: one score a question, and whether rows are copies.
TRIAL_METRICS: tuple[Metric, ...] = tuple(
    metric
    for metric in METRICS
    if metric.name
    in {
        "detection",
        "density",
        "coverage",
        "effective-rows",
        "label-fidelity",
        "column-pair-trends",
        "overall-quality",
        "column-shapes",
        "column-coverage",
        "boundary-adherence",
    }
)
TRIAL_PRIVACY_METRICS: tuple[Metric, ...] = tuple(
    metric
    for metric in PRIVACY_METRICS
    if metric.name in {"too-close", "new-row-synthesis", "dcr-share", "identical-rows"}
)


def group_of(name: str) -> str:
    """Give the group that a score stands in."""
    return next(
        (group for group, metrics in GROUPS.items() if any(m.name == name for m in metrics)),
        "Copies",
    )
