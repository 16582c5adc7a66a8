"""Rows that look like their class, and labels that can be learnt from them."""

import numpy as np
import pandas as pd
import pytest

from equipoise.fidelity.labels import METRICS, label_fidelity, train_on_synthetic
from equipoise.tables.coded import Coded

SHARES = {"a": 0.6, "b": 0.3, "c": 0.1}


def rows(n, rng, wrong=0.0):
    """Three classes, far apart on one column; a share of the rows has a label drawn anew."""
    label = rng.choice(list(SHARES), n, p=list(SHARES.values()))
    place = np.searchsorted(list(SHARES), label)
    drawn = rng.choice(list(SHARES), n, p=list(SHARES.values()))
    given = np.where(rng.random(n) < wrong, drawn, label)
    return pd.DataFrame({"x": rng.normal(6.0 * place), "z": rng.normal(size=n), "y": given})


def trio(tables, rng, wrong=0.0, n=600):
    return tables["trio_of"](rows(n, rng), rows(n, rng), rows(n, rng, wrong), "y")


def test_faithful_labels_score_about_1_on_both_sides(tables):
    rng = np.random.default_rng(0)
    both = trio(tables, rng)
    # classes 6 deviations apart: Phi(-3) of a row lies beyond the middle, on two sides at most
    for measure in (label_fidelity, train_on_synthetic):
        found = measure(both, rng)
        assert found.value > 0.96
        assert set(found.items) == set(SHARES)


def test_labels_drawn_by_chance_are_recognised_by_chance(tables):
    rng = np.random.default_rng(1)
    both = trio(tables, rng, wrong=1.0)
    found = label_fidelity(both, rng)
    # Of the rows labelled k a share p_k lies where k is: items are the shares, their mean 1/3.
    for name, share in SHARES.items():
        count = 600 * share
        assert abs(found.items[name] - share) < 3 * np.sqrt(share * (1 - share) / count) + 0.02
    assert train_on_synthetic(both, rng).value < 0.5


def test_training_rows_in_the_place_of_synthetic_ones_are_not_known_by_heart(tables):
    # Labels that say nothing: rows that the trees have learnt would be recognised, these are not.
    rng = np.random.default_rng(2)
    frames = [rows(300, rng, wrong=1.0) for _ in range(3)]
    both = tables["trio_of"](*frames, "y")
    found = label_fidelity(both.with_synthetic(both.train), rng)
    # the mean of three shares about 1/3 of 180, 90 and 30 rows
    assert abs(found.value - 1 / 3) < 3 * np.sqrt(2 / 9 * (1 / 180 + 1 / 90 + 1 / 30) / 9)


def test_a_class_that_synthetic_rows_lack_costs_what_it_weighs(tables):
    rng = np.random.default_rng(3)
    both = trio(tables, rng)
    kept = both.synthetic.take(both.synthetic.codes[:, both.target] != 2)
    found = train_on_synthetic(both.with_synthetic(kept), rng)
    assert found.items["c"] == 0
    assert found.value == pytest.approx(np.mean(list(found.items.values())))
    assert set(label_fidelity(both.with_synthetic(kept), rng).items) == {"a", "b"}


def test_of_one_class_there_is_nothing_to_tell(tables):
    rng = np.random.default_rng(4)
    both = trio(tables, rng)
    for metric in METRICS:
        assert np.isnan(metric.measure(both.of_class(0), rng).value)
        assert np.isnan(
            metric.measure(both.with_synthetic(both.synthetic.take(np.arange(0))), rng).value
        )


def test_rows_without_one_of_the_classes_are_left_out(tables):
    rng = np.random.default_rng(5)
    both = trio(tables, rng)
    codes = both.synthetic.codes.copy()
    codes[:50, both.target], codes[50:60, both.target] = -1, 3
    odd = both.with_synthetic(Coded(both.synthetic.numbers, codes))
    assert label_fidelity(odd, rng).value > 0.96
    assert train_on_synthetic(odd, rng).value > 0.96


def test_the_target_is_no_feature_wherever_it_stands(tables):
    rng = np.random.default_rng(6)
    frames = [rows(400, rng, wrong=1.0)[["y", "x", "z"]] for _ in range(3)]
    assert train_on_synthetic(tables["trio_of"](*frames, "y"), rng).value < 0.5
