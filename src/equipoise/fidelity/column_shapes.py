"""Column shapes: how closely the distribution of each column is met."""

from functools import partial

from equipoise.fidelity.columns import column_metric, over_columns
from equipoise.fidelity.ks_complement import ks_complement
from equipoise.fidelity.metric import Measured, Trio
from equipoise.fidelity.tv_complement import tv_complement


def column_shapes(trio: Trio, *, unseen: float = 0.0) -> Measured:
    """Give the mean over columns of the KS complement (numbers) or the TV complement (levels).

    Parameters
    ----------
    trio : Trio
    unseen : float, default=0.0
        As in `tv_complement`.

    Returns
    -------
    Measured
        In [0, 1], with an item for each column.

    References
    ----------
    Column Shapes of SDMetrics' quality report.
    """
    return over_columns(trio, numbers=ks_complement, levels=partial(tv_complement, unseen=unseen))


METRIC = column_metric(
    name="column-shapes",
    title="Column shapes",
    formula="mean over columns of the KS complement (numbers) or the TV complement (levels)",
    source="SDMetrics quality report, Column Shapes",
    numbers=ks_complement,
    levels=tv_complement,
)
