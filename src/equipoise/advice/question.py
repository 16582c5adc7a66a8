"""What is asked of the advice, checked before any work is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.advice.budget import seconds_of
from equipoise.advice.candidates import models
from equipoise.advice.contest import PARTITIONS
from equipoise.advice.matrix import Scale
from equipoise.advice.measures import Costs, Measure, measure
from equipoise.errors import DataError, OptionError
from equipoise.metrics.decision import cost_matrix
from equipoise.tables.frames import Container
from equipoise.tables.labels import Labels, as_series

SUM = 1e-3  # by which stated class shares may miss 1


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
        As they were given; None without.
    prior : dict or None
    source : str
        The file that the table came from; empty if it came from memory.
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
    source: str = ""
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
    source: str = "",
) -> Question:
    """Check everything that is asked; see `advise` for the parameters.

    Raises
    ------
    DataError, OptionError
        The sentence says what to do.
    """
    seconds = seconds_of(budget)
    frame, series, known = _rows(X, y)
    groups, frame = _column(frame, group, "group", len(known))
    times, frame = _column(frame, time, "time", len(known))
    levels, _ = _column(frame, by, "by", len(known))
    if groups is not None and times is not None:
        raise OptionError("group and time both say how the folds are cut; give one of the two")
    frame, series = frame[known].reset_index(drop=True), series[known].reset_index(drop=True)
    _check_features(frame)
    labels = Labels.infer(series)
    codes = labels.code(series)
    _check_classes(codes, labels)
    scored = np.bincount(codes, minlength=len(labels)) >= 10
    shares = _prior(prior, labels)
    judged = _measure(metric, costs, labels, codes)
    _check_numbers(partitions, jobs, random_state, rope)
    models(codes, classifier, methods)  # refuses unknown methods and classifiers
    width = judged.rope if rope is None else float(rope)
    return Question(
        frame, series, labels, codes, Scale(judged, scored, shares), width, seconds,
        classifier, None if methods is None else tuple(methods),
        _group_codes(groups, known), _time_values(times, known),
        None if levels is None else levels[known].reset_index(drop=True),
        dict(kinds or {}), partitions, jobs, random_state, name, unlabelled + int((~known).sum()),
        costs, None if shares is None else {labels.classes[k]: float(s) for k, s in enumerate(shares)},
        source, tuple(name for name in (group, time) if isinstance(name, str)),
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


def _column(
    frame: pd.DataFrame, given: Any, option: str, n: int
) -> tuple[pd.Series | None, pd.DataFrame]:
    """Give a column by its name, taken out of the features (but for `by`), or the values themselves."""
    if given is None:
        return None, frame
    if isinstance(given, str) or np.isscalar(given):
        if given not in frame.columns:
            near = get_close_matches(str(given), [str(c) for c in frame.columns], n=3)
            raise OptionError(
                f"{option} names the column {given!r}, which is not there"
                + (f"; did you mean {', '.join(map(repr, near))}?" if near else "")
            )
        column = frame[given]
        return column, frame if option == "by" else frame.drop(columns=given)
    values = as_series(given)
    if len(values) != n:
        raise DataError(f"{option} must have one value a row, got {len(values)} for {n} rows")
    return values, frame


def _check_features(frame: pd.DataFrame) -> None:
    if not frame.shape[1]:
        raise DataError("the table has no column besides the target; add features")
    if all(frame[column].nunique(dropna=False) <= 1 for column in frame.columns):
        raise DataError("no feature column varies, so that nothing can be learnt from them")


def _check_classes(codes: NDArray[np.int64], labels: Labels) -> None:
    counts = np.bincount(codes, minlength=len(labels))
    if len(labels) < 2:
        raise DataError(
            f"the target has one class only, {labels.classes[0]!r}; a classification needs two"
        )
    if (counts >= 10).sum() < 2:
        listed = ", ".join(
            f"{t!r} ({n})" for t, n in zip(labels.texts, counts, strict=True) if n < 10
        )
        raise DataError(
            f"only {int((counts >= 10).sum())} of the {len(labels)} classes have the 10 rows that a "
            f"trial needs; too small are {listed[:300]}: merge small classes, or add rows"
        )


def _prior(prior: Mapping[Any, float] | None, labels: Labels) -> NDArray[np.float64] | None:
    """Read the class shares where the advice is used; of two classes one may be left out."""
    if prior is None:
        return None
    places = {text: k for k, text in enumerate(labels.texts)}
    shares = np.full(len(labels), np.nan)
    for label, share in prior.items():
        if str(label) not in places:
            raise OptionError(
                f"prior names the class {str(label)!r}; the classes are "
                f"{', '.join(map(repr, labels.texts))}"
            )
        shares[places[str(label)]] = share
    absent = np.isnan(shares)
    if absent.sum() == 1:
        shares[absent] = 1.0 - np.nansum(shares)
    elif absent.any():
        missed = [t for t, gone in zip(labels.texts, absent, strict=True) if gone]
        raise OptionError(
            f"prior must give the share of every class (one may be left out); "
            f"{', '.join(map(repr, missed[:5]))} are missing"
        )
    if (shares <= 0).any() or abs(shares.sum() - 1) > SUM:
        raise OptionError(
            "the shares of prior must be above 0 and add up to 1, got "
            + ", ".join(f"{t}={s:g}" for t, s in zip(labels.texts, shares, strict=True))
        )
    return shares / shares.sum()


def _measure(metric: str, costs: Any, labels: Labels, codes: NDArray[np.int64]) -> Measure:
    if costs is None:
        return measure(metric, len(codes))
    if metric not in ("macro_f1", "costs"):
        raise OptionError(f"costs and the metric {metric!r} both say what to judge by; give one")
    matrix = cost_matrix(costs, labels.texts)
    # What it would cost to get every row wrong takes the place of 1.
    return Costs(matrix, rope=0.01 * float(matrix.max(axis=1)[codes].mean()))


def _check_numbers(partitions: int, jobs: int, seed: int, rope: float | None) -> None:
    for word, value, least in (("partitions", partitions, 1), ("jobs", jobs, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise OptionError(f"{word} must be a whole number of {least} or more, got {value!r}")
    if rope is not None and not (np.isfinite(rope) and rope > 0):
        raise OptionError(f"the rope must be above 0, got {rope!r}")


def _group_codes(groups: pd.Series | None, known: NDArray) -> NDArray[np.int64] | None:
    """Give each row the number of its group; every row without one is a group of its own."""
    if groups is None:
        return None
    codes = pd.factorize(groups[known])[0].astype(np.int64)
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(alone.sum())
    return codes


def _time_values(times: pd.Series | None, known: NDArray) -> NDArray | None:
    if times is None:
        return None
    values = times[known]
    if values.isna().any():
        raise DataError(
            f"{int(values.isna().sum())} rows have no time, so that they cannot be put in order; drop them"
        )
    if not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values)):
        read = pd.to_datetime(values.astype(str), errors="coerce", format="ISO8601")
        if read.isna().any():
            bad = values[read.isna()].iloc[0]
            raise DataError(f"the time column must hold numbers or ISO 8601 dates, got {bad!r}")
        values = read
    return values.to_numpy()
