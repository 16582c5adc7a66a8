"""The tutorial's VAE, as published: a baseline that is to be measured, not recommended.

"The Next AI Revolution: A Tutorial Using VAEs to Generate High-Quality Synthetic Data", Towards Data Science, 2025: the
preprocessing, the network, the loss, the training and the generation. The bound behind it is that of D. P. Kingma and
M. Welling, Auto-encoding variational Bayes, arXiv:1312.6114, eq. 3. Written from the tutorial's description.

What is wrong with it is kept. The loss averages the reconstruction over the columns but not the divergence, so that no
code pays for itself and every row is decoded into the same one; sigmoids cannot give standardised numbers; a category
is left as fractions; a class is a ball around one point. Each has a switch (`kl_scale`, `head`, `decode`, `latent`,
`conditional`), and `conditional_vae` has them mended together. `batches` is a switch for what the tutorial suspects:
that the majority dominates.

Departures. Its script learns the scaling on all rows before it splits them; `fit` only sees the rows it is given. It
has two classes, one 0/1 column; more classes are a one-hot. It drops rows with missing cells; here they are a level of
their own, and of a number the median beside an indicator. New rows are valid ones: fractions stay in `sample_encoded`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from equipoise.errors import OptionError
from equipoise.networks.blocks import one_hot, tempered_order
from equipoise.networks.conditional import Posteriors
from equipoise.networks.optimiser import FlatAdam
from equipoise.networks.training import Budget, Training, train
from equipoise.networks.tutorial import TutorialVAE, scaled_loss
from equipoise.seeds import as_generator
from equipoise.synthesizers._networks import CODES_OF_ROWS, NetworkSynthesizer, generator_of
from equipoise.synthesizers._options import (
    check_above_zero,
    check_choices,
    check_share,
    check_whole,
    check_zero_or_more,
)
from equipoise.synthesizers._standard_rows import StandardRows
from equipoise.tables.coded import Coded, code

CHUNK = 10_000  # rows encoded or decoded at a time


class BasicVAE(NetworkSynthesizer):
    """The tutorial's variational auto-encoder, its defects included.

    Parameters
    ----------
    kl_scale : {"tutorial", "elbo"}, default="tutorial"
        Whether the reconstruction is averaged over the columns while the divergence is not, or both are in nats.
    head : {"sigmoid", "mixed"}, default="sigmoid"
        Whether every output goes through a sigmoid and has a square error, or numbers are Gaussian with a deviation
        that is learnt and categories have a cross-entropy.
    decode : {"none", "argmax", "draw"}, default="none"
        How outputs become rows: left as they are, which `sample_encoded` shows and `sample` has to take as "argmax";
        the largest of each category; or a draw.
    latent : {"mean_ball", "posterior", "prior"}, default="mean_ball"
        Whether the codes of a class lie in a ball around the mean code of its rows, around the codes of single rows, or
        are drawn from N(0, I).
    conditional : bool, default=False
        Whether both networks are told the class, which is then no column of the rows.
    batches : {"shuffled", "balanced"}, default="shuffled"
        Whether a pass goes over the training rows as they are, or has as many rows of every class.
    radius : float, default=0.1
        Standard deviation of the ball.
    n_latent : int, default=8
        Dimensions of the code.
    hidden : int, default=8
        Width of the hidden layer of either network.
    epochs : int, default=50
    batch_size : int, default=128
    learning_rate : float, default=0.001
    train_share : float, default=0.8
        Of the rows that the network is trained on. The tutorial never looks at the others; scaling and the mean codes
        of the classes are of all rows.
    random_state : None, int, Generator or RandomState

    Attributes
    ----------
    rows_ : StandardRows
        The encoding.
    network_ : TutorialVAE or None
        None if there is no column to learn, or the training failed.
    class_means_ : Tensor of shape (n_classes, n_latent)
        The mean of one code for each row of the class.
    n_train_ : int
        Rows that the network was trained on.
    n_steps_ : int
        Steps taken.
    stopped_ : str
        Why training ended.
    history_ : dict of str to list of float
        For each epoch ``step``, ``loss``, and its terms in nats a row, ``reconstruction`` (without the constants of the
        Gaussian) and ``divergence``.

    Notes
    -----
    A row has one column for a label of two classes, the last, and one for each class if there are more, or if the head
    is mixed. It is generated too, and then thrown away: the label of a new row is the class asked for. The network is
    trained however few the rows are; where they are fewer than 10, or one of a class, `fallbacks_` says so.

    References
    ----------
    "The Next AI Revolution: A Tutorial Using VAEs to Generate High-Quality Synthetic Data", Towards Data Science, 2025.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"height": [1.5, 1.6, 1.7, 1.8] * 25, "left": [True, False] * 50})
    >>> vae = BasicVAE(epochs=2, random_state=0).fit(X, ["a"] * 90 + ["b"] * 10)
    >>> X_new, y_new = vae.sample({"b": 3}, random_state=1)
    >>> len(X_new), set(y_new)
    (3, {'b'})
    >>> rows, names = vae.sample_encoded({"b": 3}, random_state=1)
    >>> rows.shape, names
    ((3, 3), ['height', 'left=False', 'left=True'])
    """

    how_it_conditions: ClassVar[str] = "codes near the mean code of the class"
    _kept_form: ClassVar[str] = CODES_OF_ROWS

    def __init__(
        self,
        *,
        kl_scale: Literal["tutorial", "elbo"] = "tutorial",
        head: Literal["sigmoid", "mixed"] = "sigmoid",
        decode: Literal["none", "argmax", "draw"] = "none",
        latent: Literal["mean_ball", "posterior", "prior"] = "mean_ball",
        conditional: bool = False,
        batches: Literal["shuffled", "balanced"] = "shuffled",
        radius: float = 0.1,
        n_latent: int = 8,
        hidden: int = 8,
        epochs: int = 50,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        train_share: float = 0.8,
        random_state: Any = None,
    ) -> None:
        self.kl_scale = kl_scale
        self.head = head
        self.decode = decode
        self.latent = latent
        self.conditional = conditional
        self.batches = batches
        self.radius = radius
        self.n_latent = n_latent
        self.hidden = hidden
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.train_share = train_share
        self.random_state = random_state

    @property
    def keeps_rows(self) -> bool:  # type: ignore[override]
        """Whether it holds a code of every training row, which only `latent="posterior"` needs."""
        if hasattr(self, "posteriors_"):
            return self.posteriors_ is not None
        return self.latent == "posterior"

    def sample_encoded(
        self, n: int | Mapping[Any, int], *, random_state: Any = None
    ) -> tuple[NDArray[np.float32], list[str]]:
        """Give what the tutorial adds to its training rows: the outputs of the decoder, not made into rows.

        Parameters
        ----------
        n : int or dict of label to int
            As for `sample`.
        random_state : None, int, Generator or RandomState

        Returns
        -------
        rows : (n, d) float32
            Grouped by class, in the order of the classes; numbers standardised, categories in fractions, no label.
        names : list of str
            Of the d columns.

        Raises
        ------
        NotFittedError
            `fit` has not been called.
        OptionError
            A negative number, a class that training did not have, or there is no network.
        """
        self._require_fit("sample_encoded")
        network, generator = self._network(), generator_of(as_generator(random_state))
        names = list(self.rows_.names)
        parts = [network.head.means(raw) for raw in self._outputs(self._counts(n), generator)]
        return torch.cat(parts)[:, : len(names)].numpy(), names

    def encode(self, X: Any) -> NDArray[np.float32]:
        """Give rows (n, d) of a table in the columns of `sample_encoded`."""
        self._require_fit("encode")
        return self.rows_.transform(code(self.schema_, self.container_.frame(X)))

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        self.rows_ = StandardRows.fit(self.schema_, table)
        self.network_: TutorialVAE | None = None
        self.posteriors_: Posteriors | None = None
        self.n_steps_ = self.n_train_ = 0
        if not self._has_enough(table, y, rng, len(self.rows_.names), least=1):
            return
        x, condition = self._with_label(torch.from_numpy(self.rows_.transform(table)), y)
        generator = generator_of(rng)
        classes = torch.from_numpy(y)
        network, training = self._train(x, condition, classes, generator)
        self.history_, self.n_steps_ = training.history, training.n_steps
        self.stopped_ = training.stopped
        if training.failed and not training.best_step:
            self._fall_back(table, y, rng, self.stopped_)
            return
        self.network_ = network
        self._learn_codes(network, x, condition, classes, generator)
        self._note_classes_of_one_row("it is all that its class is learnt from")
        self._note_few_rows(len(table))

    @torch.no_grad()
    def _learn_codes(
        self,
        network: TutorialVAE,
        x: Tensor,
        condition: Tensor,
        y: Tensor,
        generator: torch.Generator,
    ) -> None:
        pieces = zip(x.split(CHUNK), condition.split(CHUNK), strict=True)
        means, log_variances = zip(*(network.encode(*piece) for piece in pieces), strict=True)
        n_classes = len(self.labels_)
        codes = Posteriors.of(torch.cat(means), torch.cat(log_variances), y, n_classes)
        self.class_means_ = torch.stack([codes.mean(k, generator) for k in range(n_classes)])
        if self.latent == "posterior":
            self.posteriors_ = codes

    def _with_label(self, x: Tensor, y: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Give the rows that the network sees, and the condition that it is told."""
        labels = one_hot(torch.from_numpy(y), len(self.labels_))
        if self.conditional:
            return x, labels
        if self._label_ids()[0] < 0:
            labels = torch.from_numpy(y.astype(np.float32))[:, None]
        return torch.cat([x, labels], dim=1), labels[:, :0]

    def _label_ids(self) -> NDArray[np.int64]:
        """Give the block at each position of the label within a row."""
        n_classes = len(self.labels_)
        if self.conditional:
            return np.empty(0, dtype=np.int64)
        if self.head == "sigmoid" and n_classes <= 2:
            return np.array([-1])
        return np.full(n_classes, len(self.rows_.levels))

    def _train(
        self, x: Tensor, condition: Tensor, y: Tensor, generator: torch.Generator
    ) -> tuple[TutorialVAE, Training]:
        network = TutorialVAE(
            block_ids=np.concatenate([self.rows_.block_ids, self._label_ids()]),
            head=self.head,
            told=condition.shape[1],
            latent=self.n_latent,
            hidden=self.hidden,
            generator=generator,
        )
        self.n_train_ = max(1, int(self.train_share * len(x) + 1e-9))
        rows = torch.randperm(len(x), generator=generator)[: self.n_train_]
        x, condition, y = x[rows], condition[rows], y[rows]
        optimiser = FlatAdam(network.parameters(), learning_rate=self.learning_rate)

        def step(batch: Tensor) -> dict[str, Tensor]:
            optimiser.zero_grad()
            noise = torch.randn(len(batch), self.n_latent, generator=generator)
            losses, divergences = network.bound(x[batch], condition[batch], noise)
            loss = scaled_loss(losses, divergences, network.width, self.kl_scale == "tutorial")
            loss.backward()
            optimiser.step()
            network.head.clamp()
            terms = {
                "loss": loss,
                "reconstruction": losses.mean(),
                "divergence": divergences.mean(),
            }
            return {name: term.detach() for name, term in terms.items()}

        per_epoch = -(-self.n_train_ // self.batch_size)
        budget = Budget(self.epochs * per_epoch, evaluate_every=per_epoch)
        batches = _batches(y, self.batches == "balanced", self.batch_size, generator)
        return network, train(network, step, batches, budget)

    @torch.no_grad()
    def _outputs(self, counts: NDArray[np.int64], generator: torch.Generator) -> Iterator[Tensor]:
        """Give the outputs of the decoder for so many rows of each class, before its head."""
        network = self._network()
        yield torch.empty(0, network.width)
        for k, n in enumerate(counts):
            for start in range(0, int(n), CHUNK):
                m = min(CHUNK, int(n) - start)
                told = one_hot(torch.full((m,), k), len(counts))[:, : network.told]
                yield network.decode(self._codes(k, m, generator), told)

    def _codes(self, k: int, n: int, generator: torch.Generator) -> Tensor:
        if self.latent == "posterior":
            if self.posteriors_ is None:
                raise OptionError('latent must be "posterior" when fit is called, to sample so')
            return self.posteriors_.draw(k, n, generator)
        noise = torch.randn(n, self.n_latent, generator=generator)
        return noise if self.latent == "prior" else self.class_means_[k] + self.radius * noise

    @torch.no_grad()
    def _sample(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        if self._columns is not None:
            return self._columns._sample(counts, rng)
        if self.network_ is None:
            return self.rows_.inverse(np.zeros((int(counts.sum()), 0), dtype=np.float32))
        head, generator = self.network_.head, generator_of(rng)
        parts = []
        for raw in self._outputs(counts, generator):
            rows = head.draw(raw, generator) if self.decode == "draw" else head.likeliest(raw)
            parts.append(self.rows_.inverse(rows[:, : len(self.rows_.names)].numpy()))
        return Coded.concat(parts)

    def _network(self) -> TutorialVAE:
        if self.network_ is None:
            raise OptionError(f"this BasicVAE has no network: {self.stopped_}")
        return self.network_

    def _check_options(self) -> None:
        check_choices(
            self,
            kl_scale=("tutorial", "elbo"),
            head=("sigmoid", "mixed"),
            decode=("none", "argmax", "draw"),
            latent=("mean_ball", "posterior", "prior"),
            conditional=(False, True),
            batches=("shuffled", "balanced"),
        )
        check_whole(self, "n_latent", "hidden", "epochs", "batch_size")
        check_zero_or_more(self, "radius")
        check_above_zero(self, "learning_rate")
        check_share(self, "train_share", zero=False)


def _batches(y: Tensor, balanced: bool, size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Give batches of row positions, pass after pass over y (n,); the last of a pass is what is left."""
    while True:
        if balanced:
            order = tempered_order(y, 0.0, generator)
        else:
            order = torch.randperm(len(y), generator=generator)
        yield from order.split(size)
