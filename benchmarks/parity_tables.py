"""Random mixed tables and Adult, the same in both environments, for scores that must agree; it needs pandas only."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

import adult

N_TABLES = 20
HOSTILE = ["", " ", "a,b", 'say "x"', "a | b", "{{7*7}}", "\u00e9", "<b>", "index", "0", "columns"]

Case = tuple[str, pd.DataFrame, pd.DataFrame, dict[str, str]]


def cases(with_adult: bool = True) -> Iterator[Case]:
    """Give the name, the real rows, the synthetic rows and the kinds of the columns of each table."""
    for seed in range(N_TABLES):
        yield (f"random {seed}", *_random(seed))
    if with_adult:
        yield ("adult", *adult_pair())


def adult_pair() -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """Give Adult with its missing cells, equally many rows of independent columns, and the kinds."""
    real = pd.read_csv(adult.TABLE, keep_default_na=False, na_values=[""])
    kinds = {
        name: "numeric" if pd.api.types.is_numeric_dtype(real[name]) else "categorical"
        for name in real
    }
    rng = np.random.default_rng(0)
    n = len(real)
    drawn = {name: real[name].to_numpy()[rng.integers(n, size=n)] for name in real}
    return real, pd.DataFrame(drawn), kinds


def with_copies(real: pd.DataFrame, synthetic: pd.DataFrame, kinds: dict[str, str]) -> Case:
    """Give a table for new-row synthesis: plain names, which the rival needs, and real rows among the synthetic ones.

    Left out are dates and truth values, which the rival does not match.
    """
    names = [name for name, kind in kinds.items() if kind in ("numeric", "categorical")]
    n = min(len(real), len(synthetic)) // 2
    rows = pd.concat([real[names].head(n), synthetic[names].iloc[n:]], ignore_index=True)
    plain = {name: f"c{k}" for k, name in enumerate(names)}
    renamed = {plain[name]: kinds[name] for name in names}
    return "", real[names].rename(columns=plain), rows.rename(columns=plain), renamed


def _random(seed: int) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """Make two tables of one hidden factor: the synthetic one is shifted, misses levels and has some of its own."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(30, 600, size=2)
    factors = [rng.normal(size=n) for n in sizes]
    usual = ["normal", "skewed", "whole", "boolean", "letters", "codes", "date"]
    picked = usual + list(rng.choice([*usual, "fixed", "still", "gone", "text"], size=4))
    names = list(rng.permutation(HOSTILE))
    kinds: dict[str, str] = {}
    columns: tuple[dict, dict] = ({}, {})
    for name, maker in zip(names, picked, strict=True):
        for side in (0, 1):
            kind, series = _column(maker, factors[side], side, rng)
            gone = rng.random(len(series)) < rng.choice([0.0, 0.0, 0.1, 0.5])
            columns[side][name] = series.mask(gone)
        kinds[name] = kind
    for side in (0, 1):
        columns[side]["class"] = np.where(
            factors[side] + rng.normal(size=sizes[side]) > 1, "y", "n"
        )
    kinds["class"] = "categorical"
    return pd.DataFrame(columns[0]), pd.DataFrame(columns[1]), kinds


def _column(
    maker: str, factor: np.ndarray, side: int, rng: np.random.Generator
) -> tuple[str, pd.Series]:
    n = len(factor)
    mixed = factor + rng.normal(size=n) * rng.choice([0.3, 1.0])
    if maker == "normal":
        return "numeric", pd.Series(mixed + 0.2 * side)
    if maker == "skewed":
        return "numeric", pd.Series(np.exp(2 * mixed) * 1e6)
    if maker == "whole":
        return "numeric", pd.Series(np.round(5 * mixed))
    if maker == "boolean":
        return "boolean", pd.Series(mixed > 0.5 * side)
    if maker == "letters":
        places = np.clip(np.round(mixed + 2 + side), 0, 6).astype(int)
        return "categorical", pd.Series(np.array(list("abcdefg"), dtype=object)[places])
    if maker == "codes":
        places = rng.integers(20 + 5 * side, size=n)
        return "categorical", pd.Series([f"code {k}" for k in places], dtype=object)
    if maker == "date":
        # Not on whole days: on an edge of its bins a date as 1e18 nanoseconds would be a matter of rounding.
        seconds = (mixed * 1e7).astype(np.int64) + rng.integers(86_400, size=n)
        start = np.datetime64("2020-01-01T00:00:00", "ns")
        return "datetime", pd.Series(start + seconds.astype("timedelta64[s]"))
    if maker == "fixed":
        return "numeric", pd.Series(np.full(n, 7.0))
    if maker == "still":
        return "numeric", pd.Series(mixed * (1 - side))
    if maker == "gone":
        return "numeric", pd.Series(mixed if side == 0 else np.full(n, np.nan))
    return "categorical", pd.Series(["the same"] * n, dtype=object)
