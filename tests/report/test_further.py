"""The page shows levels, rates, spread, trends, pairs, classes and cost where a run has them, and nothing where not."""

import csv
import html
import io
from dataclasses import replace

import numpy as np
import pytest
from fake_run import FakeRun

from equipoise.analysis.probabilities import over_tables, probability_scores
from equipoise.analysis.ranks import critical_difference
from equipoise.report.charted import expand
from equipoise.report.figures import figures
from equipoise.report.further import GROUPS
from equipoise.report.listings import listings
from equipoise.report.page import render
from equipoise.report.sheets import sheet
from equipoise.report.spots import LETTER, NOWHERE, PLACES, _box, _meet, spots
from equipoise.report.summary import summarize

ONE = {"hmeq": {"0": 4771, "1": 1189}}
CLEAN = {"failed": (), "skipped": ()}
# five tables, thinned tables, and the tutorial have these
ELSEWHERE = {"ranks", "scarcity", "curves", "errors", "confusion"}
MADE = ("gaussian-noise", "cart", "tvae")
FIVE = {f"table {i}": {"a": 200, "b": 60} for i in range(5)}


def rows_of(summary, name, /, **wanted):
    rows = expand(summary["tables"][name], summary["lookups"])
    return [r for r in rows if all(r[k] == v for k, v in wanted.items())]


def groups_of(summary):
    return {f.group for f in figures(summary)}


def test_a_whole_run_has_every_figure(summary):
    assert set(GROUPS) - ELSEWHERE <= groups_of(summary)
    page = render(summary)
    for text in (
        "How a trial goes",
        "Before any treatment",
        "How many rows?",
        "Gain by class",
        "The scores themselves, not gains",
        "How each score spreads over tables and splits",
        "Pairs of columns, one by one",
        'data-steer="score_of"',
        'data-steer="maker"',
        'id="chart-gain-cost"',
    ):
        assert text in page


@pytest.mark.parametrize(
    ("changed", "absent"),
    [
        ({"plans": ("balance",)}, {"rates-gap", "rates-f1"}),
        ({"plans": ("balance", "grow:0.5")}, {"rates-gap", "rates-f1"}),
        ({"pairs": False}, {"pairs"}),
        ({"classes": False}, {"classes"}),
        ({"quality": False}, {"boxes", "pairs", "trend", "class-quality"}),
    ],
)
def test_what_a_run_has_no_numbers_for_is_not_there(changed, absent):
    found = summarize(FakeRun(datasets=ONE, **CLEAN, **changed).make())
    assert not groups_of(found) & absent
    assert set(GROUPS) - ELSEWHERE - groups_of(found) == absent
    page = render(found)
    assert ("How many rows?" in page) == ("rates-gap" not in absent)
    assert ("Pairs of columns, one by one" in page) == ("pairs" not in absent)
    assert ("Gain by class" in page) == ("classes" not in absent)


def test_mean_ranks_stand_with_their_critical_difference_from_five_tables_on():
    found = summarize(FakeRun(datasets=FIVE, **CLEAN).make())
    assert "ranks" in groups_of(found)
    rows = rows_of(found, "standings", metric=0, plan=0)
    by_name = {r["label"]: r["rank"] for r in rows}
    assert by_name["smote + tuned threshold"] == min(by_name.values()) == rows[0]["best"]
    assert by_name["undersample"] == max(by_name.values()) == len(rows)
    want = critical_difference(len(rows), len(FIVE))
    assert rows[0]["end"] - rows[0]["best"] == pytest.approx(want, abs=0.01)


def test_thinned_tables_have_a_chart_of_gains_by_share():
    """Each treatment stands once at each share, with the numbers of the section's table."""
    counts = {"0": 4771, "1": 1189}
    found = summarize(FakeRun(datasets={"hmeq@0.1": counts, "hmeq": counts}, **CLEAN).make())
    assert "scarcity" in groups_of(found)
    drawn = rows_of(found, "scarcity", plan=0, label="smote")
    assert [(r["tick"], r["share"]) for r in drawn] == [(0, "10%"), (1, "100%")]
    assert all(r["low"] <= r["gain"] <= r["high"] for r in drawn)
    (said,) = [r for r in found["scarcity"]["plans"][0]["rows"] if r["label"] == "smote"]
    assert said["cells"][1]["text"].startswith(f"{drawn[1]['gain']:+.3f}".replace("-", "\u2212"))


