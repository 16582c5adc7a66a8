"""Instruments that are not ours: XGBoost tells rows apart and learns from them, and distances say who copies.

They need pandas, scikit-learn and xgboost only, so that both environments can use them.
"""

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from xgboost import XGBClassifier


def booster() -> XGBClassifier:
    """Give XGBoost with its defaults on native categories."""
    return XGBClassifier(enable_categorical=True, n_jobs=1, random_state=0)


def as_categories(table: pd.DataFrame) -> pd.DataFrame:
    """Give words as categories, so that XGBoost takes them."""
    words = [c for c in table if not pd.api.types.is_numeric_dtype(table[c])]
    return table.astype(dict.fromkeys(words, "category"))


def told_apart(real: pd.DataFrame, synthetic: pd.DataFrame, seed: int) -> float:
    """Give the cross-validated AUC of telling equally many real and synthetic rows apart."""
    n = min(len(real), len(synthetic))
    rows = [part.sample(n, random_state=seed) for part in (real, synthetic)]
    X, side = as_categories(pd.concat(rows, ignore_index=True)), np.repeat([0, 1], n)
    scores = np.empty(2 * n)
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    for train, test in folds.split(X, side):
        model = booster().fit(X.iloc[train], side[train])
        scores[test] = model.predict_proba(X.iloc[test])[:, 1]
    return float(roc_auc_score(side, scores))


def nearest(rows: pd.DataFrame, train: pd.DataFrame) -> np.ndarray:
    """Give each row's Gower distance to its nearest training row; a missing cell is far from all."""
    distances = np.zeros((len(rows), len(train)), dtype=np.float32)
    for name in train:
        if pd.api.types.is_numeric_dtype(train[name]):
            width = max(float(train[name].max() - train[name].min()), 1e-12)
            a, b = (part[name].to_numpy(np.float64) / width for part in (rows, train))
            step = np.abs(a[:, None] - b[None]).astype(np.float32)
            distances += np.nan_to_num(np.minimum(step, 1), nan=1.0)
        else:
            codes = pd.factorize(pd.concat([rows[name], train[name]]), use_na_sentinel=True)[0]
            a, b = codes[: len(rows)], codes[len(rows) :]
            distances += (a[:, None] != b[None]) | (a < 0)[:, None]
    return np.sort(distances.min(axis=1))


def too_close(train: pd.DataFrame, fresh: np.ndarray, synthetic: pd.DataFrame) -> float:
    """Give max over d of (F_synthetic(d) - F_fresh(d)) / (1 - F_fresh(d)), d up to the median of fresh rows.

    `fresh` holds the distances of rows that were not trained on, as `nearest` gives them.
    """
    near = nearest(synthetic.sample(min(2000, len(synthetic)), random_state=0), train)
    limit = fresh[(len(fresh) - 1) // 2]
    at = np.unique(np.concatenate([[0.0], fresh, near]))
    at = at[at <= limit] + 1e-6  # sums of shares in single precision
    below, expected = (np.searchsorted(d, at, "right") / len(d) for d in (near, fresh))
    use = expected < 0.9
    excess = (below - expected)[use] / (1 - expected)[use]
    return max(0.0, float(excess.max(initial=0.0)))


def trained_f1(train: pd.DataFrame, test: pd.DataFrame, target: str) -> float:
    """Give the macro F1 on test rows of XGBoost trained on other rows."""
    seen = sorted(set(train[target]))
    both = pd.concat([train, test], ignore_index=True).drop(columns=target)
    both = as_categories(both)
    model = booster().fit(both[: len(train)], train[target].map(seen.index))
    guess = [seen[k] for k in model.predict(both[len(train) :])]
    labels = sorted(set(seen) | set(test[target]))
    return float(f1_score(test[target], guess, labels=labels, average="macro"))
