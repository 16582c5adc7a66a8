"""Copies are counted and ring the alarm, fresh rows and dense clumps do not."""

import numpy as np
import pytest

from equipoise.fidelity.copying import TOO_CLOSE, bound, too_close
from equipoise.tables.coded import Coded


def some(table, n, rng):
    return table.take(rng.integers(len(table), size=n))


def mixture(first, second, share, rng):
    use = rng.random((len(first), 1)) < share
    return Coded(
        np.where(use, first.numbers, second.numbers), np.where(use, first.codes, second.codes)
    )


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_the_share_of_copies_is_found_within_its_interval(gaussians, share):
    rng = np.random.default_rng(int(10 * share))
    n, found = 300, []
    for _ in range(20):
        trio = gaussians(900, n, rng)
        rows = mixture(some(trio.train, n, rng), trio.synthetic, share, rng)
        found.append(too_close(trio.with_synthetic(rows), rng))
    values = np.array([f.value for f in found])
    # A copy lies at 0, where fresh rows never are, so that the bound is the drawn share of copies less c deviations of
    # a fresh share of about 1 in 600 (smoothed): c (of 1 to 3) times 0.0033, or more by the luck of other rows.
    error = np.sqrt(share * (1 - share) / n / 20)
    assert share - 3 * error - 0.01 < values.mean() < share + 3 * error + 0.03
    held = [f.low <= share <= f.high for f in found]
    assert sum(held) >= 15  # 19 expected; fewer than 15 has a probability of 0.0003
    assert all(f.alarm for f in found)
    assert not any(f.concentrated for f in found)


def test_fresh_rows_score_about_nothing_and_pass_the_limit_as_often_as_promised(gaussians):
    rng = np.random.default_rng(0)
    found = [too_close(gaussians(200, 80, rng), rng) for _ in range(100)]
    # 1 in 100 expected: 6 or more of 100 has a probability of 0.0005
    assert sum(f.to_train.value > f.to_train.limit for f in found) < 6
    assert sum(f.alarm for f in found) < 6
    # half of the bounds are below 0 and count 0; the rest spread as far as the noise of a median, 0.08 * 2
    assert np.mean([f.value for f in found]) < 0.06


def test_copies_moved_by_a_hundredth_of_a_deviation_ring_as_copies_do(gaussians, tables):
    rng = np.random.default_rng(1)
    trio = gaussians(300, 100, rng)
    for share in (0.0, 0.01):
        rows = tables["jittered"](some(trio.train, 100, rng), trio.train, rng, share)
        found = too_close(trio.with_synthetic(rows), rng)
        assert found.alarm
        assert found.value > 0.9
        assert found.low <= found.value <= found.high
        assert "show through" in found.sentence


def test_a_dense_clump_is_concentration_and_no_copy(gaussians):
    rng = np.random.default_rng(2)
    found = []
    for _ in range(20):
        trio = gaussians(400, 150, rng)
        clump = Coded(0.3 * trio.synthetic.numbers, trio.synthetic.codes)
        found.append(too_close(trio.with_synthetic(clump), rng))
    assert all(f.to_train.certain and f.concentrated for f in found)
    assert "crowd together" in found[0].sentence
    # The intervals parted by chance in 3 of 129 simulated clumps: 4 or more of 20 has a probability of 0.001.
    assert sum(f.alarm for f in found) < 4


def test_ties_at_0_count_for_both_sides():
    # Six in ten fresh rows repeat a training row: only the excess over them counts, 0.3 of the remaining 0.4.
    rng = np.random.default_rng(3)
    expected = np.where(np.arange(1000) < 600, 0.0, rng.random(1000) + 1)
    near = np.where(np.arange(1000) < 900, 0.0, rng.random(1000) + 1)
    found = bound(near, expected, rng)
    # the deviation of a share of 0.6 against one of 0.6 of 1,000 rows each is 0.022, over 0.4
    assert 0.75 - 3 * 0.055 < found.value <= 0.75
    assert bound(expected, expected, rng).value == 0


def test_rows_farther_than_fresh_ones_score_0():
    rng = np.random.default_rng(4)
    far = bound(rng.random(500) + 2, rng.random(300), rng)
    assert (far.value, far.low, far.high) == (0, 0, 0)
    assert not far.certain


def test_the_score_depends_on_its_generator_alone(gaussians):
    trio = gaussians(100, 50, np.random.default_rng(5))
    first, second = (too_close(trio, np.random.default_rng(7)) for _ in range(2))
    assert first == second
    assert TOO_CLOSE.measure(trio, np.random.default_rng(7)).value == first.value


def test_too_few_rows_are_said_to_be_too_few(gaussians):
    trio = gaussians(20, 10, np.random.default_rng(6))
    for rows in (0, 1):
        found = too_close(
            trio.with_synthetic(trio.synthetic.take(np.arange(rows))), np.random.default_rng(0)
        )
        assert np.isnan(found.value)
        assert not found.alarm
        assert "too few" in found.sentence


def test_a_few_training_rows_again_and_again_are_copies(gaussians):
    rng = np.random.default_rng(8)
    for _ in range(10):
        trio = gaussians(400, 150, rng)
        found = too_close(trio.with_synthetic(some(trio.train.take(np.arange(10)), 150, rng)), rng)
        assert found.alarm


@pytest.mark.truth
def test_on_every_article_table_copies_ring_always_and_fresh_rows_hardly_ever(article, tables):
    table, trio = article
    n = len(table) // 5
    rang = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(table))
        fresh, other, train = (table.take(part) for part in np.split(order, [n, 2 * n]))
        rang += too_close(of(trio, train, fresh, other), rng).alarm
        if seed < 10:
            copies = some(train, n, rng)
            for rows in (copies, tables["jittered"](copies, train, rng)):
                assert too_close(of(trio, train, fresh, rows), rng).alarm
    assert rang <= 10


@pytest.mark.truth
def test_a_third_of_copies_among_independent_columns_reads_three_tenths(article, tables):
    table, trio = article
    n = len(table) // 5
    values = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(table))
        fresh, train = table.take(order[:n]), table.take(order[n:])
        rows = mixture(some(train, n, rng), tables["independent"](train, n, rng), 0.3, rng)
        found = too_close(of(trio, train, fresh, rows), rng)
        values.append(found.value)
        assert too_close(
            of(trio, train, fresh, tables["independent"](train, n, rng)), rng
        ).value < max(found.to_train.limit, 0.02)
    # Where a share f of the fresh rows repeats training rows, 0.3 copies leave (0.3 - f) / (1 - f) to be seen at 0, and
    # what takes off the bias is up to two deviations of the noise there.
    f = np.mean(list(repeats(trio, table, n)))
    noise = np.sqrt((f + 0.5 / n) * (1 - f) * 2 / n) / (1 - f)
    error = 3 * np.sqrt(0.3 * 0.7 / n / 10)
    assert (0.3 - f) / (1 - f) - 2 * noise - error < np.mean(values) < 0.3 + error + noise


def repeats(trio, table, n):
    from equipoise.fidelity.privacy import identical_rows

    for seed in range(10):
        order = np.random.default_rng(seed).permutation(len(table))
        fresh = table.take(order[:n])
        yield identical_rows(of(trio, table.take(order[n:]), fresh, fresh)).fresh


def of(trio, train, fresh, synthetic):
    from dataclasses import replace

    return replace(trio, train=train, fresh=fresh, synthetic=synthetic)
