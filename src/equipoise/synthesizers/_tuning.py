"""Fine-tuning of a language model on the rows of a table.

The loss is minus the log-likelihood of the cells of a row under the very law that rows are written by: at each place
where a column leaves a choice, the cross-entropy among what is allowed there. Names, separators and whatever has no
alternative cost nothing and teach nothing; neither does padding.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from equipoise.networks.blocks import tempered_order
from equipoise.networks.low_rank import adapt, merge
from equipoise.networks.optimiser import FlatAdam
from equipoise.networks.training import Budget, Training, train
from equipoise.synthesizers._held_out import hold_out
from equipoise.synthesizers._language import LanguageModel
from equipoise.synthesizers._words import Words
from equipoise.synthesizers._writer import entry_logits

EVALUATE_EVERY, PATIENCE = 20, 4
MOST_HELD, MOST_TOKENS = 48, 8_000  # rows that an evaluation reads at most, and their tokens
SCALE = 2.0  # of an adapter: alpha / r = 32 / 16
GRADIENT_NORM = 1.0
WARM_UP = 5  # steps; the pace is measured on the later of them
LEARNING_RATE = {"low-rank": 1e-3, "full": 5e-5}


@dataclass(frozen=True)
class Sentence:
    """A row as tokens.

    Attributes
    ----------
    tokens : list of int
    choices : list of (place, column, node, entry, terminator)
        Where a column left a choice: the place of the token that was chosen, the node of the column's graph, the entry,
        and the token that ends the value there.
    """

    tokens: list[int]
    choices: list[tuple[int, int, int, int, int]]


@dataclass(frozen=True)
class Settings:
    """How to tune; see the parameters of `GReaT`."""

    tuning: str
    rank: int
    max_steps: int
    batch_size: int
    learning_rate: float | None
    class_power: float
    seconds: float


class Speaker:
    """Turns rows into sentences, with the columns in an order of its own each time.

    Parameters
    ----------
    label : Words
    words : sequence of Words
    rows : (n, D) int64
        Position of each cell's value.
    y : (n,) int64
        Position of each row's label.
    start, comma, end : int
        Tokens.
    """

    def __init__(
        self,
        label: Words,
        words: Sequence[Words],
        rows: NDArray[np.int64],
        y: NDArray[np.int64],
        start: int,
        comma: int,
        end: int,
    ) -> None:
        self.label, self.words, self.rows, self.y = label, words, rows, y
        self.start, self.comma, self.end = start, comma, end
        self._choices = [[w.graph.walk(w.written(i))[1] for i in range(len(w))] for w in words]

    def sentence(self, row: int, order: Sequence[int]) -> Sentence:
        """Give the sentence of a row with its columns in an order."""
        tokens = [self.start, *self.label.opening, *self.label.written(self.y[row])]
        choices = []
        for j in order:
            words, value = self.words[j], self.rows[row, j]
            tokens += [self.comma, *words.opening]
            terminator = self.end if j == order[-1] else self.comma
            choices += [
                (len(tokens) + place, j, node, entry, terminator)
                for place, node, entry in self._choices[j][value]
            ]
            tokens += words.written(value)
        return Sentence([*tokens, self.end], choices)

    def batch(self, rows: Sequence[int], rng: np.random.Generator) -> list[Sentence]:
        """Give the sentences of rows."""
        n_columns = len(self.words)
        return [self.sentence(int(row), rng.permutation(n_columns).tolist()) for row in rows]

    def loss(self, network: LanguageModel, sentences: Sequence[Sentence]) -> Tensor:
        """Give the mean of minus the log-likelihood of a cell, in nats."""
        device = next(network.parameters()).device
        width = max(len(s.tokens) for s in sentences) - 1  # nothing follows the last
        tokens, mask = np.zeros((2, len(sentences), width), dtype=np.int64)
        for i, sentence in enumerate(sentences):
            size = len(sentence.tokens) - 1
            tokens[i, :size], mask[i, :size] = sentence.tokens[:-1], 1
        positions = torch.arange(width, device=device).expand(len(sentences), -1)
        logits, _ = network(
            torch.from_numpy(tokens).to(device), torch.from_numpy(mask).to(device), positions
        )
        total = logits.new_zeros((), dtype=torch.float32)
        for j, words in enumerate(self.words):
            found = [
                (i, place - 1, node, entry, terminator)
                for i, sentence in enumerate(sentences)
                for place, column, node, entry, terminator in sentence.choices
                if column == j
            ]
            if not found:
                continue
            row, place, nodes, entries, ends = np.array(found, dtype=np.int64).T.copy()
            here = logits[torch.from_numpy(row), torch.from_numpy(place)].float()
            scores = entry_logits(here, words.graph, nodes, ends)
            target = torch.from_numpy(entries).to(device)
            total = total + nn.functional.cross_entropy(scores, target, reduction="sum")
        return total / (len(sentences) * len(self.words))


class Tuner:
    """One step of the fine-tuning, the score of held-out rows, and the clock.

    Attributes
    ----------
    before, after : float
        Nats a cell of rows that are not tuned on (of some that are, where none are held out).
    """

    def __init__(
        self,
        network: LanguageModel,
        speaker: Speaker,
        settings: Settings,
        rng: np.random.Generator,
    ) -> None:
        self.network, self.speaker, self.settings = network, speaker, settings
        self.rng = rng
        self.generator = torch.Generator().manual_seed(int(rng.integers(2**63 - 1)))
        y = torch.from_numpy(speaker.y)
        held = hold_out(y, self.generator).numpy()
        self.rows, self.has_held = np.flatnonzero(~held), bool(held.any())
        seen = rng.permutation(np.flatnonzero(held) if self.has_held else self.rows)[:MOST_HELD]
        held_rows = speaker.batch(seen.tolist(), rng)
        read = np.cumsum([len(sentence.tokens) for sentence in held_rows])
        self.held = held_rows[: max(1, int(np.searchsorted(read, MOST_TOKENS, "right")))]
        self.n_steps, self.n_planned = 0, settings.max_steps
        self.before = self.after = float("nan")

    def tune(self) -> Training:
        """Tune the network in place."""
        settings, network = self.settings, self.network
        if settings.tuning == "low-rank":
            module: nn.Module = adapt(
                network, network.layers(), settings.rank, SCALE, self.generator
            )
        else:
            module = network.requires_grad_(True)
        moved = [p for p in module.parameters() if p.requires_grad]
        self.rate = settings.learning_rate or LEARNING_RATE[settings.tuning]
        self.optimiser = FlatAdam(moved, learning_rate=self.rate, max_norm=GRADIENT_NORM)
        self.before = self.score()
        self.began = time.monotonic()
        most = settings.max_steps
        budget = Budget(most, min(PATIENCE * EVALUATE_EVERY, most), EVALUATE_EVERY, PATIENCE)
        training = train(
            module, self.step, self.batches(), budget, self.score if self.has_held else None
        )
        merge(network)
        network.requires_grad_(False)
        for p in network.parameters():
            p.data, p.grad = p.data.clone(), None  # no longer views of the optimiser's vector
        evaluated = training.history.get(
            "score"
        )  # of the state that is kept; another reading would cost seconds
        self.after = min(evaluated) if evaluated else self.score()
        if self.n_planned < most and self.n_steps >= self.n_planned:
            training.stopped = f"train_seconds are spent, after {self.n_steps} of {most} steps"
        return training

    def step(self, rows: NDArray[np.int64]) -> dict[str, Tensor]:
        """Move by one batch of row positions (B,)."""
        self.optimiser.zero_grad()
        loss = self.speaker.loss(self.network, self.speaker.batch(rows.tolist(), self.rng))
        loss.backward()
        left = 1 - self.n_steps / self.n_planned
        self.optimiser.learning_rate = self.rate * min(1.0, (self.n_steps + 1) / WARM_UP) * left
        self.optimiser.step()
        self.n_steps += 1
        return {"loss": loss.detach()}

    @torch.no_grad()
    def score(self) -> float:
        """Give the nats a cell of the held-out rows, always in the same orders."""
        size = 2 * self.settings.batch_size
        parts = [self.held[i : i + size] for i in range(0, len(self.held), size)]
        losses = [float(self.speaker.loss(self.network, part)) * len(part) for part in parts]
        return sum(losses) / len(self.held)

    def batches(self) -> Iterator[NDArray[np.int64]]:
        """Give batches of row positions (B,), as many as the budget of seconds allows."""
        size = min(self.settings.batch_size, len(self.rows))
        y = torch.from_numpy(self.speaker.y[self.rows])
        first = self.began
        while True:
            order = self.rows[tempered_order(y, self.settings.class_power, self.generator).numpy()]
            for start in range(0, len(order) - size + 1, size):
                now = time.monotonic()
                if self.n_steps == WARM_UP - 2:
                    first = now
                elif self.n_steps == WARM_UP:
                    self._plan((now - first) / 2, self.settings.seconds - (now - self.began))
                if self.n_steps >= self.n_planned or now - self.began > self.settings.seconds:
                    self.n_planned = min(self.n_planned, self.n_steps)
                    return
                yield order[start : start + size]

    def _plan(self, pace: float, left: float) -> None:
        """Count the steps that the seconds left allow, so that the rate can fall to zero by then."""
        evaluation = pace * len(self.held) / (3 * self.settings.batch_size * EVALUATE_EVERY)
        affordable = self.n_steps + int(max(left, 0) / (pace + evaluation))
        self.n_planned = max(self.n_steps, min(self.n_planned, affordable))
