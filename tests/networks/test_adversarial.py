"""Generator and critic: written-out gradients are those of automatic differentiation, packs, moments, relaxed rows."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from equipoise.networks import adversarial
from equipoise.networks.adversarial import Activation, Critic, Generator

IDS = [-1, 0, 0, 0, 1, 1, -1, 2, 2, 2, 2]


def noise(seed=0):
    return torch.Generator().manual_seed(seed)


def critic(pack=2, dropout=0.0, hidden=(16, 12)):
    sizes = {"width": 7, "condition": 3, "pack": pack, "hidden": hidden}
    return Critic(**sizes, dropout=dropout, generator=noise()).double()


def judged(n, seed=1):
    """Rows and conditions."""
    both = torch.randn(n, 10, generator=noise(seed), dtype=torch.float64)
    return both[:, :7], both[:, 7:]


def scored(c, packs, keep=(1.0, 1.0)):
    h = functional.leaky_relu(packs @ c.weight1.T + c.bias1, adversarial.SLOPE) * keep[0]
    h = functional.leaky_relu(h @ c.weight2.T + c.bias2, adversarial.SLOPE) * keep[1]
    return (h @ c.weight3.T + c.bias3)[:, 0]


@pytest.mark.parametrize("dropout", [0.0, 0.5, 0.2])
def test_the_critics_gradients_are_those_of_automatic_differentiation(dropout, monkeypatch):
    c = critic(dropout=dropout)
    # of real packs, of fake ones, and of those between; what is dropped stays so on the way back
    keep = [c._keep(torch.ones(18, n, dtype=torch.float64)) for n in (16, 12)]
    real_keep, fake_keep, between_keep = zip(*(k.split(6) for k in keep), strict=True)
    kept = iter(keep)
    c._keep = lambda like: next(kept)
    of_real, of_fake = judged(12, seed=1), judged(12, seed=3)
    a = torch.rand(6, 1, generator=noise(2), dtype=torch.float64)
    monkeypatch.setattr(torch, "rand", lambda *_, **__: a)
    distance, penalty = c.loss(of_real, of_fake, 10.0)
    real, fake = c.packed(*of_real), c.packed(*of_fake)
    mine = {name: p.grad.clone() for name, p in c.named_parameters() if p.grad is not None}
    c.zero_grad(set_to_none=True)
    between = (a * real + (1 - a) * fake).requires_grad_()
    slope = torch.autograd.grad(scored(c, between, between_keep).sum(), between, create_graph=True)[
        0
    ]
    expected = scored(c, fake, fake_keep).mean() - scored(c, real, real_keep).mean()
    expected_penalty = 10 * (slope.norm(dim=1) - 1).square().mean()
    (expected + expected_penalty).backward()
    torch.testing.assert_close(distance, expected.detach())
    torch.testing.assert_close(penalty, expected_penalty.detach())
    for name, p in c.named_parameters():
        if name != "bias3":  # it cancels out of the distance
            torch.testing.assert_close(mine[name], p.grad, rtol=1e-9, atol=1e-12)
    assert "bias3" not in mine


def test_the_pull_on_rows_is_the_gradient_of_their_score():
    c = critic()
    rows, conditions = judged(10)
    rows.requires_grad_()
    loss, gradient = c.pull(rows.detach(), conditions)
    expected = -scored(c, c.packed(rows, conditions)).mean()
    expected.backward()
    torch.testing.assert_close(loss, expected.detach())
    torch.testing.assert_close(gradient, rows.grad)


@pytest.mark.parametrize("pack", [1, 10])
def test_the_penalty_of_a_linear_critic_is_that_of_its_weight_over_the_whole_pack(
    pack, monkeypatch
):
    c = critic(pack=pack, hidden=(1, 1))
    monkeypatch.setattr(adversarial, "SLOPE", 1.0)
    slope = (c.weight3 * c.weight2 * c.weight1).detach()[0]
    assert len(slope) == 10 * pack
    _, penalty = c.loss(judged(5 * pack, seed=1), judged(5 * pack, seed=2), 10.0)
    assert float(penalty) == pytest.approx(10 * float(slope.norm() - 1) ** 2, rel=1e-9)


def test_rows_of_a_pack_have_places_and_packs_do_not():
    c = critic(pack=5)
    rows, conditions = judged(20)
    scores = c.score(c.packed(rows, conditions))

    def moved(order):
        return c.packed(rows[order], conditions[order])

    inside = torch.arange(20).reshape(4, 5)[:, [1, 0, 2, 3, 4]].flatten()
    assert not torch.allclose(c.score(moved(inside)), scores)
    order = torch.tensor([2, 0, 3, 1])
    whole = torch.arange(20).reshape(4, 5)[order].flatten()
    torch.testing.assert_close(c.score(moved(whole)), scores[order])


def test_a_pack_holds_its_rows_and_then_their_conditions():
    c = critic()
    rows, conditions = judged(4)
    packs = c.packed(rows, conditions)
    torch.testing.assert_close(packs[1], torch.cat([*rows[2:], *conditions[2:]]))


def test_dropout_keeps_means():
    c = critic(dropout=0.5)
    kept = c._keep(torch.ones(400, 500, dtype=torch.float64))
    assert set(kept.unique().tolist()) == {0.0, 2.0}
    assert float(kept.mean()) == pytest.approx(
        1, abs=0.01
    )  # 4 standard errors of 2 / sqrt(200,000)


def relaxed_by_column(raw, gumbel, temperature):
    parts, at = [], 0
    for span in ((0, 1), (1, 4), (4, 6), (6, 7), (7, 11)):
        block = raw[:, span[0] : span[1]]
        if span[1] - span[0] == 1:
            parts.append(torch.tanh(block))
            continue
        width = span[1] - span[0]
        parts.append(torch.softmax((block + gumbel[:, at : at + width]) / temperature, dim=1))
        at += width
    return torch.cat(parts, dim=1)


def test_relaxed_rows_and_their_gradients_are_those_of_a_loop_over_columns():
    law = Activation(IDS, 0.2)
    raw = torch.randn(50, 11, generator=noise(1), requires_grad=True)
    uniform = torch.rand(50, 9, generator=noise(2)).clamp(*adversarial.UNIFORM)
    expected = relaxed_by_column(raw, -torch.log(-torch.log(uniform)), 0.2)
    rows = law.soft(raw.detach(), noise(2))
    torch.testing.assert_close(rows, expected.detach(), rtol=0, atol=1e-6)
    sums = torch.stack([rows[:, 1:4].sum(1), rows[:, 4:6].sum(1), rows[:, 7:].sum(1)])
    torch.testing.assert_close(sums, torch.ones(3, 50), rtol=0, atol=1e-5)
    above = torch.randn(50, 11, generator=noise(3))
    expected.backward(above)
    torch.testing.assert_close(law.slope(rows, above), raw.grad, rtol=1e-4, atol=1e-5)


def test_rows_drawn_have_the_probabilities_of_the_raw_blocks():
    law = Activation([0, 0, 0], 0.2)
    raw = torch.log(torch.tensor([[0.7, 0.25, 0.05]])).expand(100_000, 3)
    shares = law.hard(raw, noise(1)).mean(dim=0).tolist()
    # 4 standard errors of sqrt(0.21 / 100,000)
    assert shares == pytest.approx([0.7, 0.25, 0.05], abs=0.006)
    shift = torch.log(torch.tensor([1.0, 1.0, 13.0]))
    assert float(law.hard(raw, noise(1), shift).mean(dim=0)[2]) == pytest.approx(
        0.65 / 1.6, abs=0.007
    )


def generator(**given):
    sizes = {"width": 11, "condition": 4, "noise": 6, "hidden": (8, 9), **given}
    return Generator(**sizes, generator=noise())


def test_every_layer_sees_all_layers_before_it():
    g = generator()
    shapes = [tuple(w.shape) for w in g.weights]
    assert shapes == [(8 + 9 + 11, 10), (9 + 11, 8), (11, 9)]
    # as many numbers as layers of widths 10, 18 and 27 have
    layers = 10 * 8 + 18 * 9 + 27 * 11 + 8 + 9 + 11
    assert sum(p.numel() for p in g.parameters()) == layers + 2 * (8 + 9)


def test_a_row_does_not_depend_on_its_batch():
    g = generator()
    z, condition = torch.randn(20, 6, generator=noise(1)), torch.eye(4)[torch.arange(20) % 4]
    g.settle([(z, condition)])
    together = g(z, condition)
    alone = torch.cat([g(z[k : k + 1], condition[k : k + 1]) for k in range(20)])
    torch.testing.assert_close(together, alone)


def test_settled_moments_are_the_means_over_batches():
    g = generator()
    batches = [
        (torch.randn(30, 6, generator=noise(k)), torch.eye(4)[torch.arange(30) % 4])
        for k in range(3)
    ]
    g.settle(batches)
    first = [torch.cat(b, dim=1) @ g.weights[0][:8].T + g.biases[0] for b in batches]
    torch.testing.assert_close(g.mean0, torch.stack([h.mean(0) for h in first]).mean(0).detach())
    torch.testing.assert_close(g.variance0, torch.stack([h.var(0) for h in first]).mean(0).detach())


def test_a_generator_is_built_again_from_its_config():
    made = generator()
    again = Generator(**made.config, generator=noise(9))
    assert {k: v.shape for k, v in again.state_dict().items()} == {
        k: v.shape for k, v in made.state_dict().items()
    }


def test_no_global_stream_moves():
    before, legacy = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    generator()
    critic(dropout=0.5).score(torch.ones(2, 20, dtype=torch.float64))
    assert torch.equal(before, torch.random.get_rng_state())
    assert (np.random.get_state()[1] == legacy).all()  # noqa: NPY002
