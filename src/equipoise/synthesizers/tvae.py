"""TVAE: a variational auto-encoder of a table, told the class of every row.

L. Xu, M. Skoularidou, A. Cuesta-Infante and K. Veeramachaneni, Modeling Tabular Data using Conditional GAN,
NeurIPS 2019, arXiv:1907.00503: section 4.2 (encoding), section 4.4 and appendix (networks, losses). Written from the
paper.

Departures. The label is no column of the rows: both networks are told it as a one-hot, so that rows of a class are
made, never waited for (K. Sohn, H. Lee and X. Yan, Learning structured output representation using deep conditional
generative models, NeurIPS 2015). Batches hold rare classes more often than the table does. Codes are drawn from a law
learnt for each class after training, where the paper has the prior. Categories and modes are drawn from the decoder's
distribution, where common implementations take the likeliest. A scalar has one mean and one standard deviation for each
of its modes, where the paper has one for all. The budget is counted in steps and ends early on held-out training rows;
a tenth of them is held out, and no warm-up of the divergence is used, which on small tables costs bound and time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from equipoise.errors import OptionError
from equipoise.networks.blocks import one_hot, tempered_order
from equipoise.networks.optimiser import FlatAdam
from equipoise.networks.training import Budget, Training, train
from equipoise.networks.variational import RowLaw, VariationalAutoencoder
from equipoise.synthesizers._base import Synthesizer
from equipoise.synthesizers._codes import CodeLaw
from equipoise.synthesizers._held_out import NOTHING, held_out_of, hold_out
from equipoise.synthesizers.independent import IndependentColumns
from equipoise.tables.coded import Coded
from equipoise.tables.encoder import TableEncoder

LEAST_ROWS = 10  # a table of fewer trains no network
SHORT = 1_000  # steps, where none are held out
FILLED = 50  # rows of a class from which on its prior is trusted alone
SETTLED = 500  # steps before which training does not stop, nor a code count as collapsed
GRADIENT_NORM = 5.0
# A code has collapsed if at most one of its dimensions holds 0.01 nats: 0.05 nats of each are free from then on. (Most
# dimensions of a wide code are unused without harm, and to free nats of them all would spoil the bound.)
USED, FREE = 0.01, 0.05
EVALUATE_EVERY = 25
CHUNK = 10_000  # rows decoded at a time


@dataclass(frozen=True)
class Sizes:
    """What a fit uses: the user's choices, or else those that suit the number of rows."""

    latent: int
    hidden: tuple[int, ...]
    batch_size: int
    max_steps: int
    weight_decay: float


