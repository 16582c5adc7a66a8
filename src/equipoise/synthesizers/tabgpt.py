"""TabGPT: a small transformer that writes a row column by column, after its class.

V. Borisov, K. Sessler, T. Leemann, M. Pawelczyk and G. Kasneci, Language models are realistic tabular data generators,
ICLR 2023, arXiv:2210.06280, section 3 (rows in any order of the columns, and cells as prompts), and A. V. Solatorio
and O. Dupriez, REaLTabFormer, arXiv:2302.02041 (a transformer from scratch, on tokens of the columns' own). Written
from the papers. Departures:

- There is no language and no pretrained model. A column is one token, and each softmax goes over the tokens of its own
  column, so that no row has to be refused.
- The label comes first in every row. It is always given, so its own law is not learnt.
- Columns may also come in the order of the table, after those that are given: of half the batches in training a random
  set of columns, of the other half none. Few orders are learnt better than all of them, and rows copied sooner.
- Training starts from the frequencies of each class, column by column: what is left to learn is how columns hang
  together.
- Bins of numbers hold equal shares of the batches, in which rare classes are held more often than in the table.
- Training stops on a tenth of the rows, and some of the tokens that are read are left out; both keep it from learning
  rows by heart. (Random tokens in their place would teach it that columns which copy each other sometimes do not.)
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from equipoise.errors import OptionError
from equipoise.networks.training import Budget, Training, train
from equipoise.networks.transformer import RowTransformer
from equipoise.synthesizers._held_out import NOTHING, held_out_of
from equipoise.synthesizers._networks import NetworkSynthesizer, generator_of
from equipoise.synthesizers._options import (
    check_above_zero,
    check_choices,
    check_share,
    check_whole,
    check_zero_or_more,
)
from equipoise.synthesizers._prompted import Given, Prompted
from equipoise.synthesizers._row_learner import Learner, Orders, Recipe
from equipoise.tables.coded import Coded
from equipoise.tables.tokens import Decoding, RowTokens

PASSES, MOST_PASSES = 40, 100  # over the rows, where the number of steps is not given: the former,
USUAL_STEPS, LEAST_STEPS = (
    700,
    300,
)  # or so many steps if that is more, but not more than the latter or so many steps
SETTLED = 300  # steps before which training does not stop
EVALUATE_EVERY = 50
BATCH_TOKENS = 1_200  # of a batch, where its rows are not given
CHUNK = 1_000  # rows made at a time, in one order


@dataclass(frozen=True)
class Sizes:
    """What a fit uses: the user's choices, or else those that suit the number of rows and columns."""

    batch_size: int
    max_steps: int


