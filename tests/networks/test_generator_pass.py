"""A pass through a generator by hand: rows and gradients are those of torch."""

import pytest
import torch

from equipoise.networks.adversarial import Generator
from equipoise.networks.generator_pass import GeneratorPass
from equipoise.networks.optimiser import FlatAdam

CONDITION, NOISE, WIDTH = 7, 5, 9


def noise(seed=0):
    return torch.Generator().manual_seed(seed)


def made(hidden=(8, 6), n=20, k=2, dtype=torch.float64):
    generator = Generator(
        width=WIDTH, condition=CONDITION, noise=NOISE, hidden=hidden, generator=noise()
    ).to(dtype)
    generator.train()
    z = torch.randn(n, NOISE, generator=noise(1)).to(dtype)
    # the class first, then what is named, if anything: CONDITION is no place
    first = torch.randint(2, (n, 1), generator=noise(2))
    named = torch.randint(2, CONDITION + 1, (n, k - 1), generator=noise(3))
    return generator, z, torch.cat([first, named], dim=1)


def dense(places, dtype):
    ones = torch.zeros(len(places), CONDITION + 1, dtype=dtype).scatter_(1, places, 1.0)
    return ones[:, :CONDITION]


@pytest.mark.parametrize("hidden", [(8,), (8, 6), (4, 4, 4)])
@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize("n", [1, 20])
@pytest.mark.parametrize(("dtype", "rtol"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_rows_moments_and_gradients_are_those_of_torch(hidden, k, n, dtype, rtol):
    generator, z, places = made(hidden, n, k, dtype)
    same, _, _ = made(hidden, n, k, dtype)
    gradient = torch.randn(n, WIDTH, generator=noise(4)).to(dtype)
    expected = same(z, dense(places, dtype))
    expected.backward(gradient)
    FlatAdam(generator.parameters(), learning_rate=1.0)  # gives gradients to be written to
    way = GeneratorPass(generator)
    for p in generator.parameters():
        p.grad.fill_(float("nan"))  # all of it is written
    raw = way.forward(z, places)
    torch.testing.assert_close(raw, expected.detach(), rtol=rtol, atol=rtol)
    for (name, mine), theirs in zip(generator.named_buffers(), same.buffers(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=rtol, atol=rtol, msg=name)
    way.backward(gradient)
    for (name, mine), theirs in zip(generator.named_parameters(), same.parameters(), strict=True):
        # batch normalisation takes the mean off: a bias before it has a gradient of rounding errors
        torch.testing.assert_close(
            mine.grad, theirs.grad, rtol=100 * rtol, atol=100 * rtol, msg=name
        )


def test_weights_of_conditions_are_taken_anew_after_a_move():
    generator, z, places = made()
    way = GeneratorPass(generator)
    with torch.no_grad():
        for p in generator.parameters():
            p.add_(0.1)
    way.refresh()
    expected = generator(z, dense(places, torch.float64))
    torch.testing.assert_close(way.forward(z, places), expected.detach())
