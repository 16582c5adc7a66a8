"""The tutorial's own figures, run again: errors in percent, confusion matrices, and how far the made rows spread."""

import math
from typing import Any

import pandas as pd

from equipoise.analysis.frames import Results
from equipoise.analysis.tutorial import confusions, errors, summary
from equipoise.report.words import treatment_label
from equipoise.results.records import REFERENCE

SPREAD = "generated-spread"
BEFORE = ("identity", "plain")


def is_rerun(results: Results) -> bool:
    """Whether a run was made under the tutorial's protocol."""
    return dict(results.run.get("options", {}) or {}).get("protocol") == "tutorial"


def rerun(results: Results) -> dict[str, Any] | None:
    """Give the section of a run under the tutorial's protocol; None for any other.

    Returns
    -------
    dict or None
        labels (of the columns: all rows, then the classes, the rarest first); rows (treatment, spread, errors);
        matrices (treatment, classes, rows of counts and percent).
    """
    if not is_rerun(results) or results.observations.empty:
        return None
    counts = dict(results.datasets["class_counts"].iloc[0])
    classes = list(counts)
    labels = ["", *sorted(classes, key=lambda c: counts[c])]
    found = summary(errors(results.observations))
    table = {(r.method, r.decision, r.label): r for r in found.itertuples(index=False)}
    known = dict.fromkeys((r.method, r.decision) for r in found.itertuples(index=False))
    treatments = sorted(known, key=lambda k: (k != BEFORE, k[0] != "identity"))
    spreads = _spreads(results.quality, labels[1])
    return {
        "labels": ["all rows", *labels[1:]],
        "minority": labels[1],
        "seeds": int(found["n"].max()),
        "training_spread": spreads.get(f"{REFERENCE}training", ""),
        "rows": [
            {
                "label": _named(*key),
                "spread": spreads.get(key[0], ""),
                "cells": [_cell(table.get((*key, label))) for label in labels],
            }
            for key in treatments
        ],
        "matrices": _matrices(results, classes, treatments),
    }


def _named(method: str, decision: str) -> str:
    return treatment_label(method, decision, "random-forest", ["random-forest"])


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


def _matrices(
    results: Results, classes: list[str], treatments: list[tuple[str, str]]
) -> list[dict[str, Any]]:
    found = confusions(results.predictions, classes)
    cells = {(r.method, r.decision, r.truth, r.predicted): r for r in found.itertuples(index=False)}
    return [
        {
            "label": _named(*key),
            "classes": classes,
            "rows": [
                {
                    "truth": true,
                    "cells": [
                        {
                            "rows": f"{cells[*key, true, guess].rows:,.0f}",
                            "percent": f"{cells[*key, true, guess].percent:.1f}",
                            "right": true == guess,
                        }
                        for guess in classes
                    ],
                }
                for true in classes
            ],
        }
        for key in treatments
        if (*key, classes[0], classes[0]) in cells
    ]
