"""Coverage: how much of each column's range, and how many of its levels, are reached."""

from equipoise.fidelity.category_coverage import category_coverage
from equipoise.fidelity.columns import column_metric, over_columns
from equipoise.fidelity.metric import Measured, Trio
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


METRIC = column_metric(
    name="column-coverage",
    title="Column coverage",
    formula="mean over columns of range coverage (numbers) or category coverage (levels)",
    source="SDMetrics diagnostic report up to 0.12, Coverage",
    numbers=range_coverage,
    levels=category_coverage,
)
