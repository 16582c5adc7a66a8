"""Gains pair by split, count failures as no gain, and meet the opponent that is fair to them."""

import math

import numpy as np
import pandas as pd
import pytest

from equipoise.analysis.frames import COLUMNS, Results
from equipoise.analysis.gains import EVERY_PLAN, equivalence, gains, over_tables, within_tables
from equipoise.analysis.gaps import gaps, improvement
from equipoise.analysis.intervals import beyond_these_tables, corrected, over_these_tables
from equipoise.analysis.opponents import opposing_decision
from equipoise.analysis.pooled import counts_table, pooled_gains, split_gains, worst_f1
from equipoise.analysis.signed_ranks import holm
from equipoise.analysis.verdicts import verdict
from equipoise.errors import OptionError

BASE = ("identity", "none", "plain", "xgboost")
SMOTE = ("smote", "balance", "plain", "xgboost")


def observe(rows):
    """Rows are (dataset, repeat, treatment, test) or (..., train, test)."""
    out = []
    for dataset, repeat, treatment, *values in rows:
        parts = ("train", "test")[-len(values) :]
        out += [
            (dataset, repeat, *treatment, part, "macro_f1", "", value)
            for part, value in zip(parts, values, strict=True)
        ]
    return pd.DataFrame(out, columns=COLUMNS["observations"])


def trials(rows=()):
    return pd.DataFrame(rows, columns=["dataset", "repeat", "method", "status"])


def five(treatment, values, dataset="d"):
    return [(dataset, r, treatment, v) for r, v in enumerate(values)]


def test_gains_are_paired_by_split():
    base = [0.5, 0.6, 0.7, 0.8, 0.9]
    rows = five(BASE, base) + five(SMOTE, [b + 0.02 for b in base])[::-1]
    found = within_tables(gains(observe(rows), trials(), "macro_f1"))
    assert len(found) == 1
    row = found.iloc[0]
    assert row["gain"] == pytest.approx(0.02)
    assert row["high"] - row["low"] == pytest.approx(0, abs=1e-9)
    assert row["verdict"] == "helps"


def test_the_interval_is_nadeau_and_bengio_s():
    d = (0.01, 0.02, -0.005, 0.015, 0.01)
    rows = five(BASE, [0.5] * 5) + five(SMOTE, [0.5 + x for x in d])
    row = within_tables(gains(observe(rows), trials(), "macro_f1")).iloc[0]
    want = corrected(d)
    assert (row["low"], row["high"], row["p"]) == pytest.approx((want.low, want.high, want.p))
    assert row["verdict"] == "cannot be told"


def test_a_failure_counts_as_no_gain_and_is_counted():
    rows = five(BASE, [0.5] * 5) + five(SMOTE, [0.6] * 4)
    found = within_tables(
        gains(observe(rows), trials([("d", 4, "smote", "timeout")]), "macro_f1")
    ).iloc[0]
    assert found["gain"] == pytest.approx(0.08)
    assert (found["n"], found["n_failed"]) == (5, 1)


def test_half_of_the_splits_failed_tells_nothing_and_scores_are_of_the_others():
    rows = five(BASE, [0.5, 0.6, 0.7, 0.8]) + five(SMOTE, [0.5, 0.6])
    failures = trials([("d", r, "smote", "failed") for r in (2, 3)])
    found = within_tables(gains(observe(rows), failures, "macro_f1")).iloc[0]
    assert (found["low"], found["high"]) == (0, 0)  # which would be "no difference"
    assert found["verdict"] == "cannot be told"
    assert (found["score"], found["opponent_score"]) == pytest.approx((0.55, 0.55))


def test_most_tables_failed_tells_nothing():
    tables = "abcdef"
    rows = [r for t in tables for r in five(BASE, [0.5] * 5, t)] + five(SMOTE, noisy(0, 0.01), "a")
    failures = trials([(t, r, "smote", "timeout") for t in tables[1:] for r in range(5)])
    over = over_tables(within_tables(gains(observe(rows), failures, "macro_f1"))).iloc[0]
    assert over["verdict"] == "cannot be told"
    assert over["score"] - over["opponent_score"] == pytest.approx(6 * over["gain"])