def test_untreated_rows_have_train_and_test_of_the_average_and_the_worst_class(summary):
    found = rows_of(summary, "untreated", table="hmeq", score=0)
    assert {r["part"] for r in found} == {"average", "worst class"}
    assert all(r["train"] > r["test"] and r["low"] < r["test"] < r["high"] for r in found)


def test_rates_are_relative_to_untouched_rows(summary):
    found = rows_of(summary, "rates", table="hmeq", method="smote", part="average")
    assert [r["at"] for r in sorted(found, key=lambda r: r["tick"])] == ["balance", "+25%", "+50%"]
    (half,) = [r for r in found if r["at"] == "+50%"]
    assert half["relative"] == pytest.approx(0.015 / 0.72, abs=0.01)
    assert not rows_of(summary, "rates", method="undersample")


def test_boxes_are_in_order_and_real_rows_stand_beside_raw_ones_only(summary):
    found = rows_of(summary, "boxes")
    assert all(r["low"] <= r["q1"] <= r["median"] <= r["q3"] <= r["high"] for r in found)
    assert {r["kind"] for r in found if r["method"] == "real rows"} == {0}
    assert summary["lookups"]["score_of"][0] == "Overall quality"
    (smote,) = rows_of(summary, "boxes", scope=0, kind=1, score_of=0, method="smote")
    assert smote["median"] == pytest.approx((0.6 - 0.3) / 0.6, abs=0.03)
    assert smote["n"] == 15


def test_the_trend_of_quality_and_f1_is_said_within_tables():
    summary = summarize(FakeRun(**CLEAN).make())
    assert summary["trend"][0].startswith("Within tables the rank correlation of Macro F1")
    assert "± what chance alone gives in 95 % of permutations" in summary["trend"][0]
    # three tables are too few for a word between them
    assert len(summary["trend"]) == 1


def test_the_trend_between_tables_says_whose_interval_it_has():
    found = summarize(FakeRun(datasets=FIVE, plans=("balance",), **CLEAN).make())
    assert "95 % interval by Fisher's transform" in found["trend"][1]


def test_pairs_are_a_triangle_in_the_order_of_the_columns(summary):
    (found,) = [r for r in summary["tables"]["pairs"]["rows"] if r[:2] == [0, 2]]
    assert found[2] == ["age", "income", "job"]
    assert found[3] == [90, 70, 45]  # income-age, job-age, job-income
    assert summary["lookups"]["maker"][summary["chosen"]["maker"]] == "tvae"


def test_a_pair_of_columns_whose_names_hold_the_mark_between_them_is_read():
    run = FakeRun(datasets=ONE, **CLEAN).make()
    kinds = {"a | b": "numeric", "c": "numeric", "d": "numeric"}
    quality = run.quality.copy()
    quality["item"] = quality["item"].replace(
        {"age | income": "a | b | c", "age | job": "c | d", "income | job": "a | b | d"}
    )
    datasets = run.datasets.assign(kinds=[kinds])
    found = summarize(replace(run, quality=quality, datasets=datasets))["tables"]["pairs"]["rows"]
    assert found[0][2:] == [["a | b", "c", "d"], [90, 45, 70]]


def test_classes_stand_from_rarest_to_commonest(summary):
    found = rows_of(summary, "classes", table="eucalyptus", label="smote", plan=0)
    places = {r["class"]: r["place"] for r in found}
    assert places == {"best": 0, "low": 1, "average": 2, "none": 3, "good": 4}
    assert all(r["gain"] == pytest.approx(0.03, abs=0.01) for r in found)
    overall = rows_of(summary, "classes", scope=0, label="smote", plan=0)
    assert {r["class"] for r in overall} == {"rarest class", "commonest class"}


def test_faithfulness_stands_by_class_from_the_rarest_that_can_be_scored(summary, run):
    one = rows_of(summary, "class-quality", table="eucalyptus", score_of=0, method="smote")
    places = {r["class"]: r["place"] for r in one}
    assert places == {"all rows": 0, "none": 1, "good": 2}  # others have too few test rows
    assert all(r["calibrated"] == pytest.approx(0.5, abs=0.05) for r in one)  # planted
    rare = (run.quality["method"] == "smote") & (run.quality["label"] == "none")
    value = run.quality["value"].where(~rare, 0.3)  # the floor
    mended = summarize(replace(run, quality=run.quality.assign(value=value)))
    worse = rows_of(mended, "class-quality", table="eucalyptus", score_of=0, method="smote")
    levels = [{r["class"]: r["calibrated"] for r in rows} for rows in (one, worse)]
    assert levels[1].pop("none") == pytest.approx(0, abs=0.05)
    assert levels[0].pop("none") == pytest.approx(0.5, abs=0.05)
    assert levels[0] == levels[1]


