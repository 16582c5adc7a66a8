"""What stays a table on the page, as CSV: the tables, the claims, what went wrong, what was not delivered."""

import csv
import io
from typing import Any

Rows = list[dict[str, Any]]


def listings(summary: dict[str, Any]) -> dict[str, str]:
    """Give the CSV of each such table that the summary has rows for, by the name of its file.

    Parameters
    ----------
    summary : dict
        As `summary.summarize` gives it.
    """
    found = {
        "tables": _tables(summary["datasets"]),
        "claims": _claims(summary["claims"]),
        "over-tables": (summary["across"] or {}).get("rows", []),
        "not-delivered": summary["short"],
        "failures": summary["trouble"],
        "fallbacks": summary["fallbacks"],
        "quality-by-class": _by_class(summary["quality"]),
    }
    return {name: _csv(rows) for name, rows in found.items() if rows}


def _tables(datasets: Rows) -> Rows:
    """Give one row per class of a table, with what the table is."""
    same = ("name", "rows", "columns", "kinds", "ratio")
    return [
        {
            **{name: entry[name] for name in same},
            "classes": len(entry["classes"]),
            "class": label,
            "rows_of_class": n,
            "scored": label not in entry["unscored"],
        }
        for entry in datasets
        for label, n in entry["classes"].items()
    ]


def _claims(section: dict[str, Any] | None) -> Rows:
    names = ("claim", "verdict", "value", "rule")
    return [{name: row[name] for name in names} for row in (section or {}).get("rows", [])]


def _by_class(section: dict[str, Any] | None) -> Rows:
    """Give the calibrated scores of each method and class; a dash is not informative."""
    if section is None:
        return []
    return [
        {
            "table": table["dataset"],
            "method": row["method"],
            "class": row["label"] or "all rows",
            **dict(zip(section["titles"], row["cells"], strict=True)),
            "too close": row["close"],
        }
        for table in section["by_class"]
        for row in table["rows"]
    ]


def _csv(rows: Rows) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
