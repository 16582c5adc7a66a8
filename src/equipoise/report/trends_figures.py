"""The charts of quality on the page of a run: boxes of every score, and F1 against overall quality."""

from typing import Any

import altair as alt

from equipoise.report.boxes import CALIBRATED, RAW
from equipoise.report.drawing import (
    STEP,
    Figure,
    Spec,
    chart_of,
    family_colour,
    rows_axis,
    steered,
    tips_of,
    value_axis,
)
from equipoise.report.quality_figures import LEFT, RIGHT
from equipoise.report.style import TONES, colour

BOX_TIPS = tips_of(
    ("method", "method", ""),
    ("table", "table", ""),
    ("n", "splits", "d"),
    ("low", "lower whisker", ".3f"),
    ("q1", "lower quarter", ".3f"),
    ("median", "median", ".3f"),
    ("q3", "upper quarter", ".3f"),
    ("high", "upper whisker", ".3f"),
)
POINT_TIPS = tips_of(
    ("method", "method", ""),
    ("table", "table", ""),
    ("quality", "overall quality, raw", ".3f"),
    ("calibrated", "calibrated", ".3f"),
    ("f1", "Macro F1", ".3f"),
)


def _between(field: str) -> alt.X:
    """Give the axis of calibrated scores; what lies beyond its ends is drawn at its ends."""
    scale = alt.Scale(domain=[LEFT, RIGHT], nice=False, zero=False, clamp=True)
    label = "datum.value === 0 ? '0' : replace(format(datum.value, '.2~f'), '-', '−')"
    axis = alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], labelExpr=label)
    return alt.X(f"{field}:Q", title="calibrated: 0 floor, 1 real rows", scale=scale, axis=axis)


def boxes_of_methods(families: list[str], kind: int) -> Spec:
    """Draw a box and whiskers for every method, of the score that is chosen."""
    here = f"datum.scope === scope && datum.kind === {kind} && datum.score_of === score_of"
    rows = chart_of("boxes", here)
    tint = alt.condition("datum.family === ''", alt.value(colour("soft")), family_colour(families))
    y = rows_axis("method")

    def x(field: str) -> alt.X:
        return _between(field) if kind == CALIBRATED else value_axis(field, "score", False, ".2f")

    whisker = rows.mark_rule(strokeWidth=1.6, opacity=0.6)
    whisker = whisker.encode(x=x("low"), x2="high:Q", y=y, color=tint)
    box = rows.mark_bar(height=11, opacity=0.55, cornerRadius=1.5)
    box = box.encode(x=x("q1"), x2="q3:Q", y=y, color=tint, tooltip=BOX_TIPS)
    middle = rows.mark_tick(thickness=2.4, size=15, opacity=1)
    middle = middle.encode(x=x("median"), y=y, color=tint, tooltip=BOX_TIPS)
    layers = [whisker, box, middle]
    if kind == CALIBRATED:
        ends = alt.Chart(alt.InlineData(values=[{"at": 0}, {"at": 1}]))
        layers.insert(0, ends.mark_rule(color=colour("zero"), strokeWidth=1.5).encode(x="at:Q"))
    chart = alt.layer(*layers).properties(height=alt.Step(STEP))
    return steered(chart, "scope", "score_of")


def f1_and_quality(field: str, n_tables: int) -> Spec:
    """Draw the F1 of every method over the quality of its rows, a colour for each table."""
    rows = chart_of("trend", f"isValid(datum.{field})")
    tint = alt.Color(
        "tone:O",
        legend=None,
        scale=alt.Scale(
            domain=list(range(n_tables)),
            range=[colour(TONES[i % len(TONES)]) for i in range(n_tables)],
        ),
    )
    raw = value_axis(field, "overall quality, raw", False, ".2f")
    x = raw if field == "quality" else _between(field)
    axis = alt.Axis(format=".2f", tickCount=6, grid=True)
    y = alt.Y("f1:Q", title="Macro F1", scale=alt.Scale(zero=False), axis=axis)
    dots = rows.mark_point(filled=True, size=70, opacity=0.8)
    dots = dots.encode(x=x, y=y, color=tint, tooltip=POINT_TIPS)
    # the name of each table at its best method, so that a file needs no key
    named = rows.transform_joinaggregate(top="max(f1)", groupby=["tone"])
    named = named.transform_filter("datum.f1 === datum.top")
    style: dict[str, Any] = {
        "dy": -11,
        "fontSize": 11,
        "fontWeight": 600,
        "limit": 150,
        "align": "center",
    }
    # another table's dot may lie behind a name
    halo = named.mark_text(**style, stroke=colour("paper"), strokeWidth=4, strokeJoin="round")
    halo = halo.encode(x=x, y=y, text="table:N")
    words = named.mark_text(**style).encode(x=x, y=y, color=tint, text="table:N")
    return steered(alt.layer(dots, halo, words).properties(height=340))


def trend_figures(summary: dict[str, Any], families: list[str]) -> list[Figure]:
    """Give the boxes of quality and F1 against quality, as far as the summary has numbers."""
    tables = summary["tables"]
    found = []
    boxes = tables.get("boxes", {"rows": []})
    if boxes["rows"]:
        place = boxes["columns"].index("kind")
        there = {row[place] for row in boxes["rows"]}
        for kind, name, title in ((RAW, "raw", "Raw"), (CALIBRATED, "calibrated", "Calibrated")):
            if kind in there:
                spec, only = boxes_of_methods(families, kind), {"kind": kind}
                found.append(
                    Figure(f"boxes-{name}", "boxes", f"{title} scores", spec, "boxes", only)
                )
    points = tables.get("trend", {"rows": []})
    for field, word in (("quality", "raw"), ("calibrated", "calibrated")):
        if not points["rows"]:
            break
        place = points["columns"].index(field)
        if any(row[place] is not None for row in points["rows"]):
            n_tables = 1 + max(row[1] for row in points["rows"])
            title = f"F1 by overall quality, {word}"
            spec = f1_and_quality(field, n_tables)
            found.append(Figure(f"f1-quality-{word}", "trend", title, spec, "trend"))
    return found
