"""Classifier two-sample test (Lopez-Paz and Oquab 2017): how well trees tell synthetic rows from fresh ones.

Equally many rows of both, five folds, boosted trees (`classifiers.boosted`), and the area under the ROC curve of the
out-of-fold scores: 0.5 says that the two cannot be told apart, 1 that they always can. A column gives synthetic rows
away as far as the area falls when its cells are shuffled among the rows that the model has not seen.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.classifiers.boosted import Boosted
from equipoise.classifiers.matrices import native, native_types
from equipoise.fidelity.auc import auc
from equipoise.fidelity.columns import titles
from equipoise.fidelity.metric import Measured, Metric, Trio

FOLDS = 5
LEAST_ROWS = 10  # of each side: two in a fold
CELLS = 2**22  # of the matrix of shuffled copies that is scored at once


@dataclass(frozen=True)
class Detection:
    """What the two-sample test found.

    Attributes
    ----------
    auc : float
    error : float
        Its standard error, as if the out-of-fold scores were independent.
    columns : mapping of str to float
        By how much the area falls without each column.
    """

    auc: float
    error: float
    columns: Mapping[str, float]


def detect(trio: Trio, rng: np.random.Generator) -> Detection:
    """Tell equally many fresh and synthetic rows apart.

    Parameters
    ----------
    trio : Trio
    rng : Generator
        Draws the rows where one side has more, the folds, the trees' samples and the shuffles.
    """
    tables = (trio.fresh, trio.synthetic)
    n = min(len(table) for table in tables)
    if n < LEAST_ROWS:
        return Detection(math.nan, math.nan, {})
    drawn = [table.take(rng.permutation(len(table))[:n]) for table in tables]
    X = np.vstack([native(trio.schema, table) for table in drawn])
    side = np.repeat(np.arange(2), n)
    # Rows are in random order, so that every fifth row is a fold, stratified by side.
    fold = np.tile(np.arange(n) % FOLDS, 2)
    score = np.empty(2 * n)
    without = np.empty((X.shape[1], 2 * n))
    for k in range(FOLDS):
        held = np.flatnonzero(fold == k)
        model = Boosted(
            types=native_types(trio.schema), n_classes=2, seed=int(rng.integers(2**31))
        ).fit(X[fold != k], side[fold != k])
        score[held] = model.predict_proba(X[held])[:, 1]
        without[:, held] = _shuffled(model, X[held], rng)
    value, error = auc(score[:n], score[n:])
    falls = [value - auc(other[:n], other[n:])[0] for other in without]
    return Detection(value, error, dict(zip(titles(trio.schema), falls, strict=True)))


def _shuffled(
    model: Boosted, X: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Score rows (b, d) with each column shuffled in turn: (d, b)."""
    b, d = X.shape
    out = np.empty((d, b))
    step = max(1, CELLS // max(1, b * d))
    for start in range(0, d, step):
        columns = np.arange(start, min(start + step, d))
        copies = np.repeat(X[None], len(columns), axis=0)
        for place, j in enumerate(columns):
            copies[place, :, j] = X[rng.permutation(b), j]
        out[columns] = model.predict_proba(copies.reshape(-1, d))[:, 1].reshape(-1, b)
    return out


def _measure(trio: Trio, rng: np.random.Generator) -> Measured:
    found = detect(trio, rng)
    return Measured(found.auc, found.columns)


DETECTION = Metric(
    name="detection",
    title="Told from fresh rows",
    better="lower",
    low=0.0,
    high=1.0,
    formula="out-of-fold AUC of boosted trees that tell synthetic rows from as many fresh ones; 0.5 is best",
    source="Lopez-Paz and Oquab 2017, Revisiting classifier two-sample tests",
    floor="independent",
    measure=_measure,
)
