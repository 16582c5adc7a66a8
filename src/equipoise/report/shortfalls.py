"""Rows that were asked for and did not come, or came without being asked for."""

from typing import Any

from equipoise.analysis.frames import Results

WORTH_SAYING = 0.95  # share of the rows asked for below which a method's name needs a sentence


def off_count(results: Results) -> list[dict[str, Any]]:
    """Give each method, table, plan and class of which fewer or more rows came than were asked for."""
    off = results.deliveries[results.deliveries["requested"] != results.deliveries["delivered"]]
    return [
        {
            "dataset": dataset,
            "method": method,
            "label": label,
            "plan": plan,
            "requested": int(group["requested"].sum()),
            "delivered": int(group["delivered"].sum()),
        }
        for (dataset, method, plan, label), group in off.groupby(
            ["dataset", "method", "plan", "label"], sort=False
        )
    ]


def sentences(results: Results) -> list[str]:
    """Say of which methods many rows did not come, on which tables, so that plans are not taken at their word."""
    counts = ["requested", "delivered"]
    asked = results.deliveries.groupby(["method", "dataset"], sort=False)[counts].sum()
    said = []
    for method, by_table in asked.groupby(level="method", sort=False):
        requested, delivered = (int(by_table[name].sum()) for name in counts)
        if delivered >= WORTH_SAYING * requested:
            continue
        shares = ", ".join(
            f"{row.delivered / row.requested:.0%} on {row.Index[1]}"
            for row in by_table[by_table["requested"] > 0].itertuples()
        )
        said.append(
            f"{method} made {delivered:,} of the {requested:,} rows that its plans asked for ({shares}): what is said "
            "of a plan is said of so many rows."
        )
    return said
