"""TVAE: a variational auto-encoder of a table, told the class of every row.

L. Xu, M. Skoularidou, A. Cuesta-Infante and K. Veeramachaneni, Modeling Tabular Data using Conditional GAN,
NeurIPS 2019, arXiv:1907.00503: section 4.2 (encoding), section 4.4 and appendix (networks, losses). Written from the
paper.

Departures. By default the label is no column of the rows: both networks are told it as a one-hot, so that rows of a
class are made, never waited for (K. Sohn, H. Lee and X. Yan, Learning structured output representation using deep
conditional generative models, NeurIPS 2015). Batches hold rare classes more often than the table does. Codes are drawn
from a law learnt for each class after training, where the paper has the prior. Categories and modes are drawn from the
decoder's distribution, where common implementations take the likeliest. A scalar has one mean and one standard
deviation for each of its modes, where the paper has one for all. The budget is counted in steps and ends early on
held-out training rows; a tenth of them is held out, and no warm-up of the divergence is used, which on small tables
costs bound and time. All of these are choices, and `TVAE.published` is the paper's. What stays: gradients are clipped,
standard deviations do not decay, and missing cells and values that many rows hold are modes of their own.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from equipoise.errors import OptionError
from equipoise.networks.blocks import one_hot
from equipoise.networks.training import Training
from equipoise.networks.variational import VariationalAutoencoder
from equipoise.networks.variational_learner import Learner, Recipe
from equipoise.synthesizers._codes import CodeLaw, Streams
from equipoise.synthesizers._held_out import NOTHING, held_out_of, hold_out
from equipoise.synthesizers._networks import CODES_OF_ROWS, NetworkSynthesizer, generator_of
from equipoise.synthesizers._rejection import Tries
from equipoise.synthesizers._tvae_options import PUBLISHED, Sizes, check_options
from equipoise.tables.coded import Coded
from equipoise.tables.encoder import TableEncoder

FILLED = 50  # rows of a class from which on its prior is trusted alone
CHUNK = 4_000  # rows decoded at a time


class TVAE(NetworkSynthesizer):
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
    epochs : int, optional
        The budget in passes over the training rows, in place of `max_steps`; their last batches may then be smaller.
    patience : int or None, default=15
        Evaluations, one every 25 steps, without a better bound on the held-out rows after which training stops, though
        not before 500 steps. If None no rows are held out, and the budget is spent.
    learning_rate : float, default=0.002
    weight_decay : float, optional
        L2, on all but the standard deviations. By default 1e-4 if n < 2,000, else 1e-5.
    loss_factor : float, default=2.0
        Weight of the reconstruction against the divergence.
    class_power : float, default=0.5
        A batch holds class c in proportion to n_c to this power: 1 is as in the table, 0 is balanced.
    label : {"condition", "column"}, default="condition"
        Whether both networks are told the class, or the label is one more column of an unconditional model.
    means : {"mode", "column"}, default="mode"
        Whether a column of numbers has a mean and a standard deviation for each of its modes, or one of each.
    codes : {"class", "prior", "posterior", "rejection"}, default="class"
        Where the codes of a class are drawn from: a Gaussian, learnt after training, of its codes; N(0, I), if the
        networks are told the class; the posteriors of its rows; or N(0, I) until a row with its label comes, if the
        label is a column. A row that takes longer than 200 times what its class's share of the training rows lets
        expect ends the waiting: the rest comes from posteriors, and the reason is recorded.
    tau : float, default=1.0
        Standard deviations of a posterior are so many times as wide where codes start from a row; 0 gives its
        reconstruction.
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
    agreement_ : dict of int to float
        Where the label is a column, the share of the rows of the last `sample` whose decoded label was that of their
        class, by class position. The label that they are given is that of their class all the same.
    tries_ : dict of int to int
        Rows that the last `sample` drew from the prior while it waited for some of this class.
    history_ : dict of str to list of float
        At each evaluation ``step``, means since the last one of ``loss``, ``reconstruction`` and ``divergence``, and
        ``score``: the loss of held-out rows in nats, without constants of the Gaussian.

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

    how_it_conditions: ClassVar[str] = (
        "label outside the generated columns, or with label='column' one of them"
    )

    _kept_form: ClassVar[str] = CODES_OF_ROWS

    def __init__(
        self,
        *,
        latent: int | None = None,
        hidden: tuple[int, ...] | None = None,
        batch_size: int | None = None,
        max_steps: int | None = None,
        epochs: int | None = None,
        patience: int | None = 15,
        learning_rate: float = 2e-3,
        weight_decay: float | None = None,
        loss_factor: float = 2.0,
        class_power: float = 0.5,
        label: Literal["condition", "column"] = "condition",
        means: Literal["mode", "column"] = "mode",
        codes: Literal["class", "prior", "posterior", "rejection"] = "class",
        tau: float = 1.0,
        decode: Literal["draw", "argmax"] = "draw",
        temperature: float = 1.0,
        random_state: Any = None,
    ) -> None:
        self.latent = latent
        self.hidden = hidden
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.epochs = epochs
        self.patience = patience
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.loss_factor = loss_factor
        self.class_power = class_power
        self.label = label
        self.means = means
        self.codes = codes
        self.tau = tau
        self.decode = decode
        self.temperature = temperature
        self.random_state = random_state

    @classmethod
    def published(cls, **options: Any) -> "TVAE":
        """Give the TVAE of the paper: unconditional, 300 passes in batches of 500, one mean a column, rejection.

        Parameters
        ----------
        **options
            Parameters that differ from the paper's, and the random state.

        Examples
        --------
        >>> TVAE.published(epochs=10).label
        'column'
        """
        return cls(**{**PUBLISHED, **options})

    @property
    def keeps_rows(self) -> bool:  # type: ignore[override]
        """Whether it holds codes of training rows: of all by the choice of `codes`, or of a class of few rows."""
        if hasattr(self, "code_laws_"):
            return any(len(law.row_means) for law in self.code_laws_)
        return self.codes in ("posterior", "rejection")

    def _check_options(self) -> None:
        check_options(self)

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        held_out = NOTHING if self.patience is None else held_out_of(self.class_counts_)
        self.sizes_ = Sizes.of(self, len(table), held_out != NOTHING)
        self.encoder_ = TableEncoder().fit(self.schema_, table, rng)
        self.network_: VariationalAutoencoder | None = None
        self.code_laws_: tuple[CodeLaw, ...] = ()
        self.n_steps_ = self.best_step_ = 0
        self.agreement_: dict[int, float] = {}
        self.tries_: dict[int, int] = {}
        if not self._has_enough(table, y, rng, self.encoder_.layout_.width):
            return
        training = self._train(table, y, rng)
        self.history_ = training.history
        self.stopped_ = f"{training.stopped} (held out: {held_out})"
        self.n_steps_, self.best_step_ = training.n_steps, training.best_step
        if training.failed and not training.best_step:
            self.network_ = None
            self._fall_back(table, y, rng, self.stopped_)
            return
        self._learn_codes(table, y, rng)

    def _train(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> Training:
        rows = self._encoded(table, y, rng)
        generator = generator_of(rng)
        layout, n_classes = self.encoder_.layout_, len(self.labels_)
        block_ids = layout.block_ids
        if self.label == "column":
            block_ids = np.append(block_ids, np.full(n_classes, len(layout.blocks)))
        self.network_ = VariationalAutoencoder(
            scalars=layout.scalars,
            n_modes=[modes.n_gaussians for modes in self.encoder_.numbers_ if modes.n_gaussians],
            block_ids=block_ids,
            shared=self.means == "column",
            n_classes=0 if self.label == "column" else n_classes,
            latent=self.sizes_.latent,
            hidden=self.sizes_.hidden,
            generator=generator,
        )
        classes = torch.from_numpy(y)
        held = torch.zeros(len(y), dtype=torch.bool)
        if self.patience is not None:
            held = hold_out(classes, generator)
        recipe = Recipe(
            self.sizes_.batch_size,
            self.learning_rate,
            self.sizes_.weight_decay,
            self.loss_factor,
            self.class_power,
            whole=self.epochs is not None,
        )
        learner = Learner(self.network_, rows, self._told(y), classes, held, recipe, generator)
        if self.epochs is not None:
            self.sizes_ = replace(self.sizes_, max_steps=self.epochs * learner.n_batches)
        return learner.train(self.sizes_.max_steps, self.patience)

    def _learn_codes(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        means, log_variances = self._latent(table, y, rng)
        filled = FILLED if self.codes in ("class", "prior") else np.inf
        self.code_laws_ = tuple(
            CodeLaw.fit(means[y == k], log_variances[y == k], filled)
            for k in range(len(self.labels_))
        )
        if self.codes == "rejection":
            return
        self._note_classes_of_one_row("all of its rows are decoded from its code")

    def _sample(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        self.agreement_, self.tries_ = {}, {}
        if self._columns is not None:
            return self._columns._sample(counts, rng)
        y = np.repeat(np.arange(len(counts)), counts)
        if self.network_ is None:
            return self.encoder_.inverse(np.zeros((len(y), 0)), rng)
        streams = Streams.of(rng)
        if self.codes != "rejection":
            return self._draw(y, streams)
        kept, labels = self._wait_for(counts, streams)
        missing = counts - np.bincount(labels, minlength=len(counts))
        rest = np.repeat(np.arange(len(counts)), missing)
        table = Coded.concat([kept, self._draw(rest, streams)])
        of_rest = self.agreement_
        self.agreement_ = {
            k: 1 - missing[k] / counts[k] * (1 - of_rest.get(k, 1.0))
            for k in np.flatnonzero(counts).tolist()
        }
        return table.take(np.argsort(np.concatenate([labels, rest]), kind="stable"))

    def _wait_for(
        self, counts: NDArray[np.int64], streams: Streams
    ) -> tuple[Coded, NDArray[np.int64]]:
        """Draw from the prior, and keep rows of the labels that are wanted until they take too long."""
        network = self._network()
        tries = Tries(counts, self.class_counts_ / self.class_counts_.sum())
        parts: list[Coded] = []
        labels: list[NDArray[np.int64]] = []
        while not parts or len(tries.open):
            n = tries.batch(CHUNK) if len(tries.open) else 0
            z = torch.randn(n, network.latent, generator=streams.codes)
            raw = network.decode(z, torch.zeros(n, 0))
            slots = network.law.draw_slots(raw, streams.cells, self._temperature)
            rows = torch.from_numpy(tries.keep(slots[:, -1].numpy()))
            raw, slots = raw[rows], slots[rows]
            scalars = network.law.draw_scalars(raw, slots, streams.cells)
            parts.append(self.encoder_.invert(slots.numpy(), scalars.numpy(), streams.levels))
            labels.append(slots[:, -1].numpy())
        for k in np.flatnonzero(tries.missing):
            self._sample_fallbacks[int(k)] = (
                f"{counts[k] - tries.missing[k]} of {counts[k]} rows came in {tries.n_tries[k]} "
                "tries; the others are decoded from posteriors of its rows"
            )
        self.tries_ = {int(k): int(tries.n_tries[k]) for k in np.flatnonzero(counts)}
        return Coded.concat(parts), np.concatenate(labels)

    def _draw(self, y: NDArray[np.int64], streams: Streams) -> Coded:
        """Make rows of these classes (n,), in ascending order, waiting for none."""

        def codes(here: slice) -> Tensor:
            counts = np.bincount(y[here], minlength=len(self.labels_))
            return self._codes(counts, streams.codes)

        return self._make(y, codes, streams)

    def _codes(self, counts: NDArray[np.int64], generator: torch.Generator) -> Tensor:
        """Draw the codes (sum of counts, L) of so many rows of each class."""
        if self.codes == "prior":
            return torch.randn(int(counts.sum()), self.sizes_.latent, generator=generator)
        laws = zip(self.code_laws_, counts, strict=True)
        return torch.cat([law.draw(int(m), generator, self.tau) for law, m in laws])

    @torch.no_grad()
    def _latent(
        self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Give mean and log-variance (n, L) of the code of each row; modes of numbers are drawn."""
        network = self._network()
        parts = []
        for start in range(0, max(len(y), 1), CHUNK):
            here = np.arange(start, min(start + CHUNK, len(y)))
            rows = self._encoded(table.take(here), y[here], rng)
            parts.append(network.encode(rows, self._told(y[here])))
        means, log_variances = zip(*parts, strict=True)
        return torch.cat(means), torch.cat(log_variances)

    def _decode(self, z: Tensor, y: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        """Decode codes (n, L) to rows of these classes (n,)."""
        return self._make(y, lambda here: z[here], Streams.of(rng))

    @torch.no_grad()
    def _make(
        self, y: NDArray[np.int64], codes: Callable[[slice], Tensor], streams: Streams
    ) -> Coded:
        """Decode codes, given slice by slice, to rows of these classes (n,)."""
        network = self._network()
        parts, agreed = [], []
        for start in range(0, max(len(y), 1), CHUNK):
            here = slice(start, start + CHUNK)
            raw = network.decode(codes(here), self._told(y[here]))
            slots, scalars = network.law.draw_parts(raw, streams.cells, self._temperature)
            parts.append(self.encoder_.invert(slots.numpy(), scalars.numpy(), streams.levels))
            agreed.append(slots[:, -1].numpy() == y[here])
        if self.label == "column":
            agrees = np.concatenate(agreed)
            self.agreement_ = {int(k): float(agrees[y == k].mean()) for k in np.unique(y)}
        return Coded.concat(parts)

    def _encoded(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        """Encode rows (n, R), and their labels if these are a column."""
        rows = torch.from_numpy(self.encoder_.transform(table, rng))
        if self.label == "condition":
            return rows
        return torch.cat([rows, one_hot(torch.from_numpy(y), len(self.labels_))], dim=1)

    def _told(self, y: NDArray[np.int64]) -> Tensor:
        """Give what the networks are told of these classes (n,), nothing if the label is a column."""
        if self.label == "column":
            return torch.zeros(len(y), 0)
        return one_hot(torch.from_numpy(y), len(self.labels_))

    @property
    def _temperature(self) -> float | None:
        return self.temperature if self.decode == "draw" else None

    def _network(self) -> VariationalAutoencoder:
        if self.network_ is None:
            raise OptionError(f"this TVAE has no network: {self.stopped_}")
        return self.network_
