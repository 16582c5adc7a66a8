"""Tables and options that are awkward, and what must not be lost by them."""

from concurrent.futures import BrokenExecutor, Executor, Future

import numpy as np
import pandas as pd
import pytest
from planted_contest import NOTHING, SMOTE, contest

import equipoise as eq
from equipoise.advice.advise import answer
from equipoise.advice.budget import Clock
from equipoise.advice.candidates import Candidate, Model
from equipoise.advice.question import question
from equipoise.advice.saving import augmented_table
from equipoise.advice.words import what_to_do
from equipoise.errors import DataError, OptionError

LINEAR = "sklearn.linear_model:LogisticRegression"


class Inline(Executor):
    """Runs a call where it is submitted."""

    def submit(self, fn, *args, **kwargs):
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def table(n=240, seed=0):
    rng = np.random.default_rng(seed)
    y = pd.Series(np.where(rng.random(n) < 0.25, "yes", "no"), name="y")
    X = pd.DataFrame({"a": rng.normal(1.2 * (y == "yes")), "b": rng.normal(size=n)})
    return X, y


def run(X, y, **more):
    given = {"classifier": LINEAR, "methods": ["smote"], "partitions": 1, "budget": 60} | more
    return answer(question(X, y, **given), Clock(60), None, Inline())


def test_a_slow_candidate_does_not_cost_the_contest():
    """It is ended when the others need the time, and the verdict is that of the others."""
    X, y = table()
    methods = ["smote", "slow_maker:Slow"]
    found = eq.advise(X, y, classifier=LINEAR, methods=methods, budget="20s", partitions=1)
    gone = {s.name: s.status for s in found.table if s.status}
    assert gone["slow_maker:Slow"].startswith("no time: a fold takes more than")
    assert found.partitions == 1


def test_few_groups_leave_no_score_undefined():
    X, y = table()
    found = run(X, y, metric="worst_f1", group=np.arange(len(y)) % 5)
    assert np.isfinite([found.gain, *found.interval]).all()
    assert found.to_json()


def test_the_code_repeats_the_winner_without_the_columns_that_are_no_features():
    X, y = table()
    X["who"] = np.arange(len(X)) // 2
    found = run(X, y, group="who", by="who", classifier=LINEAR)
    scope = {"X": X, "y": y}
    exec(found.code, scope)
    expected = found.estimator.predict(X.drop(columns="who"))
    assert (scope["model"].predict(scope["X"]) == expected).all()
    assert len(found.by) == 5  # numbers are cut into ranges


def test_the_code_imports_a_classifier_of_ones_own():
    from sklearn.linear_model import LogisticRegression

    X, y = table()
    found = run(X, y, classifier=LogisticRegression(C=0.1), costs={("yes", "no"): 5})
    scope = {"X": X, "y": y}
    exec(found.code, scope)
    assert (scope["model"].predict(X) == found.estimator.predict(X)).all()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda X, y: (X, (y == "yes") + 0.5), "quantity"),
        (lambda X, y: (X.set_axis([0, "b"], axis=1), y), "named by texts"),
        (lambda X, y: (pd.concat([X, X], axis=1), y), "same name"),
        (lambda X, y: (X.assign(c=[[1]] * len(X)), y), "'c'"),
    ],
    ids=["decimals", "names", "twice", "lists"],
)
def test_what_a_fit_would_refuse_is_refused_before_the_race(change, word):
    with pytest.raises(DataError, match=word):
        question(*change(*table()))


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"prior": 0.2}, "dict"), ({"prior": {"yes": "x"}}, "number"), ({"metric": "precision@²"}, "whole number"),
        ({"metric": "costs"}, "give costs"), ({"methods": [eq.Smote()]}, "by name"), ({"costs": 3}, "dict"),
    ],
)  # fmt: skip
def test_wrong_types_end_in_one_sentence(given, word):
    with pytest.raises(OptionError, match=word):
        question(*table(), **given)


def test_a_lone_method_is_a_list_of_one():
    assert question(*table(), methods="smote").methods == ("smote",)


