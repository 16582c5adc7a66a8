"""The rules of a fair trial, each held by a test."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import xgboost

from equipoise import SyntheticOverSampler, balance
from equipoise.datasets.splits import split
from equipoise.errors import DataError, OptionError
from equipoise.registry import METHODS, make
from equipoise.results.store import Store
from equipoise.samplers.strategies import shrink
from equipoise.synthesizers.duplicate import Duplicate
from equipoise.trials import steps
from equipoise.trials import trial as trial_module
from equipoise.trials.bench import _obstacle as obstacle
from equipoise.trials.bench import bench, plan
from equipoise.trials.experiment import Cells, Experiment, TableFile
from equipoise.trials.trial import load_table, run_trial


def rows(n=150, seed=0):
    rng = np.random.default_rng(seed)
    y = np.where(rng.random(n) < 0.3, "yes", "no")
    return pd.DataFrame(
        {
            "mark": np.arange(n) + 0.5,  # names the row: no two have the same
            "x": np.round(rng.normal(size=n) + (y == "yes"), 3),
            "job": rng.choice(["cook", "smith", ""], n),
            "target": y,
        }
    )


@pytest.fixture
def table(tmp_path):
    rows().to_csv(tmp_path / "marked.csv", index=False)
    return TableFile(str(tmp_path / "marked.csv"), "target")


def trials_of(table, methods, plans=("balance",), decisions=("plain",), **more):
    experiment = Experiment(
        "own", (), tuple(dict.fromkeys(("identity", *methods))), (Cells(("none",), decisions, ("identity",)),
        Cells(plans, decisions)), files=(table,), quality=False, **more,
    )  # fmt: skip
    tables = {table.name: load_table(table.name, table, "")}
    return [trial for trial in plan(experiment, tables) if trial.method in methods]


class Spy(Duplicate):
    """Remembers the marks of all rows that any fit has seen."""

    seen: list = []

    def fit(self, X, y, *, kinds=None):
        self.seen.append(set(X["mark"]))
        return super().fit(X, y, kinds=kinds)


class Short(Duplicate):
    """Delivers one row less than it was asked for."""

    def sample(self, n, *, random_state=None):
        X, y = super().sample(n, random_state=random_state)
        return X.iloc[:-1], y[:-1]


SPY, SHORT = f"{__name__}:Spy", f"{__name__}:Short"


@pytest.fixture
def spied(monkeypatch):
    """Give the frames that classifiers were fitted on and asked about, in order."""
    calls = []
    real = steps.make_classifier

    def watched(*args, **kwargs):
        classifier = real(*args, **kwargs)
        fit, predict = classifier.fit, classifier.predict_proba
        classifier.fit = lambda X, y, w=None: calls.append(("fit", X)) or fit(X, y, w)
        classifier.predict_proba = lambda X: calls.append(("predict", X)) or predict(X)
        return classifier

    monkeypatch.setattr(steps, "make_classifier", watched)
    monkeypatch.setattr(steps, "load_class", lambda target: load(target))
    monkeypatch.setattr("equipoise.registry.load_class", lambda target: load(target))
    return calls


def load(target):
    known = {SPY: Spy, SHORT: Short}
    if target in known:
        return known[target]
    import importlib

    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def test_no_fit_has_seen_a_marked_test_row(table, spied):
    Spy.seen = []
    (trial,) = trials_of(table, [SPY], decisions=("plain", "threshold"), repeats=1)
    run_trial(trial)
    y = (rows()["target"] == "yes").to_numpy().astype(int)
    test = set(split("marked", y, 0).test + 0.5)
    fitted = Spy.seen + [set(X["mark"]) for what, X in spied if what == "fit"]
    assert len(Spy.seen) == 6  # once, and in five inner folds
    assert all(not test & marks for marks in fitted)
    assert any(test & set(X["mark"]) for what, X in spied if what == "predict")


def test_what_columns_are_is_learnt_from_training_rows(table, monkeypatch):
    seen, real = [], trial_module.Schema.infer.__func__

    def watched(cls, frame, *args, **kwargs):
        seen.append(set(frame["mark"]))
        return real(cls, frame, *args, **kwargs)

    (trial,) = trials_of(table, ["smote"], repeats=1)
    monkeypatch.setattr(trial_module.Schema, "infer", classmethod(watched))
    run_trial(trial)
    y = (rows()["target"] == "yes").to_numpy().astype(int)
    test = set(split("marked", y, 0).test + 0.5)
    assert seen
    assert all(not test & marks for marks in seen)


def test_stored_out_of_fold_rows_are_training_rows_and_never_test_rows(table):
    (trial,) = trials_of(table, ["identity"], decisions=("threshold",), controls=False, repeats=1)
    parts = {p.part: set(p.rows.tolist()) for p in run_trial(trial).predictions if len(p.rows)}
    assert parts["oof"].isdisjoint(parts["test"])
    assert parts["oof"] | parts["test"] == set(range(150))


def test_the_smallest_table_that_can_be_split_runs_with_every_opponent(tmp_path):
    frame = rows(60)
    frame = frame.groupby("target").head(10)
    frame.to_csv(tmp_path / "small.csv", index=False)
    file = TableFile(str(tmp_path / "small.csv"), "target")
    decisions = ("plain", "balanced", "threshold", "best-simple")
    for trial in trials_of(file, ["identity", "tvae"], decisions=decisions, repeats=1):
        if trial.method == "identity":
            found = {o.decision for o in run_trial(trial).observations}
    assert {"best-simple", "best-simple:split", "threshold:split"} <= found


def test_thresholds_are_tuned_on_rows_that_their_model_has_not_seen(table, spied):
    Spy.seen = []
    (trial,) = trials_of(table, [SPY], decisions=("threshold",), repeats=1)
    run_trial(trial)
    pairs = list(zip(spied, spied[1:], strict=False))
    inner = [(a[1], b[1]) for a, b in pairs if a[0] == "fit" and b[0] == "predict"][:5]
    assert len(inner) == 5
    for fitted, predicted in inner:
        assert not set(fitted["mark"]) & set(predicted["mark"])


def test_train_scores_are_on_the_real_training_rows_whatever_the_method(table, spied):
    for trial in trials_of(table, ["identity", "smote"], controls=False, repeats=1):
        spied.clear()
        run_trial(trial)
        fitted, train, test = (X for _, X in spied)
        assert len(train) == 120
        assert set(train["mark"]).isdisjoint(test["mark"])
        assert len(fitted) >= len(train)
        pd.testing.assert_frame_equal(fitted.iloc[:120], train)


def test_test_rows_meet_the_classifier_as_they_are(table, spied):
    (trial,) = trials_of(table, ["smote"], repeats=1)
    run_trial(trial)
    test = spied[-1][1].set_index("mark")
    raw = rows().set_index("mark").loc[test.index]
    np.testing.assert_array_equal(test["x"], raw["x"])
    assert (test["job"].isna() == (raw["job"] == "")).all()
    assert test["job"].isna().any()


def test_rows_that_are_not_what_was_asked_for_are_refused(table, spied):
    (trial,) = trials_of(table, [SHORT], repeats=1)
    with pytest.raises(DataError, match="was asked for"):
        run_trial(trial)


def test_requested_and_delivered_rows_are_recorded_for_every_class(table):
    (trial,) = trials_of(table, ["smote"], plans=("grow:0.5",), repeats=1)
    record = run_trial(trial)
    counts = rows()["target"].value_counts()
    assert {d.label for d in record.deliveries} == {"no", "yes"}
    for delivery in record.deliveries:
        assert delivery.requested == delivery.delivered
        assert abs(delivery.requested - 0.5 * 0.8 * counts[delivery.label]) <= 1.5


def test_the_sampler_gives_the_rows_that_were_tried(table, spied):
    (trial,) = trials_of(table, ["cart"], repeats=1)
    run_trial(trial)
    tried = spied[0][1]
    dataset = load_table(table.name, table, "")
    y = (dataset.y == "yes").to_numpy().astype(int)
    train = split("marked", y, 0).train
    fit_seed, sample_seed = (
        steps.seed_for(0, "marked", 0, *names) for names in (("fit",), ("sample",))
    )
    sampler = SyntheticOverSampler(
        make("cart", random_state=fit_seed), sampling_strategy=balance(), random_state=sample_seed
    )
    X, _ = sampler.fit_resample(dataset.X.iloc[train].reset_index(drop=True), y[train])
    pd.testing.assert_frame_equal(X, tried)


def test_doing_nothing_is_plain_xgboost_bit_by_bit(table):
    (trial,) = trials_of(table, ["identity"], controls=False, repeats=1)
    record = run_trial(trial)
    dataset = load_table(table.name, table, "")
    y = (dataset.y == "yes").to_numpy().astype(int)
    part = split("marked", y, 0)
    X = dataset.X.assign(job=dataset.X["job"].astype("category"))
    seed = steps.seed_for(0, "marked", 0, "classifier")
    model = xgboost.XGBClassifier(enable_categorical=True, n_jobs=1, random_state=seed)
    model.fit(X.iloc[part.train], y[part.train])
    expected = model.predict_proba(X.iloc[part.test])
    np.testing.assert_array_equal(record.predictions[0].probabilities, expected)


def test_the_opponents_run_beside_doing_nothing(table):
    decisions = ("plain", "balanced", "ladder", "threshold", "best-simple", "corrected")
    (trial,) = trials_of(table, ["identity"], decisions=decisions, repeats=1)
    record = run_trial(trial)
    found = {(o.decision, o.classifier) for o in record.observations}
    assert {(decision, "xgboost") for decision in decisions[:-1]} <= found
    assert ("ladder+corrected", "xgboost") in found
    assert {("plain", "xgboost-bagging"), ("plain", "xgboost-regularised")} <= found
    assert ("balanced+corrected", "xgboost") in found
    assert ("plain+corrected", "xgboost") not in found  # nothing was moved
    assert any(note.startswith("best-simple is ") for note in record.notes)


def test_weights_move_the_probabilities_and_the_correction_moves_them_back(table):
    (trial,) = trials_of(
        table, ["identity"], decisions=("plain", "balanced", "corrected"), repeats=1
    )
    record = run_trial(trial)
    mean = {
        p.decision: p.probabilities[:, 1].mean()
        for p in record.predictions
        if p.classifier == "xgboost"
    }
    assert mean["plain"] < mean["balanced"]
    assert mean["balanced+corrected"] < mean["balanced"]


def test_an_ensemble_on_balanced_samples_is_corrected_from_even_shares(table):
    name = "xgboost-easy-ensemble"
    (trial,) = trials_of(
        table,
        ["identity"],
        decisions=("plain", "balanced", "best-simple", "threshold", "corrected"),
        classifiers=(name,),
        repeats=1,
    )
    stored = {
        p.decision: p.probabilities[:, 1] for p in run_trial(trial).predictions if p.part == "test"
    }
    assert set(stored) == {"plain", "threshold", "plain+corrected"}  # it takes no weights
    y = (rows()["target"] == "yes").to_numpy().astype(int)
    share = y[split("marked", y, 0).train].mean()
    odds = stored["plain"] / (1 - stored["plain"]) * share / (1 - share)
    np.testing.assert_allclose(stored["plain+corrected"], odds / (1 + odds), rtol=1e-4)


def test_five_repeats_test_every_row_once_and_all_methods_meet_the_same_folds(table):
    tested = {}
    for trial in trials_of(table, ["identity", "duplicate"], controls=False):
        record = run_trial(trial)
        tested.setdefault(trial.method, []).append(tuple(sorted(record.predictions[0].rows)))
    assert tested["identity"] == tested["duplicate"]
    assert sorted(sum(tested["identity"], ())) == list(range(150))


def test_any_number_of_workers_gives_the_same_rows(table, tmp_path):
    experiment = Experiment(
        "own", (), ("identity", "smote", "cart"),
        (Cells(("balance",), ("plain", "threshold")),
         Cells(("none",), ("plain", "best-simple"), ("identity",))),
        files=(table,), repeats=2, quality=False,
    )  # fmt: skip
    frames = []
    for jobs in (1, 2):
        run = bench(experiment, run=tmp_path / f"jobs{jobs}", jobs=jobs)
        with Store.open(run.folder) as store:
            frames.append((store.observations(), store.deliveries()))
    for one, two in zip(*frames, strict=True):
        pd.testing.assert_frame_equal(one, two)
    assert len(frames[0][0]) > 500


def test_a_table_that_has_changed_since_the_run_began_is_refused(table):
    (trial,) = trials_of(table, ["identity"], controls=False, repeats=1)
    with pytest.raises(DataError, match="has changed"):
        run_trial(dataclasses.replace(trial, content_hash="another"))


def test_a_table_that_cannot_be_had_is_skipped_with_the_reason(tmp_path, monkeypatch):
    def nothing(name, file, data_dir):
        if name == "thomas":
            raise DataError("thomas cannot be had")
        return load_table(name, file, data_dir)

    monkeypatch.setattr("equipoise.trials.bench.load_table", nothing)
    experiment = Experiment(
        "two", ("thomas", "ionosphere"), ("identity",),
        (Cells(("none",), ("plain",), ("identity",)),), repeats=1, controls=False, quality=False,
    )  # fmt: skip
    run = bench(experiment, run=tmp_path / "run")
    trials = run.trials().set_index("dataset")
    assert trials.loc["thomas", "status"] == "skipped"
    assert trials.loc["thomas", "reason"] == "thomas cannot be had"
    assert trials.loc["ionosphere", "status"] == "done"


def test_a_table_above_the_size_limit_of_a_method_is_skipped_with_the_reason(tmp_path):
    limit = METHODS["great"].max_rows
    for name, n in (("large", limit + 1), ("small", limit)):
        rows(n).to_csv(tmp_path / f"{name}.csv", index=False)
    large, small = (
        TableFile(str(tmp_path / f"{name}.csv"), "target") for name in ("large", "small")
    )
    experiment = Experiment(
        "sizes", (), ("identity", "great"), (Cells(("none",), ("plain",), ("identity",)),
        Cells(("balance",), ("plain",))), files=(large,), repeats=1, controls=False, quality=False,
    )  # fmt: skip
    run = bench(experiment, run=tmp_path / "run")
    trials = run.trials().set_index("method")
    assert trials.loc["identity", "status"] == "done"
    assert trials.loc["great", "status"] == "skipped"
    assert trials.loc["great", "reason"] == (
        "great is tried on tables of 1,000 rows at most, large has 1,001"
    )
    assert "rows at most" not in obstacle(METHODS["great"], load_table("small", small, ""))


def test_probabilities_of_a_random_label_are_worth_nothing(tmp_path):
    frame = rows(600, seed=1)
    frame["target"] = np.random.default_rng(2).permutation(frame["target"])
    frame.to_csv(tmp_path / "noise.csv", index=False)
    file = TableFile(str(tmp_path / "noise.csv"), "target")
    aucs = []
    for trial in trials_of(file, ["smote"]):
        aucs += [
            o.value
            for o in run_trial(trial).observations
            if o.metric == "macro_roc_auc" and o.part == "test" and o.decision == "plain"
        ]
    # five folds of 120 rows at 30 %: the mean AUC of guessing has a standard error of 0.026
    assert abs(np.mean(aucs) - 0.5) < 3 * 0.026


def test_on_a_known_law_the_oracle_brings_fresh_rows_and_helps():
    experiment = Experiment(
        "law", ("law:two-gaussians", "ionosphere"), ("identity", "oracle"),
        (Cells(("balance",), ("plain",)), Cells(("none",), ("plain",), ("identity",))),
        repeats=1, controls=False, quality=False,
    )  # fmt: skip
    tables = {name: load_table(name, None, "") for name in experiment.datasets}
    trials = plan(experiment, tables)
    assert [t.dataset for t in trials if t.method == "oracle"] == ["law:two-gaussians"]
    recall = {}
    for trial in trials[:2]:
        record = run_trial(trial)
        (recall[trial.method],) = (
            o.value
            for o in record.observations
            if (o.metric, o.part, o.decision) == ("balanced_accuracy", "test", "plain")
        )
    assert recall["oracle"] > recall["identity"]


def test_a_table_that_cannot_be_had_again_keeps_what_was_done(tmp_path, monkeypatch):
    experiment = Experiment(
        "two", ("ionosphere", "law:noise"), ("identity",), (Cells(("none",), ("plain",)),),
        repeats=1, controls=False, quality=False,
    )  # fmt: skip
    before = bench(experiment, run=tmp_path / "run").observations()

    def nothing(name, file, data_dir):
        if name == "ionosphere":
            raise DataError("ionosphere cannot be had")
        return load_table(name, file, data_dir)

    monkeypatch.setattr("equipoise.trials.bench.load_table", nothing)
    again = bench(experiment, run=tmp_path / "run")
    assert (again.trials()["status"] == "done").all()
    pd.testing.assert_frame_equal(again.observations(), before)


def test_a_file_that_changed_between_two_runs_of_one_process_is_read_again(table, tmp_path):
    experiment = Experiment(
        "own", (), ("identity",), (Cells(("none",), ("plain",)),), files=(table,), repeats=1,
        controls=False, quality=False,
    )  # fmt: skip
    bench(experiment, run=tmp_path / "one")
    rows(140, seed=5).to_csv(table.path, index=False)
    assert bench(experiment, run=tmp_path / "two").summary.done == 1


def test_classes_too_small_to_score_do_not_set_the_aim_of_under_sampling():
    y = np.repeat([0, 1, 2], [50, 20, 1])
    assert shrink(y, np.array([True, True, False])) == {0: 20}


def test_parameters_reach_the_method_and_stand_in_the_notes(table, spied):
    (trial,) = trials_of(
        table, ["cart"], repeats=1, parameters=(("cart", (("min_leaf", 40), ("n_trees", 1))),)
    )
    coarse, usual = run_trial(trial), run_trial(dataclasses.replace(trial, parameters=()))
    assert "run with min_leaf = 40, n_trees = 1" in coarse.notes
    assert not (coarse.predictions[0].probabilities == usual.predictions[0].probabilities).all()


def test_a_parameter_that_a_method_does_not_have_is_refused(table):
    with pytest.raises(OptionError, match="'leaf'.*min_leaf"):
        trials_of(table, ["cart"], parameters=(("cart", (("leaf", 3),)),))
