"""TailCalib: rows of a class drawn around its rows, with a mean and a covariance taken from the classes nearby.

R. Vigneswaran, M. T. Law, V. N. Balasubramanian and M. Tapaswi, Feature Generation for Long-tail Classification, ICVGIP
2021, arXiv:2111.05956, eq. 7 and 8. Written from the paper, which is about the features of images. Departures, all of
them parameters (`TailCalib.reference()` has the authors' choices):

- Columns are scaled before and brought back after, since rows have to come out; the paper's power of features, which
  must not be negative, is a bounded Yeo-Johnson map here, used for means, covariances and distances alike.
- Covariances are shrunk towards that within all classes, so that a class of one row has one. alpha widens all
  directions alike, where the authors' code adds it to every entry, which widens one direction.
- Rows are moved less, and the noise is scaled such that a class whose only neighbour is itself keeps its variances.
- Categories, missing cells and values held by many rows are those of the row that a new one starts from.

How many rows to make is not the method's affair: see `balance` and `SyntheticOverSampler`.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from equipoise.synthesizers._base import Synthesizer
from equipoise.synthesizers._calibration import (
    REFERENCE,
    AlphaMode,
    Calibration,
    Covariance,
    Own,
    Rule,
    Shrinkage,
    check_rule,
)
from equipoise.synthesizers._options import check_choices, check_share
from equipoise.synthesizers._rows import Filling, atoms
from equipoise.synthesizers._scalings import Map, Scaling, fit_scaling
from equipoise.tables.coded import Coded

LENGTH = 0.5**0.5  # of a level's vector: two rows of different levels are 1 apart
Categories = Literal["seed", "mix", "onehot"]


class TailCalib(Synthesizer):
    """Gaussian draws around the rows of a class, calibrated by the classes nearest to each row.

    For a row x and the set S of the K classes whose means are nearest to it, new rows come from the normal law with the
    mean ``(1 - shift) x + shift mean_S(mu_j)`` and the covariance ``s mean_S(Sigma_j) + alpha A + 1e-4 I``.

    Parameters
    ----------
    n_neighbours : int, optional
        K. By default 1 with two classes, min(3, C - 1) with C of them. More than there are means all.
    own : {"include", "exclude"}, default="include"
        Whether a row's own class may be among its neighbours. Without it, rows are moved towards other classes: with
        two classes that is label noise.
    shift : float, optional
        In [0, 1]: how far a row is moved towards the mean of its neighbours. None is K / (K + 1), the paper's.
    spread : {"kept", "full"}, default="kept"
        The factor s of the covariance: ``1 - (1 - shift)**2``, with which the variances of a class that is its own and
        only neighbour are kept, or 1, the paper's.
    alpha : float, default=0.0
        Added to the covariance: 0 or more.
    alpha_mode : {"identity", "ones"}, default="identity"
        Whether alpha is added to the diagonal or to every entry, as by the authors' code.
    covariance : {"neighbours", "own_or_neighbour"}, default="neighbours"
        The mean covariance of the neighbours, as it is or rescaled to the trace of the row's own class, so that wide
        classes do not spill over a narrow one.
    shrinkage : {"pooled", "ledoit-wolf", "none"}, default="pooled"
        Of each class's covariance: towards that within all classes with the weight d / (d + n_c), or after Ledoit and
        Wolf, or not at all.
    scaling : {"yeo-johnson", "quantile", "standard", "none"}, default="yeo-johnson"
        Map of each number before all this; it is undone afterwards.
    categories : {"seed", "mix", "onehot"}, default="seed"
        Levels are those of the row that a new one starts from; or with the probability `shift` drawn from a neighbour's
        frequencies; or one-hot vectors of length ``1 / sqrt(2)`` that are treated as numbers, the largest entry being
        the level.
    atom_share : float, default=0.05
        In (0, 1]: a number held by more than this share of the table or of the class stays as it is in the row that a
        new one starts from. 1 moves all numbers, and so does "onehot".
    random_state : None, int, Generator or RandomState, default=None
        Not used: nothing in `fit` is random. `sample` has its own.

    Attributes
    ----------
    schema_, labels_, class_counts_, fallbacks_, deliveries_
        See `Synthesizer`.

    Notes
    -----
    Every row of a class starts equally many new ones, up to one that is drawn. A missing number counts as the median of
    its class. A class of one row has the covariance within all classes, which is recorded in `fallbacks_`.

    References
    ----------
    R. Vigneswaran, M. T. Law, V. N. Balasubramanian and M. Tapaswi, Feature Generation for Long-tail Classification,
    ICVGIP 2021, arXiv:2111.05956.

    Examples
    --------
    >>> import numpy as np
    >>> from equipoise.synthesizers.tailcalib import TailCalib
    >>> X = np.random.default_rng(0).standard_normal((40, 2))
    >>> X[:5] += 9
    >>> X_new, _ = TailCalib().fit(X, [1] * 5 + [0] * 35).sample({1: 100}, random_state=0)
    >>> bool((X_new > 3).all())
    True
    """

    how_it_conditions: ClassVar[str] = "rows of the class, moved towards the classes nearby"
    keeps_rows: ClassVar[bool] = True

    def __init__(
        self,
        *,
        n_neighbours: int | None = None,
        own: Own = "include",
        shift: float | None = 0.2,
        spread: Literal["kept", "full"] = "kept",
        alpha: float = 0.0,
        alpha_mode: AlphaMode = "identity",
        covariance: Covariance = "neighbours",
        shrinkage: Shrinkage = "pooled",
        scaling: Scaling = "yeo-johnson",
        categories: Categories = "seed",
        atom_share: float = 0.05,
        random_state: Any = None,
    ) -> None:
        self.n_neighbours = n_neighbours
        self.own = own
        self.shift = shift
        self.spread = spread
        self.alpha = alpha
        self.alpha_mode = alpha_mode
        self.covariance = covariance
        self.shrinkage = shrinkage
        self.scaling = scaling
        self.categories = categories
        self.atom_share = atom_share
        self.random_state = random_state

    @classmethod
    def reference(cls, **overrides: Any) -> Self:
        """Make one with the authors' choices: K = 3, moved by K / (K + 1), no shrinkage, alpha on every entry.

        Their features are of unit length and have no categories: columns are standardised and levels are one-hot here.

        Parameters
        ----------
        **overrides : dict
            Parameters that are to be otherwise.
        """
        return cls(**{**REFERENCE, "scaling": "standard", "categories": "onehot", **overrides})

    def _check_options(self) -> None:
        check_rule(self)
        check_choices(self, scaling=get_args(Scaling), categories=get_args(Categories))
        check_share(self, "atom_share", zero=False)

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        n_classes = len(self.class_counts_)
        rule = Rule.of(self, n_classes)
        filled = np.empty_like(table.numbers)
        overall = Filling.of(table)
        for k in range(n_classes):
            mine = table.take(y == k)
            filled[y == k] = Filling.of(mine, overall).fill(mine).numbers
        self._columns = Columns.fit(table, filled, self.scaling, self.categories == "onehot")
        self._calibration = Calibration.fit(self._columns.points(table, filled), y, n_classes, rule)
        self._table = table
        self._stays = held_by_many(table.numbers, y, self.atom_share)
        self.fallbacks_ |= self._calibration.fallbacks(self.class_counts_, self.own)

    def _sample(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        seeds = self._calibration.seeds(counts, rng)
        noise = rng.standard_normal((len(seeds), self._calibration.points.shape[1]))
        points = self._calibration.draw(seeds, noise)
        numbers = self._columns.numbers(points)
        if self.categories == "onehot":
            return self._columns.with_levels(numbers, points)
        old = self._table.take(seeds)
        missing, codes = np.isnan(old.numbers), old.codes
        numbers = np.where(self._stays[seeds] & ~missing, old.numbers, numbers)
        if self.categories == "mix":
            cells = np.hstack([missing, codes])
            mixed = self._mixed(cells, seeds, rng)
            missing, codes = mixed[:, : missing.shape[1]] == 1, mixed[:, missing.shape[1] :]
        return Coded(np.where(missing, np.nan, numbers), codes)

    def _mixed(
        self, cells: NDArray[np.int64], seeds: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Redraw cells (m, g) of discrete columns from (1 - shift) one-hot(x) + shift mean_S(frequencies)."""
        calibration = self._calibration
        donors = np.hstack([np.isnan(self._table.numbers), self._table.codes])
        order = np.argsort(calibration.y, kind="stable")
        starts = np.searchsorted(calibration.y[order], np.arange(len(self.class_counts_)))
        near = calibration.near[seeds]
        which = rng.integers(near.shape[1], size=cells.shape)
        chosen = np.take_along_axis(near, which, axis=1)
        within = (rng.random(cells.shape) * self.class_counts_[chosen]).astype(np.int64)
        drawn = np.take_along_axis(donors, order[starts[chosen] + within], axis=0)
        return np.where(rng.random(cells.shape) < calibration.rule.shift, drawn, cells)


