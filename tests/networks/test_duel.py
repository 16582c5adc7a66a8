"""A duel's steps: the generator's gradient is that of its whole loss, and what is kept by hand follows each move."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from equipoise.networks.adversarial import Activation, Critic, Generator
from equipoise.networks.conditions import Conditions
from equipoise.networks.duel import Duel, Rules

IDS = [0, 0, 0, -1, 1, 1]  # a column of three categories, a number, a column of two
N, SIZE, PENALTY = 60, 12, 10.0


def noise(seed=0):
    return torch.Generator().manual_seed(seed)


def fight(pack=1, critic_steps=1, rare=N // 2, blocks=((0, 3), (4, 6))):
    rng = np.random.default_rng(0)
    first, second = rng.integers(3, size=N), rng.integers(2, size=N)
    rows = np.column_stack([np.eye(3)[first], rng.uniform(-1, 1, N), np.eye(2)[second]])
    rows, y = torch.from_numpy(rows.astype(np.float32)), (torch.arange(N) < rare).long()
    conditions = Conditions(rows, blocks, y, 2)
    condition = conditions.law.width
    generator = Generator(width=6, condition=condition, noise=4, hidden=(8, 7), generator=noise(1))
    critic = Critic(
        width=6, condition=condition, pack=pack, hidden=(9, 5), dropout=0.0, generator=noise(2)
    )
    rules = Rules(SIZE, critic_steps, 0.01, 0.01, 0.0, PENALTY, 0.0)
    return Duel(generator, critic, Activation(IDS, 0.2), conditions, rows, rules, noise(3))


def relaxed(activation, raw, stream):
    """Relaxed rows, column by column, for automatic differentiation."""
    uniform = torch.rand(len(raw), 5, generator=stream).clamp(1e-10, 1 - 1e-7)
    gumbel = -torch.log(-torch.log(uniform))
    first = torch.softmax((raw[:, :3] + gumbel[:, :3]) / activation.temperature, dim=1)
    second = torch.softmax((raw[:, 4:] + gumbel[:, 3:]) / activation.temperature, dim=1)
    return torch.cat([first, torch.tanh(raw[:, 3:4]), second], dim=1)


@pytest.mark.parametrize("pack", [1, 3])
def test_the_generators_gradient_is_that_of_fooling_the_critic_and_of_missing_conditions(pack):
    duel = fight(pack)
    batches = duel.batches()
    for _ in range(3):  # away from the start, so that what is kept by hand must have followed
        duel.step(next(batches))
    *_, draws = next(batches)
    stream, generator, critic = noise(), duel.generator, duel.critic
    stream.set_state(duel.noise.get_state())
    for p in generator.parameters():
        p.grad = None
    conditions = duel.conditions.law.vectors(draws)
    raw = generator(torch.randn(SIZE, 4, generator=stream), conditions)
    packs = critic.packed(relaxed(duel.activation, raw, stream), conditions)
    h = functional.leaky_relu(packs @ critic.weight1.T + critic.bias1, 0.2)
    h = functional.leaky_relu(h @ critic.weight2.T + critic.bias2, 0.2)
    pull = -(h @ critic.weight3.T + critic.bias3).mean()
    named = draws.columns >= 0
    assert named.any()
    blocks = ((0, 3), (4, 6))
    mismatch = sum(
        functional.cross_entropy(
            raw[k : k + 1, slice(*blocks[column])], draws.categories[k : k + 1]
        )
        for k, column in enumerate(draws.columns.tolist())
        if column >= 0
    )
    expected = torch.autograd.grad(pull + mismatch / SIZE, list(generator.parameters()))
    moved = []
    duel._g.step = lambda: moved.extend(p.grad.clone() for p in generator.parameters())
    losses = duel._fool(draws)
    torch.testing.assert_close(losses[0], pull.detach())
    for mine, theirs in zip(moved, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("critic_steps", [1, 3])
def test_rows_made_by_hand_follow_the_generator_step_after_step(critic_steps):
    duel = fight(critic_steps=critic_steps)
    batches = duel.batches()
    for _ in range(3):
        before = duel.generator.weights[0].clone()
        duel.step(next(batches))
        assert not torch.equal(before, duel.generator.weights[0])
        *_, draws = next(batches)
        z = torch.randn(SIZE, 4, generator=noise(5))
        by_hand = duel._pass.forward(z, duel.conditions.law.places(draws))
        expected = duel.generator(z, duel.conditions.law.vectors(draws))
        torch.testing.assert_close(by_hand, expected.detach(), rtol=1e-4, atol=1e-5)


def test_real_rows_of_a_critic_are_met_by_the_conditions_beside_them():
    duel, seen = fight(), {}
    duel.critic.loss = lambda real, fake, penalty: (
        seen.update(real=real, fake=fake, penalty=penalty) or (torch.zeros(()), torch.zeros(()))
    )
    for p in duel.critic.parameters():
        p.grad = torch.zeros_like(p)
    draws = next(duel.batches())[0]
    duel._judge(draws)
    rows, conditions = seen["real"]
    named = conditions[:, 2:]
    levels = torch.cat([rows[:, :3], rows[:, 4:]], dim=1)
    assert named.sum() == (draws.columns >= 0).sum() > 0
    assert (levels[named == 1] == 1).all()
    # and those of the fake rows are the same conditions in another order
    assert not torch.equal(conditions, seen["fake"][1])
    assert torch.equal(conditions.sum(dim=0), seen["fake"][1].sum(dim=0))


def test_settled_moments_are_those_that_the_weights_have_learnt_with():
    duel = fight(
        rare=2, blocks=()
    )  # training draws the rare class in 21 % of rows, the table has 3 %
    with torch.no_grad():
        duel.kept.weights[0] *= 5
    duel.settle(400)
    settled = duel.kept.get_buffer("mean0").clone()
    n, law, found = 100_000, duel.conditions.law, {}
    natural = law.natural(duel.conditions.y[torch.randint(N, (n,), generator=noise())], noise())
    for name, draws in (("training", duel.conditions.draw(n, noise())), ("natural", natural)):
        duel.kept.settle([(torch.randn(n, 4, generator=noise(7)), law.vectors(draws))])
        found[name] = duel.kept.get_buffer("mean0").clone()
    error = 5 * (duel.kept.get_buffer("variance0") / 4800).sqrt()
    assert ((settled - found["training"]).abs() < error).all()
    assert ((settled - found["natural"]).abs() > 2 * error).any()
