"""A coded table goes back to the frame that it came from."""

import datetime as dt
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipoise.errors import DataError
from equipoise.tables.coded import Coded, code, decode
from equipoise.tables.schema import Schema


def round_trip(frame, kinds=None):
    schema = Schema.infer(frame, kinds, warn=False)
    return decode(schema, code(schema, frame))


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_table_comes_back_cell_for_cell(any_table, data):
    frame = data.draw(any_table)
    before = frame.copy(deep=True)
    back = round_trip(frame)
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(
        back, frame.reset_index(drop=True), check_exact=True, check_column_type=False
    )


@given(data=st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_coded_table_decodes_within_bounds_and_levels(any_table, data):
    frame = data.draw(any_table)
    schema = Schema.infer(frame, warn=False)
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    table = code(schema, frame)
    wild = Coded(rng.normal(size=table.numbers.shape) * 1e6, rng.permuted(table.codes, axis=0))
    back = decode(schema, wild)
    assert list(map(str, back.dtypes)) == list(map(str, frame.dtypes))
    again = code(schema, back)
    assert (again.codes == wild.codes).all()
    for j, column in enumerate(schema.numbers):
        assert (again.numbers[:, j] >= column.low).all()
        assert (again.numbers[:, j] <= column.high).all()


def test_rows_are_taken_and_stacked_in_order():
    table = Coded(np.arange(6.0).reshape(3, 2), np.arange(3).reshape(3, 1))
    both = Coded.concat([table.take(np.array([2, 0])), table.take(np.array([False, True, False]))])
    assert len(both) == 3
    assert both.numbers[:, 0].tolist() == [4.0, 0.0, 2.0]
    assert both.codes[:, 0].tolist() == [2, 0, 1]


def test_new_numbers_are_put_on_the_grid_and_within_bounds():
    frame = pd.DataFrame({"cents": [0.25, 9.5, 1.0], "hundreds": [100, 900, 300], "n": [1, 5, 9]})
    schema = Schema.infer(frame)
    new = Coded(np.array([[1.23456, 349.0, 4.4], [-5.0, 1e9, 99.0]]), np.empty((2, 0), int))
    back = decode(schema, new)
    assert back["cents"].tolist() == [1.23, 0.25]
    assert back["hundreds"].tolist() == [300, 900]
    assert back["n"].tolist() == [4, 9]
    assert back.dtypes.equals(frame.dtypes)


@pytest.mark.parametrize(
    "cells",
    [
        pd.Series([2**63 - 1, -(2**63), 0, 5]),
        pd.Series([2**64 - 1, 0, 1, 2**60], dtype="uint64"),
        pd.Series([2**62 + 1, 2**62 + 3, None], dtype="Int64"),
        pd.Series([2**70, -(2**80), 7, None], dtype=object),
        pd.Series([2**55 + 1, 2**55 + 2], dtype="int64[pyarrow]"),
    ],
)
def test_integers_beyond_floats_come_back_to_sixteen_digits_and_within_bounds(cells):
    back = round_trip(pd.DataFrame({"x": cells}))["x"]
    assert back.dtype == cells.dtype
    assert (back.isna() == cells.isna()).all()
    true = [int(v) for v in cells.dropna()]
    got = [int(v) for v in back.dropna()]
    span = max(true) - min(true)
    assert all(abs(a - b) <= span * 2.0**-52 for a, b in zip(true, got, strict=True))
    assert min(true) <= min(got)
    assert max(got) <= max(true)


def test_close_integers_beyond_floats_come_back_exactly():
    cells = pd.Series([2**62 + 1, 2**62 + 3, 2**62 + 1])
    assert round_trip(pd.DataFrame({"x": cells}))["x"].tolist() == cells.tolist()


def test_dates_that_span_all_of_time_do_not_overflow():
    cells = pd.Series([pd.Timestamp.min, pd.Timestamp.max, pd.Timestamp("2020-01-01"), pd.NaT])
    back = round_trip(pd.DataFrame({"x": cells}))["x"]
    assert back.dtype == cells.dtype
    assert (back - cells).abs().max() <= pd.Timedelta(microseconds=5)
    assert back.isna().tolist() == [False, False, False, True]


def test_nanoseconds_and_whole_days_are_each_kept():
    fine = pd.Series(pd.to_datetime([5, 7, 1_000_001], unit="ns"))
    days = pd.Series(pd.to_datetime(["2020-01-01", "2020-03-01", "1950-06-07"]))
    frame = pd.DataFrame({"fine": fine, "days": days})
    pd.testing.assert_frame_equal(round_trip(frame), frame)
    schema = Schema.infer(frame)
    between = Coded(np.array([[6.4, 10.4]]), np.empty((1, 0), int))
    assert decode(schema, between)["days"][0] == pd.Timestamp("1950-06-17")


def test_dates_stay_dates_and_moments_stay_moments():
    days = pd.Series([dt.date(2020, 1, 1), None, dt.date(1, 1, 1), dt.date(9999, 12, 31)])
    moments = pd.Series([dt.datetime(2020, 1, 1), None, dt.datetime(2021, 1, 1)], dtype=object)
    assert round_trip(pd.DataFrame({"x": days}))["x"].tolist() == days.tolist()
    back = round_trip(pd.DataFrame({"x": moments}))["x"]
    assert back.tolist() == moments.tolist()
    assert type(back[0]) is dt.datetime


def test_decimals_of_arrow_come_back():
    from decimal import Decimal

    dtype = pd.ArrowDtype(pa.decimal128(7, 2))
    cells = pd.Series([Decimal("1.50"), None, Decimal("12345.67")], dtype=dtype)
    pd.testing.assert_series_equal(
        round_trip(pd.DataFrame({"x": cells}))["x"], cells, check_names=False
    )


@pytest.mark.parametrize("dtype", ["str", "object", "string[pyarrow]"])
def test_text_declared_numeric_is_a_number_inside_and_text_outside(dtype):
    frame = pd.DataFrame({"x": pd.Series(["1.5", "20", None, "-3"], dtype=dtype)})
    schema = Schema.infer(frame, {"x": "numeric"})
    table = code(schema, frame)
    assert table.numbers[[0, 1, 3], 0].tolist() == [1.5, 20.0, -3.0]
    back = decode(schema, table)
    assert back["x"].dtype == frame["x"].dtype
    assert back["x"].dropna().tolist() == ["1.5", "20.0", "-3.0"]
    whole = pd.DataFrame({"x": pd.Series(["1", "20", "3"], dtype=dtype)})
    pd.testing.assert_frame_equal(round_trip(whole, {"x": "numeric"}), whole)


@pytest.mark.parametrize(
    "cells",
    [
        pd.Series([3, 1, 3, 2]),
        pd.Series([0.5, None, 0.25, 0.5]),
        pd.Series([3, None, 1], dtype="Int8"),
        pd.Series(pd.to_datetime(["2020-01-01", None, "2021-01-01"])),
        pd.Series([True, False, True]),
    ],
)
def test_any_column_may_be_declared_categorical(cells):
    frame = pd.DataFrame({"x": cells})
    pd.testing.assert_frame_equal(round_trip(frame, {"x": "categorical"}), frame)


@pytest.mark.parametrize(
    "cells",
    [pd.Series([True, False, True]), pd.Series([True, None, False], dtype="boolean")],
)
def test_truth_values_declared_numeric_come_back_as_truth_values(cells):
    frame = pd.DataFrame({"x": cells})
    pd.testing.assert_frame_equal(round_trip(frame, {"x": "numeric"}), frame)


def test_levels_that_are_equal_but_of_other_types_stay_apart():
    cells = pd.Series([1, True, "1", 1.0, None, 1], dtype=object)
    back = round_trip(pd.DataFrame({"x": cells}))["x"]
    assert [(type(v), v) for v in back] == [(type(v), v) for v in cells]


def test_columns_are_found_by_name_whatever_their_order():
    train = pd.DataFrame({"a": [1.0, 2.5], "b": ["x", "y"]})
    schema = Schema.infer(train)
    turned = code(schema, train[["b", "a"]])
    straight = code(schema, train)
    assert (turned.numbers == straight.numbers).all()
    assert (turned.codes == straight.codes).all()
    with pytest.raises(DataError, match="lacks columns that were there in training: 'b'"):
        code(schema, train[["a"]])


def test_an_unknown_level_is_coded_as_missing():
    schema = Schema.infer(pd.DataFrame({"x": pd.Categorical(["a", "b"], ["b", "a", "c"])}))
    for cells in (["a", "c", "new", None], pd.Categorical(["a", "c", "new", None])):
        assert code(schema, pd.DataFrame({"x": cells})).codes[:, 0].tolist() == [1, 2, -1, -1]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["a", "b"], "was numeric in training"),
        ([1.0, np.inf], "holds an infinity"),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), "was numeric in training"),
    ],
)
def test_rows_that_are_no_numbers_any_more_are_refused(cells, words):
    schema = Schema.infer(pd.DataFrame({"x": [1.0, 2.5]}))
    with pytest.raises(DataError, match=words):
        code(schema, pd.DataFrame({"x": cells}))


