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
from collections.abc import Iterator

import numpy as np
from sklearn.base import clone

from equipoise.checks import on_tables, saved, tables
from equipoise.checks.fitting import Check, Make, fitted, survives
from equipoise.checks.global_state import kept_global_states
from equipoise.checks.outcome import CheckFailed, Result, require
from equipoise.checks.rows import require_equal, require_labels, require_rows, same


def iter_checks() -> Iterator[tuple[str, Check]]:
    """Give the name and the function of every check, in the order in which they stand in the files."""
    for checks in (globals(), vars(on_tables), vars(saved)):
        for name, function in list(checks.items()):
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
    method = fitted(make, *tables.mixed())
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
    X_new, y_new = fitted(make, X, y).sample(counts, random_state=1)
    require_rows(X, X_new, 15)
    require_labels(y, y_new, counts)


def check_more_rows_than_training_had(make: Make) -> None:
    """Grow the rarest class far beyond its rows."""
    survives(make, tables.mixed(), {"c00": 1, "c01": 2, "c02": 250})


def check_a_number_is_shared_out(make: Make) -> None:
    """`sample(n)` gives n rows in the proportions of training."""
    X, y = tables.mixed((60, 30, 10))
    X_new, y_new = fitted(make, X, y).sample(50, random_state=1)
    require_rows(X, X_new, 50)
    require_labels(y, y_new, {"c00": 30, "c01": 15, "c02": 5})


def check_zero_rows(make: Make) -> None:
    """No rows are a table without rows, with columns and dtypes as ever."""
    X, y = tables.mixed()
    method = fitted(make, X, y)
    for nothing in (0, {"c01": 0}, {}):
        X_new, y_new = method.sample(nothing, random_state=1)
        require_rows(X, X_new, 0)
        require(len(y_new) == 0, f"no rows were asked for, {len(y_new)} labels came")


def check_deliveries_are_recorded(make: Make) -> None:
    """`deliveries_` has one entry a class asked for, with what was asked and what came."""
    method = fitted(make, *tables.mixed())
    method.sample({"c02": 3, "c00": 4, "c01": 0}, random_state=1)
    came = {d.label: (d.requested, d.delivered) for d in method.deliveries_}
    require(came == {"c00": (4, 4), "c02": (3, 3)}, f"deliveries_ says {came}")


def check_wrong_requests_are_refused(make: Make) -> None:
    """Ask for an unknown class, a negative number, a fraction: each is refused and named."""
    method = fitted(make, *tables.mixed())
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
    one, other = fitted(make, X, y), fitted(make, X, y)
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
    method = fitted(make, *tables.mixed())
    require(
        not same(method.sample(40, random_state=1), method.sample(40, random_state=2)),
        "two seeds give the same rows",
    )


def check_generators_are_accepted(make: Make) -> None:
    """`random_state` may be a Generator or a RandomState."""
    X, y = tables.mixed()
    method = fitted(make, X, y)
    for kind in (np.random.default_rng, np.random.RandomState):
        require_equal(
            method.sample(10, random_state=kind(3)), method.sample(10, random_state=kind(3)),
            f"two equal {kind.__name__} give different rows",
        )  # fmt: skip


def check_no_global_random_state_moves(make: Make) -> None:
    """Numpy's, Python's and torch's global generators are where they were."""
    X, y = tables.mixed()
    fitted(make, X, y).sample(1, random_state=1)  # so that what it needs has been imported
    with kept_global_states() as states:
        before = states()
        fitted(make, X, y).sample(20, random_state=1)
        moved = [name for name, state in states().items() if before[name] != state]
    require(not moved, f"the global random state has moved: {', '.join(moved)}")


def check_input_is_left_alone(make: Make) -> None:
    """X and y are the same after `fit` and `sample`."""
    X, y = tables.missing()
    kept = X.copy(deep=True), y.copy(deep=True)
    X_new, _ = fitted(make, X, y).sample(10, random_state=1)
    X_new.iloc[0, 0] = 0.0
    require_equal((X, y), kept, "fit or sample changes the table it was given")


def check_second_fit_forgets_the_first(make: Make) -> None:
    """Fit twice: nothing of the first is left."""
    X, y = tables.mixed()
    method = fitted(make, *tables.categorical())
    method.fit(X, y)
    require_equal(
        method.sample(30, random_state=1), fitted(make, X, y).sample(30, random_state=1),
        "a second fit remembers the first",
    )  # fmt: skip
