"""The chart of gains by the share of training rows that was used: a panel for each treatment."""

from typing import Any

import altair as alt

from equipoise.report.drawing import Figure, Spec, family_colour, in_panels, tips_of
from equipoise.report.style import colour

ACROSS = 3
TIPS = tips_of(
    ("label", "treatment", ""),
    ("share", "of the training rows", ""),
    ("gain", "gain", "+.4f"),
    ("low", "from", "+.4f"),
    ("high", "to", "+.4f"),
)


def by_share_of(families: list[str]) -> Spec:
    """Draw the gain of each treatment over the shares, with its interval."""
    here = "datum.plan === plan && datum.classifier === classifier"
    base = alt.Chart().transform_filter(here)
    x = alt.X(
        "share:N",
        title=None,
        sort=alt.EncodingSortField(field="tick", op="min"),
        axis=alt.Axis(labelAngle=0, labelOverlap=False, grid=False),
    )
    label = "datum.value === 0 ? '0' : replace(format(datum.value, '+.2f'), '-', '−')"
    axis = alt.Axis(labelExpr=label, tickCount=5, grid=True)
    y = alt.Y("gain:Q", title=None, axis=axis)
    tint = family_colour(families)
    zero = alt.Chart().transform_calculate(zero="0").mark_rule(color=colour("zero"))
    zero = zero.encode(y=alt.Y("mean(zero):Q", title=None))
    bars = base.mark_rule(strokeWidth=2.2, opacity=0.5)
    bars = bars.encode(x=x, y=alt.Y("low:Q", title=None), y2="high:Q", color=tint, tooltip=TIPS)
    line = base.mark_line(strokeWidth=1.6, opacity=0.6).encode(x=x, y=y, color=tint)
    dots = base.mark_point(filled=True, size=60, opacity=1)
    dots = dots.encode(x=x, y=y, color=tint, tooltip=TIPS)
    layers = alt.layer(zero, line, bars, dots, data=alt.NamedData(name="scarcity"))
    header = alt.Header(labelFontSize=12, labelColor=colour("ink"), labelAnchor="start")
    facet = alt.Facet("label:N", title=None, header=header)
    chart = layers.properties(width=210, height=120)
    return in_panels(chart, facet, ACROSS, "plan", "classifier")


def scarcity_figures(summary: dict[str, Any], families: list[str]) -> list[Figure]:
    """Give the figure, if the run has thinned tables."""
    if not summary["tables"].get("scarcity", {"rows": []})["rows"]:
        return []
    title = "Gain by the share of the training rows"
    return [Figure("scarcity", "scarcity", title, by_share_of(families), "scarcity")]
