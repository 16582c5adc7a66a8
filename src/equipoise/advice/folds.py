"""Partitions of the table into five folds: stratified, by whole groups, or forward in time."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from equipoise.datasets.splits import FOLDS, Split, scored_classes, split
from equipoise.errors import DataError
from equipoise.seeds import seed_for

Partition = list[Split]
Folding = Callable[[int], Partition]  # the partition of a number


def stratified(name: str, y: NDArray[np.int64]) -> Folding:
    """Redraw the stratified five folds of a fair trial: those of `datasets.splits`, so that a bench meets the same."""

    def part(number: int) -> Partition:
        return [split(name, y, number * FOLDS + k) for k in range(FOLDS)]

    return part


def by_group(name: str, y: NDArray[np.int64], groups: NDArray[np.int64]) -> Folding:
    """Keep every group whole, classes as even as that allows.

    Raises
    ------
    DataError
        There are fewer than five groups, or a class lies in too few of them.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    scored = scored_classes(y)
    if len(np.unique(groups)) < FOLDS:
        raise DataError(
            f"the group column has {len(np.unique(groups))} different values, where {FOLDS} folds "
            f"of whole groups need {FOLDS} at least"
        )
    for k in np.flatnonzero(scored):
        if len(np.unique(groups[y == k])) < 2:
            raise DataError(
                "one class lies in a single group, so that it cannot be both learnt and tested "
                "with groups kept whole"
            )

    def part(number: int) -> Partition:
        dealer = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed_for(0, name, number))
        return [
            Split(train, test[scored[y[test]]])
            for train, test in dealer.split(np.zeros(len(y)), y, groups)
        ]

    return part


def forward(y: NDArray[np.int64], times: NDArray) -> Folding:
    """Train on the past and test on what follows: five blocks after a first one, rows of one moment together.

    Raises
    ------
    DataError
        There are too few moments, or a block's past lacks a second class.
    """
    scored = scored_classes(y)
    moments, place = np.unique(times, return_inverse=True)
    seen = np.cumsum(np.bincount(place))
    cuts = np.unique(np.searchsorted(seen, len(y) * np.arange(1, FOLDS + 1) / (FOLDS + 1)))
    if len(cuts) < FOLDS or cuts[-1] >= len(moments) - 1:
        raise DataError(
            f"the time column has {len(moments)} different moments, too few or too unevenly spread "
            f"for {FOLDS} blocks that follow a first one; use finer times"
        )
    block = np.searchsorted(cuts, place, side="left")  # 0: never tested
    folds = [
        Split(np.flatnonzero(block < k), np.flatnonzero((block == k) & scored[y]))
        for k in range(1, FOLDS + 1)
    ]
    if len(np.unique(y[folds[0].train])) < 2:
        raise DataError(
            "the first sixth of the rows in time holds one class only, so that nothing can be learnt "
            "from the past of the first block; leave out its rows"
        )
    return lambda number: folds
