"""The charts of an advice page: the gain of every candidate, and that of choosing."""

from typing import Any

import altair as alt

from equipoise.report.drawing import (
    STEP,
    Figure,
    Spec,
    chart_of,
    rows_axis,
    steered,
    tips_of,
    value_axis,
)
from equipoise.report.style import colour

GROUPS = ("gains", "draws")
TICKS = "+.3~f"  # a step of the axis may be half a hundredth
ROLES = ("verdict", "best guess", "candidate")
ROLE_COLOURS = ("resampling", "trees", "decision")


def _rope(width: float) -> tuple[alt.Chart, alt.Chart]:
    """Draw the band within which a difference is of no practical interest, and the line of no difference."""
    ends = alt.Chart(alt.InlineData(values=[{"low": -width, "high": width, "zero": 0}]))
    band = ends.mark_rect(color=colour("band"), opacity=0.8).encode(x="low:Q", x2="high:Q")
    return band, ends.mark_rule(color=colour("zero"), strokeWidth=1.5).encode(x="zero:Q")


def gain_chart(width: float, metric: str) -> Spec:
    """Draw the gain of every candidate over doing nothing, with its interval."""
    rows = chart_of("gains")
    tips = tips_of(
        ("label", "candidate", ""), ("score", metric, ".4f"), ("gain", "gain", "+.4f"),
        ("low", "from", "+.4f"), ("high", "to", "+.4f"),
    )  # fmt: skip
    tint = alt.Color(
        "role:N", legend=None,
        scale=alt.Scale(domain=list(ROLES), range=[colour(name) for name in ROLE_COLOURS]),
    )  # fmt: skip
    x = value_axis("gain", f"gain in {metric} over doing nothing", form=TICKS)
    bars = rows.mark_rule(strokeWidth=2.4, opacity=0.55).encode(
        x=alt.X("low:Q"), x2="high:Q", y=rows_axis(), color=tint, tooltip=tips
    )
    dots = rows.mark_point(filled=True, size=95, opacity=1).encode(
        x=x, y=rows_axis(), color=tint, tooltip=tips
    )
    return steered(alt.layer(*_rope(width), bars, dots).properties(height=alt.Step(STEP)))


def draw_chart(width: float, metric: str) -> Spec:
    """Draw how the honest gain is spread over the bootstraps."""
    rows = chart_of("draws").transform_calculate(nothing="0")
    tips = tips_of(
        ("left", "from", "+.3f"), ("right", "to", "+.3f"), ("share", "bootstraps", ".1%")
    )
    share = alt.Y("share:Q", title="share of bootstraps", axis=alt.Axis(format=".0%", tickCount=4))
    x = value_axis("left", f"honest gain in {metric}", form=TICKS)
    bars = rows.mark_rect(color=colour("resampling"), opacity=0.75).encode(
        x=x, x2="right:Q", y=share, y2="nothing:Q", tooltip=tips
    )
    return steered(alt.layer(*_rope(width), bars).properties(height=210))


def advice_figures(summary: dict[str, Any]) -> list[Figure]:
    """Give every figure of an advice page, in its order."""
    width, metric = summary["width"], summary["metric"]
    return [
        Figure("gains", "gains", "Gain over doing nothing", gain_chart(width, metric), "gains"),
        Figure("draws", "draws", "What choosing is worth", draw_chart(width, metric), "draws"),
    ]
