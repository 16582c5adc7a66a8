"""Who is trained on and who is tested: the same folds for every method, since no method is known here.

A repeat is a fold. Repeat r is fold r mod 5 of the stratified 5-fold partition r div 5, so that five repeats test every
row once; a partition is seeded from the name of the table and its own number alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import DataError, OptionError
from equipoise.seeds import generator

FOLDS = 5
SCORED_ROWS = 10  # a class of fewer rows cannot be split and scored
TEST_SHARE = 0.25


@dataclass(frozen=True, eq=False)
class Split:
    """Positions of the rows of two parts, ascending.

    Attributes
    ----------
    train : (n_train,) int64
    test : (n_test,) int64
    """

    train: NDArray[np.int64]
    test: NDArray[np.int64]


def scored_classes(y_codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Give which classes (C,) have the 10 rows that scoring needs; C is the largest code plus one.

    Parameters
    ----------
    y_codes : (n,) int64
        Class positions of the whole table.
    """
    return np.bincount(y_codes) >= SCORED_ROWS


def split(dataset_name: str, y_codes: NDArray[np.int64], repeat: int) -> Split:
    """Give the training and test rows of one repeat.

    Rows of a class of fewer than 10 rows are in every training part and in no test part.

    Parameters
    ----------
    dataset_name : str
    y_codes : (n,) int64
        Class positions of the whole table.
    repeat : int
        0 or more.

    Raises
    ------
    OptionError
        `repeat` is negative.
    DataError
        Fewer than two classes have the 10 rows that scoring needs.
    """
    if repeat < 0:
        raise OptionError(f"a repeat is counted from 0, got {repeat}")
    scored = scored_classes(y_codes)
    if scored.sum() < 2:
        raise DataError(
            f"the table {dataset_name!r} has {int(scored.sum())} classes of {SCORED_ROWS} rows or "
            "more; a split needs two: merge or drop the small ones"
        )
    rng = generator(0, "split", dataset_name, repeat // FOLDS)
    return _part(_dealt(y_codes, FOLDS, scored, rng), repeat % FOLDS)


def inner_folds(y_codes: NDArray[np.int64], n_folds: int, rng: np.random.Generator) -> list[Split]:
    """Part the rows of a training part into stratified folds.

    Every row of a class of two rows or more is tested once, and every training part holds every such class; the row of
    a class of one stays in training.

    Parameters
    ----------
    y_codes : (n,) int64
        Class positions of the training part.
    n_folds : int
        2 or more.
    rng : Generator

    Raises
    ------
    OptionError
        `n_folds` is below 2.
    DataError
        There are not enough rows for so many folds.
    """
    if n_folds < 2:
        raise OptionError(f"inner folds must be 2 or more, got {n_folds}")
    folds = _dealt(y_codes, n_folds, np.bincount(y_codes) >= 2, rng)
    if (folds >= 0).sum() < n_folds:
        raise DataError(
            f"{len(y_codes)} rows, {int((folds >= 0).sum())} of them in classes of two rows or "
            f"more, are too few for {n_folds} inner folds"
        )
    return [_part(folds, fold) for fold in range(n_folds)]


def inner_split(y_codes: NDArray[np.int64], rng: np.random.Generator) -> Split:
    """Set a quarter of each class aside, to the nearest row; classes of fewer than 4 rows stay in training.

    Parameters
    ----------
    y_codes : (n,) int64
        Class positions of the training part.
    rng : Generator
    """
    held = np.zeros(len(y_codes), dtype=bool)
    for rows in _rows_of_classes(y_codes):
        if len(rows) >= 1 / TEST_SHARE:
            held[rng.permutation(rows)[: int(TEST_SHARE * len(rows) + 0.5)]] = True
    return Split(np.flatnonzero(~held), np.flatnonzero(held))


def _rows_of_classes(y_codes: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    order = np.argsort(y_codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(y_codes))[:-1])


def _dealt(
    y_codes: NDArray[np.int64], n_folds: int, dealt: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Deal the rows of each class in turn to the folds, like cards; -1 for the rows of a class that is not dealt."""
    folds = np.full(len(y_codes), -1, dtype=np.int64)
    start = int(rng.integers(n_folds))
    for k, rows in enumerate(_rows_of_classes(y_codes)):
        if dealt[k]:
            folds[rng.permutation(rows)] = (start + np.arange(len(rows))) % n_folds
            start += len(rows)
    return folds


def _part(folds: NDArray[np.int64], fold: int) -> Split:
    test = folds == fold
    return Split(np.flatnonzero(~test), np.flatnonzero(test))
