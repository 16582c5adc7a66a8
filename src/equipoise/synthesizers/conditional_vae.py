"""The class-conditional VAE: the tutorial's auto-encoder with what is wrong with it mended.

K. Sohn, H. Lee and X. Yan, Learning structured output representation using deep conditional generative models, NeurIPS
2015, eq. 4 and 5 (the class as condition); D. P. Kingma and M. Welling, Auto-encoding variational Bayes,
arXiv:1312.6114, eq. 3 and 4; D. P. Kingma et al., Improving variational inference with inverse autoregressive flow,
arXiv:1606.04934, section 3 and appendix C.8 (free bits). Written from the papers.

What it mends of the tutorial (`basic_vae`): the label is outside the rows and told to both networks; numbers are normal
scores with a Gaussian likelihood and categories have a cross-entropy, each in nats, so that the divergence weighs what
it should; codes are drawn from the aggregated posterior of the class or from the prior, not from a ball around one
point; categories are drawn, not left fractional; training ends on rows held out of the training rows.

Departures. A score is half the normal score and half the standardised number (`tables.scores`): by quantiles alone the
values of a rare class would follow on those of the others without a gap, and the decoder's noise would cross it. Weight
decay is the L2 kind.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from equipoise.networks.blocks import one_hot, tempered_order
from equipoise.networks.conditional import ConditionalAutoencoder, Posteriors, free_divergence
from equipoise.networks.optimiser import FlatAdam
from equipoise.networks.training import Budget, Training, train
from equipoise.synthesizers._held_out import NOTHING, held_out_of, hold_out
from equipoise.synthesizers._networks import CODES_OF_ROWS, NetworkSynthesizer, generator_of
from equipoise.synthesizers._options import (
    check_above_zero,
    check_choices,
    check_share,
    check_whole,
    check_widths,
    check_zero_or_more,
)
from equipoise.tables.coded import Coded
from equipoise.tables.quantiles import QuantileEncoder

STEPS, SHORT = 4_000, 1_000  # by default, where rows are held out and where none are
LEAST_RATE = 0.01  # of the learning rate, at the end of its cosine
LINEAR = 0.5  # of a number in its score: quantiles alone would close the gap between two classes
GRADIENT_NORM = 5.0
EVALUATE_EVERY = 50
CHUNK = 10_000  # rows encoded or decoded at a time


@dataclass(frozen=True)
class Sizes:
    """What a fit uses: the user's choices, or else those that suit the number of rows."""

    latent: int
    hidden: tuple[int, ...]
    max_steps: int


