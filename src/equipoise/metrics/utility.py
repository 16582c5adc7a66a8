"""Scores of a classifier on one part of a table: pure functions of labels and probabilities.

Per class: F1, recall, precision, ROC AUC and average precision (one against rest). Over classes: unweighted means and
the worst class. Over rows: accuracy, Matthews' correlation (R_K, Gorodkin 2004), Brier score, log-loss and expected
calibration error. A class without a row in the part has no score: NaN, left out of means and of the worst class. A
class that is not `scored` is left out of both as well, but its rows remain: they count as errors of the classes they
are taken for, and in every score over rows.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import DataError

CLASS_METRICS = ("f1", "recall", "precision", "roc_auc", "average_precision")
OVERALL_METRICS = (
    "macro_f1",
    "worst_f1",
    "macro_roc_auc",
    "worst_roc_auc",
    "macro_average_precision",
    "balanced_accuracy",
    "accuracy",
    "mcc",
    "geometric_mean",
    "brier",
    "log_loss",
    "ece",
)
LOWER_IS_BETTER = frozenset({"brier", "log_loss", "ece"})
CLIP = 1e-15
ROUNDING = 1e-12  # of n^4, below which a spread is that of one class alone
N_BINS = 15


def utility(
    y: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    predicted: NDArray[np.int64],
    scored: NDArray[np.bool_] | None = None,
) -> dict[tuple[str, int | None], float]:
    """Score predictions by every metric.

    Parameters
    ----------
    y : (n,) int
        True class positions.
    probabilities : (n, C) float
        Column c belongs to class position c.
    predicted : (n,) int
        Class positions, by whatever decision rule: not always the argmax.
    scored : (C,) bool, optional
        Classes that count in means and in the worst class; all by default.

    Returns
    -------
    dict of (metric, class position or None) to float
        The metrics of `CLASS_METRICS` for every class and those of `OVERALL_METRICS` under None; NaN where a score is
        undefined.

    Raises
    ------
    DataError
        The shapes do not fit, there is no row, or a probability is not finite.
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    n_classes = _check(y, probabilities, predicted)
    table = confusion(y, predicted, n_classes)
    truth = table.sum(axis=1)
    counts = truth > 0 if scored is None else (truth > 0) & scored
    auc, average_precision = ranking(y, probabilities)
    by_class = {
        "f1": f1_from_confusion(table),
        "recall": _ratio(np.diag(table), truth, truth),
        "precision": _ratio(np.diag(table), table.sum(axis=0), truth),
        "roc_auc": auc,
        "average_precision": average_precision,
    }
    out: dict[tuple[str, int | None], float] = {
        (metric, c): float(value)
        for metric in CLASS_METRICS
        for c, value in enumerate(by_class[metric])
    }
    kept = {metric: values[counts & ~np.isnan(values)] for metric, values in by_class.items()}
    overall = {
        **_over_classes(kept),
        "accuracy": float(np.trace(table)) / len(y),
        "mcc": matthews(table),
        "brier": brier(y, probabilities),
        "log_loss": log_loss(y, probabilities),
        "ece": calibration_error(y, probabilities),
    }
    out.update({(metric, None): overall[metric] for metric in OVERALL_METRICS})
    return out


def _over_classes(kept: dict[str, NDArray[np.float64]]) -> dict[str, float]:
    """Give means, minima and the geometric mean of the per-class scores that count."""
    return {
        "macro_f1": _mean(kept["f1"]),
        "worst_f1": _least(kept["f1"]),
        "macro_roc_auc": _mean(kept["roc_auc"]),
        "worst_roc_auc": _least(kept["roc_auc"]),
        "macro_average_precision": _mean(kept["average_precision"]),
        "balanced_accuracy": _mean(kept["recall"]),
        "geometric_mean": geometric_mean(kept["recall"]),
    }


def _check(y: NDArray, probabilities: NDArray, predicted: NDArray) -> int:
    if probabilities.ndim != 2 or len(y) != len(probabilities) or len(y) != len(predicted):
        raise DataError(
            f"labels (n,), probabilities (n, C) and predictions (n,) must have the same n, got the "
            f"shapes {y.shape}, {probabilities.shape} and {predicted.shape}"
        )
    if not len(y):
        raise DataError("there is no row to score; at least one is needed")
    if not np.isfinite(probabilities).all():
        row = int(np.flatnonzero(~np.isfinite(probabilities).all(axis=1))[0])
        raise DataError(f"probabilities must be finite numbers; row {row} holds another")
    return probabilities.shape[1]


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.sum() / len(values)) if len(values) else np.nan


def _least(values: NDArray[np.float64]) -> float:
    return float(values.min()) if len(values) else np.nan


def _ratio(top: NDArray, bottom: NDArray, truth: NDArray) -> NDArray[np.float64]:
    values = top / np.maximum(bottom, 1)
    return np.where(truth > 0, values, np.nan)


def confusion(y: NDArray[np.int64], predicted: NDArray[np.int64], n_classes: int) -> NDArray:
    """Count rows (C, C) by true class (down) and predicted class (across)."""
    flat = np.bincount(np.asarray(y) * n_classes + predicted, minlength=n_classes * n_classes)
    return flat.reshape(n_classes, n_classes)


