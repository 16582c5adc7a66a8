"""One step of generator against critic.

Xu et al., Modeling Tabular Data using Conditional GAN, NeurIPS 2019, arXiv:1907.00503, sections 4.3 and 4.4; Gulrajani
et al., arXiv:1704.00028, algorithm 1. Written from the papers. Departures: fake rows of the critic's step know nothing
of their gradients; what is kept of the generator is a running mean of its weights (Y. Yazici et al., The unusual
effectiveness of averaging in GAN training, ICLR 2019), unless its decay is 0.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from equipoise.networks.adversarial import Activation, Critic, Generator
from equipoise.networks.conditions import Conditions, Draws
from equipoise.networks.generator_pass import GeneratorPass
from equipoise.networks.optimiser import FlatAdam

BETAS = (0.5, 0.9)
AHEAD = 64  # batches whose conditions are drawn at a time
SETTLING = 50  # batches that the moments of a generator are taken over


@dataclass(frozen=True)
class Rules:
    """How a duel is fought; see the parameters of `CTGAN`."""

    batch_size: int
    critic_steps: int
    learning_rate: float
    critic_learning_rate: float
    weight_decay: float
    penalty: float
    average: float


class Duel:
    """Generator and critic, their optimisers, and the rows that they fight over.

    Parameters
    ----------
    generator : Generator
    critic : Critic
    activation : Activation
    conditions : Conditions
    rows : Tensor of shape (n, R)
    rules : Rules
    noise : torch.Generator

    Attributes
    ----------
    kept : Generator
        Running mean of the generator, which rows are drawn from; the generator itself with a decay of 0.
    """

    def __init__(
        self,
        generator: Generator,
        critic: Critic,
        activation: Activation,
        conditions: Conditions,
        rows: Tensor,
        rules: Rules,
        noise: torch.Generator,
    ) -> None:
        self.generator, self.critic, self.activation = generator, critic, activation
        self.conditions, self.rows, self.rules, self.noise = conditions, rows, rules, noise
        self.generator.train()
        self.kept = copy.deepcopy(generator) if rules.average else generator
        self._g, self._c = (
            FlatAdam(
                module.parameters(), learning_rate=rate, betas=BETAS, weight_decay=rules.weight_decay
            )
            for module, rate in (
                (generator, rules.learning_rate), (critic, rules.critic_learning_rate),
            )
        )  # fmt: skip
        self._pass = GeneratorPass(generator)
        self.n_steps = 0

    def batches(self) -> Iterator[list[Draws]]:
        """Give the conditions of step after step: `critic_steps` batches for the critic, one for the generator."""
        size, n = self.rules.batch_size, self.rules.critic_steps + 1
        while True:
            ahead = self.conditions.draw(size * n * AHEAD, self.noise)
            for k in range(AHEAD):
                starts = range(k * n * size, (k + 1) * n * size, size)
                yield [ahead.part(slice(start, start + size)) for start in starts]

    def step(self, batches: list[Draws]) -> dict[str, Tensor]:
        """Move the critic `critic_steps` times and the generator once."""
        *of_critic, of_generator = batches
        for draws in of_critic:
            distance, penalty = self._judge(draws)
        pull, mismatch = self._fool(of_generator)
        self.n_steps += 1
        self._average()
        return {"critic": distance, "penalty": penalty, "generator": pull, "mismatch": mismatch}

    def _judge(self, draws: Draws) -> tuple[Tensor, Tensor]:
        """Move the critic; its real rows come with a permutation of the fake ones' conditions."""
        conditions = self.conditions.law.vectors(draws)
        fake = self.activation.soft(self._raw(draws), self.noise)
        order = torch.randperm(len(conditions), generator=self.noise)
        real = self.rows.index_select(0, draws.rows[order])
        distance, penalty = self.critic.loss(
            (real, conditions[order]), (fake, conditions), self.rules.penalty
        )
        self._c.step()
        return distance, penalty

    def _fool(self, draws: Draws) -> tuple[Tensor, Tensor]:
        """Move the generator: rows that the critic takes for real and that meet their conditions."""
        conditions = self.conditions.law.vectors(draws)
        raw = self._raw(draws)
        rows = self.activation.soft(raw, self.noise)
        pull, gradient = self.critic.pull(rows, conditions)
        gradient = self.activation.slope(rows, gradient)
        mismatch, positions, part = self.conditions.mismatch(raw, draws)
        gradient.view(-1).index_add_(0, positions.flatten(), part.flatten())
        self._pass.backward(gradient)
        self._g.step()
        self._pass.refresh()
        return pull, mismatch

    def _raw(self, draws: Draws) -> Tensor:
        """Give raw rows of new noise that are to meet conditions."""
        return self._pass.forward(self._z(len(draws.columns)), self.conditions.law.places(draws))

    def _z(self, n: int) -> Tensor:
        return torch.randn(n, self.generator.noise, generator=self.noise)

    @torch.no_grad()
    def _average(self) -> None:
        if self.kept is self.generator:
            return
        # Early weights are far off: the mean forgets faster at first.
        decay = min(self.rules.average, (1 + self.n_steps) / (10 + self.n_steps))
        for mean, now in zip(self.kept.parameters(), self.generator.parameters(), strict=True):
            mean.lerp_(now, 1 - decay)

    def settle(self, n_batches: int = SETTLING) -> Generator:
        """Set the moments of `kept` by conditions as training has them, and give it, ready to draw from.

        Its weights have learnt with these. Conditions as the table has them give other moments where a class is rare,
        and would move the rows of every class.
        """
        size = self.rules.batch_size
        draws = self.conditions.draw(size * n_batches, self.noise)
        parts = (draws.part(slice(k * size, (k + 1) * size)) for k in range(n_batches))
        self.kept.settle([(self._z(size), self.conditions.law.vectors(part)) for part in parts])
        return self.kept
