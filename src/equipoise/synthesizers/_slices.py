"""How far a table is from another one, slice by slice: single columns, and pairs of them.

Every column is cut into few levels, numbers at quantiles of the first table. A slice is the joint table of two of them,
the class being one more column, and the distance of two tables in a slice is the total variation. It says little about
single rows, so it cannot be pleased by copying them, and it needs no fitting: what a checkpoint is chosen by.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.tables.coded import Coded

CUTS = 6  # levels of a number
MOST_LEVELS = 8  # of a discrete column; the rarer ones are one
MOST_PAIRS = 300


@dataclass(frozen=True)
class Slices:
    """The slices of one table.

    Attributes
    ----------
    edges : tuple of (cuts,) float64
        Where each number is cut.
    kept : tuple of (levels,) int64
        Codes of each discrete column that are levels of their own.
    pairs : (m, 2) int64
        Pairs of columns: numbers, then codes, then the class.
    sizes : (columns,) int64
        Levels of each column.
    shares : tuple of float64 arrays
        The joint tables of the pairs, flattened.
    """

    edges: tuple[NDArray[np.float64], ...]
    kept: tuple[NDArray[np.int64], ...]
    pairs: NDArray[np.int64]
    sizes: NDArray[np.int64]
    shares: tuple[NDArray[np.float64], ...]

    @classmethod
    def of(
        cls, table: Coded, y: NDArray[np.int64], n_classes: int, rng: np.random.Generator
    ) -> "Slices":
        """Take the slices of rows and their classes (n,); of very many pairs some are drawn."""
        edges = []
        for column in table.numbers.T:
            present = column[~np.isnan(column)]
            inner = np.quantile(present, np.linspace(0, 1, CUTS + 1)[1:-1]) if len(present) else []
            edges.append(np.unique(inner))
        kept = []
        for column in table.codes.T:
            counts = np.bincount(column + 1)
            kept.append(np.sort(np.argsort(-counts, kind="stable")[:MOST_LEVELS]) - 1)
        sizes = [len(e) + 2 for e in edges] + [len(k) + 1 for k in kept] + [n_classes]
        first, second = np.triu_indices(len(sizes), k=1)
        chosen = np.arange(len(first))
        if len(chosen) > MOST_PAIRS:
            with_class = np.flatnonzero(second == len(sizes) - 1)[:MOST_PAIRS]
            others = np.setdiff1d(chosen, with_class)
            drawn = rng.choice(others, MOST_PAIRS - len(with_class), replace=False)
            chosen = np.sort(np.concatenate([with_class, drawn]))
        pairs = np.stack([first[chosen], second[chosen]], axis=1)
        cuts = cls(tuple(edges), tuple(kept), pairs, np.array(sizes), ())
        return cuts.of_others(table, y)

    def of_others(self, table: Coded, y: NDArray[np.int64]) -> "Slices":
        """Take the slices of other rows and their classes (m,), cut like these."""
        shares = tuple(self._tables(table, y))
        return Slices(self.edges, self.kept, self.pairs, self.sizes, shares)

    def distance(self, table: Coded, y: NDArray[np.int64]) -> float:
        """Give the mean total variation, over pairs of columns, of rows and their classes (m,) from those sliced."""
        parts = zip(self.shares, self._tables(table, y), strict=True)
        return float(np.mean([np.abs(a - b).sum() / 2 for a, b in parts]))

    def _tables(self, table: Coded, y: NDArray[np.int64]) -> list[NDArray[np.float64]]:
        levels = [
            np.where(np.isnan(column), 0, 1 + np.searchsorted(edges, column, "right"))
            for edges, column in zip(self.edges, table.numbers.T, strict=True)
        ]
        for kept, column in zip(self.kept, table.codes.T, strict=True):
            place = np.minimum(np.searchsorted(kept, column), len(kept) - 1)
            levels.append(np.where(kept[place] == column, place, len(kept)))
        levels.append(y)
        return [
            np.bincount(
                levels[i] * self.sizes[j] + levels[j], minlength=self.sizes[i] * self.sizes[j]
            )
            / len(y)
            for i, j in self.pairs
        ]
