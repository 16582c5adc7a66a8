"""Small tables on which synthesizers go wrong, each with a target, all made from fixed seeds.

Every function gives a frame X and a Series y. Sizes are small, so that the whole suite takes seconds.
"""

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

Table = tuple[pd.DataFrame, pd.Series]


def labels(counts: Sequence[int], rng: np.random.Generator, name: str = "target") -> pd.Series:
    """Give shuffled labels, `counts[k]` of the k-th class ("c00", "c01", ...)."""
    names = np.array([f"c{k:02d}" for k in range(len(counts))], dtype=object)
    return pd.Series(rng.permutation(np.repeat(names, counts)), name=name)


def mixed(counts: Sequence[int] = (60, 30, 6), seed: int = 0) -> Table:
    """Numbers on several grids, texts, an ordered category with an unused level, truth values; a class of six rows."""
    rng = np.random.default_rng(seed)
    y = labels(counts, rng)
    n = len(y)
    shift = y.str[1:].astype(int).to_numpy()
    X = pd.DataFrame(
        {
            "price": np.round(rng.gamma(2, 20, n) + shift, 2),
            "age": rng.integers(18, 90, n),
            "weight": rng.standard_normal(n).astype(np.float32),
            "hundreds": 100 * rng.integers(1, 30, n),
            "zeros": np.where(rng.random(n) < 0.7, 0, rng.integers(500, 900, n)),
            "city": rng.choice(np.array(["Oslo", "Lima", "Pune"], dtype=object), n),
            "size": pd.Categorical(
                rng.choice(["S", "M", "L"], n), categories=["S", "M", "L", "XL"], ordered=True
            ),
            "member": rng.random(n) < 0.4,
            "grade": rng.integers(1, 4, n).astype(str),
        }
    )
    return X, y


def numeric(counts: Sequence[int] = (50, 20)) -> Table:
    """Numbers only, one of them of a huge scale."""
    rng = np.random.default_rng(1)
    y = labels(counts, rng)
    X = pd.DataFrame(rng.standard_normal((len(y), 4)), columns=list("abcd"))
    return X.assign(d=1e9 + 1e6 * X["d"]), y


def categorical(counts: Sequence[int] = (50, 20)) -> Table:
    """Categories only."""
    rng = np.random.default_rng(2)
    y = labels(counts, rng)
    colours = np.array(["red", "green", "blue"], dtype=object)
    X = pd.DataFrame({name: rng.choice(colours, len(y)) for name in ("first", "second", "third")})
    return X.assign(flag=rng.random(len(y)) < 0.5), y


def missing(share: float = 0.3) -> Table:
    """Give the mixed table with a share of the cells missing, and one complete column of each kind."""
    X, y = mixed()
    rng = np.random.default_rng(3)
    X = X.astype({"member": "boolean", "age": "Int64"})
    for name in X.columns.drop(["price", "city"]):
        X[name] = X[name].mask(rng.random(len(X)) < share)
    return X, y


def missing_in_one_class(counts: Sequence[int] = (60, 30, 6)) -> Table:
    """Columns that the second class misses altogether."""
    X, y = mixed(counts)
    inside = y == "c01"
    return X.assign(price=X["price"].mask(inside), city=X["city"].mask(inside)), y


def empty_column() -> Table:
    """Two columns without any value."""
    X, y = mixed()
    return X.assign(nothing=np.nan, nothing_said=pd.Series([None] * len(X), dtype=object)), y


def constant() -> Table:
    """Columns of one value."""
    X, y = mixed()
    return X.assign(one=1, word="same", level=pd.Categorical(["a"] * len(X))), y


def all_constant() -> Table:
    """Nothing to learn from but the label."""
    _, y = mixed()
    return pd.DataFrame({"one": np.ones(len(y)), "word": ["same"] * len(y)}), y


def dates() -> Table:
    """Days, instants with a zone, durations, and days as Python objects; some missing."""
    X, y = mixed()
    n = len(X)
    rng = np.random.default_rng(4)
    day = pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D"))
    instant = pd.Series(
        pd.Timestamp("2021-03-28") + pd.to_timedelta(rng.integers(0, 10**6, n), "s")
    )
    return pd.DataFrame(
        {
            "price": X["price"],
            "day": day,
            "instant": instant.dt.tz_localize("UTC").dt.tz_convert("Europe/Oslo"),
            "spent": pd.Series(pd.to_timedelta(rng.integers(1, 500, n), "min")),
            "object": pd.Series([dt.date(2020, 1, 1 + int(k)) for k in rng.integers(0, 28, n)]),
            "perhaps": day.mask(rng.random(n) < 0.2),
        }
    ), y


def identifiers() -> Table:
    """Texts and consecutive integers that no two rows share."""
    X, y = mixed()
    n = len(X)
    return X.assign(key=[f"K{k:05d}" for k in range(n)], row=np.arange(1000, 1000 + n)), y


def many_levels() -> Table:
    """Give a column of 200 levels."""
    X, y = mixed((150, 90, 10))
    rng = np.random.default_rng(5)
    levels = np.concatenate([np.arange(200), rng.integers(0, 200, len(X) - 200)])
    return X.assign(place=[f"P{k}" for k in rng.permutation(levels)]), y


def extension_types() -> Table:
    """Pandas' nullable dtypes and arrow's, with missing cells."""
    X, y = mixed()
    hole = np.random.default_rng(6).random(len(X)) < 0.1
    out = {
        "Int16": X["age"].astype("Int16"),
        "Float32": X["weight"].astype("Float32"),
        "boolean": X["member"].astype("boolean"),
        "string": X["city"].astype("string"),
        "int64[pyarrow]": X["age"].astype("int64[pyarrow]"),
        "double[pyarrow]": X["price"].astype("double[pyarrow]"),
        "bool[pyarrow]": X["member"].astype("bool[pyarrow]"),
    }
    frame = pd.DataFrame({name: series.mask(hole) for name, series in out.items()})
    return frame.assign(int8=X["age"].astype("int8"), uint16=X["hundreds"].astype("uint16")), y


def one_column() -> Table:
    """Give a single number column."""
    X, y = numeric()
    return X[["a"]], y


def odd_names() -> Table:
    """Column names that are no identifiers, a name that is the target's, and an index that is not 0, 1, 2, ..."""
    X, y = mixed()
    X = X[["price", "age", "city", "member"]].copy()
    X.columns = pd.Index(["a/b [c] {d}", 7, "target", ("x", 1)], dtype=object, tupleize_cols=False)
    index = [f"r{k % 40}" for k in range(len(X))]
    return X.set_axis(index), y.set_axis(index)
