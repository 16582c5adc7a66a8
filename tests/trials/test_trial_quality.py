"""The rows that methods make are scored in their trial, and nothing else of the trial depends on it."""

import dataclasses
import signal
import time
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest

from equipoise.cli.results import summary_of
from equipoise.errors import OptionError
from equipoise.fidelity.registry import TRIAL_METRICS
from equipoise.results.store import Store
from equipoise.synthesizers.independent import IndependentColumns
from equipoise.trials.bench import bench, plan
from equipoise.trials.experiment import Cells, Experiment, TableFile
from equipoise.trials.experiment_files import from_dict, load_experiment
from equipoise.trials.isolation import work_alone
from equipoise.trials.job import Job, pack, unpack
from equipoise.trials.limits import Limits
from equipoise.trials.trial import load_table, run_trial


class Empty(IndependentColumns):
    """Makes rows for a plan; where it is asked for rows of all classes, it gives up."""

    def sample(self, n, *, random_state=None):
        if len(n) > 1:
            raise RuntimeError("no rows\ntoday")
        return super().sample(n, random_state=random_state)


class Slow(IndependentColumns):
    """Makes rows for a plan; asked for rows of all classes, it goes on for ever and takes every error for its own."""

    def sample(self, n, *, random_state=None):
        # The end of the running limit is brought forward, so that no test hangs on the speed of the machine.
        if len(n) > 1:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
        while len(n) > 1:
            with suppress(Exception):
                time.sleep(1)
        return super().sample(n, random_state=random_state)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    rng = np.random.default_rng(0)
    y = np.where(rng.random(260) < 0.35, "yes", "no")
    x = np.round(rng.normal(size=260) + (y == "yes"), 3)
    path = tmp_path_factory.mktemp("table") / "own.csv"
    job = rng.choice(["cook", "smith", ""], 260)
    pd.DataFrame({"x": x, "z": x + np.round(rng.normal(size=260), 2), "job": job, "y": y}).to_csv(
        path, index=False
    )
    return TableFile(str(path), "y")


def experiment_of(table, *methods, **more):
    cells = (Cells(("balance",), ("plain",)),)
    return Experiment(
        "own", (), ("identity", *methods), cells, files=(table,), repeats=2, controls=False, **more
    )


def trials_of(experiment):
    (file,) = experiment.files
    return plan(experiment, {file.name: load_table(file.name, file, "")})


@pytest.fixture(scope="module")
def runs(table, tmp_path_factory):
    """The same experiment by one worker and by two."""
    experiment = experiment_of(table, "undersample", "duplicate", "independent")
    place = tmp_path_factory.mktemp("runs")
    return [bench(experiment, run=place / str(jobs), jobs=jobs) for jobs in (1, 2)]


@pytest.fixture(scope="module")
def found(runs):
    return runs[0].quality()


def test_methods_that_make_rows_are_scored_and_references_stand_once_a_repeat(found):
    sources = found.groupby("repeat")["method"].unique().map(sorted)
    names = ["ceiling", "copy", "fresh", "independent", "uniform"]
    wanted = ["duplicate", "independent", *(f"reference:{name}" for name in names)]
    assert sources.tolist() == [wanted, wanted]
    whole = found[(found["label"] == "") & (found["item"] == "")]
    assert not whole.duplicated(["repeat", "method", "metric"]).any()
    of_one = whole[(whole["method"] == "duplicate") & (whole["repeat"] == 0)]
    assert {m.name for m in TRIAL_METRICS} <= set(of_one["metric"])
    assert set(found["label"]) >= {"", "no"}


def test_any_number_of_workers_gives_the_same_scores(runs, found):
    pd.testing.assert_frame_equal(found, runs[1].quality())


def test_copies_ring_and_the_floor_does_not(found):
    alarms = found[(found["metric"] == "copying-alarm") & (found["label"] == "")]
    rung = alarms.groupby("method")["value"].max()
    assert rung["duplicate"] == 1
    assert rung["independent"] == 0


def test_quality_changes_no_other_number(runs, table, tmp_path):
    without = experiment_of(table, "undersample", "duplicate", "independent", quality=False)
    plain = bench(without, run=tmp_path / "run")
    assert plain.quality().empty
    pd.testing.assert_frame_equal(plain.observations(), runs[0].observations())


def test_a_failure_of_scoring_is_a_note_and_the_trial_stands(table):
    word = f"{__name__}:Empty"
    (trial, *_) = [t for t in trials_of(experiment_of(table, word)) if t.method == word]
    record = run_trial(trial)
    assert record.status == "done"
    assert record.observations
    assert not record.quality
    (note,) = [n for n in record.notes if "not scored" in n]
    assert "no rows" in note
    assert "\n" not in note


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the limit cannot be caught here")
def test_a_time_limit_that_strikes_while_rows_are_scored_costs_the_scores_alone(table):
    word = f"{__name__}:Slow"
    (trial, *_) = [t for t in trials_of(experiment_of(table, word)) if t.method == word]
    record = unpack(work_alone(pack(Job.of(run_trial, trial, Limits(seconds=300), ""))))
    assert record.status == "done", record.reason
    assert record.observations
    assert not record.quality
    assert record.notes == ("its rows were not scored: the time limit struck first",)


def test_a_table_too_wide_to_score_is_a_note(table, monkeypatch):
    monkeypatch.setattr("equipoise.trials.quality.MOST_COLUMNS", 2)
    record = run_trial(trials_of(experiment_of(table, "duplicate"))[1])
    assert record.status == "done"
    assert not record.quality
    assert record.notes == ("rows are scored on tables of 2 columns at most, this has 3",)


def test_a_trial_asked_without_quality_and_now_with_it_runs_again(table):
    with_it = trials_of(experiment_of(table))[0]
    without = dataclasses.replace(with_it, quality=False)
    assert with_it.trial_id != without.trial_id


def test_an_experiment_chooses(table):
    content = {"name": "own", "datasets": ["ionosphere"], "methods": ["identity"], "cells": []}
    assert from_dict(content, "own.toml").quality
    assert not from_dict({**content, "quality": False}, "own.toml").quality
    with pytest.raises(OptionError, match=r"own.toml: quality must be true or false, got 'no'"):
        from_dict({**content, "quality": "no"}, "own.toml")
    assert load_experiment("article").quality
    assert not load_experiment("demo").quality


def test_what_was_stored_is_there_to_read_again(runs, found):
    with Store.open(runs[0].folder) as store:
        pd.testing.assert_frame_equal(store.quality(), found)


def test_the_page_of_the_run_says_it(runs):
    summary = summary_of(runs[0].folder)
    assert {row[1] for row in summary["tables"]["copies"]["rows"]} == {"duplicate", "independent"}
    assert [s.split(":")[0] for s in summary["quality"]["alarms"]] == ["duplicate"]