class TabGPT(NetworkSynthesizer, Prompted):
    """A transformer over the columns of a row, trained from scratch; no pretrained model is used.

    Beside the class, other cells can be given: ``sample({"yes": 100}, given={"job": "cook"})``.

    Parameters
    ----------
    width : int, default=64
        Dimensions of the embeddings, a multiple of `heads`.
    depth : int, default=2
        Layers.
    heads : int, default=4
    batch_size : int, optional
        By default such that a batch holds about 1,200 tokens, from 32 to 256 rows.
    max_steps : int, optional
        Steps of the optimiser at most. By default those of 40 passes over the rows, within 700 and 1,500 (2,500 if
        n >= 10,000), but of 100 passes at most or 300 steps; and 300 where no rows are held out.
    patience : int, default=8
        Evaluations, one every 50 steps, without a better score on the held-out rows after which training stops, though
        not before 300 steps.
    learning_rate : float, default=0.003
        After a warm-up of 100 steps; it falls to a tenth along a cosine.
    weight_decay : float, default=0.01
        Apart from the gradient, on all but biases and norms.
    dropout : float, default=0.1
        Share of the dimensions of each residual that is left out.
    token_dropout : float, default=0.1
        Share of the tokens that are left out where training reads them.
    class_power : float, default=0.25
        A batch holds class c in proportion to n_c to this power: 1 is as in the table, 0 is balanced.
    order : {"random", "table"}, default="random"
        In which order columns are written after those that are given: any, as published, or that of the table.
    max_bins : int, default=64
        Bins of a number at most; fewer if there are fewer than 20 rows for each.
    precision : int, default=1
        Parts of a bin that a second token of the number tells apart; 1 is to have no second token.
    decode : {"jitter", "value", "uniform"}, default="jitter"
        Whether the number made from a bin is a training value moved up to half way to the next, such a value as it is,
        or uniform in the bin.
    temperature : float, default=1.0
        Of the draws; lower makes likely cells likelier and rare ones rarer.
    random_state : None, int, Generator or RandomState, default=None

    Attributes
    ----------
    tokens_ : RowTokens
    network_ : RowTransformer or None
        None where there was too little to train on, or no column to learn.
    sizes_ : Sizes
        What was used of the parameters that may be None.
    n_steps_, best_step_ : int
        Steps taken, and those after which the network that was kept had been reached.
    stopped_ : str
        Why training ended, and which rows were held out: a tenth of each class of 10 rows or more; or, where no class
        has so many, of all rows, though never all of a class; none if there are fewer than 40 rows or all classes are
        of one row.
    history_ : dict of str to list of float
        At each evaluation ``step``, the mean ``loss`` since the last one, and ``score``, that of held-out rows: nats
        for each token.

    Notes
    -----
    The law of a row is the product over its columns of softmax laws given the class and the columns before it. A class
    of very few rows is mostly made like the others. A table of fewer than 10 rows is drawn column by column; this, and
    a class of one row, is recorded in `fallbacks_`.

    References
    ----------
    V. Borisov, K. Sessler, T. Leemann, M. Pawelczyk, G. Kasneci, Language models are realistic tabular data generators,
    ICLR 2023, arXiv:2210.06280. A. V. Solatorio, O. Dupriez, REaLTabFormer, arXiv:2302.02041.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"height": [1.5, 1.6, 1.7, 1.8] * 25, "left": [True, False] * 50})
    >>> model = TabGPT(max_steps=20, random_state=0).fit(X, ["a"] * 90 + ["b"] * 10)
    >>> X_new, y_new = model.sample({"b": 3}, given={"left": True}, random_state=1)
    >>> X_new["left"].tolist(), set(y_new)
    ([True, True, True], {'b'})
    """

    how_it_conditions: ClassVar[str] = "prompt: the label is the first token"

    def __init__(
        self,
        *,
        width: int = 64,
        depth: int = 2,
        heads: int = 4,
        batch_size: int | None = None,
        max_steps: int | None = None,
        patience: int = 8,
        learning_rate: float = 3e-3,
        weight_decay: float = 0.01,
        dropout: float = 0.1,
        token_dropout: float = 0.1,
        class_power: float = 0.25,
        order: Literal["random", "table"] = "random",
        max_bins: int = 64,
        precision: int = 1,
        decode: Decoding = "jitter",
        temperature: float = 1.0,
        random_state: Any = None,
    ) -> None:
        self.width = width
        self.depth = depth
        self.heads = heads
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.patience = patience
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.token_dropout = token_dropout
        self.class_power = class_power
        self.order = order
        self.max_bins = max_bins
        self.precision = precision
        self.decode = decode
        self.temperature = temperature
        self.random_state = random_state

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        super()._fit(table, y, rng)
        weights = np.maximum(self.class_counts_, 1.0)[y] ** (self.class_power - 1)
        self.tokens_ = RowTokens.fit(
            self.schema_, table, weights, max_bins=self.max_bins, parts=self.precision
        )
        held_out = held_out_of(self.class_counts_)
        self.sizes_ = self._sizes(len(table), held_out != NOTHING)
        self.network_: RowTransformer | None = None
        self.n_steps_ = self.best_step_ = 0
        if not self._has_enough(table, y, rng, len(self.tokens_.sources)):
            return
        training = self._train(table, y, rng)
        self.history_ = training.history
        self.stopped_ = f"{training.stopped} (held out: {held_out})"
        self.n_steps_, self.best_step_ = training.n_steps, training.best_step
        if training.failed and not training.best_step:
            self.network_ = None
            self._fall_back(table, y, rng, self.stopped_)
            return
        self._note_classes_of_one_row("its rows are mostly like those of others")

    def _train(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> Training:
        generator = generator_of(rng)
        self.network_ = RowTransformer(
            sizes=self.tokens_.sizes,
            n_classes=len(self.labels_),
            width=self.width,
            depth=self.depth,
            heads=self.heads,
            ordered=self.tokens_.ordered,
            generator=generator,
        )
        rows = torch.from_numpy(self.tokens_.encode(table))
        orders = Orders(self._groups(), self.order == "table")
        recipe = Recipe(
            batch_size=self.sizes_.batch_size,
            max_steps=self.sizes_.max_steps,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            dropout=self.dropout,
            token_dropout=self.token_dropout,
            class_power=self.class_power,
        )
        learner = Learner(recipe, self.network_, rows, torch.from_numpy(y), orders, generator)
        most = self.sizes_.max_steps
        budget = Budget(most, min(SETTLED, most), EVALUATE_EVERY, self.patience)
        evaluate = learner.evaluate if learner.n_held_out else None
        return train(self.network_, learner.step, learner.batches(), budget, evaluate)

    def _sample_given(
        self, counts: NDArray[np.int64], given: Given, rng: np.random.Generator
    ) -> tuple[Coded, NDArray[np.int64]]:
        if self._columns is not None:
            return self._columns._sample(counts, rng), counts
        n = int(counts.sum())
        if self.network_ is None:
            return Coded(np.empty((n, 0)), np.empty((n, 0), dtype=np.int64)), counts
        first, known = self._known(given)
        orders = Orders(self._groups(), self.order == "table")
        y = torch.from_numpy(np.repeat(np.arange(len(counts)), counts))
        generator = generator_of(rng)
        # Chunks hold rows of all classes alike, so that no class is made in one order alone.
        shuffle = torch.randperm(n, generator=generator)
        rows = torch.empty(n, len(self.tokens_.sources), dtype=torch.int64)
        for here in shuffle.split(CHUNK):
            rows[here] = self.network_.draw(
                y[here],
                orders.after(first, generator),
                generator,
                known=known.expand(len(here), -1),
                temperature=self.temperature,
            )
        return self.tokens_.decode(rows.numpy(), rng, self.decode), counts

    def _known(self, given: Given) -> tuple[list[int], Tensor]:
        """Give the groups of columns that are given, in the order of the table, and their tokens (1, k)."""
        groups = self._groups()
        held = {self.tokens_.columns_of("number", j) for j in given.numbers}
        held |= {self.tokens_.columns_of("level", j) for j in given.codes}
        first = [g for g, group in enumerate(groups) if group in held]
        blank = Coded(
            np.full((1, len(self.tokens_.cells)), np.nan),
            np.zeros((1, len(self.tokens_.levels)), dtype=np.int64),
        )
        tokens = self.tokens_.encode(given.put(blank))
        places = [k for g in first for k in groups[g]]
        return first, torch.from_numpy(tokens[:, places])

    def _groups(self) -> list[tuple[int, ...]]:
        """Give the columns of tokens of each column of the table that is learnt."""
        groups: list[tuple[int, ...]] = []
        for k, (kind, _) in enumerate(self.tokens_.sources):
            if kind == "place":
                groups[-1] += (k,)
            else:
                groups.append((k,))
        return groups

    def _sizes(self, n: int, held_out: bool) -> Sizes:
        length = max(len(self.tokens_.sources), 1)
        batch = min(self.batch_size or min(256, max(32, BATCH_TOKENS // length)), n)
        # A small table is overfitted soon, and the learning rate should have fallen by then; one of a few hundred rows
        # is copied before held-out rows show it.
        most = max(MOST_PASSES * n // batch, LEAST_STEPS)
        steps = min(max(PASSES * n // batch, USUAL_STEPS), most, 2_500 if n >= 10_000 else 1_500)
        return Sizes(
            batch_size=batch,
            max_steps=self.max_steps or (steps if held_out else LEAST_STEPS),
        )

    def _check_options(self) -> None:
        check_whole(self, "width", "depth", "heads", "patience", "precision")
        check_whole(self, "batch_size", "max_steps", optional=True)
        check_whole(self, "max_bins", least=2)
        check_above_zero(self, "learning_rate", "temperature")
        check_zero_or_more(self, "weight_decay")
        check_share(self, "dropout", "token_dropout", one=False)
        check_share(self, "class_power")
        check_choices(self, order=("random", "table"), decode=("jitter", "value", "uniform"))
        if self.width % self.heads:
            raise OptionError(
                f"width must be a multiple of heads, got {self.width} and {self.heads}"
            )
