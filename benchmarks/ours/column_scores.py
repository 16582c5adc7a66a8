"""Equipoise: column shapes and pair trends of Adult against its columns drawn independently, from frame to scores."""

import adult
import parity_tables
from equipoise.fidelity.column_pair_trends import column_pair_trends
from equipoise.fidelity.column_shapes import column_shapes
from equipoise.fidelity.reading import read_trio

real, synthetic, kinds = parity_tables.adult_pair()


def score() -> tuple[int, int]:
    """Read the tables and score them once; every column and every pair counts."""
    trio = read_trio(real, synthetic, adult.TARGET).trio
    items = [*column_shapes(trio).items, *column_pair_trends(trio, bins="sdmetrics").items]
    return len(synthetic), len(items)


adult.measure(score)
