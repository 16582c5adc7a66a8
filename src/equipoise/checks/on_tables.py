"""The checks that fit one awkward table each: the rows that come could stand in it."""

import numpy as np
import pandas as pd

from equipoise.checks import tables
from equipoise.checks.fitting import Make, fitted, survives
from equipoise.checks.outcome import require
from equipoise.checks.rows import require_labels, require_rows


def check_mixed_columns(make: Make) -> None:
    """Every kind of column comes back with its dtype, levels, bounds and decimals."""
    survives(make, tables.mixed(), {"c00": 80, "c01": 40, "c02": 20})


def check_numbers_only(make: Make) -> None:
    """Try a table without categories."""
    survives(make, tables.numeric())


def check_categories_only(make: Make) -> None:
    """Try a table without numbers."""
    survives(make, tables.categorical())


def check_one_column(make: Make) -> None:
    """Try a table of one column."""
    survives(make, tables.one_column())


def check_classes_of_one_two_and_five_rows(make: Make) -> None:
    """Classes far too small to learn from."""
    counts = {"c00": 3, "c01": 12, "c02": 12, "c03": 12}
    survives(make, tables.mixed((40, 5, 2, 1)), counts)


def check_tiny_classes_of_categories(make: Make) -> None:
    """Classes far too small to learn from, in a table without numbers."""
    survives(make, tables.categorical((20, 2, 1)))


def check_eighteen_classes(make: Make) -> None:
    """Many classes, of falling size."""
    survives(make, tables.mixed(tuple(range(20, 2, -1))))


def check_missing_cells(make: Make) -> None:
    """Miss a third of the cells; complete columns stay complete."""
    survives(make, tables.missing(), {"c00": 40, "c01": 20, "c02": 20})


def check_columns_missing_in_one_class(make: Make) -> None:
    """One class has no value in two columns, whether it is small or large enough for a model of its own."""
    survives(make, tables.missing_in_one_class(), {"c00": 10, "c01": 30, "c02": 10})
    survives(make, tables.missing_in_one_class((20, 210)), {"c00": 5, "c01": 20})


def check_empty_columns(make: Make) -> None:
    """Columns without any value."""
    survives(make, tables.empty_column())


def check_constant_columns(make: Make) -> None:
    """Columns of one value, beside others."""
    survives(make, tables.constant())


def check_nothing_but_constants(make: Make) -> None:
    """Columns of one value, and no others."""
    survives(make, tables.all_constant())


def check_dates(make: Make) -> None:
    """Days, instants with a zone and durations stay what they are, within their range."""
    survives(make, tables.dates())


def check_identifiers(make: Make) -> None:
    """Columns that no two rows share a value of."""
    survives(make, tables.identifiers())


def check_two_hundred_levels(make: Make) -> None:
    """Try a column of very many levels."""
    survives(make, tables.many_levels())


def check_extension_dtypes(make: Make) -> None:
    """Nullable and arrow dtypes, small integers."""
    survives(make, tables.extension_types())


def check_odd_names_and_index(make: Make) -> None:
    """Column names of any kind, and an index with repeats."""
    survives(make, tables.odd_names())


def check_label_types(make: Make) -> None:
    """Labels may be integers, truth values or categories, of which some are unused."""
    X, y = tables.numeric()
    ones = (y == "c01").astype(int).rename("target")
    level = pd.CategoricalDtype(["unused", "c00", "c01"], ordered=True)
    for labels in (ones * 5, ones.astype(bool), y.astype(level)):
        counts = {label: 3 + k for k, label in enumerate(sorted(set(labels)))}
        X_new, y_new = fitted(make, X, labels).sample(counts, random_state=1)
        require_rows(X, X_new, 7)
        require_labels(labels, y_new, counts)


def check_numeric_arrays(make: Make) -> None:
    """Arrays come back as arrays of the same dtype."""
    X, y = tables.numeric()
    codes = (y == "c01").to_numpy().astype(int)
    for array in (X.to_numpy(), (10 * X[["a", "b"]]).to_numpy().astype(np.int32)):
        X_new, y_new = fitted(make, array, codes).sample({0: 3, 1: 4}, random_state=1)
        require(
            isinstance(X_new, np.ndarray) and X_new.dtype == array.dtype,
            f"an array of {array.dtype} went in, something else came out",
        )
        require(X_new.shape == (7, array.shape[1]), f"an array of shape {X_new.shape} came out")
        require(
            isinstance(y_new, np.ndarray) and list(y_new) == [0] * 3 + [1] * 4,
            f"the labels asked for were three 0 and four 1, those that came are {y_new}",
        )
