"""SMOTE: segments, distances of the paper, guards, and imbalanced-learn as the witness."""

import os
import time

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC

from equipoise.errors import OptionError
from equipoise.synthesizers._neighbours import Mismatch, Neighbourhood, ValueDifference, smallest
from equipoise.synthesizers.smote import Smote, mismatches

PLAIN = {"scaling": "none", "atom_share": 1.0, "categories": "vote"}


def cloud(n=120, d=4, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) @ rng.standard_normal((d, d))
    return X, np.where(np.arange(n) < n // 3, "rare", "common")


def mixed(n=600, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(n)
    X = pd.DataFrame(
        {
            "x": x,
            "z": x**2 + 0.1 * rng.standard_normal(n),
            "c": np.where(x + rng.standard_normal(n) > 0, "up", "down"),
            "d": rng.choice(["r", "g", "b"], n, p=[0.6, 0.3, 0.1]),
        }
    )
    return X, np.where(np.arange(n) < n // 3, "rare", "common")


# The formulas


def test_every_new_row_lies_on_a_segment_between_two_rows_of_its_class():
    X, y = cloud()
    X_new, y_new = Smote().fit(X, y).sample({"rare": 60, "common": 40}, random_state=0)
    for label in ("rare", "common"):
        rows = X[y == label]
        lengths = np.linalg.norm(rows[:, None] - rows[None], axis=2)
        for row in X_new[y_new == label]:
            to = np.linalg.norm(rows - row, axis=1)
            assert np.abs(to[:, None] + to[None] - lengths).min() < 1e-9


def test_one_mismatch_is_as_far_as_the_median_spread_and_two_are_sqrt_two_as_far():
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal((9, 3)) * [1.0, 7.0, 3.0]
    numbers[1] = numbers[2] = numbers[0]
    codes = np.zeros((9, 2), dtype=np.int64)
    codes[1] = [1, 0]
    codes[2] = [1, 1]
    m = np.median(numbers.std(axis=0))
    near = Neighbourhood(numbers, codes, mismatches(numbers, codes), k=1, max_reference=99, rng=rng)
    distances = np.sqrt(np.maximum(near.squared(np.array([0]))[0], 0))
    assert distances[1] == pytest.approx(m, rel=1e-3)
    assert distances[2] == pytest.approx(m * 2**0.5, rel=1e-3)


def test_a_mismatch_counts_where_all_numbers_of_the_class_are_equal():
    codes = np.array([[0], [1], [1]])
    assert mismatches(np.ones((3, 2)), codes)[0].weight > 0


def test_value_differences_are_those_of_the_documented_example():
    colour = np.repeat([0, 1, 2], 10)  # green, red, blue
    y = np.concatenate([np.arange(10) < ones for ones in (8, 7, 1)]).astype(np.int64)
    table = ValueDifference.of(colour, y).rows(np.arange(3))
    assert np.allclose(table, [[0, 0.04, 1.96], [0.04, 0, 1.44], [1.96, 1.44, 0]], atol=1e-6)


@pytest.mark.parametrize("n_levels", [3, 200])
def test_neighbours_are_those_of_a_full_sort_in_double_precision(n_levels):
    rng = np.random.default_rng(3)
    n, k = 700, 7
    numbers = rng.standard_normal((n, 3))
    codes = rng.integers(n_levels, size=(n, 2))
    full = np.square(numbers[:, None] - numbers[None]).sum(axis=2)
    full += 0.8 * (codes[:, None] != codes[None]).sum(axis=2)
    np.fill_diagonal(full, np.inf)
    distances = [Mismatch(n_levels, 0.8)] * 2
    near = Neighbourhood(numbers, codes, distances, k=k, max_reference=10**6, rng=rng)
    found = near.of(np.arange(n))
    reached = np.take_along_axis(full, found, axis=1)
    # Neighbours may swap where squared distances differ by less than the tie breaker and single precision.
    assert np.abs(reached - np.sort(full, axis=1)[:, :k]).max() < 5e-5
    assert all(len(set(row)) == k for row in found)
    assert (found != np.arange(n)[:, None]).all()


@pytest.mark.parametrize(("width", "k"), [(64, 1), (64, 60), (128, 5), (6400, 5), (6400, 99)])
def test_the_smallest_values_are_found_in_order(width, k):
    values = np.random.default_rng(k).random((20, width), dtype=np.float32)
    assert np.array_equal(smallest(values, k), np.argsort(values, axis=1)[:, :k])


def test_neighbours_at_equal_distance_are_all_used():
    X = pd.DataFrame({"c": ["u"] * 60 + ["v"] * 30, "d": ["p"] * 45 + ["q"] * 45})
    method = Smote(random_state=0).fit(X, ["a"] * 30 + ["b"] * 60)
    near = method._classes[0].near.of(np.arange(30))
    assert len(np.unique(near)) > 25  # 150 draws from 30 rows all alike miss about 0.2 of them


def test_blocks_do_not_change_the_neighbours():
    X, y = mixed()
    whole = Smote(random_state=0).fit(X, y)
    parts = Smote(random_state=0).fit(X, y)
    rows = np.arange(200)
    everything = whole._classes[0].near.of(rows)
    for row in rows[::-1]:
        assert set(parts._classes[0].near.of(rows[row : row + 1])[0]) == set(everything[row])


# The witness


@pytest.mark.filterwarnings("ignore:After over-sampling")
def test_means_and_covariances_of_1e5_rows_agree_with_imbalanced_learn():
    n = 100_000
    X, y = cloud(300, 3)
    ours, _ = Smote(scaling="none", atom_share=1).fit(X, y).sample({"rare": n}, random_state=0)
    theirs = SMOTE(sampling_strategy={"rare": n + 100}, random_state=0).fit_resample(X, y)[0][300:]
    spread = theirs.std(axis=0)
    # The standard error of a mean is 0.3 % of the spread, of a covariance 0.5 %; theirs draws its seeds at random.
    assert np.abs(ours.mean(axis=0) - theirs.mean(axis=0)).max() < 0.02 * spread.min()
    assert (np.abs(np.cov(ours.T) - np.cov(theirs.T)) < 0.02 * np.outer(spread, spread)).all()


@pytest.mark.filterwarnings("ignore:After over-sampling")
def test_shares_of_categories_and_their_means_agree_with_smotenc_under_the_vote():
    n = 20_000
    X, y = mixed()
    ours, _ = Smote(**PLAIN).fit(X, y).sample({"rare": n}, random_state=0)
    witness = SMOTENC(["c", "d"], sampling_strategy={"rare": n + 200}, random_state=0)
    theirs = witness.fit_resample(X, y)[0][600:]
    for column in ("c", "d"):
        one = ours.groupby(column)["x"].agg(["size", "mean"])
        other = theirs.groupby(column)["x"].agg(["size", "mean"])
        # Five standard errors of the difference of two shares, and of two means within a level.
        assert (np.abs(one["size"] - other["size"]) < 5 * (2 * n * 0.25) ** 0.5).all()
        error = 5 * ours["x"].std() * (1 / one["size"] + 1 / other["size"]) ** 0.5
        assert (np.abs(one["mean"] - other["mean"]) < error).all()


@pytest.mark.filterwarnings("ignore:After over-sampling")
def test_shares_of_levels_agree_with_smoten_under_the_vote():
    n = 20_000
    rng = np.random.default_rng(0)
    latent, y = rng.standard_normal((900, 1)), np.repeat(["rare", "common", "other"], 300)
    shift = np.repeat([[0.5], [-0.5], [0.0]], 300, axis=0) * np.linspace(0.2, 1, 9)
    # Two levels and five voters (the row and four neighbours): no vote is tied.
    X = pd.DataFrame(
        np.where(latent + shift + rng.standard_normal((900, 9)) > 0.6, "on", "off"),
        columns=[f"c{j}" for j in range(9)],
    )
    ours, _ = Smote(categories="vote", k_neighbors=4).fit(X, y).sample({"rare": n}, random_state=0)
    witness = SMOTEN(sampling_strategy={"rare": n + 300}, k_neighbors=4, random_state=0)
    theirs = witness.fit_resample(X, y)[0][900:]
    difference = (ours == "on").mean() - (theirs == "on").mean()
    # Five standard errors of a share, as theirs draws its seeds at random; and as much again for neighbours at
    # equal distance, which either takes as they come.
    assert difference.abs().max() < 10 * (0.25 / n) ** 0.5


def test_the_draw_keeps_the_share_of_a_rare_level_and_the_vote_loses_it():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((1000, 6)), columns=list("uvwxyz"))
    X["d"] = rng.choice(["r", "g", "b"], 1000, p=[0.6, 0.3, 0.1])
    share = (X["d"] == "b").mean()
    drawn, _ = Smote().fit(X, ["a"] * 1000).sample(5000, random_state=0)
    voted, _ = Smote(categories="vote").fit(X, ["a"] * 1000).sample(5000, random_state=0)
    # Seeds are 1,000 rows, taken five times each: five standard errors of a share of them.
    assert abs((drawn["d"] == "b").mean() - share) < 5 * (share / 1000) ** 0.5
    assert (voted["d"] == "b").mean() < 0.6 * share


def test_the_draw_takes_the_categories_of_a_row_together():
    X, y = mixed()
    X = X.assign(twin=X["d"].str.upper())
    drawn, _ = Smote().fit(X, y).sample(2000, random_state=0)
    assert (drawn["d"].str.upper() == drawn["twin"]).all()


def test_the_variance_shrinks_by_what_the_segments_cost():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((400, 1)), ["a"] * 400
    # With all rows as neighbours, a point uniform on a segment has 2/3 of the variance of an end.
    method = Smote(k_neighbors=399, atom_share=1).fit(X, y)
    X_new, _ = method.sample({"a": 40_000}, random_state=0)
    # Every row is a seed a hundred times; the standard error of the variance is below 1 %.
    assert X_new.var() == pytest.approx(2 / 3 * X.var(), rel=0.04)


# The guards


def test_a_column_times_a_thousand_gives_the_same_rows_with_that_column_times_a_thousand():
    X, y = mixed()
    X["x"] = X["x"].round(3)
    big = X.assign(x=(X["x"] * 1000).round())
    one, _ = Smote(random_state=0).fit(X, y).sample(300, random_state=1)
    other, _ = Smote(random_state=0).fit(big, y).sample(300, random_state=1)
    assert np.allclose(one["x"] * 1000, other["x"], atol=0.5001)  # both are on their grid
    pd.testing.assert_frame_equal(one.drop(columns="x"), other.drop(columns="x"))


@pytest.mark.parametrize("n_rare", [1, 2, 5])
def test_classes_of_one_two_and_five_rows_give_valid_rows(n_rare):
    X, _ = mixed(50)
    y = np.array(["rare"] * n_rare + ["common"] * (50 - n_rare))
    method = Smote().fit(X, y)
    X_new, _ = method.sample({"rare": 40}, random_state=0)
    assert not X_new.isna().any(axis=None)
    assert set(X_new["d"]) <= set(X["d"][:n_rare])
    assert bool(method.deliveries_[0].fallback) == (n_rare == 1)


def test_integers_are_rounded_to_nearest_not_cut():
    X = pd.DataFrame({"i": [0, 1] * 50})
    X_new, _ = (
        Smote(atom_share=1, k_neighbors=99).fit(X, ["a"] * 100).sample(20_000, random_state=0)
    )
    assert X_new["i"].mean() == pytest.approx(0.5, abs=5 * 0.5 / 20_000**0.5)


def test_atoms_keep_their_share_and_nothing_lies_between_them_and_the_rest():
    rng = np.random.default_rng(0)
    gain = np.where(rng.random(1000) < 0.8, 0, rng.integers(5000, 9000, 1000))
    X = pd.DataFrame({"gain": gain, "x": rng.standard_normal(1000)})
    for categories in ("draw", "vote"):
        method = Smote(categories=categories).fit(X, ["a"] * 1000)
        new = method.sample(5000, random_state=0)[0]["gain"]
        assert ((new == 0) | (new >= 5000)).all()
        assert new[new > 0].nunique() > 300
        if categories == "draw":
            assert (new == 0).mean() == pytest.approx((gain == 0).mean(), abs=0.05)
    plain = (
        Smote(atom_share=1, k_neighbors=600)
        .fit(X, ["a"] * 1000)
        .sample(5000, random_state=0)[0]["gain"]
    )
    assert ((plain > 0) & (plain < 5000)).mean() > 0.1


def test_missing_cells_are_where_the_seed_has_them_and_others_are_not_pulled_to_the_filling():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"x": rng.choice([-1, 1], 400) * rng.uniform(9, 10, 400), "z": rng.random(400)}
    )
    X["c"] = np.where(X["x"] > 0, "p", "m")
    hole = rng.random(400) < 0.5
    X["x"] = X["x"].mask(hole)
    X["c"] = X["c"].mask(hole)
    X_new, _ = Smote().fit(X, ["a"] * 400).sample(1200, random_state=0)
    assert X_new["x"].isna().sum() == 3 * hole.sum()
    assert (X_new["x"].isna() == X_new["c"].isna()).all()
    # The filling is near 0: no row was drawn there unless its neighbours are on both sides.
    segments = Smote().fit(X[~hole], ["a"] * (~hole).sum()).sample(1200, random_state=0)[0]["x"]
    assert (X_new["x"].abs() < 9).mean() <= 0.5 * (segments.abs() < 9).mean() + 0.05


