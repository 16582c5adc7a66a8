"""What a method's rows gain for the time they take, and what they gain class by class."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.analysis.class_gains import class_gains
from equipoise.analysis.pareto import front
from equipoise.report.charted import Charted, Table, number
from equipoise.report.ledger import hide_yardsticks, shown
from equipoise.report.spots import spots
from equipoise.report.words import FAMILY_LABELS, family

CLASS_METRIC = "f1"
RAREST, COMMONEST = "rarest class", "commonest class"
METHODS_ONLY = "plain"
# Pixels of the chart of gain and cost. It may be wider than that, which only takes dots and names farther apart.
PLOT = (600.0, 400.0)
EDGE, RIM = 45.0, 18.0  # left free at its sides, and above and below


def worth(charted: Charted) -> Table:
    """One row per scope, score, plan and method: mean gain over the opponent that decides, and seconds of a trial."""
    columns = ["scope", "metric", "plan", "classifier", "method", "family", "seconds", "gain"]
    columns += ["low", "high", "front", "side"]
    ledger = charted.ledger
    spent = _seconds(charted)
    rows: list[list[Any]] = []
    for metric in ledger.metrics:
        key = (metric, ledger.headline_opponent)
        if key not in ledger.within:
            continue
        tables = [(0, ledger.over[key])] if key in ledger.over else []
        for name, group in ledger.within[key].groupby("dataset", sort=False):
            tables.append((ledger.datasets.index(name) + charted.many, group))
        for scope, table in tables:
            mine = table[(table["method"] != "identity") & (table["decision"] == METHODS_ONLY)]
            mine = mine[(mine["verdict"] != "failed") & mine["classifier"].isin(ledger.classifiers)]
            for (plan, classifier), group in mine.groupby(["plan", "classifier"], sort=False):
                if plan in ledger.plans:
                    where = [scope, ledger.metrics.index(metric), ledger.plans.index(plan)]
                    where.append(ledger.classifiers.index(classifier))
                    rows += _rows_of(where, group, group["method"].map(spent[scope]))
    return {"columns": columns, "rows": rows}


def _seconds(charted: Charted) -> list[pd.Series]:
    """Give, for each scope, the seconds of the median trial by method."""
    done = charted.results.trials[charted.results.trials["status"] == "done"]
    parts = [done] if charted.many else []
    parts += [done[done["dataset"] == name] for name in charted.ledger.datasets]
    return [p.groupby("method")["total_seconds"].median().clip(lower=0.01) for p in parts]


def _rows_of(where: list[int], group: pd.DataFrame, cost: pd.Series) -> list[list[Any]]:
    best = front(cost, group["gain"])
    sides = _sides(group, np.log(cost.to_numpy(dtype=float)), best)
    return [
        [*where, row.method, FAMILY_LABELS[family(row.method)], number(spent, 2)]
        + [number(v) for v in (row.gain, row.low, row.high)]
        + [int(on), side]
        for row, spent, on, side in zip(
            group.itertuples(index=False), cost, best, sides, strict=True
        )
    ]


def _sides(group: pd.DataFrame, across: NDArray[np.float64], best: NDArray[np.bool_]) -> list[int]:
    """Give where each method's name stands, about as the chart will be drawn."""
    gain = group["gain"].to_numpy(dtype=float)
    up = np.fmax(group["high"].to_numpy(dtype=float), gain)
    down = np.fmin(group["low"].to_numpy(dtype=float), gain)
    top, bottom = max(float(up.max()), 0.0), min(float(down.min()), 0.0)
    wide, high = PLOT
    x = (across - across.min()) / max(float(np.ptp(across)), 1e-9)
    x = (EDGE + x * (wide - 2 * EDGE)) / wide
    y = (top - gain) / max(top - bottom, 1e-9)
    y = (RIM + y * (high - 2 * RIM)) / high
    return spots(x, y, list(group["method"]), list(best), PLOT)


def by_class(charted: Charted) -> Table:
    """Give one row per class and treatment: the gain in F1 over doing nothing.

    Over all tables it is the mean over their rarest and over their commonest classes.
    """
    columns = ["scope", "plan", "classifier", "treatment", "class", "place", "gain", "low", "high"]
    columns += ["score", "order"]
    observations = shown(charted.results.observations)
    if not charted.ledger.opponents:
        return {"columns": columns, "rows": []}
    if not ((observations["metric"] == CLASS_METRIC) & (observations["label"] != "")).any():
        return {"columns": columns, "rows": []}
    table = hide_yardsticks(class_gains(observations, charted.results.trials))
    table = table[(table["verdict"] != "failed") & table["dataset"].isin(charted.ledger.datasets)]
    counts = {
        d.name: {str(k): int(n) for k, n in d.class_counts.items()}
        for d in charted.results.datasets.itertuples(index=False)
    }
    rows: list[list[Any]] = []
    pooled: dict[tuple[int, int, int, str], list[float]] = {}
    for dataset, group in table.groupby("dataset", sort=False):
        there = list(dict.fromkeys(group["label"].astype(str)))
        there.sort(key=lambda c: counts.get(dataset, {}).get(c, 0))  # the rarest first
        mean = group.groupby(["method", "plan", "decision", "classifier"])["gain"].mean()
        scope = charted.ledger.datasets.index(dataset) + charted.many
        for row in group.itertuples(index=False):
            key, place = charted.where(row), there.index(str(row.label))
            values = [number(v) for v in (row.gain, row.low, row.high, row.score)]
            order = -float(mean[row.method, row.plan, row.decision, row.classifier])
            rows.append([scope, *key, str(row.label), place, *values, number(order)])
            if place in (0, len(there) - 1):
                word = COMMONEST if place else RAREST
                pooled.setdefault((*key, word), []).append(float(row.gain))
    if charted.many:
        rows = _over_tables(pooled) + rows
    return {"columns": columns, "rows": rows}


def _over_tables(pooled: dict[tuple[int, int, int, str], list[float]]) -> list[list[Any]]:
    """Give the mean gains of the tables' rarest and commonest classes, sorted by that of the rarest."""
    mean = {key: float(np.mean(gains)) for key, gains in pooled.items()}
    rows = []
    for (*where, word), gain in mean.items():
        order = -mean.get((where[0], where[1], where[2], RAREST), 0.0)
        place = 0 if word == RAREST else 1
        rows.append([0, *where, word, place, number(gain), None, None, None, number(order)])
    return rows
