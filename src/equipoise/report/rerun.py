"""The tutorial's own figures, run again: errors in percent, confusion matrices, and how far the made rows spread."""

import math
from typing import Any

import pandas as pd

from equipoise.analysis.frames import Results
from equipoise.analysis.tutorial import confusions, errors, summary
from equipoise.report.charted import Table, number
from equipoise.report.words import FAMILY_LABELS, family, treatment_label
from equipoise.results.records import REFERENCE

SPREAD = "generated-spread"
BEFORE = ("identity", "plain")
ALL_ROWS = "all rows"

Treatment = tuple[str, str]  # method, decision


def is_rerun(results: Results) -> bool:
    """Whether a run was made under the tutorial's protocol."""
    return dict(results.run.get("options", {}) or {}).get("protocol") == "tutorial"


class Rerun:
    """The errors of a run under the tutorial's protocol, as words and as the numbers of charts.

    Attributes
    ----------
    classes : list of str
        In the order of the store.
    labels : list of str
        All rows (the empty string), then the classes, the rarest first.
    treatments : list of (str, str)
        Method and decision: untouched rows, other decisions on them, then the methods.
    """

    def __init__(self, results: Results) -> None:
        self.results = results
        self.found = pd.DataFrame()
        self.classes: list[str] = []
        self.labels: list[str] = []
        self.treatments: list[Treatment] = []
        if not is_rerun(results) or results.observations.empty:
            return
        counts = dict(results.datasets["class_counts"].iloc[0])
        self.classes = list(counts)
        self.labels = ["", *sorted(self.classes, key=lambda c: counts[c])]
        self.found = summary(errors(results.observations))
        known = dict.fromkeys((r.method, r.decision) for r in self.found.itertuples(index=False))
        self.treatments = sorted(known, key=lambda k: (k != BEFORE, k[0] != "identity"))

    def section(self) -> dict[str, Any] | None:
        """Give the words; None for a run under any other protocol.

        Returns
        -------
        dict or None
            labels (of the columns: all rows, then the classes, the rarest first); rows (treatment, spread, errors).
        """
        if self.found.empty:
            return None
        table = {(r.method, r.decision, r.label): r for r in self.found.itertuples(index=False)}
        minority = self.labels[1]
        spreads = _spreads(self.results.quality, minority)
        return {
            "labels": [ALL_ROWS, *self.labels[1:]],
            "minority": minority,
            "seeds": int(self.found["n"].max()),
            "training_spread": spreads.get(f"{REFERENCE}training", ""),
            "rows": [
                {
                    "label": _named(*key),
                    "spread": spreads.get(key[0], ""),
                    "cells": [_cell(table.get((*key, label))) for label in self.labels],
                }
                for key in self.treatments
            ],
        }

    def error_table(self) -> Table:
        """One row per treatment and label: the share of its test rows that are misclassified, in percent."""
        columns = ["panel", "of", "label", "family", "n", "error", "low", "high"]
        columns += ["change", "change_low", "change_high", "order"]
        rows: list[list[Any]] = []
        for r in self.found.itertuples(index=False):
            key = (r.method, r.decision)
            changes = (r.change, r.change_low, r.change_high)
            moved = [None if key == BEFORE else number(v) for v in changes]
            levels = [number(v) for v in (r.error, r.low, r.high)]
            where = [
                self.labels.index(r.label),
                r.label or ALL_ROWS,
                _named(*key),
                _family(r.method),
            ]
            rows.append([*where, int(r.n), *levels, *moved, self.treatments.index(key)])
        return {"columns": columns, "rows": rows}

    def confusion_table(self) -> Table:
        """One row per treatment, true class and predicted class: mean rows, and percent of the true class."""
        columns = ["label", "truth", "predicted", "rows", "percent", "right", "order"]
        if self.found.empty or self.results.predictions.empty:
            return {"columns": columns, "rows": []}
        found = confusions(self.results.predictions, self.classes)
        rows: list[list[Any]] = [
            [_named(r.method, r.decision), r.truth, r.predicted, number(r.rows, 1), number(r.percent, 2)]
            + [int(r.truth == r.predicted), self.treatments.index((r.method, r.decision))]
            for r in found.itertuples(index=False)
        ]  # fmt: skip
        return {"columns": columns, "rows": sorted(rows, key=lambda row: row[-1])}


def _named(method: str, decision: str) -> str:
    return treatment_label(method, decision, "random-forest", ["random-forest"])


def _family(method: str) -> str:
    return FAMILY_LABELS[family(method)]


def _cell(row: Any) -> dict[str, str]:
    """Give "14.1 [13.9, 14.3]" and the change "-0.1 [-0.2, 0.0]"."""
    if row is None:
        return {"error": "", "change": ""}
    return {
        "error": _ends(row.error, row.low, row.high, ""),
        "change": ""
        if (row.method, row.decision) == BEFORE
        else _ends(row.change, row.change_low, row.change_high, "+"),
    }


def _ends(value: float, low: float, high: float, sign: str) -> str:
    if math.isnan(value):
        return ""
    text = f"{value:{sign}.1f}"
    if not math.isnan(low):
        text += f" [{low:{sign}.1f}, {high:{sign}.1f}]"
    return text.replace("-0.0", "0.0").replace("+0.0", "0.0").replace("-", "\N{MINUS SIGN}")


def _spreads(quality: pd.DataFrame, label: str) -> dict[str, str]:
    """Give by method the mean over columns of the standard deviation of the rows of a class."""
    mine = quality[(quality["metric"] == SPREAD) & (quality["label"] == label)]
    return {str(m): f"{v:.2g}" for m, v in mine.groupby("method")["value"].mean().items()}
