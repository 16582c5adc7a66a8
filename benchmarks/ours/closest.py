"""Equipoise: the closest records of 10,000 rows among 10,000, 30 columns: python benchmarks/ours/closest.py.

Twenty numbers, a tenth of them missing, and ten columns of levels. The two smallest Gower distances and the nearest row
of each must come within 10 s, in less than 1 GB for the whole process; the exit status is 1 if not.
"""

import resource
import sys
import time

import numpy as np

from equipoise.fidelity.distances import gower
from equipoise.tables.coded import Coded

ROWS, NUMBERS, LEVELS = 10_000, 20, 10
MOST_SECONDS, MOST_MEMORY = 10.0, 1e9  # bytes


def table(rng: np.random.Generator) -> Coded:
    """Draw rows."""
    numbers = rng.normal(size=(ROWS, NUMBERS))
    numbers[rng.random(numbers.shape) < 0.1] = np.nan
    return Coded(numbers, rng.integers(-1, 12, size=(ROWS, LEVELS)))


def main() -> int:
    """Search once and print what it took."""
    rng = np.random.default_rng(0)
    rows, targets = table(rng), table(rng)
    start = time.perf_counter()
    gower(rows, targets, targets)
    seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    good = seconds < MOST_SECONDS and peak < MOST_MEMORY
    print(
        f"closest records, {ROWS:,} among {ROWS:,} rows, {NUMBERS + LEVELS} columns, one thread: "
        f"{seconds:.1f} s (limit {MOST_SECONDS:.0f}), peak {peak / 1e9:.2f} GB "
        f"(limit {MOST_MEMORY / 1e9:.0f})" + ("" if good else "  MISSED")
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
