"""Small boosted trees: what they learn, and what they do where there is nothing to learn."""

import numpy as np
import pytest

from equipoise.classifiers.boosted import Boosted
from equipoise.errors import NotFittedError


def rows(n, rng):
    """Three classes by a number with missing cells and a level, exactly."""
    X = np.column_stack([rng.normal(size=n), rng.integers(0, 4, n)]).astype(np.float32)
    y = np.where(X[:, 1] == 2, 2, np.where(X[:, 0] > 0, 1, 0))
    return X, y


def test_numbers_and_levels_are_learnt_and_classes_keep_their_places():
    rng = np.random.default_rng(0)
    X, y = rows(600, rng)
    model = Boosted(types=["q", "c"], n_classes=5, seed=0).fit(X, 2 * y)
    X, y = rows(300, rng)
    p = model.predict_proba(X)
    assert p.shape == (300, 5)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-6)
    assert (p[:, [1, 3]] == 0).all()
    assert (p.argmax(axis=1) == 2 * y).mean() > 0.95  # 64 bins cannot cut exactly at 0


def test_two_classes_missing_cells_and_levels_never_met_are_taken():
    rng = np.random.default_rng(1)
    X, y = rows(300, rng)
    X[:30, 0] = np.nan
    model = Boosted(types=["q", "c"], n_classes=2, seed=0).fit(X, (y == 2).astype(int))
    strange = np.array([[np.nan, np.nan], [0, 9]], dtype=np.float32)
    p = model.predict_proba(strange)
    assert np.isfinite(p).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-6)


def test_one_class_or_no_column_leaves_nothing_to_learn():
    X, y = rows(20, np.random.default_rng(2))
    alone = Boosted(types=["q", "c"], n_classes=3, seed=0).fit(X, np.ones(20, int))
    assert (alone.predict_proba(X) == [0, 1, 0]).all()
    bare = Boosted(types=[], n_classes=3, seed=0).fit(X[:, :0], y % 2)
    assert (bare.predict_proba(X[:, :0]) == [0.5, 0.5, 0]).all()


def test_the_seed_decides_and_weights_count():
    X, _ = rows(200, np.random.default_rng(3))
    y = np.random.default_rng(4).integers(0, 2, 200)

    def fitted(seed, weights=None):
        return Boosted(types=["q", "c"], n_classes=2, seed=seed).fit(X, y, weights).predict_proba(X)

    np.testing.assert_array_equal(fitted(1), fitted(1))
    assert (fitted(1) != fitted(2)).any()
    assert fitted(1, np.where(y == 1, 9.0, 1.0))[:, 1].mean() > fitted(1)[:, 1].mean()


def test_prediction_waits_for_a_fit():
    with pytest.raises(NotFittedError):
        Boosted(types=["q"], n_classes=2, seed=0).predict_proba(np.zeros((1, 1), np.float32))
