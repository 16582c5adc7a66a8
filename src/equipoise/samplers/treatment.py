"""One treatment of training rows, given by name or as an instance: leave them, drop some, or add new ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from equipoise.datasets.splits import SCORED_ROWS
from equipoise.errors import OptionError
from equipoise.registry import make
from equipoise.registry import method as method_named
from equipoise.samplers.oversampler import oversample
from equipoise.samplers.strategies import parse_plan, shrink
from equipoise.seeds import seed_for, seed_parts
from equipoise.tables.labels import Labels

NEW = -1


@dataclass(frozen=True, eq=False)
class Rows:
    """Training rows: X (n, d), y (n,) and the classes that y is of."""

    X: pd.DataFrame
    y: pd.Series
    labels: Labels


@dataclass(frozen=True, eq=False)
class Treated:
    """What a treatment leaves.

    Attributes
    ----------
    X : DataFrame of shape (m, d)
    y : (m,) int
        Class positions.
    origins : (m,) int or None
        The training row that each is, `NEW` for a new one; None where a sampler does not say.
    method : object or None
        The fitted method; None where nothing was fitted.
    deliveries : tuple of Delivery
        What a synthesizer was asked for and gave.
    """

    X: pd.DataFrame
    y: NDArray[np.int64]
    origins: NDArray[np.int64] | None
    method: Any = None
    deliveries: tuple = ()


def treated(
    method: Any, rows: Rows, *, plan: str, kinds: Mapping | None, root_seed: int
) -> Treated:
    """Apply a method to training rows.

    Parameters
    ----------
    method : str, synthesizer or sampler
        A name of the registry, or an unfitted instance, which is cloned.
    rows : Rows
    plan : str
        As `parse_plan` reads it; for synthesizers alone.
    kinds : dict of column name to kind, optional
    root_seed : int
        Seeds are `seed_for` of it: "fit" fits a synthesizer, "sample" draws its rows or seeds a sampler.

    Raises
    ------
    OptionError
        There is no such method or plan.
    """
    new_rows = parse_plan(plan).new_rows
    if method == "identity":
        return _untouched(rows)
    if method == "undersample":
        return _undersampled(rows, seed_for(root_seed, "sample"))
    maker = _unfitted(method)
    if hasattr(maker, "fit_resample"):
        return _resampled(seed_parts(maker, seed_for(root_seed, "sample")), rows)
    if not any(new_rows(rows.y).values()):
        return _untouched(rows)
    maker = seed_parts(maker, seed_for(root_seed, "fit")).fit(rows.X, rows.y, kinds=kinds)
    return grown(maker, rows, plan=plan, root_seed=root_seed)


def _unfitted(method: Any) -> Any:
    if isinstance(method, str):
        if method_named(method).needs_law:
            raise OptionError(
                f"{method!r} draws rows of a known law, so it treats no table of one's own"
            )
        return make(method)
    makes_rows = hasattr(method, "fit") and hasattr(method, "sample")
    if isinstance(method, type) or not (makes_rows or hasattr(method, "fit_resample")):
        raise OptionError(
            "method must be a name that `equipoise methods` lists, an instance of a synthesizer "
            f"or an instance of an imbalanced-learn sampler, got {method!r}"
        )
    return clone(method)


def _untouched(rows: Rows) -> Treated:
    return Treated(rows.X, rows.labels.code(rows.y), np.arange(len(rows.y)))


def _undersampled(rows: Rows, seed: int) -> Treated:
    """Drop rows as the benchmark does: classes too small to score neither shrink nor set the aim."""
    y = rows.labels.code(rows.y)
    counted = np.bincount(y, minlength=len(rows.labels)) >= SCORED_ROWS
    totals = shrink(y, counted) if counted.any() else {}
    if not totals:
        return _untouched(rows)
    sampler = make("undersample", random_state=seed).set_params(sampling_strategy=totals)
    sampler.fit_resample(np.arange(len(y)).reshape(-1, 1), y)
    kept = np.asarray(sampler.sample_indices_)
    return Treated(rows.X.iloc[kept].reset_index(drop=True), y[kept], kept, sampler)


def _resampled(sampler: Any, rows: Rows) -> Treated:
    y = np.asarray(rows.y)
    X_after, y_after = sampler.fit_resample(rows.X, y)
    X_after, y_after = X_after.reset_index(drop=True), np.asarray(y_after)
    origins = _origins(sampler, rows.X, y, X_after, y_after)
    return Treated(X_after, rows.labels.code(y_after), origins, sampler)


def _origins(
    sampler: Any, X: pd.DataFrame, y: NDArray, X_after: pd.DataFrame, y_after: NDArray
) -> NDArray[np.int64] | None:
    """Tell which rows of a sampler are training rows; a row given back twice counts as new the second time."""
    places = getattr(sampler, "sample_indices_", None)
    if places is not None and len(places) == len(y_after):
        return np.where(pd.Series(places).duplicated(), NEW, places)
    n = len(y)
    if len(y_after) >= n and (y_after[:n] == y).all() and X_after.iloc[:n].equals(X):
        return _originals_first(n, len(y_after))
    return None


def _originals_first(n: int, total: int) -> NDArray[np.int64]:
    return np.r_[np.arange(n), np.full(total - n, NEW)]


def grown(maker: Any, rows: Rows, *, plan: str, root_seed: int) -> Treated:
    """Append the new rows of a fitted synthesizer; a second call gives the same rows.

    Parameters
    ----------
    maker : synthesizer
        Fitted.
    rows : Rows
    plan : str
    root_seed : int
        As for `treated`.
    """
    wanted = {label: n for label, n in parse_plan(plan).new_rows(rows.y).items() if n}
    X, y, _ = oversample(maker, rows.X, rows.y, wanted, seed_for(root_seed, "sample"))
    origins = _originals_first(len(rows.y), len(y))
    deliveries = tuple(getattr(maker, "deliveries_", ()))
    return Treated(X, rows.labels.code(y), origins, maker, deliveries)
