"""Rows written by a language model, many at a time: it is asked only where a column leaves a choice.

The rows of a batch share an order of the columns, so that names are read by all at once. Values have lengths of their
own: a row that has less to read than others is padded on the left, and what is padded is masked, now and later.
"""

import time
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from equipoise.synthesizers._language import LanguageModel
from equipoise.synthesizers._tries import END, Graph
from equipoise.synthesizers._words import Words

LEAST = -1e30  # in place of what is no number: still above what may not be chosen


class Reading:
    """What the rows of a batch have read so far, and what each is to read next.

    Parameters
    ----------
    network : LanguageModel
    start : int
        Token that all rows begin with.
    n_rows : int

    Attributes
    ----------
    pending : list of list of int
        Tokens that each row has yet to read.
    """

    def __init__(self, network: LanguageModel, start: int, n_rows: int) -> None:
        self._network = network
        self._device = next(network.parameters()).device
        self._mask = torch.zeros(n_rows, 0, dtype=torch.int64, device=self._device)
        self._past = None
        # A padded place must have something to look at, so that the first token is read alone.
        self.pending: list[list[int]] = [[start] for _ in range(n_rows)]
        self.read()

    @torch.no_grad()
    def read(self) -> Tensor:
        """Read what is pending; give the logits (B, U) of what comes next, without meaning where a row had nothing."""
        width = max(1, *map(len, self.pending))
        tokens, real = np.zeros((2, len(self.pending), width), dtype=np.int64)
        for i, row in enumerate(self.pending):
            if row:
                tokens[i, -len(row) :], real[i, -len(row) :] = row, 1
        new = torch.from_numpy(real).to(self._device)
        before = self._mask.sum(dim=1, keepdim=True)
        positions = (before + new.cumsum(dim=1) - 1).clamp(min=0)
        self._mask = torch.cat([self._mask, new], dim=1)
        logits, self._past = self._network(
            torch.from_numpy(tokens).to(self._device), self._mask, positions, self._past, keep=True
        )
        self.pending = [[] for _ in self.pending]
        return logits[:, -1].float().cpu()


class Writer:
    """Writes batches of rows.

    Parameters
    ----------
    network : LanguageModel
    words : sequence of Words
        The columns.
    start, comma, end : int
        Tokens before a row, between its values, and after the last.
    temperature : float
    generator : torch.Generator
    """

    def __init__(
        self,
        network: LanguageModel,
        words: Sequence[Words],
        start: int,
        comma: int,
        end: int,
        temperature: float,
        generator: torch.Generator,
    ) -> None:
        self.network, self.words = network, words
        self.start, self.comma, self.end = start, comma, end
        self.temperature, self.generator = temperature, generator

    def write(
        self,
        prompts: Sequence[Sequence[int]],
        order: Sequence[int],
        rng: np.random.Generator,
        deadline: float,
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
        """Write one row after each prompt.

        Parameters
        ----------
        prompts : sequence of sequence of int
            Tokens that each row begins with, up to and without the comma after them.
        order : sequence of int
            Columns to be written, by position.
        rng : Generator
            For values that read the same.
        deadline : float
            Time on the monotonic clock after which to give up.

        Returns
        -------
        values : (B, D) float64
            NaN where missing, and in columns that were not to be written.
        fine : (B,) bool
            Whether the model gave finite numbers for the row all along; if not, the row is still a valid one.
        None
            If the time ran out.
        """
        values = np.full((len(prompts), len(self.words)), np.nan)
        fine = np.ones(len(prompts), dtype=bool)
        reading = Reading(self.network, self.start, len(prompts))
        reading.pending = [list(prompt) for prompt in prompts]
        for j in order:
            words = self.words[j]
            for row in reading.pending:
                row += [self.comma, *words.opening]
            terminator = self.end if j == order[-1] else self.comma
            written = self._value(reading, words.graph, terminator, fine, deadline)
            if written is None:
                return None
            values[:, j] = [words.value(end, tokens, rng) for end, tokens in written]
        return values, fine

    def _value(
        self,
        reading: Reading,
        graph: Graph,
        terminator: int,
        fine: NDArray[np.bool_],
        deadline: float,
    ) -> list[tuple[int, list[int]]] | None:
        """Write one column of all rows: give the node at which each ended and its tokens."""
        nodes = [0] * len(fine)
        tokens: list[list[int]] = [[] for _ in nodes]
        open_rows = list(range(len(nodes)))

        def take(i: int, entry: int) -> bool:
            token, target = graph.step(nodes[i], entry)
            if token == END:
                return False
            reading.pending[i].append(token)
            tokens[i].append(token)
            nodes[i] = target
            return True

        def goes_on(i: int) -> bool:
            while not graph.is_choice(nodes[i]):
                if not take(i, 0):
                    return False
            return True

        while open_rows := [i for i in open_rows if goes_on(i)]:
            if time.monotonic() > deadline:
                return None
            logits = reading.read()[open_rows]
            at = np.array([nodes[i] for i in open_rows])
            entries, finite = self._choose(logits, graph, at, terminator)
            fine[open_rows] &= finite
            open_rows = [i for i, entry in zip(open_rows, entries, strict=True) if take(i, entry)]
        return list(zip(nodes, tokens, strict=True))

    def _choose(
        self, logits: Tensor, graph: Graph, nodes: NDArray[np.int64], terminator: int
    ) -> tuple[list[int], NDArray[np.bool_]]:
        """Draw an entry of each node by the largest of logits plus Gumbel noise."""
        scores = entry_logits(logits, graph, nodes, terminator) / self.temperature
        fine = (torch.isfinite(scores) | (scores == -torch.inf)).all(dim=1)
        scores = torch.nan_to_num(scores, nan=LEAST, posinf=-LEAST, neginf=-torch.inf)
        noise = torch.empty_like(scores).exponential_(generator=self.generator).clamp_(min=1e-30)
        return (scores - noise.log()).argmax(dim=1).tolist(), fine.numpy()


def entry_logits(
    logits: Tensor, graph: Graph, nodes: NDArray[np.int64], terminator: int | NDArray[np.int64]
) -> Tensor:
    """Gather the logits of the entries of one node a row; -inf where a node has fewer than others.

    Shape: (B, U) and (B,) to (B, E).
    """
    sizes = graph.first[nodes + 1] - graph.first[nodes]
    steps = np.arange(sizes.max())
    inside = steps < sizes[:, None]
    tokens = graph.tokens[np.where(inside, graph.first[nodes][:, None] + steps, 0)]
    ends = np.broadcast_to(np.asarray(terminator).reshape(-1, 1), tokens.shape)
    tokens = np.where(tokens == END, ends, tokens)
    gathered = logits.gather(1, torch.from_numpy(tokens).to(logits.device))
    return gathered.masked_fill(~torch.from_numpy(inside).to(logits.device), -torch.inf)
