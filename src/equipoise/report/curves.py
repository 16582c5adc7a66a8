"""The training curves of a run under the tutorial's protocol: means over seeds, each a share of its largest value."""

from typing import Any

import altair as alt

from equipoise.analysis.frames import Results
from equipoise.report.charted import Table, number
from equipoise.report.drawing import Figure, Spec, in_panels, tips_of
from equipoise.report.rerun import is_rerun
from equipoise.report.style import colour

PARTS = ("loss", "reconstruction", "divergence")
TINTS = ("resampling", "trees", "neighbours")
ACROSS = 4
TIPS = tips_of(
    ("method", "method", ""),
    ("part", "part", ""),
    ("at", "evaluation", "d"),
    ("share", "share of its largest", ".3f"),
)


def curves(results: Results) -> Table:
    """One row per method, part of the loss and evaluation: mean over seeds, divided by the largest such mean."""
    columns = ["method", "part", "at", "share"]
    history = results.history
    if not is_rerun(results) or history.empty:
        return {"columns": columns, "rows": []}
    mine = history[history["name"].isin(PARTS)]
    mean = mine.groupby(["method", "name", "step"], sort=False)["value"].mean()
    largest = mean.groupby(level=["method", "name"]).max()
    rows: list[list[Any]] = [
        [method, part, int(step) + 1, number(value / largest[method, part], 4)]
        for (method, part, step), value in mean.items()
        if largest[method, part] > 0
    ]
    return {"columns": columns, "rows": rows}


def training_curves() -> Spec:
    """Draw the loss and its parts over the training, a panel a method."""
    tint = alt.Color(
        "part:N", title=None, scale=alt.Scale(domain=list(PARTS), range=[colour(t) for t in TINTS])
    )
    x = alt.X("at:Q", title=None, axis=alt.Axis(tickCount=3, grid=False, labelFontSize=10))
    y = alt.Y("share:Q", title=None, axis=alt.Axis(tickCount=4, labelFontSize=10))
    base = alt.Chart(alt.NamedData(name="curves"))
    lines = base.mark_line(strokeWidth=1.8).encode(x=x, y=y, color=tint, tooltip=TIPS)
    header = alt.Header(labelFontSize=12, labelColor=colour("ink"), labelAnchor="start")
    facet = alt.Facet("method:N", title=None, header=header)
    return in_panels(lines.properties(width=190, height=95), facet, ACROSS)


def curve_figures(summary: dict[str, Any]) -> list[Figure]:
    """Give the figure, if there are curves."""
    if not summary["tables"]["curves"]["rows"]:
        return []
    return [Figure("curves", "curves", "Training curves", training_curves(), "curves")]
