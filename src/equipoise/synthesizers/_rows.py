"""Rows that methods of neighbours and noise start from: drawing, filling, scaling, and values held by many rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.tables.coded import Coded
from equipoise.tables.modes import ATOM_ROWS


def seeds(n_rows: int, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw n positions (n,) out of n_rows, each equally often up to one, in random order."""
    whole, rest = divmod(int(n), n_rows)
    drawn = np.concatenate(
        [np.tile(np.arange(n_rows), whole), rng.choice(n_rows, size=rest, replace=False)]
    )
    return rng.permutation(drawn)


def spread(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the standard deviation of each column (n, p), missing cells left out; 0 if none is present."""
    present = ~np.isnan(numbers)
    n = np.maximum(present.sum(axis=0), 1)
    mean = np.where(present, numbers, 0).sum(axis=0) / n
    return np.sqrt(np.where(present, np.square(numbers - mean), 0).sum(axis=0) / n)


def medians(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the median of each column (n, p), missing cells left out; NaN if none is present."""
    out = np.full(numbers.shape[1], np.nan)
    for j, column in enumerate(numbers.T):
        present = column[~np.isnan(column)]
        if len(present):
            out[j] = np.median(present)
    return out


def modes(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the most frequent level of each column (n, q), missing cells left out; -1 if none is present."""
    return np.array(
        [
            np.bincount(column[column >= 0]).argmax() if (column >= 0).any() else -1
            for column in codes.T
        ],
        dtype=np.int64,
    )


@dataclass(frozen=True, eq=False)
class Filling:
    """What missing cells are filled with so that distances can be taken: medians and most frequent levels.

    Attributes
    ----------
    numbers : (p,) float64
    codes : (q,) int64
    """

    numbers: NDArray[np.float64]
    codes: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Coded, others: "Filling | None" = None) -> "Filling":
        """Learn from rows; a column without any value in them takes that of `others`, or 0."""
        numbers, codes = medians(rows.numbers), modes(rows.codes)
        if others is not None:
            numbers = np.where(np.isnan(numbers), others.numbers, numbers)
            codes = np.where(codes < 0, others.codes, codes)
        return cls(np.nan_to_num(numbers), np.maximum(codes, 0))

    def fill(self, rows: Coded) -> Coded:
        """Give rows without missing cells."""
        return Coded(
            np.where(np.isnan(rows.numbers), self.numbers, rows.numbers),
            np.where(rows.codes < 0, self.codes, rows.codes),
        )


def scales(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give what each column (n, p) is divided by so that its standard deviation is 1; 1 if it has none."""
    deviations = spread(numbers)
    return np.where(deviations > 0, deviations, 1.0)


def atoms(column: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Give the values held by more than a share of the rows (n,) that have one, and by `ATOM_ROWS` at least.

    Interpolating towards such a value (no capital gain, say) makes values that never occur.
    """
    present = column[~np.isnan(column)]
    values, counts = np.unique(present, return_counts=True)
    return values[(counts > share * len(present)) & (counts >= ATOM_ROWS)]
