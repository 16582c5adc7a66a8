"""Experiments are data: read from TOML, checked, and turned into cells and trials."""

import dataclasses

import pytest

from equipoise import OptionError
from equipoise.registry import METHODS
from equipoise.trials.experiment import Cell, Cells, Experiment, TableFile, Trial, cells_of
from equipoise.trials.experiment_files import (
    experiment_names,
    load_experiment,
    own_tables,
    with_parameters,
)

SMALL = Experiment(
    "small", ("ionosphere",), ("identity", "smote"), (Cells(("balance",), ("plain",)),)
)


@pytest.mark.parametrize("name", experiment_names())
def test_every_packaged_experiment_reads_and_has_work_for_every_method(name):
    experiment = load_experiment(name)
    assert experiment.name == name
    assert all(cells_of(experiment, method) for method in experiment.methods)


def test_a_pair_that_makes_no_sense_is_not_scheduled():
    cells = (Cells(("none", "balance", "grow:0.5"), ("plain", "best-simple")),)
    experiment = dataclasses.replace(
        SMALL, methods=("identity", "undersample", "smote"), cells=cells
    )
    assert {cell.plan for cell in cells_of(experiment, "undersample")} == {"balance"}
    assert {cell.plan for cell in cells_of(experiment, "smote")} == {"balance", "grow:0.5"}
    assert {cell.decision for cell in cells_of(experiment, "smote")} == {"plain"}


def test_controls_run_beside_identity():
    experiment = own_tables([TableFile("t.csv", "y")])
    classifiers = {cell.classifier for cell in cells_of(experiment, "identity")}
    assert classifiers == {"xgboost", "xgboost-bagging", "xgboost-regularised"}


def test_the_opponent_of_a_costly_method_is_tuned_on_one_split_too():
    experiment = own_tables([TableFile("t.csv", "y")], methods=["identity", "smote", "tvae"])
    decisions = {
        name: {cell.decision for cell in cells_of(experiment, name)} for name in experiment.methods
    }
    assert {"threshold", "threshold:split"} <= decisions["identity"]
    assert {"best-simple", "best-simple:split"} <= decisions["identity"]
    assert "threshold:split" in decisions["tvae"]
    assert "threshold" not in decisions["tvae"]
    assert "threshold" in decisions["smote"]
    without = own_tables([TableFile("t.csv", "y")], methods=["identity", "smote"])
    assert not any(":" in cell.decision for cell in cells_of(without, "identity"))


def test_a_trial_id_hashes_what_the_numbers_depend_on_and_nothing_else():
    trial = Trial("t", 0, "smote", (Cell("balance", "plain", "xgboost"),), "hash", "1.1")
    same = [dataclasses.replace(trial, data_dir="/elsewhere", code_version="1.2")]
    other = [
        dataclasses.replace(trial, repeat=1),
        dataclasses.replace(trial, seed=1),
        dataclasses.replace(trial, content_hash="other"),
        dataclasses.replace(trial, cells=()),
        dataclasses.replace(trial, parameters=(("k_neighbors", 3),)),
    ]
    assert {t.trial_id for t in same} == {trial.trial_id}
    assert len({t.trial_id for t in [trial, *other]}) == 6
    here, there = (
        dataclasses.replace(trial, file=TableFile(path, "y")) for path in ("a/t.csv", "b/t.csv")
    )
    assert here.trial_id == there.trial_id


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"repeats": 0}, "repeats"),
        ({"repeats": True}, "repeats"),
        ({"seed": -1}, "seed"),
        ({"methods": ("smot",)}, "smot"),
        ({"classifiers": ("svm",)}, "svm"),
        ({"cells": (Cells(("grow:-1",), ("plain",)),)}, "-1"),
        ({"cells": (Cells(("balance",), ("plane",)),)}, "plane"),
        ({"datasets": ("t",), "files": (TableFile("t.csv", "y"),)}, "'t'"),
    ],
)
def test_a_wrong_word_or_number_is_refused_before_anything_starts(change, said):
    with pytest.raises(OptionError, match=said) as refusal:
        dataclasses.replace(SMALL, **change)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "not a TOML file"),
        ('name = "x"', "'datasets' is missing"),
        ('name = "x"\ndatasets = []\nmethods = []\ncells = []\nfolds = 3', "unknown key 'folds'"),
        ('name = "x"\ndatasets = "adult"\nmethods = []\ncells = []', "list of words"),
        ('name = "x"\ndatasets = []\nmethods = []\ncells = [{plan = []}]', "unknown key 'plan'"),
        ('name = "x"\ndatasets = []\nmethods = []\ncells = 3', "cells must be tables"),
        (
            'name = "x"\ndatasets = []\nmethods = []\ncells = []\ncontrols = "no"',
            "controls must be true or false",
        ),
        (
            'name = "x"\ndatasets = []\nmethods = ["smote"]\ncells = [{methods = ["cart"]}]',
            "names 'cart', which takes no part; the methods are smote",
        ),
        (
            'name = "x"\ndatasets = []\nmethods = ["smote"]\ncells = []\nparameters = {cart = {min_leaf = 3}}',
            "names 'cart', which takes no part; the methods are smote",
        ),
        (
            'name = "x"\ndatasets = []\nmethods = []\ncells = []\nparameters = {tvae = 3}',
            "parameters must be tables",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path, text, said):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(OptionError, match=said):
        load_experiment(str(file))


def test_an_unknown_experiment_names_those_there_are():
    with pytest.raises(OptionError, match="article, demo"):
        load_experiment("dmeo")


def test_every_method_of_the_registry_can_be_asked_for():
    assert dataclasses.replace(SMALL, methods=tuple(METHODS)).methods == tuple(METHODS)


def test_hyperparameters_are_tuned_for_untreated_rows_alone():
    cells = (Cells(("balance",), ("plain", "tuned"), ("identity", "smote")),)
    experiment = Experiment(
        "own", ("ionosphere",), ("identity", "smote"), cells, classifiers=("xgboost", "random-forest"),
    )  # fmt: skip
    assert [c.classifier for c in cells_of(experiment, "identity") if c.decision == "tuned"] == [
        "xgboost"
    ]
    assert not [c for c in cells_of(experiment, "smote") if c.decision == "tuned"]


def test_parameters_are_set_beside_those_of_the_experiment():
    article = load_experiment("article")
    once = with_parameters(article, {"great": {"model": "here", "max_seconds": 9}})
    twice = with_parameters(once, {"great": {"max_seconds": 5}, "cart": {"min_leaf": 3}})
    given = (("max_seconds", 5), ("model", "here"), ("train_seconds", 40))
    assert dict(twice.parameters)["great"] == given
    assert dict(twice.parameters)["cart"] == (("min_leaf", 3),)
    listed = with_parameters(article, {"tvae": {"hidden": [64, 32]}})
    assert dict(listed.parameters)["tvae"] == (("hidden", (64, 32)),)
    with pytest.raises(OptionError, match="smoot takes no part"):
        with_parameters(article, {"smoot": {"k_neighbors": 3}})
