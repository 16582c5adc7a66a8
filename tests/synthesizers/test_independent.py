"""Independent columns keep what one column is, and nothing between columns."""

import numpy as np
import pandas as pd
import pytest

from equipoise.synthesizers.independent import IndependentColumns

N = 4000


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(N)
    X = pd.DataFrame(
        {"x": x, "twin": x + 0.01 * rng.standard_normal(N), "c": np.where(x > 0, "p", "m")}
    )
    X.loc[X.index % 4 == 0, "twin"] = np.nan
    y = pd.Series(np.where(np.arange(N) < N // 2, "a", "b"))
    X["x"] += np.where(y == "a", 0.0, 100.0)
    return X, y, *IndependentColumns().fit(X, y).sample(N, random_state=0)


def test_means_spreads_and_missing_shares_of_a_class_are_kept(made):
    X, y, X_new, y_new = made
    old, new = X[y == "b"], X_new[y_new == "b"]
    # Five standard errors of a mean (1/sqrt(n)), a deviation (1/sqrt(2n)) and a share of a quarter.
    n = len(new)
    assert abs(new["x"].mean() - old["x"].mean()) < 5 / n**0.5
    assert abs(new["x"].std() - old["x"].std()) < 5 / (2 * n) ** 0.5
    assert abs(new["twin"].isna().mean() - 0.25) < 5 * (0.1875 / n) ** 0.5


def test_ties_between_columns_are_cut(made):
    _, _, X_new, y_new = made
    new = X_new[y_new == "a"].dropna()
    assert abs(new["x"].corr(new["twin"])) < 5 / len(new) ** 0.5
    assert abs((new["x"] > 0).astype(float).corr((new["c"] == "p").astype(float))) < 0.12


def test_no_training_row_can_be_read_off_a_fitted_model():
    X = pd.DataFrame({"a": [3.0, 1.0, 2.5], "b": [1.0, 3.0, 2.5]})
    method = IndependentColumns().fit(X, ["k"] * 3)
    assert not method.keeps_rows
    assert np.array_equal(method._columns[0].numbers[:, 0], [1.0, 2.5, 3.0])
    assert np.array_equal(method._columns[0].numbers[:, 1], [1.0, 2.5, 3.0])
