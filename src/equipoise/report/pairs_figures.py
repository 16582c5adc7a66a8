"""The heat map of pairs of columns: how well a method's rows keep the relation of each two."""

from typing import Any

import altair as alt

from equipoise.report.drawing import Figure, Spec, chart_of, ink_on_tile, steered, tips_of
from equipoise.report.style import HEAT, colour

WORST = 50  # percent, where the scale of colours ends: independent columns seldom fall below
TRIANGLE = "(sqrt(8 * datum.i + 1) - 1) / 2"


def pairs_of_columns(chosen: dict[str, int]) -> Spec:
    """Draw the lower triangle of the pairs of columns of the chosen table and method."""
    rows = chart_of("pairs", "datum.pair_table === pair_table && datum.maker === maker")
    rows = rows.transform_flatten(["percent"])
    rows = rows.transform_window(place="row_number()").transform_calculate(i="datum.place - 1")
    # the i-th number of the triangle belongs to row b and column a < b
    rows = rows.transform_calculate(b=f"1 + floor({TRIANGLE} + 1e-9)")
    rows = rows.transform_calculate(a="datum.i - datum.b * (datum.b - 1) / 2")
    rows = rows.transform_calculate(
        one="datum.names[datum.b]", other="datum.names[datum.a]", similar="datum.percent / 100"
    ).transform_filter("isValid(datum.percent)")
    tips = tips_of(("one", "column", ""), ("other", "with", ""), ("similar", "similarity", ".2f"))
    axis = alt.Axis(labelAngle=-45, labelFontSize=10, labelLimit=110, grid=False)
    x = alt.X("other:N", title=None, sort=alt.EncodingSortField("a", op="min"), axis=axis)
    rows_axis = alt.Axis(labelFontSize=10, labelLimit=130)
    y = alt.Y("one:N", title=None, sort=alt.EncodingSortField("b", op="min"), axis=rows_axis)
    scale = alt.Scale(
        domain=[WORST, 75, 90, 100],
        range=[HEAT[0], HEAT[1], HEAT[2], HEAT[4]],
        clamp=True,
        interpolate="rgb",
    )
    tint = alt.Color("percent:Q", scale=scale, legend=None)
    tiles = rows.mark_rect(cornerRadius=1, stroke=colour("paper"), strokeWidth=1)
    tiles = tiles.encode(x=x, y=y, color=tint, tooltip=tips)
    few = "length(datum.names) <= 20"
    words = rows.transform_filter(few).mark_text(fontSize=9)
    words = words.encode(x=x, y=y, text="percent:Q", color=ink_on_tile("percent"))
    chart = alt.layer(tiles, words).properties(height=alt.Step(18))
    return steered(chart, "pair_table", "maker", **chosen)


def pair_figures(summary: dict[str, Any]) -> list[Figure]:
    """Give the heat map of pairs of columns, if the run has stored any."""
    if not summary["tables"].get("pairs", {"rows": []})["rows"]:
        return []
    spec = pairs_of_columns(summary["chosen"])
    return [Figure("column-pairs", "pairs", "Pairs of columns, percent alike", spec, "pairs")]
