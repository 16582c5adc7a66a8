"""Worst-class F1 over pooled folds: a class of a dozen rows has two or three in a fold, too few for a minimum.

The five folds of a partition test every row once. Their predictions are put together, F1 is taken per class, and only
then the minimum. The interval of a pooled gain comes from jackknife pseudo-values, one per fold left out, with the
same correction for overlapping training sets as everywhere else.
"""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.analysis.intervals import RHO, corrected
from equipoise.analysis.opponents import TREATMENT, opposing_scores
from equipoise.metrics.decision import apply_offsets

Counts = NDArray[np.float64]  # (3, n_classes): true positives, predicted, actual


def fold_counts(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], n_classes: int
) -> NDArray[np.float64]:
    """Give (3, n_classes) counts of one fold: true positives, predicted as c, actually c."""
    return np.stack(
        [
            np.bincount(truth[truth == predicted], minlength=n_classes),
            np.bincount(predicted, minlength=n_classes),
            np.bincount(truth, minlength=n_classes),
        ]
    ).astype(float)


def worst_f1(counts: Counts, scored: NDArray[np.bool_] | None = None) -> tuple[float, int]:
    """Give the least F1 over the scored classes and its position; (NaN, -1) if none can be scored."""
    both = counts[1] + counts[2]
    f1 = np.where(both > 0, 2 * counts[0] / np.maximum(both, 1), 0.0)
    taking_part = counts[2] > 0
    if scored is not None:
        taking_part &= scored
    if not taking_part.any():
        return math.nan, -1
    position = int(np.where(taking_part, f1, np.inf).argmin())
    return float(f1[position]), position


def counts_table(predictions: pd.DataFrame) -> pd.DataFrame:
    """Reduce predictions to counts: columns dataset, repeat, `TREATMENT`, counts ((3, n_classes) arrays).

    Parameters
    ----------
    predictions : DataFrame
        One row per dataset, repeat, `TREATMENT` and part; cells of columns truth (m,), probabilities
        (m, n_classes) and offsets (n_classes,) are arrays. Parts other than "test" are left out.
    """
    test = predictions[predictions["part"] == "test"]
    cells = zip(test["truth"], test["probabilities"], test["offsets"], strict=True)
    counts = [
        fold_counts(np.asarray(truth), apply_offsets(p, offsets), np.shape(p)[1])
        for truth, p, offsets in cells
    ]
    table = test[["dataset", "repeat", *TREATMENT]].reset_index(drop=True)
    return table.assign(counts=pd.Series(counts, dtype=object))


def pooled_gain(
    ours: list[Counts], theirs: list[Counts], scored: NDArray[np.bool_] | None
) -> NDArray[np.float64]:
    """Give the gain in pooled worst-class F1 over J paired folds, as J pseudo-values that have it as their mean.

    Pseudo-value j is J gain - (J - 1) gain without fold j, moved so that the mean is the pooled gain itself; their
    corrected variance gives its interval.
    """

    def gain(keep: list[int]) -> float:
        mine = worst_f1(np.sum([ours[i] for i in keep], axis=0), scored)[0]
        other = worst_f1(np.sum([theirs[i] for i in keep], axis=0), scored)[0]
        return mine - other

    n = len(ours)
    whole = gain(list(range(n)))
    if n < 2:
        return np.array([whole])
    left_out = [gain([i for i in range(n) if i != j]) for j in range(n)]
    pseudo = n * whole - (n - 1) * np.asarray(left_out)
    return pseudo - pseudo.mean() + whole


def _paired(
    counts: pd.DataFrame,
    failed: pd.DataFrame,
    opponent: str,
    scored: dict[str, NDArray[np.bool_]] | None,
) -> Iterator[tuple[tuple[str, ...], pd.DataFrame]]:
    """Give each treatment on each table: its key, and its folds with the opponent's counts and the pseudo-values."""
    full = pd.concat([counts.assign(failed=False), failed.assign(failed=True)], ignore_index=True)
    paired = opposing_scores(full.rename(columns={"counts": "score"}), opponent)
    counted = paired["opponent_score"].map(lambda c: isinstance(c, np.ndarray)).astype(bool)
    paired = paired[counted].assign(failed=paired["failed"].astype(bool))
    for key, group in paired.groupby(["dataset", *TREATMENT, "home"], sort=False):
        theirs = list(group["opponent_score"])
        ours = [
            other if bad else own
            for own, other, bad in zip(group["score"], theirs, group["failed"], strict=True)
        ]
        mask = None if scored is None else scored.get(key[0])
        yield key, group.assign(gain=pooled_gain(ours, theirs, mask))


def split_gains(
    counts: pd.DataFrame,
    failed: pd.DataFrame,
    opponent: str,
    scored: dict[str, NDArray[np.bool_]] | None = None,
) -> pd.DataFrame:
    """Give the pseudo-values of pooled worst-class gains, which stand for gains split by split.

    Parameters are those of `pooled_gains`.

    Returns
    -------
    DataFrame
        Columns dataset, repeat, `TREATMENT`, home, gain.
    """
    columns = ["dataset", "repeat", *TREATMENT, "home", "gain"]
    found = [group[columns] for _, group in _paired(counts, failed, opponent, scored)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)


def pooled_gains(
    counts: pd.DataFrame,
    failed: pd.DataFrame,
    opponent: str,
    scored: dict[str, NDArray[np.bool_]] | None = None,
    rho: float = RHO,
) -> pd.DataFrame:
    """Give pooled worst-class gains per table, in the columns of `gains.within_tables` up to p.

    Parameters
    ----------
    counts : DataFrame
        As `counts_table` gives it.
    failed : DataFrame
        As `gains.failed_cells` gives it: such a fold takes the opponent's counts, which is no gain.
    opponent : str
    scored : dict of (n_classes,) bool, optional
        Per dataset, which classes are large enough to be scored.
    rho : float, default=0.25
    """
    rows = []
    for key, group in _paired(counts, failed, opponent, scored):
        found = corrected(group["gain"], rho)
        mask = None if scored is None else scored.get(key[0])
        base = worst_f1(np.sum(list(group["opponent_score"]), axis=0), mask)[0]
        rows.append(
            (*key, found.n, int(group["failed"].sum()), base + found.mean, base, found.mean)
            + (found.low, found.high, found.variance, found.df, found.p)
        )
    columns = ["dataset", *TREATMENT, "home", "n", "n_failed", "score", "opponent_score"]
    return pd.DataFrame(rows, columns=[*columns, "gain", "low", "high", "variance", "df", "p"])
