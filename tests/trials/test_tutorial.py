"""The tutorial run again: its split, its preparation and its rows, on small tables."""

import dataclasses
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from equipoise.analysis.tutorial import confusions, errors
from equipoise.cli.results import summary_of
from equipoise.errors import OptionError
from equipoise.registry import method, missing_extra
from equipoise.results.store import Store
from equipoise.trials import tutorial
from equipoise.trials.bench import bench, plan
from equipoise.trials.experiment import Cell, TableFile, Trial
from equipoise.trials.experiment_files import from_dict, load_experiment
from equipoise.trials.protocols import PROTOCOLS
from equipoise.trials.trial import load_table, run_trial
from equipoise.trials.tutorial import SPREAD, Preparation, tutorial_split, with_missing_level

needs_torch = pytest.mark.skipif(bool(missing_extra(method("basic-vae"))), reason="needs torch")
QUICK = {"epochs": 2}


def frame(n=400, seed=0):
    rng = np.random.default_rng(seed)
    rich = rng.random(n) < 0.25
    return pd.DataFrame(
        {
            "age": rng.integers(18, 80, n) + 5 * rich,
            "hours": np.round(rng.normal(40, 9, n), 1),
            "job": np.where(rng.random(n) < 0.1, "", rng.choice(["cook", "smith", "clerk"], n)),
            "sex": rng.choice(["Female", "Male"], n),
            "income": np.where(rich, ">50K", "<=50K"),
        }
    )


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "small.csv"
    frame().to_csv(path, index=False)
    return TableFile(str(path), "income")


def experiment_of(table, *methods, repeats=1, variants=None):
    content = {
        "name": "small", "title": "A tutorial", "protocol": "tutorial", "datasets": ["adult"], "repeats": repeats,
        "methods": ["identity", *methods], "classifiers": ["random-forest"],
        "controls": False, "quality": False, "variants": variants or {},
        "parameters": {"basic-vae": QUICK} if "basic-vae" in methods else {},
        "cells": [
            {"methods": ["identity"], "decisions": ["plain", "balanced", "threshold"]},
            {"plans": ["balance"]},
        ],
    }  # fmt: skip
    asked = from_dict(content, "small.toml")
    return dataclasses.replace(asked, datasets=(), files=(table,))


def trials_of(experiment):
    (file,) = experiment.files
    loaded = load_table(file.name, file, "")
    return {t.method: t for t in plan(experiment, {file.name: loaded}) if t.repeat == 0}


@pytest.fixture(scope="module")
def records(table):
    """One record for each method that needs no torch."""
    found = trials_of(experiment_of(table, "duplicate", "undersample"))
    return {name: run_trial(trial) for name, trial in found.items()}


def test_the_split_is_the_published_one_and_repeats_are_the_next_seeds():
    for repeat in (0, 3):
        train, test = train_test_split(np.arange(32_561), test_size=0.2, random_state=42 + repeat)
        found = tutorial_split(32_561, repeat)
        assert len(found.train) == 26_048
        np.testing.assert_array_equal(found.train, train)
        assert set(found.test) == set(test)


def test_no_row_is_dropped_and_scaling_and_one_hots_are_those_of_all_rows():
    X = frame().drop(columns="income")
    X["job"] = X["job"].replace("", None)
    filled = with_missing_level(X)
    assert filled["job"].isna().sum() == 0
    assert (filled["job"] == "?").sum() == X["job"].isna().sum() > 0
    found = Preparation.of(filled, {}).encode(filled)
    numbers = StandardScaler().fit_transform(filled[["age", "hours"]])
    ones = OneHotEncoder(sparse_output=False).fit_transform(filled[["job", "sex"]])
    np.testing.assert_allclose(found, np.hstack([numbers, ones]), atol=1e-5)


