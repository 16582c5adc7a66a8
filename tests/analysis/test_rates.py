"""Values by growth rate, by hand."""

import math

import pandas as pd
import pytest

from equipoise.analysis.rates import by_rate, growth_rate, mean_by_rate, rate_plans


def table_of(*rows):
    columns = ["dataset", "method", "plan", "decision", "base_test", "test_change", "improvement"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(classifier="xgboost", n=5, n_failed=0)


def test_only_equal_growth_has_a_rate():
    assert growth_rate("grow:0.25") == 0.25
    assert [growth_rate(p) for p in ("balance", "balance:0.5", "none", "")] == [None] * 4


def test_balancing_stands_first_and_rates_rise():
    plans = ["balance", "grow:0.1", "grow:2", "grow:0.25", "balance:0.5"]
    assert rate_plans(plans) == ["balance", "grow:0.1", "grow:0.25", "grow:2"]


def test_one_rate_is_no_line():
    assert rate_plans(["balance", "grow:0.5"]) == []
    assert rate_plans([]) == []


def test_a_relative_gain_is_the_change_over_the_untreated_score():
    table = table_of(
        ("a", "smote", "grow:0.5", "plain", 0.5, 0.05, 0.2),
        ("b", "smote", "grow:0.5", "plain", 0.8, -0.04, math.nan),
    )
    found = by_rate(table)
    assert list(found["relative"]) == pytest.approx([0.1, -0.05])
    (mean,) = mean_by_rate(found).itertuples(index=False)
    assert mean.relative == pytest.approx(0.025)
    assert mean.closed == pytest.approx(0.2)  # a table whose gap is too small is left out
    assert (mean.tables, mean.lost) == (2, False)


def test_other_decisions_and_what_cannot_grow_are_left_out():
    table = table_of(
        ("a", "smote", "grow:0.5", "threshold", 0.5, 0.05, 0.2),
        ("a", "undersample", "balance", "plain", 0.5, 0.05, 0.2),
        ("a", "identity", "none", "balanced", 0.5, 0.05, 0.2),
    )
    assert by_rate(table).empty


def test_what_failed_in_every_split_is_marked():
    table = table_of(("a", "smote", "grow:0.5", "plain", 0.5, 0.0, 0.0)).assign(n_failed=5)
    assert list(by_rate(table)["lost"]) == [True]
