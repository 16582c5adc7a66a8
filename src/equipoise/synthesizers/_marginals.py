"""Calibration of the marginals of a trained generator, class by class.

An adversary pulls at a generator only while it can tell its rows apart, and what is left at the end is mostly the
frequency of levels and the tails of numbers. Both can be set right afterwards without touching how columns go together:

- The logits of each one-hot block are shifted by b until the mean of softmax(raw + b) is the share that each level has
  among the training rows of the class. This is the prior correction of M. Saerens, P. Latinne and C. Decaestecker
  (Neural Computation 14, 2002, eq. 2) turned around.
- A number goes from its place in the distribution of generated numbers to the same place in that of training numbers,
  x -> F_train^-1(F_generated(x)), the monotone transport map.

Values that the encoder keeps exact are levels: their logits are shifted, and neither distribution has them. Any other
tie, as a value that many rows of one class hold and few of the table, is a jump of the distribution of training
numbers, and so many generated numbers become that value.

Classes too small for a distribution of their own are calibrated with all rows.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from equipoise.networks.blocks import Blocks
from equipoise.tables.coded import Coded
from equipoise.tables.modes import Modes
from equipoise.tables.scores import Scores, fit_scores_beside

LEAST_ROWS = 50  # of a class that is calibrated on its own
ROUNDS = 30
PRIOR = 2.0  # rows of the whole table that are added to those of a class
LARGEST = 6.0  # shift of a logit
KNOTS = 200  # of a distribution
LEAST_NUMBERS = 10  # that make a distribution


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
    def fit(cls, generated: Coded, training: Coded, modes: tuple[Modes, ...]) -> "Maps":
        """Learn from generated rows and training rows of one schema; the modes of each column say what is exact."""
        return cls(_distributions(generated, modes), _distributions(training, modes))

    def apply(self, table: Coded, rng: np.random.Generator) -> Coded:
        """Move the numbers of rows; missing cells, exact values and columns without a distribution stay."""
        numbers = table.numbers.copy()
        for j, (source, target) in enumerate(zip(self.generated, self.training, strict=True)):
            if not source.has_score or not target.has_score:
                continue
            slots, z = source.encode(numbers[:, j], rng)
            moved = slots == 0
            numbers[moved, j] = target.decode(slots[moved], z[moved])
        return Coded(numbers, table.codes)


def _distributions(table: Coded, modes: tuple[Modes, ...]) -> tuple[Scores, ...]:
    """Give the distribution of each column's numbers that are not exact; one of few such numbers has none."""
    found = []
    for column, its_modes in zip(table.numbers.T, modes, strict=True):
        exact = its_modes.atoms
        number = ~np.isnan(column) & ~np.isin(column, exact)
        few = number.sum() < LEAST_NUMBERS
        found.append(fit_scores_beside(np.empty(0) if few else column, exact, max_quantiles=KNOTS))
    return tuple(found)


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
