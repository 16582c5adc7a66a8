"""Who is tested when: every row once in five repeats, the same for every method, no class lost from training."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.datasets.splits import inner_folds, inner_split, scored_classes, split
from equipoise.errors import DataError, OptionError

COUNTS = st.lists(st.integers(0, 40), min_size=2, max_size=8).filter(
    lambda counts: sum(n >= 10 for n in counts) >= 2 and counts[-1] > 0
)


def labels(counts: list[int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))


@settings(max_examples=50, deadline=None)
@given(counts=COUNTS, partition=st.integers(0, 3))
def test_five_repeats_test_every_row_of_a_scored_class_once(
    counts: list[int], partition: int
) -> None:
    y = labels(counts)
    parts = [split("t", y, 5 * partition + fold) for fold in range(5)]
    tested = np.concatenate([part.test for part in parts])
    assert sorted(tested) == np.flatnonzero(scored_classes(y)[y]).tolist()
    for part in parts:
        assert sorted([*part.train, *part.test]) == list(range(len(y)))


@settings(max_examples=50, deadline=None)
@given(counts=COUNTS)
def test_folds_are_stratified_to_the_row_and_even(counts: list[int]) -> None:
    y = labels(counts)
    parts = [split("t", y, fold) for fold in range(5)]
    for k, n in enumerate(counts):
        per_fold = [int((y[part.test] == k).sum()) for part in parts]
        assert max(per_fold) - min(per_fold) <= (1 if n >= 10 else 0)
    sizes = [len(part.test) for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_a_class_of_fewer_than_ten_rows_is_in_every_training_part_and_in_no_test_part() -> None:
    y = labels([30, 10, 9, 1])
    assert scored_classes(y).tolist() == [True, True, False, False]
    for repeat in range(10):
        part = split("t", y, repeat)
        assert set(y[part.test]) == {0, 1}
        assert np.bincount(y[part.train])[2:].tolist() == [9, 1]


def test_a_split_depends_on_the_name_and_the_partition_and_on_nothing_else() -> None:
    y = labels([60, 40])
    again = split("adult", y, 7)
    np.random.seed(1)  # noqa: NPY002 - the global stream must not matter
    np.testing.assert_array_equal(split("adult", y, 7).test, again.test)
    assert not np.array_equal(split("hmeq", y, 7).test, again.test)
    assert not np.array_equal(split("adult", y, 2).test, again.test)  # same fold, other partition


def test_splits_are_the_same_on_every_machine_and_version() -> None:
    """The split of stored results must not move; change this value only with a new results format."""
    test = split("adult", labels([60, 40, 12, 3]), 6).test
    assert hashlib.sha256(test.astype("<i8").tobytes()).hexdigest()[:16] == "3be3f378c7aa4acf"


@settings(max_examples=80, deadline=None)
@given(
    counts=st.lists(st.integers(0, 12), min_size=1, max_size=8).filter(lambda c: c[-1] > 0),
    n_folds=st.integers(2, 6),
)
def test_every_inner_training_part_holds_every_class_of_two_rows_or_more(
    counts: list[int], n_folds: int
) -> None:
    y = labels(counts)
    rng = np.random.default_rng(0)
    divisible = np.array(counts)[y] >= 2
    if divisible.sum() < n_folds:
        with pytest.raises(DataError, match="too few for"):
            inner_folds(y, n_folds, rng)
        return
    parts = inner_folds(y, n_folds, rng)
    tested = np.concatenate([part.test for part in parts])
    assert sorted(tested) == np.flatnonzero(divisible).tolist()
    for part in parts:
        assert set(y[part.train]) == set(y)
        assert len(part.train) + len(part.test) == len(y)
        assert len(part.test) > 0


def test_an_inner_split_sets_a_quarter_of_each_class_aside() -> None:
    y = labels([100, 41, 4, 3, 1])
    part = inner_split(y, np.random.default_rng(0))
    assert np.bincount(y[part.test], minlength=5).tolist() == [25, 10, 1, 0, 0]
    assert sorted([*part.train, *part.test]) == list(range(len(y)))
    other = inner_split(y, np.random.default_rng(1))
    assert not np.array_equal(part.test, other.test)


def test_what_cannot_be_split_is_refused() -> None:
    with pytest.raises(DataError, match="has 1 classes of 10 rows or more"):
        split("t", labels([30, 9]), 0)
    with pytest.raises(OptionError, match="counted from 0, got -1"):
        split("t", labels([30, 30]), -1)
    with pytest.raises(OptionError, match="2 or more, got 1"):
        inner_folds(labels([30, 30]), 1, np.random.default_rng(0))