def held_by_many(
    numbers: NDArray[np.float64], y: NDArray[np.int64], share: float
) -> NDArray[np.bool_]:
    """Tell of each number (n, p) whether more than a share of the table, or of its class y (n,), has that value."""
    out = np.zeros(numbers.shape, dtype=np.bool_)
    for j, column in enumerate(numbers.T):
        out[:, j] = np.isin(column, atoms(column, share))
        for k in range(int(y.max(initial=-1)) + 1):
            mine = y == k
            out[mine, j] |= np.isin(column[mine], atoms(column[mine], share))
    return out


@dataclass(frozen=True, eq=False)
class Columns:
    """Rows as points: a coordinate a number and, if asked for, a vector a level; and the way back.

    Attributes
    ----------
    maps : list of Map
        Of each number.
    gaps : (g,) int64
        The numbers whose missing cells are a level; none if levels are no coordinates.
    levels : list of (w,) int64
        What each of a level's positions stands for: 0 and 1 (missing) for those numbers, then codes, -1 if missing.
    """

    maps: list[Map]
    gaps: NDArray[np.int64]
    levels: list[NDArray[np.int64]]

    @classmethod
    def fit(
        cls, table: Coded, filled: NDArray[np.float64], scaling: Scaling, onehot: bool
    ) -> "Columns":
        """Learn from a table and its numbers (n, p) with missing cells filled."""
        maps = [fit_scaling(scaling, column) for column in filled.T]
        if not onehot:
            return cls(maps, np.zeros(0, dtype=np.int64), [])
        gaps = np.flatnonzero(np.isnan(table.numbers).any(axis=0))
        cells = np.hstack([np.isnan(table.numbers[:, gaps]), table.codes])
        return cls(maps, gaps, [np.unique(column) for column in cells.T])

    def points(self, table: Coded, filled: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the points (n, d) of the rows learnt from."""
        parts = [each.forward(filled[:, j])[:, None] for j, each in enumerate(self.maps)]
        if self.levels:
            cells = np.hstack([np.isnan(table.numbers[:, self.gaps]), table.codes])
            for values, column in zip(self.levels, cells.T, strict=True):
                parts.append(LENGTH * (column[:, None] == values))
        return np.hstack(parts) if parts else np.zeros((len(table), 0))

    def numbers(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the numbers (m, p) of points (m, d)."""
        out = np.empty((len(points), len(self.maps)))
        for j, each in enumerate(self.maps):
            out[:, j] = each.backward(points[:, j])
        return out

    def with_levels(self, numbers: NDArray[np.float64], points: NDArray[np.float64]) -> Coded:
        """Give the rows of points (m, d) whose numbers (m, p) are known; the largest entry is the level."""
        cells = np.empty((len(points), len(self.levels)), dtype=np.int64)
        at = len(self.maps)
        for j, values in enumerate(self.levels):
            cells[:, j] = values[points[:, at : at + len(values)].argmax(axis=1)]
            at += len(values)
        g = len(self.gaps)
        numbers[:, self.gaps] = np.where(cells[:, :g] == 1, np.nan, numbers[:, self.gaps])
        return Coded(numbers, cells[:, g:])
