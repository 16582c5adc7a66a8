"""Rule S and the honest gain, on scores that are made up."""

import numpy as np
import pytest
from planted_contest import NOTHING, SMOTE, WEIGHTS

from equipoise.advice.candidates import Candidate
from equipoise.advice.choice import (
    GATE,
    SLACK,
    Draws,
    Gain,
    choose,
    decide,
    kind_of_nothing,
    pick,
    spread,
)  # fmt: skip
from equipoise.advice.resample import Bootstrap

FIELD = (
    Candidate(NOTHING), Candidate(NOTHING, "threshold"), Candidate(WEIGHTS), Candidate(SMOTE),
)  # fmt: skip


def draws(means, noise=0.01, times=1000, seed=0, shared=0.02):
    """Bootstraps whose candidates differ by `means`, in and out of the rows drawn."""
    rng = np.random.default_rng(seed)
    size = (times, len(means))
    luck = rng.normal(0, shared, (times, 1))
    drawn = np.array(means) + luck + rng.normal(0, noise, size)
    left = np.array(means) - luck + rng.normal(0, 1.5 * noise, size)
    return Draws(FIELD[: len(means)], np.array(means, dtype=float), drawn, left)


def test_the_simplest_within_the_slack_is_picked():
    deviations = np.full((3, 3), 0.01 / SLACK)
    scores = np.array([[0.70, 0.7101, 0.72], [0.70, 0.715, 0.72], [0.711, 0.70, 0.72]])
    assert pick(scores, deviations).tolist() == [1, 1, 0]


def test_the_spread_is_that_of_differences():
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(500, 1)) + rng.normal(0, 0.1, size=(500, 2))
    assert spread(drawn)[0, 1] == pytest.approx((drawn[:, 0] - drawn[:, 1]).std(ddof=1))
    assert spread(drawn)[0, 0] == pytest.approx(0.0, abs=1e-9)


def test_the_winner_of_equals_gains_nothing():
    """Naively the best of four equals leads by its luck; what choosing is worth is nothing."""
    made = draws([0.7] * 4, seed=3)
    naive = (made.drawn.max(axis=1) - made.drawn[:, 0]).mean()
    honest = choose(made, 0.01).gain
    assert naive > 0.008
    assert abs(honest.mean) < 3 * 0.015 / np.sqrt(1000) + 1e-3


def test_a_real_gain_is_a_verdict():
    found = decide(draws([0.7, 0.7, 0.76, 0.7]), 0.01)
    assert found.verdict.name == "balanced weights"
    assert found.gain.mean == pytest.approx(0.06, abs=0.002)
    assert found.gain.helps > 0.9
    assert found.nothing == ""


def test_a_synthesizer_must_beat_the_simple_treatments():
    """As good as weights is not good enough: the verdict is the simple treatment."""
    found = decide(draws([0.7, 0.7, 0.755, 0.765]), 0.01)
    assert found.lean.lean.name == "smote"
    assert found.verdict.name == "balanced weights"
    assert found.lean.over_simple.positive < GATE


def test_a_synthesizer_that_surely_beats_all_is_the_verdict():
    assert decide(draws([0.7, 0.7, 0.72, 0.80]), 0.01).verdict.name == "smote"


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [(-0.009, 0.009, "equivalent"), (-0.05, -0.002, "harmful"), (-0.05, 0.02, "cannot be told"),
     (-0.009, -0.001, "equivalent"), (-0.02, 0.005, "cannot be told")],
)  # fmt: skip
def test_three_kinds_of_nothing(low, high, kind):
    assert kind_of_nothing(Gain(0, low, high, 0, 0, 0, 0), 0.01) == kind


def test_shares_add_up():
    gain = Gain.of(np.linspace(-0.05, 0.05, 101), 0.0105)
    assert gain.helps + gain.same + gain.hurts == pytest.approx(1.0)
    assert gain.same == pytest.approx(21 / 101)


def test_an_interval_is_no_finer_than_a_row():
    """That no bootstrap differs does not mean that no fresh row will."""
    gain = Gain.of(np.zeros(100), 0.01, grain=0.02)
    assert (gain.low, gain.high, gain.same) == (-0.02, 0.02, 1.0)
    wide = np.linspace(-0.1, 0.1, 101)
    assert Gain.of(wide, 0.01, grain=0.02).high == pytest.approx(1.2 * np.percentile(wide, 97.5))


def test_an_interval_is_a_fifth_longer_than_the_bootstraps_about_the_mean():
    draws = np.random.default_rng(0).exponential(size=1000)
    gain, (low, high) = Gain.of(draws, 0.01), np.percentile(draws, (2.5, 97.5))
    assert gain.high - gain.mean == pytest.approx(1.2 * (high - gain.mean))
    assert gain.mean - gain.low == pytest.approx(1.2 * (gain.mean - low))


def test_a_bootstrap_keeps_the_size_of_every_class():
    y = np.repeat([0, 1, 2], [50, 7, 20])
    eligible = np.ones(77, dtype=bool)
    eligible[[0, 55]] = False
    weights = np.concatenate(list(Bootstrap(y, eligible).draws(40, np.random.default_rng(0))))
    assert (weights[:, ~eligible] == 0).all()
    for k in range(3):
        assert (weights[:, y == k].sum(axis=1) == (eligible & (y == k)).sum()).all()
    assert weights[:, eligible].mean() == pytest.approx(1.0)


def test_a_bootstrap_draws_whole_groups():
    groups = np.repeat(np.arange(10), 4)
    made = Bootstrap(np.zeros(40, dtype=np.int64), np.ones(40, dtype=bool), groups)
    weights = next(made.draws(30, np.random.default_rng(0)))
    by_group = weights.reshape(30, 10, 4)
    assert (by_group == by_group[:, :, :1]).all()
    assert (by_group[:, :, 0].sum(axis=1) == 10).all()
