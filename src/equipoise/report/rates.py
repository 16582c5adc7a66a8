"""The numbers of the charts by growth rate: gap closed and relative gain, average and worst class, of every method."""

from typing import Any

import pandas as pd

from equipoise.analysis.rates import by_rate, growth_rate, mean_by_rate, rate_plans
from equipoise.report.charted import Charted, Table, number
from equipoise.report.levels import AVERAGE, WORST
from equipoise.report.words import FAMILY_LABELS, family

PARTS = {"macro_f1": AVERAGE, "worst_f1": WORST}


def tick_word(plan: str) -> str:
    """Give "+50%" for grow:0.5, and any other plan as it is called."""
    rate = growth_rate(plan)
    return plan if rate is None else f"+{100 * rate:g}%"


def rates(charted: Charted) -> Table:
    """One row per scope, classifier, method, plan and part of the classes; none in a run of fewer than two rates."""
    columns = [
        "scope",
        "classifier",
        "method",
        "family",
        "tick",
        "at",
        "part",
        "closed",
        "relative",
    ]
    ledger = charted.ledger
    plans = rate_plans(ledger.plans)
    rows: list[list[Any]] = []
    for metric, part in PARTS.items() if plans else ():
        if metric not in ledger.gaps:
            continue
        table = by_rate(ledger.gaps[metric].per_table)
        table = table[table["classifier"].isin(ledger.classifiers) & table["plan"].isin(plans)]
        for scope, row in _scoped(charted, table):
            home = ledger.classifiers.index(row.classifier)
            word = FAMILY_LABELS[family(row.method)]
            where = [scope, home, row.method, word, plans.index(row.plan), tick_word(row.plan)]
            rows.append([*where, part, number(row.closed), number(row.relative)])
    return {"columns": columns, "rows": rows}


def _scoped(charted: Charted, table: pd.DataFrame) -> list[tuple[int, Any]]:
    """Give (scope, row) for the means over tables and for every table where the method did not always fail."""
    means = mean_by_rate(table) if charted.many else table.iloc[:0]
    found = [(0, row) for row in means[~means["lost"].astype(bool)].itertuples(index=False)]
    for row in table[~table["lost"]].itertuples(index=False):
        if row.dataset in charted.ledger.datasets:
            found.append((charted.ledger.datasets.index(row.dataset) + charted.many, row))
    return found
