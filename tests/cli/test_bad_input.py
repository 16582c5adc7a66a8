"""Wrong calls and wrong files: exit status 2, one clear sentence, nothing written."""

import gzip
import os
import sqlite3

import numpy as np
import pandas as pd
import pytest

from equipoise.cli import main


def good(n=60):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "pay": np.round(rng.normal(1000, 100, n), 1),
            "job": rng.choice(["cook", "smith"], n),
            "y": np.where(np.arange(n) < 40, "no", "yes"),
        }
    )


def text(frame):
    return frame.to_csv(index=False)


LINES = text(good()).splitlines()

# name -> (content of t.csv, words that the sentence must have)
FILES = {
    "empty": (b"", ["empty"]),
    "header_only": (LINES[0] + "\n", ["no rows"]),
    "ragged_long": ("\n".join([*LINES[:5], LINES[5] + ",x,x", *LINES[6:]]), ["line 6"]),
    "wrong_encoding": (text(good()).replace("cook", "k\xf6ch").encode("latin-1"), ["UTF-8"]),
    "binary_garbage": (bytes(range(256)) * 40, ["t.csv"]),
    "nul_bytes": (text(good()).encode().replace(b"cook", b"co\x00k"), ["NUL"]),
    "target_absent": (text(good().drop(columns="y")), ["'y'", "age"]),
    "one_class": (text(good().assign(y="no")), ["one class"]),
    "target_all_missing": (text(good().assign(y=None)), ["'y'", "missing"]),
    "classes_too_small": (text(good(46)[38:46]), ["'no'", "'yes'"]),
    "duplicate_columns": (
        text(good()).replace("age,pay", "pay,pay", 1),
        ["'pay'"],
    ),
    "only_target": (text(good()[["y"]]), ["feature"]),
    "infinity": (text(good().assign(pay=[*range(59), np.inf])), ["'pay'", "inf", "line 61"]),
    "beyond_floats": (text(good().assign(pay=["1e999", *range(59)])), ["'pay'", "1e999", "line 2"]),
    "huge_integers": (
        text(good().assign(pay=[10**20 + i for i in range(60)])),
        ["'pay'", "64 bits", "--categorical"],
    ),
    "regression_target": (text(good().assign(y=np.linspace(0, 1, 60))), ["'y'", "class"]),
    "not_gzip": (b"plain text", ["gz"]),
    "cut_gzip": (gzip.compress(text(good(500)).encode())[:-30], ["gz"]),
    "not_parquet": (b"PAR1 this is not one", ["Parquet"]),
    "json": (b'{"a": 1}', [".json"]),
}
ENDINGS = {
    "not_gzip": "t.csv.gz",
    "cut_gzip": "t.csv.gz",
    "not_parquet": "t.parquet",
    "json": "t.json",
}


def refuse(capsys, arguments, expected):
    status = main([str(a) for a in arguments])
    err = capsys.readouterr().err
    sentences = [line for line in err.splitlines() if line.startswith("equipoise: ")]
    assert status == 2, err
    assert len(sentences) == 1, err
    assert "Traceback" not in err
    for word in expected:
        assert word in sentences[0], sentences[0]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.csv").write_text(text(good()))
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_a_wrong_file_is_refused_in_one_sentence_and_nothing_is_written(folder, capsys, name):
    content, expected = FILES[name]
    file = folder / ENDINGS.get(name, "t.csv")
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    before = sorted(os.listdir(folder))
    call = ["bench", "--data", file, "--target", "y", "--methods", "identity", "--run", "out"]
    refuse(capsys, call, expected)
    assert sorted(os.listdir(folder)) == before


OWN = ["bench", "--data", "good.csv", "--target", "y", "--methods", "identity", "--run", "out"]

