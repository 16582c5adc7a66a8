"""From the summary of a verdict to one HTML file that needs no network."""

from pathlib import Path
from typing import Any

from equipoise.report.advice_figures import GROUPS, advice_figures
from equipoise.report.page import filled, write_whole


def render_advice(summary: dict[str, Any]) -> str:
    """Give the page as text.

    Parameters
    ----------
    summary : dict
        As `advice.summary.advice_summary` gives it.
    """
    payload = {"tables": summary["tables"], "lookups": {}}
    drawn = advice_figures(summary)
    return filled("advice.html.j2", drawn, GROUPS, payload, title=summary["title"], a=summary)


def write_advice_page(summary: dict[str, Any], path: str | Path) -> Path:
    """Write the page whole or not at all.

    Parameters
    ----------
    summary : dict
    path : path
        Of the HTML file; replaced if it is there.
    """
    return write_whole(render_advice(summary), path)
