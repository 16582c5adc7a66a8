"""Tables whose law is known: what a truth test may compare with, and where the oracle's fresh rows come from.

Each law draws the rows of one class at a time, so that any class counts can be asked. Where the true posterior and the
Bayes error have a closed form (or one integral), the law states them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, ndtr

from equipoise.datasets import wide
from equipoise.errors import OptionError

Draw = Callable[[int, int, np.random.Generator], pd.DataFrame]
Posterior = Callable[[pd.DataFrame], NDArray[np.float64]]
LABEL = "label"


@dataclass(frozen=True, eq=False)
class Law:
    """A law of a feature table and its label.

    Attributes
    ----------
    name : str
    sentence : str
        What it is, for a person.
    classes : tuple of str
        Labels in the order of their positions.
    prior : tuple of float
        Probability of each class.
    draw : callable
        ``(class position, n, rng) -> DataFrame (n, d)``: rows of one class.
    posterior : callable or None
        ``DataFrame (n, d) -> (n, C)``: the true class probabilities; None where they have no closed form.
    bayes_error : float or None
        The least error rate that any classifier can have.
    known : mapping of str to float
        Further quantities that a test may compare with.
    rows : int
        Size of the table that stands in the catalogue.
    kinds : mapping of str to str
        Columns whose kind cannot be read off their values.
    """

    name: str
    sentence: str
    classes: tuple[str, ...]
    prior: tuple[float, ...]
    draw: Draw
    posterior: Posterior | None = None
    bayes_error: float | None = None
    known: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    rows: int = 2000
    kinds: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def counts(self) -> tuple[int, ...]:
        """Rows of each class in a table of `rows` rows at the prior, one at least."""
        return tuple(max(1, round(p * self.rows)) for p in self.prior)

    def sample(self, n: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.Series]:
        """Draw n independent rows, labels at the prior.

        Parameters
        ----------
        n : int
        rng : Generator

        Returns
        -------
        X : DataFrame of shape (n, d)
        y : Series of shape (n,)
        """
        codes = rng.choice(len(self.classes), size=n, p=self.prior)
        X, y = self.sample_class(np.bincount(codes, minlength=len(self.classes)), rng)
        places = np.argsort(np.argsort(codes, kind="stable"))
        return X.iloc[places].reset_index(drop=True), y.iloc[places].reset_index(drop=True)

    def sample_class(
        self, counts: Sequence[int] | NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[pd.DataFrame, pd.Series]:
        """Draw fresh rows of each class, grouped by class.

        Parameters
        ----------
        counts : sequence of int of length C
            Rows of each class, by position.
        rng : Generator

        Raises
        ------
        OptionError
            There is not one count for each class, or all are 0.
        """
        if len(counts) != len(self.classes) or min(counts) < 0 or sum(counts) == 0:
            raise OptionError(
                f"the law {self.name!r} needs {len(self.classes)} counts, one of them positive and "
                f"none negative, got {list(counts)}"
            )
        parts = [self.draw(k, int(n), rng) for k, n in enumerate(counts) if n]
        labels = np.repeat(np.array(self.classes, dtype=object), counts)
        return pd.concat(parts, ignore_index=True), pd.Series(labels, name=LABEL)

    def table(self, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.Series]:
        """Draw the table of the catalogue: `counts` rows of each class, in random order."""
        X, y = self.sample_class(self.counts, rng)
        order = rng.permutation(len(y))
        return X.iloc[order].reset_index(drop=True), y.iloc[order].reset_index(drop=True)


def two_gaussians(
    name: str, rare: float, shift: tuple[float, float], correlation: float, sentence: str
) -> Law:
    """Two normal laws in the plane with unit variances and one correlation; the rare one is shifted.

    With Mahalanobis distance D between the means and prior odds t = log((1 - rare) / rare), the Bayes error is
    (1 - rare) Phi(-D/2 - t/D) + rare Phi(-D/2 + t/D).
    """
    inverse = np.linalg.inv([[1.0, correlation], [correlation, 1.0]])
    mean = np.array(shift)
    distance = float(np.sqrt(mean @ inverse @ mean))
    odds = np.log((1 - rare) / rare)
    error = (1 - rare) * ndtr(-distance / 2 - odds / distance) + rare * ndtr(
        -distance / 2 + odds / distance
    )
    return Law(
        name,
        sentence,
        ("common", "rare"),
        (1 - rare, rare),
        partial(_plane, shift, correlation),
        partial(_plane_posterior, tuple(inverse @ mean), float(mean @ inverse @ mean) / 2, odds),
        float(error),
        MappingProxyType({"mean_x": shift[0], "mean_y": shift[1], "correlation": correlation}),
    )


def _plane(
    shift: tuple[float, float], correlation: float, k: int, n: int, rng: np.random.Generator
) -> pd.DataFrame:
    x = rng.standard_normal(n)
    y = correlation * x + np.sqrt(1 - correlation**2) * rng.standard_normal(n)
    return pd.DataFrame({"x": x + k * shift[0], "y": y + k * shift[1]})


def _plane_posterior(
    weights: tuple[float, float], half: float, odds: float, X: pd.DataFrame
) -> NDArray[np.float64]:
    return _binary(expit(X[["x", "y"]].to_numpy() @ np.array(weights) - half - odds))


def _binary(p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([1 - p, p])


LINE_MEANS = (0.0, 2.0, 4.0)
LINE_PRIOR = (0.70, 0.25, 0.05)


def _line(k: int, n: int, rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame({"x": rng.normal(LINE_MEANS[k], 1.0, n), "u": rng.uniform(0, 1, n)})


def _line_posterior(X: pd.DataFrame) -> NDArray[np.float64]:
    logs = np.log(LINE_PRIOR) - 0.5 * (X[["x"]].to_numpy() - np.array(LINE_MEANS)) ** 2
    joint = np.exp(logs - logs.max(axis=1, keepdims=True))
    return joint / joint.sum(axis=1, keepdims=True)


def _line_error() -> float:
    """Integrate the law over the intervals between the points where two neighbours are equally likely."""
    m, p = np.array(LINE_MEANS), np.array(LINE_PRIOR)
    cuts = (m[1:] + m[:-1]) / 2 + np.log(p[:-1] / p[1:]) / np.diff(m)
    right = np.append(ndtr(cuts - m[:-1]), 1.0)
    left = np.insert(ndtr(cuts - m[1:]), 0, 0.0)
    return float(1 - (p * (right - left)).sum())


MIXED_LEVELS = {0: (0.25, 0.25, 0.25, 0.25), 1: (0.10, 0.20, 0.30, 0.40)}
MIXED_RARE = 0.2


def _mixed(k: int, n: int, rng: np.random.Generator) -> pd.DataFrame:
    a = rng.choice(4, size=n, p=MIXED_LEVELS[k])
    return pd.DataFrame({"a": pd.Series(a).map(str), "x": rng.normal(a, 0.1)})


def _mixed_posterior(X: pd.DataFrame) -> NDArray[np.float64]:
    a = X["a"].astype(int).to_numpy()
    joint = np.column_stack(
        [
            (1 - MIXED_RARE) * np.array(MIXED_LEVELS[0])[a],
            MIXED_RARE * np.array(MIXED_LEVELS[1])[a],
        ]
    )
    return joint / joint.sum(axis=1, keepdims=True)


XOR_NOISE = 0.05
XOR_RARE = 0.2


def _xor(k: int, n: int, rng: np.random.Generator) -> pd.DataFrame:
    a = rng.integers(0, 2, n)
    b = a ^ k ^ (rng.random(n) < XOR_NOISE)
    return pd.DataFrame({"a": _bits(a), "b": _bits(b), "u": rng.uniform(0, 1, n)})


def _xor_posterior(X: pd.DataFrame) -> NDArray[np.float64]:
    differ = (X["a"] != X["b"]).to_numpy()
    return _binary(np.where(differ, 1 - XOR_NOISE, XOR_NOISE))


def _xor_column(k: int, n: int, rng: np.random.Generator) -> pd.DataFrame:
    a, b = rng.integers(0, 2, n), rng.integers(0, 2, n)
    c = a ^ b ^ (rng.random(n) < XOR_NOISE)
    return pd.DataFrame({"a": _bits(a), "b": _bits(b), "c": _bits(c)})


def _bits(values: NDArray[np.int64]) -> pd.Series:
    return pd.Series(values).map({0: "no", 1: "yes"})


def _constant_posterior(prior: tuple[float, ...], X: pd.DataFrame) -> NDArray[np.float64]:
    return np.tile(prior, (len(X), 1))


LOGISTIC_WEIGHTS = (1.5, -1.0, 0.5, 0.0)
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(80)


def logistic(name: str, prevalence: float, sentence: str) -> Law:
    """Four standard normal features and P(rare | x) = 1 / (1 + exp(-(b0 + b x))), b = (1.5, -1, 0.5, 0).

    The intercept b0 is solved so that the rare class has the prevalence asked for.

    Raises
    ------
    OptionError
        `prevalence` is not between 0 and 1.
    """
    if not 0 < prevalence < 1:
        raise OptionError(f"the prevalence must lie between 0 and 1, got {prevalence}")
    norm = float(np.linalg.norm(LOGISTIC_WEIGHTS))
    intercept = brentq(lambda b: _normal_mean(expit(b + norm * _NODES)) - prevalence, -60, 60)
    grid = np.linspace(-9, 9, 20_001)
    p = expit(intercept + norm * grid)
    density = np.exp(-0.5 * grid**2) / np.sqrt(2 * np.pi)
    error = float((np.minimum(p, 1 - p) * density).sum() * (grid[1] - grid[0]))
    return Law(
        name,
        sentence,
        ("common", "rare"),
        (1 - prevalence, prevalence),
        partial(_logistic, intercept),
        partial(_logistic_posterior, intercept),
        error,
        MappingProxyType(
            {"b0": intercept, **{f"b{j + 1}": b for j, b in enumerate(LOGISTIC_WEIGHTS)}}
        ),
    )


def _normal_mean(values: NDArray[np.float64]) -> float:
    return float(values @ _WEIGHTS / _WEIGHTS.sum())


def _logistic(intercept: float, k: int, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Keep candidates with the probability of their class: exact, and the share kept is the prior."""
    kept: list[NDArray[np.float64]] = []
    size = 0
    while size < n:
        X = rng.standard_normal((max(4 * n, 1000), 4))
        rare = rng.random(len(X)) < expit(intercept + X @ np.array(LOGISTIC_WEIGHTS))
        kept.append(X[rare == bool(k)])
        size += len(kept[-1])
    return pd.DataFrame(np.concatenate(kept)[:n], columns=["x1", "x2", "x3", "x4"])


