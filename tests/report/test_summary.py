"""The words of the page follow from planted results."""

import html
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
from equipoise.analysis.wording import signed
from equipoise.report.charted import expand
from equipoise.report.figures import figures
from equipoise.report.findings import power_note
from equipoise.report.page import render
from equipoise.report.summary import summarize
from equipoise.report.terminal import show

ONE = {"hmeq": {"0": 4771, "1": 1189}}
CLEAN = {"failed": (), "skipped": ()}


def items_of(summary, opponent=0, scope=0):
    board = summary["found"]["scopes"][scope]["boards"][opponent]
    return {i["label"]: i for g in board["groups"] for i in g["items"]}


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


def test_a_method_that_failed_everywhere_is_not_drawn_as_no_difference():
    lost = tuple((d, r, "cart") for d in FakeRun().datasets for r in range(5))
    found = summarize(FakeRun(failed=lost, skipped=()).make())
    items = items_of(found)
    assert (items["cart"]["text"], items["cart"]["low"], items["cart"]["note"]) == (
        *("failed", None, ""),
    )
    records = expand(found["tables"]["gains"], found["lookups"])
    drawn = [r for r in records if r["label"] == "cart"]
    assert drawn
    assert {(r["gain"], r["low"], r["high"], r["score"]) for r in drawn} == {(None,) * 4}
    assert not [
        r for r in expand(found["tables"]["levels"], found["lookups"]) if r["label"] == "cart"
    ]
    out = io.StringIO()
    show(found, Console(file=out, force_terminal=True, width=200))
    assert "failed failed" not in out.getvalue()
    assert found["failed_everywhere"]
    assert next(t["splits"] for t in found["trouble"]) == "all 5"


def test_a_split_lost_with_its_opponent_is_said():
    found = summarize(FakeRun(failed=(("hmeq", 2, "identity"),), skipped=()).make())
    assert items_of(found)["smote"]["note"] == "14 of 15 splits"
    assert items_of(found, scope=1)["smote"]["note"] == "4 of 5 splits"
    assert items_of(found, scope=2)["smote"]["note"] == ""


def test_the_lead_names_the_plan(summary):
    assert summary["found"]["lead"].startswith(
        "In Macro F1 on these 3 tables, on the plan balance, smote"
    )
    assert "plan" not in summary["found"]["scopes"][1]["lead"]


def tables(n):
    return {f"table {i}": {"a": 90, "b": 40} for i in range(n)}


SIX = tables(6)


def on_tables(n):
    gains = {"smote": 0.06, "cart": 0.0, "duplicate": -0.05, "tvae": 0.0}
    lost = tuple((d, r, "tvae") for d in tables(n) for r in range(5))
    wish = FakeRun(datasets=tables(n), gains=gains, plans=("balance",), failed=lost, skipped=())
    return summarize(wish.make())


def test_over_at_least_five_tables_ranks_are_shown(summary):
    assert summary["across"] is None
    found = on_tables(6)["across"]
    rows = {r["label"]: r for r in found["rows"]}
    assert rows["tvae"]["gain"] == "failed"
    assert rows["tvae"]["rank"] == f"{len(rows):.1f}"
    assert float(rows["smote"]["rank"]) < float(rows["untouched rows"]["rank"])
    assert "Nemenyi" in found["about"][0]


def test_signed_ranks_are_shown_where_the_tables_are_enough_for_them_to_find_something():
    found = on_tables(10)["across"]
    rows = {r["label"]: r for r in found["rows"]}
    # all but the best simple choice itself are compared, what failed included: the least p is n * 2 / 2^10
    n = len(rows) - 1
    assert float(rows["smote"]["p"]) == pytest.approx(n * 2 / 2**10, abs=5e-4)
    assert n * 2 / 2**10 <= 0.05
    assert (rows["smote"]["helps"], rows["duplicate"]["hurts"]) == ("> 99 %", "> 99 %")
    assert rows["best simple choice"]["p"] == "–"
    assert found["signed_ranks"]


def test_on_fewer_tables_one_sentence_says_why_signed_ranks_are_not_shown():
    summary = on_tables(9)
    found = summary["across"]
    assert not found["signed_ranks"]
    assert {r[k] for r in found["rows"] for k in ("p", "hurts", "same", "helps")} == {"–"}
    n = len(found["rows"]) - 1
    (said,) = [s for s in found["about"] if "not shown" in s]
    assert f"for any of {n} treatments, " in said
    assert "at least 10 tables" in said
    page = render(summary)
    assert said in html.unescape(page)
    assert '<th class="num">Hurts</th>' not in page
    assert "For tables like these" in page


def test_a_treatment_without_a_result_on_some_table_is_not_ranked_and_the_others_are():
    skipped = tuple((f"table {i}", "cart") for i in (0, 2, 4))
    wish = FakeRun(datasets=SIX, gains={"smote": 0.06, "cart": 0.0}, failed=(), skipped=skipped)
    summary = summarize(wish.make())
    found = summary["across"]
    rows = {r["label"]: r for r in found["rows"]}
    assert [n for n, r in rows.items() if r["rank"] == "–"] == ["cart", "cart + tuned threshold"]
    assert rows["cart"]["gain"] != "–"
    about = " ".join(found["about"])
    assert "Nemenyi" in about
    assert "Not ranked" in about
    assert "cart and cart + tuned threshold" in about
    drawn = expand(summary["tables"]["standings"], summary["lookups"])
    assert {(r["metric"], r["plan"]) for r in drawn} == {(m, p) for m in range(3) for p in range(3)}
    assert not [r for r in drawn if r["label"].startswith("cart")]
    assert summary["not_ranked"] in html.unescape(render(summary))
    assert "cart" in summary["not_ranked"]


