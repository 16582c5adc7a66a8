"""What trees tell apart: nothing between fresh rows, shifts, dependences and mixes that fool training rows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from equipoise.fidelity.detection import DETECTION, detect
from equipoise.tables.coded import Coded


def test_fresh_rows_are_not_told_apart(gaussians):
    rng = np.random.default_rng(0)
    found = [detect(gaussians(50, 200, rng), rng) for _ in range(10)]
    mean = np.mean([f.auc for f in found])
    # An area of 200 against 200 rows without signal has the deviation sqrt((2 * 200 + 1) / (12 * 200**2)) = 0.029;
    # folds that share rows double it at most. Stratified folds pull it below 1/2 by a little.
    assert abs(mean - 0.5) < 3 * 2 * 0.029 / np.sqrt(10)
    assert np.mean([f.error for f in found]) == pytest.approx(0.029, abs=0.003)


def test_a_copy_in_another_order_is_not_told_apart(gaussians):
    rng = np.random.default_rng(1)
    trio = gaussians(50, 200, rng)
    found = detect(trio.with_synthetic(trio.fresh.take(rng.permutation(200))), rng)
    assert found.auc < 0.55


def test_a_shifted_column_is_told_and_named(gaussians):
    rng = np.random.default_rng(2)
    trio = gaussians(50, 400, rng)
    moved = trio.synthetic.numbers.copy()
    moved[:, 3] += 1.5
    found = detect(trio.with_synthetic(Coded(moved, trio.synthetic.codes)), rng)
    # the best area is Phi(1.5 / sqrt(2)) = 0.856
    assert 0.76 < found.auc < 0.856 + 3 * found.error
    assert max(found.columns, key=found.columns.get) == "x3"
    assert found.columns["x3"] > 0.2
    assert max(v for k, v in found.columns.items() if k != "x3") < 0.06


def test_a_dependence_that_no_column_shows_is_told_and_both_columns_are_named(tables):
    rng = np.random.default_rng(3)

    def rows(n, joined):
        a, b = rng.choice(["p", "q"], n), rng.choice(["p", "q"], n)
        b = a if joined else b
        return pd.DataFrame({"a": a, "noise": rng.normal(size=n), "b": b, "y": rng.choice(2, n)})

    trio = tables["trio_of"](rows(300, True), rows(300, True), rows(300, False), "y")
    found = detect(trio, rng)
    # half of the synthetic rows break the rule: (1 + 1/2) / 2
    assert found.auc == pytest.approx(0.75, abs=0.09)
    assert sorted(found.columns, key=found.columns.get)[-2:] in (["a", "b"], ["b", "a"])


def test_levels_never_met_and_missing_cells_give_rows_away(gaussians):
    rng = np.random.default_rng(4)
    trio = gaussians(50, 100, rng)
    strange = Coded(trio.synthetic.numbers, np.full_like(trio.synthetic.codes, 5))
    assert detect(trio.with_synthetic(strange), rng).auc > 0.99
    holes = trio.synthetic.numbers.copy()
    holes[:, 0] = np.nan
    found = detect(trio.with_synthetic(Coded(holes, trio.synthetic.codes)), rng)
    assert found.auc > 0.99


def test_too_few_rows_have_no_score_and_the_larger_side_is_cut(gaussians):
    rng = np.random.default_rng(5)
    trio = gaussians(50, 100, rng)
    assert np.isnan(detect(trio.with_synthetic(trio.synthetic.take(np.arange(9))), rng).auc)
    cut = trio.with_synthetic(trio.synthetic.take(np.arange(20)))
    assert detect(cut, rng).error > 0.05


def test_the_score_depends_on_its_generator_alone(gaussians):
    trio = gaussians(50, 60, np.random.default_rng(6))
    first, second = (DETECTION.measure(trio, np.random.default_rng(1)) for _ in range(2))
    assert first == second
    assert list(first.items) == [*(f"x{j}" for j in range(6)), "y"]


@pytest.mark.truth
def test_a_mix_of_independent_columns_and_copies_does_not_pass_for_fresh_rows(article, tables):
    table, trio = article
    n = len(table) // 5
    control, caught = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(table))
        fresh, train = table.take(order[:n]), table.take(order[n:])
        copies = train.take(rng.integers(len(train), size=n))
        mixed = tables["independent"](train, n, rng)
        use = rng.random(n) < 0.3
        mixed.numbers[use], mixed.codes[use] = copies.numbers[use], copies.codes[use]
        real = replace(trio, train=train, fresh=fresh, synthetic=mixed)
        caught.append(detect(real, rng).auc)
        control.append(
            detect(real.with_synthetic(train.take(rng.permutation(len(train))[:n])), rng).auc
        )
    # Areas of n against n rows; folds that share rows double the deviation at most.
    error = 2 * np.sqrt((2 * n + 1) / (12 * n**2)) / np.sqrt(8)
    assert np.mean(caught) > 0.5 + 3 * error
    assert abs(np.mean(control) - 0.5) < 3 * error
