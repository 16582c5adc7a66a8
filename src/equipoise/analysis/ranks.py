"""Ranks over tables (Demsar 2006): mean ranks, Friedman's test, Nemenyi's critical difference."""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from equipoise.analysis.opponents import TREATMENT


@dataclass(frozen=True)
class Ranking:
    """Mean ranks, and how complete the table is that they rest on.

    Attributes
    ----------
    per_table : DataFrame
        Columns dataset, `TREATMENT`, score, failed, rank (1 is best).
    mean : DataFrame
        Columns `TREATMENT`, rank, n (tables), sorted by rank.
    holes : tuple of (str, str)
        (dataset, treatment) pairs without a result for every split: a ranking with holes is not a fair one.
    left_out : tuple of (str, str, str, str)
        Treatments that do not compete, as they would leave holes; only `complete_ranks` leaves any out.
    """

    per_table: pd.DataFrame
    mean: pd.DataFrame
    holes: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, ...], ...] = ()


def ranks(table: pd.DataFrame, failed: pd.DataFrame) -> Ranking:
    """Rank the treatments on each table by their mean score, 1 the best, ties averaged, failures last.

    A treatment that failed in any split of a table is last there, beside the others that did.

    Parameters
    ----------
    table : DataFrame
        As `gains.scores` gives it; restrict it first to the treatments that shall compete.
    failed : DataFrame
        As `gains.failed_cells` gives it, restricted likewise.
    """
    full = _ranked(table, failed)
    mean = full.groupby(TREATMENT, sort=False)["rank"].agg(rank="mean", n="size").reset_index()
    mean = mean.sort_values("rank", kind="stable").reset_index(drop=True)
    holes = tuple((dataset, " ".join(treatment)) for dataset, *treatment in _holes(full))
    return Ranking(per_table=full.drop(columns="splits"), mean=mean, holes=holes)


def _ranked(table: pd.DataFrame, failed: pd.DataFrame) -> pd.DataFrame:
    """Give dataset, `TREATMENT`, score, splits, failed, rank."""
    grouped = table.groupby(["dataset", *TREATMENT], sort=False)["score"]
    means = grouped.agg(score="mean", splits="size").reset_index()
    lost = failed[["dataset", *TREATMENT]].drop_duplicates()
    full = means.merge(lost.assign(failed=True), on=["dataset", *TREATMENT], how="outer")
    full["failed"] = full["failed"].eq(True)
    worth = np.round(full["score"], 12).where(~full["failed"], -math.inf)
    full["rank"] = worth.groupby(full["dataset"]).rank(ascending=False, method="average")
    return full


def _holes(full: pd.DataFrame) -> list[tuple[str, ...]]:
    """Give (dataset, `TREATMENT`) wherever a treatment did not fail and has fewer splits than others have."""
    datasets = list(dict.fromkeys(full["dataset"]))
    most = full.groupby("dataset")["splits"].transform("max")
    whole = full[full["failed"] | (full["splits"] == most)]
    seen = set(whole[["dataset", *TREATMENT]].itertuples(index=False, name=None))
    every = list(full[TREATMENT].drop_duplicates().itertuples(index=False, name=None))
    return [(d, *t) for d in datasets for t in every if (d, *t) not in seen]


def complete_ranks(table: pd.DataFrame, failed: pd.DataFrame) -> Ranking:
    """Rank as `ranks` does, without the treatments that would leave holes: one of them must not spoil all ranks.

    A failure is no hole: it is last.

    Parameters
    ----------
    table, failed : DataFrame
        As `ranks` takes them.
    """
    left_out = tuple(dict.fromkeys(tuple(t) for _, *t in _holes(_ranked(table, failed))))
    kept = [part[~_of(part, left_out)] for part in (table, failed)]
    return replace(ranks(*kept), left_out=left_out)


def _of(table: pd.DataFrame, treatments: Collection[tuple[str, ...]]) -> NDArray[np.bool_]:
    """Say of each row whether it is of one of some treatments."""
    rows = table[TREATMENT].itertuples(index=False, name=None)
    return np.fromiter((row in treatments for row in rows), dtype=bool, count=len(table))


@dataclass(frozen=True)
class Friedman:
    """Friedman's chi-square, the F of Iman and Davenport, and its p."""

    chi2: float
    f: float
    p: float
    n_tables: int
    n_methods: int


def friedman(rank_matrix: ArrayLike) -> Friedman:
    """Test whether all methods rank alike.

    chi2 = 12N / (k(k+1)) [sum_j R_j^2 - k(k+1)^2 / 4]; F = (N-1) chi2 / (N(k-1) - chi2).

    Parameters
    ----------
    rank_matrix : (N, k) array-like
        Ranks of k methods on N tables, without holes.
    """
    matrix = np.asarray(rank_matrix, dtype=float)
    n, k = matrix.shape
    means = matrix.mean(axis=0)
    chi2 = 12 * n / (k * (k + 1)) * (float((means**2).sum()) - k * (k + 1) ** 2 / 4)
    left = n * (k - 1) - chi2
    if left <= 1e-9:
        return Friedman(chi2, math.inf, 0.0, n, k)
    f = (n - 1) * chi2 / left
    return Friedman(chi2, f, float(stats.f.sf(f, k - 1, (k - 1) * (n - 1))), n, k)


def critical_difference(n_methods: int, n_tables: int, level: float = 0.05) -> float:
    """Give Nemenyi's critical difference of mean ranks: q sqrt(k(k+1) / (6N))."""
    q = float(stats.studentized_range.ppf(1 - level, n_methods, np.inf)) / math.sqrt(2)
    return q * math.sqrt(n_methods * (n_methods + 1) / (6 * n_tables))
