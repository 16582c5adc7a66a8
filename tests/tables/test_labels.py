"""Labels of any type go in, class positions are used inside, and the same type comes out."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest

from equipoise.errors import DataError, OptionError
from equipoise.tables.labels import Labels, as_series

TARGETS = {
    "text": pd.Series(["b", "a", "b"], name="y"),
    "object": pd.Series(["b", "a", "b"], dtype=object),
    "integers": pd.Series([3, -1, 3]),
    "small integers": pd.Series([3, 1, 3], dtype="uint8"),
    "nullable integers": pd.Series([3, 1, 3], dtype="Int64"),
    "floats": pd.Series([0.5, 0.25, 0.5]),
    "truth values": pd.Series([True, False, True]),
    "categories": pd.Series(pd.Categorical(["b", "a", "b"], ["never", "b", "a"])),
    "ordered": pd.Series(pd.Categorical(["b", "a", "b"], ["b", "a"], ordered=True)),
    "number categories": pd.Series(pd.Categorical([2, 1, 2], [2, 1, 9])),
    "arrow": pd.Series(["b", "a", "b"], dtype="string[pyarrow]"),
    "mixed": pd.Series(["b", 1, "b"], dtype=object),
    "dates": pd.Series(pd.to_datetime(["2020-02-01", "2020-01-01", "2020-02-01"])),
    "tuples": pd.Series([("b", 1), ("a", 2), ("b", 1)]),
}


@pytest.mark.parametrize("kind", TARGETS)
def test_labels_of_any_type_come_back_as_they_went_in(kind):
    y = TARGETS[kind]
    labels = Labels.infer(y)
    codes = labels.code(y)
    assert len(labels) == 2
    assert codes[0] == codes[2] != codes[1]
    pd.testing.assert_series_equal(labels.decode(codes), y)


@pytest.mark.parametrize("kind", ["<U5", "int32", "float64", "bool", "object"])
def test_an_array_of_labels_comes_back_in_its_dtype(kind):
    y = np.array([1, 0, 1]).astype(kind)
    back = Labels.infer(y).decode(np.array([1, 0, 1]))
    assert isinstance(back, np.ndarray)
    assert back.dtype == y.dtype
    assert (back == y).all()


def test_classes_are_sorted_or_in_the_order_of_their_categories():
    assert Labels.infer(["b", "a", "c"]).classes == ("a", "b", "c")
    assert Labels.infer(TARGETS["categories"]).classes == ("b", "a")
    assert Labels.infer([10, 9]).classes == (9, 10)


def test_a_list_of_mixed_labels_keeps_their_types():
    assert Labels.infer([1, "a", 1]).classes == (1, "a")


def test_one_column_of_a_frame_a_column_array_and_polars_are_targets():
    assert as_series(pd.DataFrame({"y": [1, 2]})).name == "y"
    assert Labels.infer(np.array([[1], [2]])).classes == (1, 2)
    assert Labels.infer(pl.Series("y", ["u", "v"])).classes == ("u", "v")


@pytest.mark.parametrize(
    "y", [pd.DataFrame({"a": [1], "b": [2]}), np.zeros((2, 2)), [[1, 2], [3, 4]]]
)
def test_a_target_of_several_columns_is_refused(y):
    with pytest.raises(DataError, match="the target must"):
        Labels.infer(y)


@pytest.mark.parametrize("hole", [None, np.nan, pd.NA, pd.NaT])
def test_missing_labels_are_counted_and_refused(hole):
    y = pd.Series(["a", hole, "b", hole], index=[5, 6, 7, 8], name="y", dtype=object)
    with pytest.raises(DataError, match=r"2 labels of the target 'y' are missing .* row 6.*drop"):
        Labels.infer(y)


def test_a_target_without_rows_or_values_is_refused():
    with pytest.raises(DataError, match="no rows"):
        Labels.infer(pd.Series([], dtype=object))
    with pytest.raises(DataError, match="every value of the target"):
        Labels.infer(pd.Series([np.nan, np.nan]))


def test_classes_that_read_the_same_are_refused():
    with pytest.raises(DataError, match=r"1 \(int\), '1' \(str\).* read the same"):
        Labels.infer(pd.Series([1, "1", 2], dtype=object))


@pytest.mark.parametrize("y", [["a", "c"], ["a", None]])
def test_a_label_that_training_did_not_have_is_named(y):
    with pytest.raises(DataError, match="was not seen in training; the classes are 'a', 'b'"):
        Labels.infer(["a", "b"]).code(y)


def test_a_class_is_found_by_its_label_only():
    labels = Labels.infer([dt.date(2020, 1, 1), dt.date(2019, 1, 1)])
    assert labels.position(dt.date(2019, 1, 1)) == 0
    assert labels.texts == ("2019-01-01", "2020-01-01")
    with pytest.raises(OptionError, match="there is no class 'x'"):
        labels.position("x")
