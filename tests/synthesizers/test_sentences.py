"""Rows as sentences: whatever a table holds, its cells can be read back."""

import itertools

import numpy as np
import pandas as pd
import pytest

from equipoise.synthesizers._sentences import (
    MISSING,
    Figures,
    escape,
    level_texts,
    read,
    safe_names,
    write,
)
from equipoise.tables.schema import Column, Schema

NASTY = [
    "plain", "two words", "well-known", "a, b", "a,b", "x is y", " is ", ", ", "None", "\\None",
    "", "\\e", "\\c", " led", "trailing ", "new\nline", "is", "été", "<|endoftext|>",
]  # fmt: skip


def test_a_sentence_is_one_of_the_two_orders_and_is_read_back():
    cells = {"a": "1", "b": "x"}
    assert write(cells, ["a", "b"]) == "a is 1, b is x"
    assert write(cells, ["b", "a"]) == "b is x, a is 1"
    assert read("a is 1, b is x") == read("b is x, a is 1") == cells


def test_values_with_commas_spaces_and_hyphens_are_read_back_in_any_order():
    texts = level_texts(NASTY)
    assert len(set(texts)) == len(NASTY)
    assert MISSING not in texts
    for one, other in itertools.product(texts, texts):
        cells = {"first": one, "what": other}
        for order in (["first", "what"], ["what", "first"]):
            assert read(write(cells, order)) == cells


def test_no_two_texts_become_one_by_escaping():
    # all texts of up to four of the characters that escaping is about
    texts = ["".join(t) for n in range(5) for t in itertools.product("\\,cn\ne ", repeat=n)]
    assert len({escape(text) for text in texts}) == len(texts)
    assert not any("," in escape(text) or "\n" in escape(text) for text in texts)


def test_levels_that_read_the_same_are_told_apart():
    texts = level_texts([1, 1.0, "1", True, "True", None, "None"])
    assert len(set(texts)) == 7
    assert MISSING not in texts


def test_names_are_kept_where_a_sentence_can_hold_them_and_replaced_where_not():
    names = ["age", "a, b", "x is y", "is", "F1", 7, "7", "ends is", "", " led", ("x", 1)]
    safe = safe_names(names)
    assert safe[0] == "age"
    assert safe[4] == "F1"
    assert len(set(safe)) == len(names)
    for name in safe[1:4] + safe[5:]:
        assert name.startswith("F")
    cells = {name: f"v{k} is it" for k, name in enumerate(safe)}
    assert read(write(cells, safe[::-1])) == cells


def column(values):
    (found,) = Schema.infer(pd.DataFrame({"x": values}), warn=False).columns
    return found, np.asarray(values, dtype=np.float64)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1, 20, -3], ["1", "20", "-3"]),
        ([0.5, 12.25, -0.75], ["0.50", "12.25", "-0.75"]),
        ([1200, 300, 0], ["1200", "300", "0"]),
        ([0.1234567, 0.3, 0.7654321], ["0.1235", "0.3000", "0.7654"]),
        ([1e-20, 3e-20, 2e-20], ["1000", "3000", "2000"]),
        ([1e200, 3e200, 2e200], ["1000", "3000", "2000"]),
    ],
)
def test_numbers_are_written_with_the_decimals_of_their_column(values, texts):
    found, numbers = column(values)
    figures = Figures.fit(found, numbers, None)
    assert [figures.text(k) for k in figures.counted(numbers)] == texts


def test_a_skewed_column_keeps_the_digits_of_its_middle():
    numbers = np.append(np.linspace(0.5, 60, 99), 1e6)
    figures = Figures.fit(Column("x", "numeric", np.dtype(float), low=0.5, high=1e6), numbers, None)
    assert figures.decimals >= 2


def test_the_decimals_asked_for_are_used_up_to_those_of_the_column():
    found, numbers = column([0.125, 0.5, 3.0])
    assert Figures.fit(found, numbers, 1).decimals == 1
    assert Figures.fit(found, numbers, 9).decimals == 3


@pytest.mark.parametrize("decimals", [-12, -2, 0, 1, 3, 14])
def test_numbers_are_read_back(decimals):
    figures = Figures(decimals, -500, 500)
    for count in range(-500, 501):
        value = figures.value(figures.digits(count))
        assert figures.counted(np.array([value])) == [count]


def test_extremes_of_floats_can_be_written():
    for values in ([1e-310, 5e-310], [-1.7e308, 1.7e308], [5e-324, 1.7e308]):
        low, high = values
        found = Column("x", "numeric", np.dtype(float), low=low, high=high)
        figures = Figures.fit(found, np.array(values), None)
        assert all(figures.text(k) for k in figures.counted(np.array(values)))
