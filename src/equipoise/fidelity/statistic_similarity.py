"""Statistic similarity: how closely the mean, the median or the standard deviation of a column is met."""

from functools import partial
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import OptionError
from equipoise.fidelity.columns import column_metric, present

Statistic = Literal["mean", "median", "std"]
TITLES: dict[Statistic, str] = {"mean": "mean", "median": "median", "std": "standard deviation"}


def statistic_similarity(
    real: NDArray[np.float64], synthetic: NDArray[np.float64], statistic: Statistic = "mean"
) -> float:
    """Give max(0, 1 - |stat R - stat S| / (max R - min R)).

    Missing cells are dropped; the standard deviation is that of a sample (n - 1).

    Parameters
    ----------
    real : (n,) float64
    synthetic : (m,) float64
    statistic : {"mean", "median", "std"}, default="mean"

    Returns
    -------
    float
        In [0, 1]; NaN if a column has no value (fewer than two for "std") or the real one is constant.

    References
    ----------
    `StatisticSimilarity` of SDMetrics.
    """
    if statistic not in get_args(Statistic):
        raise OptionError(
            f"statistic must be one of {', '.join(get_args(Statistic))}, got {statistic!r}"
        )
    real, synthetic = present(real), present(synthetic)
    least = 2 if statistic == "std" else 1
    if len(real) < least or len(synthetic) < least or real.min() == real.max():
        return np.nan
    # On a scale of the real range no sum overflows but of values so far from it that nothing is alike.
    middle, half = real.min() / 2 + real.max() / 2, real.max() / 2 - real.min() / 2
    with np.errstate(over="ignore", invalid="ignore"):
        values = [_statistic(statistic, (side - middle) / half / 2) for side in (real, synthetic)]
    gap = abs(values[0] - values[1])
    return float(max(1.0 - gap, 0.0)) if np.isfinite(gap) else 0.0


def _statistic(statistic: Statistic, values: NDArray[np.float64]) -> float:
    if statistic == "std":
        return float(np.std(values, ddof=1))
    return float(np.mean(values) if statistic == "mean" else np.median(values))


METRICS = tuple(
    column_metric(
        name=f"statistic-similarity-{statistic}",
        title=f"Statistic similarity ({title})",
        formula=f"mean over columns of numbers of max(0, 1 - |{statistic} R - {statistic} S| / (max R - min R))",
        source="SDMetrics StatisticSimilarity",
        numbers=partial(statistic_similarity, statistic=statistic),
    )
    for statistic, title in TITLES.items()
)
