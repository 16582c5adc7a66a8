"""Correlations of quality and F1 whose answer is known."""

import math

import numpy as np
import pandas as pd
import pytest

from equipoise.analysis.trends import trend_between, trend_within


def points(turn=1.0, tables=5):
    rows = [
        (f"t{t}", f"m{m}", 0.5 + 0.05 * m + 0.01 * t, 0.4 + 0.05 * t + turn * 0.01 * m)
        for t in range(tables)
        for m in range(6)
    ]
    return pd.DataFrame(rows, columns=["dataset", "method", "quality", "f1"])


def test_methods_in_step_correlate_fully():
    found = trend_within(points(), np.random.default_rng(0))
    assert found.rho == pytest.approx(1.0)
    assert found.low > 0
    assert found.low == pytest.approx(found.rho - found.reach)  # as far as chance, no interval
    assert (found.tables, found.methods) == (5, 6)
    assert trend_within(points(-1.0), np.random.default_rng(0)).rho == pytest.approx(-1.0)


def test_three_methods_are_too_few():
    few = points()[lambda p: p["method"].isin(["m0", "m1", "m2"])]
    assert trend_within(few, np.random.default_rng(0)) is None


def test_tables_are_compared_above_their_chance():
    # table t4 has F1 0.6 of two classes: 0.2 above chance; the others have ten
    classes = {f"t{t}": 2 if t == 4 else 10 for t in range(5)}
    found = trend_between(points(turn=0.0), classes)
    # places 1 2 3 4 of the first four, the last one falls to the bottom: 1 - 6 (4 + 16) / 120
    assert found.rho == pytest.approx(0.0)
    assert found.tables == 5


def test_fisher_s_interval_by_hand():
    found = trend_between(points(turn=0.0)[lambda p: p["dataset"] != "t4"], dict.fromkeys(
        ("t0", "t1", "t2", "t3"), 3))  # fmt: skip
    reach = 1.96 * math.sqrt(1.06)
    assert found.low == pytest.approx(math.tanh(math.atanh(0.9999) - reach))
    assert math.isnan(found.reach)


def test_three_tables_are_too_few():
    assert trend_between(points(tables=3), {f"t{t}": 2 for t in range(3)}) is None
