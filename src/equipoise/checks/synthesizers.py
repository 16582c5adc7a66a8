"""The conformance suite of synthesizers: what `equipoise check` runs, and what every method of the package passes.

A check is a function of `make`, which gives a fresh, unfitted instance: a class, or a function for one with cheap
settings. It returns if the promise is kept and raises `CheckFailed` with one sentence if not.

Examples
--------
>>> from equipoise.checks.synthesizers import run_checks
>>> from equipoise.synthesizers.duplicate import Duplicate
>>> all(result.passed for result in run_checks(Duplicate))
True
"""

import inspect
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from equipoise.checks import tables
from equipoise.checks.global_state import kept_global_states
from equipoise.checks.outcome import CheckFailed, Result, require
from equipoise.checks.rows import require_equal, require_labels, require_rows, same
from equipoise.errors import EquipoiseWarning

Make = Callable[[], Any]
Check = Callable[[Make], None]

ASKED = (7, 5, 3, 2, 1)  # rows of the first, second, ... class; 1 of those after


def iter_checks() -> Iterator[tuple[str, Check]]:
    """Give the name and the function of every check, in the order in which they stand in this file."""
    for name, function in list(globals().items()):
        if name.startswith("check_") and inspect.isfunction(function):
            yield name.removeprefix("check_"), function


def run_checks(make: Make) -> list[Result]:
    """Run every check on fresh instances.

    Parameters
    ----------
    make : callable
        Gives a fresh, unfitted synthesizer: its class will do.

    Returns
    -------
    list of Result
        One a check. An exception other than `CheckFailed` counts as a failure, with its type in the message.
    """
    results = []
    for name, check in iter_checks():
        start, message = time.perf_counter(), ""
        try:
            check(make)
        except CheckFailed as failure:
            message = str(failure)
        except Exception as error:  # whatever a stranger's method raises is its failure, not ours
            message = f"{type(error).__name__}: {error}"
        results.append(Result(name, not message, message, time.perf_counter() - start))
    return results


def _fitted(make: Make, X: Any, y: Any, seed: int = 0) -> Any:
    method = make()
    method.set_params(random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EquipoiseWarning)
        method.fit(X, y)
    return method


def _asked(y: Any) -> dict[Any, int]:
    classes = sorted(set(y))
    return {label: ASKED[min(k, len(ASKED) - 1)] for k, label in enumerate(classes)}


def _survives(make: Make, table: tables.Table, counts: Mapping[Any, int] | None = None) -> None:
    X, y = table
    counts = counts or _asked(y)
    X_new, y_new = _fitted(make, X, y).sample(counts, random_state=1)
    require_rows(X, X_new, sum(counts.values()))
    require_labels(y, y_new, counts)
    require(X_new.index.equals(y_new.index), "new rows and their labels have different indices")


# The instance


def check_constructor_only_stores(make: Make) -> None:
    """Parameters are keyword-only and kept as they are; nothing else is set."""
    method = make()
    parameters = method.get_params(deep=False)
    require("random_state" in parameters, "there is no parameter random_state")
    for parameter in inspect.signature(type(method)).parameters.values():
        require(
            parameter.kind is inspect.Parameter.KEYWORD_ONLY,
            f"the parameter {parameter.name!r} is not keyword-only",
        )
        require(
            not isinstance(parameter.default, list | dict | set),
            f"the default of {parameter.name!r} can be changed by whoever holds it",
        )
    again = type(method)(**parameters)
    changed = [name for name, value in parameters.items() if getattr(again, name) is not value]
    require(not changed, f"the constructor changes what it is given: {changed}")
    extra = sorted(set(vars(again)) - set(parameters))
    require(not extra, f"the constructor sets more than its parameters: {extra}")


def check_clone_gives_an_unfitted_equal(make: Make) -> None:
    """Scikit-learn's `clone` works on a fitted instance; parameters are the same, nothing learnt is."""
    method = _fitted(make, *tables.mixed())
    copy = clone(method)
    require(
        repr(copy.get_params(deep=False)) == repr(method.get_params(deep=False)),
        "a clone has other parameters",
    )
    learnt = [name for name in vars(copy) if name.endswith("_")]
    require(not learnt, f"a clone has learnt attributes: {learnt}")


def check_declares_how_it_works(make: Make) -> None:
    """`how_it_conditions` is a text and `keeps_rows` a truth value."""
    method = make()
    how, keeps = getattr(method, "how_it_conditions", None), getattr(method, "keeps_rows", None)
    require(isinstance(how, str) and bool(how), "how_it_conditions must be a text")
    require(isinstance(keeps, bool), "keeps_rows must be True or False")


def check_fit_gives_itself(make: Make) -> None:
    """`fit` returns the instance and leaves its parameters as they were."""
    X, y = tables.mixed()
    method = make()
    before = repr(method.get_params(deep=False))
    require(method.fit(X, y) is method, "fit does not return the instance")
    require(repr(method.get_params(deep=False)) == before, "fit changes parameters")