class TVAE(Synthesizer):
    """Tabular variational auto-encoder, conditional on the class.

    Parameters
    ----------
    latent : int, optional
        Dimensions of the code z. By the number of rows n if None: 32 if n < 2,000, 64 if n < 10,000, else 128.
    hidden : tuple of int, optional
        Widths of the encoder's hidden layers; the decoder has them in reverse. By default (128, 128).
    batch_size : int, optional
        By default 128 if n < 2,000, 256 if n < 10,000, else 500.
    max_steps : int, optional
        Steps of the optimiser at most. By default 3,000; 1,000 where no rows are held out.
    patience : int, default=15
        Evaluations, one every 25 steps, without a better bound on the held-out rows after which training stops, though
        not before 500 steps.
    learning_rate : float, default=0.002
    weight_decay : float, optional
        L2, on all but the standard deviations. By default 1e-4 if n < 2,000, else 1e-5.
    loss_factor : float, default=2.0
        Weight of the reconstruction against the divergence.
    class_power : float, default=0.5
        A batch holds class c in proportion to n_c to this power: 1 is as in the table, 0 is balanced.
    codes : {"class", "prior"}, default="class"
        Whether codes are drawn from the law of the codes of the class, learnt after training, or from N(0, I).
    decode : {"draw", "argmax"}, default="draw"
        Whether categories and modes are drawn from the decoder's distribution or the likeliest is taken, which makes
        rare ones rarer.
    temperature : float, default=1.0
        Of the draws; lower is more like argmax.
    random_state : None, int, Generator or RandomState

    Attributes
    ----------
    encoder_ : TableEncoder
    network_ : VariationalAutoencoder or None
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
        At each evaluation ``step``, means since the last one of ``loss``, ``reconstruction`` and ``divergence``, and
        ``score``: the negative bound (loss factor 1) of held-out rows in nats, without constants of the Gaussian.

    Notes
    -----
    A class of n_c < 50 rows keeps their posteriors, which decode to rows like them: a share 1 - n_c / 50 of its codes
    starts there. That is part of the method. A class of one row starts there always, and a table of fewer than 10 rows
    is drawn column by column: these are recorded in `fallbacks_`.

    References
    ----------
    L. Xu, M. Skoularidou, A. Cuesta-Infante and K. Veeramachaneni, Modeling Tabular Data using Conditional GAN, NeurIPS
    2019, arXiv:1907.00503, section 4.4.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"height": [1.5, 1.6, 1.7, 1.8] * 25, "left": [True, False] * 50})
    >>> tvae = TVAE(max_steps=20, random_state=0).fit(X, ["a"] * 90 + ["b"] * 10)
    >>> X_new, y_new = tvae.sample({"b": 3}, random_state=1)
    >>> len(X_new), set(y_new)
    (3, {'b'})
    """

    how_it_conditions: ClassVar[str] = "label outside the generated columns"

    def __init__(
        self,
        *,
        latent: int | None = None,
        hidden: tuple[int, ...] | None = None,
        batch_size: int | None = None,
        max_steps: int | None = None,
        patience: int = 15,
        learning_rate: float = 2e-3,
        weight_decay: float | None = None,
        loss_factor: float = 2.0,
        class_power: float = 0.5,
        codes: Literal["class", "prior"] = "class",
        decode: Literal["draw", "argmax"] = "draw",
        temperature: float = 1.0,
        random_state: Any = None,
    ) -> None:
        self.latent = latent
        self.hidden = hidden
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.patience = patience
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.loss_factor = loss_factor
        self.class_power = class_power
        self.codes = codes
        self.decode = decode
        self.temperature = temperature
        self.random_state = random_state

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        self._check_options()
        held_out = held_out_of(self.class_counts_)
        self.sizes_ = self._sizes(len(table), held_out != NOTHING)
        self.encoder_ = TableEncoder().fit(self.schema_, table, rng)
        self.network_: VariationalAutoencoder | None = None
        self._columns: IndependentColumns | None = None
        self.code_laws_: tuple[CodeLaw, ...] = ()
        self.n_steps_ = self.best_step_ = 0
        if not self.encoder_.layout_.width:
            self.stopped_ = "there is no column to learn"
            return
        if len(table) < LEAST_ROWS:
            self.stopped_ = f"{len(table)} rows are too few to train a network on"
            self._fall_back(table, y, rng)
            return
        training = self._train(table, y, rng)
        self.history_ = training.history
        self.stopped_ = f"{training.stopped} (held out: {held_out})"
        self.n_steps_, self.best_step_ = training.n_steps, training.best_step
        if training.failed and not training.best_step:
            self.network_ = None
            self._fall_back(table, y, rng)
            return
        self._learn_codes(table, y, rng)

    def _train(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> Training:
        rows = torch.from_numpy(self.encoder_.transform(table, rng))
        generator = _generator(rng)
        layout = self.encoder_.layout_
        law = RowLaw(
            layout.scalars,
            [modes.n_gaussians for modes in self.encoder_.numbers_ if modes.n_gaussians],
            layout.block_ids,
        )
        self.network_ = VariationalAutoencoder(
            law,
            n_classes=len(self.labels_),
            latent=self.sizes_.latent,
            hidden=self.sizes_.hidden,
            generator=generator,
        )
        learner = Learner(self, self.network_, rows, torch.from_numpy(y), generator)
        most = self.sizes_.max_steps
        budget = Budget(most, min(SETTLED, most), EVALUATE_EVERY, self.patience)
        evaluate = learner.evaluate if learner.n_held_out else None
        return train(self.network_, learner.step, learner.batches(), budget, evaluate)

    def _learn_codes(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        means, log_variances = self._latent(table, y, rng)
        self.code_laws_ = tuple(
            CodeLaw.fit(means[y == k], log_variances[y == k], FILLED)
            for k in range(len(self.labels_))
        )
        for k in np.flatnonzero(self.class_counts_ == 1):
            self.fallbacks_[int(k)] = "one training row: all of its rows are decoded from its code"

    def _fall_back(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        self._columns = IndependentColumns()
        self._columns._fit(table, y, rng)
        for k in range(len(self.labels_)):
            self.fallbacks_[k] = f"{self.stopped_}: columns are drawn independently"

    def _sample(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        if self._columns is not None:
            return self._columns._sample(counts, rng)
        y = np.repeat(np.arange(len(counts)), counts)
        if self.network_ is None:
            return self.encoder_.inverse(np.zeros((len(y), 0)), rng)
        return self._decode(self._codes(counts, rng), y, rng)

    def _codes(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        """Draw the codes (sum of counts, L) of so many rows of each class."""
        generator = _generator(rng)
        if self.codes == "prior":
            return torch.randn(int(counts.sum()), self.sizes_.latent, generator=generator)
        laws = zip(self.code_laws_, counts, strict=True)
        return torch.cat([law.draw(int(m), generator) for law, m in laws])

    @torch.no_grad()
    def _latent(
        self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Give mean and log-variance (n, L) of the code of each row; modes of numbers are drawn."""
        network = self._network()
        rows = torch.from_numpy(self.encoder_.transform(table, rng))
        return network.encode(rows, one_hot(torch.from_numpy(y), len(self.labels_)))

    @torch.no_grad()
    def _decode(self, z: Tensor, y: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        """Give rows of the classes y (n,) from the codes z (n, L)."""
        network, generator = self._network(), _generator(rng)
        temperature = self.temperature if self.decode == "draw" else None
        parts = []
        for start in range(0, max(len(y), 1), CHUNK):
            here = slice(start, start + CHUNK)
            labels = one_hot(torch.from_numpy(y[here]), len(self.labels_))
            raw = network.decode(z[here], labels)
            rows = network.law.draw(raw, generator, temperature)
            parts.append(self.encoder_.inverse(rows.numpy(), rng))
        return Coded.concat(parts)

    def _network(self) -> VariationalAutoencoder:
        if self.network_ is None:
            raise OptionError(f"this TVAE has no network: {self.stopped_}")
        return self.network_

    def _sizes(self, n: int, held_out: bool) -> Sizes:
        size = 0 if n < 2_000 else 1 if n < 10_000 else 2
        return Sizes(
            latent=self.latent or (32, 64, 128)[size],
            hidden=tuple(self.hidden or (128, 128)),
            batch_size=self.batch_size or (128, 256, 500)[size],
            max_steps=self.max_steps or (3_000 if held_out else SHORT),
            weight_decay=(1e-4, 1e-5, 1e-5)[size]
            if self.weight_decay is None
            else self.weight_decay,
        )

    def _check_options(self) -> None:
        for name in ("latent", "batch_size", "max_steps", "patience"):
            _check_whole(name, getattr(self, name), optional=name != "patience")
        if self.hidden is not None:
            if not isinstance(self.hidden, Sequence) or not self.hidden:
                raise OptionError(f"hidden must be a tuple of widths, got {self.hidden!r}")
            for width in self.hidden:
                _check_whole("every width of hidden", width, optional=False)
        for name in ("learning_rate", "loss_factor", "temperature"):
            if not getattr(self, name) > 0:
                raise OptionError(f"{name} must be above 0, got {getattr(self, name)!r}")
        if self.weight_decay is not None and not self.weight_decay >= 0:
            raise OptionError(f"weight_decay must be 0 or more, got {self.weight_decay!r}")
        if not 0 <= self.class_power <= 1:
            raise OptionError(f"class_power must lie in [0, 1], got {self.class_power!r}")
        for name, choices in (("codes", ("class", "prior")), ("decode", ("draw", "argmax"))):
            if getattr(self, name) not in choices:
                raise OptionError(
                    f"{name} must be one of {', '.join(choices)}, got {getattr(self, name)!r}"
                )


class Learner:
    """One step of the training, and the score on held-out rows.

    The loss of a batch is loss_factor * reconstruction + divergence, means over its rows.
    """

    def __init__(
        self,
        options: TVAE,
        network: VariationalAutoencoder,
        rows: Tensor,
        y: Tensor,
        generator: torch.Generator,
    ) -> None:
        self.options, self.sizes = options, options.sizes_
        self.network, self.generator = network, generator
        held = hold_out(y, generator)
        labels = one_hot(y, network.n_classes)
        self.x, self.labels, self.y = rows[~held], labels[~held], y[~held]
        self.held = rows[held], labels[held]
        self.n_held_out = int(held.sum())
        self.held_noise = torch.randn(self.n_held_out, network.latent, generator=generator)
        sigma = network.law.sigma
        self.optimiser = FlatAdam(
            [p for p in network.parameters() if p is not sigma],
            [sigma],
            learning_rate=options.learning_rate,
            weight_decay=self.sizes.weight_decay,
            max_norm=GRADIENT_NORM,
        )
        self.n_steps = 0
        self.free = 0.0

    def step(self, rows: Tensor) -> dict[str, Tensor]:
        """Move the network by one batch of row positions (B,)."""
        self.optimiser.zero_grad()
        noise = torch.randn(len(rows), self.network.latent, generator=self.generator)
        losses, divergences = self.network.bound(
            self.x.index_select(0, rows), self.labels.index_select(0, rows), noise
        )
        reconstruction, divergence = losses.mean(), divergences.mean(dim=0)
        counted = divergence.clamp(min=self.free) if self.free else divergence
        loss = self.options.loss_factor * reconstruction + counted.sum()
        loss.backward()
        self.optimiser.step()
        self.network.law.clamp()
        self.n_steps += 1
        return {
            "loss": loss.detach(),
            "reconstruction": reconstruction.detach(),
            "divergence": divergence.detach().sum(),
        }

    @torch.no_grad()
    def evaluate(self) -> float:
        """Give the negative bound of the held-out rows, always with the same noise."""
        losses, divergences = self.network.bound(*self.held, self.held_noise)
        if self.n_steps >= SETTLED and not self.free:
            n_used = int((divergences.mean(dim=0) >= USED).sum())
            self.free = FREE if n_used < 2 else 0.0
        return float((losses + divergences.sum(dim=1)).mean())

    def batches(self) -> Iterator[Tensor]:
        """Give batches of row positions (B,), pass after pass."""
        size = min(self.sizes.batch_size, len(self.x))
        while True:
            order = tempered_order(self.y, self.options.class_power, self.generator)
            for start in range(0, len(order) - size + 1, size):
                yield order[start : start + size]


def _generator(rng: np.random.Generator) -> torch.Generator:
    return torch.Generator().manual_seed(int(rng.integers(2**63 - 1)))


def _check_whole(name: str, value: Any, optional: bool) -> None:
    if optional and value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise OptionError(f"{name} must be a whole number of 1 or more, got {value!r}")
