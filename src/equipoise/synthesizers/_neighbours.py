"""Nearest neighbours inside one class, on numbers and levels together.

Squared distance between two rows = squared Euclidean distance of their numbers + one term a discrete column, read
from a table of squared distances between its levels. With ``weight * [a != b]`` in the table this is the distance
of SMOTE-NC, with the squared value difference that of SMOTE-N (Chawla, Bowyer, Hall and Kegelmeyer 2002, sections
6.1 and 6.2). Both parts are one matrix product: the numbers against the numbers, the table's rows against one-hot
levels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

NARROW = 64  # columns of more levels are looked up rather than one-hot encoded
GROUPS = 64  # rows of a block are searched by the minima of this many interleaved references
BLOCK_CELLS = 2_000_000  # distances held at once: 8 MB
FAR = np.float32(1e30)
TIE = np.float32(1e-5)  # squared distances that differ by less are in random order
TIE_DIMENSIONS = 8


class LevelDistance(Protocol):
    """Squared distances between the levels of one column."""

    @property
    def n_levels(self) -> int:
        """Number of levels."""

    def rows(self, levels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give the squared distances (b, n_levels) from some levels (b,) to all."""


@dataclass(frozen=True)
class Mismatch:
    """Every two different levels are equally far apart: SMOTE-NC.

    Attributes
    ----------
    n_levels : int
    weight : float
        The squared distance of two different levels.
    """

    n_levels: int
    weight: float

    def rows(self, levels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give the squared distances (b, n_levels) from some levels (b,) to all."""
        out = np.full((len(levels), self.n_levels), self.weight, dtype=np.float32)
        out[np.arange(len(levels)), levels] = 0
        return out


@dataclass(frozen=True, eq=False)
class ValueDifference:
    """Levels are far apart if the classes are distributed differently within them: SMOTE-N.

    ``delta(a, b) = sum over classes |P(class | a) - P(class | b)|``; the squared distance is ``delta(a, b)**2``.

    Attributes
    ----------
    shares : (n_levels, n_classes) float64
        P(class | level).
    """

    shares: NDArray[np.float64]

    @classmethod
    def of(cls, codes: NDArray[np.int64], y: NDArray[np.int64]) -> "ValueDifference":
        """Count the classes (n,) within the levels (n,) of one column; -1 is left out."""
        seen = codes >= 0
        n_levels, n_classes = int(codes.max(initial=0)) + 1, int(y.max()) + 1
        flat = np.bincount(codes[seen] * n_classes + y[seen], minlength=n_levels * n_classes)
        counts = flat.reshape(n_levels, n_classes)
        return cls(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))

    @property
    def n_levels(self) -> int:
        """Number of levels."""
        return len(self.shares)

    def rows(self, levels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give the squared distances (b, n_levels) from some levels (b,) to all."""
        delta = np.zeros((len(levels), self.n_levels))
        for share in self.shares.T:
            delta += np.abs(share[levels][:, None] - share[None, :])
        return (delta**2).astype(np.float32)


class Neighbourhood:
    """The rows of one class and their nearest neighbours, found when they are first asked for.

    Parameters
    ----------
    numbers : (n, p) float64
        Without missing values, scaled.
    codes : (n, q) int64
        Without missing values.
    distances : sequence of q level distances
    k : int
        Neighbours of each row, at most n - 1; the row itself is never among them.
    max_reference : int
        Of more rows than these, neighbours are sought among a random subset of this size.
    rng : Generator
        Draws the subset, and the order among neighbours at equal distance.
    """

    _not_saved: ClassVar[tuple[str, ...]] = ("_right",)  # large, and made again when it is needed

    def __init__(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],
        distances: Sequence[LevelDistance],
        *,
        k: int,
        max_reference: int,
        rng: np.random.Generator,
    ) -> None:
        n = len(numbers)
        self.k = k
        self.distances = tuple(distances)
        self._numbers = (numbers - numbers.mean(axis=0)).astype(np.float32)
        self._codes = codes
        if n > max_reference:
            self.reference = np.sort(rng.choice(n, size=max(max_reference, k + 1), replace=False))
        else:
            self.reference = np.arange(n)
        self._place = np.full(n, -1)
        self._place[self.reference] = np.arange(len(self.reference))
        self._narrow = [j for j, d in enumerate(self.distances) if d.n_levels <= NARROW]
        self._wide = [j for j, d in enumerate(self.distances) if d.n_levels > NARROW]
        self._right: NDArray[np.float32] | None = None
        # Rows at equal distance from a row are put in order by their directions from it, which are random: a term of
        # the same product, where a random number a pair would cost as much again.
        self._directions = rng.standard_normal((2, n, TIE_DIMENSIONS), dtype=np.float32)
        self._directions /= np.linalg.norm(self._directions, axis=2, keepdims=True)
        self._found = np.full((n, k), -1)

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the neighbours (b, k) of some rows (b,), as positions within the class."""
        wanted = np.unique(rows)
        wanted = wanted[self._found[wanted, 0] < 0]
        widest = max([len(self.reference), *(d.n_levels for d in self.distances)])
        size = max(1, BLOCK_CELLS // widest)
        for start in range(0, len(wanted), size):
            block = wanted[start : start + size]
            self._found[block] = self._search(block)
        return self._found[rows]

    def squared(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give the squared distances (b, n_reference) from some rows (b,) to the references, to within `TIE`.

        The last columns, up to a multiple of `GROUPS`, are padding that is farther than any row.
        """
        if self._right is None:
            self._right = self._right_factor()
        z = self._numbers[rows]
        ones = np.ones((len(rows), 1), dtype=np.float32)
        left = [-2 * z, ones, np.square(z).sum(axis=1, keepdims=True)]
        left.append(TIE * self._directions[0, rows])
        left += [self.distances[j].rows(self._codes[rows, j]) for j in self._narrow]
        out = np.hstack(left) @ self._right
        n = len(self.reference)
        for j in self._wide:
            levels = self._codes[self.reference, j]
            out[:, :n] += self.distances[j].rows(self._codes[rows, j])[:, levels]
        return out

    def _right_factor(self) -> NDArray[np.float32]:
        n = len(self.reference)
        z = self._numbers[self.reference]
        levels = [self.distances[j].n_levels for j in self._narrow]
        p = z.shape[1]
        width = GROUPS * -(-n // GROUPS)
        right = np.zeros((p + 2 + TIE_DIMENSIONS + sum(levels), width), dtype=np.float32)
        right[:p, :n] = z.T
        right[p, :n] = np.square(z).sum(axis=1)
        right[p, n:] = FAR
        right[p + 1] = 1
        start = p + 2 + TIE_DIMENSIONS
        right[p + 2 : start, :n] = self._directions[1, self.reference].T
        for j, n_levels in zip(self._narrow, levels, strict=True):
            right[start + self._codes[self.reference, j], np.arange(n)] = 1
            start += n_levels
        return right

    def _search(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        distances = self.squared(rows)
        inside = np.flatnonzero(self._place[rows] >= 0)
        distances[inside, self._place[rows[inside]]] = FAR
        return self.reference[smallest(distances, self.k)]


def smallest(values: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Give the positions (b, k) of the k smallest values of each row (b, w), smallest first.

    The w columns are dealt into ``w / GROUPS`` heaps; the k smallest values lie in the k heaps of the smallest
    minima, so that only ``k * GROUPS`` of them have to be put in order.
    """
    b, width = values.shape
    heaps = values.reshape(b, GROUPS, width // GROUPS)
    row = np.arange(b)[:, None]
    if heaps.shape[2] > k:
        best = np.argpartition(heaps.min(axis=1), k - 1, axis=1)[:, :k]
        places = (best[:, None, :] + heaps.shape[2] * np.arange(GROUPS)[None, :, None]).reshape(
            b, -1
        )
    else:
        places = np.broadcast_to(np.arange(width), (b, width))
    candidates = values[row, places]
    if candidates.shape[1] > k:
        first = np.argpartition(candidates, k - 1, axis=1)[:, :k]
    else:
        first = np.broadcast_to(np.arange(k), (b, k))
    order = np.argsort(candidates[row, first], axis=1, kind="stable")
    return places[row, first[row, order]]
