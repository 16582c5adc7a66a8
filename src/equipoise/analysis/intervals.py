"""Intervals for differences measured on overlapping training sets.

Inside one table: Nadeau and Bengio 2003, the corrected resampled t-test. Over several tables: the mean of the
means, whose squared standard error is the sum of theirs, with the degrees of freedom of Satterthwaite 1946.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

RHO = 0.25  # test rows over training rows in one fold of five


@dataclass(frozen=True)
class Interval:
    """A mean difference and what is known about it.

    Attributes
    ----------
    mean : float
    low, high : float
        Ends of the confidence interval; NaN where there is nothing to estimate a variance from.
    variance : float
        Squared standard error of the mean.
    df : float
        Degrees of freedom.
    t, p : float
        Statistic and two-sided p of "the mean is zero".
    n : int
        How many differences went in.
    """

    mean: float
    low: float
    high: float
    variance: float
    df: float
    t: float
    p: float
    n: int


def _student(mean: float, variance: float, df: float, n: int, confidence: float) -> Interval:
    """Give Student's interval and test for a mean with a known squared standard error."""
    if not df > 0 or math.isnan(variance):
        return Interval(mean, math.nan, math.nan, math.nan, 0.0, math.nan, math.nan, n)
    error = math.sqrt(variance)
    if error <= 1e-12:  # the same difference everywhere, up to rounding
        nothing = abs(mean) <= 1e-12
        t = 0.0 if nothing else math.copysign(math.inf, mean)
        return Interval(mean, mean, mean, 0.0, df, t, 1.0 if nothing else 0.0, n)
    reach = float(stats.t.ppf(0.5 + confidence / 2, df)) * error
    t = mean / error
    p = float(2 * stats.t.sf(abs(t), df))
    return Interval(mean, mean - reach, mean + reach, variance, df, t, p, n)


def corrected(differences: ArrayLike, rho: float = RHO, confidence: float = 0.95) -> Interval:
    """Give the corrected interval of paired differences over the splits of one table.

    t = mean(d) / sqrt((1/J + rho) var(d)) with J - 1 degrees of freedom (Nadeau and Bengio 2003, the
    "corrected resampled t-test"): 1/J alone would ignore that training sets overlap.

    Parameters
    ----------
    differences : (J,) array-like
        One difference per split.
    rho : float, default=0.25
        Test rows over training rows of a split; 0 gives the naive test.
    confidence : float, default=0.95

    Returns
    -------
    Interval
        With NaN ends if J < 2.
    """
    d = np.asarray(differences, dtype=float)
    n = len(d)
    if n < 2:
        mean = float(d.mean()) if n else math.nan
        return _student(mean, math.nan, 0, n, confidence)
    variance = (1 / n + rho) * float(d.var(ddof=1))
    return _student(float(d.mean()), variance, n - 1, n, confidence)


def over_these_tables(
    means: ArrayLike, variances: ArrayLike, dfs: ArrayLike, confidence: float = 0.95
) -> Interval:
    """Give the interval of the mean gain on these very tables.

    D = mean of the N means, SE = sqrt(sum of their squared standard errors) / N, degrees of freedom by
    Satterthwaite: (sum V)^2 / sum(V^2 / df).

    Parameters
    ----------
    means, variances, dfs : (N,) array-like
        Per table: the mean difference, its squared standard error, its degrees of freedom.
    confidence : float, default=0.95
    """
    m, v, df = (np.asarray(a, dtype=float) for a in (means, variances, dfs))
    n = len(m)
    if n == 0:
        return _student(math.nan, math.nan, 0, 0, confidence)
    total = float(v.sum())
    if math.isnan(total):
        return _student(float(m.mean()), math.nan, 0, n, confidence)
    positive = v > 0
    freedom = float(df.sum())
    if positive.any():
        freedom = total**2 / float((v[positive] ** 2 / df[positive]).sum())
    return _student(float(m.mean()), total / n**2, freedom, n, confidence)


def beyond_these_tables(means: ArrayLike, confidence: float = 0.95) -> Interval:
    """Give the interval for tables like these: a plain t interval of the N means, N - 1 degrees."""
    return corrected(means, rho=0.0, confidence=confidence)