# What is asked and what comes


def check_counts_and_labels_are_exact(make: Make) -> None:
    """Ask for rows by a dict: so many come of each class named, in the order of the classes."""
    X, y = tables.mixed()
    counts = {"c02": 11, "c00": 4}
    X_new, y_new = _fitted(make, X, y).sample(counts, random_state=1)
    require_rows(X, X_new, 15)
    require_labels(y, y_new, counts)


def check_more_rows_than_training_had(make: Make) -> None:
    """Grow the rarest class far beyond its rows."""
    _survives(make, tables.mixed(), {"c00": 1, "c01": 2, "c02": 250})


def check_a_number_is_shared_out(make: Make) -> None:
    """`sample(n)` gives n rows in the proportions of training."""
    X, y = tables.mixed((60, 30, 10))
    X_new, y_new = _fitted(make, X, y).sample(50, random_state=1)
    require_rows(X, X_new, 50)
    require_labels(y, y_new, {"c00": 30, "c01": 15, "c02": 5})


def check_zero_rows(make: Make) -> None:
    """No rows are a table without rows, with columns and dtypes as ever."""
    X, y = tables.mixed()
    method = _fitted(make, X, y)
    for nothing in (0, {"c01": 0}, {}):
        X_new, y_new = method.sample(nothing, random_state=1)
        require_rows(X, X_new, 0)
        require(len(y_new) == 0, f"no rows were asked for, {len(y_new)} labels came")


def check_deliveries_are_recorded(make: Make) -> None:
    """`deliveries_` has one entry a class asked for, with what was asked and what came."""
    method = _fitted(make, *tables.mixed())
    method.sample({"c02": 3, "c00": 4, "c01": 0}, random_state=1)
    came = {d.label: (d.requested, d.delivered) for d in method.deliveries_}
    require(came == {"c00": (4, 4), "c02": (3, 3)}, f"deliveries_ says {came}")


def check_wrong_requests_are_refused(make: Make) -> None:
    """Ask for an unknown class, a negative number, a fraction: each is refused and named."""
    method = _fitted(make, *tables.mixed())
    for wrong, word in (({"nobody": 1}, "nobody"), ({"c00": -3}, "-3"), (-3, "-3"), (2.5, "2.5")):
        try:
            method.sample(wrong)
        except ValueError as error:
            require(word in str(error), f"sample({wrong!r}): the message does not name {word}")
        else:
            raise CheckFailed(f"sample({wrong!r}) is not refused")


def check_sampling_needs_a_fit(make: Make) -> None:
    """`sample` before `fit` raises an error that says so."""
    try:
        make().sample(1)
    except Exception as error:
        require("fit" in str(error), f"the message does not say to fit first: {error}")
    else:
        raise CheckFailed("sample works without a fit")


# Seeds and side effects


def check_same_seed_same_rows(make: Make) -> None:
    """Equal seeds of `fit` and `sample` give equal rows, whatever was sampled before."""
    X, y = tables.mixed()
    counts = {"c00": 20, "c02": 20}
    one, other = _fitted(make, X, y), _fitted(make, X, y)
    first = one.sample(counts, random_state=5)
    require_equal(
        one.sample(counts, random_state=5), first, "the same seed gives other rows a second time"
    )
    other.sample(30, random_state=9)
    require_equal(
        other.sample(counts, random_state=5), first,
        "the same seeds give other rows after a second fit and another sample",
    )  # fmt: skip


def check_other_seeds_other_rows(make: Make) -> None:
    """Two seeds of `sample` give different rows."""
    method = _fitted(make, *tables.mixed())
    require(
        not same(method.sample(40, random_state=1), method.sample(40, random_state=2)),
        "two seeds give the same rows",
    )


def check_generators_are_accepted(make: Make) -> None:
    """`random_state` may be a Generator or a RandomState."""
    X, y = tables.mixed()
    method = _fitted(make, X, y)
    for kind in (np.random.default_rng, np.random.RandomState):
        require_equal(
            method.sample(10, random_state=kind(3)), method.sample(10, random_state=kind(3)),
            f"two equal {kind.__name__} give different rows",
        )  # fmt: skip


def check_no_global_random_state_moves(make: Make) -> None:
    """Numpy's, Python's and torch's global generators are where they were."""
    X, y = tables.mixed()
    _fitted(make, X, y).sample(1, random_state=1)  # so that what it needs has been imported
    with kept_global_states() as states:
        before = states()
        _fitted(make, X, y).sample(20, random_state=1)
        moved = [name for name, state in states().items() if before[name] != state]
    require(not moved, f"the global random state has moved: {', '.join(moved)}")


