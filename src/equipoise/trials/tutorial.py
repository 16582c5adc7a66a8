"""The protocol of a published tutorial, for experiments that repeat it: what it breaks stands in `protocols`.

"The Next AI Revolution: A Tutorial Using VAEs to Generate High-Quality Synthetic Data", Towards Data Science, 2025. Its
steps: a missing cell is a level of its own, "?", and no row is dropped; numbers are standardised and categories are
one-hots, learnt on all rows; a random fifth of the rows is the test part; a forest of 100 trees is trained on the rows,
then on the rows and what a VAE adds to the positive class, fractions as they are. Split and forest had the seed 42;
repeat r has 42 + r, so that repeat 0 is the published split with the published forest.

One thing is not as published: the VAE scales its numbers by the training rows. What it makes is brought to the columns
and the scale of all rows, where the forest sees no difference.
"""

import math
import time
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.classifiers.presets import N_FOREST_TREES
from equipoise.datasets.dataset import Dataset
from equipoise.datasets.splits import Split, scored_classes
from equipoise.registry import method
from equipoise.results.records import (
    REFERENCE,
    UNTREATED,
    DeliveryRecord,
    QualityRecord,
)
from equipoise.samplers.strategies import parse_plan
from equipoise.synthesizers._standard_rows import StandardRows
from equipoise.tables.coded import code
from equipoise.tables.labels import Labels
from equipoise.tables.schema import Schema
from equipoise.trials.decisions import TrialRun
from equipoise.trials.experiment import Cell, Trial
from equipoise.trials.protocols import PROTOCOLS, TUTORIAL
from equipoise.trials.steps import (
    WEIGHTS,
    OutOfFold,
    Sample,
    Setting,
    augment,
    fit_method,
    makes_rows,
)

PUBLISHED_SEED = 42
TEST_SHARE = 0.2
MISSING = "?"
SPREAD = "generated-spread"  # mean over columns of the standard deviation of a class's rows


@dataclass(frozen=True, eq=False)
class Preparation:
    """What the tutorial learns from all rows, before it splits them.

    Attributes
    ----------
    schema : Schema
    rows : StandardRows
    """

    schema: Schema
    rows: StandardRows

    @classmethod
    def of(cls, X: pd.DataFrame, kinds: dict) -> Self:
        """Learn from all rows (n, d)."""
        schema = Schema.infer(X, kinds, warn=False)
        return cls(schema, StandardRows.fit(schema, code(schema, X)))

    def encode(self, X: pd.DataFrame) -> NDArray[np.float32]:
        """Give rows as the forest meets them (n, width)."""
        return self.rows.transform(code(self.schema, X))

    def placed(self, fractions: NDArray[np.float32], theirs: StandardRows) -> NDArray[np.float32]:
        """Bring rows (n, d) in the columns and the scale of other rows to these columns and this scale.

        A column that the others have not is 0: the mean of a number, and no row of a level.
        """
        places = {name: j for j, name in enumerate(self.rows.names)}
        out = np.zeros((len(fractions), len(places)), dtype=np.float32)
        for j, name in enumerate(theirs.names):
            column, at = fractions[:, j].astype(np.float64), places[name]
            if j < len(theirs.centres):
                values = column * theirs.scales[j] + theirs.centres[j]
                column = (values - self.rows.centres[at]) / self.rows.scales[at]
            out[:, at] = column
        return out


@dataclass(frozen=True, eq=False)
class Grown:
    """Encoded training rows after a plan: x (n, width) and y (n,), the originals first."""

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    deliveries: tuple[DeliveryRecord, ...]
    seconds: float
    comparable_train: bool = True


