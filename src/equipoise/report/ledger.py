"""The comparisons of a run, all at once: every score, opponent, treatment and table, with its verdict."""

from dataclasses import dataclass, replace

import pandas as pd

from equipoise.analysis.frames import Results
from equipoise.analysis.gains import (
    BESIDE_EVERY_PLAN,
    failed_cells,
    judged,
    over_tables,
    pair,
    scores,
    within_tables,
)
from equipoise.analysis.gaps import GapTable, gaps
from equipoise.analysis.opponents import CORRECTED, SPLIT, home_classifier, present_opponents
from equipoise.analysis.pooled import counts_table, pooled_gains
from equipoise.report.words import METRICS, home_classifiers

ALL_PLANS = -1  # the plan index of what has no plan, and stands beside every plan


@dataclass(frozen=True, eq=False)
class Ledger:
    """Gains per table and over tables for each (metric, opponent), and gaps per metric.

    Attributes
    ----------
    within, over : dict of (metric, opponent) -> DataFrame
        As `analysis.gains` gives them, with a column ``asked`` (splits asked for); ``over`` is empty for a run of one
        table.
    gaps : dict of metric -> GapTable
    metrics, opponents, plans, datasets, classifiers : list of str
        What the run has, in the order of the page.
    pooled : bool
        Whether worst-class F1 was pooled over folds, for which predictions are needed.
    """

    within: dict[tuple[str, str], pd.DataFrame]
    over: dict[tuple[str, str], pd.DataFrame]
    gaps: dict[str, GapTable]
    metrics: list[str]
    opponents: list[str]
    plans: list[str]
    datasets: list[str]
    classifiers: list[str]
    pooled: bool

    @property
    def headline_opponent(self) -> str:
        """The opponent that decides: `best-simple`, or `identity` in a run without it."""
        return "best-simple" if "best-simple" in self.opponents else "identity"


def shown(observations: pd.DataFrame) -> pd.DataFrame:
    """Leave out what is derived from another decision (prior correction)."""
    return observations[~observations["decision"].str.endswith(CORRECTED)]


def _plans(observations: pd.DataFrame) -> list[str]:
    found = [p for p in dict.fromkeys(observations["plan"]) if p not in BESIDE_EVERY_PLAN]
    return sorted(found, key=lambda p: (not p.startswith("balance"), p))


def hide_yardsticks(table: pd.DataFrame) -> pd.DataFrame:
    """Drop untreated rows' one-split forms where the five-fold ones stand: they are yardsticks."""
    identity = table["method"] == "identity"
    whole = set(table.loc[identity, "decision"])
    twins = [d.endswith(SPLIT) and d.removesuffix(SPLIT) in whole for d in table["decision"]]
    return table[~(identity & pd.Series(twins, index=table.index, dtype=bool))]


def _gaps(observations: pd.DataFrame, results: Results, metric: str) -> GapTable:
    found = gaps(observations, results.trials, metric)
    return replace(
        found,
        per_table=hide_yardsticks(found.per_table),
        mean=hide_yardsticks(found.mean),
    )


def keep_ledger(results: Results) -> Ledger:
    """Compare everything with every opponent that the run has."""
    observations = shown(results.observations)
    aggregate = observations[observations["label"] == ""]
    metrics = [m for m in METRICS if m in set(aggregate["metric"])]
    untreated = aggregate[aggregate["method"] == "identity"]
    opponents = present_opponents(untreated["decision"], untreated["classifier"])
    opponents.sort(key=lambda o: (o != "identity", o != "best-simple"))
    datasets = [d for d in results.datasets["name"] if d in set(aggregate["dataset"])]
    datasets += [d for d in dict.fromkeys(aggregate["dataset"]) if d not in datasets]
    asked = results.splits()
    counts = counts_table(shown(results.predictions)) if len(results.predictions) else None
    within: dict[tuple[str, str], pd.DataFrame] = {}
    over: dict[tuple[str, str], pd.DataFrame] = {}
    for metric in metrics:
        table = scores(observations, metric)
        failed = failed_cells(table, results.trials)
        for opponent in opponents:
            if metric == "worst_f1" and counts is not None:
                found = hide_yardsticks(pooled_gains(counts, failed, opponent, results.scored()))
                found = judged(found, found["n"])
            else:
                found = within_tables(hide_yardsticks(pair(table, results.trials, opponent)))
            found = found.assign(asked=found["dataset"].map(asked))
            within[metric, opponent] = found
            if len(datasets) > 1:
                over[metric, opponent] = over_tables(found, datasets=datasets)
    return Ledger(
        within=within,
        over=over,
        gaps={m: _gaps(observations, results, m) for m in metrics},
        metrics=metrics,
        opponents=opponents,
        plans=_plans(aggregate),
        datasets=datasets,
        classifiers=home_classifiers(list(aggregate["classifier"])),
        pooled=counts is not None,
    )


def of_plan(table: pd.DataFrame, plan: str) -> pd.DataFrame:
    """Restrict to a plan and what stands beside every plan."""
    return table[table["plan"].isin([plan, *BESIDE_EVERY_PLAN])]


def of_classifier(table: pd.DataFrame, classifier: str, homes: list[str]) -> pd.DataFrame:
    """Restrict to a classifier and its controls."""
    home = [home_classifier(c, homes) for c in table["classifier"]]
    return table[pd.Series(home, index=table.index, dtype=object) == classifier]
