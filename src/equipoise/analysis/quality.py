"""Scores of synthetic rows between their floor (0) and their ceiling (1), over the splits of a table and over tables.

What is stored is raw: a method's scores and, once a split, those of the references. A score is calibrated with the
floor and the ceiling of its own split, whose luck they share. Over splits it is a ratio of means, so that one split
where floor and ceiling happen to meet does not decide, and its interval comes from the first-order residuals of that
ratio, with the correction for training sets that overlap.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.analysis.intervals import corrected, over_these_tables
from equipoise.metrics.calibration import LEAST_RANGE
from equipoise.results.records import REFERENCE

LEAST_METHODS = 4  # on a table, for a rank correlation over them
SPLIT = ["dataset", "repeat", "label", "metric"]
CALIBRATED = "calibrated"
UNINFORMATIVE = "not informative"
UNKNOWN = "no reference"


@dataclass(frozen=True)
class Scale:
    """What a score is read against.

    Attributes
    ----------
    floor : str
        The reference that knows nothing of what the score is about: "independent" or "uniform".
    higher : bool
        Whether more is better.
    """

    floor: str
    higher: bool


def _finite(quality: pd.DataFrame, metrics: Mapping[str, Any]) -> pd.DataFrame:
    """Leave scores of whole tables and classes (not of columns) that are numbers."""
    mine = (quality["item"] == "") & quality["metric"].isin(list(metrics))
    return quality[mine & np.isfinite(quality["value"].astype(float))]


def _reference(scores: pd.DataFrame, name: str, column: str) -> pd.DataFrame:
    """Give the scores of a reference with half the width of their intervals, 0 where it is not known."""
    found = scores[scores["method"] == REFERENCE + name]
    half = ((found["high"] - found["low"]) / 2).astype(float).fillna(0.0)
    named = found[[*SPLIT, "value"]].rename(columns={"value": column})
    return named.assign(**{f"{column}_reach": half})


def paired(quality: pd.DataFrame, scales: Mapping[str, Scale]) -> pd.DataFrame:
    """Put beside each score of a method the floor and the ceiling of its split.

    Parameters
    ----------
    quality : DataFrame
        As `Store.quality` gives it.
    scales : dict of metric to Scale
        The metrics to calibrate.

    Returns
    -------
    DataFrame
        Columns dataset, repeat, method, label, metric, value, floor, floor_reach, ceiling, ceiling_reach; NaN where a
        split has no such reference.
    """
    scores = _finite(quality, scales)
    own = scores[~scores["method"].str.startswith(REFERENCE)]
    own = own[["dataset", "repeat", "method", "label", "metric", "value"]]
    floors = [
        _reference(scores[scores["metric"] == metric], scale.floor, "floor")
        for metric, scale in scales.items()
    ]
    floor = pd.concat(floors) if floors else _reference(scores, "", "floor")
    own = own.merge(floor, on=SPLIT, how="left")
    return own.merge(_reference(scores, "ceiling", "ceiling"), on=SPLIT, how="left")


def within_tables(quality: pd.DataFrame, scales: Mapping[str, Scale]) -> pd.DataFrame:
    """Calibrate every score over the splits of its table.

    Returns
    -------
    DataFrame
        Columns dataset, method, label, metric, n (splits with floor and ceiling), value, floor, ceiling (means), state,
        calibrated, low, high, variance, df. The state is "calibrated"; "not informative" where floor and ceiling meet,
        nearer than 0.02 or than their noise, or where the floor is better; or "no reference", where the untreated trial
        has not run. Only what is calibrated has numbers there; one split alone has no interval.
    """
    rows = []
    keys = ["dataset", "method", "label", "metric"]
    for key, group in paired(quality, scales).groupby(keys, sort=False):
        known = group.dropna(subset=["floor", "ceiling"])
        rows.append((*key, *_over_splits(known, scales[key[3]].higher)))
    columns = [*keys, "n", "value", "floor", "ceiling", "state"]
    return pd.DataFrame(rows, columns=[*columns, "calibrated", "low", "high", "variance", "df"])


def _over_splits(group: pd.DataFrame, higher: bool) -> tuple[Any, ...]:
    """Give n, the means, the state, and the calibrated score with its interval."""
    lost = (math.nan,) * 5
    if group.empty:
        return (0, *(math.nan,) * 3, UNKNOWN, *lost)
    value, floor, ceiling = (group[c].to_numpy(dtype=float) for c in ("value", "floor", "ceiling"))
    means = (len(group), float(value.mean()), float(floor.mean()), float(ceiling.mean()))
    width = ceiling - floor
    mean = float(width.mean())
    rise = mean if higher else -mean
    if not rise > max(LEAST_RANGE, _noise(group, width)):
        return (*means, UNINFORMATIVE, *lost)
    ratio = float((value - floor).mean()) / mean
    found = corrected(ratio + (value - floor - ratio * width) / mean)
    return (*means, CALIBRATED, ratio, found.low, found.high, found.variance, found.df)


def _noise(group: pd.DataFrame, width: NDArray[np.float64]) -> float:
    """Give half the interval of the distance from floor to ceiling: over splits, or inside the only one."""
    if len(width) > 1:
        found = corrected(width)
        return found.high - found.mean
    return math.hypot(float(group["floor_reach"].iloc[0]), float(group["ceiling_reach"].iloc[0]))


def over_tables(within: pd.DataFrame) -> pd.DataFrame:
    """Average the calibrated scores of whole tables over the tables where they are informative.

    Returns
    -------
    DataFrame
        Columns method, metric, n (tables), calibrated, low, high: on these very tables.
    """
    whole = within[(within["label"] == "") & (within["state"] == CALIBRATED)]
    rows = []
    for key, group in whole.groupby(["method", "metric"], sort=False):
        found = over_these_tables(group["calibrated"], group["variance"], group["df"])
        rows.append((*key, found.n, found.mean, found.low, found.high))
    return pd.DataFrame(rows, columns=["method", "metric", "n", "calibrated", "low", "high"])


def copying(quality: pd.DataFrame) -> pd.DataFrame:
    """Give the least share of rows that are too close to training rows, and in how many splits the alarm rang.

    Returns
    -------
    DataFrame
        Columns dataset, method, label, n (splits), value, low, high (of the mean; of the split itself if it is the
        only one), alarms.
    """
    scores = _finite(quality, {"too-close": None, "copying-alarm": None})
    scores = scores[~scores["method"].str.startswith(REFERENCE)]
    keys = ["dataset", "method", "label"]
    rung = scores[scores["metric"] == "copying-alarm"].groupby(keys)["value"].sum()
    rows = []
    close = scores[scores["metric"] == "too-close"]
    for key, group in close.groupby(keys, sort=False):
        found = corrected(group["value"])
        low, high = found.low, found.high
        if found.n == 1:
            low, high = float(group["low"].iloc[0]), float(group["high"].iloc[0])
        else:
            low, high = max(low, 0.0), min(high, 1.0)
        rows.append((*key, found.n, found.mean, low, high, round(float(rung.get(key, 0.0)))))
    return pd.DataFrame(rows, columns=[*keys, "n", "value", "low", "high", "alarms"])


def too_few(quality: pd.DataFrame, classes: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Name the classes that were too few to calibrate in every split, by table.

    Parameters
    ----------
    quality : DataFrame
    classes : dict of dataset to labels
    """
    ceiling = quality[quality["method"] == f"{REFERENCE}ceiling"]
    scored = {(d, label) for d, label in zip(ceiling["dataset"], ceiling["label"], strict=True)}
    tables = set(ceiling["dataset"])
    found = {d: [c for c in labels if (d, c) not in scored] for d, labels in classes.items()}
    return {d: labels for d, labels in found.items() if labels and d in tables}


def agreement(points: pd.DataFrame) -> tuple[int, float] | None:
    """Say how far faithfulness and gain go together: the mean rank correlation over tables of at least four methods.

    Parameters
    ----------
    points : DataFrame
        Columns dataset, calibrated, gain.

    Returns
    -------
    (int, float) or None
        Tables and correlation; None where there is nothing to correlate.
    """
    found = []
    for _, group in points.groupby("dataset", sort=False):
        if len(group) >= LEAST_METHODS:
            ranks = group[["calibrated", "gain"]].astype(float).rank()
            found.append(float(ranks["calibrated"].corr(ranks["gain"])))
    known = [rho for rho in found if math.isfinite(rho)]
    return (len(known), float(np.mean(known))) if known else None