def test_rows_that_are_no_dates_any_more_are_refused():
    schema = Schema.infer(pd.DataFrame({"x": pd.to_datetime(["2020-01-01", "2020-01-02"])}))
    zoned = pd.to_datetime(["2020-01-01", "2020-01-02"], utc=True)
    for cells in (["soon", "later"], zoned):
        with pytest.raises(DataError, match="was datetime in training"):
            code(schema, pd.DataFrame({"x": cells}))


def test_missing_cells_at_test_time_are_nan_whatever_training_had():
    schema = Schema.infer(
        pd.DataFrame({"n": [1, 2, 3], "d": pd.to_datetime(["2020", "2021", "2022"])})
    )
    rows = pd.DataFrame({"n": [None, 2.0], "d": [pd.NaT, pd.Timestamp("2021")]})
    assert np.isnan(code(schema, rows).numbers).tolist() == [[True, True], [False, False]]


ARTICLE_TABLES = [
    "adult", "hmeq", "thomas", "popularkids", "eucalyptus", "steel_plates_fault", "ionosphere",
]  # fmt: skip


@pytest.mark.parametrize("name", ARTICLE_TABLES)
def test_the_article_tables_come_back_cell_for_cell(name):
    folder = os.environ.get("EQUIPOISE_DATA")
    if not folder or not Path(folder, f"{name}.csv").exists():
        pytest.skip("EQUIPOISE_DATA names no folder that holds the article tables")
    frame = pd.read_csv(Path(folder, f"{name}.csv"), keep_default_na=False, na_values=[""])
    pd.testing.assert_frame_equal(round_trip(frame), frame, check_exact=True)
