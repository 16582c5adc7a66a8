"""Coverage: how much of each column's range, and how many of its levels, are reached."""

import numpy as np

from equipoise.fidelity.category_coverage import category_coverage
from equipoise.fidelity.columns import over_columns
from equipoise.fidelity.metric import Measured, Metric, Trio
from equipoise.fidelity.range_coverage import range_coverage


def column_coverage(trio: Trio) -> Measured:
    """Give the mean over columns of range coverage (numbers) or category coverage (levels).

    Not to be taken for the coverage of Naeem et al. 2020, which is about rows.

    Parameters
    ----------
    trio : Trio

    Returns
    -------
    Measured
        In [0, 1], with an item for each column.

    References
    ----------
    Coverage of SDMetrics' diagnostic report before its version 0.13.
    """
    return over_columns(trio, numbers=range_coverage, levels=category_coverage)


def _measure(trio: Trio, rng: np.random.Generator) -> Measured:
    return column_coverage(trio)


METRIC = Metric(
    name="column-coverage",
    title="Column coverage",
    better="higher",
    low=0.0,
    high=1.0,
    formula="mean over columns of range coverage (numbers) or category coverage (levels)",
    source="SDMetrics diagnostic report up to 0.12, Coverage",
    floor="uniform",
    measure=_measure,
)
