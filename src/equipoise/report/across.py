"""The tables as a sample of tables: mean ranks, the signed-rank test and its Bayesian form."""

import math
from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from equipoise.analysis.frames import Results
from equipoise.analysis.gains import equivalence, failed_cells, scores
from equipoise.analysis.opponents import TREATMENT
from equipoise.analysis.ranks import Ranking, complete_ranks, critical_difference, friedman
from equipoise.analysis.scarcity import of_whole_tables
from equipoise.analysis.signed_ranks import enough_tables
from equipoise.analysis.wording import signed
from equipoise.report.findings import counted_as, power
from equipoise.report.ledger import Ledger, hide_yardsticks, of_classifier, of_plan, shown
from equipoise.report.words import (
    METRICS,
    OPPONENT_LABELS,
    ends_text,
    treatment_label,
)
from equipoise.results.thinned import base_of
from equipoise.tables.schema import listed

FEWEST_TABLES = 5  # below that mean ranks are those of one or two tables
NOT_RANKED = "Not ranked, for want of a result on some table or split: {}."
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


def about_ranks(ranking: Ranking, homes: Collection[str]) -> str:
    """Say how far apart mean ranks must be, and which treatments are not ranked."""
    matrix = ranking.per_table.pivot_table(index="dataset", columns=TREATMENT, values="rank")
    n, k = matrix.shape
    said = []
    if k > 1:
        said.append(
            f"Two mean ranks must differ by {critical_difference(k, n):.1f} to be told apart (Nemenyi, 5 %); "
            f"for all {k} ranking alike, p {_equals(friedman(matrix.to_numpy()).p)} (Friedman)."
        )
    if ranking.left_out:
        said.append(NOT_RANKED.format(listed([_label(key, homes) for key in ranking.left_out])))
    return " ".join(said)


def _label(key: tuple[str, ...], homes: Collection[str]) -> str:
    method, _, decision, classifier = key
    return treatment_label(method, decision, classifier, homes)


def about_signed_ranks(n_tables: int, n_comparisons: int, of: str) -> str:
    """Say why no signed-rank test is shown; empty where there are tables enough for one to find something."""
    if enough_tables(n_tables, n_comparisons):
        return ""
    return (
        "Signed-rank tests, the exact one of Wilcoxon with Holm's correction and the Bayesian one, are not shown: "
        f"{power(n_tables, n_comparisons, of)}."
    )


def _equals(p: float) -> str:
    text = _probability(p)
    return text if text[0] in "<>" else f"= {text}"


def across(results: Results, ledger: Ledger, metric: str, plan: str) -> dict[str, Any] | None:
    """Compare all treatments of a plan over the tables; None where the tables are too few to rank on.

    Returns
    -------
    dict
        rows (treatment, rank, gain, beyond, and where the tables are enough p after Holm and the probabilities that it
        hurts, makes no difference, helps), all as text; signed_ranks (whether they are enough); metric, against,
        about (sentences), tables.
    """
    n_tables = len(set(map(base_of, ledger.datasets)))
    if n_tables < FEWEST_TABLES:
        return None
    opponent = ledger.headline_opponent
    home = ledger.classifiers[0]

    def standing(table: pd.DataFrame) -> pd.DataFrame:
        return of_classifier(of_plan(hide_yardsticks(table), plan), home, ledger.classifiers)

    table = scores(shown(results.observations), metric)
    lost = failed_cells(table, results.trials)
    ranking = complete_ranks(*(standing(of_whole_tables(part)) for part in (table, lost)))
    over = standing(ledger.over[metric, opponent]).set_index(TREATMENT)
    told = about_signed_ranks(
        n_tables, len(over), counted_as(over.index.get_level_values("method"))
    )
    chances = None
    if not told:
        within = standing(ledger.within[metric, opponent])
        found = equivalence(within, np.random.default_rng(SEED), draws=DRAWS)
        chances = found.set_index(TREATMENT)
    ranked = ranking.mean.set_index(TREATMENT)["rank"]
    return {
        "rows": [
            {
                "label": _label(key, ledger.classifiers),
                "rank": f"{ranked[key]:.1f}" if key in ranked.index else "–",
                **_gain(key, over, chances),
            }
            for key in [*ranked.index, *ranking.left_out]
        ],
        "signed_ranks": chances is not None,
        "metric": METRICS[metric],
        "against": OPPONENT_LABELS[opponent],
        "tables": n_tables,
        "about": [s for s in (about_ranks(ranking, ledger.classifiers), told) if s],
    }


def _gain(key: tuple[str, ...], over: pd.DataFrame, chances: pd.DataFrame | None) -> dict[str, str]:
    """Give a treatment's gain over the opponent and what is known beyond these tables, as text."""
    row = dict.fromkeys(("gain", "beyond", "p", "hurts", "same", "helps"), "–")
    if key not in over.index:
        return row
    found = over.loc[key]
    if found["verdict"] == "failed":
        return row | {"gain": "failed"}
    row |= {"gain": signed(found["gain"])}
    row |= {"beyond": ends_text(found["beyond_low"], found["beyond_high"])}
    if chances is not None:
        chance = chances.loc[key]
        row |= {"p": _probability(found["wilcoxon_holm"]), "hurts": _share(chance["left"])}
        row |= {"same": _share(chance["rope"]), "helps": _share(chance["right"])}
    return row
