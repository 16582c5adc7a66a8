"""A conditional variational auto-encoder of encoded rows, and the law of a row given its decoder's output.

Kingma & Welling, arXiv:1312.6114, eq. 3 and 4 (bound and reparameterisation); Xu et al., arXiv:1907.00503, section 4.4
and appendix (networks, one Gaussian a number and one categorical a block). Written from the papers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from equipoise.networks.block_sums import BlockSums
from equipoise.networks.blocks import Blocks, linear, perceptron
from equipoise.networks.losses import block_cross_entropy, divergence, gaussian_loss

SIGMA = (0.01, 0.1, 1.0)  # least, first and largest standard deviation of a scalar
LOG_VARIANCE = 15.0  # bound of the encoder's log-variances, far outside of what is learnt


class RowLaw(nn.Module):
    """The law of an encoded row given what a decoder gives for it.

    A scalar is Gaussian around a tanh, a block is categorical. A scalar that is encoded relative to a mode has one mean
    and one standard deviation for each of its modes, and the mode of the row chooses: z fixes the mode and the place in
    the mode together, and drawing another mode does not carry a place along that belongs to the first. The paper has
    one of each for all modes, which is what `shared` asks for.

    Parameters
    ----------
    scalars : array of shape (A,)
        Positions of the scalars in a row.
    n_modes : array of shape (A,)
        For how many modes each scalar means something: the first so many of the block that follows it.
    block_ids : array of shape (R,)
        Block at each position, -1 at scalars.
    shared : bool, default=False
        Whether all modes of a scalar have one mean and one standard deviation.

    Attributes
    ----------
    width : int
        H + P, the numbers that it needs of a decoder: a mean for each of H heads, P logits. There is a head for each
        pair of scalar and mode, or for each scalar if they are shared.
    sigma : Parameter of shape (H,), or (R,) if shared
        The paper's vector has an entry at every position of a row, of which those of scalars are used: the first H.
    """

    def __init__(
        self, scalars: ArrayLike, n_modes: ArrayLike, block_ids: ArrayLike, shared: bool = False
    ) -> None:
        super().__init__()
        self.blocks = Blocks(block_ids)
        self.sums = BlockSums(self.blocks)
        self.scalars = torch.as_tensor(np.asarray(scalars, dtype=np.int64))
        self.n_modes = torch.as_tensor(np.asarray(n_modes, dtype=np.int64))
        self.shared = shared
        # Of each scalar: the block of its modes, where that starts among the P positions, and its first head.
        ids = torch.as_tensor(np.asarray(block_ids, dtype=np.int64))
        self.scalar_blocks = ids[self.scalars + 1]
        self.sizes = torch.bincount(self.blocks.owner, minlength=self.blocks.n_blocks)
        self.starts = torch.cumsum(self.sizes, 0) - self.sizes
        heads = torch.ones_like(self.n_modes) if shared else self.n_modes
        self.first_heads = torch.cumsum(heads, 0) - heads
        self.n_heads = int(heads.sum())
        self.n_positions = len(ids)
        self.width = self.n_heads + len(self.blocks.owner)
        self.sigma = nn.Parameter(torch.full((len(ids) if shared else self.n_heads,), SIGMA[1]))

    def heads(self, slots: Tensor) -> tuple[Tensor, Tensor]:
        """Give the head of each scalar, and whether its mode gives it a meaning.

        Shape: place in each block (B, J) to heads (B, A) and truth values (B, A).
        """
        modes = slots[:, self.scalar_blocks]
        meant = modes < self.n_modes
        if self.shared:
            return self.first_heads.expand(modes.shape), meant
        return self.first_heads + torch.minimum(modes, self.n_modes - 1), meant

    def slots(self, x: Tensor) -> Tensor:
        """Give the place of the one in each block. Shape: (B, R) to (B, J)."""
        _, place = self.blocks.largest(x.index_select(1, self.blocks.positions))
        return place - self.starts

    def loss(self, x: Tensor, raw: Tensor) -> Tensor:
        """Give -log p(x | raw), without the Gaussian's constants. Shape: (B, R), (B, H + P) to (B,)."""
        means, logits = raw.split([self.n_heads, len(self.blocks.owner)], dim=1)
        heads, meant = self.heads(self.slots(x))
        # For each row its own deviations, which is what the loss of one row at a time takes.
        scalars = gaussian_loss(
            x.index_select(1, self.scalars),
            torch.tanh(means.gather(1, heads)),
            self.sigma[heads],
            meant.to(raw.dtype),
        )
        return scalars + block_cross_entropy(
            x.index_select(1, self.blocks.positions), logits, self.blocks
        )

    @torch.no_grad()
    def draw(
        self, raw: Tensor, generator: torch.Generator, temperature: float | None = 1.0
    ) -> Tensor:
        """Draw rows. Shape: (B, H + P) to (B, R); a temperature of None takes the likeliest of each block."""
        return self._rows(*self.draw_parts(raw, generator, temperature))

    @torch.no_grad()
    def draw_parts(
        self, raw: Tensor, generator: torch.Generator, temperature: float | None = 1.0
    ) -> tuple[Tensor, Tensor]:
        """Draw rows without their zeros: the place in each block and the scalars.

        Shape: (B, H + P) to (B, J) and (B, A).
        """
        slots = self.draw_slots(raw, generator, temperature)
        return slots, self.draw_scalars(raw, slots, generator)

    @torch.no_grad()
    def draw_scalars(self, raw: Tensor, slots: Tensor, generator: torch.Generator) -> Tensor:
        """Draw the scalars in these places of the blocks. Shape: (B, H + P), (B, J) to (B, A)."""
        noise = torch.randn(len(raw), len(self.scalars), generator=generator)
        return self._scalars(raw, slots, noise)

    @torch.no_grad()
    def draw_slots(
        self, raw: Tensor, generator: torch.Generator, temperature: float | None = 1.0
    ) -> Tensor:
        """Draw the place in each block, or take the likeliest. Shape: (B, H + P) to (B, J)."""
        logits = raw[:, self.n_heads :]
        if temperature is None:
            return self.blocks.largest(logits)[1] - self.starts
        # One uniform number a block, put on the running sum of all probabilities of the row. In float64, lest the sums
        # of the blocks before swallow rare levels.
        chances = self.sums.softmax(logits / temperature)
        upper = torch.cumsum(chances, dim=1, dtype=torch.float64)
        ends = upper.index_select(1, self.starts + self.sizes - 1)
        begins = torch.cat([torch.zeros_like(ends[:, :1]), ends[:, :-1]], dim=1)
        uniform = torch.rand(ends.shape, generator=generator, dtype=torch.float64)
        places = torch.searchsorted(upper, begins + uniform * (ends - begins), right=True)
        return torch.minimum(places - self.starts, self.sizes - 1)

    @torch.no_grad()
    def likeliest(self, raw: Tensor) -> Tensor:
        """Give the likeliest blocks and the means of the scalars there. Shape: (B, H + P) to (B, R)."""
        slots = self.blocks.largest(raw[:, self.n_heads :])[1] - self.starts
        noise = torch.zeros(len(raw), len(self.scalars))
        return self._rows(slots, self._scalars(raw, slots, noise))

    def clamp(self) -> None:
        """Keep sigma within its bounds; to be called after every step of an optimiser."""
        with torch.no_grad():
            self.sigma.clamp_(SIGMA[0], SIGMA[2])

    def _scalars(self, raw: Tensor, slots: Tensor, noise: Tensor) -> Tensor:
        heads, meant = self.heads(slots)
        mean = torch.tanh(raw[:, : self.n_heads].gather(1, heads))
        return (mean + self.sigma[heads] * noise).clamp_(-1.0, 1.0).mul_(meant)

    def _rows(self, slots: Tensor, scalars: Tensor) -> Tensor:
        rows = torch.zeros(len(slots), self.n_positions)
        rows.scatter_(1, self.blocks.positions[self.starts + slots], 1.0)
        rows[:, self.scalars] = scalars
        return rows


