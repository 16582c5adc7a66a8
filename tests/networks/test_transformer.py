"""The transformer over rows: what it may see, what its cache gives, what it learns."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from equipoise.networks.optimiser import FlatAdam
from equipoise.networks.transformer import Dropout, RowTransformer

SIZES = [5, 3, 12, 2, 7]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def network(sizes=SIZES, n_classes=3, width=16, depth=2, heads=2, seed=0):
    return RowTransformer(
        sizes=sizes, n_classes=n_classes, width=width, depth=depth, heads=heads,
        ordered=[size > 6 for size in sizes], generator=generator(seed),
    )  # fmt: skip


def loud(net):
    """Make all parameters count: first embeddings are small and first biases zero."""
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.3 * torch.randn(p.shape, generator=generator(1)))
    return net


def rows(n, sizes=SIZES, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).integers(sizes, size=(n, len(sizes))))


def classes(n, n_classes=3, seed=1):
    return torch.from_numpy(np.random.default_rng(seed).integers(n_classes, size=n))


ORDERS = [[0, 1, 2, 3, 4], [3, 0, 4, 2, 1]]


@pytest.mark.parametrize("order", ORDERS)
def test_the_cache_gives_the_logits_of_the_full_pass_at_every_position(order):
    net, x, y = loud(network()), rows(20), classes(20)
    full = net.logits(x, y, torch.tensor(order))
    cache = torch.empty(2, 2, len(order), 20, 16)
    read = net.classes[y]
    with torch.no_grad():
        for t, j in enumerate(order):
            h = net.step(read + net.columns[j], cache, t)
            torch.testing.assert_close(
                net.column_logits(h, y, j), full[t, :, : SIZES[j]], rtol=0, atol=1e-5
            )
            read = net.tokens[x[:, j] + net.offsets[j]]


@pytest.mark.parametrize("order", ORDERS)
def test_a_token_changes_the_logits_after_it_and_none_before(order):
    net, x, y = loud(network()), rows(8), classes(8)
    before = net.logits(x, y, torch.tensor(order))
    for t, j in enumerate(order):
        changed = x.clone()
        changed[:, j] = (changed[:, j] + 1) % SIZES[j]
        after = net.logits(changed, y, torch.tensor(order))
        assert torch.equal(after[: t + 1], before[: t + 1])  # position t predicts column j itself
        used = torch.isfinite(before[t + 1 :])
        if t + 1 < len(order):
            gap = torch.where(used, after[t + 1 :] - before[t + 1 :], 0.0).abs()
            assert (gap.amax(dim=2) > 1e-4).all()


def test_the_class_reaches_every_column():
    net, x = loud(network()), rows(8)
    order = torch.arange(5)
    gap = net.losses(x, torch.zeros(8, dtype=torch.int64), order) - net.losses(
        x, torch.ones(8, dtype=torch.int64), order
    )
    assert (gap.abs() > 1e-5).all()


def test_no_token_of_another_column_has_any_probability():
    net = loud(network())
    raw = net.logits(rows(8), classes(8), torch.tensor(ORDERS[1]))
    for t, j in enumerate(ORDERS[1]):
        assert torch.isfinite(raw[t, :, : SIZES[j]]).all()
        assert (raw[t, :, SIZES[j] :] == -torch.inf).all()


def test_losses_are_those_of_each_slice_alone():
    net, x, y = loud(network()), rows(8), classes(8)
    order = torch.tensor(ORDERS[1])
    raw = net.logits(x, y, order)
    ours = net.losses(x, y, order)
    for t, j in enumerate(ORDERS[1]):
        alone = F.cross_entropy(raw[t, :, : SIZES[j]], x[:, j], reduction="none")
        torch.testing.assert_close(ours[:, t], alone)


def test_a_token_that_is_not_told_makes_no_difference_to_those_after_it():
    net, x, y = loud(network()), rows(8), classes(8)
    order, told = torch.tensor(ORDERS[1]), torch.ones(8, 5, dtype=torch.bool)
    told[:, 0] = False
    other = x.clone()
    other[:, 0] = (other[:, 0] + 1) % SIZES[0]
    hidden = net.logits(x, y, order, told=told)
    assert torch.equal(net.logits(other, y, order, told=told), hidden)
    assert not torch.equal(net.logits(x, y, order), hidden)


def test_the_output_can_begin_at_the_frequencies_of_each_class():
    net, x, y = network(), rows(500), classes(500)
    x[:, 0] = torch.where(y == 1, 0, x[:, 0])  # one column hangs on the class
    net.begin_at(x, y)
    loss = net.losses(x, y, torch.arange(5)).mean(dim=0)
    parts = []
    for k in range(3):
        shares = [torch.bincount(column[y == k]) / (y == k).sum() for column in x.T]
        entropies = [-torch.xlogy(p, p).sum() for p in shares]
        parts.append((y == k).float().mean() * torch.stack(entropies))
    entropy = torch.stack(parts).sum(dim=0)
    torch.testing.assert_close(
        loss, entropy, rtol=0, atol=0.08
    )  # as at the start of the test below


def test_the_loss_at_the_start_is_the_mean_of_the_logarithms_of_the_sizes():
    x, y = rows(500), classes(500)
    loss = float(network(width=64).losses(x, y, torch.arange(5)).mean().detach())
    # First logits have a standard deviation of about 0.05 sqrt(64) = 0.4, which costs half its square, 0.08 nats, and
    # its mean over 500 rows of few tokens varies by less than that.
    assert abs(loss - np.mean(np.log(SIZES))) < 0.16


def train(net, x, y, n_steps, rate=3e-3):
    optimiser, g = FlatAdam(net.parameters(), learning_rate=rate), generator(3)
    for step in range(n_steps):
        optimiser.learning_rate = rate * (1 - step / n_steps)
        batch = torch.randint(len(x), (128,), generator=g)
        order = torch.randperm(x.shape[1], generator=g)
        optimiser.zero_grad()
        net.losses(x[batch], y[batch], order).mean().backward()
        optimiser.step()
    return net


def test_independent_uniform_columns_end_at_their_entropy():
    sizes = [4, 8, 3]
    net = network(sizes, 2)
    train(net, rows(20_000, sizes), classes(20_000, 2), 300)
    x, y = rows(20_000, sizes, seed=7), classes(20_000, 2, seed=8)
    with torch.no_grad():
        loss = net.losses(x, y, torch.tensor([2, 0, 1])).mean(dim=0)
    # The loss of a law near the uniform one is its entropy plus a divergence, and has next to no sampling error.
    torch.testing.assert_close(loss, torch.log(torch.tensor([3.0, 4.0, 8.0])), rtol=0, atol=0.02)


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_a_column_that_copies_another_is_learnt_in_both_orders(order):
    net = network([10, 10], 1, width=32)
    a = rows(5000, [10])
    train(net, torch.cat([a, a], dim=1), torch.zeros(5000, dtype=torch.int64), 500, rate=1e-2)
    drawn = net.draw(torch.zeros(2000, dtype=torch.int64), order, generator())
    assert (drawn[:, 0] == drawn[:, 1]).float().mean() >= 0.99
    # And 10 levels of a tenth each: 4 standard errors are 0.027, as much again for the network.
    assert (torch.bincount(drawn[:, 0], minlength=10) / 2000 - 0.1).abs().max() < 0.054


def test_draws_follow_the_softmax_of_the_logits():
    net = loud(network([6], 1))
    n = 40_000
    y = torch.zeros(n, dtype=torch.int64)
    share = torch.softmax(net.logits(rows(1, [6]), y[:1], torch.tensor([0]))[0, 0], 0).detach()
    drawn = torch.bincount(net.draw(y, [0], generator())[:, 0], minlength=6) / n
    assert ((drawn - share).abs() < 4 * (share * (1 - share) / n).sqrt()).all()
    cold = net.draw(y[:100], [0], generator(), temperature=1e-4)
    assert (cold == share.argmax()).all()


def test_known_columns_come_back_and_change_the_rest():
    net = loud(network())
    y = torch.zeros(4000, dtype=torch.int64)
    one, other = (
        net.draw(y, [2, 0, 1, 3, 4], generator(), known=torch.full((4000, 1), k)) for k in (3, 9)
    )
    assert (one[:, 2] == 3).all()
    assert (other[:, 2] == 9).all()
    assert not torch.equal(one[:, 0], other[:, 0])


def test_dropout_leaves_out_its_share_and_keeps_the_mean():
    x = torch.ones(4000, 3, 10)
    out = Dropout(0.25, generator())(x)
    # 40,000 dimensions are left out or kept: 4 standard errors of the share are 0.0087.
    assert abs(float((out == 0).float().mean()) - 0.25) < 0.0087
    assert torch.equal(out[:, 0], out[:, 2])
    assert float(out.max()) == pytest.approx(4 / 3)


def test_a_network_is_rebuilt_from_its_configuration_and_its_state():
    net = loud(network())
    again = RowTransformer(**net.config, generator=generator(9))
    again.load_state_dict(net.state_dict())
    x, y = rows(8), classes(8)
    assert torch.equal(again.losses(x, y, torch.arange(5)), net.losses(x, y, torch.arange(5)))


def test_neighbours_of_an_ordered_column_begin_alike():
    net = RowTransformer(
        sizes=[40, 40], n_classes=1, width=64, depth=1, heads=4, ordered=[True, False],
        generator=generator(),
    )  # fmt: skip
    near = [F.cosine_similarity(e[1:], e[:-1]).mean() for e in net.tokens.detach().split(40)]
    assert near[0] > 0.5
    assert abs(near[1]) < 0.1


def test_the_global_stream_does_not_move():
    state = torch.get_rng_state()
    net = network()
    net.losses(rows(8), classes(8), torch.arange(5), Dropout(0.1, generator())).mean().backward()
    net.draw(classes(8), [0, 1, 2, 3, 4], generator())
    assert torch.equal(torch.get_rng_state(), state)
