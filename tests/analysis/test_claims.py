"""Every claim's rule reaches all three verdicts on runs where the answer was planted."""

import hashlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from planted import ARTICLE, MAKERS, RATES, TABLES, Planted
from scipy import stats

from equipoise.analysis.claim import RULES, claims
from equipoise.analysis.claim_trends import chance
from equipoise.analysis.claims import OF_SCORES, STATISTICS, article_of, judge, judge_otherwise
from equipoise.analysis.frames import COLUMNS, Results
from equipoise.analysis.intervals import Interval
from equipoise.analysis.rules import Count, Measured, Region, check, count, decide, spread_between

LOUD = 0.2  # noise from split to split in which nothing can be told
GROWN = {f"grow:{rate}": i for i, rate in enumerate(RATES)}


def all_by(shift):
    return lambda method, plan, table: shift


def one(name, shift, rest=0.0):
    return lambda method, plan, table: shift if method == name else rest


def grown(per_step, first=0.0, train=0.0):
    return lambda method, plan, table: first + per_step * GROWN.get(plan, 0)


def each_has_its_table(method, plan, table):
    return 0.1 if MAKERS.index(method) % 6 == table else 0.0


def by_rank(sign):
    return lambda method, plan, table: sign * 0.01 * MAKERS.index(method)


def scattered(method, plan, table):
    return 0.05 * (-1) ** table


ranked_quality = lambda method, plan, table: 0.6 + 0.03 * MAKERS.index(method)  # noqa: E731
rising = lambda method, plan, table: 0.6 + 0.05 * table  # noqa: E731
falling = lambda method, plan, table: 0.9 - 0.05 * table  # noqa: E731
mixed = lambda method, plan, table: 0.6 + 0.05 * (table * 5 % 6 % 4)  # noqa: E731


def unrelated(method, plan, table):
    """Gains that are the methods' own on every table, and no trend with their place."""
    return 0.01 * (MAKERS.index(method) * 5 % 12)


# claim: what makes it hold, fail, and impossible to tell
CASES = {
    "no-synthesizer-best": ({"test": each_has_its_table}, {"test": one("tvae", 0.1)}, {"noise": LOUD}),
    "on-par-with-baselines": ({}, {"test": all_by(-0.1)}, {"noise": LOUD}),
    "custom-weights-reduce-gap": (
        {"decisions": {"ladder": (0.02, 0.0)}}, {"decisions": {"ladder": (-0.02, 0.0)}}, {"noise": LOUD},
    ),
    "language-model-reduces-gap": ({"test": all_by(0.02)}, {"test": all_by(-0.02)}, {"noise": LOUD}),
    "minority-overfits-most": ({"class_gap": 0.2}, {"class_gap": -0.2}, {"noise": LOUD}),
    "rows-mostly-new": ({}, {"close": all_by(0.9)}, {"noise": LOUD * 3}),
    "quality-is-high": ({"quality": all_by(0.98)}, {"quality": all_by(0.6)}, {"noise": LOUD}),
    "quality-does-not-predict-gain": (
        {"test": by_rank(-1), "quality": ranked_quality},
        {"test": by_rank(1), "quality": ranked_quality},
        {"test": unrelated, "quality": ranked_quality, "noise": LOUD},
    ),
    "harder-tables-lower-quality": ({"quality": rising}, {"quality": falling}, {"quality": mixed}),
    "growth-reduces-gap": ({"test": all_by(0.02)}, {"test": all_by(-0.02)}, {"noise": LOUD}),
    "growth-lowers-f1-slightly": ({"test": all_by(-0.015)}, {"test": all_by(0.05)}, {"noise": LOUD}),
    "small-rates-best": (
        {"test": grown(-0.01, first=0.05)}, {"test": grown(0.02, first=-0.1)}, {"noise": LOUD},
    ),
    "tvae-gains-by-growth": ({"test": all_by(0.02)}, {"test": all_by(-0.02)}, {"noise": LOUD}),
    "others-do-not-gain-by-growth": ({"test": all_by(-0.02)}, {"test": all_by(0.05)}, {"noise": LOUD}),
    "seldom-beat-class-weights": ({"test": all_by(-0.02)}, {"test": all_by(0.06)}, {"noise": LOUD}),
    "smote-no-more-than-threshold": ({}, {"test": all_by(0.06)}, {"noise": LOUD}),
    "smote-no-more-than-tuning": ({}, {"test": all_by(0.06)}, {"noise": LOUD}),
    "results-depend-on-table": ({"test": scattered}, {}, {"noise": LOUD}),
}  # fmt: skip


