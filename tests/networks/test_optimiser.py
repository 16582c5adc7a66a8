"""Our Adam beside torch's."""

import pytest
import torch
from torch import nn

from equipoise.networks.blocks import perceptron
from equipoise.networks.optimiser import FlatAdam


def problem():
    g = torch.Generator().manual_seed(0)
    net = perceptron([4, 8, 3], g).double()
    return net, nn.Parameter(torch.full((3,), 0.5, dtype=torch.float64))


def run(make, n=60):
    net, scale = problem()
    x = torch.randn(32, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    optimiser, clip = make(net, scale)
    for _ in range(n):
        optimiser.zero_grad()
        loss = 50 * ((net(x) * scale - x[:, :3].cos()) ** 2).mean()
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_([*net.parameters(), scale], clip)
        optimiser.step()
    return [p.detach().clone() for p in [*net.parameters(), scale]]


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("norm", [float("inf"), 0.5])
def test_steps_are_those_of_torch(decay, norm):
    def ours(net, scale):
        flat = FlatAdam(
            net.parameters(), [scale], learning_rate=1e-2, weight_decay=decay, max_norm=norm
        )
        return flat, None

    def theirs(net, scale):
        groups = [
            {"params": net.parameters(), "weight_decay": decay},
            {"params": [scale], "weight_decay": 0.0},
        ]
        return torch.optim.Adam(groups, lr=1e-2), norm if norm < 1e9 else None

    for a, b in zip(run(ours), run(theirs), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-8)


def test_a_state_loaded_into_the_module_is_the_one_that_moves():
    net, scale = problem()
    optimiser = FlatAdam(net.parameters(), [scale], learning_rate=0.1)
    net.load_state_dict({k: torch.ones_like(v) for k, v in net.state_dict().items()})
    assert float(optimiser.values[: optimiser.n_decayed].min()) == 1.0
    net(torch.ones(2, 4, dtype=torch.float64)).sum().backward()
    optimiser.step()
    assert all(float((p - 1).abs().max().detach()) > 0 for p in net.parameters())