def check_input_is_left_alone(make: Make) -> None:
    """X and y are the same after `fit` and `sample`."""
    X, y = tables.missing()
    kept = X.copy(deep=True), y.copy(deep=True)
    X_new, _ = _fitted(make, X, y).sample(10, random_state=1)
    X_new.iloc[0, 0] = 0.0
    require_equal((X, y), kept, "fit or sample changes the table it was given")


def check_second_fit_forgets_the_first(make: Make) -> None:
    """Fit twice: nothing of the first is left."""
    X, y = tables.mixed()
    method = _fitted(make, *tables.categorical())
    method.fit(X, y)
    require_equal(
        method.sample(30, random_state=1), _fitted(make, X, y).sample(30, random_state=1),
        "a second fit remembers the first",
    )  # fmt: skip


# Tables


def check_mixed_columns(make: Make) -> None:
    """Every kind of column comes back with its dtype, levels, bounds and decimals."""
    _survives(make, tables.mixed(), {"c00": 80, "c01": 40, "c02": 20})


def check_numbers_only(make: Make) -> None:
    """Try a table without categories."""
    _survives(make, tables.numeric())


def check_categories_only(make: Make) -> None:
    """Try a table without numbers."""
    _survives(make, tables.categorical())


def check_one_column(make: Make) -> None:
    """Try a table of one column."""
    _survives(make, tables.one_column())


def check_classes_of_one_two_and_five_rows(make: Make) -> None:
    """Classes far too small to learn from."""
    counts = {"c00": 3, "c01": 12, "c02": 12, "c03": 12}
    _survives(make, tables.mixed((40, 5, 2, 1)), counts)


def check_tiny_classes_of_categories(make: Make) -> None:
    """Classes far too small to learn from, in a table without numbers."""
    _survives(make, tables.categorical((20, 2, 1)))


def check_eighteen_classes(make: Make) -> None:
    """Many classes, of falling size."""
    _survives(make, tables.mixed(tuple(range(20, 2, -1))))


def check_missing_cells(make: Make) -> None:
    """Miss a third of the cells; complete columns stay complete."""
    _survives(make, tables.missing(), {"c00": 40, "c01": 20, "c02": 20})


def check_columns_missing_in_one_class(make: Make) -> None:
    """One class has no value in two columns, whether it is small or large enough for a model of its own."""
    _survives(make, tables.missing_in_one_class(), {"c00": 10, "c01": 30, "c02": 10})
    _survives(make, tables.missing_in_one_class((20, 210)), {"c00": 5, "c01": 20})


def check_empty_columns(make: Make) -> None:
    """Columns without any value."""
    _survives(make, tables.empty_column())


def check_constant_columns(make: Make) -> None:
    """Columns of one value, beside others."""
    _survives(make, tables.constant())


def check_nothing_but_constants(make: Make) -> None:
    """Columns of one value, and no others."""
    _survives(make, tables.all_constant())


def check_dates(make: Make) -> None:
    """Days, instants with a zone and durations stay what they are, within their range."""
    _survives(make, tables.dates())


def check_identifiers(make: Make) -> None:
    """Columns that no two rows share a value of."""
    _survives(make, tables.identifiers())


def check_two_hundred_levels(make: Make) -> None:
    """Try a column of very many levels."""
    _survives(make, tables.many_levels())


def check_extension_dtypes(make: Make) -> None:
    """Nullable and arrow dtypes, small integers."""
    _survives(make, tables.extension_types())


def check_odd_names_and_index(make: Make) -> None:
    """Column names of any kind, and an index with repeats."""
    _survives(make, tables.odd_names())


def check_label_types(make: Make) -> None:
    """Labels may be integers, truth values or categories, of which some are unused."""
    X, y = tables.numeric()
    ones = (y == "c01").astype(int).rename("target")
    level = pd.CategoricalDtype(["unused", "c00", "c01"], ordered=True)
    for labels in (ones * 5, ones.astype(bool), y.astype(level)):
        counts = {label: 3 + k for k, label in enumerate(sorted(set(labels)))}
        X_new, y_new = _fitted(make, X, labels).sample(counts, random_state=1)
        require_rows(X, X_new, 7)
        require_labels(labels, y_new, counts)


def check_numeric_arrays(make: Make) -> None:
    """Arrays come back as arrays of the same dtype."""
    X, y = tables.numeric()
    codes = (y == "c01").to_numpy().astype(int)
    for array in (X.to_numpy(), (10 * X[["a", "b"]]).to_numpy().astype(np.int32)):
        X_new, y_new = _fitted(make, array, codes).sample({0: 3, 1: 4}, random_state=1)
        require(
            isinstance(X_new, np.ndarray) and X_new.dtype == array.dtype,
            f"an array of {array.dtype} went in, something else came out",
        )
        require(X_new.shape == (7, array.shape[1]), f"an array of shape {X_new.shape} came out")
        require(
            isinstance(y_new, np.ndarray) and list(y_new) == [0] * 3 + [1] * 4,
            f"the labels asked for were three 0 and four 1, those that came are {y_new}",
        )
