"""`equipoise advise`: what it prints, what it leaves, and how it answers a wrong call."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import equipoise as eq
from equipoise.cli import main
from equipoise.datasets.laws import law

LINEAR = "sklearn.linear_model:LogisticRegression"


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    X, y = law("two-gaussians").sample_class((380, 60), np.random.default_rng(0))
    X.columns = ["x", "z"]
    frame = X.assign(patient=np.arange(len(X)) // 2, ward=np.where(X["x"] > 0, "a", "b"), y=y)
    frame = frame.sample(frac=1, random_state=0, ignore_index=True)
    frame.loc[:2, "y"] = None
    path = tmp_path_factory.mktemp("advise") / "patients.csv"
    frame.to_csv(path, index=False)
    return path


def call(capsys, *words):
    status = main([str(word) for word in words])
    out = capsys.readouterr()
    return status, out.out, out.err


def test_the_whole_way(table, tmp_path, capsys):
    """Groups kept whole, errors by ward, everything left in a folder, and the winner read back."""
    folder = tmp_path / "new" / "advice"
    status, out, err = call(
        capsys, "advise", table, "--target", "y", "--budget", "30s", "--methods", "smote,undersample",
        "--group", "patient", "--by", "ward", "--jobs", 1, "-o", folder,
    )  # fmt: skip
    assert status == 0, err
    assert "437 rows, 3 columns" in out
    assert "3 rows have no label and are left out" in out
    assert "gain [95 %]" in out
    assert "errors doing nothing" in out
    assert "eq.AugmentedClassifier(" in out
    assert "partition 1, fold 5 of 5" in err
    found = json.loads((folder / "advice.json").read_text())
    assert found["text"].split(".")[0] in out
    assert {"advice.html", "advice.json", "estimator.eqp"} <= {p.name for p in folder.iterdir()}
    page = (folder / "advice.html").read_text()
    assert "Errors by ward" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    model = eq.load(folder / "estimator.eqp")
    scope = {}
    exec(found["code"], scope)
    assert (scope["model"].predict(scope["X"]) == model.predict(scope["X"])).all()
    assert set(model.predict(scope["X"])) <= {"common", "rare"}


def test_json_is_all_that_is_printed(table, capsys):
    status, out, _ = call(
        capsys, "advise", table, "--target", "y", "--budget", "20s", "--methods", "undersample", "--json",
        "--drop", "patient", "--prior", "rare=0.02", "--classifier", LINEAR, "--jobs", 1,
    )  # fmt: skip
    assert status == 0
    found = json.loads(out)
    assert found["table"]["classes"] == {"common": 377, "rare": 60}
    assert "prior={'common': 0.98, 'rare': 0.02}" in found["code"]


def test_costs_come_in_words_or_in_a_file(table, tmp_path, capsys):
    """Both ways of saying it lead to the same verdict."""
    file = tmp_path / "costs.csv"
    file.write_text("true,common,rare\ncommon,0,1\nrare,10,0\n")
    texts = []
    for costs in (file, "rare:common=10"):
        status, out, err = call(
            capsys, "advise", table, "--target", "y", "--budget", "30s", "--methods", "undersample", "--json",
            "--costs", costs, "--classifier", LINEAR, "--jobs", 1, "--drop", "patient",
        )  # fmt: skip
        assert status == 0, err
        texts.append(json.loads(out)["candidates"])
    assert texts[0] == texts[1]


def test_a_name_of_a_class_cannot_break_the_page(tmp_path, capsys):
    X, y = law("two-gaussians").sample_class((80, 40), np.random.default_rng(0))
    nasty = "</script><script>alert(1)</script>"
    frame = X.assign(**{f"<b>{nasty}": X["x"], "y": y.replace("rare", nasty)})
    path = tmp_path / "t.csv"
    frame.to_csv(path, index=False)
    status, _, err = call(
        capsys, "advise", path, "--target", "y", "--budget", "20s", "--methods", "undersample", "--jobs", 1,
        "--by", f"<b>{nasty}", "-o", tmp_path,
    )  # fmt: skip
    assert status == 0, err
    assert "<script>alert" not in (tmp_path / "advice.html").read_text()


WRONG = {
    "budget": (["--budget", "soon"], ["budget", "5m"]),
    "too_small": (["--budget", "1s"], ["too small", "would do"]),
    "metric": (["--metric", "f2"], ["macro_f1"]),
    "alerts": (["--metric", "recall@0"], ["recall@K", "437"]),
    "rope": (["--rope", "-1"], ["rope", "above 0"]),
    "group": (["--group", "patint"], ["'patient'"]),
    "time_words": (["--time", "ward"], ["ISO 8601", "'"]),
    "group_and_time": (["--group", "patient", "--time", "x"], ["one of the two"]),
    "by": (["--by", "wrd"], ["'ward'"]),
    "prior_form": (["--prior", "rare"], ["CLASS=SHARE"]),
    "prior_class": (["--prior", "odd=0.1"], ["'odd'", "'rare'"]),
    "prior_one": (["--prior", "rare=1"], ["above 0"]),
    "costs_form": (["--costs", "rare=3"], ["TRUE:DECIDED=COST"]),
    "costs_class": (["--costs", "odd:rare=3"], ["'rare'"]),
    "costs_file": (["--costs", "nowhere.csv"], ["nowhere.csv"]),
    "costs_and_metric": (["--costs", "rare:common=3", "--metric", "mcc"], ["give one"]),
    "methods": (["--methods", "smot"], ["'smote'"]),
    "oracle": (["--methods", "oracle"], ["true law"]),
    "classifier": (["--classifier", "no.such:Class"], ["no.such"]),
    "drop": (["--drop", "q"], ["--drop", "'q'"]),
    "drop_target": (["--drop", "y"], ["both the target"]),
    "output": (["-o", "patients.csv"], ["folder"]),
}


@pytest.mark.parametrize("case", sorted(WRONG))
def test_wrong_calls_end_in_one_sentence(table, case, capsys, monkeypatch):
    """Status 2, one sentence with the remedy, nothing written."""
    monkeypatch.chdir(table.parent)
    before = set(table.parent.iterdir())
    more, words = WRONG[case]
    status, _, err = call(capsys, "advise", table, "--target", "y", "--jobs", 1, *more)
    sentences = [line for line in err.splitlines() if line.startswith("equipoise: ")]
    assert status == 2, err
    assert len(sentences) == 1, err
    assert "Traceback" not in err
    for word in words:
        assert word in sentences[0], sentences[0]
    assert set(table.parent.iterdir()) == before


def test_ctrl_c_leaves_a_partial_verdict(table, tmp_path):
    """Interrupted after some folds: status 130, a verdict marked as partial, and its page."""
    command = [
        sys.executable, "-m", "equipoise", "advise", str(table), "--target", "y", "--budget", "5m", "--jobs", "1",
        "-o", str(tmp_path), "--drop", "patient", "--methods", "smote,undersample,cart",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    run = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    lines, until = [], time.monotonic() + 120
    for line in run.stderr:
        lines.append(line)
        if "partition 1, fold 2 of 5" in line:
            run.send_signal(signal.SIGINT)
            break
        assert time.monotonic() < until, lines
    out, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert "interrupted: this is what its finished folds say" in out
    assert json.loads((tmp_path / "advice.json").read_text())["partial"] is True
    assert "Traceback" not in err
