"""What goes in comes out: polars, arrow and pandas tables, arrays of several dtypes, and labels of each kind."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone

from equipoise import (
    Cart,
    Duplicate,
    GaussianCopula,
    GaussianNoise,
    IndependentColumns,
    Smote,
    SyntheticOverSampler,
)

METHODS = [Duplicate(), Smote(), GaussianNoise(), IndependentColumns(), Cart(), GaussianCopula()]
N = 60


def cells():
    rng = np.random.default_rng(0)
    days = [dt.date(2020, 1, 1) + dt.timedelta(int(k)) for k in rng.integers(0, 900, N)]
    pay = np.round(rng.normal(1000, 100, N), 1).tolist()
    pay[:4] = [None] * 4
    towns = rng.choice(["Oslo", "Lima", "Pune"], N).tolist()
    towns[7] = None
    return {
        "age": rng.integers(18, 90, N).tolist(),
        "pay": pay,
        "town": towns,
        "member": (rng.random(N) < 0.4).tolist(),
        "day": days,
    }


WORDS = ["yes" if k % 4 == 0 else "no" for k in range(N)]
LABELS = {
    "words": (WORDS, pl.String, pa.string()),
    "numbers": ([int(word == "yes") for word in WORDS], pl.Int8, pa.int8()),
    "truths": ([word == "yes" for word in WORDS], pl.Boolean, pa.bool_()),
}


def polars_frame():
    return pl.DataFrame(cells()).with_columns(
        pl.col("age").cast(pl.Int16),
        pl.col("pay").cast(pl.Float32),
        pl.col("town").cast(pl.Categorical).alias("level"),
        pl.col("day").cast(pl.Datetime("ms")).alias("stamp"),
    )


def arrow_table():
    table = pa.table(cells())
    levels = table.column("town").combine_chunks().dictionary_encode()
    ages = table.column("age").cast(pa.uint8())
    return table.append_column("level", levels).append_column("small", ages)


def array(dtype):
    values = np.random.default_rng(1).normal(scale=20, size=(N, 4))
    return values.round(2).astype(dtype)


@pytest.mark.parametrize("method", METHODS, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("table", [polars_frame, arrow_table])
def test_a_synthesizer_gives_the_kind_of_table_it_learnt_from(method, table):
    X = table()
    X_new, y_new = clone(method).fit(X, WORDS).sample({"yes": 7, "no": 2}, random_state=1)
    assert type(X_new) is type(X)
    assert X_new.schema == X.schema
    assert list(y_new) == ["no"] * 2 + ["yes"] * 7
    towns = X_new["town"].to_list() if isinstance(X, pl.DataFrame) else X_new["town"].to_pylist()
    assert set(towns) <= set(cells()["town"])


@pytest.mark.parametrize("method", METHODS, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int16])
def test_an_array_comes_back_as_one_of_its_dtype(method, dtype):
    X, y = array(dtype), np.array(LABELS["numbers"][0], dtype=np.int16)
    X_new, y_new = clone(method).fit(X, y).sample({0: 2, 1: 7}, random_state=1)
    assert isinstance(X_new, np.ndarray)
    assert (X_new.dtype, X_new.shape) == (dtype, (9, 4))
    X_res, y_res = SyntheticOverSampler(method, random_state=0).fit_resample(X, y)
    assert (X_res.dtype, y_res.dtype, X_res.shape) == (dtype, np.int16, (90, 4))
    np.testing.assert_array_equal(X_res[:N], X)
    np.testing.assert_array_equal(y_res[:N], y)


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("method", [Duplicate(), Cart()], ids=lambda m: type(m).__name__)
def test_the_sampler_gives_polars_for_polars_labels_too(method, kind):
    values, dtype, _ = LABELS[kind]
    X, y = polars_frame(), pl.Series("target", values, dtype=dtype)
    X_res, y_res = SyntheticOverSampler(method, random_state=0).fit_resample(X, y)
    assert X_res.schema == X.schema
    assert X_res[:N].equals(X)
    assert (y_res.name, y_res.dtype) == ("target", dtype)
    assert y_res[:N].equals(y)
    assert sorted(y_res.value_counts()["count"]) == [45, 45]


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("chunked", [False, True])
def test_the_sampler_gives_arrow_for_arrow_labels_too(kind, chunked):
    values, _, dtype = LABELS[kind]
    y = pa.chunked_array([values[:9], values[9:]], dtype) if chunked else pa.array(values, dtype)
    X = arrow_table()
    X_res, y_res = SyntheticOverSampler(Cart(), random_state=0).fit_resample(X, y)
    assert X_res.schema == X.schema
    assert X_res.slice(0, N).equals(X)
    assert type(y_res) is type(y)
    assert y_res.type == dtype
    assert y_res.to_pylist()[:N] == values
    assert len(y_res) == X_res.num_rows == 90


@pytest.mark.parametrize("wrap", [list, np.array, pd.Series])
@pytest.mark.parametrize("table", [polars_frame, arrow_table, lambda: pd.DataFrame(cells())])
def test_labels_of_another_kind_than_the_table_keep_theirs(table, wrap):
    X, y = table(), wrap(WORDS)
    X_res, y_res = SyntheticOverSampler(Duplicate(), random_state=0).fit_resample(X, y)
    assert type(X_res) is type(X)
    assert type(y_res) is type(y)
    assert len(y_res) == 90


def test_a_pandas_frame_with_labels_of_polars_or_arrow():
    X = pd.DataFrame(cells())
    for y in (pl.Series("target", WORDS), pa.array(WORDS)):
        X_res, y_res = SyntheticOverSampler(Duplicate(), random_state=0).fit_resample(X, y)
        pd.testing.assert_frame_equal(X_res[:N], X)
        assert type(y_res) is type(y)
        assert len(y_res) == 90


def test_the_rows_are_the_same_whatever_the_container():
    found = [
        SyntheticOverSampler(Smote(), random_state=0).fit_resample(X, WORDS)[0]
        for X in (pl.DataFrame(cells()), pa.table(cells()))
    ]
    assert found[0].equals(pl.DataFrame(found[1]))


def test_a_clone_of_a_fitted_sampler_has_learnt_nothing_and_gives_the_same_rows():
    X, y = polars_frame(), pl.Series("target", WORDS)
    sampler = SyntheticOverSampler(Cart(min_leaf=7), kinds={"age": "categorical"}, random_state=3)
    first, _ = sampler.fit_resample(X, y)
    copy = clone(sampler)
    assert [name for name in vars(copy) if name.endswith("_")] == []
    assert copy.synthesizer is not sampler.synthesizer
    assert repr(copy.get_params()) == repr(sampler.get_params())
    assert copy.get_params()["synthesizer__min_leaf"] == 7
    assert copy.set_params(synthesizer__min_leaf=7).fit_resample(X, y)[0].equals(first)