CALLS = {
    "no_such_file": (["bench", "--data", "none.csv", "--target", "y"], ["none.csv"]),
    "a_folder": (["bench", "--data", ".", "--target", "y"], ["folder"]),
    "no_target": (["bench", "--data", "good.csv"], ["--target"]),
    "target_without_data": (["bench", "demo", "--target", "y"], ["--data"]),
    "drop_without_data": (["bench", "demo", "--drop", "y"], ["--data"]),
    "unknown_experiment": (["bench", "dmeo"], ["'dmeo'", "demo"]),
    "no_such_toml": (["bench", "mine.toml"], ["mine.toml"]),
    "unknown_method": ([*OWN, "--methods", "smot"], ["'smot'", "smote"]),
    "empty_method": ([*OWN, "--methods", "smote,,cart"], ["--methods"]),
    "no_such_class": ([*OWN, "--methods", "nowhere:Thing"], ["nowhere"]),
    "unknown_plan": ([*OWN, "--plans", "double"], ["'double'", "balance"]),
    "negative_rate": ([*OWN, "--plans", "grow:-0.5"], ["-0.5"]),
    "ratio_above_one": ([*OWN, "--plans", "balance:2"], ["2"]),
    "plan_without_number": ([*OWN, "--plans", "grow"], ["grow:RATE"]),
    "unknown_decision": ([*OWN, "--decisions", "plane"], ["'plane'", "threshold"]),
    "unknown_classifier": ([*OWN, "--classifiers", "svm"], ["'svm'", "xgboost"]),
    "no_such_classifier": ([*OWN, "--classifiers", "sklearn.svm:Nothing"], ["Nothing"]),
    "zero_repeats": ([*OWN, "--repeats", "0"], ["repeats"]),
    "negative_repeats": ([*OWN, "--repeats", "-3"], ["repeats"]),
    "repeats_no_number": ([*OWN, "--repeats", "many"], ["--repeats", "integer"]),
    "negative_seed": ([*OWN, "--seed", "-1"], ["seed"]),
    "no_dask_scheduler": ([*OWN, "--dask", "tcp://127.0.0.1:9"], ["127.0.0.1:9", "dask scheduler"]),
    "add_to_no_class": ([*OWN, "--plans", "add:maybe=3"], ["'maybe'", "'yes'"]),
    "no_plan_for_it": ([*OWN, "--methods", "undersample", "--plans", "grow:1"], ["balance"]),
    "oracle_without_law": ([*OWN, "--methods", "oracle"], ["oracle", "law"]),
    "no_method_at_all": ([*OWN, "--methods", "json:JSONDecoder"], ["JSONDecoder", "sample(n)"]),
    "zero_jobs": ([*OWN, "--jobs", "0"], ["jobs"]),
    "zero_time_limit": ([*OWN, "--time-limit", "0"], ["time-limit"]),
    "unknown_option": ([*OWN, "--speed", "9"], ["--speed"]),
    "unknown_command": (["bnech"], ["bnech"]),
    "drop_unknown_column": ([*OWN, "--drop", "agee"], ["'agee'", "age"]),
    "categorical_unknown_column": ([*OWN, "--categorical", "agee"], ["'agee'"]),
    "numeric_words": ([*OWN, "--numeric", "job"], ["'job'", "line 2", "numeric"]),
    "drop_the_target": ([*OWN, "--drop", "y"], ["'y'"]),
    "drop_everything": ([*OWN, "--drop", "age", "--drop", "pay", "--drop", "job"], ["feature"]),
    "same_table_twice": ([*OWN, "--data", "good.csv"], ["'good'"]),
    "status_of_nothing": (["status", "nowhere"], ["nowhere"]),
    "report_of_a_table": (["report", "good.csv"], ["good.csv"]),
    "export_to_excel": (["export", "nowhere", "-o", "o.xlsx"], [".csv"]),
    "check_no_class": (["check", "json"], ["module:Class"]),
    "check_nothing": (["check", "json:Nothing"], ["Nothing"]),
    "set_without_value": ([*OWN, "--set", "cart.min_leaf"], ["METHOD.NAME=VALUE", "cart.min_leaf"]),
    "set_without_method": ([*OWN, "--set", "min_leaf=3"], ["METHOD.NAME=VALUE", "min_leaf"]),
    "set_twice": ([*OWN, "--set", "cart.min_leaf=3", "--set", "cart.min_leaf=4"], ["twice"]),
    "set_of_no_part": ([*OWN, "--methods", "smote", "--set", "cart.min_leaf=3"], ["cart", "smote"]),
    "set_unknown": ([*OWN, "--methods", "cart", "--set", "cart.leaf=3"], ["'leaf'", "min_leaf"]),
    "set_seed": ([*OWN, "--methods", "cart", "--set", "cart.random_state=3"], ["seed"]),
    "set_the_plan": (
        [*OWN, "--methods", "undersample", "--set", "undersample.sampling_strategy=0.5"],
        ["the plan"],
    ),
    "set_of_nothing": ([*OWN, "--set", "identity.depth=3"], ["identity", "no parameters"]),
    "set_none_to_set": (
        [*OWN, "--methods", "independent", "--set", "independent.k=3"],
        ["'k'", "none to set"],
    ),
    "set_beside_variants": (
        ["bench", "tutorial", "--set", "cvae.max_steps=3"],
        ["cvae:half", "TOML"],
    ),
    "set_nested_lists": (
        [*OWN, "--methods", "cart", "--set", "cart.min_leaf=[[1]]"],
        ["whole number", "[[1]]"],
    ),
    "set_out_of_range": (
        [*OWN, "--methods", "smote", "--set", "smote.k_neighbors=0"],
        ["k_neighbors", "1 or more", "0"],
    ),
    "set_out_of_range_inside": (
        [*OWN, "--methods", "tvae-tailcalib", "--set", "tvae-tailcalib.latent=0"],
        ["latent", "0"],
    ),
    "set_out_of_range_borderline": (
        [*OWN, "--methods", "borderline-smote", "--set", "borderline-smote.k_neighbors=0"],
        ["k_neighbors", "0"],
    ),
    "unknown_dataset": (["bench", "demo", "--datasets", "adlut"], ["'adlut'", "adult"]),
}


