"""From a plan to counts: rows to make of each stratum, rows to fit on, and the blocks that they are drawn in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.errors import OptionError
from equipoise.samplers.strategies import Plan
from equipoise.synthesizers._base import proportional

LEAST_FIT_ROWS = 10  # of each class in a subsample, if the table has them and the subsample room


@dataclass(frozen=True, eq=False)
class Key:
    """A column whose levels are counted: the target, or the groups of `--by`.

    Attributes
    ----------
    name : str
    codes : (n,) int32
        The level of each row of the file; -1 where it is missing.
    levels : Series of length k
        The levels, in the type that the column has.
    """

    name: str
    codes: NDArray[np.int32]
    levels: pd.Series

    @property
    def texts(self) -> tuple[str, ...]:
        """The levels as text."""
        return tuple(map(str, self.levels))

    @property
    def counts(self) -> NDArray[np.int64]:
        """Rows of each level (k,)."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.levels))


@dataclass(frozen=True, eq=False)
class Strata:
    """What rows are made of: classes, or pairs of a group and a class.

    Attributes
    ----------
    codes : (n,) int32
        The stratum of each row of the file; -1 for rows that are not learnt from.
    labels : Series of length k
        What a synthesizer calls them: the levels of the target, or a text that names the pair.
    classes, groups : (k,) int
        Positions of the class and of the group of each stratum; `groups` is None without `--by`.
    """

    codes: NDArray[np.int32]
    labels: pd.Series
    classes: NDArray[np.int64]
    groups: NDArray[np.int64] | None = None

    @property
    def counts(self) -> NDArray[np.int64]:
        """Rows of each stratum (k,)."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.labels))


def strata_of(target: Key, by: Key | None) -> Strata:
    """Give the strata of a table: its classes, or the pairs of a group and a class that occur.

    A synthesizer is told the pair as if it were a class, so that the group of a new row is right by construction, too.
    """
    if by is None:
        return Strata(target.codes, target.levels, np.arange(len(target.levels)))
    n = len(target.levels)
    known = (target.codes >= 0) & (by.codes >= 0)
    pairs = np.where(known, by.codes.astype(np.int64) * n + target.codes, -1)
    found = np.unique(pairs[known])
    places = np.full(len(by.levels) * n + 1, -1, dtype=np.int32)
    places[found] = np.arange(len(found))
    groups, classes = found // n, found % n
    texts = [
        f"{by.name}={by.texts[g]}, {target.name}={target.texts[c]}"
        for g, c in zip(groups, classes, strict=True)
    ]
    if len(set(texts)) < len(texts):
        raise OptionError(
            f"the levels of {by.name!r} and {target.name!r} cannot be told apart when they are "
            "joined; rename some"
        )
    return Strata(places[pairs], pd.Series(texts, dtype=object), classes, groups)


def planned(plan: Plan, target: Key, by: Key | None, strata: Strata) -> NDArray[np.int64]:
    """Give the rows to make of each stratum (k,).

    Without groups the plan counts classes. With them it counts groups, and what a group gets is shared out among its
    classes as they stand there, so that the share of the target within each group stays what it was.
    """
    if by is None:
        return _counted(plan, target.texts, target.counts)
    groups = np.asarray(strata.groups)
    sizes = np.bincount(groups, weights=strata.counts, minlength=len(by.levels))
    wanted = _counted(plan, by.texts, sizes.astype(np.int64))
    rows = np.zeros(len(strata.labels), dtype=np.int64)
    for group in np.flatnonzero(wanted):
        here = np.flatnonzero(groups == group)
        rows[here] = proportional(int(wanted[group]), strata.counts[here])
    return rows


def _counted(plan: Plan, texts: tuple[str, ...], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    y = pd.Categorical.from_codes(
        np.repeat(np.arange(len(counts), dtype=np.int32), counts), list(texts)
    )
    new = plan.new_rows(pd.Series(y))
    return np.array([new.get(text, 0) for text in texts], dtype=np.int64)


def subsample(
    codes: NDArray[np.int32], counts: NDArray[np.int64], n: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw n rows, strata in proportion but none below ten rows where it has them and half of n leaves room.

    Parameters
    ----------
    codes : (N,) int
        Stratum of each row; -1 is never drawn.
    counts : (k,) int
        Rows of each stratum.
    n : int
        All rows are given if there are no more.
    rng : Generator

    Returns
    -------
    rows : (n,) int
        Positions, ascending.
    """
    if n >= counts.sum():
        return np.flatnonzero(codes >= 0)
    if n < (counts > 0).sum():
        raise OptionError(
            f"--fit-rows {n} is fewer than the {(counts > 0).sum()} classes to learn from; "
            "give at least one row for each"
        )
    least = np.minimum(counts, max(1, min(LEAST_FIT_ROWS, n // (2 * len(counts)))))
    taken = least + proportional(n - int(least.sum()), counts - least)
    drawn = [
        rng.choice(np.flatnonzero(codes == k), size=int(taken[k]), replace=False)
        for k in np.flatnonzero(taken)
    ]
    return np.sort(np.concatenate(drawn))


def blocks(rows: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    """Cut the rows to make of each stratum (k,) into blocks of at most `size` rows, stratum after stratum."""
    left = rows.copy()
    while left.any():
        before = np.cumsum(left) - left
        block = np.clip(size - before, 0, left)
        left = left - block
        yield block


def level_of(levels: pd.Series, codes: NDArray[Any]) -> pd.Series:
    """Give the levels (n,) at positions."""
    return levels.take(codes).reset_index(drop=True)
