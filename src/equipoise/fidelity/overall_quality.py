"""Overall quality: column shapes and column pair trends in one number."""

import numpy as np

from equipoise.fidelity.bins import Bins
from equipoise.fidelity.column_pair_trends import column_pair_trends
from equipoise.fidelity.column_shapes import column_shapes
from equipoise.fidelity.columns import mean_defined
from equipoise.fidelity.metric import Measured, Metric, Trio


def overall_quality(
    trio: Trio,
    *,
    bins: Bins = "real",
    correlation_threshold: float = 0.0,
    association_threshold: float = 0.0,
    unseen: float = 0.0,
) -> Measured:
    """Give the mean of column shapes and column pair trends.

    Half of it sees single columns only, so that columns which know nothing of each other already score high.

    Parameters
    ----------
    trio : Trio
    bins, correlation_threshold, association_threshold
        As in `column_pair_trends`.
    unseen : float, default=0.0
        As in `tv_complement`.

    Returns
    -------
    Measured
        In [0, 1], without items.

    References
    ----------
    Overall score of SDMetrics' quality report.
    """
    shapes = column_shapes(trio, unseen=unseen)
    trends = column_pair_trends(
        trio,
        bins=bins,
        correlation_threshold=correlation_threshold,
        association_threshold=association_threshold,
    )
    return Measured(mean_defined([shapes.value, trends.value]))


def _measure(trio: Trio, rng: np.random.Generator) -> Measured:
    return overall_quality(trio)


METRIC = Metric(
    name="overall-quality",
    title="Overall quality",
    better="higher",
    low=0.0,
    high=1.0,
    formula="mean of column shapes and column pair trends",
    source="SDMetrics quality report",
    floor="independent",
    measure=_measure,
)
