"""Decision rules on finished probabilities: offsets, logit adjustment, prior correction.

A rule adds an offset to each log-probability before the argmax; for two classes that is a threshold. Offsets are to be
fitted on probabilities of rows that the classifier has not seen: its training probabilities lie near 0 and 1, and a
threshold tuned on them means nothing. Sources: Lipton et al. 2014 (thresholds for F1), Menon et al. 2021 (logit
adjustment), Elkan 2001 and Saerens et al. 2002 (prior shift); written from the papers. The ascent is our own. Offsets
are relative to the largest class, so that shrinking the offset of a small class moves it towards the plain rule.
"""

from difflib import get_close_matches
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import DataError, OptionError
from equipoise.metrics.decision import apply_offsets
from equipoise.metrics.utility import matthews_of_counts

Metric = Literal["macro_f1", "balanced_accuracy", "worst_f1", "mcc"]

SMALL_CLASS = 20  # below so many rows, an offset is shrunk by n / (n + 20)
MAX_SWEEPS = 5
CELLS = 60_000  # of the table of candidate cuts by classes: exact below it, evenly spaced candidates above
EQUAL = 1e-12
OPEN_END = 2.0  # nats


def fit_offsets(
    probabilities: NDArray[np.float64],
    y: NDArray[np.int64],
    metric: Metric = "macro_f1",
    scored: NDArray[np.bool_] | None = None,
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Find offsets b such that argmax_c (log p_c + b_c) does well by a metric.

    Coordinate ascent from b = 0 and from b = -log prior. As b_c grows, rows change to class c one after the other, at
    critical values that can be sorted: cumulative counts give the metric at all of them at once. The middle of the
    best plateau is taken. For two classes the result is the exact optimum; for more, a point that no single offset
    improves. Time is O(C n (C + log n)) a sweep, with at most 5 sweeps from each start.

    Parameters
    ----------
    probabilities : (n, C) float
        Out-of-fold probabilities.
    y : (n,) int
        True class positions.
    metric : {"macro_f1", "balanced_accuracy", "worst_f1", "mcc"}, default="macro_f1"
        "mcc" is the multi-class Matthews correlation, which counts all rows whatever is scored.
    scored : (C,) bool, optional
        Classes that count in the metric; all by default. The others are not tuned, nor are classes without a row.
    weights : (n,) float, optional
        How much each row counts, where the class shares of use are not those of the sample; all alike by default.

    Returns
    -------
    offsets : (C,) float
        0 for the largest class, by weight. Those of classes with fewer than 20 rows are shrunk towards it. All are 0
        where nothing beats the plain rule: on these rows the metric is never below that of the argmax (by more than
        1e-6 for "worst_f1", where the mean decides between rules of nearly equal minimum).

    Raises
    ------
    OptionError
        There is no such metric.
    DataError
        The shapes do not fit, or a probability or a weight is negative or not finite.
    """
    p = _checked(probabilities, y, metric)
    weights = None if weights is None else _checked_weights(weights, len(y))
    rows = np.bincount(y, minlength=p.shape[1])
    counts = rows if weights is None else np.bincount(y, weights, minlength=p.shape[1])
    counted = counts > 0 if scored is None else (counts > 0) & scored
    zeros = np.zeros(p.shape[1])
    if counted.sum() < 2:
        return zeros
    search = _Search(p, y, weights, counts, counted, metric)
    best, best_score = zeros, search.score(apply_offsets(p, zeros))
    shares = np.where(counted, counts, 1) / (len(y) if weights is None else counts.sum())
    for start in (zeros, np.where(counted, -np.log(shares), 0.0)):
        offsets = _relative(search.ascend(start), rows, counts, counted)
        score = search.score(apply_offsets(p, offsets))
        if score > best_score + EQUAL:
            best, best_score = offsets, score
    return best


def _checked(probabilities: NDArray, y: NDArray[np.int64], metric: str) -> NDArray[np.float64]:
    """Refuse what offsets cannot be fitted on; give the probabilities in double precision."""
    if metric not in get_args(Metric):
        near = get_close_matches(str(metric), get_args(Metric), n=1)
        raise OptionError(
            f"offsets can be tuned for {', '.join(get_args(Metric))}, got {metric!r}"
            + (f"; did you mean {near[0]!r}?" if near else "")
        )
    p = np.asarray(probabilities, dtype=np.float64)
    if p.ndim != 2 or len(p) != len(y) or not len(y):
        raise DataError(
            f"offsets need probabilities (n, C) and labels (n,) of the same n, at least one row; "
            f"got the shapes {p.shape} and {np.shape(y)}"
        )
    if not np.isfinite(p).all() or (p < 0).any():
        raise DataError("offsets need probabilities that are finite and not negative")
    return p


def _checked_weights(weights: NDArray, n: int) -> NDArray[np.float64]:
    """Refuse weights that cannot be counted by; give them with mean 1, so that tolerances mean the same."""
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != (n,) or not np.isfinite(w).all() or (w < 0).any() or not w.any():
        raise DataError(
            f"offsets need one weight for each of the {n} rows, finite, not negative and not all 0; "
            f"got the shape {w.shape}"
        )
    return w / w.mean()


def _relative(
    offsets: NDArray[np.float64],
    rows: NDArray[np.int64],
    counts: NDArray,
    counted: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Refer offsets to the class of the largest count and shrink those of classes of few rows."""
    moved = offsets - offsets[np.where(counted, counts, -1).argmax()]
    small = counted & (rows < SMALL_CLASS)
    return np.where(small, rows / (rows + SMALL_CLASS), 1.0) * moved


class _Search:
    """Coordinate ascent over offsets for given probabilities (n, C), labels (n,) and weights (n,)."""

    def __init__(
        self,
        p: NDArray[np.float64],
        y: NDArray[np.int64],
        weights: NDArray[np.float64] | None,
        counts: NDArray,
        counted: NDArray[np.bool_],
        metric: Metric,
    ) -> None:
        self.p, self.y, self.weights = p, y, weights
        self.counts, self.counted, self.metric = counts, counted, metric
        with np.errstate(divide="ignore"):
            self.log_p = np.log(p)  # -inf at 0: no finite offset makes the impossible happen
        self.n_candidates = max(200, CELLS // p.shape[1])

    def score(self, predicted: NDArray[np.int64]) -> float:
        """Give the metric of decisions (n,)."""
        n_classes, right = len(self.counts), predicted == self.y
        hits = self._count(self.y[right], n_classes, right)
        return float(self._values(hits, self._count(predicted, n_classes)))

    def _count(
        self, places: NDArray[np.int64], n_places: int, rows: NDArray[np.bool_] | None = None
    ) -> NDArray:
        """Count, or weigh, rows by place; `places` are those of the rows chosen."""
        weights = self.weights
        if weights is not None and rows is not None:
            weights = weights[rows]
        return np.bincount(places, weights, minlength=n_places)

    def _values(self, hits: NDArray, taken: NDArray) -> NDArray[np.float64]:
        """Give the metric (...) from true positives and numbers of predictions (..., C)."""
        truth = self.counts[self.counted]
        if self.metric == "balanced_accuracy":
            return (hits[..., self.counted] / truth).mean(axis=-1)
        if self.metric == "mcc":
            return matthews_of_counts(hits, taken, self.counts)
        f1 = 2.0 * hits[..., self.counted] / (taken[..., self.counted] + truth)
        if self.metric == "macro_f1":
            return f1.mean(axis=-1)
        # The minimum alone is flat nearly everywhere: the mean leads on.
        return f1.min(axis=-1) + 1e-6 * f1.mean(axis=-1)

    def ascend(self, start: NDArray[np.float64]) -> NDArray[np.float64]:
        """Improve one offset after the other until a sweep brings nothing."""
        offsets = start.copy()
        rows = _TopTwo(self.log_p, offsets)
        score = self.score(rows.first)
        for _ in range(MAX_SWEEPS):
            before = score
            for c in np.flatnonzero(self.counted).tolist():
                old, offset = offsets[c], self._best_offset(c, rows)
                rows.move(c, offset)
                new = self.score(rows.first)
                if new < score - EQUAL:  # only where candidates were thinned out
                    rows.move(c, old)
                else:
                    score = new
            if score <= before + EQUAL:
                break
        return offsets

    def _best_offset(self, c: int, rows: "_TopTwo") -> float:
        """Give the middle of the best plateau of the metric as a function of the offset of class c."""
        is_first = rows.first == c
        rival = np.where(is_first, rows.second, rows.first)
        height = np.where(is_first, rows.second_height, rows.first_height)
        with np.errstate(invalid="ignore"):
            critical = height - self.log_p[:, c]  # class c takes the row once its offset is above
        critical[np.isnan(critical)] = np.inf  # a row of zeros goes to nobody
        values, group = np.unique(critical, return_inverse=True)
        passed = self._candidates(values)
        curve = self._curve(c, rival, group, passed)
        if curve.max() - curve.min() <= EQUAL:
            return float(rows.offsets[c])
        return _middle(curve, passed, values)

    def _candidates(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Give how many of the sorted critical values to pass, for each candidate; -inf is always passed."""
        low = int(values[0] == -np.inf)
        high = len(values) - int(values[-1] == np.inf)
        if high - low + 1 <= self.n_candidates:
            return np.arange(low, high + 1)
        return np.unique(np.linspace(low, high, self.n_candidates).astype(np.int64))

    def _curve(
        self, c: int, rival: NDArray[np.int64], group: NDArray[np.int64], passed: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Give the metric (k,) at each candidate, by cumulative counts of the rows that move."""
        k, n_classes = len(passed), len(self.counts)
        # the first candidate that moves the row
        step = np.searchsorted(passed, group, side="right")
        moves = (k + 1) * n_classes
        lost = self._count(step * n_classes + rival, moves).reshape(k + 1, n_classes)
        own, inside = rival == self.y, self.y == c
        lost_hits = self._count(step[own] * n_classes + rival[own], moves, own)
        won = self._count(step, k + 1)[:k].cumsum()
        won_hits = self._count(step[inside], k + 1, inside)[:k].cumsum()
        taken = lost.sum(axis=0) - lost[:k].cumsum(axis=0)
        hits = lost_hits.reshape(k + 1, n_classes)
        hits = hits.sum(axis=0) - hits[:k].cumsum(axis=0)
        taken[:, c] = won
        hits[:, c] = won_hits
        return self._values(hits, taken)


class _TopTwo:
    """The best and the second best class (n,) of each row, kept up to date while one offset moves."""

    def __init__(self, log_p: NDArray[np.float64], offsets: NDArray[np.float64]) -> None:
        self.log_p, self.offsets = log_p, offsets
        n = len(log_p)
        self.first, self.second = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
        self.first_height, self.second_height = np.zeros(n), np.zeros(n)
        self._look(np.arange(n))

    def _look(self, rows: NDArray[np.int64]) -> None:
        heights = self.log_p[rows] + self.offsets
        at = np.arange(len(rows))
        self.first[rows] = first = heights.argmax(axis=1)
        self.first_height[rows] = heights[at, first]
        heights[at, first] = -np.inf
        self.second[rows] = second = heights.argmax(axis=1)
        self.second_height[rows] = heights[at, second]

    def move(self, c: int, offset: float) -> None:
        """Give class c another offset; only rows where it is, or gets, among the two best change."""
        self.offsets[c] = offset
        near = (self.first == c) | (self.second == c)
        near |= self.log_p[:, c] + offset >= self.second_height
        self._look(np.flatnonzero(near))


def _middle(
    curve: NDArray[np.float64], passed: NDArray[np.int64], values: NDArray[np.float64]
) -> float:
    """Give the middle of the widest run of best candidates; open ends reach 2 nats beyond the last value."""
    best = curve >= curve.max() - EQUAL
    edges = np.flatnonzero(np.diff(np.r_[False, best, False].astype(np.int8)))
    finite = values[np.isfinite(values)]
    ends = np.r_[finite[0] - OPEN_END, values, finite[-1] + OPEN_END]
    lows, highs = ends[passed[edges[::2]]], ends[passed[edges[1::2] - 1] + 1]
    lows, highs = np.maximum(lows, ends[0]), np.minimum(highs, ends[-1])
    widest = int(np.argmax(highs - lows))
    return float((lows[widest] + highs[widest]) / 2)


def logit_adjustment(prior: NDArray[np.float64], tau: float = 1.0) -> NDArray[np.float64]:
    """Give the offsets -tau log pi_c of Menon et al. 2021, equation 9.

    Parameters
    ----------
    prior : (C,) float
        Class shares; a class of share 0 gets the offset 0.
    tau : float, default=1.0
        1 is optimal for balanced accuracy if probabilities are calibrated, 0 is the plain rule.
    """
    prior = np.asarray(prior, dtype=np.float64)
    return -tau * np.log(np.where(prior > 0, prior, 1.0))