def test_untreated_rows_meet_the_published_forest(table, records):
    loaded = load_table("small", table, "")
    X, y = with_missing_level(loaded.X), (loaded.y == ">50K").to_numpy().astype(int)
    x = Preparation.of(X, dict(loaded.kinds)).encode(X)
    part = tutorial_split(len(y), 0)
    forest = RandomForestClassifier(n_estimators=100, random_state=42).fit(
        x[part.train], y[part.train]
    )
    by_hand = forest.score(x[part.test], y[part.test])
    scores = {
        o.decision: o.value
        for o in records["identity"].observations
        if (o.part, o.metric) == ("test", "accuracy")
    }
    assert scores["plain"] == by_hand
    assert set(scores) == {"plain", "balanced", "threshold"}


def test_every_trial_declares_what_it_breaks(table, records):
    for record in records.values():
        assert record.notes[0] == PROTOCOLS["tutorial"]
    assert "rule 1" in experiment_of(table).as_dict()["declares"]
    assert load_experiment("demo").as_dict()["declares"] == ""


def test_rows_are_added_or_dropped_until_classes_are_equal(records):
    train = np.bincount(frame()["income"].eq(">50K").to_numpy()[tutorial_split(400, 0).train])
    added, *others = records["duplicate"].deliveries
    assert not others
    assert (added.label, added.requested, added.delivered) == (">50K", *[train[0] - train[1]] * 2)
    assert {d.delivered for d in records["undersample"].deliveries} == {train[1]}


def test_the_spread_of_what_was_made_is_kept_and_of_copies_it_is_that_of_the_class(records):
    spread = {
        (q.source, q.label): q.value
        for r in records.values()
        for q in r.quality
        if q.metric == SPREAD
    }
    assert set(spread) == {
        ("reference:training", "<=50K"), ("reference:training", ">50K"), ("duplicate", ">50K"),
    }  # fmt: skip
    assert spread["duplicate", ">50K"] == pytest.approx(
        spread["reference:training", ">50K"], rel=0.05
    )


@needs_torch
def test_the_published_treatment_adds_exactly_the_rows_that_balance_as_fractions(table):
    trial = trials_of(experiment_of(table, "basic-vae"))["basic-vae"]
    run = tutorial.tutorial_run(trial, load_table("small", table, ""))
    outcome = run.run()
    grown, n = run.grown("balance"), len(run.train.y)
    np.testing.assert_array_equal(grown.x[:n], run.x_train)
    assert np.bincount(grown.y)[0] == np.bincount(grown.y)[1] == np.bincount(run.train.y)[0]
    made = grown.x[n:, 2:]  # after the two numbers
    assert ((made > 0) & (made < 1)).all()
    (delivery,) = outcome.deliveries
    assert (delivery.label, delivery.delivered) == (">50K", len(made))
    assert outcome.history["loss"]
    (spread,) = outcome.quality
    assert 0 < spread.value < 0.2


@needs_torch
def test_a_repair_that_decodes_adds_whole_rows(table):
    variants = {"basic-vae:argmax": {"method": "basic-vae", "decode": "argmax"}}
    asked = experiment_of(table, "basic-vae", "basic-vae:argmax", variants=variants)
    trial = trials_of(asked)["basic-vae:argmax"]
    assert dict(trial.parameters) == {"decode": "argmax", **QUICK}
    run = tutorial.tutorial_run(trial, load_table("small", table, ""))
    run.run()
    made = run.grown("balance").x[len(run.train.y) :, 2:]
    assert set(np.unique(made)) == {0.0, 1.0}


@needs_torch
def test_fractions_are_brought_to_the_columns_and_the_scale_of_all_rows():
    from equipoise.synthesizers.basic_vae import BasicVAE

    X = with_missing_level(frame().drop(columns="income").replace("", None))
    rare = X.assign(job=np.where(np.arange(400) == 0, "judge", X["job"]))
    whole = Preparation.of(rare, {})
    train = rare.iloc[1:]  # has no judge, and other means
    model = BasicVAE(epochs=1, random_state=0).fit(train, np.arange(399) % 2)
    placed = whole.placed(model.encode(train), model.rows_)
    np.testing.assert_allclose(placed, whole.encode(train), atol=1e-5)


