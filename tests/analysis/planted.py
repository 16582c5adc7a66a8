"""Runs with planted effects: what the claims must find is known, since it was put there."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from equipoise.analysis.frames import COLUMNS, Results

TABLES = ("a", "b", "c", "d", "e", "f")
ARTICLE = ("ctgan", "tvae", "tailcalib", "tvae-tailcalib", "great", "tabgpt")
MAKERS = (*ARTICLE, "smote", "cart", "gaussian-copula", "cvae", "basic-vae", "independent")
RATES = ("0.1", "0.25", "0.5", "1", "2")
PLANS = ("balance", *(f"grow:{rate}" for rate in RATES))
DECISIONS = ("balanced", "ladder", "threshold", "tuned", "best-simple")
SPLITS = 5

Effect = Callable[[str, str, int], float]  # of (method, plan, position of the table)


def nothing(method: str, plan: str, table: int) -> float:
    return 0.0


@dataclass
class Planted:
    """Effects on test and train scores over untreated rows, and scores of quality.

    `noise` is the standard deviation of a difference from split to split.
    """

    test: Effect = nothing
    train: Effect = nothing
    decisions: dict[str, tuple[float, float]] = field(default_factory=dict)  # test, train
    class_gap: float = 0.0
    quality: Effect = lambda method, plan, table: 0.9
    new: Effect = lambda method, plan, table: 1.0
    fresh: float = 1.0
    close: Effect = lambda method, plan, table: 0.01
    level: Callable[[int], float] = lambda table: 0.6 + 0.04 * table
    noise: float = 0.002
    methods: tuple[str, ...] = MAKERS
    seed: int = 0

    def make(self) -> Results:
        rng = np.random.default_rng(self.seed)
        observations, quality = [], []
        for t, table in enumerate(TABLES):
            for repeat in range(SPLITS):
                observations += self._split(t, table, repeat, rng)
                quality += self._scores(t, table, repeat, rng)
        trials = [
            ("", d, r, m, "done", "", 0.0, 0.0, 0.0, 0.0, "1", False, ())
            for d in TABLES
            for r in range(SPLITS)
            for m in ("identity", *self.methods)
        ]
        datasets = [(d, 500, {}, {"common": 400, "rare": 100}, (), "", ()) for d in TABLES]
        return Results(
            run={"experiment": "article"},
            observations=pd.DataFrame(observations, columns=COLUMNS["observations"]),
            trials=pd.DataFrame(trials, columns=COLUMNS["trials"]),
            datasets=pd.DataFrame(datasets, columns=COLUMNS["datasets"]),
            quality=pd.DataFrame(quality, columns=COLUMNS["quality"]),
        )

    def _split(self, t: int, table: str, repeat: int, rng: np.random.Generator) -> list[tuple]:
        base, train = self.level(t) + rng.normal(0, 0.02), 0.99

        def both(treatment: tuple, test_shift: float, train_shift: float) -> list[tuple]:
            where = (table, repeat, *treatment)
            moved = base + test_shift + rng.normal(0, self.noise)
            return [
                (*where, "test", "macro_f1", "", moved),
                (*where, "train", "macro_f1", "", train + train_shift),
            ]

        plain = ("identity", "none", "plain", "xgboost")
        rows = [
            (table, repeat, *plain, "test", "macro_f1", "", base),
            (table, repeat, *plain, "train", "macro_f1", "", train),
        ]
        for label, shift in (("common", 0.0), ("rare", self.class_gap + rng.normal(0, self.noise))):
            rows.append((table, repeat, *plain, "test", "f1", label, base - shift))
            rows.append((table, repeat, *plain, "train", "f1", label, train))
        for decision in DECISIONS:
            shifts = self.decisions.get(decision, (0.0, 0.0))
            rows += both(("identity", "none", decision, "xgboost"), *shifts)
        for method in self.methods:
            for plan in PLANS:
                shifts = self.test(method, plan, t), self.train(method, plan, t)
                rows += both((method, plan, "plain", "xgboost"), *shifts)
        return rows

    def _scores(self, t: int, table: str, repeat: int, rng: np.random.Generator) -> list[tuple]:
        def row(method: str, metric: str, value: float) -> tuple:
            return (table, repeat, method, "", metric, "", value, np.nan, np.nan)

        rows = [
            row("reference:ceiling", "overall-quality", 1.0),
            row("reference:independent", "overall-quality", 0.5),
            row("reference:fresh", "new-row-synthesis", self.fresh),
        ]
        for method in self.methods:
            jitter = rng.normal(0, self.noise)
            rows.append(row(method, "overall-quality", self.quality(method, "balance", t) + jitter))
            new, close = (one(method, "balance", t) for one in (self.new, self.close))
            rows.append(row(method, "new-row-synthesis", new + jitter))
            rows.append(row(method, "too-close", close + jitter))
        return rows
