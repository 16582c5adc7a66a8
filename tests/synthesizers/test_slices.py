"""Slices: how far tables are from each other in pairs of columns."""

import numpy as np
import pytest

from equipoise.synthesizers._slices import Slices
from equipoise.tables.coded import Coded


def table(n=4000, seed=0, tied=True):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.3).astype(np.int64)
    x = rng.standard_normal(n) + 2 * y
    other = x + 0.3 * rng.standard_normal(n) if tied else rng.permutation(x)
    codes = np.where(rng.random(n) < 0.1, -1, (x > 1).astype(np.int64))
    return Coded(np.stack([x, other, np.where(x > 2, np.nan, x)], axis=1), codes[:, None]), y


def test_a_table_is_at_no_distance_from_itself_and_near_fresh_rows_of_its_law():
    first, y = table()
    slices = Slices.of(first, y, 2, np.random.default_rng(0))
    assert slices.distance(first, y) == 0
    # a cell deviates by sqrt(2 p / n) at most in the mean; half the sum over 64 cells is at most sqrt(32 / 4000)
    assert slices.distance(*table(seed=1)) < 0.09


def test_ties_between_columns_are_seen_though_no_single_column_shows_them():
    first, y = table()
    slices = Slices.of(first, y, 2, np.random.default_rng(0))
    fresh, cut = slices.distance(*table(seed=1)), slices.distance(*table(seed=1, tied=False))
    assert cut > fresh + 0.05


def test_labels_are_a_column():
    first, y = table()
    slices = Slices.of(first, y, 2, np.random.default_rng(0))
    shuffled = np.random.default_rng(0).permutation(y)
    assert slices.distance(first, shuffled) > 0.03


def test_very_many_pairs_are_drawn_and_those_with_the_class_come_first():
    rng = np.random.default_rng(0)
    wide = Coded(rng.standard_normal((50, 60)), np.empty((50, 0), dtype=np.int64))
    slices = Slices.of(wide, np.arange(50) % 2, 2, rng)
    assert len(slices.pairs) == 300
    assert (slices.pairs[:, 1] == 60).sum() == 60


def test_levels_that_the_first_table_has_not_are_one():
    codes = np.repeat(np.arange(12), [40, 30, 20, 10, 9, 8, 7, 6, 2, 1, 1, 1])[:, None]
    first = Coded(np.empty((len(codes), 0)), codes)
    slices = Slices.of(first, np.zeros(len(codes), dtype=np.int64), 1, np.random.default_rng(0))
    assert slices.sizes.tolist() == [9, 1]
    other = Coded(np.empty((5, 0)), np.array([[99], [99], [-1], [11], [9]]))
    assert slices.distance(other, np.zeros(5, dtype=np.int64)) == pytest.approx(1 - 5 / 135)


def test_rows_of_a_class_that_the_first_table_lacks_are_off_in_each_pair_with_the_class():
    first, y = table()
    slices = Slices.of(first, np.zeros_like(y), 3, np.random.default_rng(0))
    off = [slices.distance(first, np.full_like(y, k)) for k in range(3)]
    assert off[0] == 0
    # of the ten pairs of five columns, four are with the class: none of their mass is where it was
    assert off[1:] == pytest.approx([0.4, 0.4])
