"""The area and its error against pairs written out and against repetition."""

import numpy as np
from scipy.stats import norm

from equipoise.fidelity.auc import auc


def test_the_area_is_the_share_of_pairs_in_order_ties_half():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 6, 40), rng.integers(1, 7, 30)
    pairs = (b[:, None] > a).mean() + (b[:, None] == a).mean() / 2
    np.testing.assert_allclose(auc(a, b)[0], pairs)


def test_the_error_is_the_deviation_over_repetitions():
    rng = np.random.default_rng(1)
    found = np.array([auc(rng.normal(size=60), rng.normal(size=90) + 1) for _ in range(2000)])
    value = norm.cdf(1 / np.sqrt(2))
    # the deviation of 2,000 means, and 1.6 % of a standard deviation estimated from as many: three of each
    assert abs(found[:, 0].mean() - value) < 3 * found[:, 0].std() / np.sqrt(2000)
    np.testing.assert_allclose(found[:, 1].mean(), found[:, 0].std(), rtol=0.06)


def test_an_empty_sample_has_no_area_and_a_single_row_no_error():
    none = np.array([])
    assert np.isnan(auc(none, np.ones(3))).all()
    value, error = auc(np.zeros(1), np.ones(3))
    assert value == 1
    assert np.isnan(error)
