"""Mode collapse: distinct rows and effective rows, expected exactly at equal sizes."""

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.fidelity.mode_collapse import METRICS, distinct_at, effective_at, row_counts
from equipoise.fidelity.reading import read_trio

DISTINCT, EFFECTIVE = METRICS
RNG = np.random.default_rng(0)
COUNTS = st.lists(st.integers(1, 5), min_size=1, max_size=6).map(np.array)


def table(seed, n=2000):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    return pd.DataFrame(x, columns=list("uvw")).assign(
        a=rng.choice(list("abc"), n), y=np.where(x[:, 0] > 0.5, "p", "q")
    )


def score(metric, real, made):
    return metric.measure(read_trio(real, made, "y").trio, RNG)


@settings(max_examples=30, deadline=None)
@given(counts=COUNTS, share=st.floats(0, 1))
def test_expected_distinct_rows_are_the_mean_over_all_draws(counts, share):
    rows = np.repeat(np.arange(len(counts)), counts)[:12]
    counts = np.bincount(rows)
    k = max(1, round(share * len(rows)))
    draws = [len(set(draw)) for draw in combinations(rows.tolist(), k)]
    assert distinct_at(counts, k) == pytest.approx(np.mean(draws), rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(counts=COUNTS, k=st.integers(2, 50))
def test_effective_rows_lie_between_one_and_all(counts, k):
    value = effective_at(counts, k)
    assert 1 - 1e-12 <= value <= k + 1e-12
    n = int(counts.sum())
    if n > 1:
        shares = counts / n
        assert effective_at(counts, n) == pytest.approx(1 / (shares @ shares), rel=1e-9)
    assert effective_at(np.ones(9, dtype=int), k) == k


def test_rows_are_equal_where_all_cells_are_missing_ones_and_signed_zeros_too():
    numbers = np.array([[0.0, np.nan], [-0.0, np.nan], [0.0, 1.0], [1.0, 0.0]])
    codes = np.array([[-1], [-1], [-1], [0]])
    assert sorted(row_counts(numbers, codes)) == [1, 1, 2]


def test_fresh_rows_have_not_collapsed():
    assert score(DISTINCT, table(0), table(1)).value == 1
    # 3,000 cells hold 2000^2 / 2 / 3000 = 667 equal pairs, 4 % more or fewer; D moves the figure by 0.67 / 1.67
    # of that, so that 3 sd of the ratio are 3 * 0.04 * sqrt(2) * 0.4
    assert score(EFFECTIVE, table(0), table(1)).value > 1 - 0.07


def test_few_repeated_rows_have_collapsed_whatever_the_number_of_rows():
    real = table(0)
    few = real.iloc[:20]
    for copies in (10, 100, 500):
        made = pd.concat([few] * copies, ignore_index=True)
        k = min(len(made), len(real))
        assert score(DISTINCT, real, made).value == pytest.approx(20 / k, rel=0.02)
        assert score(EFFECTIVE, real, made).value < 0.15


def test_noise_on_repeated_rows_hides_them_from_distinct_rows_only():
    real = table(0)
    made = pd.concat([real.iloc[:20]] * 100, ignore_index=True)
    made[list("uvw")] += 1e-6 * np.random.default_rng(1).normal(size=(2000, 3))
    assert score(DISTINCT, real, made).value == 1
    assert score(EFFECTIVE, real, made).value < 0.05


def test_the_columns_that_collapsed_are_named():
    real = table(0)
    made = table(1).assign(u=0.3, a=np.where(np.arange(2000) % 100, "a", "b"))
    items = score(EFFECTIVE, real, made).items
    assert set(items) == {"u", "v", "w", "a", "y"}
    assert items["u"] < 0.15
    assert items["a"] < 0.4
    assert min(items["v"], items["w"]) > 0.95


def test_real_rows_that_repeat_themselves_are_the_measure():
    real = pd.concat([table(0, 100)] * 10, ignore_index=True)
    made = pd.concat([table(1, 100)] * 10, ignore_index=True)
    assert score(DISTINCT, real, made).value == pytest.approx(1, abs=1e-9)


def test_a_single_row_has_no_score():
    trio = read_trio(table(0), table(1), "y").trio
    alone = trio.with_synthetic(trio.synthetic.take(np.array([0])))
    for metric in METRICS:
        assert math.isnan(metric.measure(alone, RNG).value)
