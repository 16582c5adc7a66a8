"""How a variational auto-encoder of encoded rows is trained: batches, steps, the score on held-out rows."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from equipoise.networks.blocks import tempered_order
from equipoise.networks.optimiser import FlatAdam
from equipoise.networks.training import Budget, Training, train
from equipoise.networks.variational import VariationalAutoencoder
from equipoise.networks.variational_pass import BoundPass, EncodedRows

SETTLED = 500  # steps before which training does not stop, nor a code count as collapsed
GRADIENT_NORM = 5.0
# A code has collapsed if at most one of its dimensions holds 0.01 nats: 0.05 nats of each are free from then on. (Most
# dimensions of a wide code are unused without harm, and to free nats of them all would spoil the bound.)
USED, FREE = 0.01, 0.05
EVALUATE_EVERY = 25


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes
    ----------
    batch_size : int
    learning_rate, weight_decay : float
        Of Adam; standard deviations do not decay.
    loss_factor : float
        Weight of the reconstruction against the divergence.
    class_power : float
        A pass holds class c in proportion to n_c to this power.
    whole : bool
        Whether the last batch of a pass is taken though it is smaller.
    """

    batch_size: int = 500
    learning_rate: float = 1e-3
    weight_decay: float = 1e-5
    loss_factor: float = 2.0
    class_power: float = 1.0
    whole: bool = False


class Learner:
    """One step of the training, and the score on held-out rows.

    The loss of a batch is loss_factor * reconstruction + divergence, means over its rows.

    Parameters
    ----------
    network : VariationalAutoencoder
    rows : Tensor of shape (n, R)
    labels : Tensor of shape (n, C)
        One-hots, as the network is told them.
    y : Tensor of shape (n,)
        Class positions, by which batches are drawn.
    held : Tensor of shape (n,)
        Mask of the rows that are scored and not trained on.
    recipe : Recipe
    generator : torch.Generator
        Of batches and noise.
    """

    def __init__(
        self,
        network: VariationalAutoencoder,
        rows: Tensor,
        labels: Tensor,
        y: Tensor,
        held: Tensor,
        recipe: Recipe,
        generator: torch.Generator,
    ) -> None:
        self.network, self.recipe, self.generator = network, recipe, generator
        self.y = y[~held]
        kept, scored = (torch.nonzero(mask)[:, 0] for mask in (~held, held))
        self.rows = EncodedRows.of(network, rows, labels, kept)
        self.held = EncodedRows.of(network, rows, labels, scored)
        self.n_held_out = len(self.held)
        self.held_noise = torch.randn(self.n_held_out, network.latent, generator=generator)
        self.batch_size = min(recipe.batch_size, len(self.rows))
        sigma = network.law.sigma
        self.optimiser = FlatAdam(
            [p for p in network.parameters() if p is not sigma],
            [sigma],
            learning_rate=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            max_norm=GRADIENT_NORM,
        )
        self.passes: dict[int, BoundPass] = {}
        self.n_steps = 0
        self.free = 0.0

    @property
    def n_batches(self) -> int:
        """Batches of a pass over the rows."""
        n = len(self.rows) // self.batch_size
        return n + int(self.recipe.whole and len(self.rows) % self.batch_size > 0)

    def step(self, positions: Tensor) -> dict[str, Tensor]:
        """Move the network by one batch of row positions (B,)."""
        noise = torch.randn(len(positions), self.network.latent, generator=self.generator)
        rows = self.rows.take(positions)
        way = self._pass(len(positions))
        reconstruction, divergence = way.forward(rows, noise)
        counted = (divergence >= self.free).to(divergence.dtype)
        way.backward(rows, noise, self.recipe.loss_factor, counted)
        self.optimiser.step()
        self.network.law.clamp()
        self.n_steps += 1
        nats = divergence.clamp(min=self.free).sum() if self.free else divergence.sum()
        return {
            "loss": self.recipe.loss_factor * reconstruction + nats,
            "reconstruction": reconstruction,
            "divergence": divergence.sum(),
        }

    def evaluate(self) -> float:
        """Give the loss of the held-out rows, always with the same noise."""
        reconstruction, divergence = self.held_out_bound()
        if self.n_steps >= SETTLED and not self.free:
            n_used = int((divergence >= USED).sum())
            self.free = FREE if n_used < 2 else 0.0
        return float(self.recipe.loss_factor * reconstruction + divergence.sum())

    def held_out_bound(self) -> tuple[Tensor, Tensor]:
        """Give the means over held-out rows of -log p () and of the divergence of each dimension (L,)."""
        reconstruction, divergence = torch.zeros(()), torch.zeros(self.network.latent)
        for start in range(0, self.n_held_out, self.batch_size):
            positions = torch.arange(start, min(start + self.batch_size, self.n_held_out))
            share = len(positions) / self.n_held_out
            parts = self._pass(len(positions)).forward(
                self.held.take(positions), self.held_noise[positions]
            )
            reconstruction, divergence = (
                reconstruction + share * parts[0],
                divergence + share * parts[1],
            )
        return reconstruction, divergence

    def batches(self) -> Iterator[Tensor]:
        """Give batches of row positions (B,), pass after pass."""
        size = self.batch_size
        while True:
            order = tempered_order(self.y, self.recipe.class_power, self.generator)
            for k in range(self.n_batches):
                yield order[k * size : (k + 1) * size]

    def train(self, max_steps: int, patience: int | None) -> Training:
        """Take at most so many steps; evaluations without a better score, if any are held out, end them early."""
        budget = Budget(max_steps, min(SETTLED, max_steps), EVALUATE_EVERY, patience or max_steps)
        evaluate = self.evaluate if self.n_held_out else None
        return train(self.network, self.step, self.batches(), budget, evaluate)

    def _pass(self, n: int) -> BoundPass:
        if n not in self.passes:
            self.passes[n] = BoundPass(self.network, n)
        return self.passes[n]