def test_faithfulness_over_tables_is_that_of_their_rarest_and_commonest_classes(summary):
    (rarest,) = rows_of(
        summary,
        "class-quality",
        scope=0,
        score_of=0,
        method="smote",
        **{"class": "rarest scored class"},
    )
    first = [
        r
        for r in rows_of(summary, "class-quality", score_of=0, method="smote", place=1)
        if r["scope"]
    ]
    # of ionosphere no class but the commoner has rows enough
    assert [(r["table"], r["class"]) for r in first] == [
        *(("hmeq", "1"), ("eucalyptus", "none"), ("ionosphere", "g"))
    ]
    assert rarest["calibrated"] == pytest.approx(
        np.mean([r["calibrated"] for r in first]), abs=1e-3
    )
    assert rarest["n"] == 3
    (commonest,) = rows_of(summary, "class-quality", scope=0, score_of=0, method="smote", place=2)
    assert commonest["n"] == 2


def test_probabilities_are_drawn_as_they_come_and_moved_back(summary, run):
    want = over_tables(probability_scores(run, "balance")).set_index(["method", "metric"])
    found = rows_of(summary, "probabilities")
    assert {r["label"] for r in found} == {"duplicate", "undersample", "smote", *MADE}
    for r in rows_of(summary, "probabilities", panel=1):
        raw, moved = want.loc[(r["label"], "log_loss"), ["raw", "corrected"]]
        assert (r["as_it_comes"], r["moved_back"]) == pytest.approx((raw, moved), abs=1e-4)
        assert raw != pytest.approx(moved, abs=1e-3)
    drawn = {f.name: f for f in figures(summary) if f.group == "probabilities"}
    assert list(drawn) == ["probabilities-brier", "probabilities-log_loss", "probabilities-ece"]
    rows = list(csv.DictReader(io.StringIO(sheet(drawn["probabilities-ece"], summary))))
    assert {r["score"] for r in rows} == {"Calibration error"}
    assert len(rows) == len(found) / 3


def test_what_stays_a_table_is_written_as_csv(summary):
    found = {name: list(csv.DictReader(io.StringIO(t))) for name, t in listings(summary).items()}
    assert set(found) == {"tables", "not-delivered", "failures", "fallbacks", "quality-by-class"}
    assert [(r["name"], r["class"], r["rows_of_class"]) for r in found["tables"]][:2] == [
        *(("hmeq", "0", "4771"), ("hmeq", "1", "1189"))
    ]
    short = found["not-delivered"][0]
    assert (short["dataset"], short["method"], short["label"]) == ("eucalyptus", "tvae", "best")
    assert (
        int(short["requested"]) - int(short["delivered"]) == 12
    )  # three rows in each of four splits
    assert found["failures"][0]["method"] == "cart"
    by_class = found["quality-by-class"][0]
    assert by_class["class"] == "all rows"
    assert (
        by_class["Overall quality"]
        == summary["quality"]["by_class"][0]["rows"][0]["cells"][
            summary["quality"]["titles"].index("Overall quality")
        ]
    )


def test_claims_and_ranks_are_written_as_csv_where_a_run_has_them():
    found = summarize(FakeRun(datasets=FIVE, **CLEAN).make())
    words = ("claim", "verdict", "value", "rule")
    found["claims"] = {"rows": [dict.fromkeys(words, "all is well, or not")]}
    written = {name: list(csv.DictReader(io.StringIO(t))) for name, t in listings(found).items()}
    assert [r["verdict"] for r in written["claims"]] == [
        r["verdict"] for r in found["claims"]["rows"]
    ]
    assert [r["label"] for r in written["over-tables"]] == [
        r["label"] for r in found["across"]["rows"]
    ]


def test_gain_and_cost_has_one_dot_a_method_and_a_front(summary):
    found = rows_of(summary, "worth", scope=0, metric=0, plan=0)
    methods = [r["method"] for r in found]
    assert len(methods) == len(set(methods)) == 6
    best = max(found, key=lambda r: r["gain"])
    assert best["front"] == 1
    assert not [
        r for r in found if r["front"]
        and any(o["gain"] > r["gain"] and o["seconds"] < r["seconds"] for o in found)
    ]  # fmt: skip


