"""Calibration of marginals: levels get their shares, numbers their distribution, and ranks stay."""

import numpy as np
import pytest
import torch

from equipoise.networks.blocks import Blocks
from equipoise.synthesizers._marginals import Maps, Marginals, shifts, wanted_shares
from equipoise.tables.coded import Coded

NO_CODES = np.empty((5000, 0), dtype=np.int64)


def test_shifted_logits_have_the_shares_that_are_wanted():
    blocks = Blocks([0, 0, 0, 1, 1])
    raw = 2 * torch.randn(3000, 5, generator=torch.Generator().manual_seed(0))
    wanted = torch.tensor([0.9, 0.09, 0.01, 0.4, 0.6])
    shares = blocks.softmax(raw + shifts(raw, wanted, blocks)).mean(dim=0)
    torch.testing.assert_close(shares, wanted, rtol=0, atol=2e-3)


def test_numbers_take_the_distribution_of_training_and_keep_their_order():
    rng = np.random.default_rng(0)
    generated = rng.standard_normal((5000, 1))
    training = np.exp(rng.standard_normal((5000, 1)))
    maps = Maps.fit(Coded(generated, NO_CODES), Coded(training, NO_CODES))
    fresh = rng.standard_normal((5000, 1))
    moved = maps.apply(Coded(fresh, NO_CODES), rng).numbers
    grid = np.quantile(training, np.linspace(0, 1, 400))
    gap = np.abs(np.searchsorted(np.sort(moved[:, 0]), grid) / 5000 - np.linspace(0, 1, 400)).max()
    # three samples of 5,000: each has a KS distance below 1.63 / sqrt(5000) = 0.023 in 99 of 100 cases; and knots
    assert gap < 0.05
    order = np.argsort(fresh[:, 0])
    assert (np.diff(moved[order, 0]) >= 0).all()


def test_missing_cells_and_atoms_stay():
    rng = np.random.default_rng(0)
    column = rng.standard_normal(5000)
    column[:1000], column[1000:2000] = np.nan, 0.0
    table = Coded(column[:, None], NO_CODES)
    maps = Maps.fit(table, Coded(column[:, None] * 3, NO_CODES))
    moved = maps.apply(table, rng).numbers[:, 0]
    assert np.isnan(moved[:1000]).all()
    assert (moved[1000:2000] == 0).all()
    assert np.nanstd(moved[2000:]) == pytest.approx(3 * np.nanstd(column[2000:]), rel=0.02)


def test_each_class_has_its_own_map():
    rng = np.random.default_rng(0)
    base = Coded(rng.standard_normal((5000, 1)), NO_CODES)
    up, down = (Coded(base.numbers + shift, NO_CODES) for shift in (10, -10))
    marginals = Marginals(torch.zeros(2, 0), (Maps.fit(base, up), Maps.fit(base, down)), (1, 0))
    y = np.arange(5000) % 2
    moved = marginals.move(base, y, rng).numbers[:, 0]
    assert moved[y == 0].max() < 0 < moved[y == 1].min()


def test_shares_of_a_small_class_lean_on_those_of_the_table():
    rows = torch.tensor([[1.0, 0.0]] * 98 + [[0.0, 1.0]] * 2)
    y = torch.tensor([0] * 98 + [1] * 2)
    shares = wanted_shares(rows, y, 2, torch.tensor([0, 1]))
    torch.testing.assert_close(shares[1], torch.tensor([0.49, 0.51]))
    assert 0 < float(shares[0, 1]) < 0.001
