"""The tutorial's errors, matrices and training curves are those of its run, and are on its page."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from browser import needs_browser
from seeing import OPEN_VALUES, values_of

from equipoise.analysis.frames import Results
from equipoise.report.charted import expand
from equipoise.report.figures import figures
from equipoise.report.page import write_page
from equipoise.report.rerun import Rerun
from equipoise.report.sheets import sheet
from equipoise.report.summary import summarize

CLASSES = ("<=50K", ">50K")
PARTS = {"loss", "reconstruction", "divergence"}
MINE = {"errors", "confusion", "curves"}


def rows_of(summary, name, **wanted):
    rows = expand(summary["tables"][name], summary["lookups"])
    return [r for r in rows if all(r[k] == v for k, v in wanted.items())]


def matrix_of(summary, label, what="rows"):
    cells = {
        (r["truth"], r["predicted"]): r[what] for r in rows_of(summary, "confusion", label=label)
    }
    return np.array([[cells[true, guess] for guess in CLASSES] for true in CLASSES])


def treatments(summary):
    return list(dict.fromkeys(r["label"] for r in rows_of(summary, "confusion")))


def test_there_are_errors_and_a_matrix_for_every_treatment_and_before_comes_first(rerun_summary):
    found = treatments(rerun_summary)
    assert found[:3] == ["untouched rows", "balanced weights", "tuned threshold"]
    assert {"basic-vae", "basic-vae:all-repairs", "cvae", "tvae", "smote"} <= set(found)
    assert found == [r["label"] for r in rerun_summary["rerun"]["rows"]]
    for panel, label in enumerate(("all rows", ">50K", "<=50K")):
        rows = rows_of(rerun_summary, "errors", panel=panel)
        assert {r["of"] for r in rows} == {label}
        assert sorted(r["label"] for r in rows) == sorted(found)


def test_matrices_hold_the_test_rows_of_a_seed_and_the_errors_that_are_said(rerun, rerun_summary):
    n_test = len(rerun.predictions["truth"].iloc[0])
    for label in treatments(rerun_summary):
        matrix = matrix_of(rerun_summary, label)
        assert matrix.sum() == pytest.approx(n_test, abs=0.5)
        wrong = matrix - np.diag(np.diag(matrix))
        shares = 100 * wrong.sum(axis=1) / matrix.sum(axis=1)
        want = [100 * wrong.sum() / matrix.sum(), *shares[::-1]]
        got = [rows_of(rerun_summary, "errors", panel=p, label=label)[0]["error"] for p in range(3)]
        assert got == pytest.approx(want, abs=0.02)
        percent = matrix_of(rerun_summary, label, "percent")
        assert percent.sum(axis=1) == pytest.approx(100, abs=0.02)
        assert np.diag(percent) == pytest.approx(100 - shares, abs=0.02)


def test_changes_are_against_untouched_rows(rerun_summary):
    (before,) = rows_of(rerun_summary, "errors", panel=1, label="untouched rows")
    assert before["change"] is None
    for r in rows_of(rerun_summary, "errors", panel=1):
        assert r["low"] < r["error"] < r["high"]
        if r["label"] != "untouched rows":
            assert r["change"] == pytest.approx(r["error"] - before["error"], abs=1e-3)
            assert r["change_low"] < r["change"] < r["change_high"]


def test_words_and_charts_say_the_same_errors(rerun_summary):
    for said in rerun_summary["rerun"]["rows"]:
        for panel, cell in enumerate(said["cells"]):
            (drawn,) = rows_of(rerun_summary, "errors", panel=panel, label=said["label"])
            assert cell["error"].startswith(f"{drawn['error']:.1f} [{drawn['low']:.1f}, ")
    by_label = {r["label"]: r["spread"] for r in rerun_summary["rerun"]["rows"]}
    assert float(by_label["basic-vae"]) < 0.01 < float(by_label["smote"])
    assert by_label["untouched rows"] == ""


def test_curves_are_shares_of_their_largest_mean_over_seeds(rerun, rerun_summary):
    history = rerun.history
    drawn = rows_of(rerun_summary, "curves")
    trained = set(history["method"])
    assert {(r["method"], r["part"]) for r in drawn} == {(m, p) for m in trained for p in PARTS}
    for method, part in (("basic-vae", "loss"), ("tvae", "divergence")):
        mine = history[(history["method"] == method) & (history["name"] == part)]
        mean = mine.groupby("step")["value"].mean()
        rows = rows_of(rerun_summary, "curves", method=method, part=part)
        assert [r["at"] for r in rows] == [step + 1 for step in mean.index]
        assert [r["share"] for r in rows] == pytest.approx(list(mean / mean.max()), abs=1e-4)


def test_their_numbers_are_written_as_csv(rerun_summary):
    drawn = {f.name: f for f in figures(rerun_summary) if f.group in MINE}
    assert set(drawn) == {"errors-0", "errors-1", "errors-2", "confusion", "curves"}
    rows = list(csv.DictReader(io.StringIO(sheet(drawn["errors-1"], rerun_summary))))
    assert {r["of"] for r in rows} == {">50K"}
    assert len(rows) == len(treatments(rerun_summary))
    cells = list(csv.DictReader(io.StringIO(sheet(drawn["confusion"], rerun_summary))))
    assert len(cells) == 4 * len(rows)


def test_a_run_under_the_usual_protocol_has_none_of_it(summary, rerun):
    assert summary["rerun"] is None
    assert not MINE & {f.group for f in figures(summary)}
    usual = replace(rerun, run={**rerun.run, "options": {}})
    assert Rerun(usual).section() is None
    nothing = summarize(Results(run={"options": {"protocol": "tutorial"}}))
    assert nothing["rerun"] is None


@needs_browser
def test_matrices_and_curves_are_drawn(tab, rerun_summary, tmp_path):
    page = write_page(rerun_summary, tmp_path / "page.html")
    tab.open(page, "#open")
    tab.run(OPEN_VALUES)
    found = treatments(rerun_summary)
    texts = "Array.from(document.querySelectorAll('#chart-{} text'), t => t.textContent)"
    for chart in ("confusion", "curves"):
        there = tab.run(texts.replace("{}", chart))
        named = (
            found
            if chart == "confusion"
            else {r["method"] for r in rows_of(rerun_summary, "curves")}
        )
        assert set(named) <= set(there)
    tiles = tab.run("document.querySelectorAll('#chart-confusion .mark-rect path').length")
    assert tiles == 4 * len(found)
    lines = tab.run("document.querySelectorAll('#chart-curves .mark-line path').length")
    assert lines == len({(r["method"], r["part"]) for r in rows_of(rerun_summary, "curves")})
    first = values_of(tab, "confusion")[0]
    (want,) = rows_of(
        rerun_summary, "confusion", label="untouched rows", truth="<=50K", predicted="<=50K"
    )
    assert first["mean rows"] == f"{want['rows']:,.1f}"
    assert tab.said == []
