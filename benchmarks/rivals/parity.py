"""SDMetrics: the scores of the tables of parity_tables.py, its subsampling off."""

import json
import math
import sys
import warnings

import numpy as np
import pandas as pd
from sdmetrics.column_pairs import ContingencySimilarity, CorrelationSimilarity
from sdmetrics.reports.single_table._properties import (
    Boundary,
    ColumnPairTrends,
    ColumnShapes,
    Coverage,
)
from sdmetrics.reports.utils import (
    DEFAULT_REAL_ASSOCIATION_THRESHOLD,
    DEFAULT_REAL_CORRELATION_THRESHOLD,
)
from sdmetrics.single_column import (
    CategoryAdherence,
    CategoryCoverage,
    KSComplement,
    RangeCoverage,
    StatisticSimilarity,
    TVComplement,
)
from sdmetrics.single_table import NewRowSynthesis

import parity_tables

warnings.filterwarnings("ignore")
SDTYPES = {"numeric": "numerical"}
NUMBERS = ("numeric", "datetime")
MOST_QUERIED = 1_000  # real rows


def attempt(metric, *tables, **options) -> float:
    """Give a score, NaN where the rival refuses: its reports do the same."""
    try:
        return float(metric.compute(*tables, **options))
    except Exception:  # noqa: BLE001
        return math.nan


def scores(real, synthetic, kinds) -> dict[str, list[float]]:
    """Give each score's mean and its items, in the order of the columns."""
    numbers = [name for name, kind in kinds.items() if kind in NUMBERS]
    levels = [name for name in kinds if name not in numbers]
    out = {}
    for metric in (KSComplement, RangeCoverage):
        out[metric.__name__] = [attempt(metric, real[c], synthetic[c]) for c in numbers]
    for metric in (TVComplement, CategoryCoverage, CategoryAdherence):
        out[metric.__name__] = [attempt(metric, real[c], synthetic[c]) for c in levels]
    for statistic in ("mean", "median", "std"):
        out[f"StatisticSimilarity {statistic}"] = [
            attempt(StatisticSimilarity, real[c], synthetic[c], statistic=statistic)
            for c in numbers
        ]
    out["Column Pair Trends, real bins"] = real_bins(real, synthetic, kinds)
    out = {name: [mean(values), *values] for name, values in out.items()}
    metadata = {
        "columns": {name: {"sdtype": SDTYPES.get(kind, kind)} for name, kind in kinds.items()}
    }
    for name, part in (
        ("BoundaryAdherence", Boundary()),
        ("Column Shapes", ColumnShapes()),
        ("Coverage", Coverage()),
        ("Column Pair Trends", ColumnPairTrends()),
        ("Column Pair Trends since 0.27", since_0_27()),
    ):
        part.num_rows_subsample = None
        value = part.get_score(real.copy(), synthetic.copy(), metadata)
        out[name] = [float(value), *map(float, part.details["Score"])]
    out["NewRowSynthesis"] = new_rows(real, synthetic, kinds)
    for name, trends in (
        ("Quality", "Column Pair Trends"),
        ("Quality since 0.27", "Column Pair Trends since 0.27"),
    ):
        out[name] = [mean([out["Column Shapes"][0], out[trends][0]])]
    return out


def new_rows(real, synthetic, kinds) -> list[float]:
    """Give the share of new rows, of tables small enough for a query a row."""
    if len(real) > MOST_QUERIED:
        return []
    _, real, synthetic, kinds = parity_tables.with_copies(real, synthetic, kinds)
    metadata = {
        "columns": {name: {"sdtype": SDTYPES.get(kind, kind)} for name, kind in kinds.items()}
    }
    return [float(NewRowSynthesis.compute(real, synthetic, metadata))]


def since_0_27() -> ColumnPairTrends:
    """Give the trends as today's report takes them: pairs above a threshold only."""
    trends = ColumnPairTrends()
    trends.real_correlation_threshold = DEFAULT_REAL_CORRELATION_THRESHOLD
    trends.real_association_threshold = DEFAULT_REAL_ASSOCIATION_THRESHOLD
    return trends


def real_bins(real, synthetic, kinds) -> list[float]:
    """Give all pairs, the numbers of mixed ones in the bins of the real column, as the metric on its own takes them."""
    values = []
    names = list(kinds)
    for a, first in enumerate(names):
        for second in names[a + 1 :]:
            numbers = [c for c in (first, second) if kinds[c] in NUMBERS]
            tables = [as_numbers(t[[first, second]], numbers) for t in (real, synthetic)]
            if len(numbers) == 2:
                values.append(attempt(CorrelationSimilarity, *tables))
            else:
                options = {"continuous_column_names": numbers} if numbers else {}
                values.append(attempt(ContingencySimilarity, *tables, **options))
    return values


def as_numbers(table, numbers):
    """Give dates as numbers, as the report does: the metric on its own cannot cut them."""
    table = table.copy()
    for name in numbers:
        if pd.api.types.is_datetime64_any_dtype(table[name]):
            gone = table[name].isna()
            table[name] = pd.to_numeric(table[name]).astype(float).mask(gone)
    return table


def mean(values) -> float:
    """Give the mean of what is defined, as the reports take it."""
    kept = [value for value in values if not math.isnan(value)]
    return float(np.mean(kept)) if kept else math.nan


with_adult = sys.argv[1:] != ["--no-adult"]
json.dump(
    {
        name: scores(real, synthetic, kinds)
        for name, real, synthetic, kinds in parity_tables.cases(with_adult)
    },
    sys.stdout,
)
