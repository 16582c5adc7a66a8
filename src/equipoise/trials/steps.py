"""The arrows inside a trial: fit the method, augment, fit a classifier, predict out of fold, score.

Each is one function that takes and gives named values.
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.classifiers.native import Classifier, make_classifier
from equipoise.classifiers.weights import WEIGHTS
from equipoise.datasets.scarce import base_and_share
from equipoise.datasets.splits import Split
from equipoise.errors import DataError
from equipoise.metrics.decision import apply_offsets
from equipoise.metrics.utility import utility
from equipoise.registry import Method, load_class, make
from equipoise.results.records import DeliveryRecord, Observation, Part
from equipoise.samplers.oversampler import oversample
from equipoise.samplers.strategies import parse_plan, shrink
from equipoise.seeds import as_generator, seed_for
from equipoise.tables.schema import Schema
from equipoise.trials.experiment import Cell, Trial


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows with class positions: X (n, d), y (n,)."""

    X: pd.DataFrame
    y: NDArray[np.int64]

    def take(self, rows: NDArray[np.int64]) -> "Sample":
        """Give the rows at these positions, renumbered."""
        return Sample(self.X.iloc[rows].reset_index(drop=True), self.y[rows])


@dataclass(frozen=True, eq=False)
class Augmented:
    """Training rows after a plan, originals first, and what was delivered."""

    rows: Sample
    deliveries: tuple[DeliveryRecord, ...]
    seconds: float
    comparable_train: bool = True  # whether every real training row was kept


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Probabilities of training rows under models that have not seen them."""

    rows: NDArray[np.int64]  # (m,) positions in the training part
    y: NDArray[np.int64]
    probabilities: NDArray[np.float64]  # (m, n_classes)
    fallbacks: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Setting:
    """What all functions of a trial share."""

    trial: Trial
    entry: Method
    kinds: dict
    schema: Schema
    texts: tuple[str, ...]
    scored: NDArray[np.bool_]
    target: str = "class"

    @property
    def n_classes(self) -> int:
        """Classes of the table."""
        return len(self.texts)

    def seed(self, *names: Any) -> int:
        """Give a seed that depends on the run, the split and these names."""
        return seed_for(self.trial.seed, self.trial.dataset, self.trial.repeat, *names)


def fit_method(setting: Setting, train: Sample, *names: Any) -> Any:
    """Fit the method on training rows; `identity` and samplers have nothing to fit."""
    if not makes_rows(setting.entry):
        return None
    given = dict(setting.trial.parameters)
    if setting.entry.needs_law:
        given["law"] = base_and_share(setting.trial.dataset)[0].removeprefix("law:")
    synthesizer = make(setting.entry.name, random_state=setting.seed("fit", *names), **given)
    rows = thinned(train, setting.trial.minority_share, setting.seed("thin", *names))
    return synthesizer.fit(rows.X, rows.y, kinds=setting.kinds)


def thinned(train: Sample, share: float, seed: int) -> Sample:
    """Leave a share of the rows of every class but the largest, at least one, in their order."""
    if share >= 1:
        return train
    rng = as_generator(seed)
    counts = np.bincount(train.y)
    keep = np.ones(len(train.y), dtype=bool)
    for k in np.flatnonzero(counts):
        if k != counts.argmax():
            dropped = counts[k] - max(1, int(share * counts[k] + 0.5))
            keep[rng.permutation(np.flatnonzero(train.y == k))[:dropped]] = False
    return train.take(np.flatnonzero(keep))


def makes_rows(entry: Method) -> bool:
    """Whether a method makes rows (rather than leaving or dropping some)."""
    return bool(entry.target) and hasattr(load_class(entry.target), "sample")


def augment(setting: Setting, fitted: Any, train: Sample, plan: str, *names: Any) -> Augmented:
    """Apply a plan to training rows: nothing, fewer rows, or new rows after the originals."""
    if not setting.entry.target:
        return Augmented(train, (), 0.0)
    started = time.perf_counter()
    seed = setting.seed("sample", *names)
    if fitted is None:
        return _undersampled(setting, train, plan, seed, started)
    new_rows = parse_plan(plan).new_rows(_as_texts(setting, train.y))
    wanted = {setting.texts.index(text): n for text, n in new_rows.items()}
    if not any(wanted.values()):
        return Augmented(train, (), time.perf_counter() - started)
    X, y, _ = oversample(fitted, train.X, train.y, wanted, seed)
    deliveries = tuple(
        DeliveryRecord(plan, setting.texts[d.label], d.requested, d.delivered, d.fallback)
        for d in fitted.deliveries_
    )
    # A method with a budget of its own may stop short, if it says why.
    short = {setting.texts.index(d.label): d.delivered for d in deliveries if d.fallback}
    _check_augmented(setting, train, X, y, {**wanted, **short})
    return Augmented(Sample(X, np.asarray(y)), deliveries, time.perf_counter() - started)


def _undersampled(
    setting: Setting, train: Sample, plan: str, seed: int, started: float
) -> Augmented:
    """Drop rows with a sampler; classes too small to score neither shrink nor set the aim."""
    sampler = make(setting.entry.name, random_state=seed, **dict(setting.trial.parameters))
    if setting.entry.name == "undersample":
        sampler.set_params(sampling_strategy=shrink(train.y, setting.scored))
    X, y = sampler.fit_resample(train.X, train.y)
    rows = Sample(X.reset_index(drop=True), np.asarray(y))
    counts = np.bincount(rows.y, minlength=setting.n_classes)
    deliveries = tuple(
        DeliveryRecord(plan, text, int(n), int(n))
        for text, n in zip(setting.texts, counts, strict=True)
    )
    kept_all = len(rows.y) >= len(train.y)
    return Augmented(rows, deliveries, time.perf_counter() - started, comparable_train=kept_all)


def _as_texts(setting: Setting, y: NDArray[np.int64]) -> pd.Series:
    return pd.Series(np.array(setting.texts, dtype=object)[y])


def _check_augmented(
    setting: Setting, train: Sample, X: pd.DataFrame, y: Any, wanted: dict[int, int]
) -> None:
    """Refuse rows that are not what was asked: a method of the user's own may return anything."""
    name, n = setting.entry.name, len(train.y)
    if list(X.columns) != list(train.X.columns):
        raise DataError(f"{name} returned other columns than it was given")
    made = np.bincount(np.asarray(y)[n:], minlength=setting.n_classes)
    for k, text in enumerate(setting.texts):
        if made[k] != wanted.get(k, 0):
            raise DataError(
                f"{name} was asked for {wanted.get(k, 0)} rows of class {text!r}, gave {made[k]}"
            )
    changed = [c for c in X.columns if X[c].dtype != train.X[c].dtype]
    if changed:
        raise DataError(f"{name} returned another dtype in column {changed[0]!r}")


