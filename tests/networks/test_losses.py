"""Losses against their values by hand."""

import math

import pytest
import torch

from equipoise.networks.blocks import Blocks
from equipoise.networks.losses import block_cross_entropy, divergence, gaussian_loss


def test_the_divergence_of_the_prior_from_itself_is_zero():
    assert float(divergence(torch.zeros(3, 4), torch.zeros(3, 4)).abs().max()) == 0


@pytest.mark.parametrize(
    ("mean", "log_variance", "nats"), [(1.0, 0.0, 0.5), (0.0, math.log(4), 0.8068528)]
)
def test_the_divergence_has_its_closed_form(mean, log_variance, nats):
    means, logs = torch.zeros(1, 5), torch.zeros(1, 5)
    means[0, 2], logs[0, 2] = mean, log_variance
    assert float(divergence(means, logs).sum()) == pytest.approx(nats, rel=1e-5)


def test_the_gaussian_of_one_scalar_has_its_value_by_hand():
    x, one = torch.tensor([[0.2]]), torch.ones(1, 1)
    loss = gaussian_loss(x, torch.zeros(1, 1), torch.tensor([0.1]), one)
    assert float(loss) == pytest.approx(2 - 2.302585, abs=1e-5)
    assert float(gaussian_loss(x, torch.zeros(1, 1), torch.tensor([0.1]), 0 * one)) == 0


def test_uniform_logits_over_four_cost_log_four():
    x = torch.tensor([[0.0, 1.0, 0.0, 0.0]])
    loss = block_cross_entropy(x, torch.full((1, 4), 7.0), Blocks([0, 0, 0, 0]))
    assert float(loss) == pytest.approx(math.log(4), rel=1e-6)


def test_a_block_of_zeros_costs_its_log_sum_only():
    blocks = Blocks([0, 0])
    assert float(block_cross_entropy(torch.zeros(1, 2), torch.zeros(1, 2), blocks)) > 0
