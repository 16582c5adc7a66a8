"""Columns resampled on their own within the class: the floor that a synthesizer has to rise above.

Every column that is learnt keeps its distribution within the class, missing cells included, and every tie between
columns is cut. The values of identifier columns are kept and repeated, as by every method.
"""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from equipoise.synthesizers._base import Synthesizer
from equipoise.tables.coded import Coded


class IndependentColumns(Synthesizer):
    """Every cell of a new row is drawn from its column within the class, whatever the other cells are.

    Parameters
    ----------
    random_state : None, int, Generator or RandomState, default=None
        Not used: nothing in `fit` is random. `sample` has its own.

    Examples
    --------
    >>> import numpy as np
    >>> from equipoise.synthesizers.independent import IndependentColumns
    >>> X, y = np.array([[0.0, 1.0], [2.0, 3.0]]), np.array(["a", "a"])
    >>> IndependentColumns().fit(X, y).sample(100, random_state=0)[0].max(axis=0)
    array([2., 3.])
    """

    how_it_conditions: ClassVar[str] = "columns of the class"
    keeps_rows: ClassVar[bool] = False

    def __init__(self, *, random_state: Any = None) -> None:
        self.random_state = random_state

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        # Sorted columns hold all that is needed, and no row can be put together again from them.
        self._columns = [
            Coded(np.sort(table.numbers[y == k], axis=0), np.sort(table.codes[y == k], axis=0))
            for k in range(y.max() + 1)
        ]

    def _sample(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        return Coded.concat(
            [
                Coded(_shuffled(columns.numbers, n, rng), _shuffled(columns.codes, n, rng))
                for columns, n in zip(self._columns, counts, strict=True)
            ]
        )


def _shuffled(cells: NDArray, n: int, rng: np.random.Generator) -> NDArray:
    rows = rng.integers(len(cells), size=(int(n), cells.shape[1]))
    return np.take_along_axis(cells, rows, axis=0)
