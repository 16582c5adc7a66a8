"""CTGAN: a conditional generative adversarial network of a table.

L. Xu, M. Skoularidou, A. Cuesta-Infante and K. Veeramachaneni, Modeling Tabular Data using Conditional GAN, NeurIPS
2019, arXiv:1907.00503: section 4.2 (mode-specific normalisation), 4.3 (conditions, training by sampling), 4.4 and
appendix (networks, losses). Written from the paper.

Departures. The class is no column of the rows: it is part of every condition, so that rows of a class are made, never
waited for. When rows are drawn the generator's moments are those of training, whatever is asked for, so that a row
does not depend on its batch; conditions have the frequencies of the class, not their logarithms. The budget is in
steps, and the checkpoint that is kept is the one whose rows are nearest to training rows in all pairs of columns. What
is kept is a running mean of the generator, and its marginals are set right at the end (`_marginals`). The critic
judges single rows unless it is told to judge packs, drops nothing out, and learns three times as fast as the generator
(M. Heusel et al., GANs trained by a two time-scale update rule converge to a local Nash equilibrium, NeurIPS 2017,
arXiv:1706.08500). On tables below 10,000 rows products are rounded to bfloat16 in training, where that is faster.
`CTGAN.published` is as near to the paper as parameters go; its docstring says what stays.
"""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from equipoise.errors import OptionError
from equipoise.networks.adversarial import Activation, Critic, Generator
from equipoise.networks.conditions import ConditionLaw, Conditions
from equipoise.networks.duel import Duel, Rules
from equipoise.networks.precision import coarse_products
from equipoise.networks.training import Budget, train
from equipoise.synthesizers._base import proportional
from equipoise.synthesizers._ctgan_options import PUBLISHED
from equipoise.synthesizers._held_out import hold_out
from equipoise.synthesizers._marginals import LEAST_ROWS as LEAST_OF_CLASS
from equipoise.synthesizers._marginals import Maps, Marginals, shifts, wanted_shares
from equipoise.synthesizers._networks import NetworkSynthesizer, generator_of
from equipoise.synthesizers._options import (
    check_above_zero,
    check_choices,
    check_share,
    check_whole,
    check_widths,
    check_zero_or_more,
)
from equipoise.synthesizers._slices import Slices
from equipoise.tables.coded import Coded
from equipoise.tables.encoder import TableEncoder
from equipoise.tables.layout import Layout

LEAST_STEPS = 3_000
EPOCHS = 300
EVALUATE_EVERY = 100
MOST_SCORED = 4_000  # rows that a checkpoint is judged by
SCORE_BATCHES = 10  # that the generator's moments are taken over for it
CALIBRATION_ROWS = 4_000  # generated of each class for its marginals
CHUNK = 10_000  # rows decoded at a time
# Rows; with more the generator gets nearer to the table than rounded products let it.
COARSE_BELOW = 10_000


@dataclass(frozen=True)
class Sizes:
    """What a fit uses: the user's choices, or else those that suit the number of rows."""

    batch_size: int
    max_steps: int


