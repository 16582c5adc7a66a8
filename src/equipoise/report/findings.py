"""What was found, in plain sentences with numbers and intervals."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from equipoise.analysis.opponents import SPLIT
from equipoise.analysis.signed_ranks import enough_tables, smallest_p, tables_needed
from equipoise.report.charted import number
from equipoise.report.ledger import Ledger, of_classifier, of_plan
from equipoise.report.words import (
    METRICS,
    OPPONENT_LABELS,
    VERDICT_HEADINGS,
    counted,
    draws_the_law,
    interval_text,
    these_tables,
    treatment_label,
)
from equipoise.results.thinned import base_of
from equipoise.tables.schema import listed


def _item(row: Any, ledger: Ledger) -> dict[str, Any]:
    notes = []
    total = getattr(row, "n_splits", row.n)
    lost = row.verdict == "failed"
    if total < row.asked:
        notes.append(f"{total} of {row.asked} splits")
    if row.n_failed and not lost:
        notes.append(f"{row.n_failed} of {total} splits failed, counted as no gain")
    absent = getattr(row, "absent", ())
    if absent:
        notes.append(f"no result on {listed(absent)}")
    return {
        "label": treatment_label(row.method, row.decision, row.classifier, ledger.classifiers),
        "method": row.method,
        "gain": number(row.gain, 6),
        "low": None if lost else number(row.low, 6),
        "high": None if lost else number(row.high, 6),
        "verdict": row.verdict,
        "text": "failed" if lost else interval_text(row.gain, row.low, row.high),
        "note": "; ".join(notes),
    }


def board(
    table: pd.DataFrame, ledger: Ledger, opponent: str, plan: str, methods_only: bool
) -> dict[str, Any]:
    """Sort the treatments of one table (or of all) by what can be said of them against one opponent."""
    rows = of_classifier(of_plan(table, plan), ledger.classifiers[0], ledger.classifiers)
    if methods_only:
        rows = rows[rows["method"] != "identity"]
    rows = rows.sort_values("gain", ascending=False, kind="stable")
    items = [_item(row, ledger) for row in rows.itertuples(index=False)]
    groups = [
        {"verdict": word, "heading": heading, "items": [i for i in items if i["verdict"] == word]}
        for word, heading in VERDICT_HEADINGS.items()
    ]
    return {
        "opponent": opponent,
        "against": OPPONENT_LABELS[opponent],
        "n": sum(not draws_the_law(i["method"]) for i in items),
        "of": counted_as(rows["method"]),
        "groups": [g for g in groups if g["items"]],
    }


def counted_as(methods: Iterable[str]) -> str:
    """Say what a count of treatments counts, as not every board has those that leave the rows as they are."""
    if "identity" in set(methods):
        return "treatments, answers that make no row included,"
    return "treatments that make or drop rows"


def one_split(ledger: Ledger, metric: str) -> str:
    """Say which rows have an opponent of their own, as their threshold is tuned on one inner split; empty if none."""
    table = ledger.within[metric, ledger.headline_opponent]
    tuned = table[table["decision"].str.endswith(SPLIT) & (table["method"] != "identity")]
    if tuned.empty or ledger.headline_opponent == "identity":
        return ""
    return (
        f"The threshold of {listed(list(dict.fromkeys(tuned['method'])))}, whose fits are costly, is tuned on one "
        "inner split; these rows are held against the best simple choice of that same split, all others against that "
        "of five inner folds."
    )


def _labels(board_: dict[str, Any], *verdicts: str) -> list[dict[str, Any]]:
    found = [i for g in board_["groups"] if g["verdict"] in verdicts for i in g["items"]]
    return [i for i in found if not draws_the_law(i["method"])]


def lead(boards: list[dict[str, Any]], metric: str, where: str, plan: str = "") -> str:
    """Give the one sentence that a busy person reads.

    Parameters
    ----------
    boards : list of dict
        One per opponent, as `board` gives them, the opponent that decides last.
    metric : str
    where : str
        "on these 6 tables", "on hmeq".
    plan : str, default=""
        Named if it is given.
    """
    score = METRICS[metric]
    on_plan = f", on the plan {plan}" if plan else ""
    if not boards:
        return f"There is nothing to compare with yet {where}: doing nothing has not been run."
    decisive = boards[-1]
    rival = decisive["against"]
    if not decisive["n"]:
        return f"There is nothing to compare yet {where}."
    winners = _labels(decisive, "helps")
    if winners:
        named = [f"{i['label']} ({i['text']})" for i in winners[:3]]
        verb = "beats" if len(winners) == 1 else "beat"
        more = f", and {len(winners) - 3} more" if len(winners) > 3 else ""
        return f"In {score} {where}{on_plan}, {listed(named)}{more} {verb} {rival}."
    harmful = _labels(decisive, "hurts", "may hurt")
    equal = _labels(decisive, "no difference")
    if len(equal) == decisive["n"]:
        start = f"Nothing made a difference that matters against {rival} {where}"
    elif len(_labels(decisive, "cannot be told", "failed")) == decisive["n"]:
        start = f"Nothing can be told apart from {rival} {where} with this much data"
    else:
        start = f"Nothing clearly beat {rival} in {score} {where}"
    tail = []
    maybe = _labels(decisive, "may help")
    if maybe:
        tail.append(f"{listed([i['label'] for i in maybe[:3]])} may")
    if harmful:
        tail.append(f"{len(harmful)} of {decisive['n']} {decisive['of']} did worse or may do")
    if len(boards) > 1:
        better, every = _labels(boards[0], "helps"), f"of {boards[0]['n']} {boards[0]['of']}"
        tail.append(
            f"{len(better)} {every} beat doing nothing"
            if better
            else f"nor did any {every} clearly beat doing nothing"
        )
    return f"{start}{on_plan}{'; ' + '; '.join(tail) if tail else ''}."


def power(n_tables: int, n_comparisons: int, of: str) -> str:
    """Say what the least p of a signed-rank test is, and how many tables it takes for any treatment to pass."""
    text = (
        f"over {counted(n_tables, 'table')} a signed-rank test cannot go below "
        f"p = {smallest_p(n_tables):.3g}"
    )
    if enough_tables(n_tables, n_comparisons):
        return text
    return (
        f"{text}; for any of {n_comparisons} {of} to pass Holm's correction, at least "
        f"{tables_needed(n_comparisons)} tables would be needed"
    )


def power_note(n_tables: int, n_comparisons: int, of: str) -> str:
    """Say what so many tables can and cannot show."""
    if n_tables < 2:
        return "One table cannot speak for others: every interval here is about new splits of this one."
    text = power(n_tables, n_comparisons, of)
    text = text[:1].upper() + text[1:]
    if not enough_tables(n_tables, n_comparisons):
        text += (
            ". So this run cannot separate treatments for tables in general, and a lack of a winner is no "
            "evidence that they are equal"
        )
    return text + ". The verdicts above are about these very tables."


def findings(ledger: Ledger, metric: str, plan: str) -> dict[str, Any]:
    """Give the glance: the lead and, for all tables and for each, the boards against both opponents."""
    rivals = list(dict.fromkeys(["identity", ledger.headline_opponent]))
    rivals = [r for r in rivals if r in ledger.opponents]
    scopes: list[dict[str, Any]] = []
    many = len(ledger.datasets) > 1
    names = [these_tables(ledger.datasets)] if many else []
    for i, where in enumerate([*names, *ledger.datasets]):
        overall = many and i == 0
        boards = []
        for rival in rivals:
            table = ledger.over[metric, rival] if overall else ledger.within[metric, rival]
            if not overall:
                table = table[table["dataset"] == where]
            boards.append(board(table, ledger, rival, plan, methods_only=rival != "identity"))
        scopes.append(
            {
                "where": where,
                "overall": overall,
                "lead": lead(boards, metric, f"on {where}", "" if scopes else plan),
                "boards": boards,
            }
        )
    largest = max((b for s in scopes for b in s["boards"]), key=lambda b: b["n"], default=None)
    n_tables = len(set(map(base_of, ledger.datasets)))
    return {
        "lead": scopes[0]["lead"] if scopes else "There are no results yet.",
        "scopes": scopes,
        "power": power_note(n_tables, largest["n"], largest["of"]) if largest else "",
    }
