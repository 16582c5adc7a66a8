"""Conditions: where they stand, how often training draws them, and the rows that meet them."""

import pytest
import torch

from equipoise.networks.conditions import Conditions


def noise(seed=0):
    return torch.Generator().manual_seed(seed)


def table(n_classes=2, log_frequency=True):
    """A block of 3 with counts 990, 9, 1 at positions 1 to 3, and one of 2 at positions 4 and 5."""
    codes = torch.tensor([0] * 990 + [1] * 9 + [2])
    rows = torch.zeros(1000, 6)
    rows[torch.arange(1000), 1 + codes] = 1
    rows[torch.arange(1000), 4 + torch.arange(1000) % 2] = 1
    y = (torch.arange(1000) >= 950).long()
    return rows, y, Conditions(rows, [(1, 4), (4, 6)], y, n_classes, log_frequency=log_frequency)


def test_training_draws_categories_by_the_logarithm_of_their_count():
    _, _, conditions = table()
    draws = conditions.draw(300_000, noise())
    first = draws.categories[draws.columns == 0]
    shares = torch.bincount(first, minlength=3) / len(first)
    # 100,000 draws: 3 standard errors are below 0.0045
    assert shares.tolist() == pytest.approx([0.697, 0.233, 0.070], abs=0.005)
    columns = torch.bincount(draws.columns + 1) / len(draws.columns)
    assert columns.tolist() == pytest.approx([1 / 3] * 3, abs=0.005)


def test_natural_frequencies_are_an_option():
    _, _, conditions = table(log_frequency=False)
    assert conditions.shares[0].tolist() == pytest.approx([0.99, 0.009, 0.001])


def test_every_row_that_is_drawn_meets_its_condition():
    rows, y, conditions = table()
    draws = conditions.draw(20_000, noise())
    starts = torch.tensor([1, 4])
    named = draws.columns >= 0
    places = starts[draws.columns[named]] + draws.categories[named]
    assert (rows[draws.rows[named], places] == 1).all()
    assert (draws.classes == y[draws.rows]).all()
    assert (draws.categories[~named] == draws.classes[~named]).all()


def test_rows_of_a_category_are_drawn_evenly():
    _, _, conditions = table()
    draws = conditions.draw(200_000, noise())
    mine = draws.rows[(draws.columns == 0) & (draws.categories == 1)]
    shares = torch.bincount(mine - 990, minlength=9) / len(mine)
    # some 15,000 rows: 4 standard errors are 0.01
    assert shares.tolist() == pytest.approx([1 / 9] * 9, abs=0.011)


@pytest.mark.parametrize("n_classes", [0, 2])
def test_the_one_of_a_condition_is_at_its_block_and_category(n_classes):
    _, _, conditions = table(n_classes)
    law = conditions.law
    assert law.width == n_classes + 3 + 2
    draws = conditions.draw(5_000, noise())
    vectors = law.vectors(draws)
    for column, start in ((0, n_classes), (1, n_classes + 3)):
        mine = vectors[draws.columns == column][:, n_classes:]
        wanted = start - n_classes + draws.categories[draws.columns == column]
        assert torch.equal(mine.argmax(dim=1), wanted)
        assert (mine.sum(dim=1) == 1).all()
    label = vectors[draws.columns < 0][:, n_classes:]
    assert not label.any()
    if n_classes:
        assert torch.equal(vectors[:, :2].argmax(dim=1), draws.classes)


def test_conditions_to_draw_rows_by_have_the_frequencies_of_the_class():
    _, _, conditions = table()
    classes = torch.ones(60_000, dtype=torch.int64)
    draws = conditions.law.natural(classes, noise())
    first = draws.categories[draws.columns == 0]
    # class 1 has 40 rows of the first category, 9 of the second and 1 of the third; 4 standard errors are 0.012
    shares = (torch.bincount(first, minlength=3) / len(first)).tolist()
    assert shares == pytest.approx([0.8, 0.18, 0.02], abs=0.012)
    assert (draws.classes == 1).all()


def test_a_mismatch_is_the_cross_entropy_of_the_named_block_and_has_its_gradient():
    _, _, conditions = table()
    draws = conditions.draw(200, noise())
    raw = torch.randn(200, 6, generator=noise(1), requires_grad=True)
    total = torch.zeros(())
    for k in range(200):
        column, category = int(draws.columns[k]), draws.categories[k]
        if column >= 0:
            block = raw[k, 1:4] if column == 0 else raw[k, 4:6]
            total = total - torch.log_softmax(block, dim=0)[category] / 200
    total.backward()
    loss, positions, gradients = conditions.mismatch(raw.detach(), draws)
    torch.testing.assert_close(loss, total.detach())
    found = torch.zeros(200 * 6).index_add_(0, positions.flatten(), gradients.flatten())
    torch.testing.assert_close(found.view(200, 6), raw.grad)
