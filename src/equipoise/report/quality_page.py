"""From a quality result to one HTML file that needs no network."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.fidelity.quality import Quality, calibrated_text
from equipoise.fidelity.scores import Score
from equipoise.report.page import filled, write_whole
from equipoise.report.quality_figures import CLASS_COLOURS, GROUPS, quality_figures
from equipoise.report.quality_tables import (
    distance_table,
    pair_table,
    plane_tables,
    score_table,
    worst_columns,
)
from equipoise.report.words import counted

DISTANCE_ROWS = 4_000
WHOLE = "All rows"

GLOSSARY: tuple[tuple[str, str], ...] = (
    (
        "floor",
        "What is scored by rows that know nothing of what the score is about: columns drawn on their own from the "
        "training rows, or, for scores of single columns, numbers drawn uniformly in their range.",
    ),
    (
        "real rows (ceiling)",
        "What training rows score against the fresh rows, equally many at a time. No synthetic rows can honestly do "
        "better: two samples of the same law differ, too.",
    ),
    (
        "calibrated",
        "(value \u2212 floor) / (ceiling \u2212 floor): 0 is the floor, 1 is as good as real rows. Surely above 1 is "
        "no merit but a sign of rows that are copied or crowd together.",
    ),
    (
        "says nothing here",
        "The floor is within 0.02 of the ceiling, or within noise, or above it: on this table the score cannot "
        "tell good rows from bad ones, and its value says nothing, unless it is surely worse than both.",
    ),
    (
        "fresh rows",
        "Real rows that the synthesizer has not seen. Every score compares with them and not with the training rows, "
        "since those can be pleased by copying.",
    ),
    (
        "interval",
        "95 %, over blocks of equally many rows, the noise of floor and ceiling included. It does not know how the "
        "synthesizer would have done on another training set.",
    ),
    (
        "too close",
        "The least share of rows that must be nearer to a training row than fresh rows are. About 0 for fresh rows, 1 "
        "for copies, also for copies with a little noise.",
    ),
    (
        "told from fresh rows",
        "Area under the ROC curve of a classifier that tells synthetic rows from fresh ones: 0.5 is a coin, 1 is "
        "certainty.",
    ),
)


def quality_summary(found: Quality, title: str) -> dict[str, Any]:
    """Give all that the page says and draws, as plain values.

    Parameters
    ----------
    found : Quality
    title : str
        Of the page: what was scored.
    """
    rng = np.random.default_rng(0)
    scopes = ["", *found.classes]
    whole = {s.metric: s for s in found.scores if not s.label}
    tables = {"scores": score_table(found.scores, scopes)}
    columns = []
    for chart, table in worst_columns(found.trio, whole.get("column-shapes")):
        columns.append(chart)
        tables[chart["table"]] = table
    pairs, tables["pairs"] = pair_table(found.trio)
    plane, drawn = plane_tables(found.trio, rng)
    tables |= drawn
    tables["distances"] = distance_table(found.trio, DISTANCE_ROWS, rng)
    trio = found.trio
    return {
        "title": title,
        "rows": (
            f"{counted(len(trio.synthetic), 'synthetic row')} against {counted(len(trio.fresh), 'fresh row')}"
            f"{'' if found.held_out else ' (split off the real table)'}, made from "
            f"{counted(len(trio.train), 'training row')}; target {found.target}."
        ),
        "said": found.sentences,
        "alarm": any(c.alarm for c in found.copying.values()),
        "scopes": [WHOLE, *found.classes],
        "columns": columns,
        "pairs": pairs,
        "plane": plane,
        "legend": _legend(trio.labels, plane["classes"]),
        "tables": tables,
        "scores": [_cells(s) for s in found.scores if not s.label],
        "by_class": [_class_cells(label, found) for label in found.classes],
        "privacy": [_cells(s) for s in found.privacy if not s.label],
        "copying": [_copying_cells(label, found) for label in found.copying],
        "too_few": list(found.too_few),
        "coerced": list(found.coerced),
        "notes": list(found.notes),
        "glossary": GLOSSARY,
    }


def _legend(labels: tuple[str, ...], classes: int) -> list[tuple[str, str]]:
    found = list(zip(CLASS_COLOURS, labels[:classes], strict=False))
    return [*found, ("soft", "other classes")] if len(labels) > classes else found


def _text(value: float) -> str:
    return "\u2013" if not math.isfinite(value) else f"{value:.3f}".replace("-", "\u2212")


def _cells(score: Score) -> dict[str, Any]:
    return {
        "title": score.title,
        "group": score.group,
        "value": _text(score.value),
        "floor": _text(score.floor),
        "ceiling": _text(score.ceiling),
        "memoriser": _text(score.copy),
        "calibrated": calibrated_text(score).replace("-", "\u2212"),
        "beyond": score.beyond,
    }


def _class_cells(label: str, found: Quality) -> dict[str, Any]:
    known = {s.metric: s for s in found.scores if s.label == label}
    wanted = ("column-shapes", "column-pair-trends", "coverage", "detection")
    return {
        "label": label,
        "scores": [
            calibrated_text(known[m]).replace("-", "\u2212") if m in known else "\u2013"
            for m in wanted
        ],
    }


def _copying_cells(label: str, found: Quality) -> dict[str, Any]:
    copying = found.copying[label]
    identical = {s.label: s for s in found.privacy if s.metric == "identical-rows"}
    return {
        "label": label or WHOLE,
        "share": f"{copying.value:.0%}" if math.isfinite(copying.value) else "\u2013",
        "interval": f"{copying.low:.0%} to {copying.high:.0%}",
        "identical": f"{identical[label].value:.1%}" if label in identical else "\u2013",
        "verdict": "copied"
        if copying.alarm
        else ("rows crowd together" if copying.concentrated else "no sign of copies"),
        "alarm": copying.alarm,
    }


def render_quality(found: Quality, title: str = "Quality of synthetic rows") -> str:
    """Give the page as text.

    Parameters
    ----------
    found : Quality
    title : str, default="Quality of synthetic rows"
    """
    summary = quality_summary(found, title)
    scopes = summary["scopes"]
    steers = [{"name": "scope", "word": "Rows", "options": scopes}] if len(scopes) > 1 else []
    payload = {"tables": summary["tables"], "lookups": {"scope": scopes}}
    return filled(
        "quality.html.j2", quality_figures(summary), GROUPS, payload,
        title=title, q=summary, steers=steers,
    )  # fmt: skip


def write_quality_page(
    found: Quality, path: str | Path, title: str = "Quality of synthetic rows"
) -> Path:
    """Write the page whole or not at all.

    Parameters
    ----------
    found : Quality
    path : path
        Of the HTML file; replaced if it is there.
    title : str, default="Quality of synthetic rows"
    """
    return write_whole(render_quality(found, title), path)
