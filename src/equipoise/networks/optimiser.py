"""Adam over one flat vector, for networks that are small enough for overhead to matter.

D. P. Kingma and J. Ba, Adam: a method for stochastic optimization, arXiv:1412.6980, algorithm 1, written from the
paper. Weight decay is the L2 kind, added to the gradient, and gradients are clipped to a norm before it. The optimisers
of torch load its compiler, which takes seconds, and cost more a step here.
"""

from collections.abc import Iterable

import torch
from torch import nn

EPSILON = 1e-8


class FlatAdam:
    """Adam on parameters that it moves into one vector, of which they stay views.

    Parameters
    ----------
    decayed, undecayed : iterable of Parameter
        Weight decay acts on the first only. Their values stay; their storage and their gradients become views.
    learning_rate : float
    betas : tuple of float, default=(0.9, 0.999)
    weight_decay : float, default=0.0
    max_norm : float, default=inf
        Largest norm of the whole gradient.
    """

    def __init__(
        self,
        decayed: Iterable[nn.Parameter],
        undecayed: Iterable[nn.Parameter] = (),
        *,
        learning_rate: float,
        betas: tuple[float, float] = (0.9, 0.999),
        weight_decay: float = 0.0,
        max_norm: float = float("inf"),
    ) -> None:
        first, second = list(decayed), list(undecayed)
        self.learning_rate, self.betas = learning_rate, betas
        self.weight_decay, self.max_norm = weight_decay, max_norm
        self.n_decayed = sum(p.numel() for p in first)
        self.values = torch.cat([p.detach().flatten() for p in first + second])
        self.gradient = torch.zeros_like(self.values)
        self._mean = torch.zeros_like(self.values)
        self._square = torch.zeros_like(self.values)
        self._steps = torch.zeros((), device=self.values.device)
        self.n_steps = 0
        at = 0
        for p in first + second:
            stop = at + p.numel()
            p.data = self.values[at:stop].view_as(p)
            p.grad = self.gradient[at:stop].view_as(p)
            at = stop

    def zero_grad(self) -> None:
        """Set the gradient to zero, in place."""
        self.gradient.zero_()

    @torch.no_grad()
    def step(self) -> None:
        """Move the parameters."""
        self.n_steps += 1
        g = self.gradient
        if self.max_norm < float("inf"):
            g.mul_((self.max_norm / (torch.linalg.vector_norm(g) + 1e-6)).clamp(max=1.0))
        self._steps.add_(1)
        n = self.n_decayed
        self._move(slice(0, n), self.weight_decay)
        self._move(slice(n, len(self.values)), 0.0)

    def _move(self, part: slice, weight_decay: float) -> None:
        """Move a part of the vector by torch's one-pass kernel, which needs none of its optimisers."""
        if part.start == part.stop:
            return
        torch._fused_adam_(
            [self.values[part]], [self.gradient[part]], [self._mean[part]], [self._square[part]],
            [], [self._steps], lr=self.learning_rate, beta1=self.betas[0], beta2=self.betas[1],
            weight_decay=weight_decay, eps=EPSILON, amsgrad=False, maximize=False,
        )  # fmt: skip
