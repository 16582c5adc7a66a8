"""Floors know nothing, ceilings are real, and a calibrated score lies between them."""

import math

import numpy as np
import pandas as pd
import pytest

from equipoise.fidelity.blocks import LEAST_ROWS, Spread, block_size, cut, measure
from equipoise.fidelity.metric import Measured, Metric
from equipoise.fidelity.novelty import score_novelty_references
from equipoise.fidelity.reading import read_trio
from equipoise.fidelity.references import (
    REFERENCES,
    by_name,
    calibrate,
    independent_rows,
    parts_of,
    score_references,
    score_synthetic,
    uniform_rows,
)
from equipoise.fidelity.registry import (
    METRICS,
    PRIVACY_METRICS,
    TRIAL_METRICS,
    TRIAL_PRIVACY_METRICS,
    group_of,
)
from equipoise.fidelity.scores import fidelity_scores
from equipoise.fidelity.trial import reference_quality, trial_quality

CHEAP = tuple(
    m for m in METRICS if m.name in ("column-shapes", "column-pair-trends", "coverage", "density")
)


def law(n, rng):
    """Rows of a known law: two tied numbers, a tied level, cells missing, and a class of one in four."""
    a = rng.normal(size=n)
    b = 0.8 * a + 0.6 * rng.normal(size=n)
    k = a + 0.5 * rng.normal(size=n) > 0.75
    level = np.where(rng.random(n) < 0.3 + 0.4 * k, "x", np.where(rng.random(n) < 0.5, "y", "z"))
    frame = pd.DataFrame({"a": a.round(2), "b": b.round(2), "level": level, "k": np.where(k, 1, 0)})
    frame.loc[rng.random(n) < 0.1, "b"] = np.nan
    return frame


def trio_of(rng, train=400, fresh=100, synthetic=400):
    frames = [law(n, rng) for n in (train, synthetic, fresh)]
    return read_trio(frames[0], frames[1], "k", holdout=frames[2]).trio


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def correlation(table):
    whole = ~np.isnan(table.numbers).any(axis=1)
    return np.corrcoef(table.numbers[whole].T)[0, 1]


def test_independent_rows_keep_columns_and_cut_their_ties(rng):
    trio = trio_of(rng)
    rows = independent_rows(trio.train, 4000, rng)
    assert abs(correlation(trio.train)) > 0.7
    # Of 3,600 rows without a missing cell: four standard errors of a correlation of 0.
    assert abs(correlation(rows)) < 4 / math.sqrt(3600)
    for j, column in enumerate(rows.numbers.T):
        assert np.isin(column, trio.train.numbers[:, j], assume_unique=False)[
            ~np.isnan(column)
        ].all()
    missing = np.isnan(trio.train.numbers[:, 1]).mean()
    assert abs(np.isnan(rows.numbers[:, 1]).mean() - missing) < 4 * math.sqrt(0.1 * 0.9 / 4000)


def test_uniform_rows_lie_on_the_grid_in_the_range_and_of_a_class_stay_in_it(rng):
    part = trio_of(rng).of_class(1)
    rows = uniform_rows(part.schema, part.train, 1000, rng)
    for drawn, real in zip(rows.numbers.T, part.train.numbers.T, strict=True):
        drawn = drawn[~np.isnan(drawn)]
        assert drawn.min() >= np.nanmin(real)
        assert drawn.max() <= np.nanmax(real)
        assert np.allclose(drawn, drawn.round(2))
    assert set(rows.codes[:, part.target]) == {1}


def spread(value, deviation, blocks, label=""):
    return Spread("m", label, value, deviation, blocks)


def test_a_score_is_put_between_its_floor_and_its_ceiling():
    floor, ceiling = spread(0.5, 0.01, 4), spread(0.9, 0.01, 4)
    middle = calibrate(spread(0.7, 0.01, 4), floor, ceiling, "higher")
    assert middle.value == pytest.approx(0.5)
    assert middle.informative
    # Errors of 0.005 each: sqrt(1 + 1/4 + 1/4) * 0.005 / 0.4, times t at 6 degrees of freedom (2.447).
    assert middle.high - middle.value == pytest.approx(0.01531 * 2.447, rel=0.001)
    lower = calibrate(spread(0.6, 0.01, 4), spread(1.0, 0.01, 4), spread(0.5, 0.01, 4), "lower")
    assert lower.value == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("floor", "ceiling", "better"),
    [
        (spread(0.89, 0.001, 4), spread(0.90, 0.001, 4), "higher"),  # nearer than 0.02
        (spread(0.80, 0.2, 4), spread(0.90, 0.2, 4), "higher"),  # nearer than their noise
        (spread(0.95, 0.001, 4), spread(0.90, 0.001, 4), "higher"),  # the floor is better
        (spread(0.50, 0.001, 4), spread(0.90, 0.001, 4), "lower"),
        (spread(math.nan, math.nan, 0), spread(0.90, 0.001, 4), "higher"),
    ],
)
def test_where_floor_and_ceiling_meet_no_ratio_is_given(floor, ceiling, better):
    found = calibrate(spread(0.9, 0.01, 4), floor, ceiling, better)
    assert not found.informative
    assert math.isnan(found.value)


def test_a_single_block_is_taken_to_vary_as_the_ceiling_does():
    floor, ceiling = spread(0.5, 0.0, 4), spread(0.9, 0.02, 4)
    one = calibrate(spread(0.9, math.nan, 1), floor, ceiling, "higher")
    four = calibrate(spread(0.9, 0.02, 4), floor, ceiling, "higher")
    assert one.high - one.value > four.high - four.value > 0


