"""The law of the codes of one class, learnt after a variational auto-encoder has been trained.

The prior N(0, I) is what training pulls codes towards, not where those of a class end up, least of all where rows are
few: a decoder is better asked about places that it knows (the ex-post density of P. Ghosh et al., From variational to
deterministic autoencoders, ICLR 2020, section 4). The codes of a class are taken as Gaussian, with the covariance of
the encoder's means after O. Ledoit and M. Wolf (Journal of Multivariate Analysis 88, 2004) plus its mean variances.
"""

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.covariance import ledoit_wolf
from torch import Tensor

from equipoise.synthesizers._networks import generator_of

JITTER = 1e-6  # of every variance, lest a covariance be singular


@dataclass(frozen=True)
class CodeLaw:
    """A Gaussian of codes, mixed with the posteriors of single rows where these are few.

    Attributes
    ----------
    mean : Tensor of shape (L,)
    factor : Tensor of shape (L, L)
        Lower Cholesky factor of the covariance.
    row_means, row_deviations : Tensor of shape (m, L)
        Posteriors of the rows that single codes may start from; none for a class of many rows.
    share : float
        Of the codes that start from a single row.
    """

    mean: Tensor
    factor: Tensor
    row_means: Tensor
    row_deviations: Tensor
    share: float

    @classmethod
    def fit(cls, means: Tensor, log_variances: Tensor, filled: float) -> "CodeLaw":
        """Learn from the posteriors of the rows of a class.

        Parameters
        ----------
        means, log_variances : Tensor of shape (n, L)
        filled : float
            Rows from which on the Gaussian is trusted alone; below, a share 1 - n / filled of the codes starts from
            single rows, and of a single row all do. If infinite, all codes of every class do.
        """
        n, latent = means.shape
        share = max(0.0, 1 - n / filled) if n > 1 else 1.0
        spread = torch.exp(log_variances).mean(dim=0).double()
        covariance = torch.diag(spread + JITTER)
        if n > 1:
            shrunk, _ = ledoit_wolf(means.double().numpy())
            covariance = covariance + torch.from_numpy(np.asarray(shrunk).reshape(latent, latent))
        kept = slice(None) if share > 0 else slice(0)
        return cls(
            means.mean(dim=0),
            torch.linalg.cholesky(covariance).float(),
            means[kept].clone(),
            torch.exp(log_variances[kept] / 2),
            share,
        )

    def draw(self, n: int, generator: torch.Generator, tau: float = 1.0) -> Tensor:
        """Draw codes (n, L); those that start from a row are tau times its posterior's deviation away."""
        noise = torch.randn(n, len(self.mean), generator=generator)
        if self.share == 1:
            return self._near_rows(n, noise, generator, tau)
        codes = self.mean + noise @ self.factor.T
        if self.share > 0:
            single = torch.rand(n, generator=generator) < self.share
            near = self._near_rows(n, noise, generator, tau)
            codes = torch.where(single[:, None], near, codes)
        return codes

    def _near_rows(self, n: int, noise: Tensor, generator: torch.Generator, tau: float) -> Tensor:
        rows = torch.randint(len(self.row_means), (n,), generator=generator)
        return self.row_means[rows] + tau * self.row_deviations[rows] * noise


@dataclass(frozen=True)
class Streams:
    """Where the random numbers of one sample come from: its codes, its cells, the levels behind pooled ones."""

    codes: torch.Generator
    cells: torch.Generator
    levels: np.random.Generator

    @classmethod
    def of(cls, rng: np.random.Generator) -> "Streams":
        """Split a generator."""
        return cls(generator_of(rng), generator_of(rng), rng)
