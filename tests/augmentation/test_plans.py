"""From a plan to counts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.augmentation.plans import Key, blocks, planned, strata_of, subsample
from equipoise.errors import OptionError
from equipoise.samplers.strategies import parse_plan

PLANS = st.sampled_from(["balance", "balance:0.5", "grow:0.3", "none", "add:a=7"])


def key(name, codes, levels):
    return Key(name, np.array(codes, dtype=np.int32), pd.Series(list(levels)))


@st.composite
def tables(draw):
    """Codes of a target of three classes, all there, and of a group of two; some missing."""
    n = draw(st.integers(6, 60))
    target = [0, 1, 2, *draw(st.lists(st.integers(-1, 2), min_size=n - 3, max_size=n - 3))]
    groups = [0, 1, 0, *draw(st.lists(st.integers(-1, 1), min_size=n - 3, max_size=n - 3))]
    return key("y", target, "abc"), key("sex", groups, "af")


@settings(max_examples=60, deadline=None)
@given(tables(), PLANS)
def test_counts_of_classes_are_those_of_the_samplers(table, plan):
    target, _ = table
    rows = planned(parse_plan(plan), target, None, strata_of(target, None))
    labels = [target.texts[k] for k in target.codes if k >= 0]
    expected = parse_plan(plan).new_rows(labels)
    assert dict(zip("abc", rows.tolist(), strict=True)) == {"a": 0, "b": 0, "c": 0} | expected


@settings(max_examples=60, deadline=None)
@given(tables(), PLANS)
def test_groups_get_what_the_plan_says_and_keep_the_shares_of_their_classes(table, plan):
    target, by = table
    strata = strata_of(target, by)
    rows = planned(parse_plan(plan), target, by, strata)
    known = (target.codes >= 0) & (by.codes >= 0)
    expected = parse_plan(plan).new_rows([by.texts[g] for g in by.codes[known]])
    for group, text in enumerate(by.texts):
        here = strata.groups == group
        assert rows[here].sum() == expected.get(text, 0)
        exact = rows[here].sum() * strata.counts[here] / max(strata.counts[here].sum(), 1)
        assert (np.abs(rows[here] - exact) < 1).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 500), min_size=1, max_size=6), st.integers(1, 90))
def test_blocks_add_up_and_none_is_too_large(rows, size):
    rows = np.array(rows)
    made = list(blocks(rows, size))
    assert all(0 < block.sum() <= size for block in made)
    assert len(made) == -(-rows.sum() // size)
    assert (sum(made, np.zeros_like(rows)) == rows).all()


@settings(max_examples=60, deadline=None)
@given(tables(), st.integers(3, 70))
def test_a_subsample_is_stratified_and_has_every_class(table, n):
    target, _ = table
    rows = subsample(target.codes, target.counts, n, np.random.default_rng(0))
    labelled = int(target.counts.sum())
    assert len(rows) == len(set(rows)) == min(n, labelled)
    assert (np.diff(rows) > 0).all()
    drawn = np.bincount(target.codes[rows], minlength=3)
    assert (drawn > 0).all()
    assert (drawn <= target.counts).all()


def test_a_subsample_without_room_for_each_class_is_refused():
    with pytest.raises(OptionError, match="--fit-rows 2"):
        subsample(np.array([0, 1, 2, 2]), np.array([1, 1, 2]), 2, np.random.default_rng(0))