def test_a_share_of_the_minority_is_fitted_on_and_all_rows_are_trained_on(table):
    variants = {"smote:half": {"method": "smote", "minority_share": 0.5}}
    trial = trials_of(experiment_of(table, "smote:half", variants=variants))["smote:half"]
    run = tutorial.tutorial_run(trial, load_table("small", table, ""))
    run.run()
    counts = np.bincount(run.train.y)
    assert run.fitted.class_counts_.tolist() == [counts[0], int(counts[1] / 2 + 0.5)]
    assert len(run.grown("balance").y) == 2 * counts[0]
    assert any("0.5 of the minority" in note for note in run.outcome.notes)


def test_untreated_trials_need_no_torch(table):
    trial = trials_of(experiment_of(table))["identity"]
    program = (
        "import sys; from equipoise.trials.trial import run_trial; "
        "from equipoise.trials.experiment import Cell, TableFile, Trial; "
        f"run_trial({trial!r}); assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_run_goes_on_where_it_stopped_and_its_tables_can_be_analysed(table, tmp_path):
    experiment = experiment_of(table, "duplicate")
    first = bench(experiment, run=tmp_path / "run")
    assert (first.summary.done, first.summary.kept) == (2, 0)
    more = bench(dataclasses.replace(experiment, repeats=2), run=tmp_path / "run")
    assert (more.summary.done, more.summary.kept) == (2, 2)
    found = errors(more.observations())
    assert set(found["label"]) == {"", ">50K", "<=50K"}
    with Store.open(more.folder) as store:
        tables = confusions(store.predictions(), ["<=50K", ">50K"])
    untreated = tables[(tables["method"] == "identity") & (tables["decision"] == "plain")]
    assert untreated["rows"].sum() == 80
    summary = summary_of(more.folder)
    assert summary["quality"] is None
    assert summary["title"] == "A tutorial"
    assert summary["asked"][-1] == PROTOCOLS["tutorial"]
    assert not any("five-fold" in sentence for sentence in summary["asked"])
    assert any("rule 1" in str(row) for row in summary["notes"])


def test_ids_of_fair_trials_are_what_they_were_before_there_were_protocols():
    trial = Trial("t", 0, "smote", (Cell("balance", "plain", "xgboost"),), "hash", "1.1")
    assert trial.trial_id == "fcd8056875889bc083487acf"
    assert dataclasses.replace(trial, quality=True).trial_id == "59db548aaa19c05edc3d3b34"
    others = [{"protocol": "tutorial"}, {"variant_of": "smote"}, {"minority_share": 0.5}]
    assert len({dataclasses.replace(trial, **o).trial_id for o in [{}, *others]}) == 4


def test_the_packaged_experiment_has_the_treatments_that_the_claims_name():
    experiment = load_experiment("tutorial")
    named = {"identity", "basic-vae", "basic-vae:balanced-batches", "cvae", "cvae:half"}
    assert named <= set(experiment.methods)
    assert (experiment.repeats, experiment.protocol) == (10, "tutorial")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"protocol": "unfair"}, "'unfair'; the protocols are fair, tutorial"),
        ({"protocol": "tutorial"}, "random-forest alone, got xgboost"),
        ({"variants": 3}, "must be tables"),
        ({"variants": {"smote:x": {}}}, "does not say its method"),
        ({"variants": {"x": {"method": "smote"}}}, "must be named smote:WORD"),
        ({"variants": {"identity:x": {"method": "identity"}}}, "nothing to vary"),
        ({"variants": {"smote:x": {"method": "smote", "minority_share": 0}}}, "minority_share"),
        ({"variants": {"smot:x": {"method": "smot"}}}, "there is no method 'smot'"),
    ],
)
def test_a_wrong_protocol_or_variant_is_refused(change, said):
    content = {"name": "x", "datasets": ["adult"], "methods": ["identity"], "cells": []}
    with pytest.raises(OptionError, match=said):
        from_dict({**content, **change}, "x.toml")