def test_a_method_that_always_failed_is_still_there():
    failures = trials([("d", r, "tvae", "failed") for r in range(5)])
    found = within_tables(gains(observe(five(BASE, [0.5] * 5)), failures, "macro_f1")).iloc[0]
    assert (found["method"], found["plan"], found["gain"]) == ("tvae", EVERY_PLAN, 0)
    assert found["verdict"] == "failed"


def test_a_method_that_always_failed_stands_beside_controls_alone():
    controls = ["xgboost-bagging", "xgboost-regularised"]
    rows = [r for c in controls for r in five((*BASE[:3], c), [0.5] * 5)]
    failures = trials([("d", r, "tvae", "failed") for r in range(5)])
    found = within_tables(gains(observe(rows), failures, "macro_f1"))
    assert sorted(found.loc[found["method"] == "tvae", "classifier"]) == controls


def noisy(seed, gain):
    return 0.5 + gain + np.random.default_rng(seed).normal(0, 0.01, 5)


def two_plans():
    """Untreated rows with weights, two methods on balance, one of them on grow too, one that always failed."""
    rows = five(BASE, [0.5] * 5) + five((*BASE[:2], "balanced", "xgboost"), noisy(1, 0.02))
    rows += five(SMOTE, noisy(2, 0.03)) + five(("cart", *SMOTE[1:]), noisy(3, 0.02))
    rows += five(("smote", "grow:0.5", "plain", "xgboost"), noisy(4, 0.02))
    rows += five((*SMOTE[:3], "random-forest"), noisy(5, 0.02))
    rows += five((*BASE[:3], "random-forest"), [0.5] * 5)
    return rows, trials([("d", r, "tvae", "failed") for r in range(5)])


@pytest.mark.parametrize("level", [lambda t: t, over_tables], ids=["one table", "over tables"])
def test_holm_counts_everything_that_is_shown_together(level):
    rows, failures = two_plans()
    found = level(within_tables(gains(observe(rows), failures, "macro_f1")))
    found = found[found["classifier"] == "xgboost"].set_index(["method", "plan"])
    balance = [
        ("identity", "none"),
        ("smote", "balance"),
        ("cart", "balance"),
        ("tvae", EVERY_PLAN),
    ]
    grow = [("identity", "none"), ("smote", "grow:0.5"), ("tvae", EVERY_PLAN)]
    on_balance = dict(zip(balance, holm(found.loc[balance, "p"]), strict=True))
    on_grow = dict(zip(grow, holm(found.loc[grow, "p"]), strict=True))
    for key in balance[1:3]:
        assert found.loc[key, "p_holm"] == pytest.approx(on_balance[key])
    assert found.loc[grow[1], "p_holm"] == pytest.approx(on_grow[grow[1]])
    weights = ("identity", "none")  # on both boards: the more cautious of the two
    assert found.loc[weights, "p_holm"] == pytest.approx(max(on_balance[weights], on_grow[weights]))
    assert found.loc[weights, "p_holm"] > found.loc[weights, "p"]


def test_a_table_where_nothing_could_be_paired_is_absent_from_the_mean():
    rows = five(BASE, [0.5] * 5) + five(SMOTE, [0.6] * 5) + five(SMOTE, [0.6] * 5, "e")
    within = within_tables(gains(observe(rows), trials(), "macro_f1"))
    assert over_tables(within, datasets=["d", "e"])["absent"].iloc[0] == ("e",)


def test_a_declared_skip_is_absent():
    rows = five(BASE, [0.5] * 5)
    skips = trials([("d", r, "tvae", "skipped") for r in range(5)])
    assert gains(observe(rows), skips, "macro_f1").empty


