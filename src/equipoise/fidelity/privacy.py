"""Closest records: whether synthetic rows give training rows away.

Every score reads Gower's distances of one search (`closest.closest`); card `quality_metrics`, section 4. How many rows
are copies is the matter of `copying.py`; what stands here is what other tools report, so that numbers can be compared,
and the attack that a stranger would try first.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from equipoise.fidelity.auc import auc
from equipoise.fidelity.closest import closest, searchable
from equipoise.fidelity.distances import gower
from equipoise.fidelity.metric import Better, Measured, Metric, Trio
from equipoise.fidelity.new_rows import matched_rows
from equipoise.tables.coded import Coded

SMALL = 1e-8
UNIFORM_ROWS = 1_000
Z = 1.96


@dataclass(frozen=True)
class Beside:
    """A figure of the synthetic rows and the same of fresh rows."""

    synthetic: float
    fresh: float


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def closest_record(trio: Trio, share: float) -> Beside:
    """Give a quantile of the distance to the closest training row, 0.05 or 0.5 as a rule."""
    if not searchable(trio):
        return Beside(math.nan, math.nan)
    found = closest(trio)
    return Beside(
        float(np.quantile(found.to_train.first, share)),
        float(np.quantile(found.fresh_to_train.first, share)),
    )


def neighbour_ratio(trio: Trio) -> Beside:
    """Give the median ratio of the distances to the closest and to the second closest training row."""
    if not searchable(trio) or len(trio.train) < 2:
        return Beside(math.nan, math.nan)
    found = closest(trio)
    synthetic, fresh = (
        float(np.median((near.first + SMALL) / (near.second + SMALL)))
        for near in (found.to_train, found.fresh_to_train)
    )
    return Beside(synthetic, fresh)


def holdout_share(trio: Trio) -> Interval:
    """Give the share of synthetic rows nearer to a training row than to a fresh one, ties half.

    0.5 is ideal, 1 is copying. Training and fresh rows are compared at equal numbers: the larger side is cut at random,
    and the mean over all such cuts is exact. If a of n rows are nearer than a distance, then a cut of k rows holds none
    of them with the probability C(n - a, k) / C(n, k). A cut also leaves out rows that were copied: with four training
    rows to a fresh one, copies read 0.62. The interval is that of a share of 1/2, moved.
    """
    if not searchable(trio):
        return Interval(math.nan, math.nan, math.nan)
    n, k, m = len(trio.train), len(trio.fresh), len(trio.synthetic)
    near = closest(trio).to_train
    if n >= k:
        value = 1 - _none_nearer(near.nearer, near.as_near, n, k)
    else:
        near = gower(trio.synthetic, trio.fresh, trio.train, within=near.first)
        value = _none_nearer(near.nearer, near.as_near, k, n)
    reach = Z / 2 / math.sqrt(m)
    return Interval(value, max(0.0, value - reach), min(1.0, value + reach))


def _none_nearer(nearer: NDArray[np.int64], as_near: NDArray[np.int64], n: int, k: int) -> float:
    """Give the mean probability that k of n rows hold none that is nearer; half where the nearest ties."""
    return float((_missed(n, nearer, k) + _missed(n, nearer + as_near, k)).mean() / 2)


def _missed(n: int, a: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """Give C(n - a, k) / C(n, k)."""
    left = np.maximum(n - a - k, 0)
    logs = gammaln(n - a + 1) - gammaln(left + 1) - gammaln(n + 1) + gammaln(n - k + 1)
    return np.where(n - a >= k, np.exp(logs), 0.0)


def identical_rows(trio: Trio) -> Beside:
    """Give the share of rows that equal a training row in every cell, missing ones included."""
    if not searchable(trio):
        return Beside(math.nan, math.nan)
    synthetic, fresh = (
        float(matched_rows(trio.schema, trio.train, rows, tolerance=0.0).mean())
        for rows in (trio.synthetic, trio.fresh)
    )
    return Beside(synthetic, fresh)


def authenticity(trio: Trio) -> float:
    """Give the share of synthetic rows whose closest training row is nearer to another one than to them.

    Alaa et al. 2022 (arXiv:2102.08921), section 3.3: the definition, not the authors' code.
    """
    if not searchable(trio) or len(trio.train) < 2:
        return math.nan
    near = closest(trio).to_train
    met, places = np.unique(near.index, return_inverse=True)
    # Its own distance of 0 comes first, that to another row second.
    others = gower(trio.train.take(met), trio.train, trio.train).second
    return float((others[places] < near.first).mean())


def baseline_protection(trio: Trio, rng: np.random.Generator) -> float:
    """Give the median closest-record distance over that of rows drawn uniformly in the ranges, 1 at most."""
    if not searchable(trio):
        return math.nan
    uniform = gower(_uniform(trio.train, UNIFORM_ROWS, rng), trio.train, trio.train).first
    far = float(np.median(uniform))
    return min(1.0, float(np.median(closest(trio).to_train.first)) / far) if far > 0 else math.nan


def _uniform(real: Coded, n: int, rng: np.random.Generator) -> Coded:
    numbers = np.full((n, real.numbers.shape[1]), np.nan)
    for j, column in enumerate(real.numbers.T):
        present = column[~np.isnan(column)]
        if len(present):
            numbers[:, j] = present.min() + rng.random(n) * (present.max() - present.min())
    codes = np.empty((n, real.codes.shape[1]), dtype=np.int64)
    for j, column in enumerate(real.codes.T):
        codes[:, j] = rng.choice(np.unique(column), n)
    return Coded(numbers, codes)


def membership(trio: Trio) -> Interval:
    """Give the area under the ROC curve of the distance attack: rows near a synthetic row are said to be training rows.

    0.5 says that the attacker learns nothing, 1 that every training row is known. The interval is DeLong's.
    """
    if not searchable(trio):
        return Interval(math.nan, math.nan, math.nan)
    found = closest(trio)
    value, error = auc(-found.to_fresh.back, -found.to_train.back)
    return Interval(value, max(0.0, value - Z * error), min(1.0, value + Z * error))


def _metric(
    name: str,
    title: str,
    better: Better,
    formula: str,
    source: str,
    give: Callable[[Trio, np.random.Generator], float],
) -> Metric:
    def measure(trio: Trio, rng: np.random.Generator) -> Measured:
        return Measured(give(trio, rng))

    return Metric(
        name=name, title=title, better=better, low=0.0, high=1.0, formula=formula, source=source,
        floor="independent", measure=measure,
    )  # fmt: skip


_CUSTOM = "distance to closest record, as SDMetrics and mostlyai-qa report it"
METRICS = (
    _metric(
        "dcr-5", "Nearest training row, closest 5 %", "higher",
        "5 % quantile of the Gower distance to the nearest training row", _CUSTOM,
        lambda trio, rng: closest_record(trio, 0.05).synthetic,
    ),
    _metric(
        "dcr-median", "Nearest training row, median", "higher",
        "median of the Gower distance to the nearest training row", _CUSTOM,
        lambda trio, rng: closest_record(trio, 0.5).synthetic,
    ),
    _metric(
        "dcr-share", "Nearer to training than to fresh rows", "lower",
        "P(d(s, train) < d(s, fresh)) + P(=) / 2 at equal numbers; 0.5 is ideal, 1 copying", _CUSTOM,
        lambda trio, rng: holdout_share(trio).value,
    ),
    _metric(
        "nndr", "Nearest over second nearest training row", "higher",
        "median of (d_1 + 1e-8) / (d_2 + 1e-8), distances to the two nearest training rows",
        "nearest-neighbour distance ratio",
        lambda trio, rng: neighbour_ratio(trio).synthetic,
    ),
    _metric(
        "identical-rows", "Identical to a training row", "lower",
        "share of synthetic rows that equal a training row in every cell", "identical match share",
        lambda trio, rng: identical_rows(trio).synthetic,
    ),
    _metric(
        "authenticity", "Farther from their model than it is from others", "higher",
        "share of synthetic rows whose nearest training row is nearer to another one than to them",
        "Alaa et al. 2022, arXiv:2102.08921",
        lambda trio, rng: authenticity(trio),
    ),
    _metric(
        "baseline-protection", "Protection against that of uniform rows", "higher",
        "median nearest-training-row distance over that of rows uniform in the ranges, at most 1",
        "SDMetrics, DCRBaselineProtection",
        baseline_protection,
    ),
    _metric(
        "membership", "Training rows told from fresh ones", "lower",
        "AUC of the distance to the nearest synthetic row, training against fresh rows; 0.5 is best",
        "distance attack: Chen et al. 2020, GAN-Leaks, arXiv:1909.03935",
        lambda trio, rng: membership(trio).value,
    ),
)  # fmt: skip
