"""Errors in percent, their paired changes and mean confusion matrices, on tables made by hand."""

import numpy as np
import pandas as pd
import pytest

from equipoise.analysis.tutorial import changes, confusions, errors, summary
from equipoise.errors import OptionError


def observed(method, decision, repeat, accuracy, rich, poor):
    scores = [("accuracy", "", accuracy), ("recall", "rich", rich), ("recall", "poor", poor)]
    scores += [("macro_f1", "", 0.5), ("f1", "rich", 0.5)]
    shared = {"dataset": "adult", "repeat": repeat, "method": method, "plan": "balance"}
    shared |= {"decision": decision, "classifier": "random-forest"}
    return [
        {**shared, "part": part, "metric": metric, "label": label, "value": value - 0.1 * (part == "train")}
        for part in ("test", "train")
        for metric, label, value in scores
    ]  # fmt: skip


@pytest.fixture
def observations():
    rows = []
    for repeat, luck in enumerate([0.0, 0.01, -0.01]):
        rows += observed("identity", "plain", repeat, 0.86 + luck, 0.64, 0.93)
        rows += observed("identity", "balanced", repeat, 0.84 + luck, 0.80, 0.85)
        if repeat < 2:
            rows += observed("basic-vae", "plain", repeat, 0.87 + 2 * luck, 0.60, 0.93)
    return pd.DataFrame(rows)


def test_errors_are_percents_of_the_test_rows_and_of_each_class(observations):
    found = errors(observations)
    assert list(found.columns) == ["method", "decision", "repeat", "label", "error"]
    first = found[(found["method"] == "identity") & (found["repeat"] == 0)]
    by_label = first[first["decision"] == "plain"].set_index("label")["error"]
    assert by_label.round(6).to_dict() == {"": 14.0, "rich": 36.0, "poor": 7.0}
    assert len(found) == 3 * (3 + 3 + 2)


def test_two_errors_of_one_treatment_in_one_repeat_are_refused(observations):
    twice = pd.concat([observations, observations.assign(dataset="other")])
    with pytest.raises(OptionError, match="one table"):
        errors(twice)


def test_changes_pair_the_repeats_that_both_have(observations):
    found = changes(errors(observations), "basic-vae")
    assert found["repeat"].tolist() == [0, 1]
    np.testing.assert_allclose(found["change"], [-1.0, -2.0])
    np.testing.assert_allclose(
        changes(errors(observations), "basic-vae", label="rich")["change"], 4
    )
    weighted = changes(errors(observations), "identity", decision="balanced", label="rich")
    np.testing.assert_allclose(weighted["change"], -16)


def test_the_summary_has_every_treatment_with_its_change(observations):
    found = summary(errors(observations)).set_index(["method", "decision", "label"])
    assert found.loc[("identity", "plain", ""), "change"] == 0
    assert found.loc[("basic-vae", "plain", ""), "n"] == 2
    row = found.loc[("basic-vae", "plain", "")]
    assert row["change"] == pytest.approx(-1.5)
    assert row["change_low"] < -1.5 < row["change_high"]
    assert np.isnan(summary(errors(observations), against="absent")["change"]).all()


def test_confusions_are_means_over_repeats_and_decided_with_offsets():
    def prediction(repeat, decision, offsets, rich):
        return {
            "method": "identity", "decision": decision, "repeat": repeat, "part": "test",
            "truth": np.array([0, 0, 0, 1]), "offsets": np.array(offsets),
            "probabilities": np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [1 - rich, rich]]),
        }  # fmt: skip

    frame = pd.DataFrame(
        [
            prediction(0, "plain", [0.0, 0.0], 0.7),
            prediction(1, "plain", [0.0, 0.0], 0.3),
            prediction(0, "threshold", [0.0, 9.0], 0.3),
        ]
    )
    frame = pd.concat([frame, frame.assign(part="oof")])
    found = confusions(frame, ["poor", "rich"]).set_index(["decision", "truth", "predicted"])
    assert found.loc[("plain", "poor", "poor"), "rows"] == 2
    assert found.loc[("plain", "rich", "rich"), "percent"] == 50
    assert found.loc[("threshold", "poor", "rich"), "percent"] == 100
    assert len(found) == 8
