"""Print what sequential trees trade between fidelity and copying, setting by setting.

    python benchmarks/cart_frontier.py --data-dir DIR [--repeats 3] [--settings "default,leaf 5"] [--tables hmeq]

For each table and repeat the rows are split 80/20, stratified; the trees are fitted on the training part and asked for
as many rows as it has, at its proportions. Then, means over tables and repeats:

- c2st: cross-validated ROC AUC of XGBoost told to tell test rows from equally many synthetic rows; 0.5 is the aim.
- close: the least share of synthetic rows that must be nearer to a training row than test rows are; 0 is the aim.
- f1: macro F1 on the test rows of XGBoost trained on the synthetic rows; `real` says what the training rows give.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, train_test_split
from xgboost import XGBClassifier

from equipoise.synthesizers.cart import Cart

TARGETS = {
    "hmeq": "BAD",
    "thomas": "BAD",
    "popularkids": "Goals",
    "eucalyptus": "Utility",
    "steel_plates_fault": "target",
    "ionosphere": "class",
}
SETTINGS: dict[str, dict] = {
    "default": {},
    "all of leaf 5": {"min_leaf": 5, "n_trees": 1, "feature_share": 1.0, "significance": 1.0},
    "all of leaf 20": {"min_leaf": 20, "n_trees": 1, "feature_share": 1.0, "significance": 1.0},
    "one tree": {"n_trees": 1, "feature_share": 1.0},
    "ten trees": {"n_trees": 10},
    "leaf 1": {"min_leaf": 1},
    "leaf 5": {"min_leaf": 5},
    "leaf 10": {"min_leaf": 10},
    "all splits": {"significance": 1.0},
    "strict splits": {"significance": 0.001},
    "by information": {"order": "information"},
    "smoothed": {"smoothing": 0.5},
}
DRAWS = 2


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


def too_close(train: pd.DataFrame, test: pd.DataFrame, synthetic: pd.DataFrame) -> float:
    """Give max over d of (F_synthetic(d) - F_fresh(d)) / (1 - F_fresh(d)), d up to the median of fresh rows."""
    near = nearest(synthetic.sample(min(2000, len(synthetic)), random_state=0), train)
    fresh = nearest(test, train)
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


def trial(table: pd.DataFrame, target: str, setting: dict, repeat: int) -> dict[str, float]:
    """Fit, sample and judge once."""
    train, test = train_test_split(
        table, test_size=0.2, stratify=table[target], random_state=repeat
    )
    start = time.process_time()
    cart = Cart(random_state=repeat, **setting).fit(train.drop(columns=target), train[target])
    synthetic, labels = cart.sample(len(train), random_state=repeat)
    seconds = time.process_time() - start
    synthetic = synthetic.assign(**{target: np.asarray(labels)})[list(table)]
    return {
        "c2st": float(np.mean([told_apart(test, synthetic, k) for k in range(DRAWS)])),
        "close": too_close(train, test, synthetic),
        "f1": trained_f1(synthetic, test, target),
        "real": trained_f1(train, test, target),
        "seconds": seconds,
    }


def main() -> None:
    """Parse, judge and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--settings", default=",".join(SETTINGS))
    parser.add_argument("--tables", default=",".join(TARGETS))
    arguments = parser.parse_args()
    tables = {}
    for name in arguments.tables.split(","):
        path = arguments.data_dir / f"{name}.csv"
        table = pd.read_csv(path, keep_default_na=False, na_values=[""])
        tables[name] = table.astype({TARGETS[name]: str})
    print(f"{'setting':18s} {'table':20s}  c2st  close    f1   real  seconds")
    for label in arguments.settings.split(","):
        means = []
        for name, table in tables.items():
            runs = [
                trial(table, TARGETS[name], SETTINGS[label], r) for r in range(arguments.repeats)
            ]
            means.append(pd.DataFrame(runs).mean())
            show(label, name, means[-1])
        show(label, "MEAN", pd.DataFrame(means).mean())


def show(label: str, name: str, row: pd.Series) -> None:
    """Print one line."""
    print(
        f"{label:18s} {name:20s} {row.c2st:5.3f}  {row.close:5.3f} {row.f1:5.3f}  {row.real:5.3f}"
        f"  {row.seconds:7.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