def test_an_absent_table_is_named_in_the_mean():
    rows = five(BASE, [0.5] * 5) + five(BASE, [0.4] * 5, "e")
    rows += five(SMOTE, [0.6] * 5) + five(SMOTE, [0.4] * 5, "e")
    rows += five(("cart", *SMOTE[1:]), [0.6] * 5)
    found = over_tables(within_tables(gains(observe(rows), trials(), "macro_f1")))
    by_method = found.set_index("method")
    assert by_method.loc["smote", "gain"] == pytest.approx(0.05)
    assert by_method.loc["smote", "absent"] == ()
    assert by_method.loc["cart", "absent"] == ("e",)


def test_the_mean_over_tables_is_satterthwaite_s():
    rng = np.random.default_rng(2)
    rows = []
    for name in "def":
        rows += five(BASE, [0.5] * 5, name) + five(SMOTE, rng.normal(0.52, 0.01, 5), name)
    within = within_tables(gains(observe(rows), trials(), "macro_f1"))
    row = over_tables(within).iloc[0]
    want = over_these_tables(within["gain"], within["variance"], within["df"])
    assert (row["low"], row["high"], row["df"], row["p"]) == pytest.approx(
        (want.low, want.high, want.df, want.p)
    )
    beyond = beyond_these_tables(within["gain"])
    assert (row["beyond_low"], row["beyond_high"]) == pytest.approx((beyond.low, beyond.high))


def test_a_split_threshold_meets_a_split_opponent():
    assert opposing_decision("threshold:split", "best-simple") == "best-simple:split"
    assert opposing_decision("threshold:split+corrected", "threshold") == "threshold:split"
    assert opposing_decision("plain", "best-simple") == "best-simple"
    assert opposing_decision("threshold:split", "identity") == "plain"
    rows = five(("identity", "none", "best-simple", "xgboost"), [0.60] * 5)
    rows += five(("identity", "none", "best-simple:split", "xgboost"), [0.55] * 5)
    rows += five(("tvae", "balance", "threshold:split", "xgboost"), [0.57] * 5)
    found = gains(observe(rows), trials(), "macro_f1", "best-simple")
    tuned = found[found["method"] == "tvae"]
    assert tuned["gain"].to_numpy() == pytest.approx([0.02] * 5)


def test_controls_meet_the_plain_classifier():
    rows = five(BASE, [0.5] * 5) + five((*BASE[:3], "xgboost-bagging"), [0.53] * 5)
    found = gains(observe(rows), trials(), "macro_f1")
    assert set(found["classifier"]) == {"xgboost-bagging"}
    assert found["gain"].mean() == pytest.approx(0.03)


def test_an_unknown_opponent_or_metric_is_refused():
    table = observe(five(BASE, [0.5] * 5))
    with pytest.raises(OptionError, match="there is no opponent 'nobody'"):
        gains(table, trials(), "macro_f1", "nobody")
    with pytest.raises(OptionError, match="hold no metric 'f7', only macro_f1"):
        gains(table, trials(), "f7")


def test_the_words_follow_from_the_ends():
    assert verdict(0.02, 0.04, 0.01) == "helps"
    assert verdict(0.02, 0.04, 0.20) == "may help"
    assert verdict(-0.04, -0.02, 0.01) == "hurts"
    assert verdict(-0.04, -0.02, 0.20) == "may hurt"
    assert verdict(-0.009, 0.009, 1.0) == "no difference"
    assert verdict(0.001, 0.009, 0.001) == "no difference"
    assert verdict(-0.02, 0.03, 1.0) == "cannot be told"
    assert verdict(math.nan, math.nan, math.nan) == "cannot be told"


@pytest.mark.truth
def test_no_effect_is_seldom_called_one():
    # 200 runs of 6 tables, 4 methods without effect; splits share their training rows as the correction
    # assumes. Holm's family-wise rate is 5 %; plus two binomial standard errors (3.1 %).
    rng = np.random.default_rng(3)
    alarms = 0
    for _ in range(200):
        common = rng.normal(0, math.sqrt(0.2), size=(4, 6, 1))
        d = 0.02 * (common + rng.normal(0, math.sqrt(0.8), size=(4, 6, 5)))
        rows = [
            (
                f"t{t}",
                r,
                f"m{m}",
                "balance",
                "plain",
                "xgboost",
                "xgboost",
                0.5,
                0.5,
                d[m, t, r],
                False,
            )
            for m in range(4)
            for t in range(6)
            for r in range(5)
        ]
        columns = ["dataset", "repeat", "method", "plan", "decision", "classifier", "home"]
        columns += ["score", "opponent_score", "gain", "failed"]
        found = over_tables(within_tables(pd.DataFrame(rows, columns=columns)))
        alarms += bool(found["verdict"].isin(["helps", "hurts"]).any())
    assert alarms / 200 <= 0.081


