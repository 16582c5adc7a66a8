"""Gains by the share of training rows used, in words and as numbers of a chart, for runs with thinned tables."""

from typing import Any

from equipoise.analysis.scarcity import by_share
from equipoise.report.charted import Charted, Table, number
from equipoise.report.ledger import Ledger
from equipoise.report.words import METRICS, OPPONENT_LABELS, interval_text, treatment_label
from equipoise.results.thinned import share_of


def scarcity(ledger: Ledger, metric: str) -> dict[str, Any] | None:
    """Give the section; None where every table was used whole.

    Returns
    -------
    dict or None
        metric; against; shares (as texts); plans, each with rows (treatment, a cell for each share).
    """
    shares = sorted({share_of(name) for name in ledger.datasets})
    rival = ledger.headline_opponent
    if len(shares) < 2 or (metric, rival) not in ledger.within:
        return None
    table = by_share(ledger.within[metric, rival])
    mine = table[table["method"] != "identity"]
    cells = {
        (r.plan, r.method, r.decision, r.classifier, r.share): r
        for r in mine.itertuples(index=False)
    }
    return {
        "metric": METRICS[metric],
        "against": OPPONENT_LABELS[rival],
        "shares": [f"{share:.0%}" for share in shares],
        "plans": [
            {
                "plan": plan,
                "rows": [
                    {
                        "label": treatment_label(*key, ledger.classifiers),
                        "cells": [_cell(cells.get((plan, *key, share))) for share in shares],
                    }
                    for key in dict.fromkeys(k[1:4] for k in cells if k[0] == plan)
                ],
            }
            for plan in ledger.plans
        ],
    }


def gains_by_share(charted: Charted) -> Table:
    """One row per plan, treatment and share: the gain over the opponent that decides, with its interval."""
    columns = ["plan", "classifier", "treatment", "tick", "share", "gain", "low", "high"]
    ledger = charted.ledger
    key = (ledger.metrics[0] if ledger.metrics else "", ledger.headline_opponent)
    shares = sorted({share_of(name) for name in ledger.datasets})
    rows = []
    if len(shares) > 1 and key in ledger.within:
        table = by_share(ledger.within[key])
        for row in table[table["method"] != "identity"].itertuples(index=False):
            values = [number(v) for v in (row.gain, row.low, row.high)]
            rows.append([*charted.where(row), shares.index(row.share), f"{row.share:.0%}", *values])
    return {"columns": columns, "rows": rows}


def _cell(row: Any) -> dict[str, str]:
    """Give the gain with its interval, and which side of zero it lies on."""
    if row is None:
        return {"text": "", "side": ""}
    side = "helps" if row.low > 0 else "hurts" if row.high < 0 else ""
    return {"text": interval_text(row.gain, row.low, row.high), "side": side}
