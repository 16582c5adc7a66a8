"""The gradients that are written out by hand, against torch's."""

import numpy as np
import pytest
import torch

from equipoise.networks.block_sums import DENSE, BlockSums
from equipoise.networks.blocks import Blocks, one_hot
from equipoise.networks.optimiser import FlatAdam
from equipoise.networks.variational import LOG_VARIANCE, VariationalAutoencoder
from equipoise.networks.variational_pass import BoundPass, EncodedRows

# Two scalars with blocks of three modes (the third of the first holds no scalar), then a category of four levels.
TABLE = {
    "scalars": [0, 4],
    "n_modes": [2, 3],
    "block_ids": [-1, 0, 0, 0, -1, 1, 1, 1, 2, 2, 2, 2],
}
ALL_MEANT = {"scalars": [0], "n_modes": [2], "block_ids": [-1, 0, 0, 1, 1, 1]}
NO_SCALAR = {"scalars": [], "n_modes": [], "block_ids": [0, 0, 0, 1, 1]}
MANY_BLOCKS = {"scalars": [], "n_modes": [], "block_ids": np.repeat(np.arange(DENSE + 1), 2)}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def problem(table, n=40, n_classes=2, hidden=(16, 8), shared=False, dtype=torch.float32):
    network = VariationalAutoencoder(
        **table, shared=shared, n_classes=n_classes, latent=4, hidden=hidden, generator=generator()
    )
    with torch.no_grad():
        network.law.sigma.uniform_(0.05, 0.9, generator=generator(1))
    x = network.law.draw(torch.randn(n, network.law.width, generator=generator(2)), generator(3))
    y = one_hot(torch.arange(n) % 2, 2)[:, :n_classes]
    noise = torch.randn(n, 4, generator=generator(4))
    return network.to(dtype), x.to(dtype), y.to(dtype), noise.to(dtype)


def compare(network, x, y, noise, rtol, counted=(1.0, 0.0, 1.0, 1.0)):
    counted = torch.tensor(counted, dtype=x.dtype)
    parameters = list(network.parameters())
    FlatAdam(parameters, learning_rate=1e-3)  # gives each of them a gradient to be written to
    losses, divergences = network.bound(x, y, noise)
    loss = 2 * losses.mean() + (counted * divergences.mean(dim=0)).sum()
    expected = torch.autograd.grad(loss, parameters)
    way = BoundPass(network, len(x))
    rows = EncodedRows.of(network, x, y, torch.arange(len(x)))
    for p in parameters:
        p.grad.fill_(float("nan"))  # all of it is written
    for _ in range(2):  # buffers of a first pass leave nothing behind
        reconstruction, divergence = way.forward(rows, noise)
        way.backward(rows, noise, 2.0, counted)
    torch.testing.assert_close(reconstruction, losses.mean().detach(), rtol=rtol, atol=1e-5)
    torch.testing.assert_close(divergence, divergences.mean(dim=0).detach(), rtol=rtol, atol=1e-6)
    for p, gradient in zip(parameters, expected, strict=True):
        assert float((p.grad - gradient).norm()) <= rtol * float(gradient.norm())


@pytest.mark.parametrize("table", [TABLE, ALL_MEANT, NO_SCALAR, MANY_BLOCKS])
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("n_classes", [0, 2])
@pytest.mark.parametrize(("dtype", "rtol"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_gradients_are_those_of_torch(table, shared, n_classes, dtype, rtol):
    compare(*problem(table, n_classes=n_classes, shared=shared, dtype=dtype), rtol)


@pytest.mark.parametrize("hidden", [(8,), (16, 12, 8)])
def test_gradients_are_those_of_torch_at_other_depths(hidden):
    compare(*problem(TABLE, hidden=hidden), 1e-5)


def test_gradients_are_those_of_torch_where_a_log_variance_is_out_of_bounds():
    network, x, y, noise = problem(TABLE, dtype=torch.float64)
    with torch.no_grad():
        network.to_code.bias[4] = 2 * LOG_VARIANCE
        network.to_code.bias[5] = -2 * LOG_VARIANCE
    compare(network, x, y, noise, 1e-12)


@pytest.mark.parametrize("size", [60.0, 300.0])
def test_gradients_are_those_of_torch_where_logits_are_too_large_to_exponentiate(size):
    network, x, y, noise = problem(TABLE)
    with torch.no_grad():
        network.to_raw.bias[network.law.n_heads :] = torch.linspace(-size, size, 10)
    compare(network, x, y, noise, 1e-5)


@pytest.mark.parametrize("n_blocks", [3, DENSE + 1])
def test_block_sums_are_those_of_the_blocks(n_blocks):
    sizes = np.arange(n_blocks) % 4 + 1
    blocks = Blocks(np.repeat(np.arange(n_blocks), sizes))
    raw = 5 * torch.randn(7, sizes.sum(), generator=generator(), dtype=torch.float64)
    for far in (raw, raw * 200):
        torch.testing.assert_close(BlockSums(blocks).softmax(far), blocks.softmax(far))
    assert BlockSums(blocks).softmax(raw[:0]).shape == (0, sizes.sum())
