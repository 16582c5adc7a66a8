"""Every method of the registry keeps every promise of the conformance suite, and the suite notices broken ones."""

import numpy as np
import pytest

from equipoise.checks import CheckFailed, iter_checks, run_checks
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
# GReaT needs a model to start from: its own tests make a tiny one and run the suite with it.
OURS = [
    m
    for m in METHODS.values()
    if m.target.startswith("equipoise.synthesizers.") and m.name != "great"
]
CHECKS = dict(iter_checks())


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("method", [m.name for m in OURS])
def test_the_method_keeps_the_promise(method, check):
    entry = METHODS[method]
    if entry.extra:
        pytest.importorskip(entry.extra)
    CHECKS[check](lambda: load_class(entry.target)(**CHEAP.get(method, {})))


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
