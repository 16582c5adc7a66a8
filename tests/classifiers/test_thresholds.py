"""Offsets, logit adjustment and prior correction against closed forms and exhaustive search."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score, matthews_corrcoef

from equipoise.classifiers.thresholds import (
    fit_offsets,
    logit_adjustment,
)
from equipoise.classifiers.weights import balanced_weights, effective_prior
from equipoise.errors import DataError, OptionError
from equipoise.metrics.decision import apply_offsets, correct_prior
from equipoise.metrics.utility import ranking, utility

METRICS = ("macro_f1", "balanced_accuracy", "worst_f1", "mcc")


def calibrated(n, prior, seed, signal=1.0):
    """Labels and the true probabilities of them, classes at shares `prior`."""
    rng = np.random.default_rng(seed)
    prior = np.asarray(prior, dtype=float) / np.sum(prior)
    y = rng.choice(len(prior), n, p=prior)
    x = rng.normal(size=(n, len(prior)))
    x[np.arange(n), y] += signal
    p = prior * np.exp(signal * x)
    return y, p / p.sum(axis=1, keepdims=True)


def score(y, p, offsets, metric, scored=None):
    return utility(y, p, apply_offsets(p, offsets), scored)[metric, None]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    n_classes=st.integers(2, 6),
    n=st.integers(5, 120),
    metric=st.sampled_from(METRICS),
    decimals=st.sampled_from([1, 2, 15]),
)
def test_on_the_tuning_rows_offsets_are_never_worse_than_the_argmax(
    seed, n_classes, n, metric, decimals
):
    y, p = calibrated(n, np.arange(1, n_classes + 1) ** 2, seed)
    p = np.round(p, decimals)  # ties and exact zeros
    offsets = fit_offsets(p, y, metric)
    assert np.isfinite(offsets).all()
    plain = score(y, p, np.zeros(n_classes), metric)
    assert score(y, p, offsets, metric) >= plain - (1e-6 if metric == "worst_f1" else 1e-12)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("metric", METRICS)
def test_two_classes_reach_the_best_of_all_thresholds(seed, metric):
    y, p = calibrated(400, [0.85, 0.15], seed)
    cuts = np.unique(p[:, 1])
    rules = [np.zeros(400, dtype=int), *((p[:, 1] >= cut).astype(int) for cut in cuts)]
    best = max(utility(y, p, rule)[metric, None] for rule in rules)
    assert score(y, p, fit_offsets(p, y, metric), metric) == pytest.approx(best, abs=1e-6)


def weighted_score(y, predicted, weights, metric):
    """The metrics from scikit-learn's weighted scores, an independent witness."""
    if metric == "mcc":
        return matthews_corrcoef(y, predicted, sample_weight=weights)
    if metric == "balanced_accuracy":
        return balanced_accuracy_score(y, predicted, sample_weight=weights)
    f1 = f1_score(y, predicted, average=None, sample_weight=weights, zero_division=0)
    return f1.mean() if metric == "macro_f1" else f1.min()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("metric", METRICS)
def test_two_classes_reach_the_best_weighted_score_of_all_thresholds(seed, metric):
    y, p = calibrated(300, [0.6, 0.4], seed)
    weights = np.random.default_rng(seed).uniform(0.1, 2, 300) * np.where(y == 0, 3.0, 0.2)
    cuts = np.unique(p[:, 1])
    rules = [np.zeros(300, dtype=int), *((p[:, 1] >= cut).astype(int) for cut in cuts)]
    best = max(weighted_score(y, rule, weights, metric) for rule in rules)
    found = apply_offsets(p, fit_offsets(p, y, metric, weights=weights))
    assert weighted_score(y, found, weights, metric) == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_whole_weights_are_repeated_rows_and_their_scale_is_nothing(metric):
    y, p = calibrated(500, [0.5, 0.3, 0.2], seed=15)
    times = np.random.default_rng(0).integers(1, 4, 500)
    weighted = fit_offsets(p, y, metric, weights=times.astype(float))
    repeated = np.repeat(np.arange(500), times)
    np.testing.assert_allclose(weighted, fit_offsets(p[repeated], y[repeated], metric), atol=1e-12)
    np.testing.assert_array_equal(weighted, fit_offsets(p, y, metric, weights=4.0 * times))
    np.testing.assert_array_equal(
        fit_offsets(p, y, metric), fit_offsets(p, y, metric, weights=np.ones(500))
    )