class CTGAN(NetworkSynthesizer):
    """Conditional tabular GAN.

    Parameters
    ----------
    noise : int, default=128
        Dimensions of the noise that a row is made from.
    hidden : tuple of int, default=(256, 256)
        Widths of the hidden layers of generator and critic.
    batch_size : int, optional
        A multiple of `pack`. By default a quarter of the rows in tens, from 50 to 500, rounded up to such a multiple:
        on small tables larger ones cost more and gave a classifier no more.
    max_steps : int, optional
        Steps of the generator at most. By default 3,000, or 300 passes over the rows if that is more.
    patience : int, default=20
        Evaluations, one every 100 steps, without a nearer checkpoint after which training stops; not before 1,000
        steps, or the whole budget if that is less.
    judge_by : {"training", "held-out", None}, default="training"
        Rows that checkpoints are compared with, so that the nearest is kept: those that are trained on, or a tenth of
        each class of 10 rows or more, which are then not trained on (tables of fewer than 40 rows hold none out). Both
        choose alike, since a generator never sees a row. None compares nothing and keeps the last generator.
    pack : int, default=1
        Rows that the critic judges together; 10 in the paper, against collapse. A generator that is told the class and
        averaged does not collapse, and packs leave the critic few and wide things to judge.
    critic_steps : int, default=1
        Steps of the critic for one of the generator.
    learning_rate : float, default=0.0003
        Of the generator.
    critic_learning_rate : float, default=0.001
        Of the critic. One that learns no faster than the generator may miss which numbers go together.
    weight_decay : float, default=1e-6
    penalty : float, default=10.0
        Weight of the gradient penalty.
    temperature : float, default=0.2
        Of the Gumbel-softmax in training.
    dropout : float, default=0.0
        Of the critic; 0.5 in the paper.
    log_frequency : bool, default=True
        Whether training draws categories of a condition in proportion to log(1 + count), in place of their count.
    average : float, default=0.995
        Decay of the running mean of the generator that is kept; 0 keeps the generator itself.
    calibrate : bool, default=True
        Whether marginals are set right after training.
    random_state : None, int, Generator or RandomState, default=None

    Attributes
    ----------
    encoder_ : TableEncoder
    generator_ : Generator or None
        None where there was too little to train on, or no column to learn.
    law_ : ConditionLaw or None
        The conditions of the rows of each class.
    marginals_ : Marginals or None
    sizes_ : Sizes
    n_steps_, best_step_ : int
        Steps taken, and those after which the generator that was kept had been reached.
    stopped_ : str
        Why training ended.
    history_ : dict of str to list of float
        At each evaluation ``step``, means since the last one of ``critic`` (the critic's estimate of the distance, its
        sign turned), ``penalty``, ``generator``, ``mismatch`` (cross-entropy of conditions), and ``score``: the mean
        total variation between drawn rows and those they are judged by over pairs of columns; no ``score`` where
        nothing is judged.

    Notes
    -----
    Condition columns are those without a scalar: discrete columns, and numbers of few distinct values. A class of fewer
    than 50 rows has its numbers calibrated together with all rows. A table of fewer than 10 rows is drawn column by
    column; this, and a class of one row, is recorded in `fallbacks_`.

    References
    ----------
    L. Xu, M. Skoularidou, A. Cuesta-Infante and K. Veeramachaneni, Modeling Tabular Data using Conditional GAN, NeurIPS
    2019, arXiv:1907.00503. M. Heusel, H. Ramsauer, T. Unterthiner, B. Nessler and S. Hochreiter, GANs trained by a two
    time-scale update rule converge to a local Nash equilibrium, NeurIPS 2017, arXiv:1706.08500.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"height": [1.5, 1.6, 1.7, 1.8] * 25, "left": [True, False] * 50})
    >>> ctgan = CTGAN(max_steps=20, random_state=0).fit(X, ["a"] * 90 + ["b"] * 10)
    >>> X_new, y_new = ctgan.sample({"b": 3}, random_state=1)
    >>> len(X_new), set(y_new)
    (3, {'b'})
    """

    how_it_conditions: ClassVar[str] = "label in every condition, outside the generated columns"

    def __init__(
        self,
        *,
        noise: int = 128,
        hidden: tuple[int, int] = (256, 256),
        batch_size: int | None = None,
        max_steps: int | None = None,
        patience: int = 20,
        judge_by: Literal["training", "held-out"] | None = "training",
        pack: int = 1,
        critic_steps: int = 1,
        learning_rate: float = 3e-4,
        critic_learning_rate: float = 1e-3,
        weight_decay: float = 1e-6,
        penalty: float = 10.0,
        temperature: float = 0.2,
        dropout: float = 0.0,
        log_frequency: bool = True,
        average: float = 0.995,
        calibrate: bool = True,
        random_state: Any = None,
    ) -> None:
        self.noise = noise
        self.hidden = hidden
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.patience = patience
        self.judge_by = judge_by
        self.pack = pack
        self.critic_steps = critic_steps
        self.learning_rate = learning_rate
        self.critic_learning_rate = critic_learning_rate
        self.weight_decay = weight_decay
        self.penalty = penalty
        self.temperature = temperature
        self.dropout = dropout
        self.log_frequency = log_frequency
        self.average = average
        self.calibrate = calibrate
        self.random_state = random_state

    @classmethod
    def published(cls, **options: Any) -> "CTGAN":
        """Give the CTGAN of the paper, as near as parameters go: packs of ten, its rates, no mean, no calibration.

        The budget is 300 passes, but 3,000 steps at least: on fewer than 5,000 rows n the paper's is
        ``max_steps=300 * max(n // 500, 1)``.

        Parameters
        ----------
        **options
            Parameters that differ from the paper's, and the random state.

        Notes
        -----
        What stays as in `CTGAN()`: the class is in every condition and is no column of the rows; rows are drawn with
        the moments of training and the conditions of the table; missing cells and values that many rows hold are modes
        of their own; products are rounded to bfloat16 in training below 10,000 rows.

        Examples
        --------
        >>> CTGAN.published(max_steps=300).pack
        10
        """
        return cls(**{**PUBLISHED, **options})

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        self.sizes_ = self._sizes(len(table))
        self.encoder_ = TableEncoder().fit(self.schema_, table, rng)
        self.generator_: Generator | None = None
        self.law_: ConditionLaw | None = None
        self.marginals_: Marginals | None = None
        self.n_steps_ = self.best_step_ = 0
        if not self._has_enough(table, y, rng, self.encoder_.layout_.width):
            return
        rows = torch.from_numpy(self.encoder_.transform(table, rng))
        held = self._held(y, rng)
        duel = self._duel(rows[~held], torch.from_numpy(y[~held]), rng)
        judges = held if held.any() else ~held
        if not self._train(duel, table.take(judges), y[judges], rng):
            self.generator_ = None
            self._fall_back(table, y, rng, self.stopped_)
            return
        duel.settle()
        if self.calibrate:
            self.marginals_ = self._calibration(table, y, rows, rng)
        self._note_classes_of_one_row("its rows are mostly like those of others")

    def _held(self, y: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.bool_]:
        """Say which rows (n,) are held out."""
        if self.judge_by != "held-out":
            return np.zeros(len(y), dtype=bool)
        return hold_out(torch.from_numpy(y), generator_of(rng)).numpy()

    def _duel(self, rows: Tensor, y: Tensor, rng: np.random.Generator) -> Duel:
        noise = generator_of(rng)
        layout = self.encoder_.layout_
        conditions = Conditions(
            rows, condition_blocks(layout), y, len(self.labels_),
            log_frequency=self.log_frequency,
        )  # fmt: skip
        rules = Rules(
            self.sizes_.batch_size, self.critic_steps, self.learning_rate,
            self.critic_learning_rate, self.weight_decay, self.penalty, self.average,
        )  # fmt: skip
        condition = conditions.law.width
        generator = Generator(
            width=layout.width, condition=condition, noise=self.noise, hidden=tuple(self.hidden),
            generator=noise,
        )  # fmt: skip
        critic = Critic(
            width=layout.width, condition=condition, pack=self.pack, hidden=self.hidden,
            dropout=self.dropout, generator=noise,
        )  # fmt: skip
        activation = Activation(layout.block_ids, self.temperature)
        duel = Duel(generator, critic, activation, conditions, rows, rules, noise)
        self.generator_, self.law_ = duel.kept, conditions.law
        return duel

    def _train(
        self, duel: Duel, table: Coded, y: NDArray[np.int64], rng: np.random.Generator
    ) -> bool:
        """Train with these rows and classes as judges, and say whether there is a generator to keep."""
        slices = Slices.of(table, y, len(self.labels_), rng)
        n_rows = len(duel.rows)
        counts = proportional(min(n_rows, MOST_SCORED), self.class_counts_)
        # The same numbers each time, so that checkpoints differ by their generators alone.
        seed = int(rng.integers(2**32))

        def evaluate() -> float:
            duel.settle(SCORE_BATCHES)
            drawn = self._draw(counts, np.random.default_rng(seed))
            duel.generator.train()
            return slices.distance(drawn, np.repeat(np.arange(len(counts)), counts))

        most = self.sizes_.max_steps
        budget = Budget(most, min(LEAST_STEPS // 3, most), EVALUATE_EVERY, self.patience)
        with coarse_products() if n_rows < COARSE_BELOW else nullcontext():
            training = train(
                duel.kept, duel.step, duel.batches(), budget, evaluate if self.judge_by else None
            )
        self.history_, self.stopped_ = training.history, training.stopped
        self.n_steps_, self.best_step_ = training.n_steps, training.best_step
        return bool(training.best_step) or not training.failed

    def _calibration(
        self, table: Coded, y: NDArray[np.int64], rows: Tensor, rng: np.random.Generator
    ) -> Marginals:
        """Learn what sets the marginals of each class right."""
        n_classes = len(self.labels_)
        blocks = Activation(self.encoder_.layout_.block_ids, 1.0).blocks
        shares = wanted_shares(rows, torch.from_numpy(y), n_classes, blocks.positions)
        noise = generator_of(rng)
        logits = torch.zeros_like(shares)
        for k in range(n_classes):
            raw = self._raw(np.full(CALIBRATION_ROWS, k), noise)
            logits[k] = shifts(raw.index_select(1, blocks.positions), shares[k], blocks)
        self.marginals_ = Marginals(logits, (), ())
        modes = self.encoder_.numbers_
        maps, map_of = [], []
        for k, count in enumerate(self.class_counts_):
            if count >= LEAST_OF_CLASS:
                counts = np.zeros(n_classes, dtype=np.int64)
                counts[k] = CALIBRATION_ROWS
                maps.append(Maps.fit(self._draw(counts, rng), table.take(y == k), modes))
                map_of.append(len(maps) - 1)
            else:
                map_of.append(-1)
        if -1 in map_of:
            drawn = self._draw(proportional(CALIBRATION_ROWS, self.class_counts_), rng)
            maps.append(Maps.fit(drawn, table, modes))
        last = len(maps) - 1
        return Marginals(logits, tuple(maps), tuple(last if m < 0 else m for m in map_of))

    def _sample(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        if self._columns is not None:
            return self._columns._sample(counts, rng)
        if self.generator_ is None:
            return self.encoder_.inverse(np.zeros((int(counts.sum()), 0)), rng)
        table = self._draw(counts, rng)
        if self.marginals_ is None:
            return table
        return self.marginals_.move(table, np.repeat(np.arange(len(counts)), counts), rng)

    def _draw(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        """Draw rows of each class; numbers are as the generator has them."""
        noise = generator_of(rng)
        y = np.repeat(np.arange(len(counts)), counts)
        activation = Activation(self.encoder_.layout_.block_ids, self.temperature)
        parts = []
        for start in range(0, max(len(y), 1), CHUNK):
            classes = y[start : start + CHUNK]
            raw = self._raw(classes, noise)
            shift: Tensor | float = 0.0
            if self.marginals_ is not None:
                shift = self.marginals_.logits[torch.from_numpy(classes)]
            rows = activation.hard(raw, noise, shift)
            parts.append(self.encoder_.inverse(rows.numpy(), rng))
        return Coded.concat(parts)

    @torch.no_grad()
    def _raw(self, classes: NDArray[np.int64], noise: torch.Generator) -> Tensor:
        """Give raw rows (m, R) of these classes (m,), conditions being as the classes have them."""
        if self.generator_ is None or self.law_ is None:
            raise OptionError(f"this CTGAN has no network: {self.stopped_}")
        conditions = self.law_.vectors(self.law_.natural(torch.from_numpy(classes), noise))
        return self.generator_(torch.randn(len(classes), self.noise, generator=noise), conditions)

    def _sizes(self, n: int) -> Sizes:
        pack = self.pack
        batch = self.batch_size or max(50, min(500, 10 * (n // 40)))
        batch = -(-batch // pack) * pack if self.batch_size is None else batch
        epoch = max(n // batch, 1)
        return Sizes(batch, self.max_steps or max(LEAST_STEPS, EPOCHS * epoch))

    def _check_options(self) -> None:
        check_whole(self, "noise", "patience", "pack", "critic_steps")
        check_whole(self, "batch_size", "max_steps", optional=True)
        check_widths(self, "hidden", 2)
        check_above_zero(self, "learning_rate", "critic_learning_rate", "temperature")
        check_zero_or_more(self, "weight_decay", "penalty")
        check_share(self, "dropout", "average", one=False)
        check_choices(self, judge_by=("training", "held-out", None))
        check_choices(self, log_frequency=(False, True), calibrate=(False, True))
        if self.batch_size is not None and self.batch_size % self.pack:
            raise OptionError(
                f"batch_size must be a multiple of pack, got {self.batch_size} and {self.pack}"
            )


def condition_blocks(layout: Layout) -> list[tuple[int, int]]:
    """Give the blocks that conditions may name: those of columns that have no scalar."""
    with_scalar = {span.column for span in layout.spans if span.activation == "tanh"}
    return [(s.start, s.stop) for s in layout.spans if s.column not in with_scalar]