class TutorialRun(TrialRun):
    """The cells of one trial as the tutorial runs them: decisions are the fair trial's, rows and forest are its own.

    Parameters
    ----------
    setting : Setting
    table : Sample
        The whole table.
    part : Split
    preparation : Preparation
    """

    def __init__(
        self, setting: Setting, table: Sample, part: Split, preparation: Preparation
    ) -> None:
        super().__init__(setting, table, part)
        self.preparation = preparation
        self.x_train = preparation.encode(self.train.X)
        self.x_test = preparation.encode(self.test.X)
        self.outcome.notes.insert(0, PROTOCOLS[TUTORIAL])
        self._grown: dict[str, Grown] = {}

    def grown(self, plan: str) -> Grown:
        """Give the encoded training rows after a plan, made and recorded on first use."""
        if plan not in self._grown:
            found = self._grow(self.fitted, self.train, self.x_train, plan)
            self._grown[plan] = found
            self.outcome.sample_seconds += found.seconds
            self.outcome.deliveries += found.deliveries
            if not found.comparable_train:
                self.outcome.notes.append(
                    "not all training rows were trained on: the gap between train and test "
                    "cannot be compared with that of other methods"
                )
            self._record_spread(found)
        return self._grown[plan]

    def _model(self, cell: Cell, weighting: str) -> tuple[NDArray, NDArray, NDArray[np.int64]]:
        rows = self.grown(cell.plan)
        train, test = self._forest(rows, weighting, self.x_train, self.x_test)
        return train, test, rows.y

    def out_of_fold(self, cell: Cell, weighting: str, how: str) -> OutOfFold:
        """Give probabilities of training rows that neither method nor forest has seen."""
        key = (cell.plan, cell.classifier, weighting, how)
        if key not in self._out_of_fold:
            positions, probabilities = [], []
            for k, fold in enumerate(self._folds(how)):
                inner = self.train.take(fold.train)
                fitted = fit_method(self.setting, inner, "inner", how, k)
                rows = self._grow(
                    fitted, inner, self.x_train[fold.train], cell.plan, "inner", how, k
                )
                positions.append(fold.test)
                probabilities += self._forest(rows, weighting, self.x_train[fold.test])
            rows_of = np.concatenate(positions)
            self._out_of_fold[key] = OutOfFold(
                rows_of, self.train.y[rows_of], np.concatenate(probabilities)
            )
        return self._out_of_fold[key]

    def _grow(
        self, fitted: Any, train: Sample, x_train: NDArray[np.float32], plan: str, *names: Any
    ) -> Grown:
        """Apply a plan; where the method leaves fractions, they are added as they are."""
        if getattr(fitted, "decode", "") != "none":
            found = augment(self.setting, fitted, train, plan, *names)
            x = x_train if found.rows is train else self.preparation.encode(found.rows.X)
            return Grown(x, found.rows.y, found.deliveries, found.seconds, found.comparable_train)
        started = time.perf_counter()
        texts = self.setting.texts
        asked = parse_plan(plan).new_rows(np.array(texts, dtype=object)[train.y])
        wanted = {texts.index(text): n for text, n in sorted(asked.items())}
        fractions, _ = fitted.sample_encoded(
            wanted, random_state=self.setting.seed("sample", *names)
        )
        made = self.preparation.placed(fractions, fitted.rows_)
        y = np.repeat(sorted(wanted), [wanted[k] for k in sorted(wanted)]).astype(np.int64)
        return Grown(
            np.concatenate([x_train, made]),
            np.concatenate([train.y, y]),
            tuple(DeliveryRecord(plan, texts[k], n, n) for k, n in sorted(wanted.items())),
            time.perf_counter() - started,
        )

    def _forest(
        self, rows: Grown, weighting: str, *parts: NDArray[np.float32]
    ) -> list[NDArray[np.float64]]:
        """Train the tutorial's forest and give its probabilities (m, n_classes) on each part."""
        from sklearn.ensemble import RandomForestClassifier

        weights = WEIGHTS[weighting](rows.y, self.setting.n_classes)[rows.y] if weighting else None
        forest = RandomForestClassifier(
            n_estimators=N_FOREST_TREES, random_state=_seed(self.setting.trial), n_jobs=1
        ).fit(rows.x, rows.y, sample_weight=weights)
        found = []
        for part in parts:
            probabilities = np.zeros((len(part), self.setting.n_classes))
            probabilities[:, forest.classes_] = forest.predict_proba(part)
            found.append(probabilities)
        return found

    def _record_spread(self, rows: Grown) -> None:
        """Keep how far the rows made of each class spread; untreated, how far the training rows do."""
        if self.outcome.quality:
            return  # of the first plan
        trial, start = self.setting.trial, 0
        source = REFERENCE + "training"
        if trial.method != UNTREATED:
            if not makes_rows(self.setting.entry):
                return
            source, start = trial.method, len(self.train.y)
        for k in np.unique(rows.y[start:]):
            spread = class_spread(rows.x[start:][rows.y[start:] == k])
            label = self.setting.texts[k]
            self.outcome.quality.append(
                QualityRecord(source, label, SPREAD, "", spread, math.nan, math.nan)
            )


def class_spread(x: NDArray[np.float32]) -> float:
    """Give the mean over columns of the standard deviation of encoded rows (n, width)."""
    return float(x.std(axis=0, dtype=np.float64).mean())


def tutorial_run(trial: Trial, dataset: Dataset) -> TutorialRun:
    """Give the cells of a trial under the tutorial's protocol."""
    labels = Labels.infer(dataset.y)
    y = labels.code(dataset.y)
    table = Sample(with_missing_level(dataset.X), y)
    preparation = Preparation.of(table.X, dict(dataset.kinds))
    setting = Setting(
        trial,
        method(trial.registered),
        dict(dataset.kinds),
        preparation.schema,
        labels.texts,
        scored_classes(y),
        dataset.target,
    )
    return TutorialRun(setting, table, tutorial_split(len(y), trial.repeat), preparation)


def tutorial_split(n: int, repeat: int) -> Split:
    """Give the training rows, in the order drawn, and a fifth of the n rows as the test rows, ascending."""
    from sklearn.model_selection import train_test_split

    train, test = train_test_split(
        np.arange(n), test_size=TEST_SHARE, random_state=PUBLISHED_SEED + repeat
    )
    return Split(train, np.sort(test))


def with_missing_level(X: pd.DataFrame) -> pd.DataFrame:
    """Make the missing cells of categories the level "?"; numbers keep theirs."""
    filled = X.copy()
    for name in X.columns:
        column = X[name]
        if column.isna().any() and not pd.api.types.is_numeric_dtype(column):
            filled[name] = column.astype(object).where(column.notna(), MISSING).astype(str)
    return filled


def _seed(trial: Trial) -> int:
    """Give the seed of the forest: that of the split, whatever the treatment, as published."""
    return PUBLISHED_SEED + trial.repeat
