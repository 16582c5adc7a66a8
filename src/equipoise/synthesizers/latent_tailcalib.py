"""TailCalib on the codes of a TVAE: calibrated codes of a class, decoded to rows.

R. Vigneswaran, M. T. Law, V. N. Balasubramanian and M. Tapaswi, Feature Generation for Long-tail Classification, ICVGIP
2021, arXiv:2111.05956, eq. 7 and 8, with the posterior means of a variational auto-encoder (L. Xu et al., NeurIPS 2019,
arXiv:1907.00503) as the features. Written from the papers. Departures, besides those of `tailcalib` and `tvae`:

- Dimensions of the code that hold less than 0.01 nats are noise: they take no part and are drawn from the prior.
- A row starts from a draw of its posterior, so that codes spread as those that the decoder was trained on.
- By default both networks are told the class, so that rows are of it whatever the code. With the label as one more
  column of an unconditional TVAE, `agreement_` says how often the decoder draws the label that was asked for.
"""

from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from equipoise.synthesizers._base import Synthesizer
from equipoise.synthesizers._calibration import (
    AlphaMode,
    Calibration,
    Covariance,
    Own,
    Rule,
    Shrinkage,
    check_rule,
)
from equipoise.synthesizers._networks import CODES_OF_ROWS
from equipoise.synthesizers._options import check_choices
from equipoise.synthesizers.tvae import TVAE
from equipoise.tables.coded import Coded

LEAST_NATS = 0.01  # mean divergence of a dimension of the code that is in use
CHUNK = 50_000  # rows made at a time
FROM_TVAE = (
    "latent", "hidden", "batch_size", "max_steps", "epochs", "patience", "learning_rate",
    "weight_decay", "loss_factor", "class_power", "label", "decode", "temperature",
)  # fmt: skip
LENT = ("container_", "labels_", "schema_", "class_counts_", "_complete")


