"""Mean ranks over tables, and how far apart two must be: the numbers of the critical-difference chart."""

from typing import Any

from equipoise.analysis.gains import failed_cells, scores
from equipoise.analysis.ranks import critical_difference, ranks
from equipoise.analysis.scarcity import of_whole_tables
from equipoise.report.across import FEWEST_TABLES
from equipoise.report.charted import Charted, Table, number
from equipoise.report.ledger import hide_yardsticks, of_classifier, of_plan, shown
from equipoise.results.thinned import base_of


def standings(charted: Charted) -> Table:
    """One row per score, plan and treatment: its mean rank, the best one, and the end of the critical difference.

    Only complete standings are given: on few tables, or with a hole, mean ranks cannot be compared.
    """
    columns = ["metric", "plan", "classifier", "treatment", "rank", "best", "end", "n", "order"]
    ledger, rows = charted.ledger, []
    n_tables = len(set(map(base_of, ledger.datasets)))
    if n_tables < FEWEST_TABLES:
        return {"columns": columns, "rows": []}
    for m, metric in enumerate(ledger.metrics):
        table = hide_yardsticks(scores(shown(charted.results.observations), metric))
        lost = hide_yardsticks(failed_cells(table, charted.results.trials))
        table, lost = of_whole_tables(table), of_whole_tables(lost)
        for p, plan in enumerate(ledger.plans):
            for c, home in enumerate(ledger.classifiers):
                mine, failed = (
                    of_classifier(of_plan(part, plan), home, ledger.classifiers)
                    for part in (table, lost)
                )
                found = ranks(mine, failed)
                if found.holes or len(found.mean) < 2:
                    continue
                best = float(found.mean["rank"].min())
                end = best + critical_difference(len(found.mean), n_tables)
                rows += [
                    _row([m, p, c], charted, entry, best, end) for entry in found.mean.itertuples()
                ]
    return {"columns": columns, "rows": rows}


def _row(where: list[int], charted: Charted, entry: Any, best: float, end: float) -> list[Any]:
    treatment = charted.treatment(entry.method, entry.decision, entry.classifier)
    rank = number(entry.rank, 2)
    return [*where, treatment, rank, number(best, 2), number(end, 2), int(entry.n), rank]
