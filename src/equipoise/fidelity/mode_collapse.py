"""Mode collapse: how many different rows there are, beside equally many real rows.

Two figures that no mean over columns shows. Both compare tables of one size: where one table is larger, the other's
figure is set against what a random part of the larger one would have, of which the expectation is known exactly.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln

from equipoise.fidelity.bins import binned
from equipoise.fidelity.columns import over_columns
from equipoise.fidelity.metric import Measured, Metric, Trio


def row_counts(numbers: NDArray, codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count how often each distinct row occurs (k,); missing equals missing.

    Parameters
    ----------
    numbers : (n, p) float64 or int64
    codes : (n, q) int64
    """
    # Adding 0 makes -0.0 and 0.0 one. Rows are told apart by 64 bits of hash.
    parts = {f"n{j}": column + 0 for j, column in enumerate(numbers.T)}
    parts |= {f"c{j}": column for j, column in enumerate(codes.T)}
    hashed = pd.util.hash_pandas_object(pd.DataFrame(parts), index=False).to_numpy()
    return np.unique(hashed, return_counts=True)[1]


def distinct_at(counts: NDArray[np.int64], k: int) -> float:
    """Give the expected number of distinct rows among k drawn from these counts without replacement.

    sum_g [1 - C(n - n_g, k) / C(n, k)], the rarefaction of Hurlbert 1971.
    """
    n = int(counts.sum())
    sizes, times = np.unique(counts, return_counts=True)
    rest = n - sizes
    possible = rest >= k  # a draw that misses the row
    log_missed = (
        gammaln(rest[possible] + 1)
        - gammaln(rest[possible] - k + 1)
        - gammaln(n + 1)
        + gammaln(n - k + 1)
    )
    return float(times.sum() - (times[possible] * np.exp(log_missed)).sum())


def effective_at(counts: NDArray[np.int64], k: int) -> float:
    """Give the effective number of rows among k: the inverse of Simpson's concentration expected there.

    k / (1 + (k - 1) D), where D = sum_g n_g (n_g - 1) / (n (n - 1)) estimates without bias that two rows are equal
    (Simpson 1949; a Hill number of order 2). It is k if all rows differ and about 1 / D if k is large.
    """
    n = int(counts.sum())
    if n < 2:
        return float(n)
    sizes = counts.astype(np.float64)
    equal = float((sizes * (sizes - 1)).sum()) / (n * (n - 1))
    return k / (1.0 + (k - 1) * equal)


def _measure_distinct(trio: Trio, rng: np.random.Generator) -> Measured:
    real, synthetic = trio.fresh, trio.synthetic
    k = min(len(real), len(synthetic))
    if k < 2:
        return Measured(np.nan)
    distinct = [distinct_at(row_counts(t.numbers, t.codes), k) for t in (synthetic, real)]
    return Measured(min(distinct[0] / distinct[1], 1.0))


def _measure_effective(trio: Trio, rng: np.random.Generator) -> Measured:
    """Compare rows of levels and of tenths of the fresh numbers, so that noise on a repeated row hides nothing."""
    real, synthetic = trio.fresh, trio.synthetic
    k = min(len(real), len(synthetic))
    if k < 2:
        return Measured(np.nan)
    cut = [
        binned(real.numbers[:, j], synthetic.numbers[:, j], "quantiles")
        for j in range(real.numbers.shape[1])
    ]
    tenths = [
        np.array([pair[side] for pair in cut], dtype=np.int64).reshape(len(cut), len(table)).T
        for side, table in enumerate((real, synthetic))
    ]
    effective = [
        effective_at(row_counts(tenths[1], synthetic.codes), k),
        effective_at(row_counts(tenths[0], real.codes), k),
    ]
    items = over_columns(trio, numbers=_spread_of_numbers, levels=_spread_of_levels).items
    return Measured(min(effective[0] / effective[1], 1.0), items)


def _spread_of_numbers(real: NDArray[np.float64], synthetic: NDArray[np.float64]) -> float:
    a, b = binned(real, synthetic, "quantiles")
    return _spread_of_levels(a, b, 0)


def _spread_of_levels(real: NDArray[np.int64], synthetic: NDArray[np.int64], size: int) -> float:
    """Give the effective number of levels (missing is one), synthetic against real, at most 1."""
    k = min(len(real), len(synthetic))
    ratio = effective_at(np.bincount(synthetic + 1), k) / effective_at(np.bincount(real + 1), k)
    return float(min(ratio, 1.0))


METRICS = (
    Metric(
        name="distinct-rows",
        title="Distinct rows",
        better="higher",
        low=0.0,
        high=1.0,
        formula="min(1, distinct rows of S / distinct rows of R), at equal numbers of rows",
        source="rarefaction, Hurlbert 1971",
        floor="independent",
        measure=_measure_distinct,
    ),
    Metric(
        name="effective-rows",
        title="Effective number of rows",
        better="higher",
        low=0.0,
        high=1.0,
        formula="min(1, N_S / N_R), N = k / (1 + (k - 1) D), D = P(two rows agree in all levels and tenths)",
        source="inverse Simpson concentration, Simpson 1949; Hill 1973",
        floor="independent",
        measure=_measure_effective,
    ),
)
