"""Random over-sampling: rows of the class again, with replacement. No parameters, no source; the simplest treatment."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from equipoise.synthesizers._base import Synthesizer
from equipoise.synthesizers._rows import seeds
from equipoise.tables.coded import Coded


class Duplicate(Synthesizer):
    """Random over-sampling: every new row is a training row of its class.

    A class is gone through in random order as often as is needed, so that no row is taken a second time more often than
    another: the counts of two rows differ by one at most.

    Parameters
    ----------
    random_state : None, int, Generator or RandomState, default=None
        Not used: nothing in `fit` is random. `sample` has its own.

    Examples
    --------
    >>> import numpy as np
    >>> from equipoise.synthesizers.duplicate import Duplicate
    >>> X, y = np.array([[0.0], [1.0], [5.0]]), np.array(["a", "a", "b"])
    >>> Duplicate().fit(X, y).sample({"b": 2})[0].ravel()
    array([5., 5.])
    """

    how_it_conditions: ClassVar[str] = "rows of the class"
    keeps_rows: ClassVar[bool] = True

    def __init__(self, *, random_state: Any = None) -> None:
        self.random_state = random_state

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        self._table = table
        self._members = [np.flatnonzero(y == k) for k in range(y.max() + 1)]

    def _sample(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        rows = [members[seeds(len(members), n, rng)] for members, n in zip(
            self._members, counts, strict=True) if n]  # fmt: skip
        return self._table.take(np.concatenate([np.empty(0, dtype=np.int64), *rows]))
