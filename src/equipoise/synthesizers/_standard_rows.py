"""Rows as the tutorial on variational auto-encoders has them: standardised numbers, then one-hots."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.tables.coded import Coded
from equipoise.tables.schema import Schema


@dataclass(frozen=True)
class StandardRows:
    """The tutorial's encoding: standardised numbers, then one-hots of the categories.

    Attributes
    ----------
    medians, centres, scales : (p,) float64
        Of each column of numbers: what stands in for a missing cell, mean and standard deviation.
    levels : tuple of (m,) int64
        Of each block the codes behind its positions, -1 for missing cells. The last blocks, one for each column of
        numbers that has missing cells, are 0 and -1.
    gaps : (g,) int64
        The columns of numbers of these last blocks.
    names : tuple of str
        Of each position.
    """

    medians: NDArray[np.float64]
    centres: NDArray[np.float64]
    scales: NDArray[np.float64]
    levels: tuple[NDArray[np.int64], ...]
    gaps: NDArray[np.int64]
    names: tuple[str, ...]

    @classmethod
    def fit(cls, schema: Schema, table: Coded) -> "StandardRows":
        """Learn from training rows."""
        gaps = np.flatnonzero(np.isnan(table.numbers).any(axis=0))
        medians = np.array([np.nanmedian(column) for column in table.numbers.T])
        filled = np.where(np.isnan(table.numbers), medians, table.numbers)
        # Squares of huge numbers overflow, so deviations are taken in parts of the largest.
        largest = np.maximum(np.abs(filled).max(axis=0, initial=0), np.finfo(float).tiny)
        deviations = (filled / largest).std(axis=0)
        names = [str(column.name) for column in schema.numbers]
        levels = []
        for codes, column in zip(table.codes.T, schema.discrete, strict=True):
            seen = np.unique(codes)
            levels.append(np.concatenate([seen[seen >= 0], seen[seen < 0]]))
            words = [str(column.levels[c]) if c >= 0 else "missing" for c in levels[-1]]
            names += [f"{column.name}={word}" for word in words]
        for j in gaps:
            levels.append(np.array([0, -1]))
            names += [f"{schema.numbers[j].name}={word}" for word in ("present", "missing")]
        return cls(
            medians,
            (filled / largest).mean(axis=0) * largest,
            np.where(deviations > 0, deviations * largest, 1.0),
            tuple(levels),
            gaps,
            tuple(names),
        )

    @property
    def block_ids(self) -> NDArray[np.int64]:
        """Number of the block at each position (width,), -1 at numbers."""
        blocks = np.repeat(np.arange(len(self.levels)), [len(codes) for codes in self.levels])
        return np.concatenate([np.full(len(self.centres), -1), blocks]).astype(np.int64)

    def transform(self, table: Coded) -> NDArray[np.float32]:
        """Encode rows: (n, width). A level that training did not have is a block of zeros."""
        missing = np.isnan(table.numbers)
        numbers = np.where(missing, self.medians, table.numbers)
        parts = [numbers / self.scales - self.centres / self.scales]
        cells = [*table.codes.T, *(-missing[:, self.gaps].T.astype(np.int64))]
        for codes, column in zip(self.levels, cells, strict=True):
            parts.append(column[:, None] == codes)
        return np.concatenate(parts, axis=1).astype(np.float32)

    def inverse(self, rows: NDArray[np.float32]) -> Coded:
        """Decode rows (n, width), the largest entry of each block counting."""
        p = len(self.centres)
        with np.errstate(over="ignore"):
            numbers = rows[:, :p] * self.scales + self.centres
        cells, at = [], p
        for codes in self.levels:
            cells.append(codes[rows[:, at : at + len(codes)].argmax(axis=1)])
            at += len(codes)
        n_columns = len(self.levels) - len(self.gaps)
        for j, states in zip(self.gaps, cells[n_columns:], strict=True):
            numbers[states < 0, j] = np.nan
        nothing = np.empty((0, len(rows)), dtype=np.int64)
        return Coded(numbers, np.stack(cells[:n_columns]).T if n_columns else nothing.T)
