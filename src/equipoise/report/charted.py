"""The numbers behind the charts: compact tables of indices and values, one per kind of figure.

Rows hold small integers that point into lists of labels, so that a page with thousands of
comparisons stays light, and no name from a table of the user's ever becomes part of a chart's specification.
"""

import math
from typing import Any

import pandas as pd

from equipoise.analysis.frames import Results
from equipoise.analysis.gains import BESIDE_EVERY_PLAN
from equipoise.analysis.opponents import TREATMENT, home_classifier
from equipoise.report.ledger import ALL_PLANS, Ledger
from equipoise.report.words import (
    FAMILY_LABELS,
    METRICS,
    OPPONENT_LABELS,
    VERDICT_HEADINGS,
    draws_the_law,
    family,
    tables_text,
    treatment_label,
)

VERDICTS = tuple(VERDICT_HEADINGS)
LOST = 99.0  # the place of what failed in every split, behind all that has a gain
LAST = 200.0  # added to the place of fresh real rows, which stand below all treatments

Table = dict[str, Any]  # {"columns": [...], "rows": [[...], ...]}


def number(value: Any, digits: int = 4) -> float | None:
    """Give a number as JSON can hold it: rounded, None for what is not finite."""
    value = float(value)
    return round(value, digits) if math.isfinite(value) else None


