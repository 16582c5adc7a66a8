"""One job of the contest: fit a treatment on four folds, then its models, and predict the fifth."""

import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.advice.candidates import Model
from equipoise.classifiers.native import trained_shares
from equipoise.classifiers.weights import WEIGHTS, effective_prior
from equipoise.datasets.splits import FOLDS, SCORED_ROWS, Split
from equipoise.errors import EquipoiseError
from equipoise.registry import method
from equipoise.tables.schema import Schema
from equipoise.trials.experiment import Trial
from equipoise.trials.job import pack, unpack
from equipoise.trials.steps import Sample, Setting, augment, fit_classifier, fit_method

WARM_ROWS = 200


@dataclass(frozen=True, eq=False)
class Table:
    """What a worker needs of the table."""

    name: str
    X: pd.DataFrame
    y: NDArray[np.int64]
    texts: tuple[str, ...]
    kinds: dict[Any, Any]

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Which classes (C,) have the rows that scoring needs."""
        return np.bincount(self.y, minlength=len(self.texts)) >= SCORED_ROWS

    def take(self, rows: NDArray[np.int64]) -> "Table":
        """Give the table of these rows."""
        X = self.X.iloc[rows].reset_index(drop=True)
        return Table(self.name, X, self.y[rows], self.texts, self.kinds)


@dataclass(frozen=True)
class Job:
    """Models of one treatment on one fold; the table lies in a file of this run."""

    place: str
    models: tuple[Model, ...]
    partition: int
    fold: int
    split: Split
    seed: int = 0

    @property
    def method(self) -> str:
        """The treatment that all models share."""
        return self.models[0].method


@dataclass(frozen=True, eq=False)
class Prediction:
    """One model on one fold: probabilities (n_test, C), what it trained at, and what it cost."""

    probabilities: NDArray[np.float32]
    trained_prior: NDArray[np.float64]
    natural_prior: NDArray[np.float64]
    seconds: float
    fallbacks: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Answer:
    """What a job gives: a prediction for each model, or why there is none."""

    predictions: dict[str, Prediction]
    failures: dict[str, str]


_kept: dict[str, Table] = {}  # the table that this worker has read


def keep(table: Table, place: Path) -> None:
    """Leave the table where the workers of this run find it."""
    place.write_bytes(pack(table))


def _table(place: str) -> Table:
    if place not in _kept:
        _kept.clear()
        _kept[place] = unpack(Path(place).read_bytes())
    return _kept[place]


def fit_fold(job: Job) -> Answer:
    """Fit and predict; what a method does wrong costs its own models only."""
    fresh = not _kept
    table = _table(job.place)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if fresh:
            warm_up(table, job)
        return fitted_fold(table, job)


def warm_up(table: Table, job: Job) -> None:
    """Import what a fit imports: the first fit of a process would take seconds, and all guesses with it."""
    rows = job.split.train[:: max(len(job.split.train) // WARM_ROWS, 1)]
    plain = replace(job.models[0], method="identity", plan="none", weights="")
    fitted_fold(table, replace(job, models=(plain,), split=Split(rows, rows)))


def fitted_fold(table: Table, job: Job) -> Answer:
    """Fit and predict on a table at hand."""
    sample = Sample(table.X, table.y)
    train, test = sample.take(job.split.train), sample.take(job.split.test)
    setting = setting_of(table, train, job.method, job.partition * FOLDS + job.fold, job.seed)
    started = time.perf_counter()
    try:
        fitted = fit_method(setting, train)
    except Exception as error:
        return Answer({}, dict.fromkeys((m.name for m in job.models), _reason(error)))
    shared = (time.perf_counter() - started) / len(job.models)
    predictions, failures = {}, {}
    for model in job.models:
        started = time.perf_counter()
        try:
            predictions[model.name] = _predicted(
                setting, fitted, model, train, test, shared, started
            )
        except Exception as error:
            failures[model.name] = _reason(error)
    return Answer(predictions, failures)


def setting_of(table: Table, train: Sample, name: str, repeat: int, seed: int) -> Setting:
    """Give what the steps of a trial share, for one treatment on one training part."""
    return Setting(
        Trial(table.name, repeat, name, (), "", "", seed),
        method(name),
        dict(table.kinds),
        Schema.infer(train.X, table.kinds, warn=False),
        table.texts,
        table.scored,
    )


def _predicted(
    setting: Setting,
    fitted: Any,
    model: Model,
    train: Sample,
    test: Sample,
    shared: float,
    since: float,
) -> Prediction:
    grown = augment(setting, fitted, train, model.plan)
    classifier = fit_classifier(setting, model.classifier, grown.rows, model.weights)
    p = classifier.predict_proba(test.X)
    n = setting.n_classes
    weights = WEIGHTS[model.weights](grown.rows.y, n) if model.weights else None
    return Prediction(
        p.astype(np.float32),
        trained_shares(model.classifier, grown.rows.y, n, weights),
        effective_prior(train.y, n),
        shared + time.perf_counter() - since,
        tuple(f"class {d.label}: {d.fallback}" for d in grown.deliveries if d.fallback),
    )


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, EquipoiseError) else f"{type(error).__name__}: {text}"[:300]
