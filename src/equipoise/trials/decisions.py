"""What is done on the classifier's side: weights, thresholds, corrected priors, and the best simple opponent.

Models and out-of-fold probabilities are made once and shared by all decisions that need them.
"""

import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.classifiers.native import trained_shares
from equipoise.classifiers.thresholds import fit_offsets
from equipoise.classifiers.weights import WEIGHTS, effective_prior
from equipoise.datasets.splits import Split, inner_folds, inner_split
from equipoise.metrics.decision import apply_offsets, correct_prior
from equipoise.metrics.utility import utility
from equipoise.results.records import DeliveryRecord, Observation, PredictionRecord, QualityRecord
from equipoise.seeds import generator
from equipoise.trials.experiment import Cell
from equipoise.trials.steps import (
    Augmented,
    OutOfFold,
    Sample,
    Setting,
    augment,
    fit_classifier,
    fit_method,
    out_of_fold,
    score,
)

INNER_FOLDS = 5
TUNED_CLASSIFIER = "xgboost-tuned"
CORRECTED_BEYOND = 1e-9  # priors nearer than this have not moved


@dataclass
class Outcome:
    """What the cells of a trial leave, gathered as they finish."""

    fit_seconds: float = 0.0
    sample_seconds: float = 0.0
    keeps_rows: bool = False
    deliveries: list[DeliveryRecord] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    predictions: list[PredictionRecord] = field(default_factory=list)
    quality: list[QualityRecord] = field(default_factory=list)
    history: dict[str, list[float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Predicted:
    """Probabilities of one fitted model on the real training rows and on the test rows."""

    train: NDArray[np.float64]
    test: NDArray[np.float64]
    trained_prior: NDArray[np.float64]


@dataclass(frozen=True)
class Choice:
    """The simple treatment that did best inside the training part; no offsets means the plain argmax."""

    name: str
    weighting: str
    classifier: str
    offsets: tuple[float, ...] = ()


class TrialRun:
    """The cells of one trial: fits each model and each set of out-of-fold rows once.

    Parameters
    ----------
    setting : Setting
    table : Sample
        The whole table.
    part : Split
        Which of its rows train and which test.
    """

    def __init__(self, setting: Setting, table: Sample, part: Split) -> None:
        self.setting, self.part = setting, part
        self.train, self.test = table.take(part.train), table.take(part.test)
        given = [f"{name} = {value!r}" for name, value in setting.trial.parameters]
        if setting.trial.minority_share < 1:
            given.append(f"{setting.trial.minority_share:g} of the minority's rows")
        self.outcome = Outcome(notes=[f"run with {', '.join(given)}"] if given else [])
        self._augmented: dict[str, Augmented] = {}
        self._predicted: dict[tuple, Predicted] = {}
        self._out_of_fold: dict[tuple, OutOfFold] = {}
        self._inner_fits: dict = {}
        self.fitted: Any = None

    def run(self) -> Outcome:
        """Run every cell."""
        started = time.perf_counter()
        self.fitted = fit_method(self.setting, self.train)
        self.outcome.fit_seconds = time.perf_counter() - started
        self.outcome.keeps_rows = bool(getattr(self.fitted, "keeps_rows", False))
        self.outcome.history = dict(getattr(self.fitted, "history_", {}))
        for cell in self.setting.trial.cells:
            self._run(cell)
        return self.outcome

    def _run(self, cell: Cell) -> None:
        word, _, how = cell.decision.partition(":")
        if word == "threshold":
            oof = self.out_of_fold(cell, "", how)
            offsets = fit_offsets(oof.probabilities, oof.y, scored=self.setting.scored)
            self._keep_out_of_fold(cell, oof, offsets)
            self._record(cell, self.predicted(cell, ""), offsets)
        elif word == "best-simple":
            choice = self.best_simple(cell, how)
            self.outcome.notes.append(f"{cell.decision} is {choice.name}")
            model = replace(cell, classifier=choice.classifier)
            predicted = self.predicted(model, choice.weighting)
            zeros = np.zeros(self.setting.n_classes)
            self._record(cell, predicted, np.array(choice.offsets) if choice.offsets else zeros)
        elif word == "corrected":
            self._record_corrected(cell)
        elif word == "tuned":
            searched = replace(cell, classifier=TUNED_CLASSIFIER)
            self._record(cell, self.predicted(searched, ""), np.zeros(self.setting.n_classes))
        else:
            weighting = word if word in WEIGHTS else ""
            self._record(cell, self.predicted(cell, weighting), np.zeros(self.setting.n_classes))

    def _record_corrected(self, cell: Cell) -> None:
        """Move the probabilities of all other decisions of this plan and classifier to the true prior.

        Where training has not moved the prior there is nothing to correct, and nothing is recorded.
        """
        siblings = [
            c for c in self.setting.trial.cells if replace(c, decision=cell.decision) == cell
        ]
        words = [c.decision for c in siblings if c.decision in WEIGHTS] + ["plain"]
        prior = effective_prior(self.train.y, self.setting.n_classes)
        for word in words:
            predicted = self.predicted(cell, word if word in WEIGHTS else "")
            if np.abs(predicted.trained_prior - prior).max() <= CORRECTED_BEYOND:
                continue
            moved = replace(
                predicted,
                train=correct_prior(predicted.train, predicted.trained_prior, prior),
                test=correct_prior(predicted.test, predicted.trained_prior, prior),
            )
            corrected = replace(cell, decision=f"{word}+corrected")
            self._record(corrected, moved, np.zeros(self.setting.n_classes))

    def augmented(self, plan: str) -> Augmented:
        """Give the training rows after a plan."""
        if plan not in self._augmented:
            grown = augment(self.setting, self.fitted, self.train, plan)
            self._augmented[plan] = grown
            self.outcome.sample_seconds += grown.seconds
            self.outcome.deliveries += grown.deliveries
            if not grown.comparable_train:
                self.outcome.notes.append(
                    "not all training rows were trained on: the gap between train and test "
                    "cannot be compared with that of other methods"
                )
        return self._augmented[plan]

    def predicted(self, cell: Cell, weighting: str) -> Predicted:
        """Give the predictions of one model, fitted on first use."""
        key = (cell.plan, cell.classifier, weighting)
        if key not in self._predicted:
            train, test, y = self._model(cell, weighting)
            n_classes = self.setting.n_classes
            weights = WEIGHTS[weighting](y, n_classes) if weighting else None
            prior = trained_shares(cell.classifier, y, n_classes, weights)
            self._predicted[key] = Predicted(train, test, prior)
        return self._predicted[key]

    def _model(self, cell: Cell, weighting: str) -> tuple[NDArray, NDArray, NDArray[np.int64]]:
        """Fit one model; give its probabilities on real training rows and on test rows, and the classes it learnt from.

        The last are those (n,) of the rows after the plan.
        """
        rows = self.augmented(cell.plan).rows
        model = fit_classifier(self.setting, cell.classifier, rows, weighting)
        train, test = model.predict_proba(self.train.X), model.predict_proba(self.test.X)
        for column, n in model.unseen_.items():
            self.outcome.notes.append(
                f"column {column!r}: {n} test cells hold levels that training did not have; "
                "they count as missing"
            )
        return train, test, rows.y

    def out_of_fold(self, cell: Cell, weighting: str, how: str) -> OutOfFold:
        """Give out-of-fold probabilities by five inner folds, or by one split."""
        key = (cell.plan, cell.classifier, weighting, how)
        if key not in self._out_of_fold:
            found = out_of_fold(
                self.setting, self.train, cell, weighting, self._folds(how), self._inner_fits
            )
            self._out_of_fold[key] = found
            self.outcome.notes += [f"in an inner fold, {reason}" for reason in found.fallbacks]
        return self._out_of_fold[key]

    def _folds(self, how: str) -> list[Split]:
        rng = generator(0, "inner", self.setting.trial.dataset, self.setting.trial.repeat, how)
        if how == "split":
            return [inner_split(self.train.y, rng)]
        return inner_folds(self.train.y, INNER_FOLDS, rng)

    def best_simple(self, cell: Cell, how: str) -> "Choice":
        """Choose among plain, threshold, weights and preset by macro F1 out of fold; ties go to the first."""
        plain = self.out_of_fold(cell, "", how)
        offsets = fit_offsets(plain.probabilities, plain.y, scored=self.setting.scored)
        choices = [
            (self._plain_macro_f1(plain), Choice("plain", "", cell.classifier)),
            (
                self._tuned_macro_f1(plain),
                Choice("threshold", "", cell.classifier, tuple(map(float, offsets))),
            ),
        ]
        for weighting in WEIGHTS:
            weighted = self.out_of_fold(cell, weighting, how)
            choice = Choice(weighting, weighting, cell.classifier)
            choices.append((self._plain_macro_f1(weighted), choice))
        if cell.classifier == "xgboost":
            preset = replace(cell, classifier="xgboost-regularised")
            oof = self.out_of_fold(preset, "", how)
            choices.append((self._plain_macro_f1(oof), Choice("preset", "", preset.classifier)))
        return max(choices, key=lambda pair: pair[0])[1]

    def _plain_macro_f1(self, oof: OutOfFold) -> float:
        return self._macro_f1(oof, oof.probabilities.argmax(axis=1))

    def _macro_f1(self, oof: OutOfFold, guess: NDArray[np.int64]) -> float:
        return utility(oof.y, oof.probabilities, guess, self.setting.scored)["macro_f1", None]

    def _tuned_macro_f1(self, oof: OutOfFold) -> float:
        """Score offsets on rows that they were not tuned on."""
        rng = generator(0, "tuned", self.setting.trial.dataset, self.setting.trial.repeat)
        guess = np.zeros(len(oof.y), dtype=np.int64)
        done = np.zeros(len(oof.y), dtype=bool)
        n_folds = min(INNER_FOLDS, len(oof.y) // 2)
        for fold in inner_folds(oof.y, n_folds, rng) if n_folds >= 2 else ():
            offsets = fit_offsets(
                oof.probabilities[fold.train], oof.y[fold.train], scored=self.setting.scored
            )
            guess[fold.test] = apply_offsets(oof.probabilities[fold.test], offsets)
            done[fold.test] = True
        if not done.any():
            return -1.0  # too few rows to tune on: any other choice is better
        held = OutOfFold(oof.rows[done], oof.y[done], oof.probabilities[done])
        return self._macro_f1(held, guess[done])

    def _record(self, cell: Cell, predicted: Predicted, offsets: NDArray[np.float64]) -> None:
        setting, observations = self.setting, self.outcome.observations
        observations += score(setting, cell, "train", self.train.y, predicted.train, offsets)
        observations += score(setting, cell, "test", self.test.y, predicted.test, offsets)
        self.outcome.predictions.append(
            PredictionRecord(
                cell.plan,
                cell.decision,
                cell.classifier,
                "test",
                self.part.test,
                self.test.y,
                predicted.test.astype(np.float32),
                offsets,
            )  # fmt: skip
        )

    def _keep_out_of_fold(self, cell: Cell, oof: OutOfFold, offsets: NDArray[np.float64]) -> None:
        self.outcome.predictions.append(
            PredictionRecord(
                cell.plan,
                cell.decision,
                cell.classifier,
                "oof",
                self.part.train[oof.rows],
                oof.y,
                oof.probabilities.astype(np.float32),
                offsets,
            )  # fmt: skip
        )
