"""From a coded table to the rows that a network sees, and back.

A number becomes a scalar and a one-hot of its mode (`modes`), a level a one-hot; missing cells are a mode or
a level of their own. The encoding follows Xu et al., Modeling Tabular Data using Conditional GAN, NeurIPS
2019, section 4.2, with the departures that `modes` names, and one more: the rarest levels of a column that
has very many share one position.
"""

from dataclasses import dataclass
from numbers import Integral
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from equipoise.errors import DataError, OptionError
from equipoise.tables.coded import Coded
from equipoise.tables.layout import Layout, Span
from equipoise.tables.modes import fit_modes
from equipoise.tables.schema import Schema


@dataclass(frozen=True)
class Levels:
    """The positions of one column of levels.

    Attributes
    ----------
    slots : (n_levels + 1,) int64
        Position in the block of each code, the last entry being that of code -1 (missing); -1 for levels that training
        did not have.
    codes : (width,) int64
        The code behind each position. That of pooled levels, the last one then, is their most frequent.
    pooled : (p,) int64
        The codes that share the last position; empty if none do.
    pooled_shares : (p,) float64
        Their frequencies, which add up to 1.
    """

    slots: NDArray[np.int64]
    codes: NDArray[np.int64]
    pooled: NDArray[np.int64]
    pooled_shares: NDArray[np.float64]

    @property
    def width(self) -> int:
        """Number of positions."""
        return len(self.codes)

    def invert(self, slots: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Give the code (n,) of each position (n,); pooled levels are drawn at their frequencies."""
        codes = self.codes[slots]
        if len(self.pooled):
            drawn = np.flatnonzero(slots == self.width - 1)
            codes[drawn] = rng.choice(self.pooled, size=len(drawn), p=self.pooled_shares)
        return codes


def fit_levels(codes: NDArray[np.int64], n_levels: int, max_levels: int) -> Levels:
    """Give positions to the codes (n,) of one column, the most frequent `max_levels` of them a position each."""
    counts = np.bincount(np.where(codes < 0, n_levels, codes), minlength=n_levels + 1)
    present = np.flatnonzero(counts[:n_levels])
    by_count = present[np.argsort(-counts[present], kind="stable")]
    kept, pooled = np.sort(by_count[:max_levels]), by_count[max_levels:]
    own = [kept, [-1] if counts[n_levels] else [], pooled[:1]]
    behind = np.concatenate([np.asarray(part, dtype=np.int64) for part in own])
    slots = np.full(n_levels + 1, -1, dtype=np.int64)
    slots[behind] = np.arange(len(behind))
    slots[pooled] = len(behind) - 1
    total = max(counts[pooled].sum(), 1)
    return Levels(slots, behind, pooled.astype(np.int64), counts[pooled] / total)


class TableEncoder(BaseEstimator):
    """Encode coded tables as rows of scalars and one-hot blocks.

    Parameters
    ----------
    max_modes : int, default=10
        The most Gaussian modes of a column of numbers.
    max_levels : int, default=100
        The most levels of a column that have a position of their own; rarer ones share one more.
    max_values : int, default=20
        A column of at most so many distinct numbers is one-hot on its values.
    atom_share : float, default=0.05
        A number held by at least this share of the rows is a mode of its own, of zero width.
    max_rows : int, default=10000
        Mixtures are fitted on at most so many rows.

    Attributes
    ----------
    layout_ : Layout
        What lies where in a row. Its spans are in the order of the schema's columns.
    numbers_ : tuple of Modes
        Of each column of `Coded.numbers`.
    levels_ : tuple of Levels
        Of each column of `Coded.codes`.
    number_starts_, level_starts_ : list of int
        Where the blocks of these columns start; the scalar of a number, if it has one, is just before.

    References
    ----------
    L. Xu, M. Skoularidou, A. Cuesta-Infante and K. Veeramachaneni, Modeling Tabular Data using Conditional GAN, NeurIPS
    2019, section 4.2.
    """

    def __init__(
        self,
        *,
        max_modes: int = 10,
        max_levels: int = 100,
        max_values: int = 20,
        atom_share: float = 0.05,
        max_rows: int = 10_000,
    ) -> None:
        self.max_modes = max_modes
        self.max_levels = max_levels
        self.max_values = max_values
        self.atom_share = atom_share
        self.max_rows = max_rows

    def fit(self, schema: Schema, table: Coded, rng: np.random.Generator) -> Self:
        """Learn modes, levels and the layout.

        Parameters
        ----------
        schema : Schema
        table : Coded of n rows
        rng : Generator
            Draws the rows that mixtures are fitted on.

        Raises
        ------
        OptionError
            A parameter is out of range.
        DataError
            The table has no rows, or other columns than the schema.
        """
        self._check_options()
        if len(table) == 0:
            raise DataError("an encoder needs at least one row to learn from, got none")
        _check_columns(table, len(schema.numbers), len(schema.discrete))
        self.numbers_ = tuple(
            fit_modes(
                table.numbers[:, j], rng, max_modes=self.max_modes, max_values=self.max_values,
                atom_share=self.atom_share, max_rows=self.max_rows,
            )
            for j in range(len(schema.numbers))
        )  # fmt: skip
        self.levels_ = tuple(
            fit_levels(table.codes[:, j], len(column.levels), self.max_levels)
            for j, column in enumerate(schema.discrete)
        )
        self._lay_out(schema)
        return self

    def transform(self, table: Coded, rng: np.random.Generator) -> NDArray[np.float32]:
        """Encode rows; the modes of numbers are drawn.

        A level, or a missing cell, that training did not have in this column is a block of zeros.

        Parameters
        ----------
        table : Coded of n rows
        rng : Generator

        Returns
        -------
        rows : (n, width) float32
        """
        _check_columns(table, len(self.numbers_), len(self.levels_))
        rows = np.zeros((len(table), self.layout_.width), dtype=np.float32)
        for j, (modes, start) in enumerate(zip(self.numbers_, self.number_starts_, strict=True)):
            drawn, scalars = modes.draw(table.numbers[:, j], rng)
            if modes.n_gaussians:
                rows[:, start - 1] = scalars
            _light(rows, start, drawn)
        for j, (levels, start) in enumerate(zip(self.levels_, self.level_starts_, strict=True)):
            _light(rows, start, levels.slots[table.codes[:, j]])
        return rows

    def inverse(self, matrix: NDArray[np.floating], rng: np.random.Generator) -> Coded:
        """Decode rows.

        Parameters
        ----------
        matrix : (n, width) float
            Scalars, clipped to [-1, 1], and blocks, of which the largest entry counts.
        rng : Generator
            Draws the level where a block names the pooled ones; nothing else is random.

        Returns
        -------
        table : Coded of n rows
            Numbers as the modes have them: `decode` rounds them and keeps them in bounds.
        """
        if matrix.ndim != 2 or matrix.shape[1] != self.layout_.width:
            raise DataError(
                f"encoded rows have {self.layout_.width} positions here, "
                f"got an array of the shape {matrix.shape}"
            )
        blocks = self.layout_.blocks
        slots = np.empty((len(matrix), len(blocks)), dtype=np.int64)
        for j, (start, stop) in enumerate(blocks):
            slots[:, j] = matrix[:, start:stop].argmax(axis=1)
        return self.invert(slots, matrix[:, self.layout_.scalars], rng)

    def invert(
        self, slots: NDArray[np.int64], scalars: NDArray[np.floating], rng: np.random.Generator
    ) -> Coded:
        """Decode rows that come without their zeros.

        Parameters
        ----------
        slots : (n, J) int64
            Place of the one in each block, in the order of `Layout.blocks`.
        scalars : (n, A) float
            In the order of `Layout.scalars`, clipped to [-1, 1].
        rng : Generator
            See `inverse`.
        """
        table = Coded(
            np.empty((len(slots), len(self.numbers_))),
            np.empty((len(slots), len(self.levels_)), dtype=np.int64),
        )
        block_ids, n_scalars = self.layout_.block_ids, 0
        for j, (modes, start) in enumerate(zip(self.numbers_, self.number_starts_, strict=True)):
            places = np.zeros(len(slots))
            if modes.n_gaussians:
                places = scalars[:, n_scalars].astype(np.float64)
                n_scalars += 1
            table.numbers[:, j] = modes.invert(slots[:, block_ids[start]], places)
        for j, (levels, start) in enumerate(zip(self.levels_, self.level_starts_, strict=True)):
            table.codes[:, j] = levels.invert(slots[:, block_ids[start]], rng)
        return table

    def _lay_out(self, schema: Schema) -> None:
        spans: list[Span] = []
        self.number_starts_: list[int] = []
        self.level_starts_: list[int] = []
        numbers, levels = iter(self.numbers_), iter(self.levels_)
        at = 0
        for position, column in enumerate(schema.columns):
            if column.is_number:
                modes = next(numbers)
                if modes.n_gaussians:
                    spans.append(Span(at, at + 1, "tanh", position))
                    at += 1
                self.number_starts_.append(at)
                width = modes.width
            elif column.is_discrete:
                self.level_starts_.append(at)
                width = next(levels).width
            else:
                continue
            spans.append(Span(at, at + width, "softmax", position))
            at += width
        self.layout_ = Layout(tuple(spans))

    def _check_options(self) -> None:
        for name, least in (
            ("max_modes", 1),
            ("max_levels", 1),
            ("max_values", 0),
            ("max_rows", 2),
        ):
            value = getattr(self, name)
            if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
                raise OptionError(
                    f"{name} must be a whole number of {least} or more, got {value!r}"
                )
        if not 0 < self.atom_share <= 1:
            raise OptionError(f"atom_share must lie in (0, 1], got {self.atom_share!r}")


def _light(rows: NDArray[np.float32], start: int, slots: NDArray[np.int64]) -> None:
    """Set the one of each row's block; rows of slot -1 get none."""
    if (slots >= 0).all():
        rows[np.arange(len(rows)), start + slots] = 1.0
        return
    lit = np.flatnonzero(slots >= 0)
    rows[lit, start + slots[lit]] = 1.0


def _check_columns(table: Coded, n_numbers: int, n_codes: int) -> None:
    got = (table.numbers.shape[1], table.codes.shape[1])
    if got != (n_numbers, n_codes):
        raise DataError(
            f"the table has {got[0]} columns of numbers and {got[1]} of levels, "
            f"expected {n_numbers} and {n_codes}"
        )