def test_weights_by_class_tune_for_the_class_shares_of_use():
    y, p = calibrated(4000, [0.5, 0.5], seed=16)
    rare = np.where(y == 1, 0.1, 1.9)  # 5 % in use
    y_new, p_new = calibrated(100_000, [0.5, 0.5], seed=17)
    rare_new = np.where(y_new == 1, 0.1, 1.9)

    def in_use(offsets):
        return weighted_score(y_new, apply_offsets(p_new, offsets), rare_new, "macro_f1")

    assert in_use(fit_offsets(p, y, weights=rare)) > in_use(fit_offsets(p, y)) + 0.05


def test_rows_of_weight_zero_count_for_nothing():
    y, p = calibrated(300, [0.5, 0.3, 0.2], seed=18)
    weights = (y > 0).astype(float) * np.random.default_rng(0).integers(1, 3, 300)
    kept = weights > 0
    found = apply_offsets(p, fit_offsets(p, y, weights=weights))
    alone = apply_offsets(p, fit_offsets(p[kept], y[kept], weights=weights[kept]))
    # the plateaus are cut elsewhere, their height is the same
    first, second = (
        f1_score(y[kept], q[kept], average=None, labels=[1, 2], sample_weight=weights[kept]).mean()
        for q in (found, alone)
    )
    assert first == pytest.approx(second, abs=1e-12)


def test_small_classes_are_shrunk_by_their_rows_whatever_they_weigh():
    y, p = calibrated(300, [0.9, 0.1], seed=4)
    rows = np.r_[np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:5]]
    heavy = fit_offsets(p[rows], y[rows], weights=np.full(len(rows), 100.0))
    np.testing.assert_array_equal(heavy, fit_offsets(p[rows], y[rows]))


def test_three_classes_come_near_the_best_of_a_fine_grid():
    y, p = calibrated(600, [0.7, 0.2, 0.1], seed=7)
    steps = np.linspace(-1, 4, 26)
    grid = max(
        score(y, p, np.array([0.0, first, second]), "macro_f1")
        for first in steps
        for second in steps
    )
    # one row of the smallest class (60) is worth 1/60 in its recall, a third of that in the mean
    assert score(y, p, fit_offsets(p, y), "macro_f1") > grid - 1 / 180


def test_offsets_help_on_fresh_rows_of_the_same_law():
    y, p = calibrated(4000, [0.8, 0.15, 0.05], seed=1)
    y_new, p_new = calibrated(20_000, [0.8, 0.15, 0.05], seed=2)
    gain = score(y_new, p_new, fit_offsets(p, y), "macro_f1") - score(
        y_new, p_new, np.zeros(3), "macro_f1"
    )
    assert gain > 0.05  # the plain rule hardly ever names the rarest class


def test_the_f1_threshold_is_half_the_best_f1():
    rng = np.random.default_rng(0)
    q = rng.beta(1, 4, size=1_000_000)
    cuts = np.linspace(0.05, 0.95, 901)
    ordered = np.sort(q)
    start = np.searchsorted(ordered, cuts)
    hits = np.r_[np.cumsum(ordered[::-1])[::-1], 0.0][start]  # expected true positives
    f1 = 2 * hits / (len(q) - start + q.sum())
    assert cuts[f1.argmax()] == pytest.approx(f1.max() / 2, abs=0.01)


def test_balanced_accuracy_offsets_sit_at_the_prior():
    y, p = calibrated(100_000, [0.9, 0.1], seed=3)
    threshold = 1 / (1 + np.exp(np.diff(fit_offsets(p, y, "balanced_accuracy"))[0]))
    # the maximum is flat: its place has an error of order n_1^(-1/3) = 0.05 in log-odds units of slope 0.09
    assert threshold == pytest.approx(0.1, abs=0.02)


