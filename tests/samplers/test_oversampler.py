"""The sampler: originals first and unchanged, the container and dtypes that came in."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import OneHotEncoder

from equipoise import (
    DataError,
    Duplicate,
    GaussianNoise,
    OptionError,
    Smote,
    SyntheticOverSampler,
    balance,
    grow,
)


@pytest.fixture
def mixed():
    rng = np.random.default_rng(3)
    n = 60
    X = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "pay": np.round(rng.normal(1000, 200, n), 2),
            "town": pd.Categorical(rng.choice(["x", "y"], n), categories=["x", "y", "never"]),
            "job": rng.choice(["cook", "smith", None], n),
            "member": rng.random(n) < 0.5,
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D"),
            "visits": pd.array(rng.integers(0, 4, n), dtype="Int64"),
        },
        index=rng.permutation(n) + 100,
    )
    X.loc[X.index[:5], "pay"] = np.nan
    X.loc[X.index[:5], "visits"] = pd.NA
    y = pd.Series(np.where(np.arange(n) < 45, "no", "yes"), index=X.index, name="default")
    return X, y


@pytest.mark.parametrize("synthesizer", [Duplicate(), Smote(), GaussianNoise()])
def test_originals_come_first_unchanged_and_dtypes_stay(mixed, synthesizer):
    X, y = mixed
    before = X.copy(), y.copy()
    sampler = SyntheticOverSampler(synthesizer, random_state=0)
    X_res, y_res = sampler.fit_resample(X, y)
    pd.testing.assert_frame_equal(X_res.iloc[:60], X.reset_index(drop=True))
    pd.testing.assert_series_equal(y_res.iloc[:60], y.reset_index(drop=True))
    assert (X_res.dtypes == X.dtypes).all()
    assert y_res.value_counts().to_dict() == {"no": 45, "yes": 45}
    assert (sampler.synthetic_mask_ == (np.arange(90) >= 60)).all()
    pd.testing.assert_frame_equal(X, before[0])
    pd.testing.assert_series_equal(y, before[1])


def test_the_same_seed_gives_the_same_rows_and_another_gives_others(mixed):
    frames = [
        SyntheticOverSampler(Smote(), random_state=seed).fit_resample(*mixed)[0]
        for seed in (0, 0, 1)
    ]
    pd.testing.assert_frame_equal(frames[0], frames[1])
    assert not frames[0].equals(frames[2])


@pytest.mark.parametrize(
    ("strategy", "totals"),
    [
        ("auto", {"no": 45, "yes": 45}),
        (0.5, {"no": 45, "yes": 23}),
        ({"yes": 40}, {"no": 45, "yes": 40}),
        (balance(0.8), {"no": 45, "yes": 36}),
        (grow(0.2), {"no": 54, "yes": 18}),
    ],
)
def test_strategies_are_those_of_imbalanced_learn(mixed, strategy, totals):
    sampler = SyntheticOverSampler(Duplicate(), sampling_strategy=strategy, random_state=0)
    _, y_res = sampler.fit_resample(*mixed)
    got = y_res.value_counts().to_dict()
    assert got["no"] == totals["no"]
    assert abs(got["yes"] - totals["yes"]) <= (1 if strategy == 0.5 else 0)
    assert sum(d.delivered for d in sampler.deliveries_) == len(y_res) - 60


@pytest.mark.parametrize("form", ["csr", "csc", "coo"])
def test_a_sparse_matrix_comes_back_in_its_format(form):
    rng = np.random.default_rng(0)
    X = sp.random(40, 6, 0.3, format=form, random_state=rng)
    y = np.repeat([0, 1], [30, 10])
    X_res, y_res = SyntheticOverSampler(Smote(), random_state=0).fit_resample(X, y)
    assert X_res.shape == (60, 6)
    assert np.bincount(y_res).tolist() == [30, 30]
    if form != "coo":  # imbalanced-learn accepts csr and csc and turns others into csr
        assert X_res.format == form


def test_a_polars_frame_comes_back_as_one():
    X = pl.DataFrame({"a": [1.0, 2.5, 3.0, 4.0], "b": ["x", "y", "x", None]})
    y = pl.Series("y", ["no", "no", "no", "yes"])
    X_res, y_res = SyntheticOverSampler(Duplicate(), random_state=0).fit_resample(X, y)
    assert isinstance(X_res, pl.DataFrame)
    assert X_res.schema == X.schema
    assert y_res.to_list() == ["no", "no", "no", "yes", "yes", "yes"]


def test_it_works_in_a_pipeline_under_grid_search(mixed):
    X, y = mixed
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["town"]), ("passthrough", ["age"])
    )
    model = make_pipeline(
        SyntheticOverSampler(Smote(), random_state=0), columns, LogisticRegression(max_iter=500)
    )
    search = GridSearchCV(
        model, {"syntheticoversampler__synthesizer": [Duplicate(), Smote()]}, cv=3
    ).fit(X, y)
    assert search.predict(X).shape == (60,)


def test_it_can_be_cloned_and_its_parameters_reach_the_synthesizer():
    sampler = clone(SyntheticOverSampler(Smote(), sampling_strategy=grow(0.5), random_state=7))
    assert sampler.get_params()["sampling_strategy"] == grow(0.5)
    assert "synthesizer__random_state" in sampler.get_params()


def test_a_synthesizer_of_its_own_seed_keeps_it(mixed):
    sampler = SyntheticOverSampler(Smote(random_state=5), random_state=0)
    sampler.fit_resample(*mixed)
    assert sampler.synthesizer_.random_state == 5


def test_kinds_that_name_no_column_are_refused(mixed):
    sampler = SyntheticOverSampler(Smote(), kinds={"agee": "categorical"}, random_state=0)
    with pytest.raises(OptionError, match="'agee'"):
        sampler.fit_resample(*mixed)


@pytest.mark.parametrize("frame", [lambda X: X, pl.from_pandas], ids=["pandas", "polars"])
def test_weights_are_carried_over_and_new_rows_get_theirs(mixed, frame):
    X, y = mixed
    weights = np.linspace(0, 2, 60)
    sampler = SyntheticOverSampler(Smote(), synthetic_weight=0.25, random_state=0)
    out = sampler.fit_resample(frame(X.reset_index(drop=True)), y, weights.tolist())
    assert len(out) == 2
    np.testing.assert_array_equal(sampler.sample_weight_, np.r_[weights, np.full(30, 0.25)])
    plain = SyntheticOverSampler(Smote(), random_state=0)
    same = plain.fit_resample(frame(X.reset_index(drop=True)), y)
    assert out[0].equals(same[0])
    assert plain.sample_weight_ is None


def test_a_call_without_weights_forgets_those_of_the_last(mixed):
    sampler = SyntheticOverSampler(Duplicate(), random_state=0)
    sampler.fit_resample(*mixed, sample_weight=np.ones(60))
    assert sampler.sample_weight_.tolist() == [1.0] * 90
    sampler.fit_resample(*mixed)
    assert sampler.sample_weight_ is None


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (np.ones(59), "each of the 60 rows, got the shape"),
        (np.ones((60, 1)), "got the shape"),
        (np.r_[np.ones(59), -1], "not negative, got -1.0 for row 59"),
        (np.r_[np.nan, np.ones(59)], "finite .* got nan for row 0"),
        (["much"] * 60, "no number"),
        (np.zeros(60), "zero"),
    ],
)
def test_weights_that_are_none_are_refused_before_anything_is_fitted(mixed, weights, words):
    sampler = SyntheticOverSampler(Smote(), random_state=0)
    with pytest.raises(DataError, match=words) as told:
        sampler.fit_resample(*mixed, sample_weight=weights)
    assert "\n" not in str(told.value)
    assert not hasattr(sampler, "synthesizer_")


@pytest.mark.parametrize("value", [-0.5, float("nan"), "half"])
def test_a_weight_of_new_rows_that_is_none_is_refused(mixed, value):
    with pytest.raises(ValueError, match="synthetic_weight"):
        SyntheticOverSampler(Smote(), synthetic_weight=value).fit_resample(*mixed)


@pytest.mark.parametrize("kind", ["text", "Int64", "list"])
def test_missing_labels_are_counted_in_words_of_ours(mixed, kind):
    X, y = mixed
    gone = {"text": y.mask(np.arange(60) == 3), "Int64": (y == "yes").astype("Int64")}
    gone["Int64"].iloc[3] = pd.NA
    labels = gone["text"].tolist() if kind == "list" else gone[kind]
    with pytest.raises(DataError, match="1 labels of the target .* are missing"):
        SyntheticOverSampler(Duplicate()).fit_resample(X, labels)


def test_labels_that_read_the_same_are_refused_not_merged(mixed):
    X, _ = mixed
    with pytest.raises(DataError, match="read the same as text"):
        SyntheticOverSampler(Duplicate()).fit_resample(X, [1, "1", 0] * 20)
