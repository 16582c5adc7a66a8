"""Every score against scikit-learn, and the claims that scikit-learn does not make."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as witness

from equipoise.errors import DataError
from equipoise.metrics.utility import (
    CLASS_METRICS,
    OVERALL_METRICS,
    calibration_error,
    confusion,
    f1_from_confusion,
    pooled_confusion,
    ranking,
    utility,
)


def noisy(n, n_classes, seed, decimals=None):
    """Labels with every class present, and probabilities that know something of them."""
    rng = np.random.default_rng(seed)
    y = np.r_[np.arange(n_classes), rng.choice(n_classes, n - n_classes)]
    z = rng.normal(size=(n, n_classes))
    z[np.arange(n), y] += 1
    p = np.exp(z)
    p /= p.sum(axis=1, keepdims=True)
    if decimals is not None:
        p = np.round(p, decimals) + 10.0**-decimals
        p /= p.sum(axis=1, keepdims=True)
    return y, p


@pytest.mark.parametrize(("n", "n_classes", "decimals"), [(400, 2, None), (300, 5, 1), (60, 3, 1)])
def test_scores_equal_those_of_scikit_learn(n, n_classes, decimals):
    y, p = noisy(n, n_classes, seed=n, decimals=decimals)
    predicted = p.argmax(axis=1)
    ours = utility(y, p, predicted)
    classes = np.arange(n_classes)
    precision, recall, f1, _ = witness.precision_recall_fscore_support(
        y, predicted, labels=classes, zero_division=0
    )
    auc = [witness.roc_auc_score(y == c, p[:, c]) for c in classes]
    ap = [witness.average_precision_score(y == c, p[:, c]) for c in classes]
    for metric, values in zip(CLASS_METRICS, (f1, recall, precision, auc, ap), strict=True):
        np.testing.assert_allclose([ours[metric, c] for c in classes], values, rtol=1e-12)
    overall = {
        "macro_f1": witness.f1_score(y, predicted, average="macro"),
        "worst_f1": f1.min(),
        "macro_roc_auc": np.mean(auc),
        "worst_roc_auc": np.min(auc),
        "macro_average_precision": np.mean(ap),
        "balanced_accuracy": witness.balanced_accuracy_score(y, predicted),
        "accuracy": witness.accuracy_score(y, predicted),
        "mcc": witness.matthews_corrcoef(y, predicted),
        "geometric_mean": np.prod(recall) ** (1 / n_classes),
        "brier": np.mean(((p - np.eye(n_classes)[y]) ** 2).sum(axis=1)),
        "log_loss": witness.log_loss(y, p),
    }
    for metric, value in overall.items():
        assert ours[metric, None] == pytest.approx(value, rel=1e-9), metric
    assert set(ours) == {(m, c) for m in CLASS_METRICS for c in classes} | {
        (m, None) for m in OVERALL_METRICS
    }


def test_macro_auc_equals_one_against_rest_of_scikit_learn_with_ties():
    y, p = noisy(500, 4, seed=1, decimals=1)
    theirs = witness.roc_auc_score(y, p, multi_class="ovr", average="macro")
    assert utility(y, p, p.argmax(axis=1))["macro_roc_auc", None] == pytest.approx(theirs, 1e-12)


def test_binary_worst_auc_equals_macro_auc():
    y, p = noisy(200, 2, seed=2)
    scores = utility(y, p, p.argmax(axis=1))
    assert scores["worst_roc_auc", None] == pytest.approx(scores["macro_roc_auc", None], abs=1e-12)


def test_constant_probabilities_have_chance_auc_and_prevalence_precision():
    y = np.repeat([0, 1], [30, 10])
    auc, ap = ranking(y, np.full((40, 2), 0.5))
    assert auc.tolist() == [0.5, 0.5]
    assert ap.tolist() == [0.75, 0.25]


def test_an_absent_class_is_nan_and_left_out_of_means():
    y = np.array([0, 0, 1, 1])
    p = np.array([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]])
    scores = utility(y, p, p.argmax(axis=1))
    assert all(np.isnan(scores[metric, 2]) for metric in CLASS_METRICS)
    assert scores["macro_f1", None] == (scores["f1", 0] + scores["f1", 1]) / 2
    assert scores["worst_f1", None] == min(scores["f1", 0], scores["f1", 1])
    assert not any(np.isnan(scores[metric, None]) for metric in OVERALL_METRICS)


def test_an_unscored_class_leaves_means_but_its_rows_remain_errors_of_others():
    y, p = noisy(200, 3, seed=3)
    predicted = p.argmax(axis=1)
    every = utility(y, p, predicted)
    two = utility(y, p, predicted, np.array([True, True, False]))
    assert two["macro_f1", None] == pytest.approx((every["f1", 0] + every["f1", 1]) / 2)
    assert two["accuracy", None] == every["accuracy", None]
    assert [two["f1", c] for c in range(3)] == [every["f1", c] for c in range(3)]
    kept = y != 2
    without = utility(y[kept], p[kept], predicted[kept])
    assert without["macro_f1", None] > two["macro_f1", None]


def test_one_class_alone_has_no_auc_and_no_failure():
    scores = utility(np.zeros(5, dtype=int), np.full((5, 2), 0.5), np.zeros(5, dtype=int))
    assert np.isnan(scores["macro_roc_auc", None])
    assert scores["macro_f1", None] == 1
    assert scores["mcc", None] == 0


def test_geometric_mean_is_zero_when_a_class_is_never_found():
    y = np.array([0, 0, 1])
    scores = utility(y, np.array([[1.0, 0.0]] * 3), np.zeros(3, dtype=int))
    assert scores["geometric_mean", None] == 0
    assert scores["f1", 1] == 0
    assert scores["log_loss", None] == pytest.approx(-np.log(1e-15) / 3)


def test_calibrated_probabilities_have_a_small_calibration_error_and_biased_ones_their_bias():
    rng = np.random.default_rng(0)
    q = rng.uniform(0.5, 0.9, size=60_000)
    y = (rng.random(len(q)) >= q).astype(int)
    # 15 bins of 4,000 rows: each |difference| has mean below 0.8 * 0.5 / sqrt(4000) = 0.0063
    assert calibration_error(y, np.c_[q, 1 - q]) < 0.0063 * 1.5
    assert calibration_error(y, np.c_[q + 0.1, 0.9 - q]) == pytest.approx(0.1, abs=0.01)


def test_pooled_folds_give_the_scores_of_all_rows_and_a_worst_class_above_that_of_single_folds():
    y, p = noisy(500, 5, seed=4)
    predicted = p.argmax(axis=1)
    folds = np.array_split(np.random.default_rng(0).permutation(500), 5)
    table = pooled_confusion(((y[f], predicted[f]) for f in folds), 5)
    np.testing.assert_array_equal(table, witness.confusion_matrix(y, predicted))
    pooled = f1_from_confusion(table)
    np.testing.assert_allclose(pooled, witness.f1_score(y, predicted, average=None), rtol=1e-12)
    single = [f1_from_confusion(confusion(y[f], predicted[f], 5)).min() for f in folds]
    assert pooled.min() > np.mean(single)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), n_classes=st.integers(2, 6), n=st.integers(6, 80))
def test_renaming_classes_and_shuffling_rows_renames_scores(seed, n_classes, n):
    y, p = noisy(n, n_classes, seed, decimals=1)
    rng = np.random.default_rng(seed)
    new, rows = rng.permutation(n_classes), rng.permutation(n)
    moved = np.empty_like(p)
    moved[:, new] = p
    predicted = rng.choice(n_classes, n)
    before = utility(y, p, predicted)
    after = utility(new[y][rows], moved[rows], new[predicted][rows])
    for (metric, c), value in before.items():
        # which of two equally probable classes is the top one is settled by their order
        if metric != "ece":
            there = after[metric, None if c is None else int(new[c])]
            assert there == pytest.approx(value, rel=1e-9, abs=1e-9), metric


@settings(max_examples=40, deadline=None)
@given(
    cells=st.lists(st.floats(0, 1), min_size=4, max_size=60),
    power=st.floats(0.2, 5),
    seed=st.integers(0, 1000),
)
def test_a_monotone_correction_leaves_auc_and_average_precision(cells, power, seed):
    first = np.round(np.array(cells), 3)
    y = np.random.default_rng(seed).integers(2, size=len(first))
    corrected = 2 + 3 * first**power  # strictly increasing on a grid of thousandths
    before = ranking(y, np.c_[first, 1 - first])
    after = ranking(y, np.c_[corrected, -corrected])
    np.testing.assert_allclose(after[0], before[0], rtol=1e-12)
    np.testing.assert_allclose(after[1], before[1], rtol=1e-12)


@pytest.mark.parametrize(
    ("y", "p"),
    [
        (np.zeros(2, dtype=int), np.ones((3, 2))),
        (np.zeros(0, dtype=int), np.ones((0, 2))),
        (np.zeros(2, dtype=int), np.array([[1.0, 0.0], [np.nan, 0.0]])),
    ],
)
def test_shapes_that_do_not_fit_and_nan_are_refused(y, p):
    with pytest.raises(DataError):
        utility(y, p, np.zeros(len(y), dtype=int))
