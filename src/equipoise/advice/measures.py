"""What advice is judged by: scores of decisions or of probabilities under any weighting of the rows.

A bootstrap is a weighting: each row counts as often as it was drawn. A measure therefore takes weights (B, n), one line
a bootstrap, and gives (B,) scores at once. Larger is better everywhere; losses come with their sign turned.
"""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import OptionError
from equipoise.metrics.utility import LOWER_IS_BETTER, matthews_of_counts

Weighted = Callable[[NDArray[np.float32]], NDArray[np.float64]]
SAME = {"f1": "macro_f1", "auc": "roc_auc", "ap": "average_precision", "matthews": "mcc"}
TUNED = ("macro_f1", "worst_f1", "balanced_accuracy", "mcc")


class Measure(Protocol):
    """One score, made ready for one candidate's predictions, then asked under many weightings."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def decided(self) -> bool:
        """Whether it scores decisions, so that a threshold matters."""

    @property
    def rope(self) -> float:
        """What difference is of no practical interest, unless the user says otherwise."""

    def prepare(self, rows: "Rows", p: NDArray, predicted: NDArray[np.int64]) -> Weighted:
        """Give the score as a function of weights (B, n) of the rows."""

    def grain(self, counts: NDArray[np.int64]) -> float:
        """Give about what one row more or less can change, by the rows (C,) of the classes that count."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows that are scored: classes (n,), which classes count (C,), and what a row of each class weighs (C,)."""

    y: NDArray[np.int64]
    counted: NDArray[np.bool_]
    class_weights: NDArray[np.float64]

    @property
    def n_classes(self) -> int:
        """Classes of the table."""
        return len(self.counted)

    @property
    def row_weights(self) -> NDArray[np.float32]:
        """What each row weighs (n,): 1, unless the classes are rarer or more frequent where the advice is used."""
        return self.class_weights[self.y].astype(np.float32)


def _means(values: NDArray, there: NDArray[np.bool_], least: bool = False) -> NDArray[np.float64]:
    """Average (or take the minimum of) values (B, C) over the classes that have rows under the weighting."""
    if least:
        return np.where(there.any(axis=1), np.where(there, values, np.inf).min(axis=1), 0.0)
    return np.where(there, values, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)


@dataclass(frozen=True)
class _Counted:
    """A score of true positives, numbers of predictions and numbers of rows by class."""

    name: str
    decided: bool = True
    rope: float = 0.01

    def prepare(self, rows: Rows, p: NDArray, predicted: NDArray[np.int64]) -> Weighted:
        n, size = len(rows.y), rows.n_classes
        features = np.zeros((n, 3 * size), dtype=np.float32)
        at, weights = np.arange(n), rows.row_weights
        features[at, rows.y] = weights
        features[at, size + predicted] = weights
        features[at, 2 * size + rows.y] = weights * (predicted == rows.y)

        def score(drawn: NDArray[np.float32]) -> NDArray[np.float64]:
            truth, taken, hits = np.split((drawn @ features).astype(np.float64), 3, axis=1)
            return self._value(hits, taken, truth, rows.counted & (truth > 0))

        return score

    def grain(self, counts: NDArray[np.int64]) -> float:
        """Give the change by one row of the smallest class."""
        return 1.0 / (counts.min() * (1 if self.name == "worst_f1" else len(counts)))

    def _value(
        self, hits: NDArray, taken: NDArray, truth: NDArray, there: NDArray
    ) -> NDArray[np.float64]:
        if self.name == "mcc":
            return matthews_of_counts(hits, taken, truth)
        if self.name == "balanced_accuracy":
            return _means(hits / np.maximum(truth, 1e-12), there)
        f1 = 2 * hits / np.maximum(taken + truth, 1e-12)
        return _means(f1, there, least=self.name == "worst_f1")


@dataclass(frozen=True, eq=False)
class Costs:
    """Mean cost of a decision, turned: the matrix (C, C) says what a row of a class (down) costs as another."""

    matrix: NDArray[np.float64]
    rope: float = 0.01
    name: str = "costs"
    decided: bool = True

    def prepare(self, rows: Rows, p: NDArray, predicted: NDArray[np.int64]) -> Weighted:
        """Give minus the mean cost."""
        return _mean_of(rows, -self.matrix[rows.y, predicted])

    def grain(self, counts: NDArray[np.int64]) -> float:
        """Give the largest cost of one row."""
        return float(self.matrix.max()) / int(counts.sum())


@dataclass(frozen=True)
class _Brier:
    """Brier score, turned."""

    name: str = "brier"
    decided: bool = False
    rope: float = 0.01

    def prepare(self, rows: Rows, p: NDArray, predicted: NDArray[np.int64]) -> Weighted:
        """Give minus the score."""
        at = np.arange(len(rows.y))
        return _mean_of(rows, 2.0 * p[at, rows.y] - np.einsum("ij,ij->i", p, p) - 1.0)

    def grain(self, counts: NDArray[np.int64]) -> float:
        """Give 0: probabilities move by as little as they like."""
        return 0.0


def _mean_of(rows: Rows, values: NDArray) -> Weighted:
    weights = rows.row_weights.astype(np.float64)
    features = np.column_stack([weights, weights * values])

    def score(drawn: NDArray[np.float32]) -> NDArray[np.float64]:
        total, gained = (drawn @ features).T
        return gained / np.maximum(total, 1e-12)

    return score


