"""Closest-record scores against their definitions written out, and where the answer is known."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from equipoise.fidelity.distances import gower
from equipoise.fidelity.privacy import (
    METRICS,
    authenticity,
    baseline_protection,
    closest_record,
    holdout_share,
    identical_rows,
    membership,
    neighbour_ratio,
)
from equipoise.tables.coded import Coded


def memoriser(trio):
    """Put the first training rows in the place of the synthetic ones."""
    return trio.with_synthetic(trio.train.take(np.arange(len(trio.synthetic))))


def nearest_by_subset(trio, rows, side):
    """Distances (m,) of synthetic rows to the nearest of some rows of one side."""
    return gower(trio.synthetic, getattr(trio, side).take(np.array(rows)), trio.train).first


@pytest.mark.parametrize(("n", "k"), [(7, 3), (3, 7), (4, 4)])
def test_the_holdout_share_is_the_mean_over_all_cuts_to_equal_size(gaussians, n, k):
    rng = np.random.default_rng(n)
    trio = gaussians(n, k, rng, d=2)
    trio = replace(
        trio,
        train=Coded(trio.train.numbers.round(), trio.train.codes),  # so that there are ties
        fresh=Coded(trio.fresh.numbers.round(), trio.fresh.codes),
    )
    size, shares = min(n, k), []
    for train in combinations(range(n), size):
        for fresh in combinations(range(k), size):
            a = nearest_by_subset(trio, train, "train")
            b = nearest_by_subset(trio, fresh, "fresh")
            shares.append((a < b).mean() + (a == b).mean() / 2)
    assert holdout_share(trio).value == pytest.approx(np.mean(shares), abs=1e-12)


def test_the_holdout_share_is_a_half_for_fresh_rows_and_1_for_copies(gaussians):
    rng = np.random.default_rng(0)
    trio = gaussians(1000, 1000, rng)
    share = holdout_share(trio)
    # three deviations of a share of 1/2 of 1,000 rows; the rows of one law share their targets, hence half as much more
    assert abs(share.value - 0.5) < 1.5 * 3 * 0.5 / np.sqrt(1000)
    assert share.low == pytest.approx(share.value - 0.98 / np.sqrt(1000))
    assert holdout_share(memoriser(trio)).value == 1
    # One copy in four is of a row that the cut keeps, the others tie with fresh rows on average: 1/4 + 3/4 / 2.
    diluted = holdout_share(memoriser(gaussians(2000, 500, rng))).value
    assert abs(diluted - 0.625) < 1.5 * 3 * 0.5 * 0.75 / np.sqrt(500)


def test_a_memoriser_is_bare_and_fresh_rows_are_what_it_is_read_beside(gaussians):
    rng = np.random.default_rng(1)
    trio = gaussians(500, 200, rng)
    copies = memoriser(trio)
    for share in (0.05, 0.5):
        assert closest_record(copies, share).synthetic == 0
        assert closest_record(copies, share).fresh > 0
    assert neighbour_ratio(copies).synthetic < 1e-5
    # distances of fresh rows in seven columns are much alike
    assert neighbour_ratio(copies).fresh == pytest.approx(neighbour_ratio(trio).synthetic, abs=0.05)
    assert identical_rows(copies).synthetic == 1
    assert identical_rows(copies).fresh == 0
    assert authenticity(copies) == 0
    assert baseline_protection(copies, rng) == 0


def test_identical_rows_match_missing_cells_and_nothing_near(gaussians):
    trio = gaussians(30, 10, np.random.default_rng(2))
    trio.train.numbers[:, 0] = np.nan
    copies = memoriser(trio)
    assert identical_rows(copies).synthetic == 1
    copies.synthetic.numbers[:4, 1] *= 1 + 1e-15
    copies.synthetic.numbers[4, 0] = 0
    assert identical_rows(copies).synthetic == 0.5


def test_authenticity_is_its_definition(gaussians):
    rng = np.random.default_rng(3)
    trio = gaussians(60, 40, rng, d=3)
    authentic = []
    for i in range(40):
        near = gower(trio.synthetic.take(np.array([i])), trio.train, trio.train)
        closest = near.index[0]
        others = trio.train.take(np.delete(np.arange(60), closest))
        own = gower(trio.train.take(np.array([closest])), others, trio.train).first[0]
        authentic.append(own < near.first[0])
    assert 0 < np.mean(authentic) < 1
    assert authenticity(trio) == pytest.approx(np.mean(authentic))


def test_uniform_rows_are_fully_protected(gaussians):
    rng = np.random.default_rng(4)
    trio = gaussians(400, 1000, rng)
    low, high = trio.train.numbers.min(axis=0), trio.train.numbers.max(axis=0)
    uniform = Coded(rng.uniform(low, high, size=(1000, 6)), trio.synthetic.codes)
    # medians of 1,000 distances each, whose spread is about a fifth of them: 1.25 * 0.2 * sqrt(2 / 1000) = 0.011
    assert baseline_protection(trio.with_synthetic(uniform), rng) > 1 - 3 * 0.011


def test_the_distance_attack_knows_copies_and_nothing_of_fresh_rows(gaussians):
    rng = np.random.default_rng(5)
    trio = gaussians(300, 300, rng)
    assert membership(memoriser(trio)).value == 1
    held = 0
    for _ in range(40):
        found = membership(gaussians(200, 100, rng))
        held += found.low <= 0.5 <= found.high
    assert held >= 33  # 38 expected; fewer than 33 has a probability of 0.0006


def test_half_of_the_training_rows_copied_is_an_area_of_three_quarters(gaussians):
    # A copied row is nearer than every fresh one, the others are fresh rows' like: (1 + 1/2) / 2.
    rng = np.random.default_rng(6)
    trio = gaussians(2000, 1000, rng)
    found = membership(memoriser(trio))
    assert abs(found.value - 0.75) < 3 * (found.high - found.low) / 2 / 1.96
    assert found.low < 0.75 < found.high


@pytest.mark.parametrize("side", ["train", "fresh", "synthetic"])
def test_without_rows_there_is_no_score(gaussians, side):
    rng = np.random.default_rng(7)
    trio = gaussians(10, 10, rng)
    trio = replace(trio, **{side: getattr(trio, side).take(np.array([], dtype=int))})
    assert all(np.isnan(metric.measure(trio, rng).value) for metric in METRICS)


def test_every_score_lies_in_its_range_and_says_what_it_is(gaussians):
    rng = np.random.default_rng(8)
    trio = gaussians(50, 20, rng)
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    for metric in METRICS:
        assert metric.low <= metric.measure(trio, rng).value <= metric.high
        assert metric.formula
        assert metric.source
