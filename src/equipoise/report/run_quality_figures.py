"""The charts of faithfulness on the page of a run: scores between floor and ceiling, copies, and what it gained."""

from typing import Any

import altair as alt

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
from equipoise.report.run_quality import SHOWN, TITLES
from equipoise.report.style import colour

TABLES = ("quality", "copies", "helpful")

TIPS = tips_of(
    ("method", "method", ""),
    ("table", "table", ""),
    ("value", "value", ".4f"),
    ("floor", "floor", ".4f"),
    ("ceiling", "real rows", ".4f"),
    ("calibrated", "calibrated", ".3f"),
    ("low", "from", ".3f"),
    ("high", "to", ".3f"),
    ("n", "splits (tables, over all)", "d"),
)


def score_of_methods(families: list[str], score: int) -> Spec:
    """Draw one score of every method as a point between its floor (0) and its ceiling (1)."""
    rows = chart_of("quality", f"datum.scope === scope && datum.score === {score}")
    known = rows.transform_filter("isValid(datum.calibrated)")
    tint, axis = family_colour(families), rows_axis("method")
    label = "datum.value === 0 ? 'floor' : datum.value === 1 ? 'real rows' : ''"
    x = alt.X(
        "at:Q",
        title=None,
        scale=alt.Scale(domain=[LEFT, RIGHT], nice=False, zero=False),
        axis=alt.Axis(values=[0, 0.5, 1], labelExpr=label, orient="top", grid=True),
    )
    ends = alt.Chart(alt.InlineData(values=[{"floor": 0, "ceiling": 1}]))
    band = ends.mark_rect(color=colour("band"), opacity=0.55).encode(x="floor:Q", x2="ceiling:Q")
    wall = ends.mark_rule(color=colour("zero"), strokeWidth=1.5).encode(x="ceiling:Q")
    bars = known.transform_filter("isValid(datum.from)").mark_rule(strokeWidth=2.2, opacity=0.55)
    bars = bars.encode(x=alt.X("from:Q"), x2="to:Q", y=axis, color=tint)
    dots = known.mark_point(filled=True, size=75, opacity=1)
    dots = dots.encode(x=x, y=axis, color=tint, tooltip=TIPS)
    lost = rows.transform_filter("!isValid(datum.calibrated)").transform_calculate(left="0.03")
    lost = lost.mark_text(align="left", color=colour("soft"), fontSize=11)
    lost = lost.encode(x="left:Q", y=axis, text="text:N", tooltip=TIPS)
    chart = alt.layer(band, wall, bars, dots, lost).properties(height=alt.Step(STEP))
    return steered(chart, "scope")


def copies_of_methods(families: list[str]) -> Spec:
    """Draw the least share of rows that are too close to training rows, and where the alarm rang."""
    rows = chart_of("copies", "datum.scope === scope")
    tint, axis = family_colour(families), rows_axis("method")
    tips = tips_of(
        ("method", "method", ""),
        ("table", "table", ""),
        ("value", "at least", ".1%"),
        ("low", "from", ".1%"),
        ("high", "to", ".1%"),
        ("alarms", "splits with an alarm", "d"),
        ("n", "of", "d"),
    )
    # right of a full share there is room for some eighty pixels of words, however narrow the chart
    end = alt.expr("max(1.35, 1.03 / (1 - min(0.6, 80 / width)))")
    scale = alt.Scale(domainMin=0, domainMax=end, nice=False)
    x = alt.X(
        "value:Q",
        title="rows too close, at least",
        scale=scale,
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".0%"),
    )
    bars = rows.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=2.2, opacity=0.55)
    bars = bars.encode(x=alt.X("low:Q"), x2="high:Q", y=axis, color=tint)
    dots = rows.mark_point(filled=True, size=75, opacity=1)
    dots = dots.encode(x=x, y=axis, color=tint, tooltip=tips)
    words = rows.transform_calculate(written="1.03").mark_text(
        align="left", fontSize=11, color=colour("ink")
    )
    words = words.encode(x="written:Q", y=axis, text="text:N", tooltip=tips)
    chart = alt.layer(bars, dots, words).properties(height=alt.Step(STEP))
    return steered(chart, "scope")


def faithful_and_helpful(families: list[str], many: bool) -> Spec:
    """Draw the gain of every method and table over how faithful its rows are."""
    rows = chart_of("helpful", "scope === 0 || datum.scope === scope" if many else "true")
    x = value_axis("calibrated", "calibrated: 0 floor, 1 real rows", form=".2f")
    label = "datum.value === 0 ? '0' : replace(format(datum.value, '+.3~f'), '-', '−')"
    y = alt.Y("gain:Q", title="gain", axis=alt.Axis(labelExpr=label, tickCount=5, grid=True))
    tips = tips_of(
        ("method", "method", ""),
        ("table", "table", ""),
        ("calibrated", "calibrated", ".3f"),
        ("gain", "gain", "+.4f"),
    )
    dots = rows.mark_point(filled=True, size=70, opacity=0.85)
    dots = dots.encode(x=x, y=y, color=family_colour(families), tooltip=tips)
    zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(color=colour("zero"))
    chart = alt.layer(zero.encode(y="zero:Q"), dots).properties(height=240)
    return steered(chart, "scope")


def run_quality_figures(summary: dict[str, Any], families: list[str], many: bool) -> list[Figure]:
    """Give the figures of faithfulness that the summary has numbers for."""
    tables = summary["tables"]
    found = []
    scored = tables["quality"]
    if scored["rows"]:
        place = scored["columns"].index("score")
        there = {row[place] for row in scored["rows"]}
        for k, name in enumerate(SHOWN):
            if k in there:
                spec = score_of_methods(families, k)
                found.append(Figure(f"quality-{name}", "quality", TITLES[name], spec, "quality"))
    if tables["copies"]["rows"]:
        spec = copies_of_methods(families)
        found.append(Figure("copies", "copies", "Copied training rows, at least", spec, "copies"))
    if tables["helpful"]["rows"]:
        spec = faithful_and_helpful(families, many)
        found.append(Figure("helpful", "helpful", "Gain by faithfulness", spec, "helpful"))
    return found
