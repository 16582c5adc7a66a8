"""A schema is what training rows say, unless the user says otherwise."""

import datetime as dt
import math
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from equipoise.errors import DataError, EquipoiseWarning, OptionError
from equipoise.tables.schema import IDENTIFIER_ROWS, MANY_LEVELS, Schema, in_order


def only(cells, kind=None, warn=False):
    kinds = {"x": kind} if kind else None
    return Schema.infer(pd.DataFrame({"x": cells}), kinds, warn=warn).columns[0]


KINDS = [
    ([1.5, 2.0, 2.0], "numeric"),
    ([1, 5, 5], "numeric"),
    (pd.Series([1, 2, None], dtype=object), "numeric"),
    (pd.Series([1, 2, None], dtype="Int64"), "numeric"),
    (pd.Series([1.0, 2.0], dtype="double[pyarrow]"), "numeric"),
    (["a", "b"], "categorical"),
    (["1", "2"], "categorical"),
    (pd.Series([1, "a"], dtype=object), "categorical"),
    (pd.Categorical([1, 2]), "categorical"),
    (pd.Categorical(["a", "a"]), "categorical"),
    (["a", None, "a"], "categorical"),
    ([True, False], "boolean"),
    (pd.Series([True, None, False], dtype="boolean"), "boolean"),
    (pd.Series([True, None, False], dtype=object), "boolean"),
    (pd.to_datetime(["2020", "2021"]), "datetime"),
    (pd.to_datetime(["2020", "2021"], utc=True), "datetime"),
    (pd.to_timedelta([1, 2], unit="h"), "datetime"),
    ([dt.date(2020, 1, 1), dt.date(2021, 1, 1)], "datetime"),
    (pd.Series([1, 2], dtype="date32[day][pyarrow]"), "datetime"),
    ([7, 7, 7], "constant"),
    (["a", "a"], "constant"),
    ([None, None], "constant"),
    ([np.nan, np.nan], "constant"),
    (pd.Series([None, None], dtype="category"), "constant"),
]


@pytest.mark.parametrize(("cells", "kind"), KINDS, ids=range(len(KINDS)))
def test_a_kind_is_read_off_the_cells(cells, kind):
    column = only(cells)
    assert column.kind == kind
    assert column.dtype == pd.DataFrame({"x": cells})["x"].dtype


def test_bounds_decimals_and_missing_cells_are_those_of_training():
    column = only([0.25, -1.5, None, 100.0])
    assert (column.low, column.high, column.decimals, column.has_missing) == (-1.5, 100, 2, True)
    assert only([100, 2300, 300]).decimals == -2
    assert only([0.1 + 0.2, 1.0]).decimals is None
    assert only(np.array([0.1, 0.7], dtype="float32")).decimals == 1
    assert only([math.pi, 1.0, 3.0]).decimals is None
    assert not only([1, 2]).has_missing


def test_dates_count_in_their_longest_common_step():
    days = only(pd.to_datetime(["2020-01-01", "2020-01-31"]))
    assert (days.low, days.high, days.decimals) == (0.0, 30.0, 0)
    hours = only(pd.to_datetime(["2020-01-01 00:30", "2020-01-01 05:30"]))
    assert hours.high == 5.0
    assert only(pd.to_timedelta([0, 90], unit="s")).high == 90.0


def test_levels_are_sorted_and_categories_keep_their_order_and_unused_levels():
    assert only(["b", "a", "c", "a"]).levels == ("a", "b", "c")
    assert only(pd.Categorical(["b", "a"], ["z", "b", "a"])).levels == ("z", "b", "a")
    assert in_order(["a", 2, 0.5, 1]) == (0.5, 1, 2, "a")


@pytest.mark.parametrize(
    ("cells", "is_one"),
    [
        ([f"u{k}" for k in range(IDENTIFIER_ROWS)], True),
        ([f"u{k}" for k in range(IDENTIFIER_ROWS - 1)], False),
        (["u0"] + [f"u{k}" for k in range(IDENTIFIER_ROWS)], False),
        (list(range(1000, 1100)), True),
        (np.random.default_rng(0).permutation(np.arange(1000, 1100)), True),
        (list(range(0, 1000, 10)), False),
        ([k / 2 for k in range(100)], False),
        (pd.Series(pd.date_range("2020-01-01", periods=100)), False),
        (pd.Categorical([f"u{k}" for k in range(100)]), False),
    ],
)
def test_an_identifier_is_distinct_texts_or_consecutive_integers_and_is_named(cells, is_one):
    if not is_one:
        assert only(cells).kind != "identifier"
        return
    with pytest.warns(EquipoiseWarning, match="column 'x' looks like an identifier.*declare it"):
        assert only(cells, warn=True).kind == "identifier"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert only(cells, "categorical", warn=True).kind == "categorical"


