"""The area under the ROC curve with its standard error, from two samples of a score."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats


def auc(negatives: NDArray, positives: NDArray) -> tuple[float, float]:
    """Give P(a positive's score exceeds a negative's), ties half, and its standard error.

    The error is that of DeLong, DeLong and Clarke-Pearson (1988), equations 4 to 6: the variance of each row's share of
    the other sample that it exceeds.

    Parameters
    ----------
    negatives, positives : (n,) and (m,) float
        Scores; NaN and NaN if a sample is empty.
    """
    n, m = len(negatives), len(positives)
    if not n or not m:
        return math.nan, math.nan
    ranks = stats.rankdata(np.concatenate([negatives, positives]))
    below = (ranks[n:] - stats.rankdata(positives)) / n
    above = 1 - (ranks[:n] - stats.rankdata(negatives)) / m
    value = float(below.mean())
    if min(n, m) < 2:
        return value, math.nan
    return value, math.sqrt(below.var(ddof=1) / m + above.var(ddof=1) / n)
