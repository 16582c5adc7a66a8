"""Scores of single columns: the reference values, their bias at small samples, and what holds for any column."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from equipoise.errors import OptionError
from equipoise.fidelity import (
    boundary_adherence,
    category_adherence,
    category_coverage,
    column_coverage,
    column_shapes,
    ks_complement,
    range_coverage,
    statistic_similarity,
    tv_complement,
)
from equipoise.fidelity.columns import titles
from equipoise.fidelity.reading import read_trio

RNG = np.random.default_rng(0)
NUMBERS = {
    "ks": ks_complement.ks_complement,
    "range": range_coverage.range_coverage,
    "boundary": boundary_adherence.boundary_adherence,
    "mean": statistic_similarity.statistic_similarity,
    "median": lambda r, s: statistic_similarity.statistic_similarity(r, s, "median"),
    "std": lambda r, s: statistic_similarity.statistic_similarity(r, s, "std"),
}
LEVELS = {
    "tv": tv_complement.tv_complement,
    "coverage": category_coverage.category_coverage,
    "adherence": category_adherence.category_adherence,
}
METRICS = (
    ks_complement.METRIC,
    tv_complement.METRIC,
    range_coverage.METRIC,
    category_coverage.METRIC,
    boundary_adherence.METRIC,
    category_adherence.METRIC,
    column_shapes.METRIC,
    column_coverage.METRIC,
    *statistic_similarity.METRICS,
)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
CELLS = st.lists(st.one_of(FLOATS, st.integers(-3, 3).map(float), st.just(math.nan)), max_size=30)
CODES = st.lists(st.integers(-1, 4), max_size=30).map(lambda v: np.array(v, dtype=np.int64))


def column(*cells):
    return np.array(cells, dtype=np.float64)


def codes(text):
    """Give letters as codes, a dot as missing."""
    return np.array([".abcdefg".index(v) - 1 for v in text], dtype=np.int64)


# the card's reference values


def test_ks_of_two_halves_that_overlap_by_half_is_a_half():
    assert NUMBERS["ks"](column(1, 2, 3, 4), column(3, 4, 5, 6)) == 0.5


def test_tv_is_half_the_sum_of_differences_of_shares():
    assert LEVELS["tv"](codes("aabb"), codes("abcc"), 3) == 0.5


def test_range_coverage_loses_both_uncovered_ends():
    assert NUMBERS["range"](column(0, 4, 10), column(2, 9)) == pytest.approx(0.7, abs=1e-15)
    assert NUMBERS["range"](column(0, 10), column(-5, 20)) == 1
    assert NUMBERS["range"](column(0, 10), column(30, 40)) == 0


def test_boundary_adherence_is_the_share_inside():
    assert NUMBERS["boundary"](column(0, 10), column(1, 5, 11)) == 2 / 3


def test_statistic_similarity_is_relative_to_the_real_range():
    real = column(-1, 4, 9)
    assert NUMBERS["mean"](real, column(5, 5)) == pytest.approx(0.9, abs=1e-15)
    assert NUMBERS["median"](real, column(5, 5)) == pytest.approx(0.9, abs=1e-15)
    assert NUMBERS["std"](real, column(5, 5)) == pytest.approx(0.5, abs=1e-15)
    with pytest.raises(OptionError, match="'mode'"):
        statistic_similarity.statistic_similarity(real, real, "mode")


def test_category_coverage_and_adherence_look_from_one_side_each():
    assert LEVELS["coverage"](codes("aabc"), codes("aad"), 4) == 1 / 3
    assert LEVELS["adherence"](codes("aabc"), codes("aad"), 4) == 2 / 3


# missing cells and constant columns


def test_missing_cells_are_dropped_or_count_as_the_card_says():
    nan = math.nan
    for name in ("ks", "range", "mean", "std"):
        score = NUMBERS[name]
        assert score(column(1, 2, nan, 4), column(nan, 2, 3)) == score(
            column(1, 2, 4), column(2, 3)
        )
    assert NUMBERS["boundary"](column(0, 1), column(0.5, nan)) == 0.5
    assert NUMBERS["boundary"](column(0, 1, nan), column(0.5, nan)) == 1
    assert LEVELS["tv"](codes("aab."), codes("ab..."), 2) == pytest.approx(1 - 1 / 6)
    assert LEVELS["coverage"](codes("ab."), codes("a."), 2) == 0.5
    assert LEVELS["adherence"](codes("ab"), codes("a."), 2) == 0.5
    assert LEVELS["adherence"](codes("ab."), codes("a."), 2) == 1


def test_what_is_undefined_is_nan():
    empty, some = column(math.nan), column(1, 2)
    for score in NUMBERS.values():
        assert math.isnan(score(empty, some))
        assert math.isnan(score(some, empty))
    for name in ("range", "mean", "median", "std"):
        assert math.isnan(NUMBERS[name](column(7, 7), some))
    assert math.isnan(LEVELS["tv"](codes("."), codes("a"), 1))
    assert math.isnan(LEVELS["tv"](codes("a"), codes("."), 1))
    assert math.isnan(LEVELS["coverage"](codes("."), codes("a"), 1))


def test_noise_of_arithmetic_is_no_difference():
    assert NUMBERS["ks"](column(0.1 + 0.2), column(0.3)) == 1


def test_the_count_of_unseen_levels_is_sdmetrics_on_demand():
    # real shares 1 / (1 + 1e-6) and 1e-6 / (1 + 1e-6), synthetic ones 1/2 each
    expected = 1 - (1 / (1 + 1e-6) - 0.5)
    value = tv_complement.tv_complement(codes("a"), codes("ab"), 2, unseen=1e-6)
    assert value == pytest.approx(expected, abs=1e-12)


# the bias of small samples (section 8 of the card)


def test_equal_laws_have_the_known_ks_distance_at_500_rows():
    draws = [1 - NUMBERS["ks"](RNG.normal(size=500), RNG.normal(size=500)) for _ in range(400)]
    # sd of one distance 0.2603 sqrt(2/500) = 0.0165, of the mean 0.0008; the limit lies 0.0012 above (card)
    assert np.mean(draws) == pytest.approx(0.8687 * math.sqrt(2 / 500), abs=0.0012 + 3 * 0.0008)


def test_equal_laws_have_the_known_tv_distance_at_500_rows():
    p = np.array([0.9, 0.05, 0.05])
    expected = 0.5 * np.sqrt(2 / np.pi * p * (1 - p) * 2 / 500).sum()
    assert expected == pytest.approx(0.01857, abs=1e-5)
    draws = [
        1 - LEVELS["tv"](RNG.choice(3, 500, p=p), RNG.choice(3, 500, p=p), 3) for _ in range(2000)
    ]
    # the sd of one distance is below its mean: 3 sd of the mean are below 3 * 0.0186 / sqrt(2000)
    assert np.mean(draws) == pytest.approx(expected, abs=3 * 0.0186 / math.sqrt(2000))


# any column


@settings(max_examples=80, deadline=None)
@given(real=CELLS, synthetic=CELLS, seed=st.integers(0, 99))
@example(real=[0.0, 1.0], synthetic=[0.0, 2.0**1023], seed=0)
@example(real=[0.0, 1.0], synthetic=[-(2.0**1023), 2.0**1023], seed=0)
def test_scores_of_numbers_lie_in_their_range_whatever_the_order_of_rows(real, synthetic, seed):
    rng = np.random.default_rng(seed)
    real, synthetic = column(*real), column(*synthetic)
    for name, score in NUMBERS.items():
        value = score(real, synthetic)
        assert math.isnan(value) or 0 <= value <= 1, name
        moved = score(rng.permutation(real), rng.permutation(synthetic))
        assert moved == pytest.approx(value, abs=1e-9, nan_ok=True), name


@settings(max_examples=80, deadline=None)
@given(real=CODES, synthetic=CODES, seed=st.integers(0, 99))
def test_scores_of_levels_lie_in_their_range_whatever_the_names_of_levels(real, synthetic, seed):
    new = np.r_[np.random.default_rng(seed).permutation(5), -1]
    for name, score in LEVELS.items():
        value = score(real, synthetic, 5)
        assert math.isnan(value) or 0 <= value <= 1 + 1e-15, name
        moved = score(new[real][::-1], new[synthetic][::-1], 5)
        assert moved == pytest.approx(value, abs=1e-12, nan_ok=True), name


@settings(max_examples=80, deadline=None)
@given(cells=CELLS, others=CELLS, levels=CODES, more=CODES)
def test_distances_are_symmetric_and_a_column_is_at_no_distance_from_itself(
    cells, others, levels, more
):
    cells, others = column(*cells), column(*others)
    ks, tv = NUMBERS["ks"], LEVELS["tv"]
    assert ks(cells, others) == pytest.approx(ks(others, cells), abs=1e-12, nan_ok=True)
    assert tv(levels, more, 5) == pytest.approx(tv(more, levels, 5), abs=1e-12, nan_ok=True)
    for score in NUMBERS.values():
        assert score(cells, cells) == pytest.approx(1, abs=1e-12) or math.isnan(score(cells, cells))
    for score in LEVELS.values():
        value = score(levels, levels, 5)
        assert value == pytest.approx(1, abs=1e-12) or math.isnan(value)


# whole tables


def table(seed, n=200):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "id": np.arange(n),
            "a": rng.choice(list("abc"), n),
            "y": rng.choice(["p", "q"], n),
        }
    )


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_a_table_scores_one_against_itself_and_names_its_columns(metric):
    trio = read_trio(table(0), table(0), "y").trio
    measured = metric.measure(trio, RNG)
    assert measured.value == pytest.approx(1, abs=1e-12)
    assert set(measured.items) <= {"x", "a", "y"}
    assert metric.low <= measured.value <= metric.high + 1e-12


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_the_value_is_the_mean_of_the_items_that_are_defined(metric):
    made = table(1).assign(x=np.nan)
    measured = metric.measure(read_trio(table(0), made, "y").trio, RNG)
    defined = [v for v in measured.items.values() if not math.isnan(v)]
    assert measured.value == pytest.approx(np.mean(defined) if defined else math.nan, nan_ok=True)


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_synthetic_rows_are_measured_against_fresh_ones(metric):
    far = table(0).assign(x=lambda t: t["x"] * 9 + 50, a="c")
    near = read_trio(far, table(1), "y", holdout=table(1), kinds={"a": "categorical"}).trio
    assert metric.measure(near, RNG).value == pytest.approx(1, abs=1e-12)


def test_titles_of_columns_and_of_pairs_of_them_are_all_different():
    frame = pd.DataFrame(np.arange(40).reshape(8, 5) % 3).astype(str)
    frame.columns = pd.Index(["a | b", "a", "b | c", 1, "1"], dtype=object)
    names = titles(read_trio(frame, frame, "a").trio.schema)
    pairs = [f"{a} | {b}" for k, a in enumerate(names) for b in names[k + 1 :]]
    assert len(set(names)) == 5
    assert len(set(pairs)) == 10
