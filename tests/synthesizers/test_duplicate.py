"""Random over-sampling repeats rows of the class, evenly."""

import numpy as np
import pandas as pd

from equipoise.synthesizers._rows import seeds
from equipoise.synthesizers.duplicate import Duplicate


def test_every_new_row_is_a_training_row_of_its_class():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.random(50).round(3), "c": rng.choice(["u", "v"], 50)})
    y = pd.Series(np.where(np.arange(50) < 35, "a", "b"))
    X_new, y_new = Duplicate().fit(X, y).sample({"a": 40, "b": 70}, random_state=0)
    rows = set(zip(X["x"], X["c"], y, strict=True))
    assert set(zip(X_new["x"], X_new["c"], y_new, strict=True)) <= rows


def test_no_row_is_taken_twice_more_often_than_another():
    X = pd.DataFrame({"x": np.arange(7) * 10.5})
    X_new, _ = Duplicate().fit(X, ["a"] * 7).sample(24, random_state=1)
    assert sorted(X_new["x"].value_counts()) == [3, 3, 3, 3, 4, 4, 4]


def test_seeds_come_in_random_order_and_none_are_none():
    rng = np.random.default_rng(0)
    drawn = seeds(100, 100, rng)
    assert sorted(drawn) == list(range(100))
    assert list(drawn) != list(range(100))
    assert len(seeds(3, 0, rng)) == 0
