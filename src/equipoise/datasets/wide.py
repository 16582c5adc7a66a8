"""The rows of the law `wide`: every kind of column that a table may have, for the conformance suites."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

COUNTS = (400, 250, 120, 80, 60, 40, 30, 25, 20, 18, 15, 12, 11, 10, 9, 6, 2, 1)
PRIOR = tuple(n / sum(COUNTS) for n in COUNTS)
CLASSES = tuple(f"class {k:02d}" for k in range(len(COUNTS)))
MANY = 200
HOSTILE = 'a, "b" <i>c</i>'

_MANY_PRIOR = 1 / np.arange(1, MANY + 1)
_MANY_PRIOR = _MANY_PRIOR / _MANY_PRIOR.sum()


def draw(k: int, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw n rows of class k, which shifts `number` by k / 4, tilts `colour` and hides cells more often.

    Parameters
    ----------
    k : int
    n : int
    rng : Generator

    Returns
    -------
    DataFrame of shape (n, 20)
    """
    level = rng.choice(MANY, size=n, p=_MANY_PRIOR)
    tilt = 0.1 + 0.7 * k / len(COUNTS)
    colour = rng.choice(3, size=n, p=[1 - tilt, tilt / 2, tilt / 2])
    days = rng.integers(0, 3650, n)
    seconds = rng.integers(0, 10**8, n)
    hidden = 0.05 + 0.2 * k / len(COUNTS)
    return pd.DataFrame(
        {
            "number": rng.normal(k / 4, 1.0, n),
            "count": rng.poisson(2 + k % 3, n),
            "money": np.round(rng.lognormal(3.0, 1.0, n), 2),
            "hundreds": 100 * rng.integers(1, 50, n),
            "big": 10**15 + rng.integers(0, 10**6, n),
            "zero_inflated": np.where(rng.random(n) < 0.8, 0.0, rng.exponential(100.0, n)),
            "number_missing": _hide(pd.Series(rng.normal(0, 1, n)), hidden, rng),
            "count_missing": _hide(pd.Series(rng.poisson(5, n).astype(float)), hidden, rng),
            "colour": _words(np.array(["red", "green", "blue"])[colour]),
            "colour_missing": _hide(_words(np.array(["s", "m", "l"])[colour]), hidden, rng),
            "many": _words(np.char.add("level ", level.astype(str))),
            "size": pd.Categorical.from_codes(
                colour, categories=["small", "medium", "large", "unused"], ordered=True
            ),
            "flag": rng.random(n) < 0.3,
            "flag_missing": _hide(pd.Series(rng.random(n) < 0.5).astype("boolean"), hidden, rng),
            "bit": rng.integers(0, 2, n),
            "day": pd.Series(_dates(days * 86_400)),
            "moment_missing": _hide(pd.Series(_dates(seconds)), hidden, rng),
            "constant": _words(np.full(n, "same")),
            "constant_number": np.full(n, 7.5),
            HOSTILE: _words(np.array(["<b>", "'", '"', "ü", "-"])[rng.integers(0, 5, n)]),
        }
    )


def _dates(seconds: NDArray[np.int64]) -> NDArray[np.datetime64]:
    return np.datetime64("2015-01-01T00:00:00", "s") + seconds.astype("timedelta64[s]")


def _words(values: NDArray) -> pd.Series:
    return pd.Series(values.astype(object), dtype=pd.Series(["a"]).dtype)


def _hide(series: pd.Series, share: float, rng: np.random.Generator) -> pd.Series:
    return series.mask(rng.random(len(series)) < share)
