"""The charts of levels: untreated rows on training and test rows, scores by method, the gap that each method closes."""

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
from equipoise.report.levels import AVERAGE, SCORES, WORST
from equipoise.report.style import colour

PLANNED = "(datum.plan === plan || datum.plan === -1)"
UNTREATED_TIPS = tips_of(
    ("table", "table", ""),
    ("part", "classes", ""),
    ("train", "on training rows", ".4f"),
    ("test", "on test rows", ".4f"),
    ("low", "test, from", ".4f"),
    ("high", "test, to", ".4f"),
    ("n", "splits", "d"),
)
LEVEL_TIPS = tips_of(
    ("label", "treatment", ""),
    ("table", "table", ""),
    ("train", "on training rows", ".4f"),
    ("test", "on test rows", ".4f"),
    ("closed", "gap closed", "+.0%"),
    ("change", "change on test rows", "+.4f"),
)


def untreated_by_table(score: int) -> Spec:
    """Draw train (open) and test (filled) of untreated rows, joined, for the average and the worst class."""
    rows = chart_of("untreated", f"datum.score === {score} && datum.classifier === classifier")
    parts = [AVERAGE, WORST]
    tint = alt.Color(
        "part:N",
        title=None,
        scale=alt.Scale(domain=parts, range=[colour("resampling"), colour("trees")]),
    )
    beside = alt.YOffset("part:N", sort=parts, scale=alt.Scale(paddingOuter=0.25))
    y = rows_axis("table")

    def x(field: str) -> alt.X:
        return value_axis(field, "score", False, ".2f")

    line = rows.mark_rule(strokeWidth=2, opacity=0.4)
    line = line.encode(x=x("test"), x2="train:Q", y=y, yOffset=beside, color=tint)
    test = rows.mark_point(filled=True, size=75, opacity=1)
    test = test.encode(x=x("test"), y=y, yOffset=beside, color=tint, tooltip=UNTREATED_TIPS)
    train = rows.mark_point(filled=False, size=65, strokeWidth=1.6, opacity=1)
    train = train.encode(x=x("train"), y=y, yOffset=beside, color=tint, tooltip=UNTREATED_TIPS)
    chart = alt.layer(line, test, train).properties(height=alt.Step(40, **{"for": "position"}))
    return steered(chart, "classifier")


def _rows_of(metric: int) -> str:
    here = f"datum.scope === scope && datum.metric === {metric} && datum.classifier === classifier"
    return f"{here} && {PLANNED}"


def level_of_metric(families: list[str], metric: int) -> Spec:
    """Draw the test score of every treatment, and untouched rows as a line through all."""
    rows = chart_of("levels", _rows_of(metric))
    tint, x = family_colour(families), value_axis("test", "score on test rows", False, ".2f")
    base = rows.transform_filter("datum.order === -99").mark_rule(color=colour("zero"))
    dots = rows.mark_point(filled=True, size=75, opacity=1)
    y = rows_axis(order="first")
    dots = dots.encode(x=x, y=y, color=tint, tooltip=LEVEL_TIPS)
    chart = alt.layer(base.encode(x=x), dots).properties(height=alt.Step(STEP))
    return steered(chart, "scope", "plan", "classifier")


def gap_closed(families: list[str], metric: int) -> Spec:
    """Draw the share of the gap in one score that each treatment closes, and what that did on test rows."""
    rows = chart_of("levels", _rows_of(metric), "isValid(datum.closed) && datum.comparable === 1")
    tint, y = family_colour(families), rows_axis(order="first")
    label = "datum.value === 0 ? '0' : replace(format(datum.value, '+.0%'), '-', '−')"
    x = alt.X("closed:Q", title="gap closed", axis=alt.Axis(labelExpr=label, tickCount=4))
    zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule().encode(x="zero:Q")
    stem = rows.mark_bar(height=3, opacity=0.45).encode(x=x, y=y, color=tint)
    dots = rows.mark_point(filled=True, size=70, opacity=1)
    dots = dots.encode(x=x, y=y, color=tint, tooltip=LEVEL_TIPS)
    chart = alt.layer(zero, stem, dots).properties(height=alt.Step(STEP))
    return steered(chart, "scope", "plan", "classifier")


def level_figures(summary: dict[str, Any], families: list[str]) -> list[Figure]:
    """Give the figures of levels that the summary has numbers for."""
    found = []
    alone = summary["tables"].get("untreated", {"rows": []})
    if alone["rows"]:
        place = alone["columns"].index("score")
        there = {row[place] for row in alone["rows"]}
        for k, word in enumerate(SCORES):
            if k in there:
                title = f"{word} of untouched rows"
                only = {"score": k}
                spec = untreated_by_table(k)
                found.append(
                    Figure(f"untreated-{word.lower()}", "untreated", title, spec, "untreated", only)
                )
    if summary["tables"]["levels"]["rows"]:
        for m, word in enumerate(summary["lookups"]["metric"]):
            spec, only = level_of_metric(families, m), {"metric": m}
            found.append(
                Figure(f"levels-{m}", "levels", f"{word} on test rows", spec, "levels", only)
            )
        for m, word in enumerate(summary["lookups"]["metric"]):
            spec, only = gap_closed(families, m), {"metric": m}
            found.append(
                Figure(f"gap-closed-{m}", "closed", f"Gap closed: {word}", spec, "levels", only)
            )
    return found
