"""The law of a row and the auto-encoder around it."""

import math

import numpy as np
import pytest
import torch

from equipoise.networks.blocks import one_hot
from equipoise.networks.optimiser import FlatAdam
from equipoise.networks.variational import RowLaw, VariationalAutoencoder

# Two scalars with blocks of three modes (the third of the first holds no scalar), then a category of four levels.
SCALARS, N_MODES = [0, 4], [2, 3]
IDS = [-1, 0, 0, 0, -1, 1, 1, 1, 2, 2, 2, 2]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def rows(n, seed=0):
    rng = np.random.default_rng(seed)
    x = np.zeros((n, len(IDS)), dtype=np.float32)
    for block in range(3):
        places = np.flatnonzero(np.array(IDS) == block)
        x[np.arange(n), rng.choice(places, n)] = 1
    x[:, SCALARS] = rng.uniform(-0.9, 0.9, (n, 2))
    x[x[:, 3] == 1, 0] = 0
    return torch.from_numpy(x)


def loop(law, x, raw):
    """Give the same loss one row and one column at a time, in the words of the definition."""
    total = []
    heads, logits = raw[:, : law.n_heads], raw[:, law.n_heads :]
    for b in range(len(x)):
        loss = torch.zeros(())
        head = 0
        for scalar, n_modes in zip(SCALARS, N_MODES, strict=True):
            for k in range(n_modes):
                if x[b, scalar + 1 + k] == 1:
                    error = x[b, scalar] - torch.tanh(heads[b, head])
                    loss = loss + error**2 / (2 * law.sigma[head] ** 2) + law.sigma[head].log()
                head += 1
        owner = np.array([i for i in IDS if i >= 0])
        for block in range(3):
            there = logits[b, np.flatnonzero(owner == block)]
            truth = x[b, np.flatnonzero(np.array(IDS) == block)].argmax()
            loss = loss + torch.nn.functional.cross_entropy(there[None], truth[None])
        total.append(loss)
    return torch.stack(total)


def make(law, latent=4, n_classes=2, hidden=(16, 16), seed=0):
    return VariationalAutoencoder(
        law, n_classes=n_classes, latent=latent, hidden=hidden, generator=generator(seed)
    )