def test_equivalence_needs_the_rope():
    rows = []
    for t in range(8):
        rows += five(BASE, [0.5] * 5, f"t{t}") + five(SMOTE, [0.501] * 5, f"t{t}")
    within = within_tables(gains(observe(rows), trials(), "macro_f1"))
    found = equivalence(within, np.random.default_rng(0)).iloc[0]
    assert found["rope"] > 0.99


def test_the_gap_improvement_has_its_reference_value():
    assert improvement(1.0 - 0.7, 0.9 - 0.75) == pytest.approx(0.5)
    assert improvement(0.3, 0.3) == 0
    rows = [("d", 0, BASE, 1.0, 0.7), ("d", 0, SMOTE, 0.9, 0.75)]
    found = gaps(observe(rows), trials())
    assert found.mean["improvement"].iloc[0] == pytest.approx(0.5)
    assert found.per_table["test_change"].iloc[0] == pytest.approx(0.05)


def test_a_table_without_a_gap_is_left_out_and_listed():
    rows = [("d", 0, BASE, 0.71, 0.70), ("d", 0, SMOTE, 0.9, 0.75)]
    rows += [("e", 0, BASE, 1.0, 0.7), ("e", 0, SMOTE, 0.9, 0.75)]
    found = gaps(observe(rows), trials())
    assert found.excluded == ("d",)
    assert found.mean[["improvement", "n"]].iloc[0].tolist() == pytest.approx([0.5, 1])


def test_the_gap_is_a_ratio_of_means_and_a_failure_closes_nothing():
    rows = [("d", 0, BASE, 1.0, 0.9), ("d", 1, BASE, 1.0, 0.6)]
    rows += [("d", 0, SMOTE, 0.95, 0.9)]
    found = gaps(observe(rows), trials([("d", 1, "smote", "failed")]))
    assert found.per_table["improvement"].iloc[0] == pytest.approx((0.25 - 0.225) / 0.25)


def test_under_sampling_is_marked_as_not_comparable():
    rows = [("d", 0, BASE, 1.0, 0.7), ("d", 0, ("undersample", *SMOTE[1:]), 0.9, 0.75)]
    assert not gaps(observe(rows), trials()).per_table["comparable"].any()


def predictions(treatment, folds):
    rows = []
    for repeat, (truth, decided) in enumerate(folds):
        p = np.full((len(truth), 2), 0.1)
        p[np.arange(len(truth)), decided] = 0.9
        rows.append(("d", repeat, *treatment, "test", np.array(truth), p, np.zeros(2)))
    return pd.DataFrame(rows, columns=COLUMNS["predictions"])


def test_the_worst_class_is_taken_after_pooling():
    # class 1: one hit and one miss in each of two folds, the other way round; no fold alone has both
    folds = [([0, 0, 1], [0, 0, 1]), ([0, 0, 1], [0, 0, 0])]
    counts = counts_table(predictions(BASE, folds))["counts"]
    # class 1 pooled: one true positive, one predicted, two actual: 2/3; class 0: 8/9
    assert worst_f1(np.sum(list(counts), axis=0)) == (pytest.approx(2 / 3), 1)


def test_offsets_decide():
    table = predictions(BASE, [([0, 1], [0, 0])])
    table.at[0, "offsets"] = np.array([0.0, 5.0])
    assert worst_f1(counts_table(table)["counts"].iloc[0])[0] == 0.0


def test_an_unscored_class_is_never_the_worst():
    counts = np.array([[5.0, 0.0], [7.0, 0.0], [5.0, 2.0]])
    assert worst_f1(counts)[1] == 1
    assert worst_f1(counts, np.array([True, False])) == (pytest.approx(10 / 12), 0)


