"""Probabilities that were moved by new rows are moved back, by what was delivered."""

import numpy as np
import pandas as pd
import pytest

from equipoise.analysis.frames import COLUMNS, Results
from equipoise.analysis.probabilities import over_tables, probability_scores
from equipoise.metrics.utility import brier, log_loss


def run(method="smote", delivered=(0, 60), name="d", seen=(320.0, 80.0)):
    rng = np.random.default_rng(0)
    x = rng.normal(size=100)
    truth = np.repeat([0, 1], [80, 20])
    true = 1 / (1 + np.exp(-(x + 2.0 * truth - 2)))
    true = np.c_[1 - true, true]
    trained = np.array(seen) + np.array(delivered)
    moved = true * trained / np.array(seen)
    moved = moved / moved.sum(axis=1, keepdims=True)
    treatment = (method, "balance", "plain", "xgboost")
    predictions = [(name, 0, *treatment, "test", truth, moved, np.zeros(2))]
    deliveries = [
        (name, 0, method, "balance", label, n, n, "")
        for label, n in zip("ab", delivered, strict=True)
    ]
    if method == "undersample":
        deliveries = [("d", 0, method, "balance", c, 80, 80, "") for c in "ab"]
    base = [
        ("d", 0, "identity", "none", decision, "xgboost", "test", metric, "", value)
        for decision, value in (("plain", 0.1), ("balanced", 0.3), ("balanced+corrected", 0.2))
        for metric in ("brier", "log_loss", "ece")
    ]
    results = Results(
        observations=pd.DataFrame(base, columns=COLUMNS["observations"]),
        predictions=pd.DataFrame(predictions, columns=COLUMNS["predictions"]),
        deliveries=pd.DataFrame(deliveries, columns=COLUMNS["deliveries"]),
        datasets=pd.DataFrame(
            [(name, 500, {}, {"a": 400, "b": 100}, (), "", ())], columns=COLUMNS["datasets"]
        ),
    )
    return results, truth, true, moved


def test_new_rows_are_undone_by_what_was_delivered():
    results, truth, true, moved = run()
    table = probability_scores(results).set_index(["method", "decision", "metric"])
    for metric, score in (("brier", brier), ("log_loss", log_loss)):
        row = table.loc[("smote", "plain", metric)]
        assert row["raw"] == pytest.approx(score(truth, moved))
        assert row["corrected"] == pytest.approx(score(truth, true))
        assert row["corrected"] < row["raw"]


def test_rows_that_were_dropped_are_undone_likewise():
    results, truth, true, _ = run("undersample", delivered=(-240, 0))
    table = probability_scores(results).set_index(["method", "decision", "metric"])
    found = table.loc[("undersample", "plain", "brier"), "corrected"]
    assert found == pytest.approx(brier(truth, true))


def test_weights_take_their_corrected_twin_and_plain_stays():
    table = over_tables(probability_scores(run()[0])).set_index(["method", "decision", "metric"])
    weights = table.loc[("identity", "balanced", "brier")]
    assert (weights["raw"], weights["corrected"]) == (0.3, 0.2)
    plain = table.loc[("identity", "plain", "brier")]
    assert (plain["raw"], plain["corrected"]) == (0.1, 0.1)


def test_a_thinned_table_was_trained_on_a_share_of_its_classes():
    results, truth, true, _ = run(delivered=(0, 24), name="d@0.1", seen=(32.0, 8.0))
    table = probability_scores(results).set_index(["method", "decision", "metric"])
    found = table.loc[("smote", "plain", "brier"), "corrected"]
    assert found == pytest.approx(brier(truth, true))
