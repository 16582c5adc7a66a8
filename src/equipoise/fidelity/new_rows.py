"""New-row synthesis: the share of synthetic rows that match no real row.

What SDMetrics 0.32 computes (card `quality_metrics` section 2), exactly, written from its definition: a synthetic row
matches a real one if all levels are equal, all numbers r and s satisfy abs(r - s) <= 0.01 abs(s), and missing cells
meet missing cells. The tolerance follows the synthetic value, so that 0 matches 0 only. SDMetrics asks one query of the
whole table a row; here rows that agree in levels and missing cells are brought together by sorting, and of those only
the rows inside the narrowest column's interval are compared.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from equipoise.fidelity.metric import Measured, Metric, Trio
from equipoise.tables.coded import Coded
from equipoise.tables.schema import Schema

TOLERANCE = 0.01
PAIRS = 2**21  # compared at once
SLACK = 1e-12  # of a number: intervals are searched a little wide, then compared exactly


def matched_rows(
    schema: Schema, real: Coded, synthetic: Coded, tolerance: float = TOLERANCE
) -> NDArray[np.bool_]:
    """Say which synthetic rows (m,) match a real row.

    Parameters
    ----------
    schema : Schema
        Its dates and huge integers are counted from an origin; the tolerance is taken of the stored number.
    real, synthetic : Coded
    tolerance : float, default=0.01
        Of the absolute synthetic number.
    """
    matched = np.zeros(len(synthetic), dtype=np.bool_)
    if not len(real) or not len(synthetic):
        return matched
    keys, wanted = _keys(real, synthetic)
    numbers, values = real.numbers.T, synthetic.numbers.T
    absent = np.isnan(values)
    numbers, values = np.nan_to_num(numbers, nan=0.0), np.where(absent, 0.0, values)
    origins = np.array([[column.origin / column.step] for column in schema.numbers])
    reach = np.abs(tolerance * (values + origins.reshape(-1, 1)))
    reach[absent] = 0
    starts, stops, order = _candidates(keys, wanted, numbers, values, reach)
    alive = np.flatnonzero(stops > starts)
    for rows in _chunks(alive, (stops - starts)[alive]):
        counts = (stops - starts)[rows]
        mine = np.repeat(rows, counts)
        firsts = np.repeat(starts[rows] - np.cumsum(counts) + counts, counts)
        theirs = order[firsts + np.arange(len(mine))]
        for r, s, t in zip(numbers, values, reach, strict=True):
            close = np.abs(r[theirs] - s[mine]) <= t[mine]
            mine, theirs = mine[close], theirs[close]
        matched[mine] = True
    return matched


def _keys(real: Coded, synthetic: Coded) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give keys (n,) and (m,): equal for equal combinations of levels and missing numbers."""
    n = len(real)
    codes = np.vstack([real.codes, synthetic.codes]) + 1
    missing = np.isnan(np.vstack([real.numbers, synthetic.numbers]))
    key = np.zeros(len(codes), dtype=np.int64)
    size = 1
    for column in [*codes.T, *missing[:, missing.any(axis=0)].T.astype(np.int64)]:
        levels = int(column.max()) + 1
        if size * levels >= 2**62:
            distinct, key = np.unique(key, return_inverse=True)
            size = len(distinct)
        key = key * levels + column
        size *= levels
    key = np.unique(key, return_inverse=True)[1]
    return key[:n], key[n:]


def _candidates(
    keys: NDArray[np.int64], wanted: NDArray[np.int64],
    numbers: NDArray, values: NDArray, reach: NDArray,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    """Give an order of the real rows and each synthetic row's interval in it: equal key, near in one column.

    The column is the one that leaves fewest pairs. Without numbers it is the key alone.
    """
    order = np.argsort(keys, kind="stable")
    best = (
        np.searchsorted(keys[order], wanted, "left"),
        np.searchsorted(keys[order], wanted, "right"),
        order,
    )
    fewest = int((best[1] - best[0]).sum())
    width = len(keys) + 1
    for r, s, t in zip(numbers, values, reach, strict=True):
        ascending = np.sort(r)
        slack = SLACK * np.abs(s)
        # (key, place of the number among all real ones) as one integer: one sorted array serves all keys.
        places = keys * width + np.searchsorted(ascending, r, "left")
        order = np.argsort(places, kind="stable")
        low = wanted * width + np.searchsorted(ascending, s - t - slack, "left")
        high = wanted * width + np.searchsorted(ascending, s + t + slack, "right")
        starts, stops = (np.searchsorted(places[order], edge, "left") for edge in (low, high))
        if int((stops - starts).sum()) < fewest:
            fewest = int((stops - starts).sum())
            best = starts, stops, order
    return best


def _chunks(rows: NDArray[np.int64], counts: NDArray[np.int64]) -> Sequence[NDArray[np.int64]]:
    """Cut rows so that the pairs of a part are about `PAIRS`, one row at least."""
    if not len(rows):
        return []
    part = np.cumsum(counts) // PAIRS
    return np.split(rows, np.flatnonzero(np.diff(part)) + 1)


def new_row_share(
    schema: Schema, real: Coded, synthetic: Coded, tolerance: float = TOLERANCE
) -> float:
    """Give the share of synthetic rows that match no real row; NaN without synthetic rows."""
    if not len(synthetic):
        return float("nan")
    return float(1 - matched_rows(schema, real, synthetic, tolerance).mean())


def _measure(trio: Trio, rng: np.random.Generator) -> Measured:
    return Measured(new_row_share(trio.schema, trio.train, trio.synthetic))


NEW_ROWS = Metric(
    name="new-row-synthesis",
    title="New rows",
    better="higher",
    low=0.0,
    high=1.0,
    formula="share of synthetic rows without a training row of equal levels and numbers within 1 % of theirs",
    source="SDMetrics 0.32, NewRowSynthesis",
    floor="independent",
    measure=_measure,
)