def test_very_many_levels_are_named_with_what_is_done_about_them():
    cells = [f"v{k % (MANY_LEVELS + 1)}" for k in range(3 * MANY_LEVELS)]
    with pytest.warns(EquipoiseWarning, match=f"has {MANY_LEVELS + 1} levels.*pool the rest"):
        assert only(cells, warn=True).kind == "categorical"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        only(cells, "categorical", warn=True)
        only(cells[: 3 * MANY_LEVELS], warn=False)
        only([f"v{k % MANY_LEVELS}" for k in range(3 * MANY_LEVELS)], warn=True)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([1, 2, 2], "categorical"),
        ([1, 2, 2], "identifier"),
        (["1", "2.5", None], "numeric"),
        (pd.Categorical(["1", "2"]), "numeric"),
        (list(range(100)), "numeric"),
        ([True, False], "numeric"),
        (["yes", "no"], "boolean"),
        ([0, 1], "boolean"),
        ([3, 3], "numeric"),
        ([3, 3], "constant"),
        (["a", "a"], "categorical"),
    ],
)
def test_the_user_overrules_a_kind(cells, kind):
    assert only(cells, kind).kind == kind


@pytest.mark.parametrize("kind", ["numeric", "categorical", "datetime", "boolean"])
def test_a_column_without_any_value_is_constant_whatever_is_declared(kind):
    assert only([None, None], kind).kind == "constant"


@pytest.mark.parametrize(
    ("cells", "kind", "words"),
    [
        (["1", "two"], "numeric", "'x' was declared numeric, but 'two' is not a number; declare"),
        (["2020-01-01", "2"], "datetime", "declared datetime, but its values are of type"),
        (pd.to_datetime(["2020", "2021"]), "numeric", "holds dates, which are used as numbers"),
        ([1, 2, 3], "boolean", "has 3 values; declare it categorical"),
        ([1, 2], "constant", "has several values"),
        ([1, 2], "float", "must be one of numeric, categorical"),
    ],
)
def test_a_kind_that_the_cells_cannot_have_is_refused(cells, kind, words):
    with pytest.raises(OptionError, match=words):
        only(cells, kind)


def test_kinds_of_a_column_that_is_not_there_are_refused_with_the_names():
    with pytest.raises(OptionError, match=r"names the column 'y', which is not .* 'x'"):
        Schema.infer(pd.DataFrame({"x": [1]}), {"y": "numeric"})


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame(index=[0, 1]), "no feature columns"),
        (pd.DataFrame({"x": []}), "no rows"),
        (pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"]), "two columns have the same name: 'a'"),
        (pd.DataFrame({"x": [1.0, np.inf]}, index=["p", "q"]), r"an infinity \(row q\); replace"),
        (pd.DataFrame({"x": pd.Series([1.0, -np.inf], dtype="Float64")}), "an infinity"),
        (pd.DataFrame({"x": [1j, 2.0]}), "complex"),
        (pd.DataFrame({"x": [[1], [2]]}), "'x' holds a list; a cell must be"),
        (pd.DataFrame({"x": [{"a": 1}, {}]}), "'x' holds a dict"),
        (
            pd.DataFrame({"x": pd.Series([[1], [2]], dtype=pd.ArrowDtype(pa.list_(pa.int8())))}),
            "'x' holds a list",
        ),
        (pd.DataFrame({"x": [10**400, 1]}), "too large"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused_with_the_place(frame, words):
    with pytest.raises(DataError, match=words):
        Schema.infer(frame)


def test_columns_are_shared_out_in_table_order():
    frame = pd.DataFrame(
        {"c": ["u", "v"], "n": [1.5, 2], "k": [1, 1], "b": [True, False], "m": [1, 2]}
    )
    schema = Schema.infer(frame)
    assert schema.names == ["c", "n", "k", "b", "m"]
    assert [column.name for column in schema.numbers] == ["n", "m"]
    assert [column.name for column in schema.discrete] == ["c", "b"]
    assert [column.name for column in schema.carried] == ["k"]
    assert len(schema) == 5


def test_a_table_of_5000_columns_is_read_in_seconds():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 5000)))
    assert len(Schema.infer(frame).numbers) == 5000


def test_inference_reads_a_table_without_moving_it():
    frame = pd.DataFrame({"x": ["b", None], "y": pd.Categorical(["a", None], ["z", "a"])})
    before = frame.copy(deep=True)
    Schema.infer(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_an_identifier_with_a_missing_cell_is_still_one():
    ids = pd.Series(range(1000, 1060), dtype="float64")
    ids[7] = None
    with pytest.warns(EquipoiseWarning, match="identifier"):
        schema = Schema.infer(pd.DataFrame({"id": ids, "x": [0.5, 1.5] * 30}))
    assert schema.columns[0].kind == "identifier"
