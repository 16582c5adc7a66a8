"""Low-rank adapters: they start as the layer is, learn alone, and can be taken in."""

import pytest
import torch
from torch import nn

from equipoise.networks.blocks import linear
from equipoise.networks.low_rank import LowRank, adapt, merge


class Turned(nn.Module):
    """A linear layer whose matrix is of the shape (in, out)."""

    def __init__(self, n_in, n_out, generator):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_in, n_out, generator=generator))

    def forward(self, x):
        return x @ self.weight


def network(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return nn.ModuleDict(
        {"first": linear(5, 7, generator), "second": Turned(7, 3, generator)}
    ), generator


def value(net, x):
    return net["second"](torch.relu(net["first"](x)))


def test_an_adapter_starts_as_the_layer_is():
    net, generator = network()
    x = torch.randn(4, 5, generator=generator)
    before = value(net, x)
    adapt(net, ["first", "second"], 2, 2.0, generator)
    assert torch.equal(value(net, x), before)


def test_only_the_adapters_learn_and_they_can_be_taken_into_the_layers():
    net, generator = network()
    x, frozen = torch.randn(64, 5, generator=generator), net["first"].weight.detach().clone()
    adapters = adapt(net, ["first", "second"], 2, 2.0, generator)
    assert {name for name, p in net.named_parameters() if p.requires_grad} == {
        f"{layer}.thin.{name}" for layer in ("first", "second") for name in ("down", "up")
    }
    goal = torch.randn(64, 3, generator=generator)
    losses = []
    for _ in range(50):
        loss = ((value(net, x) - goal) ** 2).mean()
        losses.append(float(loss.detach()))
        loss.backward()
        with torch.no_grad():
            for p in adapters.parameters():
                p -= 0.02 * p.grad
                p.grad = None
    assert losses[-1] < 0.9 * losses[0]
    assert torch.equal(net["first"].weight, frozen)
    learnt = value(net, x)
    merge(net)
    assert not any(isinstance(layer, LowRank) for layer in net.modules())
    assert not torch.equal(net["first"].weight, frozen)
    torch.testing.assert_close(value(net, x), learnt, rtol=1e-4, atol=1e-5)


def test_what_is_learnt_has_so_many_numbers_as_two_thin_matrices():
    net, generator = network()
    adapters = adapt(net, ["first"], 2, 2.0, generator)
    assert sum(p.numel() for p in adapters.parameters()) == 2 * (5 + 7)


def test_adapters_of_a_coarse_layer_are_fine():
    net, generator = network()
    net = net.to(torch.bfloat16)
    adapters = adapt(net, ["first"], 2, 2.0, generator)
    assert {p.dtype for p in adapters.parameters()} == {torch.float32}
    assert net["first"](torch.ones(1, 5, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_a_layer_that_is_not_there_is_an_error():
    net, generator = network()
    with pytest.raises(AttributeError):
        adapt(net, ["third"], 2, 2.0, generator)
