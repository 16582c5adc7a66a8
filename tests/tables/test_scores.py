"""Scores of one column of numbers, the cells that are levels beside them, and the way back."""

import numpy as np
import pytest
from scipy.stats import ks_2samp, kstest

from equipoise.tables.scores import fit_scores, fit_scores_beside


def rng(seed=0):
    return np.random.default_rng(seed)


def test_whatever_the_law_of_a_column_its_scores_are_standard_normal():
    for values in (rng().lognormal(0, 3, 4000), rng().integers(0, 500, 4000), rng().random(4000)):
        scores = fit_scores(values.astype(float))
        slots, z = scores.encode(values.astype(float), rng(1))
        assert scores.block == 0
        assert (slots == 0).all()
        # The scores are n quantiles of N(0, 1), spread within ties: far below the 1.36 / sqrt(n) of chance.
        assert kstest(z, "norm").statistic < 0.01


def test_a_knot_for_every_value_is_not_needed_even_in_the_tails():
    values = np.exp(rng().standard_normal(50_000) * 2)
    scores = fit_scores(values)
    assert len(scores.knots) <= 1000
    _, z = scores.encode(values, rng())
    back = scores.decode(np.zeros(len(z), dtype=int), z)
    np.testing.assert_allclose(back, values, rtol=1e-6)
    # A fresh score comes back as a quantile of the law: 50,000 rows fix these to 1.36 / sqrt(50,000) = 0.006, and
    # as many fresh ones to as much again.
    fresh = scores.decode(np.zeros(50_000, dtype=int), rng(1).standard_normal(50_000))
    assert ks_2samp(fresh, values).statistic < 0.012
    assert np.log(np.quantile(fresh, 0.9999)) == pytest.approx(2 * 3.72, abs=0.6)


def test_no_score_leads_out_of_the_training_range():
    for values in (rng().standard_normal(300), 1e308 * np.linspace(-1, 1, 300)):
        scores = fit_scores(values)
        back = scores.decode(np.zeros(5, dtype=int), np.array([-1e9, -8.0, 0.0, 8.0, 1e9]))
        assert back[0] == back[1] == values.min()
        assert back[3] == back[4] == values.max()
        slots, z = scores.encode(np.array([-np.inf, np.inf, values[3]]), rng())
        assert np.isfinite(z).all()
        assert (slots == 0).all()


def test_a_value_that_many_rows_hold_and_a_missing_cell_are_levels_beside_the_score():
    values = np.concatenate([np.zeros(80), rng().random(100) + 1, np.full(20, np.nan)])
    scores = fit_scores(values)
    slots, z = scores.encode(values, rng())
    assert scores.block == 3
    assert np.bincount(slots).tolist() == [100, 80, 20]
    assert (z[slots > 0] == 0).all()
    back = scores.decode(slots, z)
    assert (back[:80] == 0).all()
    assert np.isnan(back[180:]).all()
    np.testing.assert_allclose(back[80:180], values[80:180])


def test_beside_given_atoms_every_other_tie_is_a_jump_that_comes_back_exactly():
    values = np.concatenate(
        [np.full(600, 3.0), np.full(100, 5.0), rng().random(300), [np.nan] * 10]
    )
    scores = fit_scores_beside(values, np.array([5.0, 9.0]))
    slots, z = scores.encode(values, rng(1))
    assert (slots[:600] == 0).all()
    assert (slots[600:700] == 1).all()
    # 600 of 900 scores are spread at random within the tie's: 1.63 / sqrt(600) of two thirds in 99 of 100 cases
    assert kstest(z[slots == 0], "norm").statistic < 0.044
    np.testing.assert_allclose(scores.decode(slots, z), values, rtol=1e-12)
    fresh = scores.decode(np.zeros(100_000, dtype=int), rng(2).standard_normal(100_000))
    assert (fresh == 3.0).mean() == pytest.approx(2 / 3, abs=0.01)  # six deviations of chance


def test_beside_atoms_that_hold_all_numbers_there_is_no_score():
    scores = fit_scores_beside(np.array([1.0, 2.0, np.nan]), np.array([1.0, 2.0]))
    assert not scores.has_score
    one = fit_scores_beside(np.array([7.0] * 20), np.empty(0))
    assert (one.decode(np.zeros(5, dtype=int), rng().standard_normal(5)) == 7).all()


def test_few_distinct_numbers_are_levels_alone():
    scores = fit_scores(np.array([1.0, 2.5, 7.0] * 10))
    assert not scores.has_score
    slots, _ = scores.encode(np.array([7.0, 1.0, 2.0, np.nan]), rng())
    assert slots.tolist() == [2, 0, -1, -1]
    assert scores.decode(np.array([1, 2]), np.zeros(2)).tolist() == [2.5, 7.0]


def two_groups():
    """Take N(0, 1) and N(7, 1) at 95/5, which no value lies between."""
    return np.concatenate([rng().standard_normal(1900), 7 + rng(1).standard_normal(100)])


def test_a_linear_share_keeps_groups_apart_that_quantiles_join():
    values = two_groups()
    rare = values > 3.5
    gaps = []
    for share in (0.0, 0.5):
        _, z = fit_scores(values, linear_share=share).encode(values, rng())
        gaps.append(z[rare].min() - z[~rare].max())
        assert (np.argsort(z) == np.argsort(values)).all()
    assert gaps[0] < 0.02  # two neighbours among 2,000 quantiles of N(0, 1)
    assert gaps[1] > 0.15  # half of a gap of 1 to 1.5 by a deviation of 1.8


def test_blended_scores_have_mean_0_and_deviation_1_and_come_back():
    for values in (two_groups(), rng().lognormal(0, 3, 2000), 1e308 * np.linspace(-1, 1, 2000),
                   rng().integers(0, 60, 2000).astype(float)):  # fmt: skip
        scores = fit_scores(values, linear_share=0.5)
        slots, z = scores.encode(values, rng(1))
        assert z.mean() == pytest.approx(0, abs=0.01)
        assert z.std() == pytest.approx(1, abs=0.02)
        np.testing.assert_allclose(scores.decode(slots, z), values, rtol=1e-9, atol=1e-9)
        far = scores.decode(np.zeros(2, dtype=int), np.array([-1e9, 1e9]))
        assert far.tolist() == [values.min(), values.max()]
