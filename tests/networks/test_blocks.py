"""Layers and one-hot blocks."""

import numpy as np
import pytest
import torch

from equipoise.errors import OptionError
from equipoise.networks.blocks import (
    Blocks,
    linear,
    one_hot,
    perceptron,
    sums_by_owner,
    tempered_order,
)

NARROW = [-1, 0, 0, 0, -1, 1, 1, 2]  # blocks of 3, 2 and 1 between scalars
UNEVEN = np.repeat(np.arange(14), [1, 2, 3, 1, 90, 2, 5, 3, 40, 1, 2, 9, 4, 2])


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def logits(blocks, n=50, scale=3.0):
    return scale * torch.randn(n, len(blocks.owner), generator=generator(), dtype=torch.float64)


def per_block(blocks, raw, function):
    return torch.cat([function(raw[:, blocks.owner == j]) for j in range(blocks.n_blocks)], dim=1)


@pytest.mark.parametrize("ids", [NARROW, UNEVEN, np.zeros(4, dtype=int)])
def test_the_segmented_softmax_equals_the_loop_over_blocks_with_its_gradient(ids):
    blocks = Blocks(ids)
    raw = logits(blocks).requires_grad_()
    weights = torch.randn(raw.shape, generator=generator(1), dtype=torch.float64)
    ours = blocks.softmax(raw)
    (gradient,) = torch.autograd.grad((ours * weights).sum(), raw)
    loop = per_block(blocks, raw, lambda r: torch.softmax(r, dim=1))
    (expected,) = torch.autograd.grad((loop * weights).sum(), raw)
    torch.testing.assert_close(ours, loop, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(gradient, expected, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(
        sums_by_owner(ours, blocks.owner, blocks.n_blocks), torch.ones(50, blocks.n_blocks).double()
    )


@pytest.mark.parametrize("ids", [NARROW, UNEVEN])
def test_log_sum_exp_survives_logits_far_apart(ids):
    blocks = Blocks(ids)
    raw = logits(blocks).float() + 300.0 * blocks.owner  # exp(300) is infinite in float32
    loop = per_block(blocks, raw, lambda r: torch.logsumexp(r, dim=1, keepdim=True))
    torch.testing.assert_close(blocks.log_sum_exp(raw), loop)


def test_two_thousand_blocks_hold_no_more_than_their_positions_and_equal_the_loop():
    blocks = Blocks(np.repeat(np.arange(2500), 3))
    held = [v for v in vars(blocks).values() if isinstance(v, torch.Tensor)]
    assert sum(v.numel() for v in held) <= 3 * 7500
    raw = logits(blocks, n=4).requires_grad_()
    ours = blocks.log_sum_exp(raw)
    (gradient,) = torch.autograd.grad(ours.square().sum(), raw)
    loop = torch.logsumexp(raw.view(4, 2500, 3), dim=2)
    (expected,) = torch.autograd.grad(loop.square().sum(), raw)
    torch.testing.assert_close(ours, loop)
    torch.testing.assert_close(gradient, expected)


@pytest.mark.parametrize("ids", [NARROW, UNEVEN])
def test_the_hardest_is_the_first_maximum_of_each_block(ids):
    blocks = Blocks(ids)
    raw = logits(blocks).float()
    raw[:10] = 0.0  # ties
    expected = per_block(blocks, raw, lambda r: one_hot(torch.argmax(r, dim=1), r.shape[1]))
    assert torch.equal(blocks.hardest(raw), expected)


def test_draws_follow_the_softmax_and_the_hardest_never_shows_the_rare_one():
    blocks = Blocks([0, 0])
    raw = torch.log(torch.tensor([[0.95, 0.05]])).repeat(100_000, 1)
    rare = blocks.draw(raw, generator())[:, 1].mean()
    assert float(rare) == pytest.approx(0.05, abs=0.003)  # 4 standard errors: 4 sqrt(.05 .95 / 1e5)
    assert float(blocks.hardest(raw)[:, 1].sum()) == 0


def test_a_low_temperature_sharpens_draws():
    blocks = Blocks([0, 0])
    raw = torch.log(torch.tensor([[0.8, 0.2]])).repeat(20_000, 1)
    rare = float(blocks.draw(raw, generator(), temperature=0.5)[:, 1].mean())
    assert rare == pytest.approx(0.04 / 0.68, abs=0.007)  # 4 standard errors


def test_blocks_of_a_row_without_any_are_empty():
    blocks = Blocks([-1, -1])
    raw = torch.zeros(5, 0)
    assert blocks.log_sum_exp(raw).shape == (5, 0)
    assert blocks.draw(raw, generator()).shape == (5, 0)


def test_block_numbers_with_a_gap_are_refused():
    with pytest.raises(OptionError, match="without gaps"):
        Blocks([0, 0, 2])


def test_layers_leave_the_global_stream_and_repeat_with_their_generator():
    before = torch.random.get_rng_state()
    first, again = (perceptron([5, 7, 3], generator(3)) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    for a, b in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)
    assert first(torch.zeros(2, 5)).shape == (2, 3)


def test_first_weights_are_within_their_bound():
    layer = linear(16, 400, generator())
    assert 0.24 < float(layer.weight.detach().abs().max()) <= 0.25


def test_a_pass_at_power_one_is_a_permutation():
    y = torch.tensor([0] * 90 + [1] * 10)
    for seed in range(20):
        order = tempered_order(y, 1.0, generator(seed))
        assert torch.equal(torch.sort(order).values, torch.arange(100))


@pytest.mark.parametrize(("power", "rare"), [(0.0, 500), (0.5, 250)])
def test_a_pass_holds_each_class_at_its_tempered_share(power, rare):
    y = torch.tensor([0] * 900 + [1] * 100)  # 100^0.5 / (900^0.5 + 100^0.5) = 1/4
    order = tempered_order(y, power, generator())
    assert abs(int((y[order] == 1).sum()) - rare) <= 1  # systematic draws miss by one at most
    times = torch.bincount(order, minlength=1000)[900:]
    assert int(times.max() - times.min()) <= 1


def test_a_pass_may_be_longer_than_the_table_and_is_shuffled():
    order = tempered_order(torch.tensor([0, 0, 1]), 0.5, generator(), length=60)
    assert len(order) == 60
    assert not torch.equal(order, torch.sort(order).values)
