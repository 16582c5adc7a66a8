"""How many rows to make of each class."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise import OptionError, balance, grow
from equipoise.samplers.strategies import parse_plan

counts = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 60), min_size=2)


def labels(sizes):
    return [label for label, n in sizes.items() for _ in range(n)]


@given(counts)
def test_balance_makes_all_classes_as_large_as_the_largest(sizes):
    assert set(balance()(labels(sizes)).values()) == {max(sizes.values())}


@given(counts, st.floats(0.01, 1))
def test_partial_balance_never_shrinks_a_class_and_never_passes_the_largest(sizes, ratio):
    for label, total in balance(ratio)(labels(sizes)).items():
        assert sizes[label] <= total <= max(sizes.values())
        assert total >= ratio * max(sizes.values()) - 1e-6


@given(counts, st.floats(0, 3))
def test_grow_adds_the_rate_to_every_class_within_half_a_row(sizes, rate):
    for label, total in grow(rate)(labels(sizes)).items():
        assert abs(total - sizes[label] * (1 + rate)) <= 0.5 + 1e-9


def test_a_plan_counts_the_new_rows_of_the_classes_that_grow():
    y = ["a"] * 8 + ["b"] * 3 + ["c"]
    assert parse_plan("none").new_rows(y) == {}
    assert parse_plan("balance").new_rows(y) == {"b": 5, "c": 7}
    assert parse_plan("balance:0.5").new_rows(y) == {"b": 1, "c": 3}
    assert parse_plan("grow:0.5").new_rows(y) == {"a": 4, "b": 2, "c": 1}
    assert parse_plan("add:b=4").new_rows(y) == {"b": 4}


@pytest.mark.parametrize(
    "text",
    ["", "Balance", "balance:x", "balance:0", "balance:1.5", "grow", "grow:-1"]
    + ["grow:nan", "grow:inf", "add:b", "add:=3", "add:b=-1", "add:b=x", "none:1"],
)
def test_a_plan_that_cannot_be_read_is_refused_in_one_sentence(text):
    with pytest.raises(OptionError, match="must") as refusal:
        parse_plan(text)
    assert "\n" not in str(refusal.value)


def test_adding_rows_of_an_unknown_class_names_the_classes():
    with pytest.raises(OptionError, match="'a', 'b'"):
        parse_plan("add:z=3").new_rows(["a", "b"])


@pytest.mark.parametrize("make", [balance, grow])
def test_a_rate_that_is_no_number_is_refused(make):
    with pytest.raises(OptionError, match="got 'a'"):
        make("a")


def test_a_class_may_be_named_by_the_same_number_written_otherwise():
    assert parse_plan("add:1.0=5").new_rows([0, 1, 1]) == {1: 5}
    with pytest.raises(OptionError, match="'2'"):
        parse_plan("add:2=5").new_rows([0, 1, 1])