def test_offsets_of_small_classes_are_shrunk_and_the_largest_class_is_the_reference():
    y, p = calibrated(300, [0.9, 0.1], seed=4)
    rows = np.r_[np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:5]]
    repeated = np.repeat(rows, 4)  # the same optimum, from 20 rows of the rare class: no shrinking
    full = fit_offsets(p[repeated], y[repeated])
    assert full[0] == 0
    assert abs(full[1]) > 1
    shrunk = fit_offsets(p[rows], y[rows])
    np.testing.assert_allclose(shrunk, full * 5 / (5 + 20))


def test_unscored_classes_do_not_move_the_offsets_they_are_left_out_of():
    y, p = calibrated(500, [0.6, 0.3, 0.1], seed=5)
    scored = np.array([True, True, False])
    offsets = fit_offsets(p, y, scored=scored)
    tuned = score(y, p, offsets, "macro_f1", scored)
    assert tuned >= score(y, p, np.zeros(3), "macro_f1", scored)
    assert tuned >= score(y, p, fit_offsets(p, y), "macro_f1", scored) - 0.005


def test_a_class_of_probability_zero_is_never_chosen():
    y, p = calibrated(300, [0.6, 0.3, 0.1], seed=6)
    p[:, 1] = 0
    offsets = fit_offsets(p, y)
    assert np.isfinite(offsets).all()
    assert (apply_offsets(p, offsets) != 1).all()


def test_nothing_to_tune_gives_zeros():
    certain = np.eye(2)[np.repeat([0, 1], 30)]
    assert fit_offsets(certain, np.repeat([0, 1], 30)).tolist() == [0, 0]
    assert fit_offsets(np.full((9, 2), 0.5), np.zeros(9, dtype=int)).tolist() == [0, 0]


def test_perfect_separation_leaves_the_plain_rule():
    p = np.linspace(0.01, 0.99, 100)
    assert fit_offsets(np.c_[1 - p, p], (p > 0.5).astype(int)).tolist() == [0, 0]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), n_classes=st.integers(2, 5))
def test_zero_offsets_are_the_argmax(seed, n_classes):
    _, p = calibrated(80, np.arange(1, n_classes + 1), seed)
    assert (apply_offsets(p, np.zeros(n_classes)) == p.argmax(axis=1)).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_swapping_two_classes_swaps_the_rule(seed):
    y, p = calibrated(150, [0.7, 0.3], seed)
    here, there = fit_offsets(p, y), fit_offsets(p[:, ::-1], 1 - y)
    assert score(y, p, here, "macro_f1") == pytest.approx(
        score(1 - y, p[:, ::-1], there, "macro_f1"), abs=1e-12
    )


def test_adding_a_constant_to_all_offsets_changes_no_decision():
    _, p = calibrated(500, [0.5, 0.3, 0.2], seed=8)
    offsets = np.array([0.3, -1.0, 2.0])
    for shift in (-500.0, 1.5, 500.0):
        assert (apply_offsets(p, offsets + shift) == apply_offsets(p, offsets)).all()


def test_logit_adjustment_of_two_classes_is_the_threshold_at_the_prior():
    rng = np.random.default_rng(9)
    p = rng.random(100_000)
    predicted = apply_offsets(np.c_[1 - p, p], logit_adjustment(np.array([0.93, 0.07])))
    np.testing.assert_array_equal(predicted, (p > 0.07).astype(int))
    half = apply_offsets(np.c_[1 - p, p], logit_adjustment(np.array([0.93, 0.07]), 0.5))
    cut = 0.07**0.5 / (0.93**0.5 + 0.07**0.5)
    np.testing.assert_array_equal(half, (p > cut).astype(int))
    assert np.isfinite(logit_adjustment(np.array([1.0, 0.0]))).all()


def test_logit_adjustment_is_best_for_balanced_accuracy_when_calibrated():
    y, p = calibrated(50_000, [0.8, 0.15, 0.05], seed=10)
    best = apply_offsets(p, fit_offsets(p, y, "balanced_accuracy"))
    adjusted = apply_offsets(p, logit_adjustment(np.array([0.8, 0.15, 0.05])))
    # tuning on the same rows may gain what noise offers: recalls of 2,500 rows have a deviation of 0.01
    gap = balanced_accuracy_score(y, best) - balanced_accuracy_score(y, adjusted)
    assert 0 <= gap < 0.01


