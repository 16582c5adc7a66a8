"""How quality spreads over splits and tables: the boxes of every score and method, raw and calibrated."""

from typing import Any

import pandas as pd

from equipoise.analysis.spread import boxes, calibrated_splits
from equipoise.report.charted import Charted, Table, number
from equipoise.report.run_quality import SCALES, TITLES
from equipoise.report.words import FAMILY_LABELS, family
from equipoise.results.records import REFERENCE

RAW, CALIBRATED = 0, 1
REAL = "real rows"  # equally many training rows, against which a raw score is read
FIRST = "overall-quality"


def scores_there(quality: pd.DataFrame) -> list[str]:
    """Give the scores that the run has, the overall one first."""
    there = set(quality["metric"])
    return sorted((m for m in SCALES if m in there), key=lambda m: m != FIRST)


def quality_boxes(charted: Charted) -> Table:
    """One row per scope, score, kind (raw, calibrated) and method: the five numbers of its box."""
    columns = ["scope", "score_of", "kind", "method", "family", "n", "low", "q1", "median", "q3"]
    columns += ["high", "order"]
    quality = charted.results.quality
    quality = quality[quality["dataset"].isin(charted.ledger.datasets) & (quality["item"] == "")]
    known = scores_there(quality)
    if quality.empty or not known:
        return {"columns": columns, "rows": []}
    splits = calibrated_splits(quality, {m: SCALES[m] for m in known})
    if splits.empty:  # references alone
        return {"columns": columns, "rows": []}
    real = quality[(quality["method"] == f"{REFERENCE}ceiling") & (quality["label"] == "")]
    real = real[real["metric"].isin(known)].assign(method=REAL)
    raw = pd.concat([splits, real[["dataset", "repeat", "method", "metric", "value"]]])
    rows: list[list[Any]] = []
    for kind, table, value in ((RAW, raw, "value"), (CALIBRATED, splits, "calibrated")):
        for scope, part in _scopes(charted, table):
            for row in boxes(part, ["metric", "method"], value).itertuples(index=False):
                word = "" if row.method == REAL else FAMILY_LABELS[family(row.method)]
                ends = [number(v, 3) for v in (row.low, row.q1, row.median, row.q3, row.high)]
                rise = 1 if kind == CALIBRATED or SCALES[row.metric].higher else -1
                order = 9.0 if row.method == REAL else -rise * float(row.median)
                where = [scope, known.index(row.metric), kind, row.method, word, int(row.n)]
                rows.append([*where, *ends, number(order, 3)])
    return {"columns": columns, "rows": rows}


def _scopes(charted: Charted, table: pd.DataFrame) -> list[tuple[int, pd.DataFrame]]:
    found = [(0, table)] if charted.many else []
    for i, name in enumerate(charted.ledger.datasets):
        found.append((i + charted.many, table[table["dataset"] == name]))
    return found


def score_words(charted: Charted) -> list[str]:
    """Give the titles that the column ``score_of`` points into."""
    return [TITLES[m] for m in scores_there(charted.results.quality)]