def test_what_the_calibrated_chart_does_not_draw_is_said_under_it():
    run = FakeRun(gains=dict.fromkeys(("smote", "cart", "tvae", "duplicate"), 0.0), **CLEAN).make()
    assert summarize(run)["trend_drawn"] == []
    quality = run.quality.copy()
    overall = (quality["metric"] == "overall-quality") & (quality["label"] == "")
    flat = overall & (quality["dataset"] == "hmeq") & (quality["method"] == "reference:ceiling")
    quality.loc[flat, "value"] = 0.31  # the floor has 0.3
    low = overall & (quality["dataset"] == "ionosphere") & (quality["method"] == "cart")
    quality.loc[low, "value"] = 0.1
    found = summarize(replace(run, quality=quality))
    first, second = found["trend_drawn"]
    assert first.startswith("Calibrated, hmeq is not drawn: floor and real rows are less than 0.02")
    assert second == (
        "Beyond the axis and drawn at its end, calibrated: cart on ionosphere (\u22120.33)."
    )
    page = html.unescape(render(found))
    assert page.index('id="chart-f1-quality-calibrated"') < page.index(second)


def test_a_key_shows_the_families_that_its_chart_draws(summary):
    def keys(part):
        if isinstance(part, dict):
            if part.get("field") == "family" and "domain" in part.get("scale", {}):
                yield part["scale"]["domain"]
            for value in part.values():
                yield from keys(value)
        elif isinstance(part, list):
            for value in part:
                yield from keys(value)

    drawn = {f.name: f for f in figures(summary)}
    methods = {"resampling", "noise", "neighbours", "trees", "networks"}
    for name, wanted in {
        "headline": {*methods, "weights, thresholds, presets"}, "gain-cost": methods, "rates-gap": methods,
    }.items():  # fmt: skip
        found = list(keys(drawn[name].spec))
        assert found
        assert {frozenset(k) for k in found} == {frozenset(wanted)}, name
    assert [f["label"] for f in summary["quality_families"]] == [
        f["label"] for f in summary["families"] if f["name"] != "decision"
    ]


def test_names_of_dots_do_not_cover_each_other():
    x, y = np.array([0.5, 0.51, 0.9]), np.array([0.5, 0.5, 0.5])
    found = spots(x, y, ["one", "two", "far"], [False, True, False], (600, 300))
    # above or below, a name could be that of either dot
    assert PLACES[found[1]].align == "left"
    assert PLACES[found[0]].align == "right"
    crowd = spots(np.full(40, 0.5), np.full(40, 0.5), ["name"] * 40, [False] * 40, (600, 300))
    assert NOWHERE in crowd


def test_a_name_without_room_beside_its_dot_stands_at_the_end_of_a_line_that_crosses_nothing():
    """Dots of a column at a name's height from each other, five wide: the inner ones have no room beside them."""
    x, y = (a.ravel() for a in np.meshgrid(np.linspace(0.45, 0.55, 5), np.linspace(0.4, 0.6, 5)))
    names = [f"method {i}" for i in range(len(x))]
    found = spots(x, y, names, [False] * len(x), (600, 300))
    led = [k for k in found if k and PLACES[k].led]
    assert len(led) >= 3
    boxes = [
        (i, _box(a * 600, b * 300, len(names[i]) * LETTER, PLACES[k]))
        for i, (a, b, k) in enumerate(zip(x, y, found, strict=True)) if k
    ]  # fmt: skip
    for i, box in boxes:
        assert not [j for j, other in boxes if j != i and _meet(box, other)]
        middles = [(a * 600, b * 300) for j, (a, b) in enumerate(zip(x, y, strict=True)) if j != i]
        assert not [m for m in middles if box[0] < m[0] < box[2] and box[1] < m[1] < box[3]]


def test_a_sheet_holds_what_its_figure_shows_in_words(summary):
    drawn = {f.name: f for f in figures(summary)}
    rows = list(csv.DictReader(io.StringIO(sheet(drawn["gains-0"], summary, scope=1))))
    assert {(r["scope"], r["metric"], r["against"]) for r in rows} == {
        ("hmeq", "Macro F1", "doing nothing")
    }
    assert {r["plan"] for r in rows} == {"balance", ""}
    assert "smote" in {r["treatment"] for r in rows}
    assert not {"order", "first", "label", "word"} & set(rows[0])
    triangle = list(csv.DictReader(io.StringIO(sheet(drawn["column-pairs"], summary))))
    assert [(r["pair_table"], r["maker"]) for r in triangle] == [("hmeq", "tvae")]