def test_prior_correction_has_its_textbook_value_and_is_undone_by_its_inverse():
    even, rare = np.array([0.5, 0.5]), np.array([0.9, 0.1])
    np.testing.assert_allclose(correct_prior(np.array([[0.5, 0.5]]), even, rare), [[0.9, 0.1]])
    _, p = calibrated(200, [0.5, 0.3, 0.2], seed=11)
    there = correct_prior(p, np.array([5, 3, 2]), np.array([1, 1, 1]))
    np.testing.assert_allclose(correct_prior(there, np.ones(3), np.array([5, 3, 2])), p, rtol=1e-12)
    keep = 0.25  # under-sampling: p = b p' / (b p' - p' + 1), here for the minority with b of the majority kept
    q = np.array([0.2, 0.7])
    expected = keep * q / (keep * q - q + 1)
    corrected = correct_prior(np.c_[1 - q, q], np.array([0.8 * keep, 0.2]), np.array([0.8, 0.2]))
    np.testing.assert_allclose(corrected[:, 1], expected)


def test_prior_correction_of_classes_that_one_side_lacks_stays_finite():
    p = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    trained, true = np.array([0.5, 0.5, 0.0]), np.array([0.0, 0.5, 0.5])
    corrected = correct_prior(p, trained, true)
    np.testing.assert_allclose(corrected, [[0, 1, 0], [0, 0.5, 0.5]])


def test_binary_prior_correction_leaves_auc():
    y, p = calibrated(2000, [0.7, 0.3], seed=12)
    corrected = correct_prior(p, np.array([0.7, 0.3]), np.array([0.97, 0.03]))
    np.testing.assert_allclose(ranking(y, corrected)[0], ranking(y, p)[0], atol=1e-9)


def test_balanced_weights_then_correction_equal_no_weights_for_a_well_specified_model():
    rng = np.random.default_rng(13)
    n = 200_000
    x = rng.normal(size=(n, 2))
    y = (rng.random(n) < 1 / (1 + np.exp(3.5 - x[:, 0]))).astype(int)
    assert y.mean() == pytest.approx(0.05, abs=0.02)
    plain = LogisticRegression().fit(x, y).predict_proba(x)
    weights = balanced_weights(y, 2)
    weighted = LogisticRegression().fit(x, y, sample_weight=weights[y]).predict_proba(x)
    corrected = correct_prior(weighted, effective_prior(y, 2, weights), effective_prior(y, 2))
    # standard errors of the coefficients are about 1 / sqrt(10^4), times p (1 - p)
    assert np.abs(corrected - plain).mean() < 0.01
    assert np.abs(weighted - plain).mean() > 0.2


def test_the_tuned_metric_is_that_of_scikit_learn():
    y, p = calibrated(200, [0.7, 0.3], seed=14)
    cuts = np.unique(p[:, 1])
    theirs = max(f1_score(y, p[:, 1] >= cut, average="macro") for cut in cuts)
    ours = f1_score(y, apply_offsets(p, fit_offsets(p, y)), average="macro")
    assert ours == pytest.approx(theirs, abs=1e-12)


def test_wrong_calls_are_refused_in_one_sentence():
    p, y = np.full((4, 2), 0.5), np.array([0, 1, 0, 1])
    with pytest.raises(OptionError, match="did you mean 'macro_f1'"):
        fit_offsets(p, y, "macrof1")
    with pytest.raises(DataError, match="same n"):
        fit_offsets(p, y[:3])
    with pytest.raises(DataError, match="finite and not negative"):
        fit_offsets(p - 1, y)
    for weights in (np.ones(3), np.zeros(4), np.array([1, 1, 1, -1]), np.array([1, 1, 1, np.nan])):
        with pytest.raises(DataError, match="one weight for each of the 4 rows"):
            fit_offsets(p, y, weights=weights)