def test_the_loss_equals_the_loop_over_columns_with_its_gradients():
    law = RowLaw(SCALARS, N_MODES, IDS)
    with torch.no_grad():
        law.sigma.copy_(torch.linspace(0.05, 0.9, 5))
    x = rows(20)
    raw = torch.randn(20, law.width, generator=generator()).requires_grad_()
    ours, expected = law.loss(x, raw), loop(law, x, raw)
    torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-5)
    for a, b in zip(
        torch.autograd.grad(ours.sum(), [raw, law.sigma]),
        torch.autograd.grad(expected.sum(), [raw, law.sigma]),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


def test_one_scalar_has_its_loss_by_hand():
    law = RowLaw([0], [1], [-1, 0])
    loss = law.loss(torch.tensor([[0.2, 1.0]]), torch.zeros(1, 2))
    assert float(loss.detach()) == pytest.approx(2 + math.log(0.1), abs=1e-5)


def test_a_scalar_takes_the_mean_and_the_deviation_of_the_mode_that_is_drawn():
    law = RowLaw([0], [2], [-1, 0, 0, 0])
    with torch.no_grad():
        law.sigma.copy_(torch.tensor([0.01, 0.2]))
    raw = torch.tensor([[1.0, -0.5, 0.0, 0.0, 0.0]]).repeat(60_000, 1)
    out = law.draw(raw, generator())
    assert torch.equal(out[:, 1:].sum(dim=1), torch.ones(60_000))
    for mode, (mean, sigma) in enumerate([(math.tanh(1.0), 0.01), (math.tanh(-0.5), 0.2)]):
        scalars = out[out[:, 1 + mode] == 1, 0]
        assert float(scalars.mean()) == pytest.approx(mean, abs=4 * sigma / math.sqrt(19_000))
        assert float(scalars.std()) == pytest.approx(sigma, rel=0.03)
    assert float(out[out[:, 3] == 1, 0].abs().max()) == 0  # this mode holds no scalar


def test_drawn_scalars_stay_within_one():
    law = RowLaw([0], [1], [-1, 0])
    with torch.no_grad():
        law.sigma.fill_(1.0)
    out = law.draw(torch.tensor([[3.0, 0.0]]).repeat(1000, 1), generator())
    assert float(out[:, 0].max()) == 1.0


def test_the_likeliest_row_has_no_noise_and_draws_at_no_temperature_share_its_blocks():
    law = RowLaw(SCALARS, N_MODES, IDS)
    raw = torch.randn(50, law.width, generator=generator())
    likeliest = law.likeliest(raw)
    assert torch.equal(likeliest, law.likeliest(raw))
    drawn = law.draw(raw, generator(), None)
    at = law.blocks.positions
    assert torch.equal(drawn[:, at], likeliest[:, at])
    assert not torch.equal(drawn, likeliest)


@pytest.mark.parametrize("scalars", [[], [0]])
def test_a_row_may_be_all_categories_or_hold_no_category(scalars):
    ids = [-1, 0] if scalars else [0, 0, 1, 1]
    law = RowLaw(scalars, [1] * len(scalars), ids)
    network = make(law)
    x, y = law.draw(torch.zeros(6, law.width), generator()), one_hot(torch.zeros(6).long(), 2)
    losses, divergences = network.bound(x, y, torch.randn(6, 4, generator=generator()))
    assert losses.shape == (6,)
    assert divergences.shape == (6, 4)
    assert torch.isfinite(losses + divergences.sum(dim=1)).all()


def test_sigma_moves_and_stays_within_its_bounds():
    law = RowLaw(SCALARS, N_MODES, IDS)
    network = make(law)
    x, y = rows(64), one_hot(torch.zeros(64).long(), 2)
    optimiser = FlatAdam(network.parameters(), learning_rate=0.05)
    g = generator(1)
    for _ in range(100):
        optimiser.zero_grad()
        losses, divergences = network.bound(x, y, torch.randn(64, 4, generator=g))
        (losses.mean() + divergences.mean(dim=0).sum()).backward()
        optimiser.step()
        law.clamp()
        assert float(law.sigma.detach().min()) >= 0.01
        assert float(law.sigma.detach().max()) <= 1.0
    assert float((law.sigma.detach() - 0.1).abs().min()) > 0.01


def test_first_weights_repeat_with_their_seed_and_leave_the_global_stream():
    before = torch.random.get_rng_state()
    first, again, other = (make(RowLaw(SCALARS, N_MODES, IDS), seed=s) for s in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(first.to_raw.weight, again.to_raw.weight)
    assert not torch.equal(first.to_raw.weight, other.to_raw.weight)


@pytest.mark.truth
def test_sixty_four_rows_can_be_learnt_by_heart():
    law = RowLaw(SCALARS, N_MODES, IDS)
    network = make(law, latent=64, hidden=(64, 64))
    x, y = rows(64), one_hot(torch.arange(64) % 2, 2)
    optimiser = FlatAdam(network.parameters(), learning_rate=1e-3, max_norm=5.0)
    g = generator(1)
    for _ in range(2000):
        optimiser.zero_grad()
        losses, divergences = network.bound(x, y, torch.randn(64, 64, generator=g))
        (20 * losses.mean() + divergences.mean(dim=0).sum()).backward()
        optimiser.step()
        law.clamp()
    with torch.no_grad():
        back = law.likeliest(network.decode(network.encode(x, y)[0], y))
    at = law.blocks.positions
    assert float((back[:, at] == x[:, at]).float().mean()) >= 0.99
    assert float((back[:, SCALARS] - x[:, SCALARS]).abs().mean()) < 0.05 * 1.8
