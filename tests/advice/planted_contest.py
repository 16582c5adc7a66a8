"""A contest whose fits are planted: probabilities are made up, so that what is best is known."""

import time
from concurrent.futures import Executor, Future
from types import SimpleNamespace

import numpy as np
import pandas as pd

from equipoise.advice.budget import Clock
from equipoise.advice.candidates import Model, candidates
from equipoise.advice.contest import Contest
from equipoise.advice.fitting import Answer, Prediction, Table
from equipoise.advice.folds import stratified
from equipoise.advice.matrix import Scale
from equipoise.advice.measures import MEASURES
from equipoise.advice.resample import Bootstrap

NOTHING = Model("do nothing")
WEIGHTS = Model("balanced weights", weights="balanced")
SMOTE = Model("smote", "smote", "balance", synthetic=True)
NETWORK = Model("tvae", "tvae", "balance", synthetic=True)


def labels(n=400, rare=0.2):
    y = np.zeros(n, dtype=np.int64)
    y[: round(rare * n)] = 1
    return np.random.default_rng(1).permutation(y)


def guesses(y, skill, seed):
    """Probabilities (n, 2) whose log-odds are shifted by `skill` towards the truth."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(skill * (2 * y - 1), 1.0)
    p = 1 / (1 + np.exp(-odds))
    return np.column_stack([1 - p, p])


class Planted(Executor):
    """Answers each job with made-up probabilities; a model without a skill fails."""

    def __init__(self, y, skills, seconds=None):
        self.y, self.skills, self.seconds = y, skills, seconds or {}
        self.seen = []

    def submit(self, fn, job):
        future = Future()
        predictions, failures = {}, {}
        for model in job.models:
            self.seen.append((job.partition, job.fold, model.name))
            skill = self.skills.get(model.name)
            if skill is None:
                failures[model.name] = "planted"
                continue
            if isinstance(skill, BaseException):
                future.set_exception(skill)
                return future
            seed = [job.partition, job.fold, len(model.name)]
            p = guesses(self.y[job.split.test], skill, seed)
            prior = np.bincount(self.y[job.split.train], minlength=2) / len(job.split.train)
            took = self.seconds.get(model.name, 0.001)
            time.sleep(min(took, 0.05))
            predictions[model.name] = Prediction(p.astype(np.float32), prior, prior, took)
        future.set_result(Answer(predictions, failures))
        return future


def contest(
    skills, models, budget=30.0, partitions=2, seconds=None, y=None, metric="macro_f1", **more
):
    y = labels() if y is None else y
    table = Table("planted", pd.DataFrame({"x": np.arange(len(y))}), y, ("no", "yes"), {})
    measure = MEASURES[metric]
    made = Contest(
        table, list(models), candidates(models, measure.decided),
        Scale(measure, np.ones(2, dtype=bool)), stratified("planted", y),
        Bootstrap(y, np.ones(len(y), dtype=bool)), Clock(budget), partitions=partitions,
        executor=Planted(y, skills, seconds), **more,
    )  # fmt: skip
    return made


class Watcher:
    """Keeps what it is told."""

    def __init__(self):
        self.views = []

    def update(self, view):
        self.views.append(view)


__all__ = [
    "NETWORK",
    "NOTHING",
    "SMOTE",
    "WEIGHTS",
    "SimpleNamespace",
    "Watcher",
    "contest",
    "labels",
]
