"""Rows whose numbers are normal scores: the encoding for networks that think in Gaussians.

A number becomes a score (`scores`), which is near N(0, 1) over the training rows whatever the column's law, and comes
back as a quantile, so that no value leaves the training range. What has no score is a level of a one-hot block beside
it: a missing cell, a value that many rows hold, every value of a column of few. Levels are one-hots (`encoder`).
"""

from numbers import Integral
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from equipoise.errors import DataError, OptionError
from equipoise.tables.coded import Coded
from equipoise.tables.encoder import fit_levels
from equipoise.tables.schema import Schema
from equipoise.tables.scores import fit_scores

Ints = NDArray[np.int64]


class QuantileEncoder(BaseEstimator):
    """Encode coded tables as rows of normal scores and one-hot blocks.

    Parameters
    ----------
    max_quantiles : int, default=1000
        The most values of a column that its distribution function is kept at.
    max_values : int, default=20
        A column of at most so many distinct numbers is one-hot on its values.
    atom_share : float, default=0.05
        A number held by at least this share of the rows is a level of its own.
    linear_share : float, default=0.0
        Weight of the standardised number in its score, against the normal score.
    max_levels : int, default=100
        The most levels of a column that have a position of their own.
    least_rows : int, default=5
        Levels of fewer rows share one position, as do those beyond `max_levels`; which of them it is, is drawn at their
        frequencies.

    Attributes
    ----------
    width_ : int
        Number of positions of a row.
    scalars_ : (A,) int64
        Positions of the scores.
    beside_ : (A,) int64
        For each score the position that is 1 where it means something and 0 where the cell is an atom or missing; -1
        if it always means something.
    block_ids_ : (width,) int64
        Number of the block at each position, from 0 on; -1 at scores.
    numbers_ : tuple of Scores
        Of each column of `Coded.numbers`.
    levels_ : tuple of Levels
        Of each column of `Coded.codes`.
    number_starts_, level_starts_ : list of int
        Where the positions of these columns start, a number's score first.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from equipoise.tables.coded import code
    >>> from equipoise.tables.schema import Schema
    >>> frame = pd.DataFrame({"x": np.exp(np.arange(40.0)), "s": ["a", "b"] * 20})
    >>> schema = Schema.infer(frame)
    >>> rng = np.random.default_rng(0)
    >>> encoder = QuantileEncoder().fit(schema, code(schema, frame))
    >>> rows = encoder.transform(code(schema, frame), rng)
    >>> rows.shape, encoder.block_ids_.tolist()
    ((40, 3), [-1, 0, 0])
    """

    def __init__(
        self,
        *,
        max_quantiles: int = 1000,
        max_values: int = 20,
        atom_share: float = 0.05,
        linear_share: float = 0.0,
        max_levels: int = 100,
        least_rows: int = 5,
    ) -> None:
        self.max_quantiles = max_quantiles
        self.max_values = max_values
        self.atom_share = atom_share
        self.linear_share = linear_share
        self.max_levels = max_levels
        self.least_rows = least_rows

    def fit(self, schema: Schema, table: Coded) -> Self:
        """Learn distribution functions, levels and which position is whose; nothing is random.

        Parameters
        ----------
        schema : Schema
        table : Coded of n rows

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
            fit_scores(
                column, max_quantiles=self.max_quantiles, max_values=self.max_values,
                atom_share=self.atom_share, linear_share=self.linear_share,
            )
            for column in table.numbers.T
        )  # fmt: skip
        self.levels_ = tuple(
            fit_levels(codes, len(column.levels), self._n_own(codes))
            for codes, column in zip(table.codes.T, schema.discrete, strict=True)
        )
        self._lay_out(schema)
        return self

    def transform(self, table: Coded, rng: np.random.Generator) -> NDArray[np.float32]:
        """Encode rows; the scores of tied numbers are drawn.

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
        rows = np.zeros((len(table), self.width_), dtype=np.float32)
        for j, (scores, start) in enumerate(zip(self.numbers_, self.number_starts_, strict=True)):
            slots, z = scores.encode(table.numbers[:, j], rng)
            if scores.has_score:
                rows[:, start] = z
            if scores.block:
                _light(rows, start + int(scores.has_score), slots)
        for j, (levels, start) in enumerate(zip(self.levels_, self.level_starts_, strict=True)):
            _light(rows, start, levels.slots[table.codes[:, j]])
        return rows

    def inverse(self, rows: NDArray[np.floating], rng: np.random.Generator) -> Coded:
        """Decode rows.

        Parameters
        ----------
        rows : (n, width) float
            Scores, and blocks of which the largest entry counts.
        rng : Generator
            Draws the level where a block names the pooled ones; nothing else is random.

        Returns
        -------
        table : Coded of n rows
            Numbers lie between the least and the largest of training.
        """
        if rows.ndim != 2 or rows.shape[1] != self.width_:
            raise DataError(
                f"encoded rows have {self.width_} positions here, got an array of the shape {rows.shape}"
            )
        n = len(rows)
        numbers = np.empty((n, len(self.numbers_)))
        codes = np.empty((n, len(self.levels_)), dtype=np.int64)
        for j, (scores, start) in enumerate(zip(self.numbers_, self.number_starts_, strict=True)):
            first = start + int(scores.has_score)
            slots = np.zeros(n, dtype=np.int64)
            if scores.block:
                slots = rows[:, first : first + scores.block].argmax(axis=1)
            z = rows[:, start].astype(np.float64) if scores.has_score else np.zeros(n)
            numbers[:, j] = scores.decode(slots, z)
        for j, (levels, start) in enumerate(zip(self.levels_, self.level_starts_, strict=True)):
            codes[:, j] = levels.invert(rows[:, start : start + levels.width].argmax(axis=1), rng)
        return Coded(numbers, codes)

    def _n_own(self, codes: Ints) -> int:
        """Give how many levels of a column (n,) get a position of their own."""
        counts = np.bincount(codes[codes >= 0])
        return min(int((counts >= self.least_rows).sum()), self.max_levels)

    def _lay_out(self, schema: Schema) -> None:
        ids: list[int] = []
        scalars: list[int] = []
        beside: list[int] = []
        self.number_starts_: list[int] = []
        self.level_starts_: list[int] = []
        numbers, levels = iter(self.numbers_), iter(self.levels_)
        n_blocks = 0
        for column in schema.columns:
            if column.is_number:
                scores = next(numbers)
                self.number_starts_.append(len(ids))
                width = scores.block
                if scores.has_score:
                    scalars.append(len(ids))
                    beside.append(len(ids) + 1 if width else -1)
                    ids.append(-1)
            elif column.is_discrete:
                self.level_starts_.append(len(ids))
                width = next(levels).width
            else:
                continue
            ids += [n_blocks] * width
            n_blocks += width > 0
        self.width_ = len(ids)
        self.scalars_, self.beside_, self.block_ids_ = (
            np.array(part, dtype=np.int64) for part in (scalars, beside, ids)
        )

    def _check_options(self) -> None:
        for name, least in (
            ("max_quantiles", 4), ("max_values", 0), ("max_levels", 1), ("least_rows", 1),
        ):  # fmt: skip
            value = getattr(self, name)
            if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
                raise OptionError(
                    f"{name} must be a whole number of {least} or more, got {value!r}"
                )
        if not 0 < self.atom_share <= 1:
            raise OptionError(f"atom_share must lie in (0, 1], got {self.atom_share!r}")
        if not 0 <= self.linear_share < 1:
            raise OptionError(f"linear_share must lie in [0, 1), got {self.linear_share!r}")


def _light(rows: NDArray[np.float32], start: int, slots: Ints) -> None:
    """Set the one of each row's block; rows of slot -1 get none."""
    lit = np.flatnonzero(slots >= 0)
    rows[lit, start + slots[lit]] = 1.0


def _check_columns(table: Coded, n_numbers: int, n_codes: int) -> None:
    got = (table.numbers.shape[1], table.codes.shape[1])
    if got != (n_numbers, n_codes):
        raise DataError(
            f"the table has {got[0]} columns of numbers and {got[1]} of levels, "
            f"expected {n_numbers} and {n_codes}"
        )
