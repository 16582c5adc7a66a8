"""The charts of a quality page: scores between floor and ceiling, marginals, pairs, rows in a plane, distances."""

from typing import Any

import altair as alt

from equipoise.report.drawing import STEP, Figure, Spec, chart_of, rows_axis, steered, tips_of
from equipoise.report.style import HEAT, colour

GROUPS = ("scores", "columns", "pairs", "rows", "distances")
LEFT, RIGHT = (
    -0.25,
    1.25,
)  # where the scale of the scores ends; what lies beyond is drawn at the end
WRITTEN = 1.32
HEADING = "\u2063"  # an invisible mark before the names of groups
NEAR, FAR = (
    0.895,
    0.495,
)  # a score that is written as 0.90 is drawn as good, one as 0.50 as half way
SHORT = "abs(datum.value) >= 1e4 ? format(datum.value, '~s') : format(datum.value, '~g')"
CLASS_COLOURS = ("resampling", "trees", "neighbours", "network", "noise", "own")

SCORE_TIPS = tips_of(
    ("label", "score", ""),
    ("value", "value", ".4f"),
    ("floor", "floor", ".4f"),
    ("ceiling", "ceiling", ".4f"),
    ("calibrated", "calibrated", ".3f"),
    ("low", "from", ".3f"),
    ("high", "to", ".3f"),
)


def score_chart() -> Spec:
    """Draw every score as a point between its floor (0) and its ceiling (1)."""
    rows = chart_of("scores", "datum.scope === scope")
    known = rows.transform_filter("isValid(datum.calibrated)")
    bold = {"test": f"slice(datum.label, 0, 1) === '{HEADING}'", "value": "bold"}
    axis = alt.Y(
        "label:N",
        title=None,
        sort=alt.EncodingSortField(field="order", op="min", order="ascending"),
        axis=alt.Axis(labelFontWeight={"condition": bold, "value": "normal"}),
    )
    label = "datum.value === 0 ? 'floor' : datum.value === 1 ? 'real rows' : ''"
    x = alt.X(
        "at:Q",
        title=None,
        scale=alt.Scale(domain=[LEFT - 0.06, WRITTEN + 0.3], nice=False, zero=False),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], labelExpr=label, orient="top", grid=True),
    )
    tint = alt.Color(
        "calibrated:Q",
        legend=None,
        scale=alt.Scale(
            type="threshold",
            domain=[FAR, NEAR],
            range=[colour("trees"), colour("noise"), colour("resampling")],
        ),
    )
    ends = alt.Chart(alt.InlineData(values=[{"floor": 0, "ceiling": 1}]))
    band = ends.mark_rect(color=colour("band"), opacity=0.55).encode(x="floor:Q", x2="ceiling:Q")
    wall = ends.mark_rule(color=colour("zero"), strokeWidth=1.5).encode(x="ceiling:Q")
    base = ends.mark_rule(color=colour("zero"), strokeWidth=1.5).encode(x="floor:Q")
    bars = known.transform_filter("isValid(datum.from)").mark_rule(strokeWidth=2.4, opacity=0.5)
    bars = bars.encode(x=alt.X("from:Q"), x2="to:Q", y=axis, color=tint)
    dots = known.mark_point(filled=True, size=110, opacity=1)
    dots = dots.encode(x=x, y=axis, color=tint, tooltip=SCORE_TIPS)
    words = known.transform_calculate(written=f"{WRITTEN}").mark_text(align="left", fontSize=12)
    words = words.encode(x="written:Q", y=axis, text="text:N", tooltip=SCORE_TIPS)
    lost = rows.transform_filter("!isValid(datum.calibrated)").transform_calculate(left="0.02")
    room = alt.expr("0.8 * width")  # to the right edge, where a narrow screen cuts the words
    lost = lost.mark_text(align="left", color=colour("soft"), fontSize=11, limit=room)
    lost = lost.encode(x="left:Q", y=axis, text="text:N", tooltip=SCORE_TIPS)
    chart = alt.layer(band, base, wall, bars, dots, words, lost).properties(height=alt.Step(STEP))
    return steered(chart, "scope")


def number_chart(table: str, dates: bool) -> Spec:
    """Draw the distribution of a column of numbers: real rows filled, synthetic rows as an outline."""
    rows = chart_of(table)
    share = alt.Y("share:Q", title=None, axis=alt.Axis(format=".0%", tickCount=3, grid=True))
    kind = "T" if dates else "Q"
    scale = alt.Undefined if dates else alt.Scale(zero=False, nice=False)
    axis = alt.Axis(tickCount=4, grid=False, labelExpr=alt.Undefined if dates else SHORT)
    x = alt.X(f"left:{kind}", title=None, scale=scale, axis=axis)
    tips = tips_of(("span", "from, to", ""), ("share", "real", ".1%"), ("made", "synthetic", ".1%"))
    based = rows.transform_calculate(nothing="0")
    real = based.mark_rect(color=colour("real")).encode(
        x=x, x2="right", y=share, y2="nothing:Q", tooltip=tips
    )
    made = based.mark_rect(
        filled=False, stroke=colour("added"), strokeWidth=1.6, fill="transparent"
    ).encode(x=x, x2="right", y=alt.Y("made:Q", title=None), y2="nothing:Q", tooltip=tips)
    return steered(alt.layer(real, made).properties(height=130))


