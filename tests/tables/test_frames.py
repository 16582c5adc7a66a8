"""Containers give back what they took."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

from equipoise.errors import DataError
from equipoise.tables.coded import code, decode
from equipoise.tables.frames import Container
from equipoise.tables.schema import Schema

NUMBERS = np.array([[1.0, 0.0], [2.5, -3.0], [0.0, 7.0]])


def there_and_back(X):
    container = Container.of(X)
    return container.back(container.frame(X))


def test_a_pandas_frame_is_not_copied():
    frame = pd.DataFrame({"a": [1, 2]})
    assert there_and_back(frame) is frame


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, object, "<U3"])
def test_an_array_comes_back_in_its_dtype(dtype):
    array = NUMBERS.astype(dtype)
    back = there_and_back(array)
    assert back.dtype == array.dtype
    assert (back == array).all()


def test_a_list_of_rows_becomes_an_array():
    assert (there_and_back(NUMBERS.tolist()) == NUMBERS).all()


@pytest.mark.parametrize("layout", ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"])
@pytest.mark.parametrize("kind", ["matrix", "array"])
def test_a_sparse_matrix_comes_back_in_its_format_and_class(layout, kind):
    matrix = getattr(sp, f"{layout}_{kind}")(NUMBERS)
    back = there_and_back(matrix)
    assert type(back) is type(matrix)
    assert back.dtype == matrix.dtype
    assert (back.toarray() == NUMBERS).all()


def polars_frame():
    return pl.DataFrame(
        {
            "whole": pl.Series([1, None, 3], dtype=pl.Int16),
            "real": pl.Series([0.5, None, 2.25], dtype=pl.Float32),
            "text": pl.Series(["a", None, "ü<b>"], dtype=pl.String),
            "truth": pl.Series([True, None, False], dtype=pl.Boolean),
            "level": pl.Series(["x", "y", None], dtype=pl.Categorical),
            "closed": pl.Series(["x", "y", None], dtype=pl.Enum(["y", "x", "never"])),
            "day": pl.Series([dt.date(2020, 1, 1), None, dt.date(1999, 12, 31)], dtype=pl.Date),
            "time": pl.Series([dt.datetime(2020, 1, 1, 5), None, None], dtype=pl.Datetime("ms")),
        }
    )


@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
def test_a_frame_of_another_library_keeps_dtypes_and_missing_cells(kind):
    frame = polars_frame()
    X = frame if kind == "polars" else frame.to_arrow()
    back = there_and_back(X)
    assert type(back) is type(X)
    assert back.schema == X.schema
    assert back.equals(X)


@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
def test_decoded_rows_go_back_into_the_other_librarys_dtypes(kind):
    frame = pl.concat([polars_frame()] * 4)
    X = frame if kind == "polars" else frame.to_arrow()
    container = Container.of(X)
    pandas = container.frame(X)
    schema = Schema.infer(pandas)
    back = container.back(decode(schema, code(schema, pandas)))
    assert back.schema == X.schema
    assert back.equals(X)


def test_columns_may_be_added_to_a_frame_of_another_library():
    X = polars_frame()
    container = Container.of(X)
    back = container.back(container.frame(X).assign(synthetic=True))
    assert back.columns == [*X.columns, "synthetic"]


def test_an_arrow_tables_index_metadata_makes_no_index():
    pandas = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).set_index("b")
    frame = Container.of(pa.Table.from_pandas(pandas)).frame(pa.Table.from_pandas(pandas))
    assert list(frame.columns) == ["a", "b"]


@pytest.mark.parametrize("X", [np.arange(3), np.zeros((2, 2, 2)), 5])
def test_what_is_no_table_is_refused_with_its_shape(X):
    with pytest.raises(DataError, match=r"two dimensions, got the shape"):
        Container.of(X).frame(X)