def _logistic_posterior(intercept: float, X: pd.DataFrame) -> NDArray[np.float64]:
    return _binary(expit(intercept + X.to_numpy() @ np.array(LOGISTIC_WEIGHTS)))


def _noise(k: int, n: int, rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "x": rng.standard_normal(n),
            "n": rng.poisson(3.0, n),
            "c": pd.Series(rng.choice(["red", "green", "blue"], n, p=[0.6, 0.3, 0.1])).map(str),
        }
    )


_TWO = ("common", "rare")

LAWS: dict[str, Law] = {
    law.name: law
    for law in (
        two_gaussians(
            "two-gaussians", 0.03, (2.0, 1.5), 0.6, "two overlapping normal laws in the plane, 97/3"
        ),
        two_gaussians("separated", 0.05, (8.0, 0.0), 0.0, "two normal laws far apart, 95/5"),
        Law(
            "three-gaussians",
            "three normal laws in a row and a column of noise, 70/25/5",
            ("left", "middle", "right"),
            LINE_PRIOR,
            _line,
            _line_posterior,
            _line_error(),
        ),
        Law(
            "mixed",
            "a category a in 0 to 3 and x | a ~ N(a, 0.1); the classes differ in a only, 80/20",
            _TWO,
            (1 - MIXED_RARE, MIXED_RARE),
            _mixed,
            _mixed_posterior,
            sum(
                min((1 - MIXED_RARE) * p, MIXED_RARE * q)
                for p, q in zip(MIXED_LEVELS[0], MIXED_LEVELS[1], strict=True)
            ),
            MappingProxyType({"sd": 0.1}),
        ),
        Law(
            "xor",
            "the label is the exclusive or of two bits, 5 % of it flipped, 50/50",
            ("equal", "different"),
            (0.5, 0.5),
            _xor,
            _xor_posterior,
            XOR_NOISE,
            MappingProxyType({"noise": XOR_NOISE}),
        ),
        Law(
            "xor-column",
            "the third column is the exclusive or of the others, 5 % flipped; labels are noise, 80/20",
            _TWO,
            (1 - XOR_RARE, XOR_RARE),
            _xor_column,
            partial(_constant_posterior, (1 - XOR_RARE, XOR_RARE)),
            XOR_RARE,
            MappingProxyType({"noise": XOR_NOISE}),
        ),
        logistic("logistic", 0.05, "a logistic law of four normal features, 95/5"),
        logistic("logistic-balanced", 0.5, "a logistic law of four normal features, 50/50"),
        Law(
            "noise",
            "labels that have nothing to do with the features, 90/10",
            _TWO,
            (0.9, 0.1),
            _noise,
            partial(_constant_posterior, (0.9, 0.1)),
            0.1,
        ),
        Law(
            "wide",
            "every kind of column, missing cells, 18 classes of 400 rows to 1",
            wide.CLASSES,
            wide.PRIOR,
            wide.draw,
            rows=sum(wide.COUNTS),
        ),
    )
}


def law(name: str) -> Law:
    """Give a law by name.

    Raises
    ------
    OptionError
        There is no such law.
    """
    if name in LAWS:
        return LAWS[name]
    raise OptionError(f"there is no law {name!r}; the laws are {', '.join(LAWS)}")
