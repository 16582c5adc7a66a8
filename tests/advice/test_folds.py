"""Folds that keep groups whole, and folds that go forward in time."""

import numpy as np
import pytest

from equipoise.advice.folds import by_group, forward, stratified
from equipoise.datasets.splits import split
from equipoise.errors import DataError


def labels(n=300, seed=0):
    return (np.random.default_rng(seed).random(n) < 0.2).astype(np.int64)


def test_folds_are_those_of_the_bench():
    y = labels()
    for number in (0, 3):
        for k, fold in enumerate(stratified("loans", y)(number)):
            assert (fold.test == split("loans", y, 5 * number + k).test).all()


def test_no_group_is_split():
    y, groups = labels(), np.random.default_rng(1).integers(40, size=300)
    part = by_group("loans", y, groups)
    tested = []
    for fold in part(0):
        assert not set(groups[fold.train]) & set(groups[fold.test])
        tested.append(fold.test)
    assert sorted(np.concatenate(tested)) == list(range(300))


def test_groups_redrawn_differ():
    y, groups = labels(), np.random.default_rng(1).integers(40, size=300)
    part = by_group("loans", y, groups)
    assert part(0)[0].test.tolist() != part(1)[0].test.tolist()


def test_the_past_is_trained_on():
    y, times = labels(), np.random.default_rng(1).permutation(300) // 2
    folds = forward(y, times)(0)
    assert len(folds) == 5
    for fold in folds:
        assert times[fold.train].max() < times[fold.test].min()
    sizes = [len(f.test) for f in folds]
    assert max(sizes) - min(sizes) <= 4


def test_classes_too_small_are_not_tested():
    y = labels()
    y[:6] = 2
    for part in (by_group("t", y, np.arange(300) // 3)(0), forward(y, np.arange(300))(0)):
        assert not any((y[fold.test] == 2).any() for fold in part)


def test_too_few_groups_or_moments_are_refused():
    y = labels()
    with pytest.raises(DataError, match="3 different values"):
        by_group("t", y, np.arange(300) % 3)
    with pytest.raises(DataError, match="single group"):
        by_group("t", (np.arange(300) < 30).astype(np.int64), np.maximum(np.arange(300) // 30, 0))
    with pytest.raises(DataError, match="4 different moments"):
        forward(y, np.arange(300) % 4)
    with pytest.raises(DataError, match="first sixth"):
        forward((np.arange(300) > 100).astype(np.int64), np.arange(300))
