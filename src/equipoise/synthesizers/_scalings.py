"""Monotone maps of a column of numbers to about unit spread, and back.

The power map is that of I.-K. Yeo and R. A. Johnson (Biometrika 87, 2000), its exponent the likeliest on a grid
from 0 to 2: it may be a logarithm on either side and nothing steeper, which would let a long tail, and with it a rare
class that lives there, collapse into a point.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Scaling = Literal["yeo-johnson", "quantile", "standard", "none"]

POWERS = np.linspace(0.0, 2.0, 5)
FINER = np.linspace(-0.45, 0.45, 19)  # around the best of these
GRID = 500  # quantiles of a column that its exponent is found on


@dataclass(frozen=True)
class Affine:
    """(x - centre) / scale."""

    centre: float
    scale: float

    def forward(self, cells: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map cells (n,) of the column."""
        return (cells - self.centre) / self.scale

    def backward(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the cells (n,) behind mapped ones."""
        return points * self.scale + self.centre


@dataclass(frozen=True)
class Power:
    """The power map between two affine ones; what lies outside the range of training is clipped on the way back."""

    inner: Affine
    exponent: float
    outer: Affine
    low: float
    high: float

    def forward(self, cells: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map cells (n,) of the column."""
        return self.outer.forward(powered(self.inner.forward(cells), self.exponent))

    def backward(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the cells (n,) behind mapped ones."""
        inside = self.outer.backward(np.clip(points, self.low, self.high))
        return self.inner.backward(unpowered(inside, self.exponent))


@dataclass(frozen=True, eq=False)
class Quantiles:
    """Normal scores at the middle of each value's ranks, linear between values."""

    values: NDArray[np.float64]
    scores: NDArray[np.float64]

    def forward(self, cells: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map cells (n,) of the column."""
        return np.interp(cells, self.values, self.scores)

    def backward(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the cells (n,) behind mapped ones."""
        return np.interp(points, self.scores, self.values)


Map = Affine | Power | Quantiles


def fit_scaling(kind: Scaling, cells: NDArray[np.float64]) -> Map:
    """Fit the map of one kind to the cells (n,) of a column, none of them missing."""
    if kind == "none":
        return Affine(0.0, 1.0)
    if kind == "quantile":
        values, counts = np.unique(cells, return_counts=True)
        middle = (np.cumsum(counts) - counts / 2) / len(cells)
        return Quantiles(values, ndtri(middle))
    inner = _standard(cells)
    if kind == "standard":
        return inner
    scaled = inner.forward(cells)
    exponent = likeliest_power(scaled)
    mapped = powered(scaled, exponent)
    outer = _standard(mapped)
    ends = outer.forward(np.array([mapped.min(), mapped.max()]))
    return Power(inner, exponent, outer, float(ends[0]), float(ends[1]))


def _standard(cells: NDArray[np.float64]) -> Affine:
    deviation = float(cells.std())
    return Affine(float(cells.mean()), deviation if deviation > 0 else 1.0)


def likeliest_power(cells: NDArray[np.float64]) -> float:
    """Give the exponent under which mapped cells (n,) are likeliest as normal, their section 3."""
    sample = np.quantile(cells, (np.arange(GRID) + 0.5) / GRID)
    coarse = _likeliest(sample, POWERS)
    finer = np.clip(coarse + FINER, POWERS[0], POWERS[-1])
    return _likeliest(sample, np.append(coarse, finer))


def _likeliest(sample: NDArray[np.float64], powers: NDArray[np.float64]) -> float:
    slopes = (np.sign(sample) * np.log1p(np.abs(sample))).sum()
    variances = np.array([powered(sample, power).var() for power in powers])
    if not (variances > 0).all():
        return 1.0
    return float(powers[(-len(sample) / 2 * np.log(variances) + (powers - 1) * slopes).argmax()])


def powered(cells: NDArray[np.float64], power: float) -> NDArray[np.float64]:
    """Map cells (n,): ((1 + x)^p - 1) / p for x >= 0, -((1 - x)^(2 - p) - 1) / (2 - p) below."""
    logs = np.log1p(np.abs(cells))
    return np.where(cells >= 0, _grown(logs, power), -_grown(logs, 2 - power))


def unpowered(points: NDArray[np.float64], power: float) -> NDArray[np.float64]:
    """Give the cells (n,) behind points in the range of the map."""
    sizes = np.abs(points)
    upper = np.expm1(_shrunk(np.where(points >= 0, sizes, 0.0), power))
    lower = np.expm1(_shrunk(np.where(points < 0, sizes, 0.0), 2 - power))
    return np.where(points >= 0, upper, -lower)


def _grown(logs: NDArray[np.float64], power: float) -> NDArray[np.float64]:
    return logs if abs(power) < 1e-9 else np.expm1(power * logs) / power


def _shrunk(sizes: NDArray[np.float64], power: float) -> NDArray[np.float64]:
    return sizes if abs(power) < 1e-9 else np.log1p(power * sizes) / power
