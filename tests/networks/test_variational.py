"""The law of a row and the auto-encoder around it."""

import math

import numpy as np
import pytest
import torch

from equipoise.networks.blocks import one_hot
from equipoise.networks.losses import divergence
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


def make(latent=4, n_classes=2, hidden=(16, 16), seed=0, shared=False):
    return VariationalAutoencoder(
        scalars=SCALARS,
        n_modes=N_MODES,
        block_ids=IDS,
        shared=shared,
        n_classes=n_classes,
        latent=latent,
        hidden=hidden,
        generator=generator(seed),
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
    network = VariationalAutoencoder(
        scalars=scalars, n_modes=[1] * len(scalars), block_ids=ids,
        n_classes=2, latent=4, hidden=(16,), generator=generator(),
    )  # fmt: skip
    law = network.law
    x, y = law.draw(torch.zeros(6, law.width), generator()), one_hot(torch.zeros(6).long(), 2)
    losses, divergences = network.bound(x, y, torch.randn(6, 4, generator=generator()))
    assert losses.shape == (6,)
    assert divergences.shape == (6, 4)
    assert torch.isfinite(losses + divergences.sum(dim=1)).all()


def test_one_block_of_even_chances_has_its_loss_by_hand():
    law = RowLaw([], [], [0, 0, 0, 0])
    loss = law.loss(torch.tensor([[0.0, 0.0, 1.0, 0.0]]), torch.full((1, 4), 0.7))
    assert float(loss.detach()) == pytest.approx(math.log(4), abs=1e-6)


@pytest.mark.parametrize(
    ("mean", "log_variance", "nats"), [(0, 0, 0), (1, 0, 0.5), (0, math.log(4), 0.8068528)]
)
def test_one_dimension_has_its_divergence_by_hand(mean, log_variance, nats):
    # In the other dimensions the code is the prior, which counts nothing.
    means, log_variances = torch.zeros(2, 3), torch.zeros(2, 3)
    means[:, 1], log_variances[:, 1] = mean, log_variance
    assert divergence(means, log_variances).sum(dim=1).tolist() == pytest.approx([nats] * 2)


def test_draws_have_the_chances_of_their_logits_and_the_likeliest_takes_all():
    law = RowLaw([], [], [0, 0, 1, 1, 1])
    chances = torch.tensor([0.95, 0.05, 0.2, 0.0005, 0.7995])
    raw = torch.log(chances).repeat(100_000, 1)
    slots = law.draw_slots(raw, generator())
    # Four standard errors of a share p of 10^5 rows are 4 sqrt(p (1 - p) / 10^5): 0.28 % for 5 %.
    for block, start, size in ((0, 0, 2), (1, 2, 3)):
        shares = torch.bincount(slots[:, block], minlength=size) / 100_000
        for share, chance in zip(shares, chances[start : start + size], strict=True):
            assert abs(share - chance) < 4 * math.sqrt(chance * (1 - chance) / 100_000)
    pairs = (slots == 0).double()
    # Blocks are drawn independently: the two are at once in their product of chances.
    assert float((pairs[:, 0] * pairs[:, 1]).mean()) == pytest.approx(0.19, abs=0.005)
    assert law.draw_slots(raw, generator(), None).unique(dim=0).tolist() == [[0, 2]]


def test_a_low_temperature_sharpens_draws():
    law = RowLaw([], [], [0, 0])
    raw = torch.log(torch.tensor([[0.9, 0.1]])).repeat(100_000, 1)
    rare = float((law.draw_slots(raw, generator(), 0.5) == 1).double().mean())
    assert rare == pytest.approx(
        1 / 82, abs=4 * math.sqrt(1 / 82 / 100_000)
    )  # 0.1^2 / (0.1^2 + 0.9^2)


def test_extreme_logits_are_drawn_all_the_same():
    law = RowLaw([], [], [0, 0, 1, 1])
    raw = torch.tensor([[300.0, 300.0, -400.0, -500.0]]).repeat(1000, 1)
    slots = law.draw_slots(raw, generator())
    assert float((slots[:, 0] == 0).double().mean()) == pytest.approx(0.5, abs=0.07)
    assert (slots[:, 1] == 0).all()


def test_a_shared_scalar_has_one_mean_and_one_deviation_for_all_its_modes():
    law = RowLaw([0], [2], [-1, 0, 0, 0], shared=True)
    assert law.width == 4
    with torch.no_grad():
        law.sigma.fill_(0.05)
    raw = torch.tensor([[0.5, 0.0, 0.0, 0.0]]).repeat(60_000, 1)
    out = law.draw(raw, generator())
    for mode in (1, 2):
        scalars = out[out[:, mode] == 1, 0]
        # 4 standard errors over the third of the rows in this mode
        assert float(scalars.mean()) == pytest.approx(
            math.tanh(0.5), abs=4 * 0.05 / math.sqrt(19_000)
        )
    assert float(out[out[:, 3] == 1, 0].abs().max()) == 0
    x = torch.tensor([[0.2, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    error = (0.2 - math.tanh(0.5)) / 0.05
    expected = [error**2 / 2 + math.log(0.05) + math.log(3), math.log(3)]
    assert law.loss(x, raw[:2]).tolist() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("width", [156, 12])
def test_a_shared_unconditional_network_has_the_parameters_of_the_paper(width):
    n_blocks = width // 12
    ids = np.tile([-1] + [0] * 11, n_blocks) + np.repeat(np.arange(n_blocks), 12)
    ids[::12] = -1
    network = VariationalAutoencoder(
        scalars=np.arange(0, width, 12), n_modes=[11] * n_blocks, block_ids=ids, shared=True,
        n_classes=0, latent=128, hidden=(128, 128), generator=generator(),
    )  # fmt: skip
    square = (
        128 * 128 + 128
    )  # a layer from 128 to 128; one to the width, one from it, and a sigma a position
    expected = (width * 128 + 128) + 5 * square + (128 * width + width) + width
    assert sum(p.numel() for p in network.parameters()) == expected


def test_a_network_is_made_again_from_its_configuration_and_its_tensors():
    network = make(shared=True)
    again = VariationalAutoencoder(**network.config, generator=generator(5))
    again.load_state_dict(network.state_dict())
    x, y = rows(10), one_hot(torch.arange(10) % 2, 2)
    noise = torch.randn(10, 4, generator=generator())
    for a, b in zip(network.bound(x, y, noise), again.bound(x, y, noise), strict=True):
        assert torch.equal(a, b)


def test_first_weights_repeat_with_their_seed_and_leave_the_global_stream():
    before = torch.random.get_rng_state()
    first, again, other = (make(seed=s) for s in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(first.to_raw.weight, again.to_raw.weight)
    assert not torch.equal(first.to_raw.weight, other.to_raw.weight)
