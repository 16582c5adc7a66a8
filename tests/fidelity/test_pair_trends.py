"""Scores of pairs of columns: the reference values, the two kinds of bins, and what holds for any pair."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import contingency, pearsonr

from equipoise.errors import OptionError
from equipoise.fidelity import column_pair_trends, overall_quality
from equipoise.fidelity.bins import N_CODES, binned
from equipoise.fidelity.column_pair_trends import pair_strengths
from equipoise.fidelity.column_shapes import column_shapes
from equipoise.fidelity.contingency_similarity import contingency_similarity, cramers_v
from equipoise.fidelity.correlation_similarity import correlation_similarity, correlations
from equipoise.fidelity.reading import read_trio

trends = column_pair_trends.column_pair_trends
PAIRS = st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 2)), min_size=1, max_size=40).map(
    lambda v: np.array(v, dtype=np.int64)
)


def correlated(rho, n=4):
    """Give two columns whose correlation is rho exactly."""
    a, b = np.array([1.0, -1, 1, -1]), np.array([1.0, 1, -1, -1])
    return np.c_[a, rho * a + math.sqrt(1 - rho * rho) * b]


def table(seed, n=400, dependent=True):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "x": x,
            "z": x + 0.3 * rng.normal(size=n),
            "a": np.where(x + 0.3 * rng.normal(size=n) > 0, "up", "down"),
            "y": np.where(x > 1, "p", "q"),
        }
    )
    if not dependent:
        frame = pd.DataFrame({c: rng.permutation(frame[c].to_numpy()) for c in frame})
    return frame


# numbers with numbers


def test_correlations_of_0_8_and_minus_0_2_score_a_half():
    score = correlation_similarity(correlated(0.8), correlated(-0.2))
    assert score[0, 1] == pytest.approx(0.5, abs=1e-15)


def test_correlations_are_those_of_scipy_over_complete_rows():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 6)) @ rng.normal(size=(6, 6)) * 10.0 ** np.arange(-150, 150, 50)
    x[rng.random(x.shape) < 0.2] = np.nan
    rho = correlations(x)
    for a in range(6):
        for b in range(a):
            rows = ~np.isnan(x[:, [a, b]]).any(axis=1)
            expected = pearsonr(x[rows, a], x[rows, b])[0]
            assert rho[a, b] == rho[b, a] == pytest.approx(expected, abs=1e-12)


def test_a_spread_that_is_lost_beside_an_outlier_is_not_lost():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(50, 2))
    x[:, 1] += x[:, 0]
    expected = pearsonr(x[1:, 0], x[1:, 1])[0]
    x[0] = 1e9, np.nan  # the row is left out with its gap, but has moved the mean
    assert correlations(x)[0, 1] == pytest.approx(expected, abs=1e-6)


def test_constant_columns_and_single_rows_have_no_correlation():
    nan = math.nan
    assert math.isnan(correlations(np.array([[1.0, 2], [1, 3], [1, 4]]))[0, 1])
    assert math.isnan(correlations(np.array([[1.0, 2], [nan, 3], [3, nan]]))[0, 1])
    assert math.isnan(correlations(np.array([[1.0, 2], [1, 3], [2, nan]]))[0, 1])
    assert np.isnan(correlations(np.empty((0, 2)))).all()
    assert correlations(np.empty((5, 0))).shape == (0, 0)


# levels with levels


def test_contingency_is_half_the_sum_of_differences_of_joint_shares():
    real = np.array([[0, 0], [0, 1], [1, 1], [1, 1]])
    made = np.array([[0, 0], [1, 0], [1, 1], [-1, 1]])
    # shares differ by 0.25 in (0, 1), (1, 1), (1, 0) and (missing, 1)
    assert contingency_similarity(real, made, (2, 2)) == 0.5
    assert math.isnan(contingency_similarity(real[:0], made, (2, 2)))


def test_large_tables_of_levels_are_counted_by_the_cells_that_occur():
    rng = np.random.default_rng(0)
    real, made = (rng.integers(5, size=(50, 2)) for _ in range(2))
    few = contingency_similarity(real, made, (5, 5))
    many = contingency_similarity(real * 199_999, made * 199_999, (10**6, 10**6))
    assert many == pytest.approx(few, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(real=PAIRS, made=PAIRS, seed=st.integers(0, 99))
def test_contingency_is_a_symmetric_distance_of_rows_in_any_order(real, made, seed):
    value = contingency_similarity(real, made, (4, 3))
    assert -1e-12 <= value <= 1 + 1e-12
    assert contingency_similarity(made, real, (4, 3)) == pytest.approx(value, abs=1e-12)
    turned = np.random.default_rng(seed).permutation(real)[:, ::-1]
    assert contingency_similarity(turned, made[:, ::-1], (3, 4)) == pytest.approx(value, abs=1e-12)
    assert contingency_similarity(real, np.tile(real, (3, 1)), (4, 3)) == pytest.approx(1)


@settings(max_examples=60, deadline=None)
@given(pairs=PAIRS)
def test_cramers_v_is_that_of_scipy(pairs):
    counts = pd.crosstab(pairs[:, 0], pairs[:, 1]).to_numpy()
    value = cramers_v(pairs, (4, 3))
    if min(counts.shape) < 2:
        assert math.isnan(value)
    else:
        # phi^2 is a difference from 1: 1e-15 of it is 3e-8 of its root
        assert value == pytest.approx(contingency.association(counts, "cramer"), abs=1e-7)


# mixed pairs


def test_bins_of_the_real_column_see_a_shift_to_which_sdmetrics_is_blind():
    real = table(0)
    made = real.assign(x=real["x"] + 1000)
    trio = read_trio(real, made, "y").trio
    blind, seeing = trends(trio, bins="sdmetrics"), trends(trio)
    for other in ("a", "y"):
        assert blind.items[f"x | {other}"] == pytest.approx(1, abs=1e-12)
        # all rows fall in the last bin, where few real rows are
        assert seeing.items[f"x | {other}"] < 0.1
    assert trends(trio, bins="quantiles").items["x | a"] < 0.15


def test_real_bins_have_no_ends_and_missing_has_its_own():
    real = np.array([0.0, 10.0, np.nan])
    ours = binned(real, np.array([-99.0, 99.0, 5.0, np.nan]))
    assert [part.tolist() for part in ours] == [[1, 10, 11], [1, 10, 6, 11]]
    theirs = binned(real, np.array([5.0, 6.0, np.nan]), "sdmetrics")
    assert [part.tolist() for part in theirs] == [[1, 11, 11], [1, 11, 11]]


@settings(max_examples=60, deadline=None)
@given(
    cells=st.lists(st.floats(allow_infinity=False), max_size=20),
    others=st.lists(st.floats(allow_infinity=False), max_size=20),
    bins=st.sampled_from(["real", "quantiles", "sdmetrics"]),
)
def test_every_number_has_a_bin(cells, others, bins):
    for codes in binned(np.array(cells, dtype=float), np.array(others, dtype=float), bins):
        assert ((codes >= 0) & (codes < N_CODES)).all()


def test_quantile_bins_hold_equally_many_rows_beside_an_outlier():
    real = np.r_[np.random.default_rng(0).normal(size=999), 1e12]
    assert (np.bincount(binned(real, real)[0]) > 0).sum() == 2
    counts = np.bincount(binned(real, real, "quantiles")[0])[1:11]
    assert counts.min() >= 99


def test_unknown_bins_are_refused():
    with pytest.raises(OptionError, match="'own'"):
        trends(read_trio(table(0), table(1), "y").trio, bins="own")


# whole tables


def test_a_table_scores_one_against_itself_and_independent_columns_less():
    for bins in ("real", "quantiles", "sdmetrics"):
        assert trends(read_trio(table(0), table(0), "y").trio, bins=bins).value == pytest.approx(1)
    fresh = trends(read_trio(table(0), table(1), "y").trio).value
    loose = trends(read_trio(table(0), table(1, dependent=False), "y").trio).value
    assert loose < fresh - 0.2


def test_the_score_does_not_depend_on_the_order_of_rows_or_columns():
    real, made = table(0), table(1)
    value = trends(read_trio(real, made, "y").trio).value
    turned = read_trio(real[real.columns[::-1]], made.sample(frac=1, random_state=0), "y").trio
    assert trends(turned).value == pytest.approx(value, abs=1e-12)


def test_thresholds_keep_the_pairs_that_depend_in_the_real_rows():
    real = table(0).assign(free=lambda t: np.random.default_rng(5).normal(size=len(t)))
    trio = read_trio(real, table(1).assign(free=0.5 * np.arange(400) % 7), "y").trio
    every = trends(trio)
    kept = trends(trio, correlation_threshold=0.5, association_threshold=0.3)
    assert len(every.items) == len(kept.items) == 10
    left = {pair for pair, value in kept.items.items() if not math.isnan(value)}
    real, _ = pair_strengths(trio)
    names = ["x", "z", "a", "y", "free"]
    strong = {
        f"{names[a]} | {names[b]}"
        for a in range(5)
        for b in range(a + 1, 5)
        if abs(real[a, b]) > (0.5 if {a, b} <= {0, 1, 4} else 0.3)
    }
    assert left == strong
    assert kept.value == pytest.approx(np.mean([every.items[pair] for pair in strong]))
    assert all(kept.items[pair] == every.items[pair] for pair in left)
    assert not any("free" in pair for pair in left)
    assert {"x | z", "x | a", "x | y", "z | a"} <= left


def test_strengths_are_correlations_of_numbers_and_cramers_v_of_the_rest():
    trio = read_trio(table(0), table(1, dependent=False), "y").trio
    real, made = pair_strengths(trio)
    assert real.shape == made.shape == (4, 4)
    assert real[0, 1] == pytest.approx(correlations(trio.fresh.numbers)[0, 1])
    assert real[2, 3] == pytest.approx(cramers_v(trio.fresh.codes, (2, 2)))
    np.testing.assert_array_equal(real, real.T)
    # 400 independent rows: sd of a correlation 0.05; of V with 9 degrees of freedom sqrt(9/400) on average
    assert np.abs(made - np.eye(4)).max() < 0.3
    assert real[0, 1] > 0.9


def test_overall_quality_is_the_mean_of_shapes_and_trends():
    trio = read_trio(table(0), table(1), "y").trio
    value = overall_quality.overall_quality(trio).value
    assert value == pytest.approx((column_shapes(trio).value + trends(trio).value) / 2)
    measured = overall_quality.METRIC.measure(trio, np.random.default_rng(0))
    assert measured.value == value


def test_one_column_has_no_pairs_and_the_quality_of_its_shape():
    trio = read_trio(table(0)[["y"]], table(1)[["y"]], "y").trio
    assert math.isnan(trends(trio).value)
    assert overall_quality.overall_quality(trio).value == column_shapes(trio).value