def verdict_of(name, results):
    claim = next(c for c in claims() if c.name == name)
    return STATISTICS[claim.statistic](claim, results)


def test_every_claim_of_the_benchmark_is_planted():
    assert set(CASES) == {c.name for c in claims() if c.article == "benchmark"}
    assert {c.statistic for c in claims()} <= set(STATISTICS)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("which", [0, 1, 2], ids=["holds", "does not hold", "cannot be told"])
def test_planted_runs_reach_every_verdict(name, which, request):
    found = verdict_of(name, Planted(**CASES[name][which]).make())
    assert found.verdict == ("holds", "does not hold", "cannot be told")[which], found


def in_most(many, few, n=4):
    """Give one value to the first n of the article's six methods, another to the others."""
    return lambda method, plan, table: many if method in ARTICLE[:n] else few


@pytest.mark.parametrize(
    ("new", "fresh", "verdict"),
    [
        (all_by(0.92), 0.96, "holds"), (all_by(0.5), 0.5, "holds"), (all_by(0.99), 0.9, "holds"),
        (in_most(0.96, 0.5), 0.96, "holds"),
        (all_by(0.92), 0.98, "does not hold"), (all_by(0.44), 0.5, "does not hold"),
        (in_most(0.5, 0.96), 0.96, "does not hold"),
        (all_by(0.91), 0.96, "cannot be told"), (in_most(0.96, 0.5, n=3), 0.96, "cannot be told"),
    ],
    ids=[
        "0.04 fewer", "few, as of fresh rows", "more than fresh rows", "new for four of six",
        "0.06 fewer", "0.06 fewer of few", "not new for four of six",
        "0.05 fewer, the border", "new for three of six",
    ],
)  # fmt: skip
def test_newness_alone_decides_whether_rows_are_new(new, fresh, verdict):
    """No row is too close to a training row here."""
    found = verdict_of("rows-mostly-new", Planted(new=new, fresh=fresh).make())
    assert found.verdict == verdict, found
    for one in found.measured:
        newness, closeness = one.checks
        assert closeness.inside < 0.025, closeness
        assert newness.value == pytest.approx(new(one.method, "balance", 0) - fresh, abs=0.002)


@pytest.mark.parametrize(
    ("close", "verdict"),
    [
        (all_by(0.24), "holds"), (all_by(0.26), "does not hold"), (all_by(0.25), "cannot be told"),
        (in_most(0.01, 0.9), "holds"), (in_most(0.9, 0.01), "does not hold"),
        (in_most(0.01, 0.9, n=3), "cannot be told"),
    ],
    ids=[
        "just below", "just above", "the border", "four of six far", "four of six close",
        "three of six close",
    ],
)  # fmt: skip
def test_closeness_alone_decides_whether_rows_are_new(close, verdict):
    found = verdict_of("rows-mostly-new", Planted(close=close).make())
    assert found.verdict == verdict, found
    assert all(one.checks[0].inside < 0.025 for one in found.measured)


@pytest.mark.parametrize(
    ("planted", "verdict", "slope", "reduction"),
    [
        ({"test": grown(0.02, first=0.05)}, "does not hold", "above", "above"),
        ({"test": grown(-0.01, first=-0.05)}, "does not hold", "below", "below"),
        ({"test": grown(-0.01, first=0.05), "train": all_by(0.1)}, "does not hold", "below", "below"),
        ({"test": all_by(0.05)}, "cannot be told", "about", "above"),
        ({"test": grown(-0.01)}, "cannot be told", "below", "about"),
        ({"test": grown(-0.05, first=0.05)}, "holds", "below", "above"),
    ],
    ids=[
        "more is better", "the gap widens", "the gap widens by the train score",
        "no slope", "the gap stays", "the gap closes at the least rate only",
    ],
)  # fmt: skip
def test_slope_and_gap_each_decide_whether_small_rates_are_best(planted, verdict, slope, reduction):
    found = verdict_of("small-rates-best", Planted(**planted).make())
    assert found.verdict == verdict, found
    for one in found.measured:
        for which, side in zip(one.checks, (slope, reduction), strict=True):
            assert side in ("about", side_of_zero(which)), (one.method, which)


