"""Advice from end to end: a table in, a verdict out, and a winner that can be used."""

import json
import time

import numpy as np
import pandas as pd
import pytest
from planted_contest import Watcher
from sklearn.linear_model import LogisticRegression

import equipoise as eq
from equipoise.advice.verdict import Verdict
from equipoise.datasets.laws import law
from equipoise.errors import OptionError

LINEAR = "sklearn.linear_model:LogisticRegression"
QUICK = {
    "classifier": LINEAR,
    "methods": ["smote", "undersample"],
    "budget": "60s",
    "partitions": 1,
}


def sample(name="two-gaussians", counts=(475, 25), seed=0):
    X, y = law(name).sample_class(counts, np.random.default_rng(seed))
    order = np.random.default_rng(seed).permutation(len(y))
    return X.iloc[order].reset_index(drop=True), y.iloc[order].reset_index(drop=True)


@pytest.fixture(scope="module")
def verdict() -> Verdict:
    return eq.advise(*sample(), **QUICK)


def test_what_helps_is_found(verdict):
    """Few rows of a rare class that a linear rule finds: a plain 0.5 misses them, a threshold does not."""
    assert verdict.method != "do nothing"
    assert verdict.nothing == ""
    assert verdict.gain > 0.02
    low, high = verdict.interval
    assert low < verdict.gain < high
    assert verdict.text.startswith(("Train", "Tune", "Add", "Drop"))


def test_the_winner_predicts_as_it_was_tried(verdict):
    """On fresh rows it gains about what was promised."""
    X, y = law("two-gaussians").sample_class((9000, 1000), np.random.default_rng(9))
    truth = (y == "rare").to_numpy()
    plain = eq.AugmentedClassifier(classifier=LINEAR, random_state=0).fit(*sample())
    scores = []
    for model in (plain, verdict.estimator):
        taken = model.predict(X) == "rare"
        f1 = [2 * (taken & truth).sum() / (taken.sum() + truth.sum()),
              2 * (~taken & ~truth).sum() / ((~taken).sum() + (~truth).sum())]  # fmt: skip
        scores.append(np.mean(f1))
    low, high = verdict.interval
    assert low < scores[1] - scores[0] < high
    assert verdict.estimator.predict_proba(X)[:, 1].mean() == pytest.approx(0.1, abs=0.03)


def test_the_table_lists_everybody_once(verdict):
    names = [standing.name for standing in verdict.table]
    assert len(set(names)) == len(names)
    assert {"do nothing", "threshold", "balanced weights", "smote", "smote + threshold"} <= set(
        names
    )
    scores = [s.score for s in verdict.table if not s.status]
    assert scores == sorted(scores, reverse=True)
    assert len(verdict.frame()) == len(names)


def test_the_code_repeats_the_winner(verdict):
    X, y = sample()
    scope = {"X": X, "y": y, "X_new": X}
    exec(verdict.code, scope)
    assert (scope["model"].predict(X) == verdict.estimator.predict(X)).all()


def test_same_seed_same_verdict(verdict):
    again = eq.advise(*sample(), **QUICK)
    assert (again.method, again.gain, again.interval) == (
        verdict.method,
        verdict.gain,
        verdict.interval,
    )
    assert again.table == verdict.table


def test_the_number_of_jobs_changes_nothing(verdict):
    again = eq.advise(*sample(), **QUICK, jobs=2)
    assert (again.method, again.gain, again.table) == (verdict.method, verdict.gain, verdict.table)


def test_it_is_json(verdict):
    found = json.loads(verdict.to_json())
    assert found["verdict"] == verdict.method
    assert found["gain"]["mean"] == verdict.gain
    assert found["text"] == str(verdict)


def test_noise_is_nothing():
    """Of labels that have nothing to do with the features, nothing can be learnt: AUC is a coin whatever is done."""
    X, y = law("noise").sample_class((300, 60), np.random.default_rng(1))
    found = eq.advise(X, y, **(QUICK | {"metric": "roc_auc", "partitions": 3}))
    assert found.method == "do nothing"
    assert found.nothing in ("equivalent", "harmful", "cannot be told")
    assert "threshold" not in {s.name for s in found.table}


def test_a_separated_table_is_equivalent():
    found = eq.advise(*sample("separated", (300, 60)), **QUICK)
    assert (found.method, found.nothing) == ("do nothing", "equivalent")
    assert "No treatment makes a difference that matters" in found.text


