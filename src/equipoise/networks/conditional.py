"""A class-conditional variational auto-encoder of normal scores and one-hot blocks, and the codes it gives rows.

K. Sohn, H. Lee and X. Yan, Learning structured output representation using deep conditional generative models, NeurIPS
2015, eq. 4 (the bound given the class); D. P. Kingma and M. Welling, arXiv:1312.6114, eq. 3 and 4 (bound and
reparameterisation). Written from the papers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from equipoise.networks.blocks import Blocks, linear
from equipoise.networks.losses import block_cross_entropy, divergence, gaussian_loss

LOG_SIGMA = (
    math.log(0.05),
    0.0,
)  # bounds: the marginals are N(0, 1), and a smaller sigma would be memory
FIRST_LOG_SIGMA = math.log(0.5)
LOG_VARIANCE = 15.0  # bound of the encoder's log-variances, far outside of what is learnt


class NormalRowLaw(nn.Module):
    """The law of an encoded row given what a decoder gives for it: Gaussian scores, categorical blocks.

    Parameters
    ----------
    scalars : array of shape (A,)
        Positions of the scores in a row.
    beside : array of shape (A,)
        For each the position that is 1 where it means something; -1 if it always does.
    block_ids : array of shape (R,)
        Block at each position, -1 at scores.

    Attributes
    ----------
    width : int
        A + P, the numbers that it needs of a decoder: a mean for each score, P logits.
    log_sigma : Parameter of shape (A,)
    """

    def __init__(self, scalars: ArrayLike, beside: ArrayLike, block_ids: ArrayLike) -> None:
        super().__init__()
        ids, places = (np.asarray(part, dtype=np.int64) for part in (block_ids, beside))
        self.blocks = Blocks(ids)
        self.scalars = torch.from_numpy(np.array(scalars, dtype=np.int64))
        self.always = torch.from_numpy(places < 0)  # (A,)
        self.beside = torch.from_numpy(np.maximum(places, 0))
        self.n_scalars, self.n_positions = len(self.scalars), len(ids)
        self.width = self.n_scalars + len(self.blocks.owner)
        self.log_sigma = nn.Parameter(torch.full((self.n_scalars,), FIRST_LOG_SIGMA))

    def loss(self, x: Tensor, raw: Tensor) -> Tensor:
        """Give -log p(x | raw), without the Gaussian's constants. Shape: (B, R), (B, A + P) to (B,)."""
        means, logits = raw.split([self.n_scalars, len(self.blocks.owner)], dim=1)
        sigma = torch.exp(self.log_sigma)
        scores = gaussian_loss(x.index_select(1, self.scalars), means, sigma, self._held(x))
        return scores + block_cross_entropy(
            x.index_select(1, self.blocks.positions), logits, self.blocks
        )

    @torch.no_grad()
    def draw(
        self, raw: Tensor, generator: torch.Generator, temperature: float | None = 1.0
    ) -> Tensor:
        """Draw rows. Shape: (B, A + P) to (B, R); a temperature of None takes means and the likeliest of each block."""
        means, logits = raw.split([self.n_scalars, len(self.blocks.owner)], dim=1)
        rows = torch.zeros(len(raw), self.n_positions)
        if temperature is None:
            rows[:, self.blocks.positions] = self.blocks.hardest(logits)
        else:
            rows[:, self.blocks.positions] = self.blocks.draw(logits, generator, temperature)
            noise = torch.randn(means.shape, generator=generator)
            means = means + torch.exp(self.log_sigma) * noise
        rows[:, self.scalars] = means * self._held(rows)
        return rows

    def clamp(self) -> None:
        """Keep log sigma within its bounds; to be called after every step of an optimiser."""
        with torch.no_grad():
            self.log_sigma.clamp_(*LOG_SIGMA)

    def _held(self, x: Tensor) -> Tensor:
        """Tell where scores mean something. Shape: (B, R) to (B, A)."""
        if not len(self.beside):
            return x.new_zeros(len(x), 0)
        return x.index_select(1, self.beside).masked_fill(self.always, 1.0)


