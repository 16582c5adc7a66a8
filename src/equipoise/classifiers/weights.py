"""Class weights: the treatment that costs nothing.

`balanced` is King & Zeng 2001 (every class weighs the same in total); `ladder` is the custom weights of the article
"Tackling Imbalanced Learning With Generative Synthesizers".
A row's weight is that of its class, ``weights[y]``, for every classifier alike. Classes without a row get weight 0.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray


def balanced_weights(y: NDArray[np.int64], n_classes: int) -> NDArray[np.float64]:
    """Give n / (C n_c) for each class (n_classes,); the rows' weights add up to n.

    Parameters
    ----------
    y : (n,) int
        Class positions.
    n_classes : int
        C in the formula is the number of those that have rows.

    Examples
    --------
    >>> balanced_weights(np.repeat([0, 1], [90, 10]), 2).round(3).tolist()
    [0.556, 5.0]
    """
    counts = np.bincount(y, minlength=n_classes)
    present = counts > 0
    return np.where(present, len(y) / (max(present.sum(), 1) * np.maximum(counts, 1)), 0.0)


def ladder_weights(y: NDArray[np.int64], n_classes: int) -> NDArray[np.float64]:
    """Give 1, 5, 10, 15, ... from the most to the least frequent class (n_classes,), not normalised.

    Parameters
    ----------
    y : (n,) int
        Class positions.
    n_classes : int
        Classes of equal counts take their steps in the order of the classes.

    Examples
    --------
    >>> ladder_weights(np.repeat([0, 1, 2, 3], [50, 30, 30, 5]), 4).tolist()
    [1.0, 5.0, 10.0, 15.0]
    """
    counts = np.bincount(y, minlength=n_classes)
    steps = np.empty(n_classes)
    steps[np.argsort(-counts, kind="stable")] = np.maximum(5.0 * np.arange(n_classes), 1.0)
    return np.where(counts > 0, steps, 0.0)


def effective_prior(
    y: NDArray[np.int64], n_classes: int, weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Give the class shares (n_classes,) that a classifier is trained at.

    Parameters
    ----------
    y : (n,) int
        Class positions of all training rows, synthetic ones included.
    n_classes : int
    weights : (n_classes,) float, optional
        Class weights; pi'_c is proportional to w_c n_c.
    """
    mass = np.bincount(y, minlength=n_classes).astype(np.float64)
    if weights is not None:
        mass *= weights
    return mass / mass.sum()


WEIGHTS: dict[str, Callable[[NDArray[np.int64], int], NDArray[np.float64]]] = {
    "balanced": balanced_weights,
    "ladder": ladder_weights,
}
