"""The chart of mean ranks with the critical difference."""

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
from equipoise.report.style import colour

TIPS = tips_of(("label", "treatment", ""), ("rank", "mean rank", ".2f"), ("n", "tables", "d"))


def mean_ranks(families: list[str]) -> Spec:
    """Draw mean ranks, and in grey what lies within the critical difference of the best."""
    here = "datum.metric === metric && datum.plan === plan && datum.classifier === classifier"
    rows = chart_of("standings", here)
    x = value_axis("rank", "mean rank, 1 is best", False, ".0f")
    reach = rows.transform_aggregate(best="min(best)", end="min(end)")
    band = reach.mark_rect(color=colour("band"), opacity=1)
    band = band.encode(x=value_axis("best", "mean rank, 1 is best", False, ".0f"), x2="end:Q")
    dots = rows.mark_point(filled=True, size=75, opacity=1)
    dots = dots.encode(x=x, y=rows_axis(), color=family_colour(families), tooltip=TIPS)
    chart = alt.layer(band, dots).properties(height=alt.Step(STEP))
    return steered(chart, "metric", "plan", "classifier")


def standing_figures(summary: dict[str, Any], families: list[str]) -> list[Figure]:
    """Give the chart, if the run has enough tables."""
    if not summary["tables"]["standings"]["rows"]:
        return []
    return [Figure("ranks", "ranks", "Mean ranks", mean_ranks(families), "standings")]
