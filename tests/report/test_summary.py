"""The words of the page follow from planted results."""

import io
import json
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest
from fake_run import FakeRun
from rich.console import Console

from equipoise.analysis.frames import Results
from equipoise.report.findings import power_note
from equipoise.report.summary import summarize
from equipoise.report.terminal import show
from equipoise.report.words import signed

ONE = {"hmeq": {"0": 4771, "1": 1189}}
CLEAN = {"failed": (), "skipped": ()}


def words_of(summary, opponent="identity", scope=0):
    board = next(
        b for b in summary["found"]["scopes"][scope]["boards"] if b["opponent"] == opponent
    )
    return {i["label"]: i["verdict"] for g in board["groups"] for i in g["items"]}


def test_a_large_planted_gain_helps_and_a_large_loss_hurts(summary):
    words = words_of(summary)
    assert words["smote"] == "helps"
    assert words["undersample"] == "hurts"
    assert "smote + tuned threshold" in summary["found"]["lead"]


def test_no_gain_under_much_noise_cannot_be_told():
    found = summarize(FakeRun(datasets=ONE, gains={"smote": 0.0}, noise=0.05, **CLEAN).make())
    assert words_of(found)["smote"] == "cannot be told"
    # identity's own decisions carry the same noise
    assert "with this much data" in found["found"]["lead"]


def test_no_gain_under_little_noise_makes_no_difference():
    found = summarize(FakeRun(gains={"smote": 0.001}, noise=0.001, **CLEAN).make())
    assert words_of(found)["smote"] == "no difference"


def test_a_gain_that_the_best_simple_choice_matches_is_not_a_win():
    found = summarize(FakeRun(gains={"smote": 0.02}, noise=0.0005, **CLEAN).make())
    assert words_of(found)["smote"] == "helps"
    assert words_of(found, "best-simple")["smote"] == "no difference"


def replace_predictions(results):
    return replace(results, predictions=results.predictions.iloc[:0])


def test_a_failure_is_named_wherever_its_mean_stands(summary):
    eucalyptus = summary["found"]["scopes"][2]
    assert eucalyptus["where"] == "eucalyptus"
    items = [i for g in eucalyptus["boards"][0]["groups"] for i in g["items"]]
    tvae = next(i for i in items if i["label"] == "tvae")
    assert tvae["note"] == "1 of 5 splits failed, counted as no gain"
    assert summary["progress"]["counts"]["failed"] == 2
    assert {r["method"] for r in summary["trouble"]} == {"tvae", "cart", "gaussian-noise"}


def test_a_method_that_failed_everywhere_is_on_the_board():
    lost = tuple((d, r, "cart") for d in FakeRun().datasets for r in range(5))
    found = summarize(FakeRun(failed=lost, skipped=()).make())
    assert words_of(found)["cart"] == "failed"


def test_a_mean_over_fewer_tables_says_so(summary):
    board = summary["found"]["scopes"][0]["boards"][0]
    items = [i for g in board["groups"] for i in g["items"]]
    noise = next(i for i in items if i["label"] == "gaussian-noise")
    assert "no result on hmeq" in noise["note"]


def test_an_unfinished_run_says_so():
    left = tuple(("ionosphere", r, "smote") for r in range(5))
    found = summarize(FakeRun(unfinished=left).make())
    assert found["progress"]["counts"]["left"] == 5
    assert "not finished: 5 trials of 105 still to run" in found["progress"]["sentences"][0]


def test_a_run_without_best_simple_is_judged_against_doing_nothing():
    results = FakeRun().make()
    keep = ~results.observations["decision"].str.startswith("best-simple")
    found = summarize(
        replace(replace_predictions(results), observations=results.observations[keep])
    )
    assert found["main_opponent"] == "identity"
    assert len(found["found"]["scopes"][0]["boards"]) == 1


def test_an_empty_run_has_a_summary():
    found = summarize(Results(run={"experiment": "demo"}))
    assert found["found"] is None
    assert found["title"] == "demo: nothing has run yet"


def test_one_split_has_gains_but_no_verdict():
    found = summarize(FakeRun(repeats=1, **CLEAN).make())
    assert set(words_of(found).values()) == {"cannot be told"}


def test_the_power_of_few_tables_is_said():
    assert "p = 0.0312" in power_note(6, 9)
    assert "at least 9 tables" in power_note(6, 9)
    assert "at least" not in power_note(30, 9)
    assert "One table" in power_note(1, 9)


def test_everything_in_a_summary_is_plain_json(summary):
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_a_threshold_tuned_on_one_split_is_a_yardstick_and_not_a_row(summary):
    assert not [t for t in summary["lookups"]["treatment"] if "one split" in t]


def test_many_classes_and_one_table():
    classes = {f"class {i}": 40 - i for i in range(18)}
    found = summarize(FakeRun(datasets={"many": classes}, **CLEAN).make())
    assert found["lookups"]["scope"] == ["many"]
    assert len(found["datasets"][0]["classes"]) == 18


def test_numbers_carry_a_true_minus_and_no_negative_zero():
    assert signed(-0.0214) == "−0.021"
    assert signed(-0.0001) == "0.000"
    assert signed(float("nan")) == "–"


def test_the_terminal_s_table_is_plain_when_piped(summary):
    out = io.StringIO()
    show(summary, Console(file=out, width=80))
    lines = out.getvalue().splitlines()
    assert "\x1b" not in out.getvalue()
    assert any(line.startswith("hmeq\tagainst doing nothing\tsmote\t+0.0") for line in lines)
    assert lines[-1] == summary["found"]["lead"]


def test_the_terminal_prints_names_as_they_are():
    found = summarize(FakeRun(datasets={"[red]x[/red]": {"a": 50, "b": 30}}, **CLEAN).make())
    out = io.StringIO()
    show(found, Console(file=out, force_terminal=True, width=120))
    assert "[red]x[/red]" in out.getvalue()
    assert "helps" in out.getvalue()


@pytest.mark.parametrize(
    "heavy", ["torch", "xgboost", "equipoise.trials", "equipoise.synthesizers"]
)
def test_the_report_needs_no_network_library(heavy):
    code = (
        "import sys, equipoise.report.page, equipoise.report.summary, equipoise.report.terminal;"
        f"sys.exit({heavy!r} in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_store_is_read_into_the_same_tables():
    class Store:
        def __init__(self, results):
            self.results = results

        def __getattr__(self, name):
            value = getattr(self.results, name)
            if name == "datasets":
                value = value.rename(columns={"name": "dataset"})
            return lambda **_: value

    run = FakeRun().make()
    found = Results.read(Store(run))
    pd.testing.assert_frame_equal(found.datasets, run.datasets)
    assert len(found.unfinished()) == 0
