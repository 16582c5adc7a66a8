"""TVAE: a variational auto-encoder of a table, told the class of every row.

L. Xu, M. Skoularidou, A. Cuesta-Infante and K. Veeramachaneni, Modeling Tabular Data using Conditional GAN, NeurIPS 2019,
arXiv:1907.00503, section 4.2 (encoding), section 4.4 and appendix (networks, losses). Written from the paper.

Departures. The label is no column of the rows: both networks are told it as a one-hot, and every class has the prior
N(0, I), so that rows of a class are made, never waited for (K. Sohn, H. Lee and X. Yan, Learning structured output
representation using deep conditional generative models, NeurIPS 2015). Batches hold rare classes more often than the table
does. Categories are drawn from the decoder's distribution, where its reference takes the likeliest. A scalar has one mean
and one standard deviation for each of its modes, where the paper has one for all. The budget is counted in steps and ends
early on held-out training rows. A class of few rows does not fill its prior: a part of its rows starts from the posteriors
of its training rows.
"""

from collections.abc import Iterator
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
from equipoise.tables.coded import Coded
from equipoise.tables.encoder import TableEncoder

LEAST_ROWS = 10  # a table of fewer trains no network
LEAST_HELD_OUT = 40  # a table of fewer rows holds none out
HELD_OUT = 0.1
FILLED = 50  # rows of a class from which on its prior is trusted alone
WARM_UP = 1000  # steps over which the divergence gets its full weight
GRADIENT_NORM = 5.0
COLLAPSED = (0.01, 0.8, 0.05)  # nats below which a dimension is unused; share of such; nats that are then free
CHUNK = 10_000  # rows decoded at a time
SMALL, LARGE = 2_000, 10_000  # rows between which the networks' sizes go over


@dataclass(frozen=True)
class Sizes:
    """What a fit uses, the user's choices or those that suit n rows."""

    latent: int
    hidden: tuple[int, ...]
    batch_size: int
    max_steps: int
    weight_decay: float


