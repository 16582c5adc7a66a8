"""A plausible run made of nothing: planted gains, some failures, a skip, fallbacks."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from equipoise.analysis.frames import COLUMNS, Results
from equipoise.fidelity.registry import TRIAL_METRICS

METRICS = ("macro_f1", "worst_f1", "macro_roc_auc")
LEVEL = {"macro_f1": 0.72, "worst_f1": 0.58, "macro_roc_auc": 0.85}
IDENTITY = {
    ("plain", "xgboost"): 0.0,
    ("balanced", "xgboost"): 0.012,
    ("ladder", "xgboost"): 0.008,
    ("threshold", "xgboost"): 0.02,
    ("threshold:split", "xgboost"): 0.016,
    ("best-simple", "xgboost"): 0.02,
    ("best-simple:split", "xgboost"): 0.016,
    ("plain", "xgboost-bagging"): 0.006,
    ("plain", "xgboost-regularised"): 0.009,
}
COSTLY = ("tvae",)


@dataclass
class FakeRun:
    """What to plant. Gains are those of the plan `balance`; grow plans get half of them."""

    datasets: dict[str, dict[str, int]] = field(
        default_factory=lambda: {
            "hmeq": {"0": 4771, "1": 1189},
            "eucalyptus": {"good": 214, "none": 180, "average": 130, "low": 107, "best": 105},
            "ionosphere": {"g": 225, "b": 126},
        }
    )
    gains: dict[str, float] = field(
        default_factory=lambda: {
            "duplicate": 0.011,
            "undersample": -0.05,
            "smote": 0.03,
            "gaussian-noise": 0.0,
            "cart": 0.005,
            "tvae": -0.02,
        }
    )
    plans: tuple[str, ...] = ("balance", "grow:0.25", "grow:0.5")
    repeats: int = 5
    noise: float = 0.006
    failed: tuple[tuple[str, int, str], ...] = (("eucalyptus", 3, "tvae"), ("hmeq", 1, "cart"))
    skipped: tuple[tuple[str, str], ...] = (("hmeq", "gaussian-noise"),)
    unfinished: tuple[tuple[str, int, str], ...] = ()
    quality: bool = True
    pairs: bool = True
    classes: bool = True
    rows: int = 60
    seed: int = 7

    def make(self) -> Results:
        return _Builder(self).results()


class _Builder:
    def __init__(self, wish: FakeRun) -> None:
        self.wish = wish
        self.rng = np.random.default_rng(wish.seed)
        self.quality_rng = np.random.default_rng(wish.seed + 1)
        self.tables: dict[str, list[tuple]] = {name: [] for name in COLUMNS}

    def results(self) -> Results:
        for name, counts in self.wish.datasets.items():
            unscored = tuple(c for c, n in counts.items() if n < 10)
            warning = ("column 'id' looks like an identifier: it was left out",)
            kinds = {
                "age": "numeric",
                "income": "numeric",
                "job": "categorical",
                "id": "categorical",
            }
            self.tables["datasets"].append(
                (name, sum(counts.values()), kinds, counts, unscored, "ab12cd34", warning)
            )
            for repeat in range(self.wish.repeats):
                self.split(name, repeat)
        frames = {
            name: pd.DataFrame(rows, columns=COLUMNS[name]) for name, rows in self.tables.items()
        }
        run = {
            "experiment": "demo",
            "seed": 0,
            "created": "2025-03-01T12:00:00",
            "versions": {"equipoise": "0.1.0", "xgboost": "3.2.0", "python": "3.12.1"},
            "machine": "x86_64, 2 cores",
        }
        return Results(run=run, **frames)

    def split(self, name: str, repeat: int) -> None:
        shift = self.rng.normal(0, 0.02)
        self.trial(name, repeat, "identity", shift)
        for method in self.wish.gains:
            self.trial(name, repeat, method, shift)

    def trial(self, name: str, repeat: int, method: str, shift: float) -> None:
        wish = self.wish
        self.tables["asked"].append((name, repeat, method))
        if (name, repeat, method) in wish.unfinished:
            return
        status, reason = "done", ""
        if (name, repeat, method) in wish.failed:
            status, reason = "failed", "ValueError: 3 rows of class 'best' are too few to fit"
        if (name, method) in wish.skipped:
            status, reason = "skipped", "needs more than the memory limit of 2000 MB"
        seconds = 40 * self.rng.random() + 20 if method in COSTLY else self.rng.random() + 0.2
        notes = (
            ("column 'job': 2 test rows held a level unseen in training",) if repeat == 0 else ()
        )
        values = (name, repeat, method, status, reason, seconds, 0.1, seconds + 3, 300.0)
        self.tables["trials"].append(
            (f"{name}-{repeat}-{method}", *values, "1", method == "smote", notes)
        )
        if status != "done":
            return
        if wish.quality and method != "undersample":
            self.scored(name, repeat, method)
        if method == "identity":
            for (decision, classifier), gain in IDENTITY.items():
                self.scores(name, repeat, (method, "none", decision, classifier), gain + shift)
            return
        for plan in wish.plans:
            if method == "undersample" and plan != "balance":
                continue
            gain = wish.gains[method] * (1 if plan == "balance" else 0.5)
            self.scores(name, repeat, (method, plan, "plain", "xgboost"), gain + shift)
            if plan == "balance":
                tuned = "threshold:split" if method in COSTLY else "threshold"
                self.scores(name, repeat, (method, plan, tuned, "xgboost"), gain + shift + 0.01)
            self.deliver(name, repeat, method, plan)

    def scores(self, name: str, repeat: int, treatment: tuple[str, ...], gain: float) -> None:
        plain = treatment == ("identity", "none", "plain", "xgboost")
        for metric in METRICS:
            test = LEVEL[metric] + gain + (0 if plain else self.rng.normal(0, self.wish.noise))
            train = 0.99 - max(0.0, gain) - 0.01 * self.rng.random()
            for part, value in (("train", train), ("test", test)):
                self.tables["observations"].append(
                    (name, repeat, *treatment, part, metric, "", float(value))
                )
                if metric != "macro_f1":
                    continue
                labels = self.wish.datasets[name] if self.wish.classes else ()
                for place, label in enumerate(labels):
                    own = float(value) - 0.05 * place
                    self.tables["observations"].append(
                        (name, repeat, *treatment, part, "f1", label, own)
                    )
        counts = self.wish.datasets[name]
        n_classes = len(counts)
        truth = np.arange(self.wish.rows) % n_classes
        wrong = self.rng.random(self.wish.rows) > LEVEL["macro_f1"] + gain
        decided = np.where(wrong, (truth + 1) % n_classes, truth)
        probabilities = np.full((len(truth), n_classes), 0.4 / n_classes, dtype=np.float32)
        probabilities[np.arange(len(truth)), decided] += 0.6
        self.tables["predictions"].append(
            (name, repeat, *treatment, "test", truth, probabilities, np.zeros(n_classes))
        )

    def scored(self, name: str, repeat: int, method: str) -> None:
        """Plant quality: floor 0.3, real rows 0.9, methods by their place; pairs say nothing; duplicates copy."""
        sources = [("reference:independent", 0.3), ("reference:uniform", 0.3)]
        sources += [("reference:ceiling", 0.9)]
        if method != "identity":
            place = list(self.wish.gains).index(method)
            sources = [(method, 0.9 if method == "duplicate" else max(0.3, 0.8 - 0.1 * place))]
        labels = [c for c, n in self.wish.datasets[name].items() if n >= 150]
        for label in ["", *labels]:
            for source, level in sources:
                key = (name, repeat, source, label)
                for metric in TRIAL_METRICS:
                    value = (1 - level if metric.better == "lower" else level) + 0.0
                    value = 0.9 if metric.name == "column-pair-trends" else value
                    value += self.quality_rng.normal(0, 0.004)
                    self.tables["quality"].append((*key, metric.name, "", value, np.nan, np.nan))
                    self.tables["quality"].append((*key, metric.name, "age", value, np.nan, np.nan))
                if method != "identity":
                    copies = 0.95 if method == "duplicate" else 0.01
                    values = (copies, copies - 0.01, copies + 0.01)
                    self.tables["quality"].append((*key, "too-close", "", *values))
                    alarm = float(method == "duplicate")
                    self.tables["quality"].append(
                        (*key, "copying-alarm", "", alarm, np.nan, np.nan)
                    )

        if self.wish.pairs and repeat == 0 and method != "identity":
            pairs = (("age", "income", 0.9), ("age", "job", 0.7), ("income", "job", 0.45))
            for one, two, value in pairs:
                item = f"{one} | {two}"
                key = (name, repeat, method, "", "column-pair-trends", item)
                self.tables["quality"].append((*key, value, np.nan, np.nan))

    def deliver(self, name: str, repeat: int, method: str, plan: str) -> None:
        counts = {c: int(n * 0.8) for c, n in self.wish.datasets[name].items()}
        for label, n in counts.items():
            wanted = max(counts.values()) - n if plan == "balance" else int(n * float(plan[5:]))
            fallback = ""
            if method == "smote" and n < 90:
                fallback = "fewer than 6 rows: neighbours reduced to 3"
            short = 3 if method == "tvae" and label == "best" else 0
            delivered = max(0, wanted - short)
            self.tables["deliveries"].append(
                (name, repeat, method, plan, label, wanted, delivered, fallback)
            )
