"""Whether rows that are held out choose better checkpoints of CTGAN than the rows that it is trained on.

    python benchmarks/checkpoints.py --data-dir DIR [--seeds 0 1 2] [--tables hmeq ...]

For each table and seed the rows are split 80/20, stratified, and CTGAN is trained on the larger part. Each of its
checkpoints is compared with the training rows, which is what chooses, and with two halves of the rows it has not seen:
one chooses in their place, the other measures. Printed are the distances to that other half (mean total variation over
pairs of columns) of the checkpoint that training rows chose, of the one that unseen rows chose, of the best and of the
last, and the rank correlation of distances to training rows and to unseen ones after the first quarter.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

import tables
from equipoise.synthesizers import ctgan
from equipoise.synthesizers._slices import Slices
from equipoise.tables.coded import Coded, code


def split(data_dir: Path, name: str, seed: int) -> list[pd.DataFrame]:
    """Give rows to train on, and two halves of the others."""
    target = tables.TARGETS[name]
    train, rest = tables.split(tables.read(data_dir / f"{name}.csv", target), target, seed)
    order = np.random.default_rng(seed).permutation(len(rest))
    return [train, *(rest.iloc[half] for half in np.array_split(order, 2))]


def distances(parts: list[pd.DataFrame], target: str, seed: int) -> np.ndarray:
    """Give the distances of each checkpoint to the training rows and to both halves, (checkpoints, 3)."""
    train, *halves = parts
    model = ctgan.CTGAN(random_state=seed)
    found: list[list[float]] = []

    class Three:
        """Slices of the training rows, which judge as ever, and of both halves, cut alike."""

        def __init__(self, trained: Slices) -> None:
            coded = [code(model.schema_, half.drop(columns=target)) for half in halves]
            classes = [model.labels_.code(half[target]) for half in halves]
            self.all = [trained, *map(trained.of_others, coded, classes)]

        @classmethod
        def of(cls, *rows: Any) -> "Three":
            return cls(Slices.of(*rows))

        def distance(self, table: Coded, y: np.ndarray) -> float:
            found.append([slices.distance(table, y) for slices in self.all])
            return found[-1][0]

    ctgan.Slices = Three
    try:
        model.fit(train.drop(columns=target), train[target])
    finally:
        ctgan.Slices = Slices
    return np.array(found)


def main() -> None:
    """Parse, train and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    names = [name for name in tables.TARGETS if name != "adult"]
    parser.add_argument("--tables", nargs="+", choices=list(tables.TARGETS), default=names)
    options = parser.parse_args()
    heads = ("training", "unseen", "best", "last", "rank corr.")
    print(f"{'table':20s} seed  " + "  ".join(f"{head:>10s}" for head in heads), flush=True)
    for name in options.tables:
        for seed in options.seeds:
            found = distances(split(options.data_dir, name, seed), tables.TARGETS[name], seed)
            by_training, by_unseen, measured = found.T
            late = slice(len(found) // 4, None)
            alike = spearmanr(by_training[late], (by_unseen + measured)[late])[0]
            chosen = [measured[by_training.argmin()], measured[by_unseen.argmin()]]
            row = [*chosen, measured.min(), measured[-1], alike]
            print(f"{name:20s} {seed:4d}  " + "  ".join(f"{v:10.3f}" for v in row), flush=True)


if __name__ == "__main__":
    main()
