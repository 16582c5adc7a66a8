"""From a coded table to the matrix that a classifier takes, and what it knows of levels.

Two matrices: `native` has one column a feature, levels as codes, missing as NaN, for learners that know both; `OneHot`
spreads levels over columns. A boolean is a number in either.
"""

import numpy as np
from numpy.typing import NDArray

from equipoise.tables.coded import Coded
from equipoise.tables.schema import Column, Schema

MAX_LEVELS = 100  # one column each for the most frequent levels, one for the rest
LARGEST = float(np.finfo(np.float32).max)  # what XGBoost takes
LARGEST_SUMMED = 1e30  # scikit-learn adds up a whole matrix in single precision


def is_number(column: Column) -> bool:
    """Whether a column enters as one number: numeric, date, or boolean of two levels."""
    return column.is_number or (column.kind == "boolean" and len(column.levels) <= 2)


def known_levels(schema: Schema, table: Coded) -> list[NDArray[np.bool_]]:
    """Say for each discrete column which of its levels occur, as one array (levels,) each."""
    known = []
    for j, column in enumerate(schema.discrete):
        codes = table.codes[:, j]
        known.append(np.bincount(codes[codes >= 0], minlength=len(column.levels)) > 0)
    return known


def without_unknown(table: Coded, known: list[NDArray[np.bool_]]) -> Coded:
    """Make levels that are not known missing."""
    codes = table.codes
    if all(levels.all() for levels in known):
        return table
    codes = codes.copy()
    for j, levels in enumerate(known):
        met = np.append(levels, False)  # code -1 looks up the last place
        codes[~met[codes[:, j]], j] = -1
    return Coded(table.numbers, codes)


def native(schema: Schema, table: Coded) -> NDArray[np.float32]:
    """Give numbers and codes (n, d) in the column order of the table; NaN where missing."""
    matrix = np.empty((len(table), len(schema) - len(schema.carried)), dtype=np.float32)
    numbers, codes = iter(table.numbers.T), iter(table.codes.T)
    at = 0
    for column in schema.columns:
        if column.is_number:
            matrix[:, at] = np.clip(next(numbers), -LARGEST, LARGEST)
        elif column.is_discrete:
            cells = next(codes)
            matrix[:, at] = cells
            matrix[cells < 0, at] = np.nan
        else:
            continue
        at += 1
    return matrix


def native_types(schema: Schema) -> list[str]:
    """Name XGBoost's type of each column of `native`: "q" for numbers, "c" for levels."""
    return [
        "q" if is_number(column) else "c"
        for column in schema.columns
        if column.is_number or column.is_discrete
    ]


class OneHot:
    """Numbers and levels parted: numbers (n, p) with NaN, and levels spread over 0/1 columns (n, w).

    Each discrete column gets one place for each of its 100 most frequent levels, one for all others if there are any,
    and one for missing if training had some; a level not met in training is all zeros.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._spread = [j for j, c in enumerate(schema.discrete) if not is_number(c)]
        self._flags = [j for j, c in enumerate(schema.discrete) if is_number(c)]

    def fit(self, table: Coded) -> "OneHot":
        """Learn which level goes to which place."""
        self.places_ = []  # (level code + 1) -> place in the block; -1 for none
        self.widths_ = []
        for j in self._spread:
            codes = table.codes[:, j]
            counts = np.bincount(codes + 1, minlength=len(self.schema.discrete[j].levels) + 1)
            order = np.argsort(-counts[1:], kind="stable")
            order = order[counts[1:][order] > 0]
            places = np.full(len(counts), -1)
            places[1 + order] = np.minimum(np.arange(len(order)), MAX_LEVELS)
            width = min(len(order), MAX_LEVELS + 1)
            if counts[0]:
                places[0] = width
                width += 1
            self.places_.append(places)
            self.widths_.append(width)
        return self

    def numbers(self, table: Coded) -> NDArray[np.float64]:
        """Give numbers, dates and booleans (n, p); NaN where missing."""
        flags = table.codes[:, self._flags].astype(np.float64)
        flags[flags < 0] = np.nan
        return np.hstack([np.clip(table.numbers, -LARGEST_SUMMED, LARGEST_SUMMED), flags])

    def levels(self, table: Coded) -> NDArray[np.float32]:
        """Give the 0/1 columns (n, w) of all levels."""
        out = np.zeros((len(table), sum(self.widths_)), dtype=np.float32)
        start = 0
        for j, places, width in zip(self._spread, self.places_, self.widths_, strict=True):
            place = places[table.codes[:, j] + 1]
            rows = np.flatnonzero(place >= 0)
            out[rows, start + place[rows]] = 1.0
            start += width
        return out


class Standardised:
    """Numbers made fit for linear models, kernels and networks.

    Missing cells get the median; each column that misses cells in training also gets a 0/1 column that says where.
    Then mean 0 and standard deviation 1.
    """

    def fit(self, numbers: NDArray[np.float64]) -> "Standardised":
        """Learn medians, means and deviations from numbers (n, p)."""
        missing = np.isnan(numbers)
        self.missed_ = np.flatnonzero(missing.any(axis=0))
        empty = missing.all(axis=0)
        self.medians_ = np.zeros(numbers.shape[1])
        self.medians_[~empty] = np.nanmedian(numbers[:, ~empty], axis=0)
        filled = np.where(missing, self.medians_, numbers)
        self.means_ = filled.mean(axis=0)
        deviations = filled.std(axis=0)
        self.scales_ = np.where(deviations > 0, deviations, 1.0)
        return self

    def transform(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give standardised numbers and missing indicators (n, p + missed columns)."""
        missing = np.isnan(numbers)
        filled = np.where(missing, self.medians_, numbers)
        scaled = (filled - self.means_) / self.scales_
        return np.hstack([scaled, missing[:, self.missed_].astype(np.float64)])