def test_costs_may_be_a_frame_and_benefits():
    X, y = table()
    frame = pd.DataFrame([[-1, 0], [0, -20]], index=["no", "yes"], columns=["no", "yes"])
    found = run(X, y, costs=frame)
    assert found.asked.rope > 0
    assert found.to_json()


def test_float_labels_are_named_as_whole_numbers():
    X, y = table()
    labels = (y == "yes").astype(float)
    labels[3] = np.nan
    found = run(X, labels, prior={1: 0.1}, costs={(1, 0): 5})
    assert found.estimator.prior_.tolist() == pytest.approx([0.9, 0.1])


def test_a_classifier_that_kills_its_process_is_said():
    class Dying(Executor):
        def submit(self, fn, job):
            future = Future()
            future.set_exception(BrokenExecutor("gone"))
            return future

    made = contest({"do nothing": 1.0}, [NOTHING, SMOTE])
    made.executor = Dying()
    with pytest.raises(DataError, match="ended its process"):
        made.run()


def test_summer_time_is_a_time():
    X, y = table()
    zone = ["+01:00"] * 120 + ["+02:00"] * 120
    days = pd.date_range("2024-03-01", periods=240, freq="6h").strftime("%Y-%m-%dT%H:%M:%S")
    asked = question(X.assign(t=[d + z for d, z in zip(days, zone, strict=True)]), y, time="t")
    assert (np.diff(asked.times.astype("int64")) >= 0).mean() > 0.99


def test_an_unnamed_target_does_not_cost_a_feature(monkeypatch):
    X, y = table()
    X = X.rename(columns={"a": "target", "b": "synthetic"})
    found = run(X, y.rename(None))
    model = eq.AugmentedClassifier("smote", classifier=LINEAR, random_state=0).fit(X, y)
    object.__setattr__(found, "estimator", model)
    made = augmented_table(found)
    assert list(made.columns) == ["target", "synthetic", "target_", "synthetic_"]
    assert made[["target", "synthetic"]].iloc[: len(X)].equals(X)
    assert made["synthetic_"].sum() == model.synthetic_rows_


def test_nothing_of_an_older_verdict_stays(tmp_path):
    (tmp_path / "augmented.csv").write_text("old")
    (tmp_path / "estimator.eqp").write_text("old")
    found = run(*table())
    object.__setattr__(found, "estimator", None)
    found.save(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"advice.html", "advice.json"}


def test_a_group_may_be_declared_categorical():
    X, y = table()
    asked = question(
        X.assign(who=np.arange(len(X)) // 2), y, group="who", kinds={"who": "categorical"}
    )
    assert asked.kinds == {}


def test_a_prior_counts_on_the_rows_that_are_tested():
    """Half of the first sixth are positives, which are never tested; the later ones count as at the prior."""
    n = 600
    y = pd.Series(
        np.where(np.arange(n) < 100, np.arange(n) % 2, np.arange(n) % 20 == 0).astype(int)
    )
    X = pd.DataFrame({"a": np.random.default_rng(0).normal(y), "t": np.arange(n)})
    asked = question(X, y, time="t", prior={1: 0.05})
    tested = np.arange(n) >= 100
    weights = asked.scale.class_weights(asked.codes[tested])
    share = (weights[1] * (y[tested] == 1).sum()) / weights[asked.codes[tested]].sum()
    assert share == pytest.approx(0.05, abs=1e-6)


def test_an_instruction_names_the_treatment_not_the_classifier():
    preset = Model("smote", "smote", "balance", "", "xgboost-regularised", True)
    assert what_to_do(Candidate(preset)) == "add rows made by smote (plan balance)"
    assert not Candidate(preset).is_simple


def test_ctrl_c_while_the_winner_is_fitted_leaves_the_verdict(monkeypatch):
    from equipoise.advice import advise

    def interrupt(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(advise, "_deliver", interrupt)
    found = run(*table())
    assert found.partial
    assert found.estimator is None
    assert found.text
