"""The charts of a run under the tutorial's protocol: errors by treatment, and confusion matrices before and after."""

from typing import Any

import altair as alt

from equipoise.report.drawing import (
    STEP,
    Figure,
    Spec,
    chart_of,
    family_colour,
    heat_tiles,
    in_panels,
    ink_on_tile,
    rows_axis,
    steered,
    tips_of,
    value_axis,
)
from equipoise.report.style import colour

ACROSS = 5
ERROR_TIPS = tips_of(
    ("label", "treatment", ""),
    ("of", "rows", ""),
    ("error", "misclassified, %", ".2f"),
    ("low", "from", ".2f"),
    ("high", "to", ".2f"),
    ("change", "change, points", "+.2f"),
    ("change_low", "change, from", "+.2f"),
    ("change_high", "change, to", "+.2f"),
    ("n", "seeds", "d"),
)
CONFUSION_TIPS = tips_of(
    ("label", "treatment", ""),
    ("truth", "true class", ""),
    ("predicted", "predicted", ""),
    ("rows", "mean rows", ",.1f"),
    ("percent", "% of the true class", ".1f"),
)


def errors_of(families: list[str], panel: int) -> Spec:
    """Draw the errors of every treatment with intervals, and those of untouched rows as a line through all."""
    rows = chart_of("errors", f"datum.panel === {panel}")
    y, tint = rows_axis(), family_colour(families)

    def x(field: str) -> alt.X:
        return value_axis(field, "% misclassified", False, ".1f")

    before = rows.transform_filter("datum.order === 0").mark_rule(color=colour("zero"))
    bars = rows.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=2.2, opacity=0.55)
    bars = bars.encode(x=x("low"), x2="high:Q", y=y, color=tint)
    dots = rows.mark_point(filled=True, size=70, opacity=1)
    dots = dots.encode(x=x("error"), y=y, color=tint, tooltip=ERROR_TIPS)
    chart = alt.layer(before.encode(x=x("error")), bars, dots)
    return steered(chart.properties(height=alt.Step(STEP)))


def confusion_matrices() -> Spec:
    """Draw a small heat map a treatment: right in blue, wrong in orange, deeper for a larger share of the class."""
    base = alt.Chart().transform_calculate(
        shade="datum.right === 1 ? datum.percent : -datum.percent",
        text="format(datum.rows, ',.0f')",
        share="isValid(datum.percent) ? format(datum.percent, '.1f') + ' %' : ''",
    )
    axis = alt.Axis(labelAngle=0, labelFontSize=10, labelLimit=60, labelPadding=3, grid=False)
    x = alt.X("predicted:N", title=None, sort=None, axis=axis)
    side = alt.Axis(labelFontSize=10, labelLimit=80)
    y = alt.Y("truth:N", title=None, sort=None, axis=side)
    tiles = heat_tiles(base, "shade", (-100, -50, 0, 50, 100), x=x, y=y, tooltip=CONFUSION_TIPS)
    ink = ink_on_tile("shade")
    counts = base.mark_text(fontSize=12, fontWeight=600, dy=-7)
    counts = counts.encode(x=x, y=y, text="text:N", color=ink)
    shares = base.mark_text(fontSize=11, dy=8).encode(x=x, y=y, text="share:N", color=ink)
    layers = alt.layer(tiles, counts, shares, data=alt.NamedData(name="confusion"))
    header = alt.Header(labelFontSize=12, labelColor=colour("ink"), labelAnchor="start")
    facet = alt.Facet(
        "label:N", title=None, header=header, sort=alt.EncodingSortField("order", op="min")
    )
    chart = layers.properties(width=alt.Step(66), height=alt.Step(40))
    return in_panels(chart, facet, ACROSS)


def rerun_figures(summary: dict[str, Any], families: list[str]) -> list[Figure]:
    """Give the figures, if the run was made under the tutorial's protocol."""
    tables = summary["tables"]
    found = []
    labels = dict.fromkeys((row[0], row[1]) for row in tables["errors"]["rows"])
    for panel, label in sorted(labels):
        title = f"Errors, {label}" if panel == 0 else f"Errors, class {label}"
        spec, only = errors_of(families, panel), {"panel": panel}
        found.append(Figure(f"errors-{panel}", "errors", title, spec, "errors", only))
    if tables["confusion"]["rows"]:
        title = "Confusion matrices (down: true class, across: predicted)"
        found.append(Figure("confusion", "confusion", title, confusion_matrices(), "confusion"))
    return found
