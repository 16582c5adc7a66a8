"""What is asked of the advice, checked before any work is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.advice.budget import seconds_of
from equipoise.advice.candidates import models
from equipoise.advice.columns import column, group_codes, is_name, levels_of, time_values
from equipoise.advice.contest import PARTITIONS
from equipoise.advice.matrix import Scale
from equipoise.advice.measures import Costs, Measure, measure
from equipoise.datasets.splits import SCORED_ROWS
from equipoise.errors import DataError, OptionError
from equipoise.metrics.decision import class_shares, cost_matrix, named_costs
from equipoise.tables.frames import Container
from equipoise.tables.io import Reading
from equipoise.tables.labels import Labels, as_series
from equipoise.tables.schema import Schema, check_frame


@dataclass(frozen=True)
class Source:
    """A file and what was said of its columns."""

    path: str
    reading: Reading


@dataclass(frozen=True, eq=False)
class Question:
    """One table and what is asked about it.

    Attributes
    ----------
    X : DataFrame (n, d)
        Features: without the columns that say groups or times.
    y : Series (n,)
        Labels, none missing.
    labels : Labels
    codes : (n,) int
        Class positions.
    scale : Scale
    rope : float
        What difference is of no practical interest.
    seconds : float
        Of the budget.
    classifier : str or estimator
    methods : tuple of str or None
    groups, times : (n,) or None
    by : Series (n,) or None
        Whose levels the errors are shown for.
    kinds : dict
    partitions : int
    jobs : int
    seed : int
    name : str
        Of the table.
    unlabelled : int
        Rows left out since they have no label.
    costs : object
        What each pair of classes costs; None without.
    prior : dict or None
    source : Source or None
        The file that the table came from, and how it was read.
    left_out : tuple
        Columns that are no features: those of groups or times.
    """

    X: pd.DataFrame
    y: pd.Series
    labels: Labels
    codes: NDArray[np.int64]
    scale: Scale
    rope: float
    seconds: float
    classifier: Any = "xgboost"
    methods: tuple[str, ...] | None = None
    groups: NDArray[np.int64] | None = None
    times: NDArray | None = None
    by: pd.Series | None = None
    kinds: dict[Any, Any] = field(default_factory=dict)
    partitions: int = PARTITIONS
    jobs: int = 1
    seed: int = 0
    name: str = "table"
    unlabelled: int = 0
    costs: Any = None
    prior: dict[Any, float] | None = None
    source: Source | None = None
    left_out: tuple[Any, ...] = ()

    @property
    def measure(self) -> Measure:
        """What candidates are judged by."""
        return self.scale.measure


def question(
    X: Any,
    y: Any,
    *,
    budget: str | float = "5m",
    metric: str = "macro_f1",
    rope: float | None = None,
    group: Any = None,
    time: Any = None,
    by: Any = None,
    prior: Mapping[Any, float] | None = None,
    costs: Any = None,
    classifier: Any = "xgboost",
    methods: Sequence[str] | None = None,
    kinds: Mapping | None = None,
    partitions: int = PARTITIONS,
    jobs: int = 1,
    random_state: int = 0,
    name: str = "table",
    unlabelled: int = 0,
    source: Source | None = None,
) -> Question:
    """Check everything that is asked; see `advise` for the parameters.

    Raises
    ------
    DataError, OptionError
        The sentence says what to do.
    """
    seconds = seconds_of(budget)
    frame, series, known = _rows(X, y)
    groups, times = column(frame, group, "group"), column(frame, time, "time")
    levels = levels_of(column(frame, by, "by"), known)
    if groups is not None and times is not None:
        raise OptionError("group and time both say how the folds are cut; give one of the two")
    left_out = tuple(given for given in (group, time) if given is not None and is_name(given))
    frame = frame.drop(columns=list(left_out))
    frame, series = frame[known].reset_index(drop=True), series[known].reset_index(drop=True)
    labels = Labels.infer(series)
    codes = labels.code(series)
    _check_classes(codes, labels)
    _check_features(frame, series)
    scored = np.bincount(codes, minlength=len(labels)) >= SCORED_ROWS
    shares = None if prior is None else class_shares(prior, labels)
    matrix = None if costs is None else cost_matrix(costs, labels)
    judged = _measure(metric, matrix, codes)
    _check_numbers(partitions, jobs, random_state, rope)
    wanted = _methods(methods)
    models(codes, classifier, wanted)  # refuses unknown methods and classifiers
    width = judged.rope if rope is None else float(rope)
    return Question(
        frame, series, labels, codes, Scale(judged, scored, shares), width, seconds, classifier,
        wanted, group_codes(groups, known), time_values(times, known), levels,
        {name: kind for name, kind in dict(kinds or {}).items() if name not in left_out},
        partitions, jobs, random_state, name, unlabelled + int((~known).sum()),
        None if matrix is None else named_costs(matrix, labels),
        None if shares is None else {labels.classes[k]: float(s) for k, s in enumerate(shares)},
        source, left_out,
    )  # fmt: skip


def _rows(X: Any, y: Any) -> tuple[pd.DataFrame, pd.Series, NDArray[np.bool_]]:
    """Give features, labels, and which rows have a label."""
    frame = Container.of(X).frame(X)
    series = as_series(y)
    if len(frame) != len(series):
        raise DataError(
            f"X and y must have the same number of rows, got {len(frame)} and {len(series)}"
        )
    known = series.notna().to_numpy()
    if not known.any():
        raise DataError(
            f"every value of the target {series.name!r} is missing; name another column"
        )
    return frame, series, known


def _check_features(frame: pd.DataFrame, y: pd.Series) -> None:
    """Refuse features or labels that a fit would refuse when the budget is spent."""
    if not frame.shape[1]:
        raise DataError("the table has no column besides the target; add features")
    check_frame(frame)
    Schema.infer(frame, warn=False)  # refuses cells that are no values
    if all(frame[column].nunique(dropna=False) <= 1 for column in frame.columns):
        raise DataError("no feature column varies, so that nothing can be learnt from them")
    if len({isinstance(name, str) for name in frame.columns}) > 1:
        raise DataError("some columns are named by texts and some by numbers; name all by texts")
    if y.dtype.kind == "f" and (y % 1 != 0).any():
        raise DataError(
            f"the target {y.name!r} holds numbers with decimals, so it looks like a quantity, not a class; "
            "make the classes whole numbers or texts"
        )


def _methods(methods: Any) -> tuple[str, ...] | None:
    if methods is None:
        return None
    found = (methods,) if isinstance(methods, str) else tuple(methods)
    for name in found:
        if not isinstance(name, str):
            raise OptionError(
                f"methods are given by name, or your own as module:Class; got {name!r}"
            )
    return tuple(dict.fromkeys(found))


def _check_classes(codes: NDArray[np.int64], labels: Labels) -> None:
    counts = np.bincount(codes, minlength=len(labels))
    if len(labels) < 2:
        raise DataError(
            f"the target has one class only, {labels.classes[0]!r}; a classification needs two"
        )
    if (counts >= SCORED_ROWS).sum() < 2:
        listed = ", ".join(
            f"{t!r} ({n})" for t, n in zip(labels.texts, counts, strict=True) if n < SCORED_ROWS
        )
        raise DataError(
            f"only {int((counts >= SCORED_ROWS).sum())} of the {len(labels)} classes have the 10 rows that a "
            f"trial needs; too small are {listed[:300]}: merge small classes, or add rows"
        )


def _measure(metric: str, matrix: NDArray[np.float64] | None, codes: NDArray[np.int64]) -> Measure:
    if matrix is None:
        if str(metric).strip().lower() == "costs":
            raise OptionError("the metric costs needs to be told what mistakes cost: give costs")
        return measure(str(metric), len(codes))
    if metric not in ("macro_f1", "costs"):
        raise OptionError(f"costs and the metric {metric!r} both say what to judge by; give one")
    # What it costs more to get every row wrong than right takes the place of 1.
    at_stake = matrix.max(axis=1) - np.diag(matrix)
    return Costs(matrix, rope=0.01 * float(at_stake[codes].mean()))


def _check_numbers(partitions: int, jobs: int, seed: int, rope: float | None) -> None:
    for word, value, least in (("partitions", partitions, 1), ("jobs", jobs, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise OptionError(f"{word} must be a whole number of {least} or more, got {value!r}")
    if rope is not None and not (np.isfinite(rope) and rope > 0):
        raise OptionError(f"the rope must be above 0, got {rope!r}")
