"""Whether synthetic rows could stand in the training table: columns, dtypes, values, bounds, grid and missing cells."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from equipoise.checks.outcome import require

MOST_DECIMALS = 6  # of a column of decimals; beyond them no grid is assumed


def require_rows(X: pd.DataFrame, X_new: Any, n: int) -> None:
    """Raise `CheckFailed` unless X_new is n rows that could stand in the training rows X."""
    require(
        isinstance(X_new, pd.DataFrame), f"a DataFrame went in, a {type(X_new).__name__} came out"
    )
    require(len(X_new) == n, f"{n} rows were asked for, {len(X_new)} came")
    require(
        list(X_new.columns) == list(X.columns),
        f"the columns were {list(X.columns)}, those of the new rows are {list(X_new.columns)}",
    )
    require(
        X_new.columns.identical(X.columns),
        f"the columns were the {X.columns!r}, those of the new rows are the {X_new.columns!r}",
    )
    for name in X.columns:
        _require_column(name, X[name], X_new[name])


def _require_column(name: Any, old: pd.Series, new: pd.Series) -> None:
    where = f"column {name!r}"
    require(new.dtype == old.dtype, f"{where} was of dtype {old.dtype}, came back as {new.dtype}")
    if isinstance(old.dtype, pd.CategoricalDtype):
        require(
            list(new.cat.categories) == list(old.cat.categories)
            and new.cat.ordered == old.cat.ordered,
            f"{where} came back with other categories or another order",
        )
    if not old.isna().any():
        require(not new.isna().any(), f"{where} had no missing cell, its new rows have")
    was, now = old.dropna(), new.dropna()
    if now.empty:
        return
    require(not was.empty, f"{where} had no value at all, its new rows have")
    if pd.api.types.is_numeric_dtype(old.dtype) and not pd.api.types.is_bool_dtype(old.dtype):
        _require_numbers(where, was, now)
    elif isinstance(was.iloc[0], str | bool | np.bool_):
        invented = set(now) - set(was)
        require(not invented, f"{where} has values that training rows never had: {invented}")
    else:
        require(
            bool(now.min() >= was.min() and now.max() <= was.max()),
            f"{where} lay between {was.min()} and {was.max()}, its new rows reach from "
            f"{now.min()} to {now.max()}",
        )


def _require_numbers(where: str, was: pd.Series, now: pd.Series) -> None:
    old, new = was.to_numpy(dtype=np.float64), now.to_numpy(dtype=np.float64)
    require(bool(np.isfinite(new).all()), f"{where} has infinite numbers in its new rows")
    require(
        bool(new.min() >= old.min() and new.max() <= old.max()),
        f"{where} lay between {old.min():g} and {old.max():g}, its new rows reach from "
        f"{new.min():g} to {new.max():g}",
    )
    for decimals in range(-3, MOST_DECIMALS + 1):
        if np.allclose(np.round(old, decimals), old, rtol=0, atol=1e-9):
            require(
                np.allclose(np.round(new, decimals), new, rtol=0, atol=1e-9),
                f"{where} held multiples of {10.0**-decimals:g}, its new rows hold others",
            )
            return


def require_labels(y: pd.Series, y_new: Any, counts: Mapping[Any, int]) -> None:
    """Raise `CheckFailed` unless y_new are exactly the labels asked for, class after class, as y came."""
    require(isinstance(y_new, pd.Series), f"a Series went in, a {type(y_new).__name__} came out")
    require(y_new.dtype == y.dtype, f"labels were of dtype {y.dtype}, came back as {y_new.dtype}")
    require(y_new.name == y.name, f"the target's name was {y.name!r}, came back as {y_new.name!r}")
    came = {label: int(n) for label, n in y_new.value_counts().items() if n}
    asked = {label: n for label, n in counts.items() if n}
    require(came == asked, f"asked for {asked}, got labels {came}")
    order = list(dict.fromkeys(y_new))
    require(
        list(y_new) == [label for label in order for _ in range(counts[label])],
        "new rows are not grouped by class",
    )
    require(order == sorted(order), f"new rows are not in the order of the classes but {order}")


def require_equal(one: Any, other: Any, sentence: str) -> None:
    """Raise `CheckFailed` with a sentence unless two (X, y) are the same."""
    require(same(one, other), sentence)


def same(one: Any, other: Any) -> bool:
    """Tell whether two (X, y) are the same, dtypes included."""
    try:
        for a, b in zip(one, other, strict=True):
            if isinstance(a, pd.DataFrame):
                pd.testing.assert_frame_equal(a, b, check_exact=True)
            elif isinstance(a, pd.Series):
                pd.testing.assert_series_equal(a, b, check_exact=True)
            else:
                np.testing.assert_array_equal(a, b)
    except AssertionError:
        return False
    return True
