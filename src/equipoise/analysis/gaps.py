"""The generalization gap, train F1 minus test F1, and how much of it a treatment closes.

The improvement is that of the benchmark article, ((gap_identity - gap) / gap_identity), with these
choices: train scores are taken on the real training rows; for the worst class the minimum is taken
separately on train and test; inside a table it is a ratio of means over repeats, over tables a mean of
those ratios; a table whose untreated gap is below 0.02 is left out of the mean, and listed, since a
ratio to it explodes.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from equipoise.analysis.gains import failed_cells, scores
from equipoise.analysis.opponents import TREATMENT, opposing_scores

SMALLEST_GAP = 0.02
TRAINS_ON_FEWER_ROWS = ("undersample",)  # part of the "training rows" was unseen: not comparable


@dataclass(frozen=True)
class GapTable:
    """Gaps per table and treatment, their means over tables, and which tables could not take part.

    Attributes
    ----------
    per_table : DataFrame
        Columns dataset, `TREATMENT`, train, test, gap, base_train, base_test, base_gap, improvement (NaN where the
        untreated gap is too small), test_change, n, n_failed, comparable.
    mean : DataFrame
        Columns `TREATMENT`, n (tables), improvement, test_change, comparable.
    excluded : tuple of str
        Tables whose untreated gap is smaller than `SMALLEST_GAP`.
    """

    per_table: pd.DataFrame
    mean: pd.DataFrame
    excluded: tuple[str, ...]


def improvement(base_gap: float, gap: float) -> float:
    """Give (base_gap - gap) / base_gap: 0 the same gap, 1 closed, negative wider; NaN if the base is too small."""
    if abs(base_gap) < SMALLEST_GAP:
        return float("nan")
    return (base_gap - gap) / base_gap


def with_base(observations: pd.DataFrame, trials: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Give train and test scores beside those of untreated rows (`base_train`, `base_test`), which failures take."""
    sides = []
    for part in ("train", "test"):
        table = scores(observations, metric, part)
        empty = failed_cells(table, trials).assign(failed=True)
        full = pd.concat([table.assign(failed=False), empty], ignore_index=True)
        both = opposing_scores(full, "identity").dropna(subset=["opponent_score"])
        both["score"] = both["score"].where(~both["failed"].astype(bool), both["opponent_score"])
        sides.append(both.rename(columns={"score": part, "opponent_score": f"base_{part}"}))
    keys = ["dataset", "repeat", *TREATMENT, "home", "failed"]
    return sides[0].merge(sides[1], on=keys)


def gaps(observations: pd.DataFrame, trials: pd.DataFrame, metric: str = "macro_f1") -> GapTable:
    """Give the generalization gap of every treatment and its improvement over untreated rows.

    Parameters
    ----------
    observations, trials : DataFrame
        As the store gives them.
    metric : str, default="macro_f1"
        "macro_f1" for the average, "worst_f1" for the worst class.
    """
    both = with_base(observations, trials, metric)
    both["failed"] = both["failed"].astype(bool)
    grouped = both.groupby(["dataset", *TREATMENT], sort=False)
    table = grouped[["train", "test", "base_train", "base_test"]].mean()
    table["n"] = grouped.size()
    table["n_failed"] = grouped["failed"].sum()
    table = table.reset_index()
    table["gap"] = table["train"] - table["test"]
    table["base_gap"] = table["base_train"] - table["base_test"]
    table["improvement"] = [
        improvement(base, gap) for base, gap in zip(table["base_gap"], table["gap"], strict=True)
    ]
    table["test_change"] = table["test"] - table["base_test"]
    table["comparable"] = ~table["method"].isin(TRAINS_ON_FEWER_ROWS)
    small = table["base_gap"].abs() < SMALLEST_GAP
    kept = table[~small & np.isfinite(table["improvement"])]
    mean = kept.groupby(TREATMENT, sort=False)[["improvement", "test_change"]].mean()
    mean["n"] = kept.groupby(TREATMENT, sort=False).size()
    mean = mean.reset_index()
    mean["comparable"] = ~mean["method"].isin(TRAINS_ON_FEWER_ROWS)
    excluded = tuple(dict.fromkeys(table.loc[small, "dataset"]))
    return GapTable(per_table=table, mean=mean, excluded=excluded)
