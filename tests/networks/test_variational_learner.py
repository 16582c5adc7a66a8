"""Training of the auto-encoder: steps, batches, what is learnt by heart."""

import numpy as np
import pytest
import torch

from equipoise.networks import variational_learner as module
from equipoise.networks.blocks import one_hot
from equipoise.networks.optimiser import FlatAdam
from equipoise.networks.variational import VariationalAutoencoder
from equipoise.networks.variational_learner import Learner, Recipe, learner_of_rows

# Two scalars with blocks of three modes (the third of the first holds no scalar), then a category of four levels.
SCALARS = [0, 4]
TABLE = {
    "scalars": SCALARS,
    "n_modes": [2, 3],
    "block_ids": [-1, 0, 0, 0, -1, 1, 1, 1, 2, 2, 2, 2],
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def encoded(n, seed=0):
    rng = np.random.default_rng(seed)
    x = np.zeros((n, 12), dtype=np.float32)
    for block in range(3):
        places = np.flatnonzero(np.array(TABLE["block_ids"]) == block)
        x[np.arange(n), rng.choice(places, n)] = 1
    x[:, SCALARS] = rng.uniform(-0.9, 0.9, (n, 2))
    x[x[:, 3] == 1, 0] = 0
    return torch.from_numpy(x)


def learner(n=64, n_held=0, recipe=Recipe(batch_size=64), **options):  # noqa: B008
    options = {"n_classes": 2, "latent": 4, "hidden": (16, 16)} | options
    network = VariationalAutoencoder(**TABLE, **options, generator=generator())
    y = torch.arange(n) % 2
    held = torch.arange(n) < n_held
    return Learner(network, encoded(n), one_hot(y, 2), y, held, recipe, generator(1))


def test_deviations_move_in_a_hundred_steps_at_the_default_rate():
    ours = learner(recipe=Recipe(batch_size=64))
    batches = ours.batches()
    for _ in range(100):
        ours.step(next(batches))
    sigma = ours.network.law.sigma.detach()
    # Numbers that are all over the place: each step of Adam widens a deviation by about its rate, 0.001.
    assert float((sigma - 0.1).abs().min()) > 0.05
    assert 0.01 <= float(sigma.min()) <= float(sigma.max()) <= 1.0


def test_deviations_end_at_their_bounds():
    ours = learner(recipe=Recipe(batch_size=64, learning_rate=0.05))
    law = ours.network.law
    with torch.no_grad():  # a mean of 0 for a number that is 0, and of 1 for one that is -0.9
        ours.network.to_raw.weight[: law.n_heads] = 0
        ours.network.to_raw.bias[: law.n_heads] = torch.tensor([0.0, 0.0, 9.0, 9.0, 9.0])
        law.sigma[2:] = 0.9
    ours.rows.scalars[:] = torch.tensor([0.0, -0.9])
    for _ in range(5):
        ours.step(torch.arange(64))
    assert law.sigma.detach().tolist() == pytest.approx([0.01, 0.01, 1, 1, 1], abs=1e-6)


def test_steps_are_those_of_gradients_by_torch():
    ours, plain = learner(), learner()
    network = plain.network
    sigma = network.law.sigma
    optimiser = FlatAdam(
        [p for p in network.parameters() if p is not sigma],
        [sigma],
        learning_rate=1e-3,
        weight_decay=1e-5,
        max_norm=module.GRADIENT_NORM,
    )
    x, labels = plain.rows.inputs[:, :12], plain.rows.labels
    g = generator(5)
    ours.generator = generator(5)
    for _ in range(20):
        ours.step(torch.arange(64))
        optimiser.zero_grad()
        losses, divergences = network.bound(x, labels, torch.randn(64, 4, generator=g))
        (2 * losses.mean() + divergences.mean(dim=0).sum()).backward()
        optimiser.step()
        network.law.clamp()
    for a, b in zip(ours.network.parameters(), network.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)  # 20 steps of 0.001 each


def test_the_score_is_the_loss_of_held_out_rows_in_whatever_chunks():
    ours = learner(n=100, n_held=23, recipe=Recipe(batch_size=10, loss_factor=3.0))
    losses, divergences = ours.network.bound(
        ours.held.inputs[:, :12], ours.held.labels, ours.held_noise
    )
    expected = float((3.0 * losses + divergences.sum(dim=1)).mean().detach())
    assert ours.evaluate() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("whole", "sizes"), [(False, [20, 20, 20]), (True, [20, 20, 20, 4])])
