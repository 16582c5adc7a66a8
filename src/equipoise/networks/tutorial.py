"""The tutorial's auto-encoder: one hidden layer of eight, eight codes, every output through a sigmoid.

"The Next AI Revolution: A Tutorial Using VAEs to Generate High-Quality Synthetic Data", Towards Data Science, 2025;
the bound is that of D. P. Kingma and M. Welling, arXiv:1312.6114, eq. 3 and appendix B. Written from its description.
`RowHead` has the published likelihood and a proper one, so that the difference can be measured.
"""

import math
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from equipoise.networks.blocks import Blocks, linear
from equipoise.networks.losses import block_cross_entropy, divergence, gaussian_loss

LOG_SIGMA = (math.log(0.05), 0.0)  # bounds of the mixed head's deviations
LOG_VARIANCE = 15.0  # bound of the encoder's log-variances: the published loss overflows beyond
SMALLEST = 1e-12


def tutorial_loss(x: Tensor, x_hat: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Give the published loss: the square error averaged over all numbers of the batch, plus the divergence a row.

    The first is divided by the width D and the second is not: against the bound of a Gaussian of variance 1, the
    divergence counts D / 2 times.

    Shape: x and x_hat (B, D), mean and log_variance (B, L); gives ().
    """
    return (x_hat - x).square().mean() + divergence(mean, log_variance).sum(dim=1).mean()


class RowHead(nn.Module):
    """What a row is, given the D numbers of a decoder.

    With ``sigmoid`` every number goes through one, and a row is Gaussian of variance 1 around them. With ``mixed`` a
    scalar is Gaussian around its number, with a deviation that is learnt, and a block is categorical.

    Parameters
    ----------
    kind : {"sigmoid", "mixed"}
    block_ids : array of shape (D,)
        Block at each position, -1 at scalars.

    Attributes
    ----------
    log_sigma : Parameter of shape (A,)
        Only ``mixed`` moves it.
    """

    def __init__(self, kind: Literal["sigmoid", "mixed"], block_ids: ArrayLike) -> None:
        super().__init__()
        ids = np.asarray(block_ids, dtype=np.int64)
        self.kind = kind
        self.blocks = Blocks(ids)
        self.scalars = torch.from_numpy(np.flatnonzero(ids < 0))
        self.log_sigma = nn.Parameter(torch.zeros(len(self.scalars)))

    def loss(self, x: Tensor, raw: Tensor) -> Tensor:
        """Give -log p(x | raw), without the Gaussian's constants. Shape: (B, D), (B, D) to (B,)."""
        if self.kind == "sigmoid":
            return (torch.sigmoid(raw) - x).square().sum(dim=1) / 2
        numbers, means = (part.index_select(1, self.scalars) for part in (x, raw))
        ones, logits = (part.index_select(1, self.blocks.positions) for part in (x, raw))
        scalars = gaussian_loss(numbers, means, torch.exp(self.log_sigma), torch.ones_like(means))
        return scalars + block_cross_entropy(ones, logits, self.blocks)

    def means(self, raw: Tensor) -> Tensor:
        """Give the expected row: what the tutorial calls a synthetic one. Shape: (B, D) to (B, D)."""
        if self.kind == "sigmoid":
            return torch.sigmoid(raw)
        rows = raw.clone()
        rows[:, self.blocks.positions] = self.blocks.softmax(raw[:, self.blocks.positions])
        return rows

    def likeliest(self, raw: Tensor) -> Tensor:
        """Give the expected row with the largest of each block alone. Shape: (B, D) to (B, D)."""
        rows = self.means(raw)
        rows[:, self.blocks.positions] = self.blocks.hardest(rows[:, self.blocks.positions])
        return rows

    def draw(self, raw: Tensor, generator: torch.Generator) -> Tensor:
        """Draw rows. Shape: (B, D) to (B, D).

        A sigmoid head gives no law of a block; one is drawn in proportion to its outputs, and scalars are as they are.
        """
        rows = self.means(raw)
        weights = rows[:, self.blocks.positions].clamp(min=SMALLEST)
        rows[:, self.blocks.positions] = self.blocks.draw(torch.log(weights), generator)
        if self.kind == "mixed":
            noise = torch.randn(len(rows), len(self.scalars), generator=generator)
            rows[:, self.scalars] += torch.exp(self.log_sigma) * noise
        return rows

    def clamp(self) -> None:
        """Keep log sigma within its bounds; to be called after every step of an optimiser."""
        with torch.no_grad():
            self.log_sigma.clamp_(*LOG_SIGMA)


class TutorialVAE(nn.Module):
    """Encoder and decoder of one hidden layer each, which may be told the class.

    Parameters
    ----------
    block_ids : array of shape (D,)
        Block at each position of a row, -1 at scalars.
    head : {"sigmoid", "mixed"}
    told : int
        Width of the condition: the number of classes, or 0.
    latent, hidden : int
    generator : torch.Generator
        Of the first weights.

    Attributes
    ----------
    config : dict
        The parameters but the generator, in plain values.
    """

    def __init__(
        self,
        *,
        block_ids: ArrayLike,
        head: Literal["sigmoid", "mixed"],
        told: int,
        latent: int,
        hidden: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "block_ids": block_ids,
            "head": head,
            "told": told,
            "latent": latent,
            "hidden": hidden,
        }
        width = len(np.asarray(block_ids))
        self.width, self.told, self.latent = width, told, latent
        self.head = RowHead(head, block_ids)
        self.encoder = linear(width + told, hidden, generator)
        self.to_mean = linear(hidden, latent, generator)
        self.to_log_variance = linear(hidden, latent, generator)
        self.decoder = linear(latent + told, hidden, generator)
        self.to_raw = linear(hidden, width, generator)

    def encode(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Give mean and log-variance of z. Shape: (B, D), condition (B, told) to (B, L) and (B, L)."""
        h = torch.relu(self.encoder(torch.cat([x, y], dim=1)))
        return self.to_mean(h), self.to_log_variance(h).clamp(-LOG_VARIANCE, LOG_VARIANCE)

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """Give what the head needs of a row. Shape: (B, L), condition (B, told) to (B, D)."""
        return self.to_raw(torch.relu(self.decoder(torch.cat([z, y], dim=1))))

    def bound(self, x: Tensor, y: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Give -log p(x | z) and the divergence of each row.

        Shape: (B, D), condition (B, told) and noise (B, L) to (B,) and (B,).
        """
        mean, log_variance = self.encode(x, y)
        z = mean + torch.exp(log_variance / 2) * noise
        return self.head.loss(x, self.decode(z, y)), divergence(mean, log_variance).sum(dim=1)


def scaled_loss(reconstruction: Tensor, divergence: Tensor, width: int, published: bool) -> Tensor:
    """Give the loss of a batch from the two terms of each of its rows.

    As published the reconstruction is divided by D / 2, which of a Gaussian of variance 1 leaves the mean square error,
    as in `tutorial_loss`.

    Shape: (B,) and (B,) to ().
    """
    weight = 2 / width if published else 1.0
    return weight * reconstruction.mean() + divergence.mean()