def test_pooled_gains_of_equal_predictions_are_exactly_zero():
    folds = [([0, 0, 1, 1], [0, 1, 1, 1]), ([0, 0, 1, 1], [0, 0, 1, 0]), ([0, 1], [0, 1])]
    both = pd.concat([predictions(BASE, folds), predictions(SMOTE, folds)])
    none = pd.DataFrame(columns=["dataset", "repeat", "method", "plan", "decision", "classifier"])
    row = pooled_gains(counts_table(both), none, "identity").iloc[0]
    assert (row["gain"], row["low"], row["high"]) == (0, 0, 0)


def test_without_the_opponent_there_is_no_pooled_gain():
    alone = counts_table(predictions(SMOTE, [([0, 0, 1, 1], [0, 1, 1, 1])]))
    none = pd.DataFrame(columns=["dataset", "repeat", "method", "plan", "decision", "classifier"])
    assert pooled_gains(alone, none, "identity").empty
    assert split_gains(alone, none, "identity").empty


def test_a_failed_fold_takes_the_opponent_s_predictions():
    folds = [([0, 0, 1, 1], [0, 1, 1, 1]), ([0, 0, 1, 1], [0, 0, 1, 0])]
    better = [([0, 0, 1, 1], [0, 0, 1, 1])]
    both = pd.concat([predictions(BASE, folds), predictions(SMOTE, better)])
    failed = pd.DataFrame(
        [("d", 1, *SMOTE)],
        columns=["dataset", "repeat", "method", "plan", "decision", "classifier"],
    )
    row = pooled_gains(counts_table(both), failed, "identity").iloc[0]
    assert (row["n"], row["n_failed"]) == (2, 1)
    assert row["gain"] > 0


def test_pseudo_values_have_the_pooled_gain_as_mean_and_its_interval():
    rng = np.random.default_rng(0)
    truth = [np.repeat([0, 1], [8, 4])] * 5
    guesses = [[(t ^ (rng.random(12) < error)).astype(int) for t in truth] for error in (0.3, 0.1)]
    folds = [list(zip(truth, guess, strict=True)) for guess in guesses]
    counts = counts_table(pd.concat([predictions(BASE, folds[0]), predictions(SMOTE, folds[1])]))
    none = pd.DataFrame(columns=["dataset", "repeat", "method", "plan", "decision", "classifier"])
    row = pooled_gains(counts, none, "identity").iloc[0]
    found = split_gains(counts, none, "identity")
    want = corrected(found["gain"])
    assert list(found["repeat"]) == list(range(5))
    assert (row["gain"], row["low"], row["high"]) == pytest.approx((want.mean, want.low, want.high))
    pooled = [worst_f1(np.sum(list(c), axis=0))[0] for _, c in counts.groupby("method")["counts"]]
    assert row["gain"] == pytest.approx(pooled[1] - pooled[0])


def test_what_was_asked_and_has_not_run_is_known():
    asked = pd.DataFrame([("d", 0, "smote"), ("d", 1, "smote")], columns=COLUMNS["asked"])
    done = pd.DataFrame(
        [("d", 0, "smote", "done")], columns=["dataset", "repeat", "method", "status"]
    )
    left = Results(asked=asked, trials=done).unfinished()
    assert left.to_dict("records") == [{"dataset": "d", "repeat": 1, "method": "smote"}]


def test_plain_bagging_is_an_opponent_of_everything_but_itself():
    bagging = (*BASE[:3], "xgboost-bagging")
    rows = five(BASE, [0.5] * 5) + five(bagging, [0.53] * 5) + five(SMOTE, [0.55] * 5)
    found = within_tables(gains(observe(rows), trials(), "macro_f1", "bagging"))
    by_name = {(r.method, r.classifier): r.gain for r in found.itertuples(index=False)}
    assert by_name == {
        ("identity", "xgboost"): pytest.approx(-0.03), ("smote", "xgboost"): pytest.approx(0.02)
    }  # fmt: skip