def side_of_zero(found):
    return "above" if found.low > 0 else "below" if found.high < 0 else "about"


def test_more_than_a_quarter_of_winners_refutes_seldom():
    winners = ARTICLE[:2]
    effect = lambda method, plan, table: 0.012 if method in winners else -0.02  # noqa: E731
    found = verdict_of("seldom-beat-class-weights", Planted(test=effect).make())
    assert found.verdict == "does not hold"
    assert "clearly gain" in " ".join(found.notes)


def test_a_gap_that_closes_by_a_lower_train_score_alone_is_called_so():
    results = Planted(decisions={"ladder": (-0.05, -0.1)}).make()
    found = verdict_of("custom-weights-reduce-gap", results)
    assert found.verdict == "holds"
    assert any("lower train score alone" in note for m in found.measured for note in m.notes)


def test_a_method_without_results_is_named_and_a_missing_table_is_said():
    results = Planted(methods=("tvae", "ctgan")).make()
    gone = (results.observations["method"] == "tvae") & (results.observations["dataset"] == "c")
    partial = Results(
        run=results.run, observations=results.observations[~gone], trials=results.trials,
        datasets=results.datasets, quality=results.quality,
    )  # fmt: skip
    found = verdict_of("on-par-with-baselines", partial)
    assert {"no result: great", "no result: tabgpt"} <= set(found.notes)
    (tvae,) = [m for m in found.measured if m.method == "tvae"]
    assert "not on c" in tvae.notes


def without(results, gone, failed=()):
    """Give a run without some observations, and with trials that failed in place of theirs."""
    trials, obs = results.trials.copy(), results.observations
    for method, dataset in failed:
        here = (trials["method"] == method) & (trials["dataset"] == dataset)
        trials.loc[here, "status"] = "failed"
        gone = gone | ((obs["method"] == method) & (obs["dataset"] == dataset))
    return replace(results, observations=obs[~gone], trials=trials)


def test_methods_that_failed_everywhere_are_evidence_of_nothing():
    results = Planted().make()
    never = pd.Series(False, index=results.observations.index)
    lost = without(results, never, [(m, d) for m in (*ARTICLE, "smote") for d in TABLES])
    by_name = {j.claim.name: j for j in judge(lost, "benchmark")}
    of_gains = [
        j for j in by_name.values() if j.claim.statistic in ("gain", "gap-reduction", "dominance")
    ]
    of_methods = [j for j in of_gains if "identity" not in j.claim.methods]
    assert len(of_methods) >= 8
    assert {j.verdict for j in of_methods} == {"cannot be told"}, of_methods


def test_two_methods_that_failed_or_scored_alike_on_a_table_do_not_beat_each_other():
    results = Planted(noise=LOUD).make()
    never = pd.Series(False, index=results.observations.index)
    lost = without(results, never, [(m, "a") for m in ARTICLE])
    assert verdict_of("no-synthesizer-best", lost).value.startswith("0 of 6")


def test_a_leader_must_lead_on_every_table_though_a_rival_did_not_run_there():
    """TVAE leads on three tables and trails on three, where one rival did not run."""
    results = Planted(test=lambda m, plan, t: (0.1 if t < 3 else -0.02) * (m == "tvae")).make()
    obs = results.observations
    gone = (obs["method"] == "great") & obs["dataset"].isin(["d", "e", "f"])
    found = verdict_of("no-synthesizer-best", without(results, gone))
    assert found.verdict != "does not hold", found
    alone = (obs["method"] == "tvae") & (obs["dataset"] != "a")
    assert verdict_of("no-synthesizer-best", without(results, alone)).verdict != "does not hold"


@pytest.mark.parametrize(
    ("places", "verdict"),
    [((1, 0, 3, 2, 4, 5), "holds"), ((1, 0, 3, 2, 5, 4), "cannot be told")],
    ids=["31/35", "29/35"],
)
def test_the_bound_of_six_tables_takes_in_31_of_35(places, verdict):
    """Each pair of neighbours that change places takes 2/35 from a correlation of one."""
    quality = lambda method, plan, table: 0.5 + 0.05 * places.index(table)  # noqa: E731
    assert (
        verdict_of("harder-tables-lower-quality", Planted(quality=quality).make()).verdict
        == verdict
    )