class ConditionalAutoencoder(nn.Module):
    """Encoder q(z | x, y) and decoder p(x | z, y), with the prior N(mu_y, I).

    Parameters
    ----------
    scalars, beside, block_ids : arrays
        Of the rows, as in `NormalRowLaw`.
    n_classes, latent : int
    hidden : sequence of int
        Widths of the encoder's hidden layers; the decoder has them in reverse.
    class_prior : bool
        Whether mu_y is learnt (else it is 0 for every class).
    generator : torch.Generator
        Of the first weights.

    Attributes
    ----------
    config : dict
        The parameters but the generator, in plain values.
    prior_means : Parameter of shape (C, L), or None
    """

    def __init__(
        self,
        *,
        scalars: ArrayLike,
        beside: ArrayLike,
        block_ids: ArrayLike,
        n_classes: int,
        latent: int,
        hidden: Sequence[int],
        class_prior: bool,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "scalars": scalars,
            "beside": beside,
            "block_ids": block_ids,
            "n_classes": n_classes,
            "latent": latent,
            "hidden": list(hidden),
            "class_prior": class_prior,
        }
        self.law = NormalRowLaw(scalars, beside, block_ids)
        self.n_classes, self.latent = n_classes, latent
        self.encoder = smooth_perceptron([self.law.n_positions + n_classes, *hidden], generator)
        self.to_mean = linear(hidden[-1], latent, generator)
        self.to_log_variance = linear(hidden[-1], latent, generator)
        self.decoder = smooth_perceptron([latent + n_classes, *reversed(hidden)], generator)
        self.to_raw = linear(hidden[0], self.law.width, generator)
        self.prior_means = nn.Parameter(torch.zeros(n_classes, latent)) if class_prior else None

    def encode(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Give mean and log-variance of z. Shape: (B, R), one-hot (B, C) to (B, L) and (B, L)."""
        h = self.encoder(torch.cat([x, y], dim=1))
        return self.to_mean(h), self.to_log_variance(h).clamp(-LOG_VARIANCE, LOG_VARIANCE)

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """Give what `law` needs of a row. Shape: (B, L), one-hot (B, C) to (B, A + P)."""
        return self.to_raw(self.decoder(torch.cat([z, y], dim=1)))

    def bound(self, x: Tensor, y: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Give both terms of the bound: -log p(x | z, y) and the divergence of each dimension of z from its prior.

        Shape: (B, R), one-hot (B, C) and noise (B, L) to (B,) and (B, L).
        """
        mean, log_variance = self.encode(x, y)
        z = mean + torch.exp(log_variance / 2) * noise
        return self.law.loss(x, self.decode(z, y)), divergence(mean - self.centre(y), log_variance)

    def centre(self, y: Tensor) -> Tensor:
        """Give the mean of the prior. Shape: one-hot (B, C) to (B, L)."""
        if self.prior_means is None:
            return y.new_zeros(len(y), self.latent)
        return y @ self.prior_means


def smooth_perceptron(widths: Sequence[int], generator: torch.Generator) -> nn.Sequential:
    """Stack linear layers, each followed by a SiLU.

    Shape: (B, widths[0]) to (B, widths[-1]).
    """
    layers: list[nn.Module] = []
    for n_in, n_out in zip(widths[:-1], widths[1:], strict=True):
        layers += [linear(n_in, n_out, generator), nn.SiLU()]
    return nn.Sequential(*layers)


def free_divergence(divergences: Tensor, free: float) -> Tensor:
    """Add up max(KL_l, free) over the dimensions, KL_l being the mean of the batch. Shape: (B, L) to ().

    The maximum acts on the mean: taken row by row it would also still the rows that use a dimension.
    """
    return divergences.mean(dim=0).clamp(min=free).sum()


@dataclass(frozen=True)
class Posteriors:
    """The codes that an encoder gives rows, class after class.

    Attributes
    ----------
    means, deviations : Tensor of shape (n, L)
        Of q(z | row); rows are grouped by class.
    starts : Tensor of shape (C + 1,)
        First row of each class, and n.
    """

    means: Tensor
    deviations: Tensor
    starts: Tensor

    @classmethod
    def of(cls, means: Tensor, log_variances: Tensor, y: Tensor, n_classes: int) -> "Posteriors":
        """Group posteriors (n, L) by the classes y (n,) of their rows."""
        order = torch.argsort(y, stable=True)
        counts = torch.bincount(y, minlength=n_classes)
        starts = torch.cat([counts.new_zeros(1), torch.cumsum(counts, 0)])
        return cls(means[order], torch.exp(log_variances[order] / 2), starts)

    def draw(self, k: int, n: int, generator: torch.Generator, spread: float = 1.0) -> Tensor:
        """Draw codes (n, L) of class k: a row of it by chance, and a code around that row's mean.

        With a spread of 1 this is the class's aggregated posterior; the deviations are multiplied by the spread.
        """
        start, stop = int(self.starts[k]), int(self.starts[k + 1])
        rows = torch.randint(start, stop, (n,), generator=generator)
        noise = torch.randn(n, self.means.shape[1], generator=generator)
        return self.means[rows] + spread * self.deviations[rows] * noise

    def mean(self, k: int, generator: torch.Generator) -> Tensor:
        """Give the mean (L,) of one code for each row of class k."""
        rows = slice(int(self.starts[k]), int(self.starts[k + 1]))
        noise = torch.randn(self.means[rows].shape, generator=generator)
        return (self.means[rows] + self.deviations[rows] * noise).mean(dim=0)
