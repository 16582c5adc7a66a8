"""The charts of probability quality: a pair of dots for every treatment, as it comes and moved back."""

from typing import Any

import altair as alt

from equipoise.analysis.probabilities import SCORES
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
from equipoise.report.probabilities import TITLES

TIPS = tips_of(
    ("label", "treatment", ""),
    ("as_it_comes", "as it comes", ".4f"),
    ("moved_back", "moved back", ".4f"),
)


def before_and_after(families: list[str], panel: int) -> Spec:
    """Draw one score as it comes (open) and moved back to the true class shares (filled), joined."""
    rows = chart_of("probabilities", f"datum.panel === {panel}")

    def x(field: str) -> alt.X:
        return value_axis(field, "○ as it comes  ● moved back", False, ".2f")

    y, tint = rows_axis(), family_colour(families)
    line = rows.mark_rule(strokeWidth=2, opacity=0.4)
    line = line.encode(x=x("as_it_comes"), x2="moved_back:Q", y=y, color=tint)
    before = rows.mark_point(filled=False, size=65, strokeWidth=1.6, opacity=1)
    before = before.encode(x=x("as_it_comes"), y=y, color=tint, tooltip=TIPS)
    after = rows.mark_point(filled=True, size=75, opacity=1)
    after = after.encode(x=x("moved_back"), y=y, color=tint, tooltip=TIPS)
    return steered(alt.layer(line, before, after).properties(height=alt.Step(STEP)))


def probability_figures(summary: dict[str, Any], families: list[str]) -> list[Figure]:
    """Give a figure for each score, if the run has moved any shares."""
    if not summary["tables"]["probabilities"]["rows"]:
        return []
    return [
        Figure(
            f"probabilities-{name}",
            "probabilities",
            TITLES[name],
            before_and_after(families, panel),
            "probabilities",
            {"panel": panel},
        )
        for panel, name in enumerate(SCORES)
    ]
