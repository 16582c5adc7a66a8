"""Measures agree with the library's metrics, whatever the weighting of the rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.advice.measures import MEASURES, Costs, Rows, measure, shown
from equipoise.errors import OptionError
from equipoise.metrics.decision import cost_matrix, least_cost, named_costs
from equipoise.metrics.utility import utility
from equipoise.tables.labels import Labels

LABELS = Labels.infer(np.array(["no", "yes"]))

SAME_AS = {
    "macro_f1": "macro_f1", "worst_f1": "worst_f1", "balanced_accuracy": "balanced_accuracy", "mcc": "mcc",
    "brier": "brier",
}  # fmt: skip


def planted(seed, n=60, n_classes=3, coarse=False):
    rng = np.random.default_rng(seed)
    y = np.r_[np.arange(n_classes), rng.integers(n_classes, size=n - n_classes)]
    p = rng.dirichlet(np.ones(n_classes), size=n)
    if coarse:
        p = np.round(p, 1) + 0.01
        p /= p.sum(axis=1, keepdims=True)
    return y, p, rng


def weighted(name, y, p, weights, counted=None):
    n_classes = p.shape[1]
    counted = np.ones(n_classes, dtype=bool) if counted is None else counted
    rows = Rows(y, counted, np.ones(n_classes))
    made = MEASURES[name] if isinstance(name, str) else name
    score = made.prepare(rows, p, p.argmax(axis=1))
    return shown(made, float(score(np.asarray(weights, dtype=np.float32)[None, :])[0]))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from(sorted(SAME_AS)), st.booleans())
def test_a_weighting_is_a_repetition(seed, name, unscored):
    """Weights that are whole numbers say how often a row counts: the score is that of the repeated rows."""
    y, p, rng = planted(seed)
    times = rng.integers(0, 3, size=len(y))
    times[:3] = 1
    counted = np.array([True, True, not unscored])
    again = np.repeat(np.arange(len(y)), times)
    whole = utility(y[again], p[again], p[again].argmax(axis=1), counted)
    assert weighted(name, y, p, times, counted) == pytest.approx(
        whole[SAME_AS[name], None], abs=1e-6
    )


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.booleans(), st.sampled_from(["roc_auc", "average_precision"]))
def test_rankings_agree_with_ties(seed, coarse, name):
    """Equal probabilities are one step of the curve, also where rows are repeated."""
    y, p, rng = planted(seed, coarse=coarse)
    times = rng.integers(0, 3, size=len(y))
    times[:3] = 1
    again = np.repeat(np.arange(len(y)), times)
    whole = utility(y[again], p[again], p[again].argmax(axis=1))["macro_" + name, None]
    assert weighted(name, y, p, times) == pytest.approx(whole, abs=1e-6)


def test_of_two_classes_the_rarer_is_ranked():
    y, p, _ = planted(3, n=200, n_classes=2)
    y[:40] = 0
    rare = int(np.bincount(y).argmin())
    whole = utility(y, p, p.argmax(axis=1))["average_precision", rare]
    assert weighted("average_precision", y, p, np.ones(len(y))) == pytest.approx(whole, abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_alerts_are_the_rows_of_highest_probability(seed, k):
    y, p, _ = planted(seed, n_classes=2)
    rare = int(np.bincount(y, minlength=2).argmin())
    first = np.argsort(-p[:, rare], kind="stable")[:k]
    hits = (y[first] == rare).sum()
    ones = np.ones(len(y))
    assert weighted(measure(f"precision@{k}", len(y)), y, p, ones) == pytest.approx(
        hits / k, abs=1e-6
    )
    expected = hits / (y == rare).sum()
    assert weighted(measure(f"recall@{k}", len(y)), y, p, ones) == pytest.approx(expected, abs=1e-6)


def test_alerts_share_the_last_places_among_equals():
    """One alert among ten rows alike, two of them positive, finds a fifth of a positive."""
    y = np.array([1, 1, *[0] * 8, 0])
    p = np.tile([0.5, 0.5], (11, 1))
    p[-1] = (0.9, 0.1)
    assert weighted(measure("precision@1", 11), y, p, np.ones(11)) == pytest.approx(0.2)


def test_costs_are_the_mean_of_the_matrix():
    matrix = np.array([[0.0, 1.0], [9.0, 0.0]])
    y, p = np.array([0, 0, 1, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.1, 0.9]])
    assert weighted(Costs(matrix), y, p, np.ones(4)) == pytest.approx((0 + 1 + 9 + 0) / 4)
    assert least_cost(np.array([[0.85, 0.15], [0.95, 0.05]]), matrix).tolist() == [1, 0]


def test_class_weights_are_shares_of_use():
    """Rows that count as at another prior give the score of a sample drawn at it."""
    y, p, _ = planted(5, n=300, n_classes=2)
    rows = Rows(y, np.ones(2, dtype=bool), np.array([1.0, 3.0]))
    found = MEASURES["macro_f1"].prepare(rows, p, p.argmax(axis=1))(np.ones((1, 300), np.float32))
    again = np.repeat(np.arange(300), np.where(y == 1, 3, 1))
    assert found[0] == pytest.approx(
        utility(y[again], p[again], p[again].argmax(axis=1))["macro_f1", None], abs=1e-6
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [("macrof1", ["macro_f1"]), ("precision@0", ["1", "90"]), ("recall@x", ["whole number"]),
     ("precision", ["precision@K"]), ("precision@91", ["90"])],
)  # fmt: skip
def test_wrong_measures_are_refused(name, words):
    with pytest.raises(OptionError) as caught:
        measure(name, 90)
    assert all(word in str(caught.value) for word in words), caught.value


@pytest.mark.parametrize(
    ("costs", "word"),
    [({("no", "maybe"): 1}, "maybe"), ({"no": 1}, "pair"), ({("no", "yes"): "x"}, "number"),
     ({("yes", "no"): 0}, "nothing to decide"), ({("yes", "no"): float("inf")}, "finite")],
)  # fmt: skip
def test_wrong_costs_are_refused(costs, word):
    with pytest.raises(OptionError, match=word):
        cost_matrix(costs, LABELS)


def test_costs_that_are_not_named_are_one():
    matrix = cost_matrix({("yes", "no"): 5}, LABELS)
    assert matrix.tolist() == [[0, 1], [5, 0]]
    assert named_costs(matrix, LABELS) == {("yes", "no"): 5.0}


def test_classes_are_named_as_a_person_names_them():
    """Whole numbers that came as floats, and the texts of a command line."""
    floats = Labels.infer(pd.Series([0.0, 1.0, 1.0]))
    assert cost_matrix({(1, 0): 3, ("0", "1"): 2}, floats).tolist() == [[0, 2], [3, 0]]
    frame = pd.DataFrame([[0, 1], [20, 0]], index=["no", "yes"], columns=["no", "yes"])
    assert cost_matrix(frame, LABELS).tolist() == [[0, 1], [20, 0]]
