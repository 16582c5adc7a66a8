"""From a coded table to rows of tokens, one a column, and back.

A column of levels has a token for each; a column of numbers has one for each cell of its range, which is a bin of
training values or a single value that holds much of the mass. Missing is a token of its own. No token stands for what a
row cannot hold, so that any row of tokens decodes to a valid row.

Written from A. V. Solatorio and O. Dupriez, REaLTabFormer, arXiv:2302.02041 (a vocabulary for each column), and P.
Tiwald et al., TabularARGN, arXiv:2501.12012 (binned numbers). Departures: quantiles may be weighted, single values with
a share of the mass are cells of their own, and a bin decodes to its training values, moved towards their neighbours.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import OptionError
from equipoise.tables.coded import Coded
from equipoise.tables.encoder import Levels, fit_levels
from equipoise.tables.schema import Schema

Decoding = Literal["jitter", "value", "uniform"]

MAX_LEVELS = 256  # of a column; rarer ones share one token
MAX_VALUES = 64  # a number of at most so many distinct values has a token for each,
ROWS_PER_VALUE = 5  # if there are so many rows for each
MAX_BINS, LEAST_BINS = 64, 4
ROWS_PER_BIN = 20
ATOM_SHARE = 0.02  # a number with more of the mass than this is a cell of its own,
ATOM_ROWS = 5  # if it has so many rows


@dataclass(frozen=True)
class Cells:
    """The tokens of one column of numbers: cells from low to high, then missing if training had it.

    Attributes
    ----------
    values : (m,) float64
        Training values, sorted; of cells of a single value one entry.
    starts : (c + 1,) int64
        Where the values of each cell begin in `values`.
    lows, highs : (c,) float64
        Least and largest value of each cell; the same where it is a single value.
    has_missing : bool
    """

    values: NDArray[np.float64]
    starts: NDArray[np.int64]
    lows: NDArray[np.float64]
    highs: NDArray[np.float64]
    has_missing: bool

    @property
    def width(self) -> int:
        """Number of tokens."""
        return len(self.lows) + self.has_missing

    @property
    def is_exact(self) -> bool:
        """Whether every cell is a single value."""
        return bool((self.lows == self.highs).all())

    def encode(self, numbers: NDArray[np.float64]) -> NDArray[np.int64]:
        """Give the token (n,) of each number (n,): its cell, or the nearest one if it lies between two."""
        if not len(self.lows):
            return np.zeros(len(numbers), dtype=np.int64)
        above = np.searchsorted(self.highs, numbers).clip(max=len(self.highs) - 1)
        below = (above - 1).clip(min=0)
        nearer = self.lows[above] - numbers > np.abs(numbers - self.highs[below])
        tokens = np.where(nearer, below, above)
        return np.where(np.isnan(numbers), len(self.lows), tokens)

    def place(
        self, numbers: NDArray[np.float64], tokens: NDArray[np.int64], parts: int
    ) -> NDArray[np.int64]:
        """Give which of `parts` equal shares of the values of its cell each number (n,) lies in; 0 if missing."""
        out = np.zeros(len(numbers), dtype=np.int64)
        here = np.flatnonzero(tokens < len(self.lows))
        x, cell = numbers[here], tokens[here]
        ranks = (np.searchsorted(self.values, x) + np.searchsorted(self.values, x, "right")) / 2
        start, stop = self.starts[cell], self.starts[cell + 1]
        share = (ranks - start) / (stop - start)
        out[here] = (parts * share).astype(np.int64).clip(0, parts - 1)
        return out

    def decode(
        self,
        tokens: NDArray[np.int64],
        rng: np.random.Generator,
        how: Decoding = "jitter",
        places: NDArray[np.int64] | None = None,
        parts: int = 1,
    ) -> NDArray[np.float64]:
        """Give a number (n,) for each token (n,), drawn from its cell or from the place in the cell; NaN if missing."""
        out = np.full(len(tokens), np.nan)
        here = np.flatnonzero(tokens < len(self.lows))
        cell = tokens[here]
        share = rng.random(len(here))
        if places is not None:
            share = (places[here] + share) / parts
        side = rng.uniform(-1, 1, len(here))
        if how == "uniform":
            out[here] = self.lows[cell] + share * (self.highs[cell] - self.lows[cell])
            return out
        start, last = self.starts[cell], self.starts[cell + 1] - 1
        at = np.minimum(start + (share * (last + 1 - start)).astype(np.int64), last)
        value = self.values[at]
        if how == "jitter":
            # Half way to a neighbour at most, and to none in another cell: the cell stays what it was.
            towards = np.where(side < 0, np.maximum(at - 1, start), np.minimum(at + 1, last))
            value = value + np.abs(side) / 2 * (self.values[towards] - value)
        out[here] = value
        return out


def fit_cells(
    numbers: NDArray[np.float64], weights: NDArray[np.float64], max_bins: int = MAX_BINS
) -> Cells:
    """Learn the cells of a column of numbers (n,), NaN where missing.

    Parameters
    ----------
    numbers : (n,) float64
    weights : (n,) float64
        Of the rows, where bins are cut so that they hold equal shares.
    max_bins : int, default=64
    """
    present = ~np.isnan(numbers)
    values, weights = numbers[present], weights[present]
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order]
    distinct, first, counts = np.unique(values, return_index=True, return_counts=True)
    n = len(values)
    few = len(distinct) <= min(MAX_VALUES, max(1, n // ROWS_PER_VALUE))
    is_atom = counts >= max(ATOM_SHARE * n, ATOM_ROWS) if not few else np.ones(len(distinct), bool)
    mass = np.add.reduceat(weights, first) if n else np.empty(0)
    mass = np.where(is_atom, 0.0, mass)
    rest = mass.sum() / max(weights.sum(), 1e-300)
    n_bins = max(LEAST_BINS, round(rest * min(max_bins, n // ROWS_PER_BIN)))
    middle = (np.cumsum(mass) - mass / 2) / max(mass.sum(), 1e-300)
    bins = np.minimum((n_bins * middle).astype(np.int64), n_bins - 1)
    # A cell ends where the bin changes, and before and after a value that is a cell of its own.
    begins = np.ones(len(distinct), dtype=bool)
    begins[1:] = (np.diff(bins) != 0) | is_atom[1:] | is_atom[:-1]
    cell = np.cumsum(begins) - 1
    kept = np.where(is_atom, 1, counts)
    starts = np.concatenate([[0], np.cumsum(np.bincount(cell, kept))]).astype(np.int64)
    ends = np.append(begins[1:], True) if len(distinct) else begins
    return Cells(
        np.repeat(distinct, kept), starts, distinct[begins], distinct[ends], bool((~present).any())
    )


@dataclass(frozen=True)
class RowTokens:
    """Rows of tokens of one schema.

    Columns of tokens are in the order of the schema's columns. A number has a second one, its place in the cell, if
    `parts` is above 1 and it has cells of several values.

    Attributes
    ----------
    cells : tuple of Cells
        Of each column of `Coded.numbers`.
    levels : tuple of Levels
        Of each column of `Coded.codes`.
    sources : tuple of (str, int)
        What each column of tokens is, "number", "place" or "level", and of which column of numbers or of codes.
    parts : int
        Equal shares of the values of a cell that its second token tells apart.
    """

    cells: tuple[Cells, ...]
    levels: tuple[Levels, ...]
    sources: tuple[tuple[str, int], ...]
    parts: int

    @classmethod
    def fit(
        cls,
        schema: Schema,
        table: Coded,
        weights: NDArray[np.float64] | None = None,
        *,
        max_bins: int = MAX_BINS,
        parts: int = 1,
    ) -> "RowTokens":
        """Learn the tokens of a table.

        Parameters
        ----------
        schema : Schema
        table : Coded of n rows
        weights : (n,) float64, optional
            Of the rows, where bins are cut so that they hold equal shares; equal by default.
        max_bins : int, default=64
            Of a number; fewer if there are fewer than 20 rows for each.
        parts : int, default=1
            See the attribute.
        """
        if weights is None:
            weights = np.ones(len(table))
        cells = tuple(
            fit_cells(table.numbers[:, j], weights, max_bins) for j in range(len(schema.numbers))
        )
        levels = tuple(
            fit_levels(table.codes[:, j], len(column.levels), MAX_LEVELS)
            for j, column in enumerate(schema.discrete)
        )
        sources: list[tuple[str, int]] = []
        n_numbers = n_levels = 0
        for column in schema.columns:
            if column.is_number:
                sources.append(("number", n_numbers))
                if parts > 1 and not cells[n_numbers].is_exact:
                    sources.append(("place", n_numbers))
                n_numbers += 1
            elif column.is_discrete:
                sources.append(("level", n_levels))
                n_levels += 1
        return cls(cells, levels, tuple(sources), parts)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of tokens of each column (J,) of tokens."""
        return tuple(
            self.parts
            if kind == "place"
            else self.cells[j].width
            if kind == "number"
            else self.levels[j].width
            for kind, j in self.sources
        )

    @property
    def ordered(self) -> tuple[bool, ...]:
        """Whether the tokens of each column (J,) stand in an order."""
        return tuple(kind != "level" for kind, _ in self.sources)

    def columns_of(self, kind: Literal["number", "level"], j: int) -> tuple[int, ...]:
        """Give which columns of tokens belong to a column of numbers or of codes."""
        kinds = ("number", "place") if kind == "number" else ("level",)
        return tuple(
            k for k, source in enumerate(self.sources) if source in [(s, j) for s in kinds]
        )

    def encode(self, table: Coded) -> NDArray[np.int64]:
        """Give the tokens (n, J) of a table of levels that training had."""
        rows = np.empty((len(table), len(self.sources)), dtype=np.int64)
        for k, (kind, j) in enumerate(self.sources):
            if kind == "level":
                rows[:, k] = self.levels[j].slots[table.codes[:, j]]
            elif kind == "number":
                rows[:, k] = self.cells[j].encode(table.numbers[:, j])
            else:
                rows[:, k] = self.cells[j].place(table.numbers[:, j], rows[:, k - 1], self.parts)
        return rows

    def decode(
        self, rows: NDArray[np.int64], rng: np.random.Generator, how: Decoding = "jitter"
    ) -> Coded:
        """Give a table for rows of tokens (n, J).

        Parameters
        ----------
        rows : (n, J) int64
        rng : Generator
        how : {"jitter", "value", "uniform"}, default="jitter"
            Whether a number is a training value of its cell moved up to half way to the next, such a value as it is, or
            uniform in the cell.
        """
        if how not in get_args(Decoding):
            raise OptionError(f"decode must be one of {', '.join(get_args(Decoding))}, got {how!r}")
        table = Coded(
            np.empty((len(rows), len(self.cells))),
            np.empty((len(rows), len(self.levels)), dtype=np.int64),
        )
        for k, (kind, j) in enumerate(self.sources):
            if kind == "level":
                table.codes[:, j] = self.levels[j].invert(rows[:, k], rng)
            elif kind == "number":
                follows = self.sources[k + 1 : k + 2] == (("place", j),)
                places = rows[:, k + 1] if follows else None
                table.numbers[:, j] = self.cells[j].decode(rows[:, k], rng, how, places, self.parts)
        return table
