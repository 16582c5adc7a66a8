"""What is worth its cost: treatments that no other beats in both gain and cost."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def front(cost: ArrayLike, worth: ArrayLike) -> NDArray[np.bool_]:
    """Give whether each point is on the Pareto front: none is at least as good and as cheap, and better in one.

    Parameters
    ----------
    cost, worth : (n,) array-like
        Less cost and more worth are better; a NaN is never on the front.
    """
    c, w = np.asarray(cost, dtype=float), np.asarray(worth, dtype=float)
    known = np.isfinite(c) & np.isfinite(w)
    as_good = (c[None, :] <= c[:, None]) & (w[None, :] >= w[:, None])
    better = (c[None, :] < c[:, None]) | (w[None, :] > w[:, None])
    beaten = (as_good & better & known[None, :]).any(axis=1)
    return known & ~beaten
