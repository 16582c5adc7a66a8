"""What scores mean, in words."""

import math
from collections.abc import Mapping, Sequence

from equipoise.fidelity.copying import Copying
from equipoise.fidelity.scores import Score
from equipoise.tables.schema import listed

GOOD, FAIR = 0.9, 0.5
UNTOLD = 0.55  # an area below this is hardly more than a coin
GIVEN_AWAY = 0.01  # of the area, that shuffling a column takes away
MOST_COLUMNS = 5
ALIKE = 0.1  # classes within so much of each other
COLLAPSED = 0.8  # of the effective number of rows that real rows have

# The scores that speak for their kind, and what they look at.
SPOKESMEN = {
    "column-shapes": "single columns",
    "column-pair-trends": "pairs of columns",
    "coverage": "the spread of whole rows",
    "density": "where whole rows lie",
    "detection": "whole rows as a classifier sees them",
    "label-fidelity": "rows that look like their class",
    "train-on-synthetic": "what a classifier learns from the rows",
}

LEVELS = {
    "good": "As good as real rows, or nearly",
    "beyond": "Surely above real rows, which is no merit (rows crowd together, or fresh rows were not fresh)",
    "fair": "Between",
    "weak": "Nearer to the floor than to real rows",
    "worse": "Surely worse than the floor",
    "unknown": "Too uncertain to tell the floor from real rows",
}


def sentences(
    scores: Sequence[Score], copying: Mapping[str, Copying], classes: Sequence[str]
) -> dict[str, str]:
    """Give a paragraph on each question: ``good``, ``gives_away``, ``classes`` and ``copies``.

    Parameters
    ----------
    scores : sequence of Score
    copying : mapping of str to Copying
    classes : sequence of str
        Those that were scored by themselves.
    """
    known = {(score.metric, score.label): score for score in scores}
    said = {"good": _good(known), "gives_away": _gives_away(known)}
    if len(classes) > 1:
        said["classes"] = _classes(known, classes)
    said["copies"] = _copies(copying)
    return {question: text for question, text in said.items() if text}


def _good(known: Mapping[tuple[str, str], Score]) -> str:
    """Sort the scores that speak for their kind, from as good as real rows to worse than the floor."""
    groups: dict[str, list[str]] = {level: [] for level in LEVELS}
    for metric, what in SPOKESMEN.items():
        score = known.get((metric, ""))
        if score is not None and score.informative:
            groups[_level(score)].append(f"{what} ({score.calibrated:.2f})")
    parts = [f"{LEVELS[level]}: {listed(found)}." for level, found in groups.items() if found]
    if not parts:
        parts.append("Floor and ceiling meet on every score, so that none of them says anything.")
    varied = known.get(("effective-rows", ""))
    if varied is not None and varied.value < COLLAPSED * varied.ceiling:
        parts.append(
            f"Rows repeat: they are worth {varied.value:.0%} of as many real rows "
            f"(real rows: {varied.ceiling:.0%})."
        )
    return " ".join(parts)


def _level(score: Score) -> str:
    """Give the name of the sentence that a calibrated score belongs in."""
    if score.beyond:
        return "beyond"
    if score.calibrated_low <= 0 and score.calibrated_high >= 1:
        return "unknown"
    if score.calibrated_high < 0:
        return "worse"
    shown = round(score.calibrated, 2)
    return "good" if shown >= GOOD else "fair" if shown >= FAIR else "weak"


def _gives_away(known: Mapping[tuple[str, str], Score]) -> str:
    """Say how well rows are told from fresh ones, and by which columns."""
    score = known.get(("detection", ""))
    if score is None:
        return ""
    if score.value < UNTOLD:
        return (
            f"A classifier can hardly tell the rows from fresh ones (area {score.value:.2f}; a coin has 0.50, "
            f"real rows have {score.ceiling:.2f})."
        )
    said = (
        f"A classifier tells the rows from fresh ones with an area of {score.value:.2f} (a coin has 0.50, "
        f"independent columns have {score.floor:.2f})."
    )
    falls = sorted(((v, name) for name, v in score.items.items() if v > GIVEN_AWAY), reverse=True)
    if not falls:
        return f"{said} It needs no single column for that: without any one of them, the others still do."
    columns = listed(f"{name} ({v:.2f})" for v, name in falls[:MOST_COLUMNS])
    return f"{said} What gives them away, by what the area falls without it: {columns}."


def _classes(known: Mapping[tuple[str, str], Score], classes: Sequence[str]) -> str:
    """Name the class that is met worst, unless all are met alike."""
    found = {label: known.get(("detection", label)) for label in classes}
    scaled = {k: s.calibrated for k, s in found.items() if s is not None and s.informative}
    if len(scaled) < 2:
        return ""
    low, high = min(scaled.values()), max(scaled.values())
    if high - low < ALIKE:
        return (
            f"As a classifier sees them, all classes are met alike ({low:.2f} to {high:.2f}; the floor is 0, real "
            "rows 1)."
        )
    worst, best = min(scaled, key=lambda k: scaled[k]), max(scaled, key=lambda k: scaled[k])
    return (
        f"Of the classes, {worst!r} is met worst as a classifier sees it ({scaled[worst]:.2f}; the floor is 0, real "
        f"rows 1) and {best!r} best ({scaled[best]:.2f})."
    )


def _copies(copying: Mapping[str, Copying]) -> str:
    """Say whether to worry about copies, of the whole table and of single classes."""
    whole = copying[""]
    parts = [whole.sentence]
    rung = [label for label, found in copying.items() if label and found.alarm]
    if rung:
        parts.append(
            "Of single classes, training rows were copied of "
            + listed(
                f"{label!r} (at least {copying[label].value:.0%}, {copying[label].low:.0%} to "
                f"{copying[label].high:.0%})"
                for label in rung
            )
            + "."
        )
    else:
        told = [found for label, found in copying.items() if label and not math.isnan(found.value)]
        if told and whole.clean and all(found.clean for found in told):
            parts.append("That holds for each class with enough rows.")
    return " ".join(parts)
