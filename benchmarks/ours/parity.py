"""Equipoise: every score that SDMetrics also has, of the tables of parity_tables.py."""

import json
import sys
from functools import partial

import parity_tables
from equipoise.fidelity.boundary_adherence import boundary_adherence
from equipoise.fidelity.category_adherence import category_adherence
from equipoise.fidelity.category_coverage import category_coverage
from equipoise.fidelity.column_coverage import column_coverage
from equipoise.fidelity.column_pair_trends import (
    SDMETRICS_ASSOCIATION,
    SDMETRICS_CORRELATION,
    column_pair_trends,
)
from equipoise.fidelity.column_shapes import column_shapes
from equipoise.fidelity.columns import over_columns
from equipoise.fidelity.ks_complement import ks_complement
from equipoise.fidelity.metric import Measured
from equipoise.fidelity.new_rows import new_row_share
from equipoise.fidelity.overall_quality import overall_quality
from equipoise.fidelity.range_coverage import range_coverage
from equipoise.fidelity.reading import read_trio
from equipoise.fidelity.statistic_similarity import statistic_similarity
from equipoise.fidelity.tv_complement import SDMETRICS_UNSEEN, tv_complement

MOST_QUERIED = 1_000  # real rows
SINCE_0_27 = {
    "correlation_threshold": SDMETRICS_CORRELATION,
    "association_threshold": SDMETRICS_ASSOCIATION,
}


def scores(real, synthetic, kinds) -> dict[str, list[float]]:
    """Give each score's mean and its items, in the order of the columns."""
    target = list(kinds)[-1]
    trio = read_trio(real, synthetic, target, kinds=kinds).trio
    tv = partial(tv_complement, unseen=SDMETRICS_UNSEEN)
    measured = {
        "KSComplement": over_columns(trio, numbers=ks_complement),
        "TVComplement": over_columns(trio, levels=tv),
        "RangeCoverage": over_columns(trio, numbers=range_coverage),
        "CategoryCoverage": over_columns(trio, levels=category_coverage),
        "BoundaryAdherence": over_columns(trio, numbers=boundary_adherence),
        "CategoryAdherence": over_columns(trio, levels=category_adherence),
        "Column Shapes": column_shapes(trio, unseen=SDMETRICS_UNSEEN),
        "Coverage": column_coverage(trio),
        "Column Pair Trends, real bins": column_pair_trends(trio),
        "Column Pair Trends": column_pair_trends(trio, bins="sdmetrics"),
        "Column Pair Trends since 0.27": column_pair_trends(trio, bins="sdmetrics", **SINCE_0_27),
    }
    for statistic in ("mean", "median", "std"):
        measured[f"StatisticSimilarity {statistic}"] = over_columns(
            trio, numbers=partial(statistic_similarity, statistic=statistic)
        )
    for name, thresholds in (("Quality", {}), ("Quality since 0.27", SINCE_0_27)):
        measured[name] = overall_quality(
            trio, bins="sdmetrics", unseen=SDMETRICS_UNSEEN, **thresholds
        )
    flat = {name: _flat(value) for name, value in measured.items()}
    return flat | {"NewRowSynthesis": new_rows(real, synthetic, kinds)}


def new_rows(real, synthetic, kinds) -> list[float]:
    """Give the share of new rows, of tables small enough for the rival."""
    if len(real) > MOST_QUERIED:
        return []
    _, real, synthetic, kinds = parity_tables.with_copies(real, synthetic, kinds)
    trio = read_trio(real, synthetic, list(kinds)[-1], kinds=kinds).trio
    return [new_row_share(trio.schema, trio.train, trio.synthetic)]


def _flat(measured: Measured) -> list[float]:
    return [measured.value, *measured.items.values()]


with_adult = sys.argv[1:] != ["--no-adult"]
json.dump(
    {
        name: scores(real, synthetic, kinds)
        for name, real, synthetic, kinds in parity_tables.cases(with_adult)
    },
    sys.stdout,
)
