"""Mode-specific normalisation of one column of numbers.

L. Xu, M. Skoularidou, A. Cuesta-Infante and K. Veeramachaneni, Modeling Tabular Data using Conditional GAN,
NeurIPS 2019, section 4.2, written from the paper: a number c becomes a mode k, drawn in proportion to the
density of c under each mode of a Gaussian mixture, and a scalar (c - mean_k) / (4 deviation_k).

Departures. A missing cell is a mode of its own, and so is an *atom*, a value that many rows hold (a capital
gain of 0): both come back exactly. A column of few distinct numbers is made of atoms alone. A mode whose
scalar would be clipped is drawn only where all would be, and then it is the one that clips least.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.tables.mixture import Mixture, fit_mixture

Floats = NDArray[np.float64]

SCALAR_BOUND = 0.99
DEVIATIONS = 4.0  # a scalar of 1 stands for so many standard deviations
LEAST_WEIGHT = 0.005
FLOOR = 1e-6  # added to every responsibility
LARGEST = np.finfo(np.float64).max
ATOM_ROWS = 5  # fewer rows than this make no atom, whatever their share


@dataclass(frozen=True)
class Modes:
    """The modes of one column: m Gaussians, then a atoms, then one for missing cells if there are any.

    Attributes
    ----------
    mixture : Mixture
        The m Gaussians; none for a column of few distinct numbers.
    atoms : (a,) float64
        Ascending.
    has_missing : bool
    """

    mixture: Mixture
    atoms: Floats
    has_missing: bool

    @property
    def n_gaussians(self) -> int:
        """Number of Gaussians; without any the column needs no scalar."""
        return len(self.mixture.means)

    @property
    def width(self) -> int:
        """Number of modes."""
        return self.n_gaussians + len(self.atoms) + int(self.has_missing)

    def draw(
        self, values: Floats, rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Draw the mode of each value, and give its scalar.

        Parameters
        ----------
        values : (n,) float64
            NaN where missing.
        rng : Generator
            One uniform number a row is drawn, if there are Gaussians.

        Returns
        -------
        modes : (n,) int64
            -1 where a value has none: it is missing, or new in a column of atoms, and training had no such cell.
        scalars : (n,) float64
            In [-0.99, 0.99]; 0 at atoms and missing cells.
        """
        modes = np.full(len(values), -1, dtype=np.int64)
        scalars = np.zeros(len(values))
        missing = np.isnan(values)
        if self.has_missing:
            modes[missing] = self.width - 1
        place = np.searchsorted(self.atoms, values)
        inside = place < len(self.atoms)
        at_atom = np.zeros(len(values), dtype=bool)
        at_atom[inside] = self.atoms[place[inside]] == values[inside]
        modes[at_atom] = self.n_gaussians + place[at_atom]
        if self.n_gaussians:
            uniform = rng.random(len(values))
            rest = ~missing & ~at_atom
            modes[rest], scalars[rest] = self._draw_gaussian(values[rest], uniform[rest])
        return modes, scalars

    def _draw_gaussian(
        self, values: Floats, uniform: Floats
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        distinct, place = np.unique(values, return_inverse=True)
        logs = self.mixture.log_densities(distinct)
        chances = np.exp(logs - logs.max(axis=1, keepdims=True))
        chances = chances / chances.sum(axis=1, keepdims=True) + FLOOR
        scaled = (distinct[:, None] - self.mixture.means) / self.mixture.deviations / DEVIATIONS
        excess = np.maximum(np.abs(scaled) - SCALAR_BOUND, 0.0)
        chances[excess > excess.min(axis=1, keepdims=True)] = 0.0
        bars = np.cumsum(chances, axis=1)
        bars /= bars[:, -1:]
        modes = (bars[place] <= uniform[:, None]).sum(axis=1)
        scalars = np.clip(scaled[place, modes], -SCALAR_BOUND, SCALAR_BOUND)
        return modes, scalars

    def invert(self, modes: NDArray[np.int64], scalars: Floats) -> Floats:
        """Give the values (n,) that modes (n,) and scalars (n,) stand for; NaN where missing."""
        values = np.full(len(modes), np.nan)
        gaussian = modes < self.n_gaussians
        k = modes[gaussian]
        # Halves, lest the product overflow where the value itself does not.
        half = DEVIATIONS / 2 * np.clip(scalars[gaussian], -1.0, 1.0) * self.mixture.deviations[k]
        with np.errstate(over="ignore"):
            values[gaussian] = np.clip(half + self.mixture.means[k] + half, -LARGEST, LARGEST)
        at_atom = ~gaussian & (modes < self.n_gaussians + len(self.atoms))
        values[at_atom] = self.atoms[modes[at_atom] - self.n_gaussians]
        return values


def fit_modes(
    values: Floats,
    rng: np.random.Generator,
    *,
    max_modes: int = 10,
    max_values: int = 20,
    atom_share: float = 0.05,
    max_rows: int = 10_000,
) -> Modes:
    """Find the modes of one column.

    Parameters
    ----------
    values : (n,) float64
        NaN where missing.
    rng : Generator
        Draws the rows that the mixture is fitted on, if there are more than `max_rows`.
    max_modes : int
        The most Gaussians.
    max_values : int
        A column of at most so many distinct numbers, each held by two rows on average (or of one or two numbers), is
        made of atoms alone.
    atom_share : float
        A value held by at least this share of the rows that are not missing, and by five rows, is an atom.
    max_rows : int
        The mixture is fitted on at most so many rows.
    """
    present = values[~np.isnan(values)]
    has_missing = len(present) < len(values)
    distinct, counts = np.unique(present, return_counts=True)
    if len(distinct) <= 2 or (len(distinct) <= max_values and 2 * len(distinct) <= len(present)):
        return Modes(_no_mixture(), distinct, has_missing)
    held = (counts >= ATOM_ROWS) & (counts >= atom_share * len(present))
    atoms, others = distinct[held], distinct[~held]
    if len(others) <= 2:
        return Modes(_no_mixture(), distinct, has_missing)
    rest = np.repeat(others, counts[~held])
    if len(rest) > max_rows:
        rest = rng.choice(rest, max_rows, replace=False, shuffle=False)
        if rest.min() == rest.max():
            rest = others
    return Modes(fit_mixture(rest, max_modes, LEAST_WEIGHT), atoms, has_missing)


def _no_mixture() -> Mixture:
    return Mixture(np.empty(0), np.empty(0), np.empty(0))
