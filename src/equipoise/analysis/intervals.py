"""Intervals for differences measured on overlapping training sets.

Inside one table: Nadeau and Bengio 2003, the corrected resampled t-test. Over several tables: the mean of the
means, whose squared standard error is the sum of theirs, with the degrees of freedom of Satterthwaite 1946.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

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


def student(
    mean: ArrayLike, variance: ArrayLike, df: ArrayLike, confidence: float = 0.95
) -> tuple[NDArray[np.float64], ...]:
    """Give low and high ends, t and two-sided p of means with known squared standard errors.

    Parameters
    ----------
    mean, variance, df : (k,) array-like
        Where a variance is NaN or a df is not positive, all four answers are NaN. Where a
        variance is zero up to rounding, the interval is a point and p is 1 for a mean of zero, else 0.
    confidence : float, default=0.95
    """
    m, v, f = (np.atleast_1d(np.asarray(a, dtype=float)) for a in (mean, variance, df))
    known = ~np.isnan(v) & (f > 0)
    error = np.sqrt(np.where(known, v, np.nan))
    flat = known & (error <= 1e-12)  # the same difference everywhere
    error = np.where(flat, 0.0, error)
    freedom = np.where(known, f, 1.0)
    reach = stdtrit(freedom, 0.5 + confidence / 2) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(flat & (np.abs(m) <= 1e-12), 0.0, m / error)
    p = 2 * stdtr(freedom, -np.abs(t))
    return m - reach, m + reach, t, p


def _interval(mean: float, variance: float, df: float, n: int, confidence: float) -> Interval:
    low, high, t, p = (float(a[0]) for a in student(mean, variance, df, confidence))
    return Interval(mean, low, high, variance, df, t, p, n)


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
        return _interval(mean, math.nan, 0, n, confidence)
    variance = (1 / n + rho) * float(d.var(ddof=1))
    return _interval(float(d.mean()), variance, n - 1, n, confidence)


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
        return _interval(math.nan, math.nan, 0, 0, confidence)
    total = float(v.sum())
    if math.isnan(total):
        return _interval(float(m.mean()), math.nan, 0, n, confidence)
    positive = v > 0
    freedom = float(df.sum())
    if positive.any():
        freedom = total**2 / float((v[positive] ** 2 / df[positive]).sum())
    return _interval(float(m.mean()), total / n**2, freedom, n, confidence)


def beyond_these_tables(means: ArrayLike, confidence: float = 0.95) -> Interval:
    """Give the interval for tables like these: a plain t interval of the N means, N - 1 degrees."""
    return corrected(means, rho=0.0, confidence=confidence)
