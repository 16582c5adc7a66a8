"""Intervals and tests give the values that their papers give."""

import math

import numpy as np
import pytest
from scipy import stats

from equipoise.analysis.intervals import beyond_these_tables, corrected, over_these_tables

D = (0.01, 0.02, -0.005, 0.015, 0.01)


def test_the_corrected_t_has_its_reference_value():
    found = corrected(D, rho=0.25)
    assert found.t == pytest.approx(1.594, abs=5e-4)
    assert found.p == pytest.approx(0.1862, abs=5e-5)
    assert found.df == 4


def test_without_correction_it_is_the_naive_t():
    found = corrected(D, rho=0.0)
    assert found.t == pytest.approx(2.390, abs=5e-4)
    assert found.p == pytest.approx(0.0751, abs=5e-5)
    witness = stats.ttest_1samp(D, 0)
    assert found.p == pytest.approx(witness.pvalue)


def test_the_interval_and_the_test_agree_on_zero():
    low_edge = corrected(np.asarray(D) - corrected(D).low)
    assert low_edge.low == pytest.approx(0, abs=1e-12)
    assert low_edge.p == pytest.approx(0.05, abs=1e-9)


def test_one_split_has_no_interval():
    found = corrected([0.02])
    assert found.mean == 0.02
    assert math.isnan(found.low)
    assert math.isnan(found.p)


def test_equal_differences_give_a_point():
    assert corrected([0.0] * 5).p == 1.0
    found = corrected([0.03] * 5)
    assert (found.low, found.high, found.p) == (found.mean, found.mean, 0.0)


def test_tables_of_equal_variance_add_their_degrees_of_freedom():
    found = over_these_tables([0.01, 0.03, 0.02], [1e-4] * 3, [4] * 3)
    assert found.df == pytest.approx(12)
    assert found.variance == pytest.approx(3e-4 / 9)
    assert found.mean == pytest.approx(0.02)


def test_one_noisy_table_dominates_the_degrees_of_freedom():
    found = over_these_tables([0.0, 0.0], [1e-2, 1e-8], [4, 4])
    assert found.df == pytest.approx(4, rel=1e-4)


def test_a_table_without_an_interval_leaves_the_mean_without_one():
    found = over_these_tables([0.0, 0.1], [math.nan, 1e-4], [0, 4])
    assert found.mean == pytest.approx(0.05)
    assert math.isnan(found.low)


def test_beyond_these_tables_is_the_plain_t_interval():
    found = beyond_these_tables(D)
    witness = stats.t.interval(0.95, 4, np.mean(D), stats.sem(D))
    assert (found.low, found.high) == pytest.approx(witness)


def test_the_interval_covers_when_splits_overlap():
    # Splits of one table share a common part of variance sigma^2 * r with r = 1/5 of the test share, the
    # assumption of the correction; over 2,000 runs the coverage's standard error is 0.5 %.
    rng = np.random.default_rng(0)
    common = rng.normal(0, math.sqrt(0.2), size=(2000, 1))
    own = rng.normal(0, math.sqrt(0.8), size=(2000, 5))
    covered = [corrected(d, 0.25).low <= 0 <= corrected(d, 0.25).high for d in common + own]
    naive = [corrected(d, 0.0).low <= 0 <= corrected(d, 0.0).high for d in common + own]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)
    assert np.mean(naive) < 0.90
