"""The table of probability quality on the page: raw, and moved back to the true class shares."""

from typing import Any

from equipoise.analysis.frames import Results
from equipoise.analysis.probabilities import SCORES, over_tables, probability_scores
from equipoise.report.words import treatment_label

TITLES = {"brier": "Brier score", "log_loss": "Log-loss", "ece": "Calibration error"}
HOME = "xgboost"


def probabilities(results: Results, plan: str) -> dict[str, Any] | None:
    """Give the section; None where the run has no predictions or did not move any shares.

    Returns
    -------
    dict or None
        titles of the scores; rows (treatment, and of each score raw and corrected), the untouched rows first.
    """
    if results.predictions.empty or results.observations.empty or not plan:
        return None
    table = over_tables(probability_scores(results, plan))
    if table.empty or set(table["method"]) == {"identity"}:
        return None
    found = {(r.method, r.decision, r.metric): r for r in table.itertuples(index=False)}
    keys = dict.fromkeys((m, d) for m, d, _ in found)
    order = sorted(keys, key=lambda k: (k != ("identity", "plain"), _worth(found, k)))
    return {
        "titles": [TITLES[name] for name in SCORES],
        "plan": plan,
        "rows": [
            {
                "label": treatment_label(*key, HOME, [HOME]),
                "cells": [_cell(found.get((*key, metric))) for metric in SCORES],
            }
            for key in order
        ],
    }


def _worth(found: dict[Any, Any], key: tuple[str, str]) -> float:
    row = found.get((*key, "log_loss"))
    return float(row.raw) if row is not None else float("inf")


def _cell(row: Any) -> dict[str, str]:
    if row is None:
        return {"raw": "", "corrected": ""}
    return {"raw": f"{row.raw:.3f}", "corrected": f"{row.corrected:.3f}"}
