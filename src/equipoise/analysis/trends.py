"""Whether F1 and the quality of rows go together: over the methods of a table, and over the means of the tables."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from equipoise.analysis.claim_trends import (
    LEAST_METHODS,
    LEAST_TABLES,
    on_every_table,
    permuted,
    rank_correlations,
)


@dataclass(frozen=True)
class Trend:
    """A rank correlation with the ends that it is held against zero by.

    Attributes
    ----------
    rho, low, high : float
    tables, methods : int
        What it rests on.
    reach : float
        How far chance alone reaches in 95 % of permutations, where the ends are that far away; NaN where they are
        those of a 95 % confidence interval.
    """

    rho: float
    low: float
    high: float
    tables: int
    methods: int
    reach: float = math.nan


def trend_within(points: pd.DataFrame, rng: np.random.Generator) -> Trend | None:
    """Give the mean over tables of the rank correlation over the methods that have a result on every table.

    The ends are as far away as chance reaches, and no confidence interval: the 95 % quantile of the mean correlation's
    size when the methods' labels are permuted, alike on all tables.

    Parameters
    ----------
    points : DataFrame
        Columns dataset, method, quality, f1; one row per dataset and method.
    rng : numpy.random.Generator
    """
    wide = points.set_index(["dataset", "method"])
    quality, f1 = (wide[c].unstack().dropna(axis="columns") for c in ("quality", "f1"))
    both = quality.columns.intersection(f1.columns)
    if len(both) < LEAST_METHODS:
        return None
    a, b = quality[both].to_numpy(dtype=float), f1[both].to_numpy(dtype=float)
    rho = float(rank_correlations(a, b).mean())
    reach = float(np.quantile(np.abs(permuted(a, b, rng)), 0.95))
    return Trend(rho, max(rho - reach, -1.0), min(rho + reach, 1.0), len(a), len(both), reach)


def trend_between(points: pd.DataFrame, classes: Mapping[str, int]) -> Trend | None:
    """Give the rank correlation over tables of their mean quality and mean chance-corrected F1, (F1 - 1/C) / (1 - 1/C).

    Means are over the methods that have a result on every table. The interval is Fisher's with the variance of Fieller,
    Hartley and Pearson (1957), 1.06 / (n - 3).

    Parameters
    ----------
    points : DataFrame
        As `trend_within` takes it.
    classes : dict of dataset to int
        C, how many classes a table has.
    """
    points = points.dropna(subset=["quality", "f1"])
    points = points[points["method"].isin(on_every_table(points))]
    means = points.groupby("dataset")[["quality", "f1"]].mean()
    if len(means) < LEAST_TABLES:
        return None
    chance = np.array([1 / max(classes[d], 2) for d in means.index])
    corrected = (means["f1"].to_numpy() - chance) / (1 - chance)
    rho = float(stats.spearmanr(means["quality"], corrected).statistic)
    if not math.isfinite(rho):
        return None
    z, reach = math.atanh(max(min(rho, 0.9999), -0.9999)), 1.96 * math.sqrt(1.06 / (len(means) - 3))
    ends = math.tanh(z - reach), math.tanh(z + reach)
    return Trend(rho, *ends, len(means), points["method"].nunique())