def fit_classifier(
    setting: Setting, name: str, rows: Sample, weighting: str, *names: Any
) -> Classifier:
    """Fit a classifier on (augmented) training rows, weighted by class or not."""
    classifier = make_classifier(
        name,
        schema=setting.schema,
        n_classes=setting.n_classes,
        random_state=setting.seed("classifier", *names),
    )
    weights = WEIGHTS[weighting](rows.y, setting.n_classes)[rows.y] if weighting else None
    return classifier.fit(rows.X, rows.y, weights)


def out_of_fold(
    setting: Setting, train: Sample, cell: Cell, weighting: str, folds: list[Split], fits: dict
) -> OutOfFold:
    """Give probabilities of training rows that neither method nor classifier has seen.

    `fits` keeps the method's fit of each inner fold, which all plans and classifiers share.
    """
    rows, probabilities, fallbacks = [], [], []
    for k, fold in enumerate(folds):
        inner = train.take(fold.train)
        names = ("inner", len(folds), k)
        if names not in fits:
            fits[names] = fit_method(setting, inner, *names)
        grown = augment(setting, fits[names], inner, cell.plan, *names)
        fallbacks += [f"class {d.label}: {d.fallback}" for d in grown.deliveries if d.fallback]
        model = fit_classifier(setting, cell.classifier, grown.rows, weighting, *names)
        rows.append(fold.test)
        probabilities.append(model.predict_proba(train.take(fold.test).X))
    positions = np.concatenate(rows)
    return OutOfFold(
        positions,
        train.y[positions],
        np.concatenate(probabilities),
        tuple(dict.fromkeys(fallbacks)),
    )


def score(
    setting: Setting,
    cell: Cell,
    part: Part,
    y: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    offsets: NDArray[np.float64],
) -> list[Observation]:
    """Score probabilities (n, n_classes) and the labels that offsets make of them."""
    values = utility(y, probabilities, apply_offsets(probabilities, offsets), setting.scored)
    return [
        Observation(
            cell.plan, cell.decision, cell.classifier, part, metric,
            "" if k is None else setting.texts[k], float(value),
        )
        for (metric, k), value in values.items()
    ]  # fmt: skip
