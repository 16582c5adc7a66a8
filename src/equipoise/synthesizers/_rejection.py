"""How long rows of a class are waited for where a model makes rows of any class."""

import numpy as np
from numpy.typing import NDArray

TRIES = 200  # for each row, as a multiple of the tries that a model with the training proportions would need


class Tries:
    """Which of the rows that are made are kept, and when to give up.

    A row of a class with the share pi of the training rows may take 200 / pi tries. If it takes more, its class is
    given up.

    Parameters
    ----------
    wanted : array of shape (C,)
        Rows asked of each class.
    shares : array of shape (C,)
        Of the training rows.

    Attributes
    ----------
    missing : ndarray of shape (C,)
        Rows still wanted.
    given_up : ndarray of shape (C,)
        Classes that took too long.
    n_tries : ndarray of shape (C,)
        Rows made while some of this class were wanted.
    """

    def __init__(self, wanted: NDArray[np.int64], shares: NDArray[np.float64]) -> None:
        self.missing = wanted.copy()
        self.limits = np.ceil(TRIES / shares).astype(np.int64)
        self.given_up = np.zeros(len(wanted), dtype=bool)
        self.n_tries = np.zeros(len(wanted), dtype=np.int64)
        self._waited = np.zeros(len(wanted), dtype=np.int64)

    @property
    def open(self) -> NDArray[np.int64]:
        """Classes of which rows are still waited for."""
        return np.flatnonzero((self.missing > 0) & ~self.given_up)

    def batch(self, most: int, least: int = 256) -> int:
        """Give how many rows to make next: what the training proportions would take, within bounds."""
        needed = (self.missing * self.limits / TRIES)[self.open].max()
        return int(np.clip(1.1 * needed, least, most))

    def keep(self, labels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the positions (m,), in order, of those rows with these labels (n,) that are kept."""
        kept = [np.zeros(0, dtype=np.int64)]
        for k in self.open:
            hits = np.flatnonzero(labels == k)[: self.missing[k]]
            waits = np.diff(hits, prepend=-1 - self._waited[k])
            late = np.flatnonzero(waits > self.limits[k])
            if len(late):
                hits = hits[: late[0]]
            kept.append(hits)
            self.missing[k] -= len(hits)
            end = len(labels) if self.missing[k] else hits[-1] + 1
            self.n_tries[k] += end
            self._waited[k] = end - hits[-1] - 1 if len(hits) else self._waited[k] + end
            self.given_up[k] = len(late) > 0 or self._waited[k] >= self.limits[k]
        return np.sort(np.concatenate(kept))
