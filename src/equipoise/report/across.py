"""The tables as a sample of tables: mean ranks, the signed-rank test and its Bayesian form."""

import math
from typing import Any

import numpy as np
import pandas as pd

from equipoise.analysis.frames import Results
from equipoise.analysis.gains import equivalence, failed_cells, scores
from equipoise.analysis.opponents import TREATMENT
from equipoise.analysis.ranks import Ranking, critical_difference, friedman, ranks
from equipoise.analysis.scarcity import of_whole_tables
from equipoise.report.ledger import Ledger, hide_yardsticks, of_classifier, of_plan, shown
from equipoise.report.words import METRICS, OPPONENT_LABELS, signed, treatment_label
from equipoise.results.thinned import base_of

FEWEST_TABLES = 5  # below that no signed-rank test can say anything
DRAWS = 5_000  # a probability's standard error is below 0.8 %
SEED = 0  # the page of a run is the same whenever it is made


def _probability(value: float) -> str:
    """Give a p-value or a probability, never as certain as 0 or 1."""
    if math.isnan(value):
        return "–"
    if value < 0.001:
        return "< 0.001"
    return "> 0.999" if 0.999 < value < 1 else f"{value:.3f}"


def _share(value: float) -> str:
    """Give a probability in percent as a count of draws can: never 0 or 100."""
    if value < 0.005:
        return "< 1 %"
    return "> 99 %" if value > 0.995 else f"{100 * value:.0f} %"


def _about_ranks(ranking: Ranking) -> str:
    """Say how far apart mean ranks must be, or why that cannot be said."""
    if ranking.holes:
        return (
            "Some treatments lack results on some tables, or for some splits, and are ranked by the others only: "
            "these ranks are not strictly comparable."
        )
    matrix = ranking.per_table.pivot_table(index="dataset", columns=TREATMENT, values="rank")
    n, k = matrix.shape
    if k < 2:
        return ""
    return (
        f"Two mean ranks must differ by {critical_difference(k, n):.1f} to be told apart (Nemenyi, 5 %); "
        f"for all {k} ranking alike, p {_equals(friedman(matrix.to_numpy()).p)} (Friedman)."
    )


def _equals(p: float) -> str:
    text = _probability(p)
    return text if text[0] in "<>" else f"= {text}"


def across(results: Results, ledger: Ledger, metric: str, plan: str) -> dict[str, Any] | None:
    """Compare all treatments of a plan over the tables; None where the tables are too few.

    Returns
    -------
    dict
        rows (treatment, rank, gain, p after Holm, probabilities that it hurts, makes no difference, helps), all as
        text; metric, against, about_ranks, tables.
    """
    bases = set(map(base_of, ledger.datasets))
    if len(bases) < FEWEST_TABLES:
        return None
    opponent = ledger.headline_opponent
    home = ledger.classifiers[0]

    def standing(table: pd.DataFrame) -> pd.DataFrame:
        return of_classifier(of_plan(hide_yardsticks(table), plan), home, ledger.classifiers)

    table = scores(shown(results.observations), metric)
    lost = failed_cells(table, results.trials)
    ranking = ranks(*(standing(of_whole_tables(part)) for part in (table, lost)))
    over = standing(ledger.over[metric, opponent]).set_index(TREATMENT)
    chances = equivalence(
        standing(ledger.within[metric, opponent]), np.random.default_rng(SEED), draws=DRAWS
    ).set_index(TREATMENT)
    rows = []
    for entry in ranking.mean.itertuples(index=False):
        key = (entry.method, entry.plan, entry.decision, entry.classifier)
        row = {
            "label": treatment_label(
                entry.method, entry.decision, entry.classifier, ledger.classifiers
            ),
            "rank": f"{entry.rank:.1f}",
            **dict.fromkeys(("gain", "p", "hurts", "same", "helps"), "–"),
        }
        if key in over.index:
            found, chance = over.loc[key], chances.loc[key]
            row["gain"] = "failed"
            if found["verdict"] != "failed":
                row["gain"] = signed(found["gain"])
                row["p"] = _probability(found["wilcoxon_holm"])
                row["hurts"] = _share(chance["left"])
                row["same"] = _share(chance["rope"])
                row["helps"] = _share(chance["right"])
        rows.append(row)
    return {
        "rows": rows,
        "metric": METRICS[metric],
        "against": OPPONENT_LABELS[opponent],
        "tables": len(bases),
        "about_ranks": _about_ranks(ranking),
    }
