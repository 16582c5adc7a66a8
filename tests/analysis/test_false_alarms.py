"""Where two treatments are equal, a difference is claimed no oftener than announced; where they are not, it is found.

Five folds of one sample overlap in their training rows, as in a run; law, learner and treatments are real ones, made so
that neither is better: each trains nearest means on a bootstrap of its own.
"""

import numpy as np
import pandas as pd
import pytest

from equipoise.analysis.frames import COLUMNS
from equipoise.analysis.gains import gains, within_tables
from equipoise.analysis.intervals import over_these_tables

RUNS, TABLES, N, FOLDS = 500, 6, 150, 5
LEVEL = 0.05
BOUND = LEVEL + 2 * (LEVEL * (1 - LEVEL) / RUNS) ** 0.5


def macro_f1(truth, guess):
    hits = [
        (2 * (guess[truth == c] == c).sum()) / ((truth == c).sum() + (guess == c).sum())
        for c in (0, 1)
    ]
    return float(np.mean(hits))


def nearest_mean(X, y, test):
    means = np.stack([X[y == c].mean(axis=0) for c in (0, 1)])
    far = ((test[:, None, :] - means) ** 2).sum(axis=2)
    return far.argmin(axis=1)


def table(rng, better, n=N):
    """Give scores (folds, 2) of both treatments on five folds of one sample; the second may be truly better."""
    y = (rng.random(n) < 0.3).astype(int)
    X = rng.normal(size=(n, 3)) + y[:, None] * 0.8
    folds = rng.permutation(np.arange(n) % FOLDS)
    out = []
    for k in range(FOLDS):
        train, test = np.flatnonzero(folds != k), np.flatnonzero(folds == k)
        scores = []
        for which in (0, 1):
            rows = rng.choice(train, len(train))
            while len(set(y[rows])) < 2:
                rows = rng.choice(train, len(train))
            labels = y[rows]
            if better and not which:  # the untreated learner sees nearly half of the labels wrong
                labels = np.where(rng.random(len(rows)) < 0.45, 1 - labels, labels)
            scores.append(macro_f1(y[test], nearest_mean(X[rows], labels, X[test])))
        out.append(scores)
    return np.array(out)


@pytest.fixture(scope="module")
def equal():
    rng = np.random.default_rng(1)
    return np.array([[table(rng, False) for _ in range(TABLES)] for _ in range(RUNS)])


def observed(scores):
    """Give observations of many tables (T, folds, 2): untreated rows and one treatment."""
    rows = []
    for t, splits in enumerate(scores):
        for repeat, pair in enumerate(splits):
            for name, plan, value in zip(
                ("identity", "smote"), ("none", "balance"), pair, strict=True
            ):
                rows.append(
                    (str(t), repeat, name, plan, "plain", "xgboost", "test", "macro_f1", "", value)
                )
    return pd.DataFrame(rows, columns=COLUMNS["observations"])


def test_one_table_claims_no_more_than_announced(equal):
    none = pd.DataFrame(columns=["dataset", "repeat", "method", "status"])
    found = within_tables(gains(observed(equal[:, 0]), none, "macro_f1"))
    assert len(found) == RUNS
    assert ((found["low"] > 0) | (found["high"] < 0)).mean() <= BOUND
    assert found["verdict"].isin(["helps", "hurts"]).mean() <= BOUND


def test_six_tables_claim_no_more_than_announced(equal):
    gain = equal[..., 1] - equal[..., 0]  # (runs, tables, folds)
    variance = (1 / FOLDS + 0.25) * gain.var(axis=2, ddof=1)
    means = gain.mean(axis=2)
    alarms = [
        found.low > 0 or found.high < 0
        for found in (
            over_these_tables(m, v, [FOLDS - 1.0] * TABLES)
            for m, v in zip(means, variance, strict=True)
        )
    ]
    assert np.mean(alarms) <= BOUND


def test_a_real_effect_is_found():
    rng = np.random.default_rng(2)
    scores = np.array([table(rng, True, n=900) for _ in range(TABLES)])
    gain = scores[..., 1] - scores[..., 0]
    variance = (1 / FOLDS + 0.25) * gain.var(axis=1, ddof=1)
    found = over_these_tables(gain.mean(axis=1), variance, [FOLDS - 1.0] * TABLES)
    assert found.low > 0