def test_all_tables_are_measured_at_one_size_and_against_the_same_fresh_rows(rng):
    seen = []

    def look(trio, rng):
        seen.append((len(trio.fresh), len(trio.synthetic), trio.fresh.numbers[:, 0].sum()))
        return Measured(0.0)

    metric = Metric("m", "m", "higher", 0.0, 1.0, "", "", "independent", look)
    trio = trio_of(rng, train=400, fresh=300, synthetic=150)
    score_references(trio, [metric], rng, trio.synthetic)
    score_synthetic(trio, [metric], rng, trio.synthetic)
    whole = [entry for entry in seen if entry[0] == 150]
    assert len(whole) > 5
    assert {made for _, made, _ in whole} == {150}
    assert len({total for _, _, total in whole}) == 2  # 300 fresh rows are two blocks


def test_blocks_are_disjoint_and_leave_the_rest_out(rng):
    trio = trio_of(rng, train=430, fresh=100)
    blocks = cut(trio.train, 100, rng)
    assert [len(b) for b in blocks] == [100] * 4
    assert block_size(trio) == 100
    assert block_size(trio, 37) == 37
    assert cut(trio.train, 1000, rng) == []


def test_a_table_without_a_whole_block_has_no_score(rng):
    trio = trio_of(rng, synthetic=50)
    (found,) = measure(trio, CHEAP[:1], 100, rng)
    assert math.isnan(found.value)
    assert found.blocks == 0


def test_a_class_of_few_fresh_rows_is_not_scored(rng):
    trio = trio_of(rng, fresh=60)
    labels = [label for label, _, _ in parts_of(trio, trio.synthetic)]
    assert (trio.fresh.codes[:, trio.target] == 1).sum() < LEAST_ROWS
    assert labels == ["", "0"]


def test_every_reference_has_every_score_of_every_part(rng):
    trio = trio_of(rng, train=600, fresh=200)
    found = score_references(trio, CHEAP, rng)
    parts = [label for label, _, _ in parts_of(trio)]
    assert parts == ["", "0", "1"]
    for name in REFERENCES:
        assert set(by_name(found[name])) == {(label, m.name) for label in parts for m in CHEAP}


def test_the_same_seed_gives_the_same_scores():
    trio = trio_of(np.random.default_rng(3))
    twice = [score_references(trio, CHEAP, np.random.default_rng(1)) for _ in range(2)]
    assert twice[0] == twice[1]


def test_fresh_rows_and_a_memoriser_stand_at_the_ends_of_privacy(rng):
    trio = trio_of(rng, train=600, fresh=200)
    found = {
        name: by_name(spreads)
        for name, spreads in score_novelty_references(trio, TRIAL_PRIVACY_METRICS, rng).items()
    }
    assert found["copy"]["", "too-close"].value > 0.9
    assert found["fresh"]["", "too-close"].value < 0.2
    # Shares of 100 fresh rows: four standard errors of 1/2.
    assert abs(found["fresh"]["", "dcr-share"].value - 0.5) < 0.2


def test_names_are_unique_and_every_score_has_its_group():
    every = [m.name for m in (*METRICS, *PRIVACY_METRICS)]
    assert len(set(every)) == len(every)
    assert {m.name for m in (*TRIAL_METRICS, *TRIAL_PRIVACY_METRICS)} <= set(every)
    assert group_of("detection") == "Whole rows"
    assert group_of("too-close") == "Copies"


def tally(draws, make, metrics):
    """Say of each score how often its interval holds what it should, among the draws where it is informative."""
    held = {}
    for draw in range(draws):
        rng = np.random.default_rng(draw)
        trio, wanted = make(rng)
        found = fidelity_scores(
            metrics,
            score_synthetic(trio, metrics, rng, trio.synthetic),
            score_references(trio, metrics, rng, trio.synthetic),
        )
        for score in found:
            if not score.label and score.informative:
                inside = score.calibrated_low <= wanted <= score.calibrated_high
                held.setdefault(score.metric, []).append(inside)
    return held


def of_the_law(rng):
    return trio_of(rng), 1.0


def of_the_floor(rng):
    trio = trio_of(rng)
    return trio.with_synthetic(independent_rows(trio.train, 400, rng)), 0.0


@pytest.mark.truth
@pytest.mark.parametrize("make", [of_the_law, of_the_floor])
def test_fresh_rows_lie_around_1_and_the_floor_around_0_within_the_intervals(make):
    metrics = [m for m in CHEAP if m.floor == "independent"]
    held = tally(60, make, metrics)
    for name, inside in held.items():
        assert len(inside) > 30, name
        # 95 % intervals: a binomial share of n draws falls below by four standard errors once in 30,000.
        least = 0.95 - 4 * math.sqrt(0.95 * 0.05 / len(inside))
        assert np.mean(inside) > least, (name, np.mean(inside))


def test_what_a_trial_stores_and_what_its_references_store_meet_in_label_and_metric(rng):
    trio = trio_of(rng, train=600, fresh=200, synthetic=600)
    own = trial_quality(trio, "made", rng)
    known = reference_quality(trio, rng)
    assert {f.source for f in own} == {"made"}
    assert {f.source for f in known} == {f"reference:{n}" for n in (*REFERENCES, "fresh")}
    keys = {(f.label, f.metric) for f in own if not f.item and f.metric != "copying-alarm"}
    for metric in TRIAL_METRICS:
        for name in (metric.floor, "ceiling"):
            there = {(f.label, f.metric) for f in known if f.source == f"reference:{name}"}
            assert {key for key in keys if key[1] == metric.name} <= there
    assert len({(f.label, f.metric, f.item) for f in own}) == len(own)
    (close,) = (f for f in own if f.metric == "too-close" and not f.label)
    assert close.low <= close.value <= close.high