def test_of_many_rows_a_random_part_serves_as_neighbours():
    X, y = cloud(300, 2)
    method = Smote(max_reference=50, random_state=0).fit(X, y)
    near = method._classes[0].near
    found = near.of(np.arange(200))
    assert set(found.ravel()) <= set(near.reference)
    assert len(near.reference) == 50
    assert (found != np.arange(200)[:, None]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k_neighbors": 0}, "k_neighbors must be a whole number of 1 or more, got 0"),
        ({"k_neighbors": 2.5}, "k_neighbors must be a whole number"),
        ({"max_reference": 1}, "max_reference must be a whole number of 2 or more"),
        ({"categories": "mode"}, "categories must be one of 'draw', 'vote'; got 'mode'"),
        ({"scaling": "minmax"}, "scaling must be one of 'standard', 'none'"),
        ({"atom_share": 0.0}, r"atom_share must lie in \(0, 1\]"),
    ],
)
def test_impossible_parameters_are_refused_by_fit(options, message):
    with pytest.raises(OptionError, match=message):
        Smote(**options).fit(*cloud())


# Real tables


def read(name, target):
    folder = os.environ.get("EQUIPOISE_DATA")
    if not folder:
        pytest.skip("the articles' tables are not here: set EQUIPOISE_DATA to their folder")
    frame = pd.read_csv(f"{folder}/{name}.csv", keep_default_na=False, na_values=[""])
    return frame.drop(columns=target), frame[target]


@pytest.mark.truth
def test_adult_is_balanced_at_least_four_times_faster_than_by_imbalanced_learn():
    X, y = read("adult", "income")
    start = time.process_time()
    Smote(random_state=0).fit(X, y).sample({">50K": 16_879}, random_state=0)
    ours = time.process_time() - start
    words = [name for name in X if not pd.api.types.is_numeric_dtype(X[name])]
    filled = X.fillna(dict.fromkeys(words, "?"))
    start = time.process_time()
    SMOTENC(words, random_state=0).fit_resample(filled, y)
    assert time.process_time() - start > 4 * ours