def test_the_shares_of_a_table_are_counted_as_one_table():
    shares = [f"{name}{mark}" for name in ("hmeq", "iono") for mark in ("@0.1", "@0.5", "")]
    wish = FakeRun(
        datasets=dict.fromkeys(shares, {"a": 90, "b": 40}),
        gains={"smote": 0.0, "cart": 0.0},
        **CLEAN,
    )
    found = summarize(wish.make())
    assert found["title"] == "Demo: a fair trial on 2 tables in 3 shares"
    assert "on these 2 tables in 3 shares" in found["found"]["lead"]
    assert found["found"]["power"].startswith("Over 2 tables a signed-rank test")
    assert "on hmeq and iono (with 10 %, 50 % and all of the training rows)" in found["asked"][0]
    assert found["lookups"]["scope"][:2] == ["All 2 tables in 3 shares", "hmeq@0.1"]


def test_an_experiment_s_own_title_stands_where_the_run_is_of_all_its_tables():
    made = FakeRun(datasets=tables(2), gains={"smote": 0.0}, **CLEAN).make()

    def title(own, *datasets):
        options = {"title": own, "datasets": list(datasets)}
        return summarize(replace(made, run={**made.run, "options": options}))["title"]

    assert title("Does it help? Two tables", *tables(2)) == "Does it help? Two tables"
    assert title("Does it help? Three tables", *tables(3)) == "Demo: a fair trial on 2 tables"
    assert title("", *tables(2)) == "Demo: a fair trial on 2 tables"
    shares = {"datasets": dict.fromkeys(("hmeq@0.1", "hmeq"), {"a": 90, "b": 40})}
    made = FakeRun(**shares, gains={"smote": 0.0}, **CLEAN).make()
    assert title("Does it help?", "hmeq", "hmeq@0.1") == (
        "Does it help? A fair trial on 1 table in 2 shares"
    )


def test_one_table_in_shares_is_no_sample_of_tables():
    datasets = dict.fromkeys(("hmeq@0.1", "hmeq"), {"a": 90, "b": 40})
    found = summarize(FakeRun(datasets=datasets, gains={"smote": 0.0}, **CLEAN).make())
    assert found["title"] == "A fair trial on hmeq in 2 shares"
    assert "on this table in 2 shares" in found["found"]["lead"]
    assert found["found"]["power"].startswith("One table cannot speak for others")


def test_a_count_of_treatments_says_what_it_counts():
    found = summarize(FakeRun(gains={"smote": -0.06, "cart": 0.0}, plans=("balance",)).make())
    alone, every = (b["n"] for b in reversed(found["found"]["scopes"][0]["boards"]))
    assert (alone, every) == (
        4,
        10,
    )  # two methods, with and without a threshold; six answers beside
    lead, power = found["found"]["lead"], found["found"]["power"]
    assert "of 4 treatments that make or drop rows did worse or may do" in lead
    assert "of 10 treatments, answers that make no row included, beat doing nothing" in lead
    assert "any of 10 treatments, answers that make no row included, to pass" in power


def test_rows_whose_opponent_is_tuned_on_one_split_are_named_in_the_caption():
    found = summarize(FakeRun(datasets=ONE, gains={"smote": 0.0, "tvae": 0.0}, **CLEAN).make())
    assert found["one_split"].startswith("The threshold of tvae, whose fits are costly,")
    assert found["one_split"] in render(found)
    assert summarize(FakeRun(datasets=ONE, gains={"smote": 0.0}, **CLEAN).make())["one_split"] == ""


def test_fresh_real_rows_stand_last_and_are_named_but_are_no_winner():
    lost = (("hmeq", 0, "cart"), *(("hmeq", r, "tvae") for r in range(5)))
    wish = FakeRun(
        datasets=ONE, gains={"oracle": 0.09, "cart": -0.03, "tvae": 0.0}, failed=lost, skipped=()
    )
    found = summarize(wish.make())
    rows = [r for r in expand(found["tables"]["gains"], found["lookups"]) if not r["metric"]]
    rows = sorted((r for r in rows if r["against"] == 1), key=lambda r: r["order"])
    names = ["fresh real rows (oracle) + tuned threshold", "fresh real rows (oracle)"]
    assert {r["label"] for r in rows[-4:]} == set(names)
    assert {r["family"] for r in rows[-4:]} == {"fresh real rows"}
    assert items_of(found, opponent=1)[names[1]]["verdict"] == "helps"
    assert "oracle" not in found["found"]["lead"]
    assert found["found"]["lead"].startswith("Nothing")
    drawn = next(f for f in figures(found) if f.name == "headline")
    assert "fresh real rows" in json.dumps(drawn.spec)


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
    assert "p = 0.0312" in power_note(6, 9, "treatments")
    assert "any of 9 treatments to pass" in power_note(6, 9, "treatments")
    assert "at least 9 tables" in power_note(6, 9, "treatments")
    assert "at least" not in power_note(30, 9, "treatments")
    assert "One table" in power_note(1, 9, "treatments")


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


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "pipe"])
def test_a_mean_that_lacks_a_table_says_so_wherever_it_is_shown(terminal):
    whole = FakeRun(**CLEAN).make()
    first, *others = list(whole.datasets["name"])
    gone = {
        name: frame[~((frame["method"] == "smote") & (frame["dataset"] != first))]
        for name, frame in (
            ("observations", whole.observations),
            ("trials", whole.trials),
            ("asked", whole.asked),
        )
    }
    found, out = summarize(replace(whole, **gone)), io.StringIO()
    show(found, Console(file=out, force_terminal=terminal, width=250))
    assert f"no result on {' and '.join(others)}" in " ".join(out.getvalue().split())
    assert "Every method met the same" not in found["asked"][1]
    assert "Some were asked for on fewer" in found["asked"][1]


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