class LatentTailCalib(Synthesizer):
    """TailCalib in the latent space of a TVAE.

    Parameters
    ----------
    latent : int, default=32
        Dimensions of the code. More than a class has rows leave its covariance to shrinkage.
    hidden, batch_size, max_steps, epochs : optional
        See `TVAE`, like the next parameters up to `temperature`.
    patience : int or None, default=15
    learning_rate : float, default=0.002
    weight_decay : float, optional
    loss_factor : float, default=2.0
    class_power : float, default=0.5
    label : {"condition", "column"}, default="condition"
    decode : {"draw", "argmax"}, default="draw"
    temperature : float, default=1.0
    n_neighbours : int, optional
        See `TailCalib`, like the next parameters up to `shrinkage`.
    own : {"include", "exclude"}, default="include"
    shift : float, optional
        In [0, 1]; None is K / (K + 1).
    spread : {"kept", "full"}, default="kept"
    alpha : float, default=0.0
    alpha_mode : {"identity", "ones"}, default="identity"
    covariance : {"neighbours", "own_or_neighbour"}, default="neighbours"
    shrinkage : {"pooled", "ledoit-wolf", "none"}, default="pooled"
    start : {"posterior", "mean"}, default="posterior"
        Whether a row's code is a draw from its posterior or the posterior's mean. Means and covariances of the classes
        are those of the posterior means.
    random_state : None, int, Generator or RandomState, default=None
        Of the network's first weights and of its training.

    Attributes
    ----------
    tvae_ : TVAE
        What encodes and decodes.
    used_ : ndarray of shape (n_used,)
        The dimensions of the code that are in use.
    agreement_ : dict of int to float
        With ``label="column"``, by class position, the share of the rows made last whose decoded label is the class.
    history_ : dict of str to list of float
        That of the TVAE.
    schema_, labels_, class_counts_, fallbacks_, deliveries_
        See `Synthesizer`.

    Notes
    -----
    The authors' choices are ``n_neighbours=3, shift=None, spread="full", alpha_mode="ones", shrinkage="none",
    start="mean"``. What a TVAE cannot do is a fallback here too: a table of too few rows is drawn column by column.

    References
    ----------
    R. Vigneswaran, M. T. Law, V. N. Balasubramanian and M. Tapaswi, Feature Generation for Long-tail Classification,
    ICVGIP 2021, arXiv:2111.05956.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"height": [1.5, 1.6, 1.7, 1.8] * 25, "left": [True, False] * 50})
    >>> model = LatentTailCalib(max_steps=20, random_state=0).fit(X, ["a"] * 90 + ["b"] * 10)
    >>> X_new, y_new = model.sample({"b": 3}, random_state=1)
    >>> len(X_new), set(y_new)
    (3, {'b'})
    """

    how_it_conditions: ClassVar[str] = "codes of the class, and a decoder that is told it"
    keeps_rows: ClassVar[bool] = True
    _kept_form: ClassVar[str] = CODES_OF_ROWS

    def __init__(
        self,
        *,
        latent: int = 32,
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
        decode: Literal["draw", "argmax"] = "draw",
        temperature: float = 1.0,
        n_neighbours: int | None = None,
        own: Own = "include",
        shift: float | None = 0.2,
        spread: Literal["kept", "full"] = "kept",
        alpha: float = 0.0,
        alpha_mode: AlphaMode = "identity",
        covariance: Covariance = "neighbours",
        shrinkage: Shrinkage = "pooled",
        start: Literal["posterior", "mean"] = "posterior",
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
        self.decode = decode
        self.temperature = temperature
        self.n_neighbours = n_neighbours
        self.own = own
        self.shift = shift
        self.spread = spread
        self.alpha = alpha
        self.alpha_mode = alpha_mode
        self.covariance = covariance
        self.shrinkage = shrinkage
        self.start = start
        self.random_state = random_state

    def _check_options(self) -> None:
        check_rule(self)
        check_choices(self, start=("posterior", "mean"))
        self._bare()._check_options()

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        n_classes = len(self.class_counts_)
        rule = Rule.of(self, n_classes)
        self.tvae_ = self._inner()
        self.tvae_._fit(table, y, rng)
        self.history_ = self.tvae_.history_
        self.used_ = np.zeros(0, dtype=np.int64)
        self.agreement_: dict[int, float] = {}
        self._calibration: Calibration | None = None
        if self.tvae_.network_ is None:
            self.fallbacks_ |= self.tvae_.fallbacks_
            return
        latent = self.tvae_._latent(table, y, rng)
        means, log_variances = (each.double().numpy() for each in latent)
        self._width = means.shape[1]
        self.used_ = np.flatnonzero(nats(means, log_variances) >= LEAST_NATS)
        points = means[:, self.used_]
        self._deviations = np.exp(log_variances[:, self.used_] / 2)
        self._calibration = Calibration.fit(points, y, n_classes, rule)
        self.fallbacks_ |= self._calibration.fallbacks(self.class_counts_, self.own)
        if not len(self.used_):
            reason = "no dimension of the code is in use: codes are drawn from the prior"
            self.fallbacks_ |= dict.fromkeys(range(n_classes), reason)

    def _bare(self) -> TVAE:
        return TVAE(**{name: getattr(self, name) for name in FROM_TVAE})

    def _inner(self) -> TVAE:
        """Give a TVAE that knows the table as this synthesizer does."""
        inner = self._bare()
        for name in LENT:
            setattr(inner, name, getattr(self, name))
        inner.fallbacks_, inner._sample_fallbacks, inner.history_ = {}, {}, {}
        return inner

    def _sample(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        if self._calibration is None:
            return self.tvae_._sample(counts, rng)
        calibration = self._calibration
        seeds = calibration.seeds(counts, rng)
        parts, agreed = [], np.zeros(len(counts))
        for start in range(0, max(len(seeds), 1), CHUNK):
            here = seeds[start : start + CHUNK]
            y = calibration.y[here]
            parts.append(self.tvae_._decode(self._codes(calibration, here, rng), y, rng))
            for k, share in self.tvae_.agreement_.items():
                agreed[k] += share * (y == k).sum()
        told = self.label == "condition"
        self.agreement_ = (
            {} if told else {int(k): float(agreed[k] / counts[k]) for k in np.flatnonzero(counts)}
        )
        return Coded.concat(parts)

    def _codes(
        self, calibration: Calibration, seeds: NDArray[np.int64], rng: np.random.Generator
    ) -> torch.Tensor:
        """Draw a code (m, L) for each seed (m,)."""
        noise = rng.standard_normal((len(seeds), len(self.used_)))
        starts = calibration.points[seeds]
        if self.start == "posterior":
            starts = starts + self._deviations[seeds] * rng.standard_normal(starts.shape)
        codes = rng.standard_normal((len(seeds), self._width))
        codes[:, self.used_] = calibration.draw(seeds, noise, starts)
        return torch.from_numpy(codes).float()


def nats(means: NDArray[np.float64], log_variances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the mean divergence from N(0, I) of each dimension of posteriors (n, L). Shape: (L,)."""
    return (means**2 + np.exp(log_variances) - 1 - log_variances).mean(axis=0) / 2
