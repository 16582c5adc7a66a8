"""Mean ranks over tables, and how far apart two must be: the numbers of the critical-difference chart."""

from collections.abc import Iterator
from typing import Any

from equipoise.analysis.gains import failed_cells, scores
from equipoise.analysis.ranks import Ranking, complete_ranks, critical_difference
from equipoise.analysis.scarcity import of_whole_tables
from equipoise.report.across import FEWEST_TABLES, NOT_RANKED
from equipoise.report.charted import Charted, Table, number
from equipoise.report.ledger import hide_yardsticks, of_classifier, of_plan, shown
from equipoise.report.words import treatment_label
from equipoise.results.thinned import base_of
from equipoise.tables.schema import listed


class Standings:
    """Ranks the treatments for every score, plan and home classifier.

    A treatment that lacks a result on some table or split does not compete: its mean rank could not be compared with
    the others'. On few tables nothing is ranked.
    """

    def __init__(self, charted: Charted) -> None:
        self.charted = charted
        self.rankings = list(_rankings(charted))

    def table(self) -> Table:
        """One row per score, plan and treatment: its mean rank, the best, and the end of the critical difference."""
        columns = ["metric", "plan", "classifier", "treatment", "rank", "best", "end", "n", "order"]
        rows: list[list[Any]] = []
        for where, found in self.rankings:
            k, n_tables = len(found.mean), found.per_table["dataset"].nunique()
            if k < 2:
                continue
            best = float(found.mean["rank"].min())
            end = best + critical_difference(k, n_tables)
            rows += [
                _row(where, self.charted, entry, best, end) for entry in found.mean.itertuples()
            ]
        return {"columns": columns, "rows": rows}

    def words(self) -> str:
        """Name the treatments that do not compete, if only on one plan; empty if all do."""
        homes = self.charted.ledger.classifiers
        names = [
            treatment_label(method, decision, classifier, homes)
            for _, found in self.rankings
            for method, _, decision, classifier in found.left_out
        ]
        return NOT_RANKED.format(listed(list(dict.fromkeys(names)))) if names else ""


def _rankings(charted: Charted) -> Iterator[tuple[list[int], Ranking]]:
    """Give the ranking of every score, plan and home classifier, with the places of these in their lists."""
    ledger = charted.ledger
    if len(set(map(base_of, ledger.datasets))) < FEWEST_TABLES:
        return
    for m, metric in enumerate(ledger.metrics):
        table = hide_yardsticks(scores(shown(charted.results.observations), metric))
        lost = hide_yardsticks(failed_cells(table, charted.results.trials))
        table, lost = of_whole_tables(table), of_whole_tables(lost)
        for p, plan in enumerate(ledger.plans):
            for c, home in enumerate(ledger.classifiers):
                parts = (
                    of_classifier(of_plan(part, plan), home, ledger.classifiers)
                    for part in (table, lost)
                )
                yield [m, p, c], complete_ranks(*parts)


def _row(where: list[int], charted: Charted, entry: Any, best: float, end: float) -> list[Any]:
    treatment = charted.treatment(entry.method, entry.decision, entry.classifier)
    rank = number(entry.rank, 2)
    return [*where, treatment, rank, number(best, 2), number(end, 2), int(entry.n), rank]