class ConditionalVAE(NetworkSynthesizer):
    """Variational auto-encoder that is told the class: the tutorial's, repaired.

    Parameters
    ----------
    latent : int, optional
        Dimensions of the code z. By default 8 if there are fewer than 2,000 rows, else 16.
    hidden : tuple of int, optional
        Widths of the encoder's hidden layers; the decoder has them in reverse. By default (64, 64) if there are fewer
        than 2,000 rows, else (128, 128).
    batch_size : int, default=128
    max_steps : int, optional
        Steps of the optimiser at most. By default 4,000; 1,000 where no rows are held out.
    patience : int, default=15
        Evaluations, one every 50 steps, without a better bound on the held-out rows after which training stops, though
        not before the warm-up is over.
    learning_rate : float, default=0.002
        At the start; it falls to a hundredth along a cosine.
    weight_decay : float, default=1e-05
        L2, on all but the standard deviations.
    free_nats : float, default=0.05
        The divergence of a dimension of the code counts from here on, lest the dimensions be given up early.
    warm_up : int, default=250
        Steps during which the weight of the divergence grows from 0 to 1.
    class_power : float, default=0.5
        A batch holds class c in proportion to n_c to this power: 1 is as in the table, 0 is balanced.
    class_prior : bool, default=False
        Whether the prior of a class is N(mu_c, I) with a mean that is learnt, or N(0, I).
    sampling : {"mix", "posterior", "prior"}, default="mix"
        Whether codes of a class of n_c rows are drawn from the posteriors of its rows with probability
        filled / (n_c + filled) and else from the prior; always from the posteriors; or always from the prior.
    filled : float, default=100.0
        Rows of a class from which on most of its codes come from the prior.
    spread : float, default=1.0
        Factor on the standard deviations of the posteriors that codes are drawn from.
    temperature : float, default=1.0
        Of the draws of categories; lower makes rare ones rarer.
    random_state : None, int, Generator or RandomState

    Attributes
    ----------
    encoder_ : QuantileEncoder
    network_ : ConditionalAutoencoder or None
        None where there was too little to train on, or no column to learn.
    posteriors_ : Posteriors or None
        The codes of the training rows.
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
        ``score``: the negative bound of held-out rows in nats, without constants of the Gaussian.

    Notes
    -----
    A saved model holds the codes of its training rows, a mean and a deviation each: no rows, but what decodes to rows
    like them. Small classes are drawn from these alone or nearly so; that is part of the method. A class of one row is
    drawn around that row's code, and a table of fewer than 10 rows is drawn column by column: these are recorded in
    `fallbacks_`.

    References
    ----------
    K. Sohn, H. Lee and X. Yan, Learning structured output representation using deep conditional generative models,
    NeurIPS 2015.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"height": [1.5, 1.6, 1.7, 1.8] * 25, "left": [True, False] * 50})
    >>> vae = ConditionalVAE(max_steps=20, random_state=0).fit(X, ["a"] * 90 + ["b"] * 10)
    >>> X_new, y_new = vae.sample({"b": 3}, random_state=1)
    >>> len(X_new), set(y_new)
    (3, {'b'})
    """

    how_it_conditions: ClassVar[str] = "label outside the generated columns"
    keeps_rows: ClassVar[bool] = True
    _kept_form: ClassVar[str] = CODES_OF_ROWS

    def __init__(
        self,
        *,
        latent: int | None = None,
        hidden: tuple[int, ...] | None = None,
        batch_size: int = 128,
        max_steps: int | None = None,
        patience: int = 15,
        learning_rate: float = 2e-3,
        weight_decay: float = 1e-5,
        free_nats: float = 0.05,
        warm_up: int = 250,
        class_power: float = 0.5,
        class_prior: bool = False,
        sampling: Literal["mix", "posterior", "prior"] = "mix",
        filled: float = 100.0,
        spread: float = 1.0,
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
        self.free_nats = free_nats
        self.warm_up = warm_up
        self.class_power = class_power
        self.class_prior = class_prior
        self.sampling = sampling
        self.filled = filled
        self.spread = spread
        self.temperature = temperature
        self.random_state = random_state

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        held_out = held_out_of(self.class_counts_)
        self.sizes_ = self._sizes(len(table), held_out != NOTHING)
        self.encoder_ = QuantileEncoder(linear_share=LINEAR).fit(self.schema_, table)
        self.network_: ConditionalAutoencoder | None = None
        self.posteriors_: Posteriors | None = None
        self.n_steps_ = self.best_step_ = 0
        if not self._has_enough(table, y, rng, self.encoder_.width_):
            return
        rows = torch.from_numpy(self.encoder_.transform(table, rng))
        classes = torch.from_numpy(y)
        network, training = self._train(rows, classes, generator_of(rng))
        self.history_ = training.history
        self.stopped_ = f"{training.stopped} (held out: {held_out})"
        self.n_steps_, self.best_step_ = training.n_steps, training.best_step
        if training.failed and not training.best_step:
            self._fall_back(table, y, rng, self.stopped_)
            return
        self.network_ = network
        means, log_variances = _encoded(network, rows, classes)
        self.posteriors_ = Posteriors.of(means, log_variances, classes, network.n_classes)
        self._note_classes_of_one_row("its rows are decoded from near its code")

    def _train(
        self, rows: Tensor, y: Tensor, generator: torch.Generator
    ) -> tuple[ConditionalAutoencoder, Training]:
        network = ConditionalAutoencoder(
            scalars=self.encoder_.scalars_,
            beside=self.encoder_.beside_,
            block_ids=self.encoder_.block_ids_,
            n_classes=len(self.labels_),
            latent=self.sizes_.latent,
            hidden=self.sizes_.hidden,
            class_prior=self.class_prior,
            generator=generator,
        )
        learner = Learner(self, network, rows, y, generator)
        most = self.sizes_.max_steps
        budget = Budget(most, min(self.warm_up, most), EVALUATE_EVERY, self.patience)
        evaluate = learner.evaluate if learner.n_held_out else None
        return network, train(network, learner.step, learner.batches(), budget, evaluate)

    @torch.no_grad()
    def _sample(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        if self._columns is not None:
            return self._columns._sample(counts, rng)
        network, posteriors = self.network_, self.posteriors_
        if network is None or posteriors is None:
            return self.encoder_.inverse(np.zeros((int(counts.sum()), 0), dtype=np.float32), rng)
        generator = generator_of(rng)
        parts = []
        for k, n in enumerate(counts):
            for start in range(0, int(n), CHUNK):
                m = min(CHUNK, int(n) - start)
                y = one_hot(torch.full((m,), k), network.n_classes)
                z = self._codes(network, posteriors, k, y, generator)
                rows = network.law.draw(network.decode(z, y), generator, self.temperature)
                parts.append(self.encoder_.inverse(rows.numpy(), rng))
        nothing = np.zeros((0, self.encoder_.width_), dtype=np.float32)
        return Coded.concat(parts or [self.encoder_.inverse(nothing, rng)])

    def _codes(
        self,
        network: ConditionalAutoencoder,
        posteriors: Posteriors,
        k: int,
        y: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """Draw codes (n, L) of class k, whose one-hots are y (n, C)."""
        n = len(y)
        far = network.centre(y) + torch.randn(n, self.sizes_.latent, generator=generator)
        if self.sampling == "prior":
            return far
        near = posteriors.draw(k, n, generator, self.spread)
        if self.sampling == "posterior":
            return near
        share = self.filled / (self.class_counts_[k] + self.filled)
        chosen = torch.rand(n, generator=generator) < share
        return torch.where(chosen[:, None], near, far)

    def _sizes(self, n: int, held_out: bool) -> Sizes:
        latent, width = (8, 64) if n < 2_000 else (16, 128)
        return Sizes(
            latent=self.latent or latent,
            hidden=tuple(self.hidden or (width, width)),
            max_steps=self.max_steps or (STEPS if held_out else SHORT),
        )

    def _check_options(self) -> None:
        check_whole(self, "batch_size", "patience")
        check_whole(self, "latent", "max_steps", optional=True)
        check_whole(self, "warm_up", least=0)
        if self.hidden is not None:
            check_widths(self, "hidden")
        check_above_zero(self, "learning_rate", "temperature")
        check_zero_or_more(self, "weight_decay", "free_nats", "filled", "spread")
        check_share(self, "class_power")
        check_choices(self, class_prior=(False, True), sampling=("mix", "posterior", "prior"))


class Learner:
    """One step of the training, and the score on held-out rows.

    The loss of a batch is the reconstruction plus beta times the divergence, means over its rows; beta grows from 0 to
    1 during the warm-up.
    """

    def __init__(
        self,
        options: ConditionalVAE,
        network: ConditionalAutoencoder,
        rows: Tensor,
        y: Tensor,
        generator: torch.Generator,
    ) -> None:
        self.options, self.network, self.generator = options, network, generator
        held = hold_out(y, generator)
        labels = one_hot(y, network.n_classes)
        self.x, self.labels, self.y = rows[~held], labels[~held], y[~held]
        self.held = rows[held], labels[held]
        self.n_held_out = int(held.sum())
        self.held_noise = torch.randn(self.n_held_out, network.latent, generator=generator)
        sigma = network.law.log_sigma
        self.optimiser = FlatAdam(
            [p for p in network.parameters() if p is not sigma],
            [sigma],
            learning_rate=options.learning_rate,
            weight_decay=options.weight_decay,
            max_norm=GRADIENT_NORM,
        )
        self.n_steps = 0

    def step(self, rows: Tensor) -> dict[str, Tensor]:
        """Move the network by one batch of row positions (B,)."""
        options = self.options
        turn = math.pi * self.n_steps / options.sizes_.max_steps
        share = LEAST_RATE + (1 - LEAST_RATE) * (1 + math.cos(turn)) / 2
        self.optimiser.learning_rate = options.learning_rate * share
        self.n_steps += 1
        self.optimiser.zero_grad()
        noise = torch.randn(len(rows), self.network.latent, generator=self.generator)
        losses, divergences = self.network.bound(
            self.x.index_select(0, rows), self.labels.index_select(0, rows), noise
        )
        beta = min(1.0, self.n_steps / options.warm_up) if options.warm_up else 1.0
        reconstruction = losses.mean()
        loss = reconstruction + beta * free_divergence(divergences, options.free_nats)
        loss.backward()
        self.optimiser.step()
        self.network.law.clamp()
        return {
            "loss": loss.detach(),
            "reconstruction": reconstruction.detach(),
            "divergence": divergences.detach().mean(dim=0).sum(),
        }

    @torch.no_grad()
    def evaluate(self) -> float:
        """Give the negative bound of the held-out rows, always with the same noise."""
        losses, divergences = self.network.bound(*self.held, self.held_noise)
        return float((losses + divergences.sum(dim=1)).mean())

    def batches(self) -> Iterator[Tensor]:
        """Give batches of row positions (B,), pass after pass."""
        size = min(self.options.batch_size, len(self.x))
        while True:
            order = tempered_order(self.y, self.options.class_power, self.generator)
            for start in range(0, len(order) - size + 1, size):
                yield order[start : start + size]


@torch.no_grad()
def _encoded(network: ConditionalAutoencoder, rows: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Give mean and log-variance (n, L) of the code of each row."""
    parts = [
        network.encode(rows[start : start + CHUNK], one_hot(y[start : start + CHUNK], network.n_classes))
        for start in range(0, len(rows), CHUNK)
    ]  # fmt: skip
    means, log_variances = zip(*parts, strict=True)
    return torch.cat(means), torch.cat(log_variances)