class TVAE(Synthesizer):
    """...

    """

    how_it_conditions: ClassVar[str] = "label outside the generated columns"

    def __init__(
        self,
        *,
        latent: int | None = None,
        hidden: tuple[int, ...] | None = None,
        batch_size: int | None = None,
        max_steps: int | None = None,
        patience: int = 20,
        learning_rate: float = 1e-3,
        weight_decay: float | None = None,
        loss_factor: float = 2.0,
        class_power: float = 0.5,
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
        self.decode = decode
        self.temperature = temperature
        self.random_state = random_state

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        n_classes = len(self.labels_)
        self.encoder_ = TableEncoder().fit(self.schema_, table, rng)
        rows = torch.from_numpy(self.encoder_.transform(table, rng))
        labels = torch.from_numpy(y)
        sizes = self._sizes(len(rows))
        generator = _generator(rng)
        layout = self.encoder_.layout_
        n_modes = [m.n_gaussians for m in self.encoder_.numbers_ if m.n_gaussians]
        law = RowLaw(layout.scalars, n_modes, layout.block_ids)
        self.network_ = VariationalAutoencoder(
            law, n_classes=n_classes, latent=sizes.latent, hidden=sizes.hidden, generator=generator
        )
        training = self._train(rows, labels, sizes, generator)
        self.history_ = training.history
        self.stopped_ = training.stopped
        self.n_steps_ = training.n_steps
        self.best_step_ = training.best_step
        with torch.no_grad():
            self.mean_, self.log_variance_ = self.network_.encode(rows, one_hot(labels, n_classes))
        self._y = y

    def _sizes(self, n: int) -> Sizes:
        small = n < SMALL
        return Sizes(
            latent=self.latent or (32 if small else 64 if n < LARGE else 128),
            hidden=self.hidden or ((128, 128) if n < LARGE else (256, 256)),
            batch_size=self.batch_size or (128 if small else 256 if n < LARGE else 500),
            max_steps=self.max_steps or 5_000,
            weight_decay=self.weight_decay if self.weight_decay is not None else (1e-4 if small else 1e-5),
        )

    def _train(self, rows, labels, sizes, generator) -> Training:
        network, n_classes = self.network_, len(self.labels_)
        held = _hold_out(labels, generator)
        x, y = rows[~held], labels[~held]
        onehots = one_hot(y, n_classes)
        vx, vy = rows[held], one_hot(labels[held], n_classes)
        vnoise = torch.randn(len(vx), sizes.latent, generator=generator)
        sigma = [network.law.sigma]
        weights = [p for p in network.parameters() if p is not sigma[0]]
        optimiser = FlatAdam(weights, sigma, learning_rate=self.learning_rate, weight_decay=sizes.weight_decay, max_norm=GRADIENT_NORM)
        state = {"n": 0, "free": 0.0}

        def step(batch: Tensor) -> dict[str, Tensor]:
            optimiser.zero_grad()
            noise = torch.randn(len(batch), sizes.latent, generator=generator)
            rec, kl = network.bound(x[batch], onehots[batch], noise)
            rec, kl = rec.mean(), kl.mean(0)
            warm = min(1.0, (state["n"] + 1) / WARM_UP)
            held_kl = kl.clamp(min=state["free"]).sum() if state["free"] else kl.sum()
            loss = self.loss_factor * rec + warm * held_kl
            loss.backward()
            optimiser.step()
            network.law.clamp()
            state["n"] += 1
            return {"loss": loss.detach(), "reconstruction": rec.detach(), "divergence": kl.detach().sum()}

        @torch.no_grad()
        def evaluate() -> float:
            rec, kl = network.bound(vx, vy, vnoise)
            return float((rec + kl.sum(1)).mean())

        def batches() -> Iterator[Tensor]:
            size = min(sizes.batch_size, len(x))
            while True:
                order = tempered_order(y, 1 - self.class_power, generator, max(len(x), size))
                for start in range(0, len(order) - size + 1, size):
                    yield order[start : start + size]

        budget = Budget(max_steps=sizes.max_steps, min_steps=min(2000, sizes.max_steps), patience=self.patience)
        return train(network, step, batches(), budget, evaluate if len(vx) else None)

    def _sample(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        generator = _generator(rng)
        y = torch.from_numpy(np.repeat(np.arange(len(counts)), counts))
        z = self._codes(counts, rng, generator)
        return self._decode(z, y, rng, generator)

    def _codes(self, counts, rng, generator):
        out = []
        for k, m in enumerate(counts):
            z = torch.randn(int(m), self.network_.latent, generator=generator)
            members = np.flatnonzero(self._y == k)
            how = getattr(self, "how", "prior")
            if how == "prior":
                share = max(0.0, 1 - len(members) / FILLED)
            else:
                share = 1.0
            at = torch.from_numpy(rng.random(int(m)) < share)
            pick = torch.from_numpy(rng.choice(members, int(at.sum())))
            tau = getattr(self, "tau", 1.0)
            if how == "density":
                from sklearn.mixture import GaussianMixture
                mu = self.mean_[torch.from_numpy(members)].double().numpy()
                s2 = torch.exp(self.log_variance_[torch.from_numpy(members)]).double().numpy().mean(0)
                g = GaussianMixture(min(getattr(self, "comps", 5), max(1, len(mu)//20)), reg_covar=1e-2, random_state=0, covariance_type=getattr(self,"cov","full")).fit(mu)
                zz = g.sample(int(m))[0]
                rng.shuffle(zz)
                zz = zz + rng.normal(size=zz.shape) * np.sqrt(s2)
                z = torch.from_numpy(zz).float()
            else:
                z[at] = self.mean_[pick] + tau * torch.exp(self.log_variance_[pick] / 2) * z[at]
            out.append(z)
        return torch.cat(out)

    @torch.no_grad()
    def _decode(self, z, y, rng, generator) -> Coded:
        raw = self.network_.decode(z, one_hot(y, len(self.labels_)))
        rows = self.network_.law.draw(raw, generator, None if self.decode == "argmax" else self.temperature)
        return self.encoder_.inverse(rows.numpy(), rng)


def _generator(rng: np.random.Generator) -> torch.Generator:
    return torch.Generator().manual_seed(int(rng.integers(2**63 - 1)))


def _hold_out(labels: Tensor, generator: torch.Generator) -> Tensor:
    held = torch.zeros(len(labels), dtype=torch.bool)
    if len(labels) < LEAST_HELD_OUT:
        return held
    for k in torch.unique(labels):
        members = torch.nonzero(labels == k)[:, 0]
        if len(members) < 10:
            continue
        m = max(1, round(HELD_OUT * len(members)))
        held[members[torch.randperm(len(members), generator=generator)[:m]]] = True
    return held
