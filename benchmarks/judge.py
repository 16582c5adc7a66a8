"""Score synthetic rows, in the rivals' environment, as one JSON line.

    PEERS/bin/python judge.py train.csv rows.csv --target income --test test.csv

- quality: SDMetrics' QualityReport against the training rows, the mean of column shapes and pair trends.
- c2st_unseen: cross-validated AUC of XGBoost telling test rows from equally many synthetic rows, mean of five draws.
- too_close: the least share of synthetic rows that must be nearer to a training row than test rows are.
- tstr_f1, trtr_f1: macro F1 on test rows of XGBoost trained on the synthetic rows and on the training rows.
- labels: classes of the training rows that the synthetic rows have, and all of them.

The distances of the test rows to the training rows, which cost most on a large table, are kept beside the test rows.
"""

import argparse
import json
import os
import warnings
from pathlib import Path

import numpy as np
from sdmetrics.reports.single_table import QualityReport

import tables
from judging import nearest, told_apart, too_close, trained_f1

DRAWS = 5
warnings.filterwarnings("ignore")


def quality(train, rows) -> float:
    """Give SDMetrics' overall quality."""
    discrete = tables.discrete_columns(train)
    kinds = {c: {"sdtype": "categorical" if c in discrete else "numerical"} for c in train}
    report = QualityReport()
    report.generate(train.copy(), rows.copy(), {"columns": kinds}, verbose=False)
    return float(report.get_score())


def distances(train, test, kept: Path) -> np.ndarray:
    """Give how near each test row is to a training row, from the file where that is kept."""
    if not kept.exists():
        part = kept.with_suffix(f".{os.getpid()}.npy")
        np.save(part, nearest(test, train))
        part.replace(kept)
    return np.load(kept)


def main() -> None:
    """Parse, score, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("train", type=Path)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--target", required=True)
    parser.add_argument("--test", type=Path, required=True)
    options = parser.parse_args()
    target = options.target
    train = tables.read(options.train, target)
    test = tables.read(options.test, target)[list(train)]
    rows = tables.read(options.rows, target)[list(train)]
    fresh = distances(train, test, options.test.with_suffix(".nearest.npy"))
    classes = set(train[target])
    several = rows[target].nunique() > 1
    scores = {
        "quality": quality(train, rows),
        "c2st_unseen": float(np.mean([told_apart(test, rows, k) for k in range(DRAWS)])),
        "too_close": too_close(train, fresh, rows),
        "tstr_f1": trained_f1(rows, test, target) if several else float("nan"),
        "trtr_f1": trained_f1(train, test, target),
        "labels": [len(classes & set(rows[target])), len(classes)],
    }
    print(json.dumps(scores))


if __name__ == "__main__":
    main()
