"""Every method of the registry keeps every promise of the conformance suite, and the suite notices broken ones."""

import os

import numpy as np
import pandas as pd
import pytest

from equipoise.checks import CheckFailed, iter_checks, run_checks, tables
from equipoise.checks.fitting import survives
from equipoise.checks.rows import require_labels, require_rows
from equipoise.datasets.catalogue import load
from equipoise.registry import METHODS, load_class
from equipoise.synthesizers.duplicate import Duplicate
from equipoise.tables.coded import Coded

CHEAP = {
    "basic-vae": {"epochs": 2},
    "ctgan": {"max_steps": 30, "hidden": (32, 32)},
    "cvae": {"max_steps": 30},
    "tabgpt": {"max_steps": 30},
    "tvae": {"max_steps": 30},
    "tvae-tailcalib": {"max_steps": 30},
}
# After 30 steps a code may not be in use yet, which is a fallback.
TRAINED = CHEAP | {"tvae-tailcalib": {"max_steps": 400}}
# GReaT needs a model to start from: its own tests make a tiny one and run the suite with it.
OURS = [
    m
    for m in METHODS.values()
    if m.target.startswith("equipoise.synthesizers.") and m.name != "great"
]
CHECKS = dict(iter_checks())
ARTICLE_TABLES = [
    "hmeq", "thomas", "popularkids", "eucalyptus", "steel_plates_fault", "ionosphere", "adult",
]  # fmt: skip

GENERATED = {
    "18 classes": lambda: tables.mixed(tuple(range(20, 2, -1))),
    "classes of 1, 2 and 5 rows": lambda: tables.mixed((40, 5, 2, 1)),
    "numbers": tables.numeric,
    "categories": tables.categorical,
    "30 % missing": tables.missing,
    "200 levels": tables.many_levels,
    "constant columns": tables.constant,
    "dates": tables.dates,
}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("method", [m.name for m in OURS])
def test_the_method_keeps_the_promise(method, check):
    entry = METHODS[method]
    if entry.extra:
        pytest.importorskip(entry.extra)
    CHECKS[check](lambda: load_class(entry.target)(**CHEAP.get(method, {})))


def ten_thousand(classes):
    """Ask for as many rows of each class, together 10,000 at least."""
    counts = dict.fromkeys(sorted(classes), -(-10_000 // len(classes)))
    assert sum(counts.values()) >= 10_000
    return counts


@pytest.mark.truth
@pytest.mark.skipif(
    not os.environ.get("EQUIPOISE_DATA"),
    reason="EQUIPOISE_DATA names no folder with the tables of the articles",
)
@pytest.mark.parametrize("table", ARTICLE_TABLES)
@pytest.mark.parametrize("method", [m.name for m in OURS])
def test_ten_thousand_rows_of_an_article_table_are_valid_of_their_class_and_no_fallback(
    method, table
):
    dataset = load(table)
    cheap = load_class(METHODS[method].target)(random_state=0, **TRAINED.get(method, {}))
    cheap.fit(dataset.X, dataset.y, kinds=dataset.kinds)
    classes = sorted(set(dataset.y))
    counts = ten_thousand(classes)
    X_new, y_new = cheap.sample(counts, random_state=1)
    require_rows(dataset.X, X_new, sum(counts.values()))
    require_labels(dataset.y, y_new, counts)
    assert [d.fallback for d in cheap.deliveries_ if d.fallback] == []


@pytest.mark.truth
@pytest.mark.parametrize("table", GENERATED)
@pytest.mark.parametrize("method", [m.name for m in OURS])
def test_ten_thousand_rows_of_a_generated_table_are_valid_and_of_their_class(method, table):
    X, y = GENERATED[table]()
    survives(
        lambda: load_class(METHODS[method].target)(**CHEAP.get(method, {})),
        (X, y),
        ten_thousand(set(y)),
    )


def two_classes(n=2000):
    """Give 95 % of a class and 5 % of another, which `side` tells apart with an error of 0.07 %."""
    rng = np.random.default_rng(0)
    y = pd.Series(np.where(np.arange(n) < 0.95 * n, "many", "few"))
    rare = (y == "few").to_numpy()
    X = pd.DataFrame(
        {
            "x": rng.normal(size=n) + np.where(rare, 3.2, -3.2),
            "noise": rng.exponential(size=n),
            "hint": np.where(rng.random(n) < 0.8, rare, ~rare).astype(str),
        }
    )
    return X, y


@pytest.mark.truth
@pytest.mark.parametrize("method", [m.name for m in OURS if m.name != "basic-vae"])
def test_rows_asked_of_a_class_lie_on_its_side(method):
    X, y = two_classes()
    fitted = load_class(METHODS[method].target)(random_state=0).fit(X, y)
    X_new, y_new = fitted.sample({"few": 2000, "many": 2000}, random_state=1)
    right = (X_new["x"] > 0) == (y_new == "few")
    assert right[y_new == "few"].mean() >= 0.95
    assert right[y_new == "many"].mean() >= 0.95


class ForgetsTheSeed(Duplicate):
    def _sample(self, counts, rng):
        return super()._sample(counts, np.random.default_rng())


class MovesTheGlobalState(Duplicate):
    def _sample(self, counts, rng):
        np.random.seed(0)  # noqa: NPY002
        return super()._sample(counts, rng)


class InventsMissingCells(Duplicate):
    def _sample(self, counts, rng):
        table = super()._sample(counts, rng)
        return Coded(np.full_like(table.numbers, np.nan), table.codes)


class ComputesInItsConstructor(Duplicate):
    def __init__(self, *, random_state=None):
        super().__init__(random_state=random_state)
        self.rng = np.random.default_rng(random_state)


class RaisesOnTinyClasses(Duplicate):
    def _fit(self, table, y, rng):
        if np.bincount(y).min() < 2:
            raise ZeroDivisionError("a class of one row")
        super()._fit(table, y, rng)


class RemembersTheFirstFit(Duplicate):
    def _fit(self, table, y, rng):
        self._calls = getattr(self, "_calls", 0) + 1
        super()._fit(table, y, rng)

    def _sample(self, counts, rng):
        rng.random(self._calls)
        return super()._sample(counts, rng)


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (ForgetsTheSeed, "same_seed_same_rows"),
        (MovesTheGlobalState, "no_global_random_state_moves"),
        (InventsMissingCells, "numbers_only"),
        (ComputesInItsConstructor, "constructor_only_stores"),
        (RaisesOnTinyClasses, "classes_of_one_two_and_five_rows"),
        (RemembersTheFirstFit, "second_fit_forgets_the_first"),
    ],
)
def test_a_broken_promise_is_noticed(broken, check):
    with pytest.raises((CheckFailed, RuntimeError, ZeroDivisionError)) as failure:
        CHECKS[check](broken)
    assert str(failure.value)


def test_whatever_a_method_raises_is_a_failed_check_with_a_sentence():
    failed = {r.name: r.message for r in run_checks(RaisesOnTinyClasses) if not r.passed}
    assert failed == {
        "classes_of_one_two_and_five_rows": "ZeroDivisionError: a class of one row",
        "tiny_classes_of_categories": "ZeroDivisionError: a class of one row",
    }


def test_run_checks_gives_one_result_a_check_in_order():
    results = run_checks(Duplicate)
    assert [result.name for result in results] == list(CHECKS)
    assert all(result.passed and not result.message for result in results)
