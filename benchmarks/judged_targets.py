"""What the synthesizers were asked for before they were judged, and what was found."""

import math

import tables
from judged_records import Records, difference, has_cell, mean

RIVAL_OF = {"ctgan": "reference-ctgan", "tvae": "reference-tvae"}
NETWORKS = ("basic-vae", "cvae", "tvae", "tvae-tailcalib", "ctgan", "tabgpt", "great")
LEARNABLE = ("cvae", "tabgpt")  # whose rows are to teach nearly what training rows teach
LEAST_TABLES = 5
MOST_TOLD, LEAST_F1, MOST_CLOSE = 0.85, 0.9, 0.15
HEAD = "**What was asked for**"


def targets(records: Records) -> list[str]:
    """Write each target, its bound and what was found; a table without records counts as missed."""
    n = len(tables.TARGETS)
    lines = [HEAD, "", "| what | at least | found |", "| --- | --- | --- |"]
    for method in RIVAL_OF:
        what = f"`{method}`: told from unseen rows with an area below {MOST_TOLD}"
        told = [is_like_real(records, method, t) for t in tables.TARGETS]
        lines.append(counted(what, sum(told), LEAST_TABLES, n))
    for method in LEARNABLE:
        what = f"`{method}`: macro F1 at least {LEAST_F1:.0%} of that of training rows"
        near = [teaches(records, method, t) for t in tables.TARGETS]
        lines.append(counted(what, sum(near), LEAST_TABLES, n))
    for method, rival in RIVAL_OF.items():
        what = f"`{method}`: quality and F1 at least the reference's, all classes kept"
        fine = [is_no_worse(records, method, rival, t) for t in tables.TARGETS]
        lines.append(counted(what, sum(fine), n, n))
    lines += ["", "| what | at most | found |", "| --- | --- | --- |"]
    for method in NETWORKS:
        taken = [t for t in tables.TARGETS if has_cell(method, t)]
        close = [mean(records.of(method, t), "too_close") for t in taken]
        overall = math.fsum(close) / len(taken)
        found = "-" if math.isnan(overall) else f"{overall:.2f}"
        word = "" if overall <= MOST_CLOSE else " missed"
        lines.append(
            f"| `{method}`: too close, mean over {len(taken)} tables | {MOST_CLOSE} | {found}{word} |"
        )
    note = "('At least the reference's': not below it by more than two standard errors over the seeds.)"
    return [*lines, "", note, ""]


def counted(what: str, count: int, least: int, n: int) -> str:
    """Write a row about so many of n tables."""
    word = "" if count >= least else " missed"
    return f"| {what} | {least} of {n} tables | {count} of {n}{word} |"


def is_like_real(records: Records, method: str, table: str) -> bool:
    """Say whether a classifier tells a method's rows from unseen real ones badly enough."""
    return mean(records.of(method, table), "c2st_unseen") < MOST_TOLD


def teaches(records: Records, method: str, table: str) -> bool:
    """Say whether a model trained on a method's rows is nearly as good as one trained on the training rows."""
    found = records.of(method, table)
    return mean(found, "tstr_f1") >= LEAST_F1 * mean(found, "trtr_f1")


def is_no_worse(records: Records, ours: str, theirs: str, table: str) -> bool:
    """Say whether ours keeps all classes and is at least the reference within two standard errors."""
    a, b = records.of(ours, table), records.of(theirs, table)
    gaps = [difference(a, b, metric) for metric in ("quality", "tstr_f1")]
    kept = all(record["labels"][0] == record["labels"][1] for record in a)
    return kept and all(gap >= -width for gap, width in gaps)
