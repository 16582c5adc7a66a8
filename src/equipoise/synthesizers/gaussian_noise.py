"""Rows of the class with Gaussian noise on their numbers: the simplest way not to repeat a row.

``x_new = x + scale * sd_c * N(0, 1)`` for numbers, where sd_c is the standard deviation of the column within the
class; a level is redrawn at the class's frequencies with a small probability. Missing cells stay missing. Results
are rounded to the column's grid and clipped to its bounds, as those of every method are. Written from the formula.
"""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from equipoise.synthesizers._base import Synthesizer
from equipoise.synthesizers._options import check_share, check_zero_or_more
from equipoise.synthesizers._rows import seeds, spread
from equipoise.tables.coded import Coded


class GaussianNoise(Synthesizer):
    """Jittered copies of the rows of the class.

    Parameters
    ----------
    scale : float, default=0.1
        Standard deviation of the noise, as a share of the column's within the class; 0 or more.
    redraw : float, default=0.05
        Probability in [0, 1] that a level is replaced by a draw from the class's frequencies.
    random_state : None, int, Generator or RandomState, default=None
        Not used: nothing in `fit` is random. `sample` has its own.

    Notes
    -----
    A class of one row has no spread: its row is repeated, which is recorded in `fallbacks_`.

    Examples
    --------
    >>> import numpy as np
    >>> from equipoise.synthesizers.gaussian_noise import GaussianNoise
    >>> X, y = np.array([[0.0], [1.0]]), np.array(["a", "a"])
    >>> GaussianNoise().fit(X, y).sample(4, random_state=0)[0].shape
    (4, 1)
    """

    how_it_conditions: ClassVar[str] = "rows of the class"
    keeps_rows: ClassVar[bool] = True

    def __init__(
        self,
        *,
        scale: float = 0.1,
        redraw: float = 0.05,
        random_state: Any = None,
    ) -> None:
        self.scale = scale
        self.redraw = redraw
        self.random_state = random_state

    def _check_options(self) -> None:
        check_zero_or_more(self, "scale")
        check_share(self, "redraw")

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        self._rows = [table.take(y == k) for k in range(y.max() + 1)]
        self._spreads = [spread(rows.numbers) for rows in self._rows]
        for k, rows in enumerate(self._rows):
            if len(rows) == 1:
                self.fallbacks_[k] = "one row has no spread: it is repeated"

    def _sample(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        return Coded.concat([self._jittered(k, int(n), rng) for k, n in enumerate(counts)])

    def _jittered(self, k: int, n: int, rng: np.random.Generator) -> Coded:
        rows = self._rows[k]
        new = rows.take(seeds(len(rows), n, rng))
        noise = self.scale * self._spreads[k] * rng.standard_normal(new.numbers.shape)
        others = rng.integers(len(rows), size=new.codes.shape)
        drawn = np.take_along_axis(rows.codes, others, axis=0)
        redrawn = (rng.random(new.codes.shape) < self.redraw) & (new.codes >= 0) & (drawn >= 0)
        return Coded(new.numbers + noise, np.where(redrawn, drawn, new.codes))
