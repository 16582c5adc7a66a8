"""Class weights: their totals and their steps."""

import numpy as np
import pytest

from equipoise.classifiers.weights import balanced_weights, effective_prior, ladder_weights


def test_balanced_weights_add_up_to_n_and_every_class_weighs_the_same():
    y = np.repeat([0, 1, 2], [50, 30, 5])
    weights = balanced_weights(y, 3)
    assert weights[y].sum() == pytest.approx(85)
    np.testing.assert_allclose(weights * np.bincount(y), 85 / 3)
    np.testing.assert_allclose(balanced_weights(np.repeat([0, 1], [90, 10]), 2), [5 / 9, 5.0])


def test_the_ladder_goes_by_counts_and_ties_by_the_order_of_classes():
    y = np.repeat([0, 1, 2, 3], [50, 30, 30, 5])
    assert ladder_weights(y, 4).tolist() == [1, 5, 10, 15]
    assert ladder_weights(3 - y, 4).tolist() == [15, 5, 10, 1]
    assert ladder_weights(np.array([0, 1, 1]), 2).tolist() == [5, 1]


def test_classes_without_rows_weigh_nothing_and_change_nothing_for_others():
    y = np.repeat([0, 2], [90, 10])
    assert balanced_weights(y, 4)[[1, 3]].tolist() == [0, 0]
    np.testing.assert_allclose(balanced_weights(y, 4)[[0, 2]], [5 / 9, 5.0])
    assert ladder_weights(y, 4).tolist() == [1, 0, 5, 0]


def test_balanced_weights_train_at_equal_shares():
    y = np.repeat([0, 1], [90, 10])
    np.testing.assert_allclose(effective_prior(y, 2, balanced_weights(y, 2)), [0.5, 0.5])
    np.testing.assert_allclose(effective_prior(y, 2), [0.9, 0.1])
