"""A conditional variational auto-encoder of encoded rows, and the law of a row given its decoder's output.

Kingma & Welling, arXiv:1312.6114, eq. 3 and 4 (bound and reparameterisation); Xu et al., arXiv:1907.00503, section 4.4
and appendix (networks, one Gaussian a number and one categorical a block). Written from the papers.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from equipoise.networks.blocks import Blocks, linear, perceptron, sums_by_owner
from equipoise.networks.losses import block_cross_entropy, divergence, gaussian_loss

SIGMA = (0.01, 0.1, 1.0)  # least, first and largest standard deviation of a scalar
LOG_VARIANCE = 15.0  # bound of the encoder's log-variances, far outside of what is learnt


class RowLaw(nn.Module):
    """The law of an encoded row given what a decoder gives for it.

    A scalar is Gaussian around a tanh, a block is categorical. A scalar that is encoded relative to a mode has one mean
    and one standard deviation for each of its modes, and the mode of the row chooses: z fixes the mode and the place in
    the mode together, and drawing another mode does not carry a place along that belongs to the first.

    Parameters
    ----------
    scalars : array of shape (A,)
        Positions of the scalars in a row.
    n_modes : array of shape (A,)
        For how many modes each scalar means something: the first so many of the block that follows it.
    block_ids : array of shape (R,)
        Block at each position, -1 at scalars.

    Attributes
    ----------
    width : int
        H + P, the numbers that it needs of a decoder: a mean for each of H pairs of scalar and mode, P logits.
    sigma : Parameter of shape (H,)
    """

    def __init__(self, scalars: ArrayLike, n_modes: ArrayLike, block_ids: ArrayLike) -> None:
        super().__init__()
        self.blocks = Blocks(block_ids)
        self.scalars = torch.as_tensor(np.asarray(scalars, dtype=np.int64))
        lengths = torch.as_tensor(np.asarray(n_modes, dtype=np.int64))
        self.owner = torch.repeat_interleave(torch.arange(len(lengths)), lengths)  # (H,)
        order = torch.arange(len(self.owner)) - (torch.cumsum(lengths, 0) - lengths)[self.owner]
        self.head_scalars = self.scalars[self.owner]
        self.head_modes = self.head_scalars + 1 + order
        self.n_heads = len(self.owner)
        self.n_positions = len(np.asarray(block_ids))
        self.width = self.n_heads + len(self.blocks.owner)
        self.sigma = nn.Parameter(torch.full((self.n_heads,), SIGMA[1]))

    def loss(self, x: Tensor, raw: Tensor) -> Tensor:
        """Give -log p(x | raw), without the Gaussian's constants. Shape: (B, R), (B, H + P) to (B,)."""
        means, logits = raw.split([self.n_heads, len(self.blocks.owner)], dim=1)
        held = x.index_select(1, self.head_modes)  # 1 where the mode of a head is the row's
        scalars = gaussian_loss(
            x.index_select(1, self.head_scalars), torch.tanh(means), self.sigma, held
        )
        return scalars + block_cross_entropy(
            x.index_select(1, self.blocks.positions), logits, self.blocks
        )

    @torch.no_grad()
    def draw(
        self, raw: Tensor, generator: torch.Generator, temperature: float | None = 1.0
    ) -> Tensor:
        """Draw rows. Shape: (B, H + P) to (B, R); a temperature of None takes the likeliest of each block."""
        logits = raw[:, self.n_heads :]
        if temperature is None:
            ones = self.blocks.hardest(logits)
        else:
            ones = self.blocks.draw(logits, generator, temperature)
        noise = torch.randn(len(raw), len(self.scalars), generator=generator)
        return self._rows(raw, ones, noise)

    @torch.no_grad()
    def likeliest(self, raw: Tensor) -> Tensor:
        """Give the likeliest blocks and the means of the scalars there. Shape: (B, H + P) to (B, R)."""
        ones = self.blocks.hardest(raw[:, self.n_heads :])
        return self._rows(raw, ones, torch.zeros(len(raw), len(self.scalars)))

    def clamp(self) -> None:
        """Keep sigma within its bounds; to be called after every step of an optimiser."""
        with torch.no_grad():
            self.sigma.clamp_(SIGMA[0], SIGMA[2])

    def _rows(self, raw: Tensor, ones: Tensor, noise: Tensor) -> Tensor:
        rows = torch.zeros(len(raw), self.n_positions)
        rows[:, self.blocks.positions] = ones
        held = rows[:, self.head_modes]
        n = len(self.scalars)
        mean = sums_by_owner(held * torch.tanh(raw[:, : self.n_heads]), self.owner, n)
        deviation = sums_by_owner(held * self.sigma, self.owner, n)
        rows[:, self.scalars] = (mean + deviation * noise).clamp(-1.0, 1.0)
        return rows


class VariationalAutoencoder(nn.Module):
    """Encoder q(z | x, y) and decoder p(x | z, y) with the prior N(0, I) for every class y.

    Parameters
    ----------
    law : RowLaw
    n_classes, latent : int
    hidden : sequence of int
        Widths of the encoder's hidden layers; the decoder has them in reverse.
    generator : torch.Generator
        Of the first weights.
    """

    def __init__(
        self,
        law: RowLaw,
        *,
        n_classes: int,
        latent: int,
        hidden: Sequence[int],
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.law = law
        self.n_classes = n_classes
        self.latent = latent
        self.encoder = perceptron([law.n_positions + n_classes, *hidden], generator)
        self.to_mean = linear(hidden[-1], latent, generator)
        self.to_log_variance = linear(hidden[-1], latent, generator)
        self.decoder = perceptron([latent + n_classes, *reversed(hidden)], generator)
        self.to_raw = linear(hidden[0], law.width, generator)

    def encode(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Give mean and log-variance of z. Shape: (B, R), (B, C) to (B, L) and (B, L)."""
        h = self.encoder(torch.cat([x, y], dim=1))
        return self.to_mean(h), self.to_log_variance(h).clamp(-LOG_VARIANCE, LOG_VARIANCE)

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """Give what `law` needs of a row. Shape: (B, L), (B, C) to (B, H + P)."""
        return self.to_raw(self.decoder(torch.cat([z, y], dim=1)))

    def bound(self, x: Tensor, y: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Give both terms of the bound, eq. 3: -log p(x | z, y) and the divergence of each dimension of z.

        Shape: (B, R), (B, C) and noise (B, L) to (B,) and (B, L).
        """
        mean, log_variance = self.encode(x, y)
        z = mean + torch.exp(log_variance / 2) * noise  # eq. 4: the reparameterisation
        return self.law.loss(x, self.decode(z, y)), divergence(mean, log_variance)