def learner_of_rows(
    rows: Tensor,
    *,
    scalars: ArrayLike,
    n_modes: ArrayLike,
    block_ids: ArrayLike,
    shared: bool = True,
    latent: int = 128,
    hidden: tuple[int, ...] = (128, 128),
    recipe: Recipe = Recipe(whole=True),  # noqa: B008
    seed: int = 0,
) -> Learner:
    """Give what trains the paper's unconditional auto-encoder on rows that are encoded already.

    Defaults are the paper's: one mean and one standard deviation a scalar, no rows held out.

    Parameters
    ----------
    rows : Tensor of shape (n, R), float32
        Scalars in [-1, 1] and one-hot blocks, each scalar right before the block of its modes.
    scalars, n_modes, block_ids : array
    shared : bool, default=True
        Of the `RowLaw`.
    latent : int, default=128
    hidden : tuple of int, default=(128, 128)
    recipe : Recipe
    seed : int, default=0

    Examples
    --------
    >>> rows = torch.tensor([[0.1, 1.0, 0.0], [-0.2, 0.0, 1.0]]).repeat(50, 1)
    >>> learner = learner_of_rows(
    ...     rows, scalars=[0], n_modes=[2], block_ids=[-1, 0, 0], latent=2, hidden=(8,)
    ... )
    >>> learner.train(3, None).n_steps
    3
    """
    generator = torch.Generator().manual_seed(seed)
    network = VariationalAutoencoder(
        scalars=scalars, n_modes=n_modes, block_ids=block_ids, shared=shared,
        n_classes=0, latent=latent, hidden=hidden, generator=generator,
    )  # fmt: skip
    nothing = torch.zeros(len(rows), 0)
    y, held = torch.zeros(len(rows), dtype=torch.int64), torch.zeros(len(rows), dtype=torch.bool)
    return Learner(network, rows, nothing, y, held, recipe, generator)
