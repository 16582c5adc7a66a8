"""A method of which many rows did not come is named, with the shares of each table; one that made all is not."""

import pandas as pd

from equipoise.analysis.frames import COLUMNS, Results
from equipoise.report.shortfalls import off_count, sentences

ROWS = [
    ("a", "slow", "balance", "x", 40, 10),
    ("a", "slow", "grow:1", "x", 60, 10),
    ("a", "slow", "grow:1", "y", 0, 0),
    ("b", "slow", "balance", "x", 1_900, 1_850),
    ("a", "whole", "balance", "x", 100, 96),
    ("b", "whole", "balance", "x", 100, 100),
]


def run(rows):
    cells = [(d, 0, m, plan, label, asked, came, "") for d, m, plan, label, asked, came in rows]
    return Results(deliveries=pd.DataFrame(cells, columns=COLUMNS["deliveries"]))


def test_a_method_that_fell_short_is_named_with_its_tables():
    assert sentences(run(ROWS)) == [
        "slow made 1,870 of the 2,000 rows that its plans asked for (20% on a, 97% on b): what is said of a plan is "
        "said of so many rows."
    ]


def test_every_class_that_fell_short_is_listed():
    found = [(r["method"], r["plan"], r["requested"], r["delivered"]) for r in off_count(run(ROWS))]
    assert found == [
        ("slow", "balance", 40, 10), ("slow", "grow:1", 60, 10), ("slow", "balance", 1_900, 1_850),
        ("whole", "balance", 100, 96),
    ]  # fmt: skip


def test_a_run_without_deliveries_has_nothing_to_say():
    assert sentences(run([])) == off_count(run([])) == []
