"""The tables on which advice is put to the test: laws of `equipoise.datasets.laws`, a number of rows, a classifier.

Among them a balanced law, pure noise, laws where nothing helps, laws where weights or thresholds do, and laws where
rows of a synthesizer are best in hindsight, which `advise.py --search` has found.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from equipoise.datasets.laws import LAWS, Law, logistic, two_gaussians

TREE = "sklearn.tree:DecisionTreeClassifier"
LINEAR = "sklearn.linear_model:LogisticRegression"
NEIGHBOURS = "sklearn.neighbors:KNeighborsClassifier"


@dataclass(frozen=True)
class Setting:
    """Tables of one law, one size and one classifier; the seconds for each, and how many there are."""

    name: str
    law: Law
    rows: int
    classifier: str = "xgboost"
    budget: float = 12.0
    tables: int = 30
    truths: int = 24

    @property
    def counts(self) -> list[int]:
        """Rows of each class."""
        return [max(round(p * self.rows), 10) for p in self.law.prior]

    def table(self, seed: int) -> tuple[pd.DataFrame, pd.Series]:
        """Draw one table, its rows in random order."""
        rng = np.random.default_rng([seed, 1])
        X, y = self.law.sample_class(self.counts, rng)
        order = rng.permutation(len(y))
        return X.iloc[order].reset_index(drop=True), y.iloc[order].reset_index(drop=True)

    def fresh(self, n: int, seed: int) -> tuple[pd.DataFrame, pd.Series]:
        """Draw rows that no fit has seen, classes at their shares."""
        counts = [max(round(p * n), 1) for p in self.law.prior]
        return self.law.sample_class(counts, np.random.default_rng([seed, 2]))


def rare(share: float, shift: tuple[float, float], correlation: float = 0.0) -> Law:
    """Two normal laws, the rare one shifted."""
    return two_gaussians(f"gaussians-{share:g}", share, shift, correlation, "two normal laws")


SETTINGS = {
    s.name: s
    for s in (
        Setting("balanced", LAWS["logistic-balanced"], 1_000),
        Setting("two-gaussians", LAWS["two-gaussians"], 1_000, budget=24.0),
        Setting("flat-classes", LAWS["mixed"], 500, budget=20.0),
        Setting("noise", LAWS["noise"], 500, tables=60),
        Setting("noise-linear", LAWS["noise"], 2_000, LINEAR, 4.0, 70, 40),
        Setting("separated", LAWS["separated"], 500, LINEAR, 4.0, 120, 40),
        Setting("linear", LAWS["logistic-balanced"], 500, LINEAR, 4.0, 120, 40),
        Setting("three-classes", LAWS["three-gaussians"], 500, TREE, 6.0, 50, 60),
        Setting("rare-linear", LAWS["logistic"], 1_000, LINEAR, 4.0, 50, 60),
        Setting("rare-linear-5000", LAWS["logistic"], 5_000, LINEAR, 8.0, 30, 30),
        Setting("many-rows", rare(0.005, (2.0, 1.5), 0.6), 20_000, TREE, 20.0, 30, 15),
        Setting(
            "one-in-three",
            logistic("logistic-third", 0.33, "a logistic law, 67/33"),
            500,
            TREE,
            8.0,
            50,
            60,
        ),
        Setting("rare-neighbours", rare(0.02, (2.0, 1.5), 0.6), 500, NEIGHBOURS, 6.0, 50, 60),
    )
}
SEARCHED = [
    Setting(f"{law.name} {n} {classifier.split(':')[-1]}", law, n, classifier)
    for n in (500, 1_000)
    for law in (
        rare(0.02, (2.0, 1.5), 0.6), rare(0.02, (3.0, 0.0), 0.0), LAWS["three-gaussians"], LAWS["logistic"],
    )
    for classifier in (NEIGHBOURS, TREE, LINEAR)
]  # fmt: skip
