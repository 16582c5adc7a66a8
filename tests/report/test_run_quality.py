"""The page of a run says how faithful the rows are, where they are copies, and that this predicts no gain."""

from dataclasses import replace

import pytest
from fake_run import FakeRun

from equipoise.report.charted import expand
from equipoise.report.figures import figures
from equipoise.report.page import render
from equipoise.report.run_quality import SHOWN
from equipoise.report.summary import summarize


def scores_of(summary, **wanted):
    rows = expand(summary["tables"]["quality"], summary["lookups"])
    return [r for r in rows if all(r[k] == v for k, v in wanted.items())]


def test_every_method_with_rows_stands_between_floor_and_ceiling(summary):
    (found,) = scores_of(summary, table="eucalyptus", method="smote", score=SHOWN.index("coverage"))
    assert found["calibrated"] == pytest.approx((0.6 - 0.3) / 0.6, abs=0.02)
    assert found["low"] < found["calibrated"] < found["high"]
    (turned,) = scores_of(
        summary, table="eucalyptus", method="smote", score=SHOWN.index("detection")
    )
    assert turned["calibrated"] == pytest.approx(0.5, abs=0.02)
    methods = {r["method"] for r in scores_of(summary)}
    assert methods == {"duplicate", "smote", "gaussian-noise", "cart", "tvae"}


def test_a_score_that_cannot_tell_is_not_informative_in_words(summary):
    pairs = scores_of(summary, table="hmeq", score=SHOWN.index("column-pair-trends"))
    assert {r["text"] for r in pairs} == {"not informative"}
    assert {r["calibrated"] for r in pairs} == {None}
    overall = scores_of(summary, scope=0, score=SHOWN.index("column-pair-trends"))
    assert {(r["text"], r["calibrated"], r["n"]) for r in overall} == {("not informative", None, 0)}


def test_the_mean_over_tables_is_over_those_where_a_method_has_a_score(summary):
    (found,) = scores_of(summary, scope=0, method="gaussian-noise", score=SHOWN.index("coverage"))
    assert found["n"] == 2  # it was skipped on one of the three


def test_copies_are_said_in_words_and_classes_too_few_are_named(summary):
    quality = summary["quality"]
    assert quality["alarms"] == [
        "duplicate: at least 95% of its rows are nearer to a training row than fresh rows are, on "
        "hmeq, eucalyptus and ionosphere (alarm in 15 of 15 splits)."
    ]
    assert quality["few"] == ["eucalyptus: average, low and best", "ionosphere: b"]


def test_a_lone_alarm_is_no_news_but_is_shown(run):
    quality = run.quality.copy()
    lone = (quality["method"] == "cart") & (quality["repeat"] == 0) & (quality["dataset"] == "hmeq")
    quality.loc[lone & (quality["metric"] == "copying-alarm"), "value"] = 1.0
    found = summarize(replace(run, quality=quality))
    assert [said.split(":")[0] for said in found["quality"]["alarms"]] == ["duplicate"]
    rows = expand(found["tables"]["copies"], found["lookups"])
    (shown,) = [r for r in rows if (r["table"], r["method"]) == ("hmeq", "cart")]
    assert shown["text"] == "alarm in 1 of 4"


def test_copies_within_one_class_are_said(run):
    quality = run.quality.copy()
    rare = (quality["method"] == "cart") & (quality["label"] == "1")
    quality.loc[rare & (quality["metric"] == "too-close"), "value"] = 0.4
    quality.loc[rare & (quality["metric"] == "copying-alarm"), "value"] = 1.0
    said = summarize(replace(run, quality=quality))["quality"]["alarms"]
    assert said[0] == "cart, within one class only: 1 of hmeq (40%)."


def test_the_page_shows_it_and_says_that_it_predicts_no_gain(summary):
    page = render(summary)
    for text in (
        "How faithful are the rows?",
        "Are they copies?",
        "no score here predicts a gain",
        "rank correlation",
        "Every score, class by class",
        'id="chart-quality-detection"',
        'id="chart-copies"',
        'id="chart-helpful"',
    ):
        assert text in page
    first = summary["quality"]["by_class"][0]
    assert [row["label"] for row in first["rows"][:3]] == ["", "0", "1"]
    assert first["rows"][0]["method"] == "cart"
    assert len(first["rows"][0]["cells"]) == len(summary["quality"]["titles"])


def test_without_quality_there_is_no_such_section():
    found = summarize(FakeRun(quality=False).make())
    assert found["quality"] is None
    assert "How faithful" not in render(found)
    assert not {"quality", "copies", "helpful"} & {f.group for f in figures(found)}


def test_before_the_untreated_trial_has_run_the_page_says_what_is_missing(run):
    references = run.quality["method"].str.startswith("reference:")
    found = summarize(replace(run, quality=run.quality[~references]))
    assert found["quality"]["unread"] == ["eucalyptus", "hmeq", "ionosphere"]
    assert "no floor and no ceiling yet on eucalyptus, hmeq, ionosphere" in render(found)