class VariationalAutoencoder(nn.Module):
    """Encoder q(z | x, y) and decoder p(x | z, y) with the prior N(0, I) for every class y.

    Parameters
    ----------
    scalars, n_modes, block_ids : array
    shared : bool, default=False
        Of the `RowLaw`.
    n_classes : int
        0 for an unconditional one.
    latent : int
    hidden : sequence of int
        Widths of the encoder's hidden layers; the decoder has them in reverse.
    generator : torch.Generator
        Of the first weights.

    Attributes
    ----------
    law : RowLaw
    config : dict
        What a network of this shape is made of, but for the generator.
    """

    def __init__(
        self,
        *,
        scalars: ArrayLike,
        n_modes: ArrayLike,
        block_ids: ArrayLike,
        shared: bool = False,
        n_classes: int,
        latent: int,
        hidden: Sequence[int],
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "scalars": np.asarray(scalars, dtype=np.int64),
            "n_modes": np.asarray(n_modes, dtype=np.int64),
            "block_ids": np.asarray(block_ids, dtype=np.int64),
            "shared": shared,
            "n_classes": n_classes,
            "latent": latent,
            "hidden": tuple(hidden),
        }
        self.law = RowLaw(scalars, n_modes, block_ids, shared)
        self.n_classes = n_classes
        self.latent = latent
        self.encoder = perceptron([self.law.n_positions + n_classes, *hidden], generator)
        self.to_code = linear(hidden[-1], 2 * latent, generator)  # mean and log-variance
        self.decoder = perceptron([latent + n_classes, *reversed(hidden)], generator)
        self.to_raw = linear(hidden[0], self.law.width, generator)

    def encode(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Give mean and log-variance of z. Shape: (B, R), (B, C) to (B, L) and (B, L)."""
        code = self.to_code(self.encoder(torch.cat([x, y], dim=1)))
        mean, log_variance = code.split(self.latent, dim=1)
        return mean, log_variance.clamp(-LOG_VARIANCE, LOG_VARIANCE)

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
