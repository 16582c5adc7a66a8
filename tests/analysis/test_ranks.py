"""Ranks put failures last, and Friedman's and Nemenyi's numbers are the published ones."""

import math

import numpy as np
import pandas as pd
import pytest

from equipoise.analysis.ranks import complete_ranks, critical_difference, friedman, ranks

Q = (1.960, 2.344, 2.569, 2.728, 2.850, 2.948, 3.031, 3.102, 3.164, 3.219, 3.268)


@pytest.mark.parametrize("k", range(2, 13))
def test_the_studentised_range_gives_the_published_q(k):
    q = critical_difference(k, 1) / math.sqrt(k * (k + 1) / 6)
    assert q == pytest.approx(Q[k - 2], abs=1e-3)


def test_six_tables_cannot_separate_ten_methods():
    assert critical_difference(10, 6) == pytest.approx(5.53, abs=0.01)
    assert critical_difference(10, 30) == pytest.approx(2.47, abs=0.01)


def test_perfectly_consistent_ranks_reach_the_largest_chi_square():
    found = friedman(np.tile([1, 2, 3, 4], (6, 1)))
    assert found.chi2 == pytest.approx(6 * 3)
    assert found.f == math.inf


def test_equal_ranks_give_no_evidence():
    assert friedman(np.full((6, 4), 2.5)).chi2 == pytest.approx(0)


def table(values):
    return pd.DataFrame(
        [("d", r, m, "balance", "plain", "xgboost", v) for r, m, v in values],
        columns=["dataset", "repeat", "method", "plan", "decision", "classifier", "score"],
    )


def lost(rows):
    keys = ["dataset", "repeat", "method", "plan", "decision", "classifier"]
    return pd.DataFrame([(*r, "balance", "plain", "xgboost") for r in rows], columns=keys)


def test_a_failure_is_last_whatever_its_other_scores():
    scores = table([(0, "a", 0.5), (1, "a", 0.5), (0, "b", 0.9), (0, "c", 0.7), (1, "c", 0.7)])
    found = ranks(scores, lost([("d", 1, "b")]))
    assert dict(zip(found.mean["method"], found.mean["rank"], strict=True)) == {
        "c": 1.0,
        "a": 2.0,
        "b": 3.0,
    }


def test_ties_share_their_rank():
    found = ranks(table([(0, "a", 0.5), (0, "b", 0.5), (0, "c", 0.4)]), lost([]))
    assert list(found.mean["rank"]) == [1.5, 1.5, 3.0]


def test_a_hole_is_said():
    scores = table([(0, "a", 0.5), (0, "b", 0.6)])
    other = table([(0, "a", 0.5)]).assign(dataset="e")
    found = ranks(pd.concat([scores, other]), lost([]))
    assert found.holes == (("e", "b balance plain xgboost"),)


def test_a_treatment_that_lacks_a_split_leaves_a_hole():
    """It lost the only split that it shares, and is first in the mean, which is no fair ranking."""
    found = ranks(
        table([(0, "identity", 0.5), (1, "identity", 0.9), (1, "smote", 0.85)]),
        table([]).drop(columns="score"),
    )
    assert found.holes == (("d", "smote balance plain xgboost"),)


def test_a_treatment_that_lacks_a_table_does_not_spoil_the_ranks_of_the_others():
    """B lacks a table, c a split of it, and d has failed there, which is no hole."""
    first = table([(r, m, v) for r in (0, 1) for m, v in zip("abcde", range(5), strict=True)])
    other = table([(0, "a", 0.5), (1, "a", 0.5), (0, "c", 0.9), (0, "e", 0.9), (1, "e", 0.9)])
    scores = pd.concat([first, other.assign(dataset="e")])
    found = complete_ranks(scores, lost([("e", 1, "d")]))
    assert [method for method, *_ in found.left_out] == ["b", "c"]
    assert found.holes == ()
    assert dict(zip(found.mean["method"], found.mean["rank"], strict=True)) == {
        **{"e": 1.0, "a": 2.5, "d": 2.5},
    }


def test_a_ranking_without_holes_is_left_as_it_is():
    scores = table([(0, "a", 0.5), (0, "b", 0.6)])
    pd.testing.assert_frame_equal(
        complete_ranks(scores, lost([])).mean, ranks(scores, lost([])).mean
    )


def test_where_every_treatment_lacks_something_nobody_is_ranked():
    scores = pd.concat([table([(0, "a", 0.5)]), table([(0, "b", 0.6)]).assign(dataset="e")])
    found = complete_ranks(scores, lost([]))
    assert (len(found.mean), len(found.left_out)) == (0, 2)