def test_costs_decide():
    """A missed rare row costs twenty: the winner takes rows for rare that are more probably common."""
    costs = {("rare", "common"): 20.0, ("common", "rare"): 1.0}
    X, y = sample()
    found = eq.advise(X, y, **QUICK, costs=costs)
    assert found.method != "do nothing"
    p = found.estimator.predict_proba(X)[:, 1]
    taken = found.estimator.predict(X) == "rare"
    assert taken[(p > 0.2) & (p < 0.5)].any()


def test_a_prior_of_use_counts():
    """Where the rare class is rarer still, fewer rows are taken for it."""
    X, y = sample()
    here = eq.advise(X, y, **QUICK)
    there = eq.advise(X, y, **QUICK, prior={"rare": 0.01})
    assert (
        there.estimator.predict_proba(X)[:, 1].mean()
        < here.estimator.predict_proba(X)[:, 1].mean() / 2
    )
    assert there.estimator.prior_[1] == pytest.approx(0.01)
    assert (there.estimator.predict(X) == "rare").sum() <= (
        here.estimator.predict(X) == "rare"
    ).sum()


def test_groups_times_and_levels():
    X, y = sample()
    X["who"], X["day"] = np.arange(len(X)) // 4, np.arange(len(X))
    X["sex"] = np.where(X["x"] > 0, "f", "m")
    found = eq.advise(X, y, **QUICK, group="who", by="sex")
    assert {level.level for level in found.by} == {"f", "m"}
    assert sum(level.rows for level in found.by) == len(X)
    assert list(found.asked.X.columns) == ["x", "y", "day", "sex"]
    forward = eq.advise(X.drop(columns=["who", "sex"]), y, **QUICK, time="day")
    assert forward.partitions == 1


def test_a_classifier_of_ones_own():
    found = eq.advise(
        *sample(),
        classifier=LogisticRegression(C=0.1),
        methods=["smote"],
        budget="30s",
        partitions=1,
    )
    assert found.estimator.classifier.C == 0.1
    assert "bagging" not in {s.name for s in found.table}


def test_arrays_are_tables():
    X, y = sample()
    found = eq.advise(X.to_numpy(), y.to_numpy(), **(QUICK | {"partitions": 1}))
    assert found.estimator.predict(X.to_numpy()).shape == (len(y),)


def test_the_budget_is_kept():
    """With XGBoost and everything, 10 % or 5 s over at most, start-up counted; networks are left out for a reason."""
    X, y = sample(counts=(900, 100))
    watcher, began = Watcher(), time.monotonic()
    found = eq.advise(X, y, budget="15s", jobs=2, progress=watcher)
    assert time.monotonic() - began < 20
    gone = {s.name: s.status for s in found.table if s.status}
    assert gone["ctgan"].startswith("no time")
    assert found.partitions >= 1
    assert watcher.views


def test_a_budget_that_suffices_for_nothing_says_what_would():
    X, y = sample(counts=(1800, 200))
    with pytest.raises(OptionError, match="too small for one repeat"):
        eq.advise(X, y, budget=1)


@pytest.mark.truth
def test_large_tables_are_thinned_and_say_so():
    X, y = law("two-gaussians").sample_class((290_000, 10_000), np.random.default_rng(0))
    groups = np.arange(len(y)) % 20  # each a twentieth of the table: thinned, not thrown out
    found = eq.advise(X, y, methods=[], budget="20s", jobs=2, group=groups)
    assert any("of the 300,000 rows" in note for note in found.notes)
    assert found.rows < 300_000
    assert found.estimator is not None


def test_saved_without_pickle(verdict, tmp_path):
    """The page, the numbers, and the winner where its format allows."""
    X, y = sample()
    found = eq.advise(
        X, y, methods=["smote"], budget="30s", partitions=1, metric="balanced_accuracy"
    )
    said = found.save(tmp_path / "advice")
    names = {p.name for p in (tmp_path / "advice").iterdir()}
    assert {"advice.html", "advice.json", "estimator.eqp"} <= names, said
    back = eq.load(tmp_path / "advice" / "estimator.eqp")
    assert (back.predict(X) == found.estimator.predict(X)).all()
    assert np.array_equal(back.predict_proba(X), found.estimator.predict_proba(X))
    if found.estimator.synthetic_rows_:
        table = pd.read_csv(tmp_path / "advice" / "augmented.csv")
        assert (~table["synthetic"]).sum() == len(X)
        assert table["synthetic"].sum() == found.estimator.synthetic_rows_
    lines = verdict.save(tmp_path / "linear")
    assert any("not saved" in line for line in lines)
