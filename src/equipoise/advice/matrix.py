"""Out-of-fold probabilities of every model, and the decisions and scores that follow from them without another fit.

Offsets for the rows of a fold are tuned on the out-of-fold rows of the other folds (card `advise`, step 4), so that a
threshold is scored on rows that it has not seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from equipoise.advice.candidates import Candidate, Model
from equipoise.advice.fitting import Prediction
from equipoise.advice.folds import Partition
from equipoise.advice.measures import TUNED, Costs, Measure, Rows, Weighted
from equipoise.classifiers.thresholds import fit_offsets
from equipoise.metrics.decision import apply_offsets, correct_prior, least_cost


@dataclass(frozen=True, eq=False)
class Scale:
    """What candidates are scored by: the measure, and the classes as they are where the advice is used.

    Attributes
    ----------
    measure : Measure
    scored : (C,) bool
        Classes with enough rows.
    prior : (C,) float or None
        Class shares where the advice is used, if they differ from the table's.
    """

    measure: Measure
    scored: NDArray[np.bool_]
    prior: NDArray[np.float64] | None = None

    def class_weights(self, y: NDArray[np.int64]) -> NDArray[np.float64]:
        """Give what a row of each class (C,) weighs, so that the rows count as they would in use."""
        if self.prior is None:
            return np.ones(len(self.scored))
        shares = np.bincount(y, minlength=len(self.scored)) / len(y)
        return np.divide(self.prior, shares, out=np.zeros_like(self.prior), where=shares > 0)


@dataclass(eq=False)
class Matrix:
    """The predictions of a contest, by partition, fold and model.

    Parameters
    ----------
    y : (n,) int
        Class positions of the table.
    scale : Scale
    """

    y: NDArray[np.int64]
    scale: Scale
    partitions: list[Partition] = field(default_factory=list)
    cells: dict[tuple[int, int, str], Prediction] = field(default_factory=dict)
    _decided: dict = field(default_factory=dict)

    def add(self, partition: int, fold: int, name: str, prediction: Prediction) -> None:
        """Keep the predictions of one model on one fold."""
        self.cells[partition, fold, name] = prediction

    def folds(self, partition: int, models: Sequence[Model]) -> tuple[int, ...]:
        """Give the folds of a partition that all these models have finished."""
        return tuple(
            k
            for k in range(len(self.partitions[partition]))
            if all((partition, k, model.name) in self.cells for model in models)
        )

    def rows(self, partition: int, folds: tuple[int, ...]) -> NDArray[np.int64]:
        """Give the rows that these folds test, in their order."""
        return np.concatenate([self.partitions[partition][k].test for k in folds])

    def scorer(self, candidate: Candidate, partition: int, folds: tuple[int, ...]) -> Weighted:
        """Give the score of a candidate on these folds as a function of weights (B, n) of the table's rows."""
        at = self.rows(partition, folds)
        y, p, predicted = self.decided(candidate, partition, folds)
        rows = Rows(y, self.scale.scored, self.scale.class_weights(y))
        score = self.scale.measure.prepare(rows, p, predicted)
        return lambda drawn: score(drawn[:, at])

    def decided(
        self, candidate: Candidate, partition: int, folds: tuple[int, ...]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
        """Give classes (m,), corrected probabilities (m, C) and decisions (m,) of these folds' rows."""
        cells = [self.cells[partition, k, candidate.model.name] for k in folds]
        y = [self.y[self.partitions[partition][k].test] for k in folds]
        raw = [self._in_use(cell) for cell in cells]
        p = [self._corrected(cell) for cell in cells]
        key = (candidate, partition, folds)
        if key not in self._decided:  # offsets are the costly part
            decisions = self._decisions(candidate, raw, p, y)
            self._decided[key] = np.concatenate(decisions).astype(np.int16)
        return np.concatenate(y), np.concatenate(p), self._decided[key].astype(np.int64)

    def _decisions(
        self, candidate: Candidate, raw: list[NDArray], p: list[NDArray], y: list[NDArray]
    ) -> list[NDArray[np.int64]]:
        """Decide the rows of each fold, by offsets of the other folds where offsets are tuned."""
        if candidate.rule == "plain" or not self.scale.measure.decided:
            return [r.argmax(axis=1) for r in raw]
        if isinstance(self.scale.measure, Costs):
            return [least_cost(q, self.scale.measure.matrix) for q in p]
        return [
            apply_offsets(raw[k], self._offsets(raw[:k] + raw[k + 1 :], y[:k] + y[k + 1 :]))
            for k in range(len(raw))
        ]

    def offsets(self, candidate: Candidate, partition: int, folds: tuple[int, ...]) -> NDArray:
        """Give the offsets (C,) tuned on all out-of-fold rows of a partition; zeros for a plain decision."""
        if candidate.rule == "plain" or isinstance(self.scale.measure, Costs):
            return np.zeros(len(self.scale.scored))
        cells = [self.cells[partition, k, candidate.model.name] for k in folds]
        y = [self.y[self.partitions[partition][k].test] for k in folds]
        return self._offsets([self._in_use(cell) for cell in cells], y)

    def _offsets(self, raw: list[NDArray], y: list[NDArray]) -> NDArray[np.float64]:
        if not raw:
            return np.zeros(len(self.scale.scored))
        measure, labels = self.scale.measure, np.concatenate(y)
        name = measure.name if measure.name in TUNED else "macro_f1"
        weights = None if self.scale.prior is None else self.scale.class_weights(labels)[labels]
        more = {} if weights is None else {"weights": weights}
        return fit_offsets(np.concatenate(raw), labels, name, self.scale.scored, **more)  # type: ignore[arg-type]

    def _in_use(self, cell: Prediction) -> NDArray[np.float64]:
        """Give what a plain decision is made on: the model's own probabilities, moved by a change of prior in use."""
        raw = cell.probabilities.astype(np.float64)
        if self.scale.prior is None:
            return raw
        return correct_prior(raw, cell.natural_prior, self.scale.prior)

    def _corrected(self, cell: Prediction) -> NDArray[np.float64]:
        """Give probabilities at the class shares of use, whatever the model was trained at."""
        prior = cell.natural_prior if self.scale.prior is None else self.scale.prior
        return correct_prior(cell.probabilities.astype(np.float64), cell.trained_prior, prior)

    def scores(
        self,
        found: Sequence[Candidate],
        spans: Sequence[tuple[int, tuple[int, ...]]],
        drawn: NDArray[np.float32],
    ) -> NDArray[np.float64]:
        """Score candidates under weights of the rows: the mean over partitions (card `advise`, step 7).

        Parameters
        ----------
        found : sequence of Candidate
        spans : sequence of (partition, folds)
        drawn : (B, n) float32

        Returns
        -------
        scores : (B, len(found))
        """
        total = np.zeros((len(drawn), len(found)))
        for partition, folds in spans:
            for j, candidate in enumerate(found):
                total[:, j] += self.scorer(candidate, partition, folds)(drawn)
        return total / len(spans)
