"""Hyperparameters of XGBoost by random search on inner folds: the plain tuning that every treatment should beat."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.classifiers.presets import DEFAULT
from equipoise.datasets.splits import inner_folds
from equipoise.metrics.utility import confusion, f1_from_confusion
from equipoise.seeds import generator

N_DRAWS = 20  # beside the defaults, which take part
N_FOLDS = 3
Model = Any  # an XGBClassifier


def draw(rng: np.random.Generator) -> dict[str, Any]:
    """Draw one setting of `XGBClassifier`: sizes and rates by their logarithm, shares evenly."""

    def logarithmic(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    return {
        "n_estimators": round(logarithmic(50, 300)),
        "learning_rate": logarithmic(0.02, 0.4),
        "max_depth": int(rng.integers(2, 10)),
        "min_child_weight": logarithmic(0.5, 10),
        "subsample": float(rng.uniform(0.5, 1)),
        "colsample_bytree": float(rng.uniform(0.5, 1)),
        "reg_lambda": logarithmic(0.1, 10),
    }


def tuned(
    make: Callable[[dict[str, Any]], Model],
    matrix: NDArray,
    y: NDArray[np.int64],
    weights: NDArray | None,
    seed: int,
) -> dict[str, Any]:
    """Give the best of the defaults and twenty random settings, by macro F1 over pooled inner folds.

    Parameters
    ----------
    make : callable
        From settings to an unfitted classifier.
    matrix : (n, d) array
    y : (n,) int
        Places of the classes, every one of them present.
    weights : (n,) float or None
    seed : int

    Returns
    -------
    dict
        The settings; the defaults where a class has too few rows for folds.
    """
    if len(y) < N_FOLDS or np.bincount(y).min() < N_FOLDS:
        return DEFAULT
    rng = generator(seed, "tuning")
    folds = inner_folds(y, N_FOLDS, rng)
    best, settings = -1.0, DEFAULT
    for candidate in [DEFAULT, *(draw(rng) for _ in range(N_DRAWS))]:
        table = np.zeros((y.max() + 1, y.max() + 1), dtype=np.int64)
        for fold in folds:
            model = make(candidate)
            given = None if weights is None else weights[fold.train]
            model.fit(matrix[fold.train], y[fold.train], sample_weight=given)
            table += confusion(y[fold.test], model.predict(matrix[fold.test]), len(table))
        score = float(f1_from_confusion(table).mean())
        if score > best:
            best, settings = score, candidate
    return settings
