"""The tutorial's loss by its reference values, and both heads."""

import math

import pytest
import torch

from equipoise.networks.blocks import one_hot
from equipoise.networks.tutorial import RowHead, TutorialVAE, scaled_loss, tutorial_loss

IDS = [-1, -1, 0, 0, 0, 1, 1]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def rows(n, seed=0):
    g = generator(seed)
    codes = [one_hot(torch.randint(m, (n,), generator=g), m) for m in (3, 2)]
    return torch.cat([torch.randn(n, 2, generator=g), *codes], dim=1)


def make(head="sigmoid", told=0, seed=0):
    return TutorialVAE(
        block_ids=IDS, head=head, told=told, latent=8, hidden=8, generator=generator(seed)
    )


def test_the_published_loss_has_its_reference_values():
    x, x_hat, zero = torch.zeros(2, 4), torch.full((2, 4), 0.5), torch.zeros(2, 8)
    assert float(tutorial_loss(x, x_hat, zero, zero)) == pytest.approx(0.25)
    assert float(tutorial_loss(x, x_hat, zero + 1, zero)) == pytest.approx(4.25)


def test_what_training_lowers_is_the_published_loss_or_the_bound():
    model, x = make(), rows(5)
    noise = torch.randn(5, 8, generator=generator(1))
    terms = model.bound(x, x[:, :0], noise)
    mean, log_variance = model.encode(x, x[:, :0])
    z = mean + torch.exp(log_variance / 2) * noise
    x_hat = torch.sigmoid(model.decode(z, x[:, :0]))
    published = tutorial_loss(x, x_hat, mean, log_variance)
    torch.testing.assert_close(scaled_loss(*terms, model.width, True), published)
    # A Gaussian of variance 1: D / 2 times the mean square error, and the divergence once.
    divergence = published - (x_hat - x).square().mean()
    bound = 7 / 2 * (x_hat - x).square().mean() + divergence
    torch.testing.assert_close(scaled_loss(*terms, model.width, False), bound)


def test_a_sigmoid_head_cannot_leave_zero_to_one():
    head = RowHead("sigmoid", IDS)
    raw = 3 * torch.randn(500, 7, generator=generator())
    out = head.means(raw)
    assert float(out.min()) > 0
    assert float(out.max()) < 1
    drawn = head.draw(raw, generator())
    assert torch.equal(drawn[:, :2], out[:, :2])  # no law of a number, so none is drawn


def test_a_mixed_head_has_its_loss_by_hand():
    head = RowHead("mixed", IDS)
    with torch.no_grad():
        head.log_sigma.copy_(torch.log(torch.tensor([0.5, 1.0])))
    x = torch.tensor([[1.0, -1.0, 0, 1, 0, 1, 0]])
    loss = float(head.loss(x, torch.zeros(1, 7)).detach())
    gaussians = 1 / (2 * 0.25) + math.log(0.5) + 1 / 2
    assert loss == pytest.approx(gaussians + math.log(3) + math.log(2), abs=1e-5)


@pytest.mark.parametrize("kind", ["sigmoid", "mixed"])
def test_a_block_is_drawn_in_proportion_to_its_outputs(kind):
    head = RowHead(kind, IDS)
    raw = torch.tensor([[0.3, -0.2, 1.0, 0.0, -1.0, 0.5, 0.0]]).repeat(20_000, 1)
    outputs = head.means(raw)[0, 2:5]
    drawn = head.draw(raw, generator())
    # 4 standard errors of a share in 20,000 draws are at most 0.014
    shares = drawn[:, 2:5].mean(dim=0)
    torch.testing.assert_close(shares, outputs / outputs.sum(), atol=0.014, rtol=0)
    assert (drawn[:, 5:].sum(dim=1) == 1).all()
    assert head.likeliest(raw)[0, 2:].tolist() == [1, 0, 0, 1, 0]


def test_a_mixed_head_draws_numbers_with_its_deviation():
    head = RowHead("mixed", IDS)
    with torch.no_grad():
        head.log_sigma.copy_(torch.tensor([-9.0, 9.0]))
    head.clamp()
    drawn = head.draw(torch.zeros(20_000, 7), generator())
    deviations = drawn[:, :2].std(dim=0)
    torch.testing.assert_close(deviations, torch.tensor([0.05, 1.0]), atol=0.02, rtol=0)


def test_a_network_that_is_told_the_class_hears_it():
    model, x = make(told=2), rows(4)
    y = one_hot(torch.tensor([0, 1, 0, 1]), 2)
    assert not torch.equal(model.encode(x, y)[0], model.encode(x, 1 - y)[0])
    z = torch.zeros(4, 8)
    assert not torch.equal(model.decode(z, y), model.decode(z, 1 - y))


def test_a_network_is_made_again_from_its_config_and_leaves_the_global_stream_alone():
    before = torch.random.get_rng_state()
    model = make("mixed", told=2)
    again = TutorialVAE(**model.config, generator=generator(5))
    again.load_state_dict(model.state_dict())
    z, y = torch.zeros(2, 8), one_hot(torch.tensor([0, 1]), 2)
    assert torch.equal(model.decode(z, y), again.decode(z, y))
    assert torch.equal(torch.random.get_rng_state(), before)