@dataclass(frozen=True)
class _Ranking:
    """AUC or average precision: of the rarer of two classes, else the mean over classes, one against rest."""

    name: str
    decided: bool = False
    rope: float = 0.01

    def prepare(self, rows: Rows, p: NDArray, predicted: NDArray[np.int64]) -> Weighted:
        parts = [_ranked(rows, p[:, k], k) for k in _positives(rows)]
        is_auc = self.name == "roc_auc"

        def score(drawn: NDArray[np.float32]) -> NDArray[np.float64]:
            values = np.column_stack(
                [(part.auc if is_auc else part.precise)(drawn) for part in parts]
            )
            return _means(np.nan_to_num(values), ~np.isnan(values))

        return score

    def grain(self, counts: NDArray[np.int64]) -> float:
        """Give 0: ranks move by as little as they like."""
        return 0.0


def _positives(rows: Rows) -> list[int]:
    counts = np.where(rows.counted, np.bincount(rows.y, minlength=rows.n_classes), 0)
    there = np.flatnonzero(counts)
    return [int(there[counts[there].argmin()])] if len(there) == 2 else there.tolist()


@dataclass(frozen=True, eq=False)
class _Curve:
    """Rows in falling order of one class's probability; equal probabilities make one step."""

    order: NDArray[np.int64]
    last: NDArray[np.int64]
    weights: NDArray[np.float32]
    hit: NDArray[np.bool_]

    def _steps(self, drawn: NDArray) -> tuple[NDArray, NDArray]:
        """Give weights of hits and of all rows (B, steps) down to each step."""
        w = (drawn[:, self.order] * self.weights).astype(np.float64)
        return np.cumsum(w * self.hit, axis=1)[:, self.last], np.cumsum(w, axis=1)[:, self.last]

    def auc(self, drawn: NDArray) -> NDArray[np.float64]:
        hits, seen = self._steps(drawn)
        misses = seen - hits
        before = np.pad(hits, ((0, 0), (1, 0)))[:, :-1]
        gained = np.diff(misses, axis=1, prepend=0.0)
        pairs = hits[:, -1] * misses[:, -1]
        area = (gained * (hits + before) / 2).sum(axis=1)
        return np.where(pairs > 0, area / np.where(pairs > 0, pairs, 1.0), np.nan)

    def precise(self, drawn: NDArray) -> NDArray[np.float64]:
        hits, seen = self._steps(drawn)
        gained = np.diff(hits, axis=1, prepend=0.0)
        total = hits[:, -1]
        area = (gained * hits / np.maximum(seen, 1e-12)).sum(axis=1)
        return np.where(total > 0, area / np.where(total > 0, total, 1.0), np.nan)


def _ranked(rows: Rows, scores: NDArray, k: int) -> _Curve:
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    return _Curve(order, last, rows.row_weights[order], rows.y[order] == k)


@dataclass(frozen=True)
class _Alerts:
    """Precision or recall of the rarest class among the k rows of highest probability, of as many as the table has.

    On more or fewer rows k is taken in proportion. Rows of equal probability share the last places.
    """

    name: str
    k: int
    rows: int
    decided: bool = False
    rope: float = 0.01

    def prepare(self, rows: Rows, p: NDArray, predicted: NDArray[np.int64]) -> Weighted:
        counts = np.where(rows.counted, np.bincount(rows.y, minlength=rows.n_classes), 0)
        rare = int(np.where(counts > 0, counts, counts.max() + 1).argmin())
        curve = _ranked(rows, p[:, rare], rare)
        share, of_hits = min(self.k / self.rows, 1.0), self.name.startswith("recall")

        def score(drawn: NDArray[np.float32]) -> NDArray[np.float64]:
            hits, seen = curve._steps(drawn)
            room = share * seen[:, -1:]
            step_hits = np.diff(hits, axis=1, prepend=0.0)
            step_rows = np.diff(seen, axis=1, prepend=0.0)
            taken = np.clip(room - (seen - step_rows), 0.0, step_rows)
            found = (step_hits * taken / np.maximum(step_rows, 1e-12)).sum(axis=1)
            return found / np.maximum(hits[:, -1] if of_hits else room[:, 0], 1e-12)

        return score

    def grain(self, counts: NDArray[np.int64]) -> float:
        """Give the change by one row found."""
        return 1.0 / (counts.min() if self.name.startswith("recall") else self.k)


MEASURES: dict[str, Measure] = {
    **{name: _Counted(name) for name in TUNED},
    "roc_auc": _Ranking("roc_auc"),
    "average_precision": _Ranking("average_precision"),
    "brier": _Brier(),
}
AT_K = ("precision", "recall")


def measure(name: str, n_rows: int) -> Measure:
    """Give a measure by name.

    Parameters
    ----------
    name : str
        One of `MEASURES`, or ``precision@K`` or ``recall@K`` for K alerts among the rows of the table.
    n_rows : int
        Rows of the table.

    Raises
    ------
    OptionError
        There is no such measure.
    """
    word = name.strip().lower().replace("-", "_").replace(" ", "_")
    word = SAME.get(word, word)
    if word in MEASURES:
        return MEASURES[word]
    kind, at, number = word.partition("@")
    if at and kind in AT_K:
        if not (number.isascii() and number.isdigit()) or not 1 <= int(number) <= n_rows:
            raise OptionError(
                f"{kind}@K needs a whole number of alerts between 1 and the table's {n_rows} rows, "
                f"got {name!r}"
            )
        return _Alerts(word, int(number), n_rows)
    listed = [*MEASURES, "precision@K", "recall@K"]
    near = get_close_matches(word, [*MEASURES, *AT_K, *SAME], n=1)
    raise OptionError(
        f"advice can be judged by {', '.join(listed)}, or by costs; got {name!r}"
        + (f"; did you mean {near[0]!r}?" if near else "")
    )


def shown(measure: Measure, value: float) -> float:
    """Give a score as a person knows it: losses are positive again."""
    return -value if measure.name in LOWER_IS_BETTER or measure.name == "costs" else value
