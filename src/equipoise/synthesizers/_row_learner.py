"""How a transformer over rows is trained: in which orders of the columns, at which rate, and until when."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from equipoise.networks.blocks import tempered_order
from equipoise.networks.optimiser import FlatAdam
from equipoise.networks.transformer import Dropout, RowTransformer
from equipoise.synthesizers._held_out import hold_out

WARM_UP = 100  # steps of rising learning rate
LAST_RATE = 0.1  # of the learning rate, at the end of the budget
BETAS = (0.9, 0.95)
GRADIENT_NORM = 1.0
TRIAL_ORDERS = 4  # in which held-out rows are judged,
TRIAL_ROWS = 500  # at most so many in each


@dataclass(frozen=True)
class Recipe:
    """What a training uses of the user's choices; their meaning is that of the method's parameters."""

    batch_size: int
    max_steps: int
    learning_rate: float
    weight_decay: float
    dropout: float
    token_dropout: float
    class_power: float


class Orders:
    """Orders of the columns; the tokens of one column stay together.

    Parameters
    ----------
    groups : sequence of tuple of int
        Columns of tokens of each column of the table.
    as_in_table : bool
        Whether columns that are not given come in the order of the table.
    """

    def __init__(self, groups: Sequence[tuple[int, ...]], as_in_table: bool) -> None:
        self.groups, self.as_in_table = groups, as_in_table

    def after(self, first: Sequence[int], generator: torch.Generator) -> list[int]:
        """Give an order that begins with some of the groups."""
        rest = [g for g in range(len(self.groups)) if g not in set(first)]
        if not self.as_in_table:
            rest = [rest[k] for k in torch.randperm(len(rest), generator=generator)]
        return [k for g in (*first, *rest) for k in self.groups[g]]

    def draw(self, generator: torch.Generator) -> Tensor:
        """Give an order (J,) to train in."""
        first: list[int] = []
        n = len(self.groups)
        if self.as_in_table and n > 1 and torch.rand((), generator=generator) < 0.5:
            some = torch.randperm(n, generator=generator)
            size = int(torch.randint(1, n, (), generator=generator))
            first = sorted(some[:size].tolist())
        return torch.tensor(self.after(first, generator))


class Learner:
    """One step of the training, and the score on held-out rows: means over rows and columns of -log p."""

    def __init__(
        self,
        recipe: Recipe,
        network: RowTransformer,
        rows: Tensor,
        y: Tensor,
        orders: Orders,
        generator: torch.Generator,
    ) -> None:
        self.recipe = recipe
        self.network, self.orders, self.generator = network, orders, generator
        held = hold_out(y, generator)
        self.rows, self.y = rows[~held], y[~held]
        places = torch.nonzero(held)[:, 0]
        self.n_held_out = len(places)
        self.trials: list[tuple[Tensor, Tensor, Tensor]] = []
        for _ in range(TRIAL_ORDERS):
            some = places[torch.randperm(len(places), generator=generator)[:TRIAL_ROWS]]
            self.trials.append((rows[some], y[some], orders.draw(generator)))
        network.begin_at(self.rows, self.y)
        self.drop = Dropout(self.recipe.dropout, generator)
        # The bias is the law that training starts from: it does not decay.
        decaying = [p for p in network.parameters() if p.dim() > 1 and p is not network.bias]
        self.optimiser = FlatAdam(
            decaying,
            [p for p in network.parameters() if p.dim() <= 1 or p is network.bias],
            learning_rate=recipe.learning_rate,
            betas=BETAS,
            max_norm=GRADIENT_NORM,
        )
        self.n_decayed = sum(p.numel() for p in decaying)

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Move the network by one batch of row positions (B,)."""
        rate = self.recipe.learning_rate * self._schedule(self.optimiser.n_steps)
        self.optimiser.learning_rate = rate
        self.optimiser.zero_grad()
        rows = self.rows[batch]
        order = self.orders.draw(self.generator)
        told = torch.rand(rows.shape, generator=self.generator) >= self.recipe.token_dropout
        loss = self.network.losses(rows, self.y[batch], order, self.drop, told).mean()
        loss.backward()
        self.optimiser.step()
        if self.recipe.weight_decay:
            # Not the optimiser's own, which is part of the gradient and hardly felt after it is scaled.
            self.optimiser.values[: self.n_decayed].mul_(1 - rate * self.recipe.weight_decay)
        return {"loss": loss.detach()}

    @torch.no_grad()
    def evaluate(self) -> float:
        """Give the loss of held-out rows, always the same ones in the same orders."""
        return (
            float(sum(self.network.losses(*trial).mean() for trial in self.trials)) / TRIAL_ORDERS
        )

    def batches(self) -> Iterator[Tensor]:
        """Give batches of row positions (B,), pass after pass."""
        size = min(self.recipe.batch_size, len(self.rows))
        while True:
            order = tempered_order(self.y, self.recipe.class_power, self.generator)
            for start in range(0, len(order) - size + 1, size):
                yield order[start : start + size]

    def _schedule(self, step: int) -> float:
        done = min(step / self.recipe.max_steps, 1.0)
        cosine = LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * done)) / 2
        return min(1.0, (step + 1) / WARM_UP) * cosine
