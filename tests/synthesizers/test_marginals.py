"""Calibration of marginals: levels get their shares, numbers their distribution, and ranks stay."""

import numpy as np
import pytest
import torch

from equipoise.networks.blocks import Blocks
from equipoise.synthesizers._marginals import Maps, Marginals, shifts, wanted_shares
from equipoise.tables.coded import Coded
from equipoise.tables.modes import fit_modes

NO_CODES = np.empty((5000, 0), dtype=np.int64)


def maps_between(generated, training, table=None):
    """Learn maps of one column, with the modes of a table (the training rows if none is given)."""
    modes = fit_modes(training if table is None else table, np.random.default_rng(0))
    columns = (Coded(c[:, None], NO_CODES[: len(c)]) for c in (generated, training))
    return Maps.fit(*columns, (modes,))


def moved(maps, column):
    """Give a column of numbers after the maps."""
    table = Coded(column[:, None], NO_CODES[: len(column)])
    return maps.apply(table, np.random.default_rng(0)).numbers[:, 0]


def test_shifted_logits_have_the_shares_that_are_wanted():
    blocks = Blocks([0, 0, 0, 1, 1])
    raw = 2 * torch.randn(3000, 5, generator=torch.Generator().manual_seed(0))
    wanted = torch.tensor([0.9, 0.09, 0.01, 0.4, 0.6])
    shares = blocks.softmax(raw + shifts(raw, wanted, blocks)).mean(dim=0)
    torch.testing.assert_close(shares, wanted, rtol=0, atol=2e-3)


def test_numbers_take_the_distribution_of_training_and_keep_their_order():
    rng = np.random.default_rng(0)
    training = np.exp(rng.standard_normal(5000))
    maps = maps_between(rng.standard_normal(5000), training)
    fresh = rng.standard_normal(5000)
    after = moved(maps, fresh)
    grid = np.quantile(training, np.linspace(0, 1, 400))
    gap = np.abs(np.searchsorted(np.sort(after), grid) / 5000 - np.linspace(0, 1, 400)).max()
    # three samples of 5,000: each has a KS distance below 1.63 / sqrt(5000) = 0.023 in 99 of 100 cases; and knots
    assert gap < 0.05
    assert (np.diff(after[np.argsort(fresh)]) >= 0).all()


def test_missing_cells_and_atoms_stay():
    column = np.random.default_rng(0).standard_normal(5000)
    column[:1000], column[1000:2000] = np.nan, 0.0
    after = moved(maps_between(column, column * 3), column)
    assert np.isnan(after[:1000]).all()
    assert (after[1000:2000] == 0).all()
    assert np.nanstd(after[2000:]) == pytest.approx(3 * np.nanstd(column[2000:]), rel=0.02)


def test_a_value_that_is_common_in_one_class_alone_has_its_share_of_that_class():
    rng = np.random.default_rng(0)
    of_class = np.where(np.arange(300) < 200, 7.0, 7.0 + np.abs(rng.standard_normal(300)))
    table = np.concatenate([of_class, 20 * rng.standard_normal(9700)])
    assert len(fit_modes(table, rng).atoms) == 0
    generated = 7 + 0.01 * rng.standard_normal(4000)
    after = moved(maps_between(generated, of_class, table), generated)
    # the jump of the distribution is 200 of 300 rows, whatever the generated sample
    assert (after == 7).mean() == pytest.approx(2 / 3, abs=0.01)
    assert after.min() == 7
    assert after.max() == of_class.max()


def test_a_common_value_of_the_table_that_a_class_lacks_stays_what_it_is():
    rng = np.random.default_rng(0)
    of_class = 500 + 30 * rng.standard_normal(60)
    table = np.concatenate([of_class, np.zeros(5000), 500 + 30 * rng.standard_normal(5000)])
    generated = np.where(np.arange(4000) < 250, 0.0, 480 + 10 * rng.standard_normal(4000))
    after = moved(maps_between(generated, of_class, table), generated)
    assert (after[:250] == 0).all()
    assert after[250:].mean() == pytest.approx(of_class.mean(), abs=30 / np.sqrt(60))


def test_a_column_of_few_numbers_beside_its_exact_values_is_not_moved():
    rng = np.random.default_rng(0)
    table = np.concatenate([np.zeros(5000), rng.standard_normal(5000)])
    of_class = np.concatenate([np.zeros(91), np.arange(1.0, 10.0)])  # nine that are not exact
    generated = np.concatenate([np.zeros(3000), rng.standard_normal(1000)])
    np.testing.assert_array_equal(
        moved(maps_between(generated, of_class, table), generated), generated
    )


def test_each_class_has_its_own_map():
    rng = np.random.default_rng(0)
    base = Coded(rng.standard_normal((5000, 1)), NO_CODES)
    up, down = (Coded(base.numbers + shift, NO_CODES) for shift in (10, -10))
    modes = (fit_modes(base.numbers[:, 0], rng),)
    maps = (Maps.fit(base, up, modes), Maps.fit(base, down, modes))
    y = np.arange(5000) % 2
    after = Marginals(torch.zeros(2, 0), maps, (1, 0)).move(base, y, rng).numbers[:, 0]
    assert after[y == 0].max() < 0 < after[y == 1].min()


def test_shares_of_a_small_class_lean_on_those_of_the_table():
    rows = torch.tensor([[1.0, 0.0]] * 98 + [[0.0, 1.0]] * 2)
    y = torch.tensor([0] * 98 + [1] * 2)
    shares = wanted_shares(rows, y, 2, torch.tensor([0, 1]))
    torch.testing.assert_close(shares[1], torch.tensor([0.49, 0.51]))
    assert 0 < float(shares[0, 1]) < 0.001
