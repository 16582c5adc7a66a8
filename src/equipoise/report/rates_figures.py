"""The charts by growth rate: a panel for each method, the average solid and the worst class dashed."""

from typing import Any

import altair as alt

from equipoise.report.drawing import Figure, Spec, family_colour, in_panels, tips_of
from equipoise.report.levels import AVERAGE, WORST
from equipoise.report.style import colour

ACROSS = 5
TIPS = tips_of(
    ("method", "method", ""),
    ("table", "table", ""),
    ("at", "rows made", ""),
    ("part", "classes", ""),
    ("closed", "gap closed", "+.1%"),
    ("relative", "F1, relative", "+.1%"),
)


def by_rate_of(families: list[str], field: str) -> Spec:
    """Draw a value over the growth rates, a panel a method; balancing stands first and is not on the line."""
    here = f"datum.scope === scope && datum.classifier === classifier && isValid(datum.{field})"
    base = alt.Chart().transform_filter(here)
    tint = family_colour(families)
    dash = alt.StrokeDash(
        "part:N",
        title=None,
        scale=alt.Scale(domain=[AVERAGE, WORST], range=[[1, 0], [4, 3]]),
    )
    x = alt.X(
        "at:N",
        title=None,
        sort=alt.EncodingSortField(field="tick", op="min"),
        axis=alt.Axis(
            labelAngle=-45, labelFontSize=10, labelPadding=4, labelOverlap=False, grid=False
        ),
    )
    label = "datum.value === 0 ? '0' : replace(format(datum.value, '+.0%'), '-', '−')"
    axis = alt.Axis(labelExpr=label, tickCount=4, grid=True, labelFontSize=10)
    y = alt.Y(f"{field}:Q", title=None, axis=axis)
    zero = alt.Chart().transform_calculate(zero="0").mark_rule(color=colour("zero"))
    zero = zero.encode(y=alt.Y("mean(zero):Q", title=None))
    line = base.transform_filter("slice(datum.at, 0, 1) === '+'").mark_line(strokeWidth=2)
    line = line.encode(x=x, y=y, color=tint, strokeDash=dash)
    full, ring = f"datum.part === '{AVERAGE}'", f"datum.part === '{WORST}'"
    dots = base.transform_filter(full).mark_point(filled=True, size=34, opacity=1)
    dots = dots.encode(x=x, y=y, color=tint, tooltip=TIPS)
    rings = base.transform_filter(ring).mark_point(filled=True, size=30, strokeWidth=1.4, opacity=1)
    rings = rings.encode(x=x, y=y, stroke=tint, fill=alt.value(colour("paper")), tooltip=TIPS)
    layers = alt.layer(zero, line, dots, rings, data=alt.NamedData(name="rates"))
    facet = alt.Facet(
        "method:N",
        title=None,
        header=alt.Header(labelFontSize=12, labelColor=colour("ink"), labelAnchor="start"),
    )
    chart = layers.properties(width=150, height=105)
    return in_panels(chart, facet, ACROSS, "scope", "classifier")


def rate_figures(summary: dict[str, Any], families: list[str]) -> list[Figure]:
    """Give the figures by growth rate, if the run has at least two rates."""
    if not summary["tables"].get("rates", {"rows": []})["rows"]:
        return []
    closed, relative = by_rate_of(families, "closed"), by_rate_of(families, "relative")
    return [
        Figure("rates-gap", "rates-gap", "Gap closed by growth rate", closed, "rates"),
        Figure("rates-f1", "rates-f1", "F1 relative to untouched rows, by growth rate", relative, "rates"),
    ]  # fmt: skip
