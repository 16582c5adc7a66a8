"""Borderline-SMOTE and ADASYN: imbalanced-learn's, on any columns, with exact counts and no silent failure."""

import os

import numpy as np
import pandas as pd
import pytest

from equipoise.datasets.splits import split
from equipoise.errors import OptionError
from equipoise.samplers.strategies import parse_plan
from equipoise.synthesizers._embedding import Embedding
from equipoise.synthesizers.adasyn import Adasyn
from equipoise.synthesizers.borderline_smote import BorderlineSmote
from equipoise.tables.coded import Coded
from equipoise.tables.labels import Labels

TABLES = {
    "thomas": "BAD",
    "hmeq": "BAD",
    "popularkids": "Goals",
    "eucalyptus": "Utility",
    "steel_plates_fault": "target",
    "ionosphere": "class",
}
both = pytest.mark.parametrize("method", [BorderlineSmote, Adasyn])


def overlapping(n=300, seed=0):
    rng = np.random.default_rng(seed)
    y = np.where(np.arange(n) < n // 3, "rare", "common")
    X = pd.DataFrame({"x": rng.standard_normal(n) + (y == "rare"), "z": rng.standard_normal(n)})
    return X, y


def coded(seed=0, n=400, n_levels=5):
    """Numbers with missing cells and an atom, and levels with missing cells."""
    rng = np.random.default_rng(seed)
    numbers = rng.uniform(5, 9, (n, 3))
    numbers[rng.random(n) < 0.4, 1] = 0.0
    numbers[rng.random(n) < 0.2, 1] = np.nan
    codes = rng.integers(-1, n_levels, (n, 2))
    codes[:, 1] = np.abs(codes[:, 1])
    return Coded(numbers, codes)


# Points and back


@pytest.mark.parametrize("n_levels", [5, 300])
def test_the_point_of_a_row_stands_for_that_row(n_levels):
    table = coded(n_levels=n_levels)
    embedding = Embedding(table, 0.2, np.random.default_rng(0))
    back = embedding.inverse(embedding.points)
    np.testing.assert_allclose(back.numbers, table.numbers, atol=1e-9)
    np.testing.assert_array_equal(back.codes, table.codes)


def test_a_mismatch_is_as_far_as_one_standard_deviation():
    table = Coded(np.zeros((4, 0)), np.array([[0, 0], [1, 0], [1, 1], [0, 1]]))
    points = Embedding(table, 0.2, np.random.default_rng(0)).points
    assert np.linalg.norm(points[0] - points[1]) == pytest.approx(1)
    assert np.linalg.norm(points[0] - points[2]) == pytest.approx(2**0.5)


@pytest.mark.parametrize("step", [0.1, 0.45, 0.55, 0.9])
def test_between_two_rows_levels_are_the_nearer_ones_and_regular_numbers_are_not_mixed_with_others(
    step,
):
    table = coded()
    embedding = Embedding(table, 0.2, np.random.default_rng(0))
    other = np.random.default_rng(1).permutation(len(table))
    start, end = table, table.take(other)
    points = embedding.points + step * (embedding.points[other] - embedding.points)
    made = embedding.inverse(points)
    nearer = start if step < 0.5 else end
    np.testing.assert_array_equal(made.codes, nearer.codes)
    np.testing.assert_array_equal(np.isnan(made.numbers), np.isnan(nearer.numbers))
    a, b, c = start.numbers[:, 1], end.numbers[:, 1], made.numbers[:, 1]
    regular = (a > 0) & (b > 0)
    np.testing.assert_allclose(c[regular], (a + step * (b - a))[regular], atol=1e-9)
    one = nearer.numbers[:, 1]
    special = ~regular & ~np.isnan(one)
    np.testing.assert_allclose(c[special], one[special], atol=1e-9)


# The two methods


def test_borderline_rows_start_from_rows_in_danger_only():
    X, y = overlapping()
    method = BorderlineSmote(atom_share=1.0).fit(X, y)
    X_new, _ = method.sample({"rare": 200}, random_state=0)
    scaled = X.to_numpy() / X.to_numpy().std(axis=0)
    rare = np.flatnonzero(y == "rare")
    distances = np.linalg.norm(scaled[rare, None] - scaled[None], axis=2)
    distances[np.arange(len(rare)), rare] = np.inf
    strangers = (y[np.argsort(distances, axis=1)[:, :10]] != "rare").sum(axis=1)
    danger = scaled[rare][(strangers >= 5) & (strangers < 10)]
    assert 0 < len(danger) < len(rare)
    others = scaled[rare]
    lengths = np.linalg.norm(danger[:, None] - others[None], axis=2)
    for row in X_new.to_numpy() / X.to_numpy().std(axis=0):
        detour = (
            np.linalg.norm(danger - row, axis=1)[:, None]
            + np.linalg.norm(others - row, axis=1)[None]
            - lengths
        )
        assert detour.min() < 1e-6


def test_adasyn_makes_more_rows_where_classes_mix():
    X, y = overlapping(600)
    rare = X[y == "rare"]
    X_new, _ = Adasyn().fit(X, y).sample({"rare": 600}, random_state=0)
    # The other class is on the left, by one standard deviation.
    assert X_new["x"].mean() < rare["x"].mean() - 0.2 * rare["x"].std()


@both
@pytest.mark.parametrize("n", [1, 2, 7, 1000])
def test_counts_are_exact_and_no_fallback_is_taken_for_any_class_that_overlaps(method, n):
    X, y = overlapping()
    fitted = method().fit(X, y)
    _, y_new = fitted.sample({"rare": n, "common": n + 1}, random_state=0)
    assert pd.Series(y_new).value_counts().to_dict() == {"rare": n, "common": n + 1}
    assert not any(delivery.fallback for delivery in fitted.deliveries_)


@both
def test_a_class_far_from_all_others_is_made_by_smote_and_that_is_recorded(method):
    X, y = overlapping()
    X += 1000.0 * (y == "rare")[:, None]
    fitted = method().fit(X, y)
    X_new, _ = fitted.sample({"rare": 9}, random_state=0)
    assert (X_new["x"] > 900).all()
    assert fitted.deliveries_[0].fallback.startswith("SMOTE instead: ")
    assert fitted.fallbacks_ == {}


@both
def test_a_single_class_is_made_by_smote_and_that_is_recorded(method):
    X, y = overlapping()
    fitted = method().fit(X, ["only"] * len(y))
    fitted.sample(5, random_state=0)
    assert fitted.deliveries_[0].fallback == "SMOTE instead: there is no other class"


@both
def test_classes_of_equal_size_take_their_own_random_steps(method):
    X, y = overlapping(200)
    mirrored = pd.concat([X[y == "rare"], X[y == "rare"]], ignore_index=True)
    mirrored["x"] += np.random.default_rng(0).normal(0, 1e-3, len(mirrored))
    labels = np.repeat(["a", "b"], (y == "rare").sum())
    X_new, y_new = method().fit(mirrored, labels).sample({"a": 30, "b": 30}, random_state=0)
    gaps = np.abs(X_new["z"][y_new == "a"].to_numpy() - X_new["z"][y_new == "b"].to_numpy())
    assert np.median(gaps) > 0.1


@both
def test_missing_cells_stay_about_as_frequent_and_levels_come_from_rows_of_the_class(method):
    X, y = overlapping(900)
    rng = np.random.default_rng(0)
    hole = rng.random(900) < 0.3
    X["z"] = X["z"].mask(hole)
    X["c"] = pd.Series(np.where(y == "rare", "r", "c")).mask(rng.random(900) < 0.2)
    X["d"] = rng.choice(["u", "v"], 900)
    X_new, _ = method().fit(X, y).sample({"rare": 900}, random_state=0)
    assert set(X_new["c"].dropna()) == {"r"}
    assert 0.1 < X_new["z"].isna().mean() < 0.6
    assert not X_new["d"].isna().any()


def test_a_number_of_neighbours_that_is_none_is_refused():
    with pytest.raises(OptionError, match="m_neighbors must be a whole number of 1 or more, got 0"):
        BorderlineSmote(m_neighbors=0).fit(*overlapping())
    with pytest.raises(OptionError, match="k_neighbors must be a whole number"):
        Adasyn(k_neighbors=0).fit(*overlapping())


@pytest.mark.truth
@both
@pytest.mark.parametrize("name", TABLES)
def test_no_fallback_is_taken_on_any_training_part_of_the_six_tables(name, method):
    folder = os.environ.get("EQUIPOISE_DATA")
    if not folder:
        pytest.skip("the articles' tables are not here: set EQUIPOISE_DATA to their folder")
    frame = pd.read_csv(f"{folder}/{name}.csv", keep_default_na=False, na_values=[""])
    X, y = frame.drop(columns=TABLES[name]), frame[TABLES[name]]
    codes = Labels.infer(y).code(y)
    for repeat in range(5):
        train = split(name, codes, repeat).train
        fitted = method(random_state=0).fit(X.iloc[train], y.iloc[train])
        for plan in ("balance", "grow:0.25"):
            fitted.sample(parse_plan(plan).new_rows(y.iloc[train]), random_state=repeat)
            assert not [d for d in fitted.deliveries_ if d.fallback]
