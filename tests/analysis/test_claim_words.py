"""What stands beside a verdict: signs, intervals that say what they are, half-widths, notes."""

import math
import re

import pytest
from planted import TABLES, Planted
from scipy import stats

from equipoise.analysis.claim import claims, half_widths, in_words
from equipoise.analysis.claims import STATISTICS, judge
from equipoise.analysis.rules import Check, Measured
from equipoise.analysis.wording import level, signed

LOUD = 0.2


def verdict_of(name, **planted):
    claim = next(c for c in claims() if c.name == name)
    return STATISTICS[claim.statistic](claim, Planted(**planted).make())


def uneven(method, plan, table):
    return (-0.03, 0.01, 0.02, 0.0, 0.05, -0.02)[table]


def test_a_difference_has_its_sign_and_a_level_has_no_plus():
    assert (signed(0.0214), signed(-0.0214), signed(0.0001)) == ("+0.021", "−0.021", "0.000")
    assert (level(0.0214), level(-0.0214), level(-0.0001)) == ("0.021", "−0.021", "0.000")


def test_levels_stand_without_a_plus_and_differences_with_one():
    checks = [
        c
        for j in judge(Planted(test=uneven).make(), "benchmark")
        for m in j.measured
        for c in m.checks
    ]
    of_levels = {c.name for c in checks if c.level}
    assert of_levels == {"calibrated quality", "too close", "SD between tables"}
    assert {"+" in in_words(c) for c in checks if c.level} == {False}
    assert all("+" in in_words(c) for c in checks if not c.level and c.value > 0.001)


def test_no_number_of_a_claim_has_a_hyphen_for_a_minus():
    said = []
    for effect in (uneven, lambda method, plan, table: -0.03):
        for found in judge(
            Planted(test=effect, decisions={"ladder": (-0.05, -0.1)}).make(), "benchmark"
        ):
            said += [found.value, *found.notes, *(n for m in found.measured for n in m.notes)]
            said += [in_words(c) for m in found.measured for c in m.checks]
    assert any("−0." in text for text in said)
    assert not [text for text in said if re.search(r"(?<![\d.])-\d", text)]


@pytest.mark.parametrize(("train", "fell"), [(-0.1, True), (0.0, False)])
def test_only_a_gap_that_fell_can_have_fallen_by_a_lower_train_score(train, fell):
    """Test scores lose 0.05 in both; the gap closes by 0.05, or widens by it."""
    found = verdict_of("custom-weights-reduce-gap", decisions={"ladder": (-0.05, train)})
    (weights,) = found.measured
    assert (weights.checks[0].value > 0) == fell
    assert any("lower train score alone" in note for note in weights.notes) == fell


def test_beside_a_gain_stands_the_t_interval_of_the_tables_means():
    found = verdict_of("tvae-gains-by-growth", test=uneven, noise=0.0)
    means = [uneven("tvae", "", t) for t in range(len(TABLES))]
    reach = stats.t.ppf(0.975, 5) * stats.sem(means)
    (tvae,) = found.measured
    mean = sum(means) / 6
    assert tvae.checks[0].beyond_low == pytest.approx(mean - reach)
    assert tvae.checks[0].beyond_high == pytest.approx(mean + reach)
    assert tvae.checks[0].low == pytest.approx(mean)  # on these very tables nothing is left open


def test_what_cannot_be_told_has_its_half_width():
    one = verdict_of("tvae-gains-by-growth", noise=LOUD)
    check = one.measured[0].checks[0]
    assert one.verdict == "cannot be told"
    assert one.value.endswith(f"; half-width {check.high - check.value:.3f}")
    many = verdict_of("on-par-with-baselines", noise=LOUD)
    widths = sorted(m.checks[0].high - m.checks[0].value for m in many.measured)
    assert many.value.endswith(f"; half-widths {widths[0]:.3f} to {widths[-1]:.3f}")
    told = verdict_of("tvae-gains-by-growth", test=lambda method, plan, table: 0.02)
    assert "half-width" not in told.value


def test_an_interval_that_is_not_around_its_value_has_no_half_width():
    lopsided = Check("SD", 0.01, 0.0, 0.05, 1.0, 1.0)
    assert math.isnan(lopsided.half_width)
    assert half_widths([Measured("a", (lopsided,))]) == ""
    assert half_widths([Measured("a", (lopsided, lopsided))]) == ""


def test_the_correlation_within_tables_says_that_its_ends_are_no_confidence_interval():
    found = verdict_of("quality-does-not-predict-gain", noise=LOUD)
    assert "± what chance alone gives in 95 % of permutations" in found.value
    assert "[" not in found.value
    (check,) = found.measured[0].checks
    assert f"± {check.half_width:.2f}" in found.value
    spread = verdict_of("results-depend-on-table", noise=LOUD)
    assert all(in_words(m.checks[0]).endswith("(Q profile)") for m in spread.measured)
