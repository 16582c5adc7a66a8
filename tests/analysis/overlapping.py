"""Equal learners on overlapping splits: what differs between them is the luck of one sample, which its splits share.

Each learner is nearest means on features of its own; all features follow the same law, so that learners whose classes
lie equally far apart have the same expected score, whatever the score. Fits are deterministic: two splits of a table
differ only by the rows that they do not share.
"""

import numpy as np
import pandas as pd

from equipoise.analysis.frames import COLUMNS

N, RARE, FEATURES, FOLDS = 100, 30, 4, 5  # rows, rows of class 1, features of a learner, folds
Treatment = tuple[str, str, str]  # method, plan, decision


def _test_rows(rng, n_tables, partitions):
    """Give the test rows (T, J, N) of stratified partitions into folds; the rare class comes last."""
    common, rare = (np.tile(np.arange(size) % FOLDS, (n_tables, 1)) for size in (N - RARE, RARE))
    folds = [
        np.concatenate([rng.permuted(common, axis=1), rng.permuted(rare, axis=1)], axis=1)
        for _ in range(partitions)
    ]
    return np.concatenate([f[:, None] == np.arange(FOLDS)[:, None] for f in folds], axis=1)


def _macro_f1(y, guess, rows):
    """Give macro F1 (T, J) of guesses (T, J, N) for labels (N,) on chosen rows (T, J, N)."""
    of_classes = []
    for c in (0, 1):
        true, said = (y == c) & rows, (guess == c) & rows
        hits = (true & said).sum(axis=2)
        of_classes.append(2 * hits / (true.sum(axis=2) + said.sum(axis=2)))
    return np.mean(of_classes, axis=0)


def scores(rng, n_tables, apart, partitions):
    """Give macro F1 on test rows (T, J, K) of K learners on J overlapping splits of T new tables.

    `apart` holds, per learner, how far the means of its two classes are apart, in standard deviations.
    """
    y = np.arange(N) >= N - RARE
    test = _test_rows(rng, n_tables, partitions)
    of_class = [~test & (y == c) for c in (0, 1)]
    found = []
    for distance in apart:
        X = rng.normal(size=(n_tables, N, FEATURES)) + distance / FEATURES**0.5 * y[:, None]
        low, high = (rows @ X / rows.sum(axis=2, keepdims=True) for rows in of_class)
        normal = high - low
        middle = (normal * (low + high) / 2).sum(axis=2, keepdims=True)
        guess = normal @ X.transpose(0, 2, 1) > middle
        found.append(_macro_f1(y, guess, test))
    return np.stack(found, axis=2)


def observed(treatments: list[Treatment], test, train=None):
    """Give the observations of tables "0", "1", ... whose scores (T, J, K) are those of K treatments."""
    parts = {"test": test} if train is None else {"test": test, "train": train}
    frames = []
    for part, values in parts.items():
        table, split, which = (index.ravel() for index in np.indices(values.shape))
        method, plan, decision = (np.array(names)[which] for names in zip(*treatments, strict=True))
        frames.append(
            pd.DataFrame(
                {
                    "dataset": table.astype(str), "repeat": split, "method": method, "plan": plan,
                    "decision": decision, "classifier": "xgboost", "part": part,
                    "metric": "macro_f1", "label": "", "value": values.ravel(),
                }
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)[COLUMNS["observations"]]