def test_means_between_tables_are_of_the_methods_that_ran_on_all_of_them():
    """Poor methods are missing where the table is hard, which would turn a falling trend into a rising one."""
    poor = MAKERS[:4]
    quality = lambda m, plan, t: 0.9 - 0.01 * t - (0.5 if m in poor else 0.0)  # noqa: E731
    results = Planted(quality=quality).make()
    obs, scores = results.observations, results.quality
    late = ["d", "e", "f"]
    part = without(results, obs["method"].isin(poor) & obs["dataset"].isin(late))
    part = replace(
        part, quality=scores[~(scores["method"].isin(poor) & scores["dataset"].isin(late))]
    )
    found = verdict_of("harder-tables-lower-quality", part)
    assert found.verdict == "does not hold"
    assert any("did not run on every table" in note for note in found.notes)


def test_one_method_of_six_is_not_most_of_them_and_a_model_and_its_stand_in_are_one():
    few = verdict_of("rows-mostly-new", Planted(methods=("tvae",)).make())
    assert few.verdict == "cannot be told"
    assert "most of the methods have no result" in few.notes
    three = verdict_of("rows-mostly-new", Planted(methods=("tvae", "ctgan", "tabgpt")).make())
    assert three.verdict == "holds"  # of five: ctgan, tvae, two of tailcalib, one language model


def test_missing_splits_are_said_by_every_claim_about_methods():
    results = Planted().make()
    obs, scores = results.observations, results.quality
    gone = (obs["method"] == "tvae") & (obs["dataset"] == "b") & (obs["repeat"] > 1)
    lost = (scores["method"] == "tvae") & (scores["dataset"] == "b") & (scores["repeat"] > 1)
    part = replace(without(results, gone), quality=scores[~lost])
    for name in (
        "on-par-with-baselines",
        "growth-reduces-gap",
        "rows-mostly-new",
        "quality-is-high",
    ):
        (tvae,) = [m for m in verdict_of(name, part).measured if m.method == "tvae"]
        assert "2 of 5 splits on b" in tvae.notes, name


def test_classes_of_one_size_have_no_rarest():
    results = Planted().make()
    even = results.datasets.assign(class_counts=[{"common": 250, "rare": 250}] * len(TABLES))
    found = verdict_of("minority-overfits-most", replace(results, datasets=even))
    assert (found.verdict, found.measured) == ("cannot be told", ())


def test_a_run_without_anything_cannot_be_told():
    for found in judge(Results(), "benchmark") + judge(Results(), "tutorial"):
        assert found.verdict == "cannot be told"


def test_which_runs_speak_to_which_article():
    assert article_of(Results(run={"experiment": "article"})) == "benchmark"
    assert article_of(Results(run={"experiment": "tutorial"})) == "tutorial"
    assert article_of(Results(run={"experiment": "demo"})) == ""


def test_rules_are_those_that_runs_have_noted():
    from equipoise.trials.bench import _versions

    assert _versions()["claims"] == hashlib.sha256(RULES.read_bytes()).hexdigest()[:16]


def interval(mean, variance=0.01**2, df=4.0):
    return Interval(mean, float("nan"), float("nan"), variance, df, 0.0, 1.0, 5)


@pytest.mark.parametrize("mean", np.linspace(-0.1, 0.1, 21))
def test_a_check_is_the_interval_against_the_region(mean):
    region = Region(-0.02, 0.02)
    found = check("x", interval(mean), region)
    reach = stats.t.ppf(0.975, 4) * 0.01
    assert (found.inside < 0.025) == (-0.02 < mean - reach and mean + reach < 0.02)
    assert (found.outside < 0.025) == (mean + reach < -0.02 or mean - reach > 0.02)


def test_no_spread_at_all_decides_by_the_value_and_at_an_end_it_is_on_neither_side():
    region = Region(0.0, 1.0)
    for value, inside, outside in (
        (0.5, True, False), (-0.01, False, True), (1.01, False, True), (0.0, False, False), (1.0, False, False),
    ):  # fmt: skip
        found = check("x", interval(value, variance=0.0), region)
        assert (found.inside < 0.025, found.outside < 0.025) == (inside, outside)


