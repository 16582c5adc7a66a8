"""Thinned tables: the folds of the whole table, nested shares, every class still there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.datasets.scarce import base_and_share, scarce_split
from equipoise.datasets.splits import split
from equipoise.errors import OptionError
from equipoise.results.thinned import LEAST

Y = np.repeat([0, 1, 2], [300, 60, 12])


@given(st.floats(0.01, 1), st.integers(0, 9))
def test_the_test_part_is_whole_and_the_rest_is_a_share_of_each_class(share, repeat):
    whole, part = split("t", Y, repeat), scarce_split(f"t@{share}", Y, repeat)
    assert np.array_equal(part.test, whole.test)
    assert set(part.train) <= set(whole.train)
    for k in range(3):
        n = (Y[whole.train] == k).sum()
        assert (Y[part.train] == k).sum() == min(n, max(LEAST, round(share * n)))


def test_shares_are_nested_and_the_whole_is_the_table_itself():
    parts = [set(scarce_split(f"t@{s}", Y, 1).train) for s in (0.1, 0.25, 0.5, 1)]
    assert parts[0] < parts[1] < parts[2] < parts[3] == set(split("t", Y, 1).train)
    assert np.array_equal(scarce_split("t", Y, 1).train, split("t", Y, 1).train)


@pytest.mark.parametrize("name", ["t@", "t@0", "t@1.5", "t@-1", "t@many", "t@nan"])
def test_what_is_no_share_is_refused(name):
    with pytest.raises(OptionError, match="above 0 and at most 1"):
        base_and_share(name)
