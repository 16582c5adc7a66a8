"""Probability quality: the scores of every treatment as it comes, and moved back to the true class shares."""

from typing import Any

from equipoise.analysis.probabilities import SCORES, over_tables, probability_scores
from equipoise.report.charted import Charted, Table, number
from equipoise.report.words import FAMILY_LABELS, family, treatment_label

TITLES = {"brier": "Brier score", "log_loss": "Log-loss", "ece": "Calibration error"}
HOME = "xgboost"


def probabilities(charted: Charted) -> Table:
    """One row per treatment and score: means over tables under the first plan, the untouched rows first.

    There are none where the run has no predictions or did not move any shares.
    """
    columns = ["panel", "label", "family", "score", "as_it_comes", "moved_back", "order"]
    results, plans = charted.results, charted.ledger.plans
    if results.predictions.empty or results.observations.empty or not plans:
        return {"columns": columns, "rows": []}
    table = over_tables(probability_scores(results, plans[0]))
    if set(table["method"]) <= {"identity"}:
        return {"columns": columns, "rows": []}
    loss = table[table["metric"] == "log_loss"].set_index(["method", "decision"])["raw"]
    rows: list[list[Any]] = []
    for r in table.itertuples(index=False):
        key = (r.method, r.decision)
        order = -1.0 if key == ("identity", "plain") else float(loss.get(key, 99.0))
        label = treatment_label(*key, HOME, [HOME])
        where = [list(SCORES).index(r.metric), label, FAMILY_LABELS[family(r.method)]]
        values = [number(r.raw), number(r.corrected), number(order)]
        rows.append([*where, TITLES[r.metric], *values])
    return {"columns": columns, "rows": rows}
