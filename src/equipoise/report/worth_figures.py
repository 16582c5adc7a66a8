"""The charts of gain against cost, and of gains class by class."""

from collections.abc import Iterable
from typing import Any

import altair as alt

from equipoise.report.drawing import (
    SIGNED_GAIN,
    Figure,
    Spec,
    chart_of,
    columns_axis,
    family_colour,
    heat_tiles,
    ink_on_tile,
    rows_axis,
    steered,
    tips_of,
)
from equipoise.report.spots import NOWHERE, PLACES
from equipoise.report.style import colour
from equipoise.report.worth import EDGE, PLOT, RIM

WORTH_TIPS = tips_of(
    ("method", "method", ""),
    ("table", "table", ""),
    ("seconds", "seconds, median trial", ".3~s"),
    ("gain", "gain", "+.4f"),
    ("low", "from", "+.4f"),
    ("high", "to", "+.4f"),
)
CLASS_TIPS = tips_of(
    ("label", "treatment", ""),
    ("table", "table", ""),
    ("class", "class", ""),
    ("gain", "gain in F1", "+.4f"),
    ("low", "from", "+.4f"),
    ("high", "to", "+.4f"),
    ("score", "F1", ".4f"),
)
# Points; on a narrow screen names are cut, so that none sticks out, and stand whole in the tooltip and the values.
NAME_WIDTH = f"width < {PLOT[0] * 0.8:.0f} ? {EDGE:.0f} : 200"
SIGNED = "datum.value === 0 ? '0' : replace(format(datum.value, '+.3~f'), '-', '−')"


def gain_and_cost(families: list[str], against: str, sides: Iterable[int]) -> Spec:
    """Draw gain over seconds, the Pareto front joined by a line; names stand at ``sides``, keys of `PLACES`."""
    here = "datum.scope === scope && datum.metric === metric && datum.classifier === classifier"
    rows = chart_of("worth", f"{here} && datum.plan === plan")
    axis = alt.Axis(format="~g", tickCount=5)
    scale = alt.Scale(type="log", nice=False, padding=EDGE)
    x = alt.X("seconds:Q", title="seconds per trial", scale=scale, axis=axis)
    y = alt.Y(
        "gain:Q",
        title=f"gain over {against}",
        axis=alt.Axis(labelExpr=SIGNED, tickCount=6, grid=True),
        scale=alt.Scale(nice=False, padding=RIM),
    )
    tint = family_colour(families)
    zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(color=colour("zero"))
    best = rows.transform_filter("datum.front === 1")
    line = best.mark_line(color=colour("soft"), strokeWidth=1.6, interpolate="step-after")
    bars = rows.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=1.4, opacity=0.3)
    bars = bars.encode(x=x, y=alt.Y("low:Q", title=f"gain over {against}"), y2="high:Q", color=tint)
    dots = rows.mark_point(filled=True, size=85, opacity=1)
    dots = dots.encode(x=x, y=y, color=tint, tooltip=WORTH_TIPS)
    leads = [
        _lead(rows, side).encode(x=x, y=y, x2="seconds:Q", y2="gain:Q")
        for side in sides
        if PLACES[side].led
    ]
    named = [_named(rows, side).encode(x=x, y=y, text="method:N") for side in sides]
    layers = [zero.encode(y="zero:Q"), line.encode(x=x, y=y), bars, *leads, dots, *named]
    chart = alt.layer(*layers).properties(height=PLOT[1])
    return steered(chart, "scope", "metric", "plan", "classifier")


def _lead(rows: alt.Chart, side: int) -> alt.Chart:
    """Draw the lines to the names that stand off their dots on one side."""
    place = PLACES[side]
    mine = rows.transform_filter(f"datum.side === {side}")
    return mine.mark_rule(
        color=colour("soft"), strokeWidth=0.8, x2Offset=place.dx, y2Offset=place.dy
    )


def _named(rows: alt.Chart, side: int) -> alt.Chart:
    """Write the names that stand on one side of their dots, dark on the front."""
    mine = rows.transform_filter(f"datum.side === {side}")
    on = "datum.front === 1"
    place = PLACES[side]
    words = mine.mark_text(
        fontSize=11, dx=place.dx, dy=place.dy, align=place.align, limit=alt.ExprRef(NAME_WIDTH)
    )
    return words.encode(
        color=alt.condition(on, alt.value(colour("ink")), alt.value(colour("soft"))),
    )


def gains_of_classes(widest: float) -> Spec:
    """Draw gains in F1 by treatment and class."""
    here = "datum.scope === scope && datum.classifier === classifier"
    rows = chart_of("classes", here, "(datum.plan === plan || datum.plan === -1)")
    x = columns_axis("class", "place")
    y = rows_axis()
    ends = [-widest, -widest / 2, 0, widest / 2, widest]
    tiles = heat_tiles(rows, "gain", ends, x=x, y=y, tooltip=CLASS_TIPS)
    words = rows.transform_calculate(text=SIGNED_GAIN).mark_text(fontSize=11)
    words = words.encode(x=x, y=y, text="text:N", color=ink_on_tile("gain"))
    chart = alt.layer(tiles, words).properties(height=alt.Step(25))
    return steered(chart, "scope", "plan", "classifier")


def worth_figures(summary: dict[str, Any], families: list[str], against: str) -> list[Figure]:
    """Give gain against cost and gains by class, as far as the summary has numbers."""
    tables = summary["tables"]
    found = []
    if tables.get("classes", {"rows": []})["rows"]:
        place = tables["classes"]["columns"].index("gain")
        sizes = sorted(abs(row[place] or 0.0) for row in tables["classes"]["rows"])
        widest = max(0.03, min(0.2, sizes[int(0.95 * (len(sizes) - 1))]))
        spec = gains_of_classes(round(widest, 3))
        found.append(Figure("class-gains", "classes", "Gain in F1 by class", spec, "classes"))
    if tables.get("worth", {"rows": []})["rows"]:
        place = tables["worth"]["columns"].index("side")
        sides = sorted({row[place] for row in tables["worth"]["rows"]} - {NOWHERE})
        spec = gain_and_cost(families, against, sides)
        found.append(Figure("gain-cost", "worth", "Gain and cost", spec, "worth"))
    return found
