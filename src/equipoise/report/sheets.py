"""The numbers of a figure as CSV, in words instead of places in lists."""

import csv
import io
import json
from typing import Any

from equipoise.report.charted import expand
from equipoise.report.drawing import Figure

# Columns that place a mark and say nothing else.
DRAWING = ("order", "first", "tone", "side", "panel")
# What another column says.
TWICE = {"table": "scope", "label": "treatment", "word": "verdict", "opponent": "against"}


def chosen_in(summary: dict[str, Any], scope: int) -> dict[str, int]:
    """Give what a file shows: of every choice the first, unless another stands first on the page."""
    return {**summary.get("chosen", {}), "scope": scope}


def sheet(figure: Figure, summary: dict[str, Any], scope: int = 0) -> str:
    """Give as CSV what the file of a figure shows.

    Parameters
    ----------
    figure : Figure
    summary : dict
    scope : int, default=0
        As `figures.standalone` takes it.
    """
    looked, chosen = summary["lookups"], chosen_in(summary, scope)
    wanted = {name: chosen.get(name, 0) for name in figure.steers} | figure.only
    table = summary["tables"][figure.table]
    if "scope" in table["columns"]:
        place = table["columns"].index("scope")
        if scope not in {row[place] for row in table["rows"]}:  # then the file shows every table
            wanted.pop("scope", None)
    rows = [
        {column: _word(column, value, looked) for column, value in record.items()}
        for record in expand(table, looked)
        if all(_shown(record.get(name, value), name, value) for name, value in wanted.items())
    ]
    columns = [c for c in (rows[0] if rows else ()) if c not in DRAWING]
    columns = [c for c in columns if TWICE.get(c) not in columns]
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _shown(found: Any, name: str, wanted: int) -> bool:
    return bool(found == wanted or (name == "plan" and found == -1))  # beside every plan


def _word(column: str, value: Any, looked: dict[str, list[Any]]) -> Any:
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    if column in looked and isinstance(value, int):
        return looked[column][value] if value >= 0 else ""
    return value