def test_most_and_each_count_as_they_say():
    def found(inside, outside, n):
        names = [str(i) for i in range(n)]
        return Count(tuple(names[:inside]), tuple(names[n - outside :]), n)

    assert decide(found(3, 0, 5), "most") == "holds"
    assert decide(found(2, 0, 4), "most") == "cannot be told"
    assert decide(found(1, 3, 5), "most") == "does not hold"
    assert decide(found(5, 0, 5), "each") == "holds"
    assert decide(found(4, 0, 5), "each") == "cannot be told"
    assert decide(found(4, 1, 5), "each") == "does not hold"
    assert decide(found(0, 0, 0), "each") == "cannot be told"


def test_holm_guards_the_count_over_methods():
    region = Region(0.0, float("inf"))
    weak = interval(0.032)  # alone just inside: p 0.016
    assert len(count([Measured("a", (check("x", weak, region),))]).inside) == 1
    assert not count([Measured(m, (check("x", weak, region),)) for m in "abcdef"]).inside


@pytest.mark.parametrize(("tau", "sd"), [(0.0, 0.02), (0.01, 0.03), (0.03, 0.02)])
def test_the_spread_between_tables_covers_where_each_has_five_splits(tau, sd):
    """Squared standard errors are estimated from five splits, as in a run; a wider spread is claimed seldom enough."""
    region, rng, hits, wider, n = (
        Region(tau + 0.01, float("inf")),
        np.random.default_rng(0),
        0,
        0,
        300,
    )
    df, variance = 4, sd**2 * (1 / 5 + 0.25)
    for _ in range(n):
        means = rng.normal(0, (variance + tau**2) ** 0.5, 6)
        estimated = variance * rng.chisquare(df, 6) / df
        found = spread_between(means, estimated, [df] * 6, region, "sd")
        hits += found.low <= tau <= found.high
        wider += found.inside < 0.025
    assert hits / n > 0.95 - 3 * (0.95 * 0.05 / n) ** 0.5
    assert wider / n < 0.025 + 3 * (0.025 * 0.975 / n) ** 0.5


def test_the_spread_between_tables_is_found_and_equal_tables_have_none():
    region = Region(0.01, float("inf"))
    far = spread_between(
        [0.05, -0.05, 0.05, -0.05, 0.05, -0.05], [0.002**2] * 6, [4] * 6, region, "sd"
    )
    assert far.inside < 0.025
    assert far.low > 0.01
    assert far.value == pytest.approx(0.0548, abs=0.001)
    same = spread_between([0.1] * 6, [0.002**2] * 6, [4] * 6, region, "sd")
    assert (same.low, same.value) == (0.0, 0.0)
    assert same.outside < 0.025
    assert same.high < 0.01


def tutorial(errors, positive=None, noise=0.1, seed=0):
    """A run of ten seeds: mean error in percent by method, of all rows and of the positive class."""
    rng = np.random.default_rng(seed)
    rows = []
    for repeat in range(10):
        luck = rng.normal(0, 0.1)
        for part, metric, label, planted in (
            ("test", "accuracy", "", errors), ("test", "recall", ">50K", positive or errors),
        ):  # fmt: skip
            for method, error in planted.items():
                plan = "none" if method == "identity" else "balance"
                value = 1 - (error + luck + rng.normal(0, noise)) / 100
                treatment = (method, plan, "plain", "random-forest")
                rows.append(("adult", repeat, *treatment, part, metric, label, value))
    return Results(
        run={"experiment": "tutorial"},
        observations=pd.DataFrame(rows, columns=COLUMNS["observations"]),
    )


BALANCED, HALF = "basic-vae:balanced-batches", "cvae:half"
TUTORIAL_CASES = {
    "tutorial-error-before": (
        ({"identity": 16.0},), ({"identity": 14.0},), ({"identity": 15.5},),
    ),
    "tutorial-error-falls": (
        ({"identity": 16, "basic-vae": 14},), ({"identity": 16, "basic-vae": 16},),
        ({"identity": 16, "basic-vae": 15},),
    ),
    "tutorial-positives-do-not-gain": (
        ({"identity": 36, "basic-vae": 36},), ({"identity": 36, "basic-vae": 30},),
        ({"identity": 36, "basic-vae": 35},),
    ),
    "tutorial-majority-dominates": (
        ({"basic-vae": 36, BALANCED: 30},), ({"basic-vae": 36, BALANCED: 36},),
        ({"basic-vae": 36, BALANCED: 35},),
    ),
    "tutorial-too-few-minority-rows": (
        ({HALF: 36, "cvae": 30},), ({HALF: 36, "cvae": 36},), ({HALF: 36, "cvae": 35},),
    ),
}  # fmt: skip


