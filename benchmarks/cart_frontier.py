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

from equipoise.synthesizers.cart import Cart
from judging import nearest, told_apart, too_close, trained_f1
from tables import TARGETS, split

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


def trial(table: pd.DataFrame, target: str, setting: dict, repeat: int) -> dict[str, float]:
    """Fit, sample and judge once."""
    train, test = split(table, target, repeat)
    start = time.process_time()
    cart = Cart(random_state=repeat, **setting).fit(train.drop(columns=target), train[target])
    synthetic, labels = cart.sample(len(train), random_state=repeat)
    seconds = time.process_time() - start
    synthetic = synthetic.assign(**{target: np.asarray(labels)})[list(table)]
    return {
        "c2st": float(np.mean([told_apart(test, synthetic, k) for k in range(DRAWS)])),
        "close": too_close(train, nearest(test, train), synthetic),
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
    parser.add_argument("--tables", default=",".join(name for name in TARGETS if name != "adult"))
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
