"""What may be given beside the class, how it comes back, and which words refuse the rest."""

import datetime as dt
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from equipoise.errors import NotFittedError, OptionError
from equipoise.synthesizers._prompted import Given, Prompted
from equipoise.tables.coded import Coded


class Resampled(Prompted):
    """Gives training rows, whatever is given, and keeps what it was told."""

    how_it_conditions: ClassVar[str] = "not at all"

    def __init__(self, *, random_state: Any = None) -> None:
        self.random_state = random_state

    def _fit(self, table, y, rng):
        super()._fit(table, y, rng)
        self.table, self.y = table, y

    def _sample_given(self, counts, given, rng):
        self.told = given
        rows = [rng.choice(np.flatnonzero(self.y == k), m) for k, m in enumerate(counts)]
        return self.table.take(np.concatenate(rows)), counts


def mixed(n=60):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "price": np.round(rng.uniform(0, 50, n), 2),
            "weight": rng.standard_normal(n).astype(np.float32),
            "far": 2**60 + rng.integers(0, 9, n),
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 90, n), "D"),
            "zoned": (
                pd.Timestamp("2021-01-01")
                + pd.to_timedelta(rng.integers(0, 900, n), "s").to_series()
            )
            .reset_index(drop=True)
            .dt.tz_localize("UTC"),
            "spent": pd.to_timedelta(rng.integers(1, 500, n), "min"),
            "job": rng.choice(["a", "b", "c"], n),
            "member": rng.random(n) < 0.5,
            "size": pd.Categorical(rng.choice(["s", "l"], n), categories=["s", "m", "l"]),
            "same": 7,
            "nothing": np.nan,
            "key": [f"K{k}" for k in range(n)],
        }
    )
    X.loc[:4, "price"] = np.nan
    X.loc[5:9, "job"] = None
    return X, pd.Series(np.where(np.arange(n) < n - 6, "many", "few"), name="target")


@pytest.fixture(scope="module")
def model():
    X, y = mixed()
    with pytest.warns(UserWarning, match="identifier"):
        return Resampled().fit(X, y)


VALUES = [
    ("age", 37, 37),
    ("age", 37.0, 37),
    ("age", "37", 37),
    ("price", 12.34, 12.34),
    ("weight", np.float32(0.125), np.float32(0.125)),
    ("far", 2**60 + 5, 2**60 + 5),
    ("day", "2020-01-15", pd.Timestamp("2020-01-15")),
    ("day", dt.date(2020, 1, 15), pd.Timestamp("2020-01-15")),
    ("zoned", pd.Timestamp("2021-01-01 00:05", tz="UTC"), pd.Timestamp("2021-01-01 00:05", tz="UTC")),
    ("spent", pd.Timedelta(90, "min"), pd.Timedelta(90, "min")),
    ("job", "c", "c"),
    ("member", True, True),
    ("size", "l", "l"),
    ("same", 7, 7),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "cell"), VALUES)
def test_a_given_cell_comes_back_exactly_in_every_row_and_in_its_dtype(model, name, value, cell):
    X, _ = mixed()
    new, y_new = model.sample({"few": 5, "many": 3}, given={name: value}, random_state=0)
    assert new[name].tolist() == [cell] * 8
    assert list(new.dtypes) == list(X.dtypes)
    assert y_new.tolist() == ["few"] * 5 + ["many"] * 3


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA])
def test_a_missing_cell_may_be_given_where_training_had_some(model, nothing):
    new, _ = model.sample(6, given={"price": nothing, "job": nothing}, random_state=0)
    assert new[["price", "job"]].isna().all().all()
    assert model.sample(2, given={"nothing": nothing})[0]["nothing"].isna().all()
    with pytest.raises(OptionError, match="'age' cannot be given as missing"):
        model.sample(6, given={"age": nothing})


REFUSED = [
    ({"heigth": 3}, "'heigth', which is not in the table; its columns are 'age'"),
    ({"target": "few"}, "names the target 'target'; ask for rows of a class by n"),
    ({"age": 200}, "'age' must lie in its training range, 1. to 8.; got 200"),
    ({"age": 37.5}, "'age' must be one that the column can hold, such as 38; got 37.5"),
    ({"age": np.inf}, "'age' cannot be used: .*infinity"),
    ({"age": "old"}, "'age' cannot be used: "),
    ({"age": [30, 40]}, r"'age' must be one numeric value, got \[30, 40\]"),
    ({"price": 12.345}, "'price' must be one that the column can hold"),
    ({"day": "2019-12-31"}, "'day' must lie in its training range, 2020-01-0"),
    ({"day": "2020-01-15 12:00"}, "'day' must be one that the column can hold"),
    ({"day": "soon"}, "'day' cannot be used"),
    ({"job": "d"}, "'job' must be a level seen in training, one of 'a', 'b', 'c'; got 'd'"),
    ({"job": ["a"]}, r"'job' must be a level seen in training.*; got \['a'\]"),
    ({"size": "m"}, "'size' must be a level seen in training, one of 's', 'l'; got 'm'"),
    ({"same": 8}, "'same' has one value only, 7; got 8 as given"),
    ({"same": None}, "'same' has one value only, 7; got None as given"),
    ({"nothing": 1}, "'nothing' has one value only, None; got 1 as given"),
    ({"key": "K1"}, "'key', an identifier, of which nothing is learnt"),
    (["age"], "given must be a dict of column name to value, got list"),
]


@pytest.mark.parametrize(("given", "words"), REFUSED)
def test_what_no_row_can_have_is_refused_in_words_that_say_why(model, given, words):
    with pytest.raises(OptionError, match=words):
        model.sample(3, given=given)


def test_the_method_is_told_the_given_cells_in_coded_form(model):
    model.sample(3, given={"age": 37, "price": None, "job": "b", "same": 7})
    assert model.told.numbers[0] == 37
    assert np.isnan(model.told.numbers[1])
    assert model.told.codes == {0: 1}
    model.sample(3)
    assert not model.told


def test_nothing_given_is_as_if_it_were_not_asked(model):
    plain = model.sample(9, random_state=4)[0]
    pd.testing.assert_frame_equal(model.sample(9, given={}, random_state=4)[0], plain)


def test_cells_are_put_into_a_copy():
    table = Coded(np.zeros((2, 1)), np.zeros((2, 1), dtype=np.int64))
    put = Given({0: 3.0}, {0: -1}).put(table)
    assert put.numbers.tolist() == [[3.0], [3.0]]
    assert put.codes.tolist() == [[-1], [-1]]
    assert not table.numbers.any()
    assert not table.codes.any()


def test_rows_are_not_given_before_a_fit():
    with pytest.raises(NotFittedError):
        Resampled().sample(1, given={"age": 3})
