"""The law of normal scores and blocks, the conditional auto-encoder around it, and the codes of rows."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from equipoise.networks.blocks import one_hot
from equipoise.networks.conditional import (
    ConditionalAutoencoder,
    NormalRowLaw,
    Posteriors,
    free_divergence,
)
from equipoise.networks.optimiser import FlatAdam

# A score that always means something, a score with a block of three of which the first is "has a score", a category.
SCALARS, BESIDE, IDS = [0, 1], [-1, 2], [-1, -1, 0, 0, 0, 1, 1]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def law():
    return NormalRowLaw(SCALARS, BESIDE, IDS)


def rows(n, seed=0):
    g = generator(seed)
    x = torch.cat(
        [
            torch.randn(n, 2, generator=g),
            one_hot(torch.randint(3, (n,), generator=g), 3),
            one_hot(torch.randint(2, (n,), generator=g), 2),
        ],
        dim=1,
    )
    x[:, 1] *= x[:, 2]
    return x


def make(class_prior=False, seed=0, **options):
    shape = {"scalars": SCALARS, "beside": BESIDE, "block_ids": IDS, "n_classes": 2}
    shape |= {"latent": 3, "hidden": (8, 6), "class_prior": class_prior, **options}
    return ConditionalAutoencoder(**shape, generator=generator(seed))


def test_the_loss_equals_the_loop_over_rows_and_columns():
    model = law()
    with torch.no_grad():
        model.log_sigma.copy_(torch.tensor([-0.5, -2.0]))
    x, raw = rows(30), torch.randn(30, 7, generator=generator(1))
    expected = []
    for row, out in zip(x, raw, strict=True):
        total = 0.0
        for j in range(2):
            if j == 0 or row[2] == 1:
                s = math.exp(float(model.log_sigma[j].detach()))
                total += float((row[j] - out[j]) ** 2) / (2 * s**2) + math.log(s)
        total += float(cross_entropy(out[None, 2:5], row[2:5].argmax()[None]))
        total += float(cross_entropy(out[None, 5:], row[5:].argmax()[None]))
        expected.append(total)
    torch.testing.assert_close(model.loss(x, raw).detach(), torch.tensor(expected))


def test_draws_follow_the_law():
    model = law()
    raw = torch.tensor([[1.0, -2.0, 1.0, 0.0, 0.0, 2.0, 0.0]]).repeat(20_000, 1)
    x = model.draw(raw, generator())
    first = math.e / (math.e + 2)
    # 20,000 draws: 4 standard errors of a share are 0.014, of a mean of deviation 0.5 they are 0.014
    assert float(x[:, 2].mean()) == pytest.approx(first, abs=0.014)
    assert float(x[:, 5].mean()) == pytest.approx(1 / (1 + math.exp(-2)), abs=0.014)
    assert float(x[:, 0].mean()) == pytest.approx(1.0, abs=0.015)
    assert float(x[:, 0].std()) == pytest.approx(0.5, abs=0.015)
    assert (x[x[:, 2] == 0, 1] == 0).all()
    likeliest = model.draw(raw[:1], generator(), None)
    assert likeliest.tolist() == [[1.0, -2.0, 1.0, 0.0, 0.0, 1.0, 0.0]]


def test_a_table_without_scores_or_without_blocks_has_a_law():
    for part in (NormalRowLaw([], [], [0, 0]), NormalRowLaw([0, 1], [-1, -1], [-1, -1])):
        x = part.draw(torch.zeros(4, part.width), generator())
        assert x.shape == (4, 2)
        assert torch.isfinite(part.loss(x, torch.zeros(4, part.width))).all()


def test_sigma_stays_within_its_bounds():
    model = law()
    with torch.no_grad():
        model.log_sigma.copy_(torch.tensor([-9.0, 3.0]))
    model.clamp()
    torch.testing.assert_close(model.log_sigma.exp().detach(), torch.tensor([0.05, 1.0]))


def test_free_nats_act_on_the_mean_of_the_batch():
    # Of two rows one uses the dimension: 0.2 nats in the mean are counted in full, 0.02 are not.
    divergences = torch.tensor([[0.4, 0.04], [0.0, 0.0]], requires_grad=True)
    total = free_divergence(divergences, 0.05)
    assert float(total.detach()) == pytest.approx(0.25)
    (gradient,) = torch.autograd.grad(total, divergences)
    assert gradient.tolist() == [[0.5, 0.0], [0.5, 0.0]]


def test_the_divergence_is_from_the_prior_of_the_class():
    model = make(class_prior=True)
    x, y, noise = rows(6), one_hot(torch.tensor([0, 1] * 3), 2), torch.zeros(6, 3)
    with torch.no_grad():
        model.prior_means[1] = 2.0
        _, divergences = model.bound(x, y, noise)
        mean, log_variance = model.encode(x, y)
    gap = mean - torch.tensor([0.0, 2.0] * 3)[:, None]
    expected = (gap**2 + log_variance.exp() - 1 - log_variance) / 2
    torch.testing.assert_close(divergences, expected)
    torch.testing.assert_close(make().centre(y), torch.zeros(6, 3))


def test_the_bound_improves_and_both_networks_hear_the_class():
    model = make()
    g = generator(2)
    y = one_hot(torch.randint(2, (256,), generator=g), 2)
    x = rows(256)
    x[:, 0] = 4 * y[:, 1] - 2
    optimiser = FlatAdam(model.parameters(), learning_rate=0.01)
    seen = []
    for _ in range(200):
        optimiser.zero_grad()
        losses, divergences = model.bound(x, y, torch.randn(256, 3, generator=g))
        loss = losses.mean() + divergences.sum(dim=1).mean()
        loss.backward()
        optimiser.step()
        model.law.clamp()
        seen.append(float(loss.detach()))
    assert seen[-1] < seen[0] - 2
    with torch.no_grad():
        low, high = (model.decode(torch.zeros(1, 3), one_hot(torch.tensor([k]), 2)) for k in (0, 1))
        assert float(high[0, 0] - low[0, 0]) > 2
        assert not torch.equal(model.encode(x, y)[0], model.encode(x, 1 - y)[0])


def test_a_network_is_made_again_from_its_config():
    model = make(class_prior=True)
    again = ConditionalAutoencoder(**model.config, generator=generator(9))
    again.load_state_dict(model.state_dict())
    z, y = torch.zeros(2, 3), one_hot(torch.tensor([0, 1]), 2)
    assert torch.equal(model.decode(z, y), again.decode(z, y))


def test_making_and_drawing_leave_the_global_stream_alone():
    before = torch.random.get_rng_state()
    model = make()
    model.law.draw(torch.zeros(4, 7), generator())
    assert torch.equal(torch.random.get_rng_state(), before)


def test_codes_of_a_class_are_its_aggregated_posterior():
    y = torch.tensor([1, 0, 1, 0])
    means = torch.tensor([[10.0], [-4.0], [14.0], [-6.0]])
    codes = Posteriors.of(means, torch.log(torch.tensor([[0.25], [1.0], [0.25], [1.0]])), y, 3)
    z = codes.draw(1, 20_000, generator())
    # The mixture has mean 12 and variance 4 + 0.25; 4 standard errors of 20,000 draws are 0.058 and, the mixture being
    # flatter than a Gaussian, at most 0.17.
    assert float(z.mean()) == pytest.approx(12, abs=0.06)
    assert float(z.var()) == pytest.approx(4.25, abs=0.17)
    assert set(codes.draw(0, 50, generator(), spread=0.0)[:, 0].tolist()) == {-4.0, -6.0}
    assert float(codes.mean(1, generator())) == pytest.approx(12, abs=4 * 0.5 / math.sqrt(2))
    assert codes.draw(0, 0, generator()).shape == (0, 1)


def test_arrays_of_numpy_are_taken_for_the_shape():
    model = make(scalars=np.array(SCALARS), beside=np.array(BESIDE), block_ids=np.array(IDS))
    assert model.law.width == 7
