"""The front by hand."""

import numpy as np

from equipoise.analysis.pareto import front


def test_what_another_beats_in_both_is_off_the_front():
    cost, worth = [1, 2, 3, 4], [0.1, 0.05, 0.3, 0.3]
    assert list(front(cost, worth)) == [True, False, True, False]


def test_twins_are_both_on_it_and_the_unknown_is_not():
    assert list(front([1, 1, 2], [0.1, 0.1, np.nan])) == [True, True, False]
    assert list(front([], [])) == []