def test_every_claim_of_the_tutorial_is_planted():
    assert set(TUTORIAL_CASES) == {c.name for c in claims() if c.article == "tutorial"}


@pytest.mark.parametrize("name", TUTORIAL_CASES)
@pytest.mark.parametrize("which", [0, 1, 2], ids=["holds", "does not hold", "cannot be told"])
def test_planted_tutorials_reach_every_verdict(name, which):
    claim = next(c for c in claims() if c.name == name)
    noise = 1.0 if which == 2 else 0.1
    found = STATISTICS[claim.statistic](claim, tutorial(*TUTORIAL_CASES[name][which], noise=noise))
    assert found.verdict == ("holds", "does not hold", "cannot be told")[which], found


def test_seeds_of_a_tutorial_that_failed_are_no_change_and_few_of_them_are_named():
    run = tutorial({"identity": 16, "basic-vae": 14})
    obs = run.observations
    part = replace(run, observations=obs[~((obs["method"] == "basic-vae") & (obs["repeat"] > 2))])
    rows = [
        ("", "adult", r, m, "failed" if m != "identity" and r > 2 else "done", "", 0.0, 0.0, 0.0, 0.0, "1", False, ())
        for r in range(10)
        for m in ("identity", "basic-vae")
    ]  # fmt: skip
    failed = replace(part, trials=pd.DataFrame(rows, columns=COLUMNS["trials"]))
    found = {j.claim.name: j for j in judge(failed, "tutorial")}["tutorial-error-falls"]
    assert found.verdict == "cannot be told"
    (measured,) = found.measured
    assert measured.checks[0].value == pytest.approx(-0.6, abs=0.1)
    assert "7 trials failed and count as no change" in measured.notes


def by_auc(results, other):
    """Give a run whose scores by AUC are the macro F1 of another run."""
    rows = other.observations[other.observations["metric"] == "macro_f1"]
    both = pd.concat([results.observations, rows.assign(metric="macro_roc_auc")])
    return replace(results, observations=both)


def test_claims_about_scores_are_held_against_other_scores_by_the_same_rule():
    better, worse = Planted(test=all_by(0.02)).make(), Planted(test=all_by(-0.02)).make()
    run = by_auc(better, worse)
    (by_f1,) = [j for j in judge(run, "benchmark") if j.claim.name == "tvae-gains-by-growth"]
    others = judge_otherwise(run, "benchmark")
    assert by_f1.verdict == "holds"
    assert others["tvae-gains-by-growth"]["macro_roc_auc"].verdict == "does not hold"
    assert set(others["tvae-gains-by-growth"]) == {
        "macro_roc_auc"
    }  # a score the run lacks is left out
    assert "quality-is-high" not in others


SHIFTING = [
    name
    for name in CASES
    if next(c for c in claims() if c.name == name).statistic in OF_SCORES
    and name not in ("results-depend-on-table", "harder-tables-lower-quality")  # no shift of scores
]


@pytest.mark.parametrize("name", SHIFTING)
def test_every_statistic_of_scores_takes_the_score_that_it_is_told(name):
    """By F1 the claim holds as planted; by AUC, which was planted the other way, it does not."""
    run = by_auc(Planted(**CASES[name][0]).make(), Planted(**CASES[name][1]).make())
    claim = next(c for c in claims() if c.name == name)
    by_area = STATISTICS[claim.statistic](replace(claim, metric="macro_roc_auc"), run)
    assert verdict_of(name, run).verdict == "holds"
    assert by_area.verdict == "does not hold"


def test_chance_is_a_half_for_areas_and_one_in_c_for_f1():
    assert [chance(m, 4) for m in ("macro_f1", "macro_roc_auc", "worst_roc_auc")] == [
        0.25,
        0.5,
        0.5,
    ]
