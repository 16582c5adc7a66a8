"""Gaussian noise has the spread that it should have, and leaves the rest alone."""

import numpy as np
import pandas as pd
import pytest

from equipoise.errors import OptionError
from equipoise.synthesizers.gaussian_noise import GaussianNoise

N = 20_000


def test_the_noise_is_a_share_of_the_spread_of_the_class():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.uniform(-1, 1, 500), rng.uniform(-10, 10, 500), [-1e3, 1e3]])
    y = ["narrow"] * 500 + ["wide"] * 500 + ["far"] * 2
    X = pd.DataFrame({"x": values})
    method = GaussianNoise(scale=0.5).fit(X, y)
    for label, rows in (("narrow", values[:500]), ("wide", values[500:1000])):
        new = method.sample({label: N}, random_state=1)[0]["x"].to_numpy()
        # The variance grows by scale**2; five standard errors of a variance, sqrt(2 / N), is 5 %.
        assert new.var() == pytest.approx(rows.var() * (1 + 0.5**2), rel=0.05)
        assert new.mean() == pytest.approx(rows.mean(), abs=5 * new.std() / N**0.5)


def test_levels_are_redrawn_as_often_as_said_at_the_frequencies_of_the_class():
    X = pd.DataFrame({"c": ["u"] * 80 + ["v"] * 20 + ["w"] * 50})
    y = ["a"] * 100 + ["b"] * 50
    method = GaussianNoise(redraw=1.0).fit(X, y)
    drawn = method.sample({"a": N}, random_state=0)[0]["c"]
    assert set(drawn) == {"u", "v"}
    assert (drawn == "v").mean() == pytest.approx(0.2, abs=5 * (0.16 / N) ** 0.5)


def test_with_five_percent_redrawn_most_cells_are_those_of_the_seed():
    X = pd.DataFrame({"x": np.arange(100) * 1000.0, "c": [f"v{k}" for k in range(25)] * 4})
    X_new, _ = GaussianNoise(scale=0.0).fit(X, ["a"] * 100).sample(N, random_state=0)
    own = X["c"].to_numpy()[(X_new["x"] / 1000).astype(int)]
    # Redrawn cells keep their level once in 25.
    assert (X_new["c"] != own).mean() == pytest.approx(0.05 * 24 / 25, abs=5 * (0.05 / N) ** 0.5)


def test_missing_cells_stay_missing_and_others_stay_present():
    X = pd.DataFrame({"x": [1.0, np.nan, 3.5], "c": ["u", None, "v"], "i": [1, 2, 4]})
    X_new, _ = GaussianNoise(redraw=1.0).fit(X, ["a"] * 3).sample(300, random_state=0)
    assert X_new["x"].isna().sum() == 100
    assert (X_new["x"].isna() == X_new["c"].isna()).all()


def test_without_noise_it_is_random_over_sampling():
    X = pd.DataFrame({"x": [0.5, 1.5, 2.5], "c": list("uvw")})
    X_new, _ = GaussianNoise(scale=0, redraw=0).fit(X, ["a"] * 3).sample(30, random_state=0)
    assert set(zip(X_new["x"], X_new["c"], strict=True)) == {(0.5, "u"), (1.5, "v"), (2.5, "w")}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": -1}, "scale must be"),
        ({"redraw": 1.5}, r"redraw must lie in \[0, 1\]"),
    ],
)
def test_impossible_parameters_are_refused_by_fit(options, message):
    with pytest.raises(OptionError, match=message):
        GaussianNoise(**options).fit(pd.DataFrame({"x": [1.0, 2.5]}), ["a", "b"])
