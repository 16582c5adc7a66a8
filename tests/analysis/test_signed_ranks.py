"""Wilcoxon, Holm and the Bayesian signed-rank test give their reference values."""

import itertools

import numpy as np
import pytest
from scipy import stats

from equipoise.analysis.signed_ranks import (
    bayesian_signed_rank,
    enough_tables,
    holm,
    smallest_p,
    tables_needed,
    wilcoxon_exact,
)


def test_six_wins_of_six_give_the_smallest_p():
    assert wilcoxon_exact([1, 2, 3, 4, 5, 6]) == pytest.approx(0.03125)
    assert smallest_p(6) == 0.03125


def test_it_agrees_with_scipy_where_there_are_no_ties():
    d = np.random.default_rng(1).normal(0.3, 1, size=12)
    assert wilcoxon_exact(d) == pytest.approx(stats.wilcoxon(d, method="exact").pvalue)


def test_zeros_and_ties_agree_with_counting_all_signs():
    d = np.array([0.0, 0.0, 0.01, -0.01, 0.02, 0.03, 0.03])
    ranks = stats.rankdata(np.abs(d))
    observed = ranks[d > 0].sum()
    sums = [
        sum(r for r, s in zip(ranks[2:], signs, strict=True) if s)
        for signs in itertools.product((0, 1), repeat=5)
    ]
    below = np.mean([s <= observed for s in sums])
    above = np.mean([s >= observed for s in sums])
    assert wilcoxon_exact(d) == pytest.approx(min(1, 2 * min(below, above)))


def test_no_difference_at_all_is_certain_to_be_no_evidence():
    assert wilcoxon_exact([0.0] * 6) == 1.0


def test_holm_has_its_reference_value():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_holm_leaves_what_has_no_p():
    found = holm([np.nan, 0.01])
    assert np.isnan(found[0])
    assert found[1] == 0.01
    assert len(holm([])) == 0


def test_nine_tables_are_needed_for_nine_comparisons():
    assert tables_needed(9) == 9
    assert [n for n in range(5, 12) if enough_tables(n, 9)] == [9, 10, 11]


@pytest.mark.parametrize("k", [1, 9, 39])
def test_tables_are_enough_where_the_least_p_passes_holm(k):
    for n in range(2, 15):
        first = holm([smallest_p(n)] + [1.0] * (k - 1))[0]
        assert enough_tables(n, k) == (first <= 0.05)


def test_an_antisymmetric_sample_favours_no_side():
    z = np.array([0.03, -0.03, 0.05, -0.05, 0.08, -0.08])
    found = bayesian_signed_rank(z, np.random.default_rng(0), draws=200_000)
    # The difference of two shares of 200,000 draws has a standard error below 0.0023
    assert found.left == pytest.approx(found.right, abs=0.01)


def test_ten_equal_gains_beyond_the_rope_are_on_the_right():
    found = bayesian_signed_rank([0.05] * 10, np.random.default_rng(0), rope=0.01)
    assert found.right > 0.99


def test_no_difference_is_inside_the_rope():
    found = bayesian_signed_rank([0.0] * 10, np.random.default_rng(0))
    assert found.rope == 1.0


def test_the_same_generator_gives_the_same_posterior():
    one, two = (
        bayesian_signed_rank([0.01, 0.02, -0.03], np.random.default_rng(5)) for _ in range(2)
    )
    assert one == two