def test_a_pass_meets_each_row_once_and_its_rest_if_it_is_to_be_whole(whole, sizes):
    ours = learner(recipe=Recipe(batch_size=20, whole=whole))
    batches = ours.batches()
    one = [next(batches) for _ in range(ours.n_batches)]
    assert [len(batch) for batch in one] == sizes
    assert len(torch.cat(one).unique()) == sum(sizes)
    for batch in one:
        ours.step(batch)


@pytest.mark.parametrize(
    ("nats", "free"), [([0.2, 0.2] + [0.0] * 30, 0.0), ([0.2] + [0.0] * 31, 0.05)]
)
def test_nats_are_free_only_once_a_code_has_collapsed(monkeypatch, nats, free):
    ours = learner()
    monkeypatch.setattr(ours, "held_out_bound", lambda: (torch.tensor(1.0), torch.tensor(nats)))
    ours.n_steps = module.SETTLED - 1
    ours.evaluate()
    assert ours.free == 0.0
    ours.n_steps = module.SETTLED
    # the score counts all nats, free or not
    assert ours.evaluate() == pytest.approx(ours.recipe.loss_factor + sum(nats))
    assert ours.free == free


def test_free_nats_are_not_pushed_down():
    ours = learner()
    first = {name: p.detach().clone() for name, p in ours.network.named_parameters()}
    ours.free = 1e6  # of every dimension: only the reconstruction is left to learn from
    values = ours.step(torch.arange(64))
    assert float(values["loss"]) > 4e6 * 0.99
    grown = ours.network.to_code.weight.grad
    optimiser_free = learner()
    optimiser_free.step(torch.arange(64))
    assert not torch.allclose(grown, optimiser_free.network.to_code.weight.grad)
    assert any(not torch.equal(p, first[name]) for name, p in ours.network.named_parameters())


def test_rows_that_are_encoded_already_are_learnt_in_passes():
    rows = encoded(130)
    recipe = Recipe(batch_size=50, whole=True)
    first, again = (
        learner_of_rows(rows, **TABLE, latent=4, hidden=(16, 8), recipe=recipe) for _ in range(2)
    )
    assert first.n_batches == 3
    training = first.train(40 * 3, None)
    again.train(40 * 3, None)
    assert training.n_steps == 40 * 3
    assert training.history["loss"][-1] < training.history["loss"][0]
    assert "score" not in training.history
    for a, b in zip(first.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.truth
@pytest.mark.parametrize("shared", [False, True])
def test_sixty_four_rows_of_unrelated_cells_can_be_learnt_by_heart(shared):
    x = encoded(64)
    # With the paper's 2 and 1e-5, which do for a table whose cells are related, 98 to 100 % of these were measured.
    recipe = Recipe(batch_size=64, learning_rate=2e-3, loss_factor=20.0, weight_decay=0.0)
    learner = learner_of_rows(x, **TABLE, shared=shared, latent=64, recipe=recipe)
    learner.train(2000, None)
    network = learner.network
    nothing = torch.zeros(64, 0)
    with torch.no_grad():
        back = network.law.likeliest(network.decode(network.encode(x, nothing)[0], nothing))
    ids = np.array(TABLE["block_ids"])
    right = [(back[:, ids == k].argmax(1) == x[:, ids == k].argmax(1)).float() for k in range(3)]
    assert float(torch.stack(right).mean()) >= 0.99
    for scalar in SCALARS:  # of a range of 1.8
        assert float((back[:, scalar] - x[:, scalar]).abs().mean()) < 0.05 * 1.8
