"""The base of all synthesizers: counts, errors, containers and what it records."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.errors import DataError, EquipoiseWarning, NotFittedError, OptionError
from equipoise.samplers.oversampler import SyntheticOverSampler
from equipoise.synthesizers._base import proportional
from equipoise.synthesizers.duplicate import Duplicate
from equipoise.synthesizers.gaussian_noise import GaussianNoise
from equipoise.tables.coded import Coded

X = pd.DataFrame({"size": [1, 2, 3, 4, 5, 6], "city": list("abcabc")})
Y = pd.Series(["no", "no", "no", "no", "yes", "yes"], name="bad")


@given(st.integers(0, 10_000), st.lists(st.integers(1, 500), min_size=1, max_size=12))
def test_shares_add_up_and_miss_the_exact_share_by_less_than_one(n, weights):
    parts = proportional(n, np.array(weights))
    exact = n * np.array(weights) / sum(weights)
    assert parts.sum() == n
    assert (np.abs(parts - exact) < 1).all()


def test_a_number_of_rows_is_shared_out_as_in_training():
    _, y_new = Duplicate().fit(X, Y).sample(9, random_state=0)
    assert y_new.value_counts().to_dict() == {"no": 6, "yes": 3}


@pytest.mark.parametrize("wrong", [-1, 1.5, "3", True, None, float("nan"), float("inf")])
def test_a_number_of_rows_must_be_whole_and_not_negative(wrong):
    method = Duplicate().fit(X, Y)
    with pytest.raises(OptionError, match="must be a whole number, 0 or more"):
        method.sample(wrong)
    with pytest.raises(OptionError, match="rows of class 'no'"):
        method.sample({"no": wrong})


def test_whole_numbers_of_any_type_are_accepted():
    method = Duplicate().fit(X, Y)
    for n in (2, 2.0, np.int64(2), np.float32(2)):
        assert len(method.sample(n)[0]) == 2


def test_an_unknown_class_is_refused_with_the_classes_there_are():
    with pytest.raises(OptionError, match="no class 'maybe'; the classes are 'no', 'yes'"):
        Duplicate().fit(X, Y).sample({"maybe": 1})


def test_sampling_before_fitting_names_the_class_and_the_cure():
    with pytest.raises(NotFittedError, match="this Duplicate is not fitted yet; call fit"):
        Duplicate().sample(1)


def test_tables_and_targets_of_different_length_are_refused():
    with pytest.raises(DataError, match="X has 6 rows but y has 4"):
        Duplicate().fit(X, Y[:4])


def test_fallbacks_of_fit_and_of_sample_are_in_the_deliveries():
    labels = Y.replace("yes", "rare").where(Y.index != 5, "no")
    method = GaussianNoise().fit(X, labels)
    method.sample({"rare": 2, "no": 1})
    reasons = {delivery.label: delivery.fallback for delivery in method.deliveries_}
    assert reasons["no"] == ""
    assert "repeated" in reasons["rare"]
    method.sample({"no": 1})
    assert [delivery.fallback for delivery in method.deliveries_] == [""]


def test_identifiers_are_repeats_of_those_seen():
    keys = [f"K{k}" for k in range(60)]
    frame = pd.DataFrame({"key": keys, "x": np.tile([1.0, 2.5, 2.0], 20)})
    with pytest.warns(UserWarning, match="looks like an identifier"):
        method = Duplicate().fit(frame, ["a"] * 30 + ["b"] * 30)
    X_new, _ = method.sample(40, random_state=0)
    assert list(X_new.columns) == ["key", "x"]
    assert set(X_new["key"]) <= set(keys)


def test_kinds_overrule_what_would_be_inferred():
    method = GaussianNoise(scale=1.0).fit(X, Y, kinds={"size": "categorical"})
    X_new, _ = method.sample({"yes": 50}, random_state=0)
    assert set(X_new["size"]) <= {5, 6}


def test_a_polars_frame_comes_back_as_one():
    X_new, y_new = Duplicate().fit(pl.from_pandas(X), pl.Series(list(Y))).sample(4)
    assert isinstance(X_new, pl.DataFrame)
    assert X_new.columns == ["size", "city"]
    assert len(y_new) == 4


def test_a_method_that_makes_the_wrong_number_of_rows_is_caught():
    class Short(Duplicate):
        def _sample(self, counts, rng):
            return super()._sample(counts, rng).take(np.arange(1))

    with pytest.raises(RuntimeError, match=r"Short.gave 1 rows, asked for 3"):
        Short().fit(X, Y).sample(3)


def test_columns_named_by_truth_values_and_identifiers_keep_their_place():
    X = pd.DataFrame({True: range(60), "id": [f"r{i}" for i in range(60)], False: [0.5, 1.5] * 30})
    with pytest.warns(EquipoiseWarning, match="identifier"):
        synthesizer = Duplicate(random_state=0).fit(X, [0] * 40 + [1] * 20, kinds={True: "numeric"})
    X_new, _ = synthesizer.sample(7, random_state=0)
    assert list(X_new.columns) == [True, "id", False]
    assert set(X_new["id"]) <= set(X["id"])


@pytest.mark.parametrize(
    "header",
    [
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["part", "visit"]),
        pd.Index(["x", "y", "z"], name="measure"),
        pd.CategoricalIndex(["x", "y", "z"], categories=["z", "y", "x"]),
        pd.date_range("2020-01-01", periods=3, name="day"),
    ],
    ids=["levels", "named", "categories", "dates"],
)
def test_the_columns_index_comes_back_exactly_with_an_identifier_and_through_the_sampler(header):
    X = pd.DataFrame({0: [0.5, 1.5] * 30, 1: [f"r{i}" for i in range(60)], 2: list("abc") * 20})
    X.columns = header
    y = pd.Series([0] * 40 + [1] * 20)
    with pytest.warns(EquipoiseWarning, match="identifier"):
        X_new, _ = Duplicate(random_state=0).fit(X, y).sample(7, random_state=0)
    pd.testing.assert_index_equal(X_new.columns, header, exact=True)
    assert set(X_new.iloc[:, 1]) <= set(X.iloc[:, 1])
    with pytest.warns(EquipoiseWarning, match="identifier"):
        X_all, _ = SyntheticOverSampler(Duplicate(), random_state=0).fit_resample(X, y)
    pd.testing.assert_index_equal(X_all.columns, header, exact=True)
    assert len(X_all) == 80


def test_renaming_the_columns_of_new_rows_leaves_the_method_alone():
    method = Duplicate().fit(X, Y)
    method.sample(1)[0].columns.name = "other"
    assert method.sample(1)[0].columns.name is None
    assert X.columns.name is None


@pytest.mark.parametrize(("column", "gap"), [("size", (np.nan, 0)), ("city", (0.0, -1))])
def test_a_method_that_leaves_cells_open_where_training_had_none_is_stopped_by_name(column, gap):
    class Leaky(Duplicate):
        def _sample(self, counts, rng):
            table = super()._sample(counts, rng)
            return Coded(table.numbers + gap[0], np.maximum(-1, table.codes + 9 * gap[1]))

    with pytest.raises(RuntimeError, match=f"Leaky._sample left cells of column '{column}'"):
        Leaky().fit(X, Y).sample(3)
    holes = X.astype({"size": float}).mask(X["size"] == 1)
    assert len(Duplicate().fit(holes, Y).sample(30)[0]) == 30
