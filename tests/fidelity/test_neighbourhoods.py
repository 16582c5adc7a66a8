"""Neighbourhood scores against their definitions and where their expectation is known."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from equipoise.fidelity.neighbourhoods import METRICS, neighbourhoods


def test_the_four_ball_scores_are_their_definitions():
    rng = np.random.default_rng(0)
    real, synthetic = rng.normal(size=(40, 3)), 1.5 * rng.normal(size=(30, 3)) + 0.5
    d = cdist(synthetic, real)
    own = np.sort(cdist(real, real), axis=1)[:, 5]
    theirs = np.sort(cdist(synthetic, synthetic), axis=1)[:, 5]
    found = neighbourhoods(real, synthetic)
    assert found.precision == pytest.approx((d <= own).any(axis=1).mean())
    assert found.recall == pytest.approx((d <= theirs[:, None]).any(axis=0).mean())
    assert found.density == pytest.approx((d <= own).sum() / (5 * 30))
    assert found.coverage == pytest.approx((d <= own).any(axis=0).mean())


def test_two_samples_of_one_law_have_density_1_coverage_1_minus_2_to_the_minus_k():
    rng = np.random.default_rng(1)
    n, repetitions = 1000, 6
    scores = [
        neighbourhoods(rng.normal(size=(n, 3)), rng.normal(size=(n, 3))) for _ in range(repetitions)
    ]
    mean = {name: np.mean([getattr(s, name) for s in scores]) for name in vars(scores[0])}
    # Rows that share neighbours are not independent: three deviations of k times as few rows.
    few = repetitions * n / 5
    c = 1 - 2.0**-5
    assert abs(mean["coverage"] - c) < 3 * np.sqrt(c * (1 - c) / few)
    assert abs(mean["density"] - 1) < 3 * np.sqrt(
        2 / few
    )  # a mean of counts, in units of their mean
    assert abs(mean["beta_recall"] - 0.5) < 3 * np.sqrt(0.25 / few)
    # the mean distance of two empirical distribution functions, 0.56 sqrt(2 / n), counts twice
    assert 1 - 4 * 0.56 * np.sqrt(2 / n) < mean["alpha_precision"] <= 1


def test_equal_rows_lie_in_each_others_balls_even_of_radius_0():
    rows = np.repeat(np.random.default_rng(2).normal(size=(5, 4)) * 1e3, 10, axis=0)
    found = neighbourhoods(rows, rows)
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)
    assert found.density == 2  # each row lies in the balls of its ten copies


def test_a_clump_is_precise_and_recalls_little_and_a_cloud_the_reverse():
    rng = np.random.default_rng(3)
    real = rng.normal(size=(500, 4))
    clump = neighbourhoods(real, 0.2 * rng.normal(size=(500, 4)))
    cloud = neighbourhoods(real, 4 * rng.normal(size=(500, 4)))
    assert clump.precision > 0.95
    assert clump.recall < 0.3
    assert clump.coverage < 0.3
    assert cloud.precision < 0.3
    assert cloud.recall > 0.9
    for found in (clump, cloud):
        assert found.alpha_precision < 0.5
        assert found.beta_recall < 0.35


def test_every_score_is_measured_on_a_trio_and_needs_two_rows(gaussians):
    rng = np.random.default_rng(4)
    trio = gaussians(50, 30, rng)
    for metric in METRICS:
        assert metric.low <= metric.measure(trio, rng).value <= metric.high
        one = trio.with_synthetic(trio.synthetic.take(np.arange(1)))
        assert np.isnan(metric.measure(one, rng).value)
