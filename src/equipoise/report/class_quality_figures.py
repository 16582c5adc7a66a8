"""The heat map of faithfulness by class: whether the rows of the rarest class are as good as the others."""

from typing import Any

import altair as alt

from equipoise.report.drawing import (
    Figure,
    Spec,
    chart_of,
    columns_axis,
    heat_tiles,
    ink_on_tile,
    rows_axis,
    steered,
    tips_of,
)

TIPS = tips_of(
    ("method", "method", ""),
    ("table", "table", ""),
    ("class", "class", ""),
    ("calibrated", "calibrated", ".3f"),
    ("low", "from", ".3f"),
    ("high", "to", ".3f"),
    ("n", "splits (tables, over all)", "d"),
)


def quality_of_classes() -> Spec:
    """Draw the calibrated score that is chosen by method and class: orange at the floor, blue as real rows."""
    rows = chart_of("class-quality", "datum.scope === scope && datum.score_of === score_of")
    x = columns_axis("class", "place")
    y = rows_axis("method")
    tiles = heat_tiles(rows, "calibrated", (0, 0.25, 0.5, 0.75, 1), x=x, y=y, tooltip=TIPS)
    words = rows.transform_calculate(text="format(datum.calibrated, '.2f')").mark_text(fontSize=11)
    words = words.encode(x=x, y=y, text="text:N", color=ink_on_tile("calibrated"))
    chart = alt.layer(tiles, words).properties(height=alt.Step(25))
    return steered(chart, "scope", "score_of")


def class_quality_figures(summary: dict[str, Any]) -> list[Figure]:
    """Give the figure, if classes were scored by themselves."""
    if not summary["tables"]["class-quality"]["rows"]:
        return []
    title = "Faithfulness by class"
    return [Figure("class-quality", "class-quality", title, quality_of_classes(), "class-quality")]
