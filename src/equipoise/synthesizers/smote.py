"""SMOTE for tables of any columns: new rows on the segments between a row and its neighbours of the same class.

Chawla, Bowyer, Hall and Kegelmeyer 2002, "SMOTE: Synthetic Minority Over-sampling Technique", JAIR 16: section 4.2
(numbers), 6.1 (SMOTE-NC, numbers and categories) and 6.2 (SMOTE-N, categories); the columns decide which. For a row
x, one of its k nearest neighbours x' in the class and u uniform in (0, 1): ``x_new = x + u (x' - x)``, one u a row.

Known departures, and the parameter that undoes one where there is such a parameter:

- numbers are scaled to one standard deviation before distances are taken (``scaling="none"``);
- the categories of a row are drawn together from one of the seed and its neighbours, which keeps the diversity and
  the ties between columns that the vote of the paper loses (``categories="vote"``);
- a value held by more than a fifth of the class is an atom: whether a new row has it is settled as for a category,
  and numbers are interpolated between others only (``atom_share=1``);
- missing cells are filled for distances only; a new row misses what its seed misses, and a cell that the neighbour
  misses stays that of the seed;
- seeds are taken equally often, up to one, and neighbours at random: a smaller variance than with random seeds;
- of more than `max_reference` rows, neighbours are sought among a random subset.

Written from the paper.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from equipoise.synthesizers._base import Synthesizer
from equipoise.synthesizers._neighbours import Mismatch, Neighbourhood, ValueDifference
from equipoise.synthesizers._options import check_choices, check_share, check_whole
from equipoise.synthesizers._rows import Filling, atoms, scales, seeds, spread
from equipoise.tables.coded import Coded

Choice = Literal["draw", "vote"]
Scale = Literal["standard", "none"]

ONE_ROW = "one row has no neighbour in its class: it is repeated"


@dataclass(frozen=True, eq=False)
class _Class:
    """The rows of one class as they came, their neighbours, and the atoms of its number columns."""

    rows: Coded
    near: Neighbourhood | None
    atoms: dict[int, NDArray[np.float64]]


class Smote(Synthesizer):
    """Synthetic minority over-sampling, for numeric, mixed and categorical tables.

    Parameters
    ----------
    k_neighbors : int, default=5
        Neighbours of a row that it may be paired with; in a class of n rows, n - 1 at most.
    categories : {"draw", "vote"}, default="draw"
        "draw": the categories of one of the seed and its neighbours; "vote": the most frequent among the neighbours,
        column by column, ties at random (the paper's).
    scaling : {"standard", "none"}, default="standard"
        What numbers are divided by before distances are taken: their standard deviations in training, or nothing.
    atom_share : float, default=0.2
        In (0, 1]: a number held by more than this share of a class is settled like a category. 1 leaves every number
        to interpolation.
    max_reference : int, default=20000
        Of more rows in a class than these, neighbours are sought among a random subset of this size.
    random_state : None, int, Generator or RandomState, default=None
        Draws the subset of `max_reference` rows and the order of neighbours at equal distance.

    Notes
    -----
    Neighbours are found when rows of a class are first asked for, in blocks: memory does not grow with the square
    of the class. A class of one row is repeated, which is recorded in `fallbacks_`.

    References
    ----------
    N. V. Chawla, K. W. Bowyer, L. O. Hall, W. P. Kegelmeyer, "SMOTE: Synthetic Minority Over-sampling Technique",
    Journal of Artificial Intelligence Research 16, 321-357, 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from equipoise.synthesizers.smote import Smote
    >>> X, y = np.array([[0.0, 0.0], [1.0, 1.0], [9.0, 8.0]]), np.array(["a", "a", "b"])
    >>> X_new, y_new = Smote().fit(X, y).sample({"a": 3}, random_state=0)
    >>> bool((X_new[:, 0] == X_new[:, 1]).all())
    True
    """

    how_it_conditions: ClassVar[str] = "neighbours within the class"
    keeps_rows: ClassVar[bool] = True

    def __init__(
        self,
        *,
        k_neighbors: int = 5,
        categories: Choice = "draw",
        scaling: Scale = "standard",
        atom_share: float = 0.2,
        max_reference: int = 20_000,
        random_state: Any = None,
    ) -> None:
        self.k_neighbors = k_neighbors
        self.categories = categories
        self.scaling = scaling
        self.atom_share = atom_share
        self.max_reference = max_reference
        self.random_state = random_state

    def _check_options(self) -> None:
        check_whole(self, "k_neighbors")
        check_whole(self, "max_reference", least=2)
        check_choices(self, categories=get_args(Choice), scaling=get_args(Scale))
        check_share(self, "atom_share", zero=False)

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        filling = Filling.of(table)
        scale = scales(table.numbers) if self.scaling == "standard" else 1.0
        by_class = None
        if not table.numbers.shape[1]:
            codes = filling.fill(table).codes
            by_class = [ValueDifference.of(column, y) for column in codes.T]
        self._classes = []
        for k in range(y.max() + 1):
            rows = table.take(y == k)
            if len(rows) == 1:
                self.fallbacks_[k] = ONE_ROW
            self._classes.append(self._learn(rows, filling, scale, by_class, rng))

    def _learn(
        self,
        rows: Coded,
        filling: Filling,
        scale: NDArray[np.float64] | float,
        by_class: list[ValueDifference] | None,
        rng: np.random.Generator,
    ) -> _Class:
        if len(rows) == 1:
            return _Class(rows, None, {})
        filled = Filling.of(rows, others=filling).fill(rows)
        numbers = filled.numbers / scale
        found = {j: atoms(column, self.atom_share) for j, column in enumerate(rows.numbers.T)}
        near = Neighbourhood(
            numbers,
            filled.codes,
            mismatches(numbers, filled.codes) if by_class is None else by_class,
            k=min(self.k_neighbors, len(rows) - 1, self.max_reference - 1),
            max_reference=self.max_reference,
            rng=rng,
        )
        return _Class(rows, near, {j: values for j, values in found.items() if len(values)})

    def _sample(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        made = [self._make(self._classes[k], int(counts[k]), rng) for k in np.flatnonzero(counts)]
        return Coded.concat([*made, self._classes[0].rows.take(np.empty(0, dtype=np.int64))])

    def _make(self, members: _Class, n: int, rng: np.random.Generator) -> Coded:
        rows, near = members.rows, members.near
        if near is None:
            return rows.take(np.zeros(n, dtype=np.int64))
        seed = seeds(len(rows), n, rng)
        candidates = np.column_stack([seed, near.of(seed)])  # (n, 1 + k), the seed first
        partner = candidates[np.arange(n), rng.integers(1, near.k + 1, size=n)]
        step = rng.random(n)
        donor = rng.integers(near.k + 1, size=n)
        numbers = _between(rows.numbers[seed], rows.numbers[partner], step[:, None])
        for j, values in members.atoms.items():
            cells = rows.numbers[:, j]
            status = _status(cells, values)
            settled = self._settle(status[candidates], donor, rng)
            # A seed that is an atom stands back for its nearest neighbour that is none.
            first = candidates[np.arange(n), (status[candidates] == 0).argmax(axis=1)]
            regular = np.where(status[partner] == 0, cells[partner], np.nan)
            mixed = _between(cells[first], regular, step)
            numbers[:, j] = np.choose(settled > 0, [mixed, values[np.maximum(settled - 1, 0)]])
            numbers[settled < 0, j] = np.nan
        codes = np.empty((n, rows.codes.shape[1]), dtype=np.int64)
        for j, column in enumerate(rows.codes.T):
            codes[:, j] = self._settle(column[candidates], donor, rng)
        return Coded(numbers, codes)

    def _settle(
        self, cells: NDArray[np.int64], donor: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Choose one of the levels (n, 1 + k) of each row and its neighbours; missing stays missing."""
        own = cells[:, 0]
        if self.categories == "draw":
            drawn = cells[np.arange(len(cells)), donor]
            chosen = np.where(drawn < 0, own, drawn)
        else:
            voters = cells[:, 1:] if self._classes_have_numbers else cells
            chosen = np.where((voters < 0).all(axis=1), own, _vote(voters, rng))
        return np.where(own < 0, -1, chosen)

    @property
    def _classes_have_numbers(self) -> bool:
        # SMOTE-N counts the row itself among the voters, SMOTE-NC does not.
        return self._classes[0].rows.numbers.shape[1] > 0


def mismatches(numbers: NDArray[np.float64], codes: NDArray[np.int64]) -> list[Mismatch]:
    """Give the level distances of SMOTE-NC: m**2, with m the median standard deviation of the numbers (n, p).

    Where m is 0 there is nothing that a mismatch could be weighed against, and any weight will do.
    """
    m = float(np.median(spread(numbers))) if numbers.shape[1] else 0.0
    return [Mismatch(int(column.max(initial=0)) + 1, m**2 or 1.0) for column in codes.T]


def _between(
    start: NDArray[np.float64], end: NDArray[np.float64], step: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Interpolate; where the end is missing, the start stays."""
    return start + step * (np.where(np.isnan(end), start, end) - start)


def _status(cells: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Tell atoms (1, 2, ...) from other numbers (0) and missing cells (-1)."""
    place = np.minimum(np.searchsorted(values, cells), len(values) - 1)
    status = np.where(values[place] == cells, place + 1, 0)
    return np.where(np.isnan(cells), -1, status)


def _vote(levels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Give the most frequent of the levels (n, k) of each row, ties at random; -1 does not count."""
    votes = (levels[:, :, None] == levels[:, None, :]).sum(axis=2).astype(np.float64)
    votes[levels < 0] = -1
    best = (votes + rng.random(votes.shape)).argmax(axis=1)
    return levels[np.arange(len(levels)), best]
