"""Claims about calibrated scores over splits: floor 0, ceiling 1, and no ratio where there is none to be had."""

import numpy as np
import pandas as pd
import pytest

from equipoise.analysis.frames import COLUMNS
from equipoise.analysis.quality import (
    CALIBRATED,
    UNINFORMATIVE,
    UNKNOWN,
    Scale,
    agreement,
    copying,
    over_tables,
    too_few,
    within_tables,
)

SCALES = {"coverage": Scale("independent", True), "detection": Scale("independent", False)}


def frame(*rows):
    """Make stored scores of (repeat, source, metric, value), with a label, a dataset and an interval if given."""
    return pd.DataFrame(
        [
            (more[1] if len(more) > 1 else "t", repeat, source, more[0] if more else "")
            + (metric, "", value, *(more[2:] or (np.nan, np.nan)))
            for repeat, source, metric, value, *more in rows
        ],
        columns=COLUMNS["quality"],
    )


def splits(metric, floor, ceiling, *own, label="", dataset="t"):
    more = (label, dataset)
    rows = []
    for repeat, (f, c) in enumerate(zip(floor, ceiling, strict=True)):
        rows.append((repeat, "reference:independent", metric, f, *more))
        rows.append((repeat, "reference:ceiling", metric, c, *more))
    for source, values in own:
        rows += [(r, source, metric, v, *more) for r, v in enumerate(values) if v is not None]
    return frame(*rows)


def only(table):
    (row,) = table.itertuples(index=False)
    return row


def test_the_floor_is_0_and_the_ceiling_1_whichever_way_is_better():
    floor, ceiling = [0.5, 0.6, 0.4], [0.9, 0.95, 0.88]
    table = splits("coverage", floor, ceiling, ("low", floor), ("top", ceiling))
    found = within_tables(table, SCALES).set_index("method")
    assert found.loc["low", "calibrated"] == pytest.approx(0)
    assert found.loc["top", "calibrated"] == pytest.approx(1)
    assert found.loc["top", ["low", "high"]].tolist() == pytest.approx([1, 1])
    worse = splits("detection", [0.9, 0.92], [0.5, 0.51], ("half", [0.7, 0.715]))
    assert only(within_tables(worse, SCALES)).calibrated == pytest.approx(0.5)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(300):
        floor, ceiling, own = (m + 0.02 * rng.normal(size=5) for m in (0.5, 0.9, 0.8))
        row = only(within_tables(splits("coverage", floor, ceiling, ("m", own)), SCALES))
        held += row.low <= 0.75 <= row.high
    # Independent splits: the correction for overlap widens by half, so it should miss less often than 5 %.
    assert held / 300 > 0.95


def test_one_split_whose_floor_meets_its_ceiling_does_not_decide():
    floor, ceiling, own = [0.5] * 5 + [0.79], [0.8] * 6, [0.65] * 5 + [0.9]
    row = only(within_tables(splits("coverage", floor, ceiling, ("m", own)), SCALES))
    assert row.state == CALIBRATED
    assert 0.4 < row.calibrated < 0.7  # a mean of ratios would be above 2


@pytest.mark.parametrize(
    ("floor", "ceiling"),
    [
        ([0.9, 0.9], [0.91, 0.91]),  # they meet
        ([0.5, 0.9], [0.9, 0.55]),  # their distance is noise
        ([0.9, 0.9], [0.5, 0.5]),  # the floor is better
    ],
)
def test_where_floor_and_ceiling_meet_or_are_turned_round_nothing_is_said(floor, ceiling):
    row = only(within_tables(splits("coverage", floor, ceiling, ("m", [0.9, 0.9])), SCALES))
    assert row.state == UNINFORMATIVE
    assert np.isnan(row.calibrated)
    assert row.value == pytest.approx(0.9)


def test_of_one_split_the_noise_is_that_of_its_blocks():
    def one(reach):
        rows = [("reference:independent", 0.5), ("reference:ceiling", 0.6), ("m", 0.55)]
        return frame(*[(0, s, "coverage", v, "", "t", v - reach, v + reach) for s, v in rows])

    assert only(within_tables(one(0.09), SCALES)).state == UNINFORMATIVE
    row = only(within_tables(one(0.01), SCALES))
    assert row.calibrated == pytest.approx(0.5)
    assert np.isnan(row.low)


def test_a_method_that_failed_in_a_split_is_read_against_the_others():
    floor, ceiling = [0.0, 0.5, 0.5], [0.1, 0.9, 0.9]
    row = only(within_tables(splits("coverage", floor, ceiling, ("m", [None, 0.7, 0.7])), SCALES))
    assert row.n == 2
    assert row.calibrated == pytest.approx(0.5)


def test_without_the_untreated_trial_there_is_no_reference():
    row = only(within_tables(frame((0, "m", "coverage", 0.7)), SCALES))
    assert (row.state, row.n) == (UNKNOWN, 0)


def test_scores_of_columns_unknown_scores_and_numbers_that_are_none_are_left_out():
    table = splits("coverage", [0.5, 0.5], [0.9, 0.9], ("m", [0.7, np.inf]))
    strange = frame((0, "m", "new-score", 0.1), (0, "m", "coverage", 0.1)).assign(item=["", "age"])
    row = only(within_tables(pd.concat([table, strange]), SCALES))
    assert (row.n, row.calibrated) == (1, pytest.approx(0.5))


def test_nothing_in_nothing_out():
    empty = pd.DataFrame(columns=COLUMNS["quality"])
    within = within_tables(empty, SCALES)
    assert len(within) == len(over_tables(within)) == len(copying(empty)) == 0
    assert too_few(empty, {"t": ["a"]}) == {}


def test_the_mean_over_tables_is_of_those_where_the_score_says_something():
    parts = [
        splits("coverage", [0.5, 0.5], [0.9, 0.9], ("m", own), dataset=d)
        for d, own in (("a", [0.7, 0.72]), ("b", [0.9, 0.88]))
    ]
    parts.append(splits("coverage", [0.9, 0.9], [0.9, 0.9], ("m", [0.1, 0.1]), dataset="c"))
    row = only(over_tables(within_tables(pd.concat(parts), SCALES)))
    assert row.n == 2
    assert row.calibrated == pytest.approx((0.525 + 0.975) / 2)
    assert row.low < row.calibrated < row.high


def test_agreement_is_of_ranks_within_tables_that_have_enough_methods():
    def points(dataset, gains):
        worth = np.arange(len(gains)) / 10
        return pd.DataFrame({"dataset": dataset, "calibrated": worth, "gain": gains})

    same, turned, few = points("a", [1, 2, 3, 4]), points("b", [4, 3, 2, 1]), points("c", [1, 2])
    assert agreement(pd.concat([same, few])) == (1, pytest.approx(1))
    assert agreement(pd.concat([same, turned])) == (2, pytest.approx(0))
    assert agreement(few) is None


def test_alarms_are_counted_beside_the_share():
    table = frame(
        *[(r, "m", "too-close", v) for r, v in enumerate([0.3, 0.34, 0.32])],
        *[(r, "m", "copying-alarm", v) for r, v in enumerate([1.0, 0.0, 1.0])],
        (0, "reference:copy", "too-close", 1.0),
    )
    row = only(copying(table))
    assert (row.method, row.n, row.alarms) == ("m", 3, 2)
    assert 0 <= row.low < 0.32 < row.high <= 1


def test_classes_without_a_ceiling_are_named_as_too_few():
    table = splits("coverage", [0.5], [0.9], label="common")
    assert too_few(table, {"t": ["common", "rare"], "other": ["x"]}) == {"t": ["rare"]}