class Charted:
    """Turns the ledger into tables and keeps the lists that their indices point into."""

    def __init__(self, results: Results, ledger: Ledger) -> None:
        self.results = results
        self.ledger = ledger
        self.many = len(ledger.datasets) > 1
        self.scopes = (
            [f"All {tables_text(ledger.datasets)}"] if self.many else []
        ) + ledger.datasets
        self.treatments: list[dict[str, Any]] = []
        self._known: dict[tuple[str, str, str], int] = {}

    def lookups(self) -> dict[str, list[Any]]:
        """Give the lists, by the column whose integers point into them."""
        return {
            "scope": self.scopes,
            "metric": [METRICS[m] for m in self.ledger.metrics],
            "plan": self.ledger.plans,
            "classifier": self.ledger.classifiers,
            "against": [OPPONENT_LABELS[o] for o in self.ledger.opponents],
            "verdict": [VERDICT_HEADINGS[v] for v in VERDICTS],
            "treatment": [t["label"] for t in self.treatments],
            "family": [FAMILY_LABELS[t["family"]] for t in self.treatments],
        }

    def treatment(self, method: str, decision: str, classifier: str) -> int:
        """Give the place of a treatment in the list of treatments, which it enters if it is new."""
        key = (method, decision, classifier)
        if key not in self._known:
            label = treatment_label(method, decision, classifier, self.ledger.classifiers)
            self._known[key] = len(self.treatments)
            self.treatments.append({"label": label, "family": family(method), "method": method})
        return self._known[key]

    def where(self, row: Any) -> tuple[int, int, int]:
        """Give plan, classifier and treatment of a row as indices."""
        homes = self.ledger.classifiers
        plan = ALL_PLANS
        if row.plan not in BESIDE_EVERY_PLAN:
            plan = self.ledger.plans.index(row.plan)
        home = homes.index(home_classifier(row.classifier, homes))
        return plan, home, self.treatment(row.method, row.decision, row.classifier)

    def _scoped(self, within: pd.DataFrame, over: pd.DataFrame | None) -> list[tuple[int, Any]]:
        """Give (scope, row) for the mean over tables and for every table."""
        pairs = [(0, row) for row in over.itertuples(index=False)] if over is not None else []
        index = {name: i + self.many for i, name in enumerate(self.ledger.datasets)}
        return pairs + [(index[row.dataset], row) for row in within.itertuples(index=False)]

    def gains(self) -> Table:
        """One row per scope, metric, opponent and treatment."""
        columns = ["scope", "metric", "against", "plan", "classifier", "treatment"]
        columns += ["gain", "low", "high", "verdict", "failed", "score", "order", "first"]
        rows: list[list[Any]] = []
        first: dict[tuple[int, ...], float] = {}  # the place by the first score, which all share
        for (metric, opponent), within in self.ledger.within.items():
            over = self.ledger.over.get((metric, opponent))
            m = self.ledger.metrics.index(metric)
            a = self.ledger.opponents.index(opponent)
            for scope, row in self._scoped(within, over):
                place = self.where(row)
                lost = row.verdict == "failed"
                ends = (row.gain, row.low, row.high, row.score)
                *values, score = [None if lost else number(v) for v in ends]
                word = VERDICTS.index(row.verdict)
                rows.append([scope, m, a, *place, *values, word, int(row.n_failed)])
                order = _place(row.method, float(row.gain), lost)
                rows[-1] += [score, order, first.setdefault((scope, a, *place), order)]
        return {"columns": columns, "rows": rows}

    def levels(self) -> Table:
        """Train and test scores, the untreated ones first; what failed in every split has none."""
        columns = ["scope", "metric", "plan", "classifier", "treatment", "train", "test", "closed"]
        columns += ["change", "comparable", "order", "first"]
        rows: list[list[Any]] = []
        first: dict[tuple[int, ...], float] = {}  # the place by the first score, which all share
        for metric, found in self.ledger.gaps.items():
            m = self.ledger.metrics.index(metric)
            whole = found.per_table
            tried = whole[whole["n_failed"] < whole["n"]]
            table = pd.concat([self._untouched(whole), tried])
            over = None
            if self.many:
                numbers = ["train", "test", "test_change"]
                keys = [*TREATMENT, "comparable"]
                means = pd.concat([self._untouched(whole), whole]).groupby(keys, sort=False)[
                    numbers
                ]
                over = means.mean().reset_index().merge(table[keys].drop_duplicates(), on=keys)
                over = over.merge(found.mean[[*TREATMENT, "improvement"]], on=TREATMENT, how="left")
            for scope, row in self._scoped(table, over):
                place = self.where(row)
                untouched = row.method == "identity" and row.decision == "plain"
                untouched = untouched and row.classifier in self.ledger.classifiers
                values = [
                    number(v) for v in (row.train, row.test, row.improvement, row.test_change)
                ]
                order = -99.0 if untouched else round(-float(row.test), 4)
                rows.append([scope, m, *place, *values, int(row.comparable), order])
                rows[-1].append(first.setdefault((scope, *place), order))
        return {"columns": columns, "rows": rows}

    def _untouched(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give the untreated rows' own line on every table and home classifier."""
        homes = self.ledger.classifiers
        home = [home_classifier(c, homes) for c in table["classifier"]]
        base = table.assign(classifier=home).drop_duplicates(["dataset", "classifier"])
        same = {"method": "identity", "plan": "none", "decision": "plain", "comparable": True}
        return base.assign(
            **same,
            train=base["base_train"],
            test=base["base_test"],
            improvement=float("nan"),
            test_change=0.0,
        )

    def counts(self) -> Table:
        """Training rows of each class before and after, by plan; the usual delivery of the methods."""
        columns = ["scope", "plan", "label", "kind", "rows", "order"]
        deliveries = self.results.deliveries
        deliveries = deliveries[deliveries["method"] != "undersample"]
        made = deliveries.groupby(["dataset", "plan", "label"])["delivered"].median()
        rows: list[list[Any]] = []
        order = 0
        for entry in self.results.datasets.itertuples(index=False):
            if entry.name not in self.ledger.datasets:
                continue
            scope = self.ledger.datasets.index(entry.name) + self.many
            for label, n in entry.class_counts.items():
                order += 1
                text = f"{entry.name} · {label}" if self.many else str(label)
                for p, plan in enumerate(self.ledger.plans):
                    added = float(made.get((entry.name, plan, label), 0.0))
                    rows.append([scope, p, text, "real", round(n * 0.8), order])
                    rows.append([scope, p, text, "added", round(added), order])
        return {"columns": columns, "rows": rows}

    def cost(self) -> Table:
        """Seconds and megabytes of the trials that ran, by method."""
        columns = ["scope", "method", "family", "seconds", "low", "high", "mb", "order"]
        done = self.results.trials[self.results.trials["status"] == "done"]
        rows: list[list[Any]] = []
        scopes: list[tuple[int, pd.DataFrame]] = [(0, done)] if self.many else []
        for i, name in enumerate(self.ledger.datasets):
            scopes.append((i + self.many, done[done["dataset"] == name]))
        for scope, table in scopes:
            for method, group in table.groupby("method", sort=False):
                seconds = group["total_seconds"]
                values = [max(0.01, float(seconds.quantile(q))) for q in (0.5, 0.0, 1.0)]
                numbers = [number(v, 3) for v in (*values, group["peak_mb"].max())]
                rows.append(
                    [scope, method, FAMILY_LABELS[family(method)], *numbers, number(values[0], 3)]
                )
        return {"columns": columns, "rows": rows}


def _place(method: str, gain: float, lost: bool) -> float:
    """Give the order of a row: answers without new rows, methods, failures, and at last fresh real rows."""
    start = LAST if draws_the_law(method) else 0.0
    if lost:
        return start + LOST
    return round(start + (0 if method == "identity" else 10) - gain, 4)


def families_drawn(table: Table, lookups: dict[str, list[Any]]) -> set[str]:
    """Give the words of the families that the rows of a table are of; none where they are of no family."""
    columns = table["columns"]
    if "treatment" in columns:
        place = columns.index("treatment")
        return {lookups["family"][row[place]] for row in table["rows"]}
    if "family" in columns:
        place = columns.index("family")
        return {row[place] for row in table["rows"]}
    return set()


def expand(table: Table, lookups: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Give the rows as records with their labels, as the page's script does before drawing."""
    records = []
    for row in table["rows"]:
        record = dict(zip(table["columns"], row, strict=True))
        if "treatment" in record:
            record["family"] = lookups["family"][record["treatment"]]
            record["label"] = lookups["treatment"][record["treatment"]]
        if "verdict" in record:
            record["word"] = lookups["verdict"][record["verdict"]]
        if "scope" in record:
            record["table"] = lookups["scope"][record["scope"]]
        if "against" in record:
            record["opponent"] = lookups["against"][record["against"]]
        records.append(record)
    return records