def level_chart(table: str) -> Spec:
    """Draw the shares of a column's levels: real rows as bars, synthetic rows as dots."""
    rows = chart_of(table)
    axis = alt.Axis(format=".0%", tickCount=3)
    tips = tips_of(("label", "level", ""), ("share", "real", ".1%"), ("made", "synthetic", ".1%"))
    real = rows.mark_bar(color=colour("real"), height=11).encode(
        x=alt.X("share:Q", title=None, axis=axis), y=rows_axis(), tooltip=tips
    )
    made = rows.mark_tick(color=colour("added"), thickness=3, size=15).encode(
        x=alt.X("made:Q", title=None, axis=axis), y=rows_axis(), tooltip=tips
    )
    return steered(alt.layer(real, made).properties(height=alt.Step(17)))


def pair_chart(field: str, widest: float, columns: int) -> Spec:
    """Draw how strongly each pair of columns goes together, or by how much that differs."""
    first = alt.X(
        "second:N",
        title=None,
        sort=alt.EncodingSortField(field="j", op="min"),
        axis=alt.Axis(labels=False, grid=False),
    )
    scale = alt.Scale(
        domain=[-widest, -widest / 2, 0, widest / 2, widest],
        range=list(HEAT),
        clamp=True,
        interpolate="rgb",
    )
    tips = tips_of(
        ("first", "column", ""),
        ("second", "and", ""),
        ("real", "real", "+.2f"),
        ("made", "synthetic", "+.2f"),
        ("change", "difference", "+.2f"),
    )
    tiles = (
        chart_of("pairs")
        .mark_rect()
        .encode(
            x=first,
            y=rows_axis("first", "i"),
            color=alt.Color(f"{field}:Q", scale=scale, legend=None),
            tooltip=tips,
        )
    )
    step = max(12, min(22, 300 // max(columns, 1)))
    return steered(tiles.properties(height=alt.Step(step)))


def row_chart(table: str, domain: list[list[float]], classes: int) -> Spec:
    """Draw rows as points of a plane."""
    axis = alt.Axis(labels=False, grid=False, title=None)
    x, y = (
        alt.X("x:Q", scale=alt.Scale(domain=domain[0], zero=False, nice=False), axis=axis),
        alt.Y("y:Q", scale=alt.Scale(domain=domain[1], zero=False, nice=False), axis=axis),
    )
    shown = [colour(name) for name in CLASS_COLOURS[:classes]] + [colour("soft")]
    tint = alt.Color(
        "group:O", legend=None, scale=alt.Scale(domain=list(range(classes + 1)), range=shown)
    )
    dots = chart_of(table).mark_point(filled=True, size=14, opacity=0.5, clip=True)
    dots = dots.encode(x=x, y=y, color=tint, tooltip=tips_of(("label", "class", "")))
    return steered(dots.properties(height=330))


def distance_chart() -> Spec:
    """Draw which share of rows has a training row within a distance."""
    rows = chart_of("distances")
    kinds = alt.Scale(
        domain=["fresh real rows", "synthetic rows"], range=[colour("soft"), colour("added")]
    )
    tips = tips_of(("kind", "rows", ""), ("distance", "within", ".3f"), ("share", "share", ".1%"))
    lines = rows.mark_line(strokeWidth=2.4, interpolate="step-after").encode(
        x=alt.X(
            "distance:Q",
            title="distance to the nearest training row",
            axis=alt.Axis(tickCount=6, labelExpr=SHORT),
        ),
        y=alt.Y(
            "share:Q",
            title="share of rows",
            axis=alt.Axis(format=".0%", tickCount=4, grid=True, labelColor=colour("soft")),
        ),
        color=alt.Color("kind:N", legend=None, scale=kinds),
        tooltip=tips,
    )
    return steered(lines.properties(height=250))


def quality_figures(summary: dict[str, Any]) -> list[Figure]:
    """Give every figure of a quality page, in its order."""
    found = [
        Figure("scores", "scores", "Scores between floor and ceiling", score_chart(), "scores")
    ]
    for column in summary["columns"]:
        table = column["table"]
        spec = level_chart(table) if column["levels"] else number_chart(table, column["dates"])
        found.append(Figure(table, "columns", column["title"], spec, table))
    pairs = summary["pairs"]
    if pairs["columns"] > 1:
        for field, title, widest in (
            ("real", "Real", 1.0),
            ("made", "Synthetic", 1.0),
            ("change", "Synthetic minus real", pairs["widest"]),
        ):
            spec = pair_chart(field, widest, pairs["columns"])
            found.append(Figure(f"pairs-{field}", "pairs", title, spec, "pairs"))
    plane = summary["plane"]
    for table, title in (("real-rows", "Real rows"), ("made-rows", "Synthetic rows")):
        spec = row_chart(table, plane["domain"], plane["classes"])
        found.append(Figure(table, "rows", title, spec, table))
    found.append(
        Figure("distances", "distances", "Nearest training rows", distance_chart(), "distances")
    )
    return found
