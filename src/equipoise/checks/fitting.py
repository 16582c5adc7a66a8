"""What every check needs: a fresh instance fitted to a table, and a request of rows of each class."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from equipoise.checks import tables
from equipoise.checks.outcome import require
from equipoise.checks.rows import require_labels, require_rows
from equipoise.errors import EquipoiseWarning

Make = Callable[[], Any]
Check = Callable[[Make], None]

ASKED = (7, 5, 3, 2, 1)  # rows of the first, second, ... class; 1 of those after


def fitted(make: Make, X: Any, y: Any, seed: int = 0) -> Any:
    """Give a fresh instance, fitted with a seed; what it warns of is let pass."""
    method = make()
    method.set_params(random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EquipoiseWarning)
        method.fit(X, y)
    return method


def asked(y: Any) -> dict[Any, int]:
    """Give a number of rows to ask of each class."""
    classes = sorted(set(y))
    return {label: ASKED[min(k, len(ASKED) - 1)] for k, label in enumerate(classes)}


def survives(make: Make, table: tables.Table, counts: Mapping[Any, int] | None = None) -> None:
    """Fit a table, ask for rows, and raise `CheckFailed` unless they could stand in it."""
    X, y = table
    counts = counts or asked(y)
    X_new, y_new = fitted(make, X, y).sample(counts, random_state=1)
    require_rows(X, X_new, sum(counts.values()))
    require_labels(y, y_new, counts)
    require(X_new.index.equals(y_new.index), "new rows and their labels have different indices")
