"""Searches against all pairs written out, and against scipy."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from equipoise.fidelity.distances import (
    gower,
    nearest,
    neighbour_radii,
    squared_blocks,
    standard_points,
)
from equipoise.tables.coded import Coded


def mixed(n, rng):
    """Numbers with missing cells, far outliers, a constant and an empty column, and levels, some of them missing."""
    numbers = rng.normal(size=(n, 5)).round(1) * [1, 1e-3, 1e9, 0, 1]
    numbers[:, 3] += 7
    numbers[rng.random(n) < 0.2, 0] = np.nan
    numbers[rng.random(n) < 0.1, 1] *= 50
    numbers[:, 4] = np.nan
    return Coded(numbers, rng.integers(-1, [3, 300], size=(n, 2)))


def all_pairs(rows, targets, real):
    """The definition, one column at a time in double precision."""
    parts = []
    for a, b, r in zip(rows.numbers.T, targets.numbers.T, real.numbers.T, strict=True):
        width = np.ptp(r[~np.isnan(r)]) if not np.isnan(r).all() else 0
        gap = np.abs(a[:, None] - b)
        part = np.minimum(gap / width, 1) if width > 0 else (gap != 0).astype(float)
        one, two = np.isnan(a)[:, None], np.isnan(b)
        parts.append(np.where(one & two, 0, np.where(one | two, 1, part)))
    for a, b in zip(rows.codes.T, targets.codes.T, strict=True):
        parts.append(a[:, None] != b)
    return np.mean(np.array(parts, dtype=float), axis=0)


@pytest.mark.parametrize("seed", range(4))
def test_a_search_gives_what_all_pairs_give(seed):
    rng = np.random.default_rng(seed)
    real, rows, targets = mixed(200, rng), mixed(150, rng), mixed(90, rng)
    rows.numbers[0, 3], targets.numbers[0, 3] = 8, 9  # values that the real constant does not have
    d = all_pairs(rows, targets, real)
    found = gower(rows, targets, real)
    ordered = np.sort(d, axis=1)
    # seven shares of at most 1, summed in single precision
    close = {"rtol": 0, "atol": 1e-6}
    np.testing.assert_allclose(found.first, ordered[:, 0], **close)
    np.testing.assert_allclose(found.second, ordered[:, 1], **close)
    np.testing.assert_allclose(d[np.arange(150), found.index], ordered[:, 0], **close)
    np.testing.assert_allclose(found.back, d.min(axis=0), **close)
    radii = (ordered[:, 10] + ordered[:, 20]).astype(np.float32) / 2
    counted = gower(rows, targets, real, within=radii)
    clear = np.abs(d - radii[:, None]).min(axis=1) > 1e-6
    assert clear.mean() > 0.5
    np.testing.assert_array_equal(counted.nearer[clear], (d < radii[:, None]).sum(axis=1)[clear])


def test_equal_rows_are_at_distance_0_and_tie_exactly():
    rng = np.random.default_rng(0)
    rows = mixed(100, rng)
    found = gower(rows, rows, rows)
    assert (found.first == 0).all()
    assert (found.back == 0).all()
    twice = Coded.concat([rows, rows])
    again = gower(rows, twice, rows, within=np.zeros(100, np.float32))
    assert (again.second == 0).all()
    assert (again.nearer == 0).all()
    assert (again.as_near >= 2).all()


def test_blocks_do_not_show():
    rng = np.random.default_rng(1)
    rows, targets = mixed(300, rng), mixed(3000, rng)  # blocks of 43 rows
    found = gower(rows, targets, targets)
    for i in (0, 42, 43, 44, 299):
        alone = gower(rows.take(np.array([i])), targets, targets)
        assert (alone.first[0], alone.second[0]) == (found.first[i], found.second[i])
        assert alone.index[0] == found.index[i]


def test_missing_targets_are_infinitely_far():
    rows = mixed(5, np.random.default_rng(0))
    none, one = rows.take(np.array([], dtype=int)), rows.take(np.array([0]))
    assert np.isinf(gower(rows, none, rows).first).all()
    assert np.isinf(gower(rows, one, rows).second).all()
    assert len(gower(none, rows, rows).first) == 0


def test_the_same_tables_are_searched_once():
    rng = np.random.default_rng(0)
    a, b = mixed(20, rng), mixed(20, rng)
    assert nearest(a, b, b) is nearest(a, b, b)
    equal = Coded(a.numbers.copy(), a.codes.copy())
    assert nearest(equal, b, b) is not nearest(a, b, b)


def test_squared_distances_and_radii_are_those_of_scipy():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(700, 4)), rng.normal(size=(900, 4))
    b[:50] = a[:50]
    d = cdist(a, b)
    for at, squared in squared_blocks(a, b):
        np.testing.assert_allclose(squared, d[at] ** 2, atol=1e-10)
        assert (squared[d[at] == 0] == 0).all()
    np.testing.assert_allclose(
        neighbour_radii(a, 5), np.sort(cdist(a, a), axis=1)[:, 5] ** 2, atol=1e-10
    )
    assert len(neighbour_radii(a[:3], 5)) == 3  # the last of two neighbours


def test_points_of_levels_never_met_and_of_missing_cells_are_finite(tables):
    import pandas as pd

    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=50), "w": rng.choice(list("abc"), 50), "y": "p"})
    frame.loc[:9, "x"] = None
    frame.loc[20:29, "y"] = "q"
    trio = tables["trio_of"](frame, frame, frame, "y")
    trio.synthetic.codes[0] = 7
    real, synthetic = standard_points(trio, trio.fresh, trio.synthetic)
    assert np.isfinite(synthetic).all()
    assert real.shape == synthetic.shape == (50, 1 + 1 + 3 + 2)
    np.testing.assert_allclose(real[:, 0].mean(), 0, atol=1e-12)