def test_an_experiment_whose_name_is_a_path_is_refused(folder, capsys):
    (folder / "evil.toml").write_text(
        'name = "../evil"\ndatasets = ["ionosphere"]\nmethods = ["identity"]\n[[cells]]\n'
    )
    refuse(capsys, ["bench", "evil.toml"], ["'../evil'", "plain word"])


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_call_is_refused_in_one_sentence_and_nothing_is_written(folder, capsys, name):
    call, expected = CALLS[name]
    before = sorted(os.listdir(folder))
    refuse(capsys, call, expected)
    assert sorted(os.listdir(folder)) == before


def test_a_run_folder_of_another_program_is_refused_and_left_alone(folder, capsys):
    (folder / "out").mkdir()
    (folder / "out" / "results.sqlite").write_text("a diary")
    refuse(capsys, OWN, ["out"])
    assert (folder / "out" / "results.sqlite").read_text() == "a diary"


def test_a_run_folder_with_the_database_of_another_program_is_refused_and_left_alone(
    folder, capsys
):
    (folder / "out").mkdir()
    file = folder / "out" / "results.sqlite"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE diary (day TEXT)")
    other.close()
    before = file.read_bytes()
    refuse(capsys, OWN, ["out"])
    assert file.read_bytes() == before


def test_a_results_file_of_a_newer_version_is_refused(folder, capsys):
    assert main([*OWN, "--repeats", "1", "--decisions", "plain"]) == 0
    capsys.readouterr()
    connection = sqlite3.connect(folder / "out" / "results.sqlite")
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    refuse(capsys, OWN, ["format 999"])


def test_a_run_folder_that_was_asked_for_another_seed_is_refused(folder, capsys):
    assert main([*OWN, "--repeats", "1", "--decisions", "plain"]) == 0
    capsys.readouterr()
    refuse(capsys, [*OWN, "--seed", "1"], ["seed"])


def test_a_run_folder_that_met_other_data_is_refused(folder, capsys):
    assert main([*OWN, "--repeats", "1", "--decisions", "plain"]) == 0
    capsys.readouterr()
    (folder / "good.csv").write_text(text(good(55)))
    refuse(capsys, OWN, ["good"])


def test_a_run_folder_that_cannot_be_made_is_refused(folder, capsys):
    (folder / "file").write_text("")
    refuse(capsys, [*OWN, "--run", "file/out"], ["file"])


@pytest.mark.filterwarnings("default::equipoise.errors.EquipoiseWarning")
def test_mixed_types_in_a_column_are_read_as_words_and_said(folder, capsys):
    mixed = good().assign(pay=["many", "few", *np.linspace(0, 9, 58).round(2)])
    (folder / "mixed.csv").write_text(text(mixed))
    call = ["bench", "--data", "mixed.csv", "--target", "y", "--methods", "identity"]
    assert main([*call, "--decisions", "plain", "--repeats", "1", "--run", "out"]) == 0
    err = capsys.readouterr().err
    assert "--missing many" in err or '--missing "many"' in err
    assert "'pay'" in err


def test_a_folder_that_cannot_be_written_is_refused(folder, capsys, monkeypatch):
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    (folder / "closed").mkdir(mode=0o555)
    refuse(capsys, [*OWN, "--run", "closed/out"], ["closed"])


@pytest.mark.truth
@pytest.mark.filterwarnings("ignore::equipoise.errors.EquipoiseWarning")
def test_three_hundred_classes_and_five_thousand_columns_run(folder, capsys):
    rng = np.random.default_rng(0)
    many = pd.DataFrame({"x": rng.normal(size=3000), "y": np.repeat(np.arange(300), 10)})
    many.to_csv(folder / "many.csv", index=False)
    wide = pd.DataFrame(rng.normal(size=(40, 5000)).round(2)).add_prefix("c")
    wide.assign(y=["a", "b"] * 20).to_csv(folder / "wide.csv", index=False)
    for name in ("many", "wide"):
        call = ["bench", "--data", f"{name}.csv", "--target", "y", "--methods", "smote"]
        call += ["--classifiers", "sklearn.naive_bayes:GaussianNB", "--decisions", "plain"]
        assert main([*call, "--repeats", "1", "--run", name]) == 0, capsys.readouterr().err
