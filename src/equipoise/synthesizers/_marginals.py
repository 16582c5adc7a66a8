"""Calibration of the marginals of a trained generator, class by class.

An adversary pulls at a generator only while it can tell its rows apart, and what is left at the end is mostly the
frequency of levels and the tails of numbers. Both can be set right afterwards without touching how columns go together:

- The logits of each one-hot block are shifted by b until the mean of softmax(raw + b) is the share that each level has
  among the training rows of the class. This is the prior correction of M. Saerens, P. Latinne and C. Decaestecker
  (Neural Computation 14, 2002, eq. 2) turned around.
- A number goes from its place in the distribution of generated numbers to the same place in that of training numbers,
  x -> F_train^-1(F_generated(x)), the monotone transport map.

Classes too small for a distribution of their own are calibrated with all rows.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from equipoise.networks.blocks import Blocks
from equipoise.tables.coded import Coded
from equipoise.tables.scores import Scores, fit_scores

LEAST_ROWS = 50  # of a class that is calibrated on its own
ROUNDS = 30
PRIOR = 2.0  # rows of the whole table that are added to those of a class
LARGEST = 6.0  # shift of a logit
KNOTS = 200  # of a distribution


def shifts(raw: Tensor, shares: Tensor, blocks: Blocks) -> Tensor:
    """Give what to add to logits so that the mean of their softmax is as wanted.

    Shape: logits raw (m, P) and shares (P,) to (P,).
    """
    wanted = torch.log(shares.clamp(min=1e-6))
    out = torch.zeros_like(wanted)
    for _ in range(ROUNDS):
        found = torch.log(blocks.softmax(raw + out).mean(dim=0).clamp(min=1e-12))
        out = (out + wanted - found).clamp(-LARGEST, LARGEST)
    return out


@dataclass(frozen=True)
class Maps:
    """Where the numbers of one class go: for each column the generated and the training distribution.

    Attributes
    ----------
    generated, training : tuple of Scores
    """

    generated: tuple[Scores, ...]
    training: tuple[Scores, ...]

    @classmethod
    def fit(cls, generated: Coded, training: Coded) -> "Maps":
        """Learn from generated rows and training rows of one schema."""
        return cls(_distributions(generated), _distributions(training))

    def apply(self, table: Coded, rng: np.random.Generator) -> Coded:
        """Move the numbers of rows; those without a distribution of their own, missing cells and atoms stay."""
        numbers = table.numbers.copy()
        for j, (source, target) in enumerate(zip(self.generated, self.training, strict=True)):
            if not source.has_score or not target.has_score:
                continue
            column = numbers[:, j]
            moved = ~np.isnan(column) & ~np.isin(column, target.atoms)
            _, z = source.encode(column[moved], rng)
            column[moved] = target.decode(np.zeros(len(z), dtype=np.int64), z)
        return Coded(numbers, table.codes)


def _distributions(table: Coded) -> tuple[Scores, ...]:
    return tuple(fit_scores(column, max_quantiles=KNOTS) for column in table.numbers.T)


@dataclass(frozen=True)
class Marginals:
    """The calibration of a generator.

    Attributes
    ----------
    logits : Tensor of shape (n_classes, P)
        What is added to the logits of the blocks of a row.
    maps : tuple of Maps
    map_of : tuple of int
        Which of the maps each class has.
    """

    logits: Tensor
    maps: tuple[Maps, ...]
    map_of: tuple[int, ...]

    def move(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        """Move the numbers of rows of the classes y (n,)."""
        which = np.asarray(self.map_of, dtype=np.int64)[y]
        out = Coded(table.numbers.copy(), table.codes)
        for k, maps in enumerate(self.maps):
            here = which == k
            if here.any():
                out.numbers[here] = maps.apply(table.take(here), rng).numbers
        return out


def wanted_shares(rows: Tensor, y: Tensor, n_classes: int, positions: Tensor) -> Tensor:
    """Give the share of each level of each block in each class, (n_classes, P), smoothed by those of the table."""
    ones = rows.index_select(1, positions).double()
    overall = ones.mean(dim=0)
    out = []
    for k in range(n_classes):
        mine = ones[y == k]
        out.append((mine.sum(dim=0) + PRIOR * overall) / (len(mine) + PRIOR))
    return torch.stack(out).float()
