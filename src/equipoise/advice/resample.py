"""Bootstraps of the rows, the same for all candidates and partitions: within classes, or of whole groups."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHUNK = 2_000_000  # cells of weights held at a time
LEAST, MOST = 5, 100  # bootstraps in a piece


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """How often each row is drawn.

    Attributes
    ----------
    strata : (n,) int
        Rows are drawn within these; ignored where there are groups.
    eligible : (n,) bool
        Rows that are scored at all; others weigh nothing.
    groups : (n,) int or None
        Rows of one group are drawn together.
    """

    strata: NDArray[np.int64]
    eligible: NDArray[np.bool_]
    groups: NDArray[np.int64] | None = None

    def draws(self, times: int, rng: np.random.Generator) -> Iterator[NDArray[np.float32]]:
        """Give weights (b, n), in pieces that add up to so many lines."""
        size = int(np.clip(CHUNK // max(len(self.strata), 1), LEAST, MOST))
        while times > 0:
            yield self._draw(min(size, times), rng)
            times -= size

    def _draw(self, b: int, rng: np.random.Generator) -> NDArray[np.float32]:
        drawn = np.zeros((b, len(self.strata)), dtype=np.float32)
        if self.groups is not None:
            names, place = np.unique(self.groups[self.eligible], return_inverse=True)
            drawn[:, self.eligible] = _counts(b, len(names), rng)[:, place]
            return drawn
        for stratum in np.unique(self.strata[self.eligible]):
            rows = np.flatnonzero(self.eligible & (self.strata == stratum))
            drawn[:, rows] = _counts(b, len(rows), rng)
        return drawn


def _counts(b: int, n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Count how often each of n things is drawn in n draws with replacement (b, n)."""
    picks = rng.integers(n, size=(b, n)) + n * np.arange(b)[:, None]
    return np.bincount(picks.ravel(), minlength=b * n).reshape(b, n).astype(np.float32)