def pooled_confusion(parts: Iterable[tuple[NDArray, NDArray]], n_classes: int) -> NDArray[np.int64]:
    """Add up the confusion of several folds, given as (true, predicted) class positions (n,).

    The minimum over classes of one fold is lower than that of all rows by chance alone, the more so the fewer rows a
    class has: pool the folds first, then take the worst class.
    """
    total = np.zeros((n_classes, n_classes), dtype=np.int64)
    for y, predicted in parts:
        total += confusion(y, predicted, n_classes)
    return total


def f1_from_confusion(table: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give 2TP / (2TP + FP + FN) of each class (C,): 0 if never predicted, NaN without a true row."""
    truth = table.sum(axis=1)
    return _ratio(2 * np.diag(table), truth + table.sum(axis=0), truth)


def ranking(
    y: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give ROC AUC (C,) and average precision (C,) of each class against the rest.

    Equal probabilities are one step of the curve, so that AUC is the Mann-Whitney statistic with mid-ranks and the
    order of rows does not matter. Both are NaN for a class without a row; AUC also for one that has all of them.
    """
    n, n_classes = probabilities.shape
    scores = np.ascontiguousarray(probabilities.T)
    order = np.argsort(-scores, axis=1)
    ordered = np.take_along_axis(scores, order, axis=1)
    hits = np.cumsum(y[order] == np.arange(n_classes)[:, None], axis=1)
    last = np.ones((n_classes, n), dtype=bool)  # the last row of each run of equal scores
    last[:, :-1] = ordered[:, 1:] != ordered[:, :-1]
    owner, place = np.nonzero(last)
    tp = hits[owner, place].astype(np.float64)
    seen = place + 1.0
    first = np.r_[True, owner[1:] != owner[:-1]]
    tp_before = np.where(first, 0.0, np.r_[0.0, tp[:-1]])
    seen_before = np.where(first, 0.0, np.r_[0.0, seen[:-1]])
    gained = tp - tp_before
    negatives = seen - seen_before - gained
    area = np.bincount(owner, negatives * (tp + tp_before) / 2, minlength=n_classes)
    precise = np.bincount(owner, gained * tp / seen, minlength=n_classes)
    positive = hits[:, -1].astype(np.float64)
    pairs = positive * (n - positive)
    auc = np.where(pairs > 0, area / np.maximum(pairs, 1), np.nan)
    return auc, np.where(positive > 0, precise / np.maximum(positive, 1), np.nan)


def matthews(table: NDArray[np.int64]) -> float:
    """Give the multi-class Matthews correlation R_K (Gorodkin 2004) of a confusion (C, C), 0 if a side is constant."""
    counts = table.astype(np.float64)
    return float(matthews_of_counts(np.diag(counts), counts.sum(axis=0), counts.sum(axis=1)))


def matthews_of_counts(
    hits: NDArray[np.float64], taken: NDArray[np.float64], truth: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give R_K (...) from true positives, predictions and true rows by class (..., C); 0 where one side is constant.

    R_K = (n sum_c hits_c - sum_c taken_c truth_c) / sqrt((n^2 - sum_c taken_c^2) (n^2 - sum_c truth_c^2)), which needs
    no other cell of the confusion (Gorodkin 2004, equation 8). Counts may be weighted.
    """
    n = truth.sum(axis=-1)
    top = hits.sum(axis=-1) * n - (taken * truth).sum(axis=-1)
    spread = (n * n - (truth**2).sum(axis=-1)) * (n * n - (taken**2).sum(axis=-1))
    some = spread > ROUNDING * n**4
    return np.where(some, top / np.sqrt(np.where(some, spread, 1.0)), 0.0)


def geometric_mean(recall: NDArray[np.float64]) -> float:
    """Give the geometric mean of recalls (k,): 0 as soon as one class is never found."""
    if not len(recall):
        return np.nan
    return float(np.exp(np.log(recall).mean())) if (recall > 0).all() else 0.0


def brier(y: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    """Give the mean over rows of sum_c (p_c - [y = c])^2, in [0, 2]."""
    p_true = probabilities[np.arange(len(y)), y]
    squares = np.einsum("ij,ij->", probabilities, probabilities)
    return float((squares - 2.0 * p_true.sum()) / len(y) + 1.0)


def log_loss(y: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    """Give the mean negative log-probability of the true class, clipped at 1e-15, in nats."""
    p_true = probabilities[np.arange(len(y)), y]
    return float(-np.log(np.clip(p_true, CLIP, 1.0)).mean())


def calibration_error(y: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    """Give the expected calibration error of the most probable class in 15 bins of equal mass.

    The mean over rows of |accuracy - mean confidence| of their bin (Naeini et al. 2015; bins of equal mass as in
    Nguyen & O'Connor 2015). Rows of equal confidence share a bin, so that the order of rows does not matter.
    """
    n = len(y)
    top = probabilities.argmax(axis=1)
    confidence = probabilities[np.arange(n), top]
    rank = np.searchsorted(np.sort(confidence), confidence, side="left")
    surplus = np.bincount(rank * N_BINS // n, (top == y) - confidence, minlength=N_BINS)
    return float(np.abs(surplus).sum() / n)
