"""Column pair trends: how closely the dependence of each pair of columns is met."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from equipoise.fidelity.bins import N_CODES, Bins, binned, check_bins
from equipoise.fidelity.columns import mean_defined, titles
from equipoise.fidelity.contingency_similarity import contingency_similarity, cramers_v
from equipoise.fidelity.correlation_similarity import correlation_similarity, correlations
from equipoise.fidelity.metric import Measured, Metric, Trio

SDMETRICS_CORRELATION = 0.5
SDMETRICS_ASSOCIATION = 0.3


def column_pair_trends(
    trio: Trio,
    *,
    bins: Bins = "real",
    correlation_threshold: float = 0.0,
    association_threshold: float = 0.0,
) -> Measured:
    """Give the mean over pairs of columns of their correlation similarity or contingency similarity.

    Two columns of numbers are compared by correlation, two columns of levels by contingency, and mixed pairs by
    contingency once the numbers are cut in ten bins. The report of SDMetrics cuts real and synthetic columns each
    between its own extremes, so that it is blind to a column that is shifted or rescaled: ``bins="sdmetrics"``.

    Parameters
    ----------
    trio : Trio
    bins : {"real", "quantiles", "sdmetrics"}, default="real"
        As in `binned`.
    correlation_threshold, association_threshold : float, default=0.0
        Above 0, only pairs count whose absolute correlation, or Cramer's V, in the real rows is greater. Since its
        version 0.27 SDMetrics has 0.5 and 0.3 (`SDMETRICS_CORRELATION`, `SDMETRICS_ASSOCIATION`).

    Returns
    -------
    Measured
        In [0, 1], with an item for each pair; NaN where a correlation is undefined or a pair does not count.

    References
    ----------
    Column Pair Trends of SDMetrics' quality report.
    """
    check_bins(bins)
    scores = correlation_similarity(trio.fresh.numbers, trio.synthetic.numbers)
    if correlation_threshold > 0:
        strengths = np.abs(correlations(trio.fresh.numbers))
        scores[~(strengths > correlation_threshold)] = np.nan
    number = _numbers_first(trio)
    p = len(trio.schema.numbers)
    real, synthetic, sizes = _counted(trio, bins)
    names = titles(trio.schema)
    items = {}
    for a, b in _pairs(len(names)):
        i, j = sorted((number[a], number[b]))
        if j < p:
            value = float(scores[i, j])
        else:
            # The two columns as a view: a copy of each pair would cost as much as counting it.
            both, pair = slice(i, j + 1, j - i), (sizes[i], sizes[j])
            value = np.nan
            if not association_threshold > 0 or (
                cramers_v(real[:, both], pair) > association_threshold
            ):
                value = contingency_similarity(real[:, both], synthetic[:, both], pair)
        items[f"{names[a]} | {names[b]}"] = value
    return Measured(mean_defined(list(items.values())), items)


def pair_strengths(
    trio: Trio, *, bins: Bins = "real"
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give how strongly each pair of columns depends, in the fresh rows and in the synthetic ones.

    Parameters
    ----------
    trio : Trio
    bins : {"real", "quantiles", "sdmetrics"}, default="real"

    Returns
    -------
    fresh, synthetic : (d, d) float64
        In the order of `titles`: Pearson's correlation in [-1, 1] of two columns of numbers, else Cramer's V in
        [0, 1] of the levels and bins; 1 on the diagonal, NaN where undefined.
    """
    number = _numbers_first(trio)
    p = len(trio.schema.numbers)
    *tables, sizes = _counted(trio, bins)
    matrices = []
    for part, table in zip((trio.fresh, trio.synthetic), tables, strict=True):
        rho = correlations(part.numbers)
        matrix = np.eye(len(number))
        for a, b in _pairs(len(number)):
            i, j = sorted((number[a], number[b]))
            value = (
                rho[i, j] if j < p else cramers_v(table[:, i : j + 1 : j - i], (sizes[i], sizes[j]))
            )
            matrix[a, b] = matrix[b, a] = value
        matrices.append(matrix)
    return matrices[0], matrices[1]


def _pairs(d: int) -> Iterator[tuple[int, int]]:
    return ((a, b) for a in range(d) for b in range(a + 1, d))


def _numbers_first(trio: Trio) -> list[int]:
    """Give the place of each column in table order where all numbers come before all codes."""
    p = len(trio.schema.numbers)
    number, level, places = 0, p, []
    for column in trio.schema.columns:
        if column.is_number:
            places.append(number)
            number += 1
        elif column.is_discrete:
            places.append(level)
            level += 1
    return places


def _counted(
    trio: Trio, bins: Bins
) -> tuple[NDArray[np.int64], NDArray[np.int64], tuple[int, ...]]:
    """Give binned numbers and codes (n, p + q) of fresh and of synthetic rows, column by column, and their sizes."""
    p, q = len(trio.schema.numbers), len(trio.schema.discrete)
    real = np.empty((len(trio.fresh), p + q), dtype=np.int64, order="F")
    synthetic = np.empty((len(trio.synthetic), p + q), dtype=np.int64, order="F")
    for j in range(p):
        real[:, j], synthetic[:, j] = binned(
            trio.fresh.numbers[:, j], trio.synthetic.numbers[:, j], bins
        )
    real[:, p:], synthetic[:, p:] = trio.fresh.codes, trio.synthetic.codes
    return real, synthetic, (*[N_CODES] * p, *(int(size) for size in trio.sizes))


def _measure(trio: Trio, rng: np.random.Generator) -> Measured:
    return column_pair_trends(trio)


METRIC = Metric(
    name="column-pair-trends",
    title="Column pair trends",
    better="higher",
    low=0.0,
    high=1.0,
    formula="mean over pairs of 1 - |rho_R - rho_S| / 2 (numbers) or 1 - (1/2) sum_ij |p_R(i,j) - p_S(i,j)|",
    source="SDMetrics quality report, Column Pair Trends; all pairs, bins of the real column",
    floor="independent",
    measure=_measure,
)
