"""Rows of any columns as points, for resamplers that know numbers only, and the way back.

A number is divided by its standard deviation. A level becomes a vector of length ``1/sqrt(2)``, orthogonal to those
of the other levels, so that a mismatch adds 1 to a squared distance, as much as one standard deviation. Two things
that must not be interpolated are levels beside the number: that it is missing, and that it has a value held by very
many rows (an atom).

A point between two rows takes its levels from the nearer one. Numbers are interpolated between regular ones; where
one end is missing or an atom, its share is known from the levels and is taken out again, which leaves the other
end's number.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.synthesizers._rows import Filling, atoms, scales
from equipoise.tables.coded import Coded

LENGTH = 0.5**0.5
MOST_DIMENSIONS = (
    64  # columns of more levels get random directions, orthogonal up to about an eighth
)


@dataclass(frozen=True, eq=False)
class _Special:
    """A number column whose missing cells and atoms are levels.

    Attributes
    ----------
    column : int
    values : (s,) float64
        What level 1, 2, ... stands for: atoms, then NaN if the column has missing cells. Level 0: a regular number.
    """

    column: int
    values: NDArray[np.float64]

    def levels(self, cells: NDArray[np.float64]) -> NDArray[np.int64]:
        """Give the level (n,) of each cell (n,)."""
        out = np.zeros(len(cells), dtype=np.int64)
        for level, value in enumerate(self.values, start=1):
            out[np.isnan(cells) if np.isnan(value) else cells == value] = level
        return out


class Embedding:
    """Points for the rows of one table.

    Parameters
    ----------
    table : Coded of n rows
    atom_share : float
        Numbers held by more than this share of the rows are atoms.
    rng : Generator
        Draws the directions of columns of very many levels.

    Attributes
    ----------
    points : (n, width) float64
    """

    def __init__(self, table: Coded, atom_share: float, rng: np.random.Generator) -> None:
        self._filling = Filling.of(table)
        self._scales = scales(table.numbers)
        self._specials = []
        for j, cells in enumerate(table.numbers.T):
            values = atoms(cells, atom_share)
            if np.isnan(cells).any():
                values = np.append(values, np.nan)
            if len(values):
                self._specials.append(_Special(j, values))
        # A missing level is the last one.
        self._missing = [int(column.max(initial=-1)) + 1 for column in table.codes.T]
        levels = [len(special.values) + 1 for special in self._specials]
        levels += [
            last + int((column < 0).any())
            for last, column in zip(self._missing, table.codes.T, strict=True)
        ]
        self._vectors = [_directions(n, rng) for n in levels]
        self.points = self._embed(table)

    def _embed(self, table: Coded) -> NDArray[np.float64]:
        numbers = self._filling.fill(table).numbers
        levels = [special.levels(table.numbers[:, special.column]) for special in self._specials]
        levels += [
            np.where(column < 0, last, column)
            for last, column in zip(self._missing, table.codes.T, strict=True)
        ]
        blocks = [
            LENGTH * vectors[column] for vectors, column in zip(self._vectors, levels, strict=True)
        ]
        return np.hstack([numbers / self._scales, *blocks])

    def inverse(self, points: NDArray[np.float64]) -> Coded:
        """Give the rows that stand at points (n, width), each between two embedded rows."""
        p = len(self._scales)
        numbers = points[:, :p] * self._scales
        ends = np.cumsum([p] + [vectors.shape[1] for vectors in self._vectors])
        blocks = [
            points[:, start:stop] @ vectors.T / LENGTH
            for start, stop, vectors in zip(ends, ends[1:], self._vectors, strict=False)
        ]
        for special, weights in zip(self._specials, blocks, strict=False):
            numbers[:, special.column] = self._regular(special, numbers[:, special.column], weights)
        codes = np.empty((len(points), len(self._missing)), dtype=np.int64)
        for j, weights in enumerate(blocks[len(self._specials) :]):
            level = weights.argmax(axis=1)
            codes[:, j] = np.where(level == self._missing[j], -1, level)
        return Coded(numbers, codes)

    def _regular(
        self, special: _Special, numbers: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        level = weights.argmax(axis=1)
        filled = np.where(
            np.isnan(special.values), self._filling.numbers[special.column], special.values
        )
        others = weights[:, 1:]
        rest = np.where(level == 0, 1 - others.sum(axis=1), 1.0)
        regular = (numbers - others @ filled) / rest
        return np.where(level == 0, regular, special.values[np.maximum(level - 1, 0)])


def _directions(n_levels: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Give a unit vector for each level: axes, or random ones where there are too many levels."""
    if n_levels <= MOST_DIMENSIONS:
        return np.eye(n_levels)
    vectors = rng.standard_normal((n_levels, MOST_DIMENSIONS))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
