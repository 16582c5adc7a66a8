"""New rows against the definition, one row at a time."""

import numpy as np
import pandas as pd
import pytest

from equipoise.fidelity import new_rows
from equipoise.fidelity.new_rows import NEW_ROWS, matched_rows, new_row_share
from equipoise.tables.coded import Coded, code
from equipoise.tables.schema import Schema


def plain(p, q):
    """A schema of p numbers and q columns of three levels."""
    columns = {f"x{j}": [0.5, 1.5, 2.25] for j in range(p)}
    columns |= {f"w{j}": list("abc") for j in range(q)}
    return Schema.infer(pd.DataFrame(columns), warn=False)


def one_by_one(real, synthetic, tolerance=0.01):
    """The definition."""
    found = np.zeros(len(synthetic), bool)
    for i, (numbers, codes) in enumerate(zip(synthetic.numbers, synthetic.codes, strict=True)):
        match = (real.codes == codes).all(axis=1)
        for s, r in zip(numbers, real.numbers.T, strict=True):
            match &= np.isnan(r) if np.isnan(s) else np.abs(r - s) <= abs(tolerance * s)
        found[i] = match.any()
    return found


def mixed(n, p, q, rng):
    numbers = rng.integers(-20, 20, size=(n, p)) / 10
    numbers[rng.random((n, p)) < 0.1] = np.nan
    return Coded(numbers, rng.integers(-1, 3, size=(n, q)))


@pytest.mark.parametrize(("p", "q"), [(3, 3), (4, 0), (0, 5), (1, 1)])
def test_equals_the_definition_on_a_thousand_rows_a_side(p, q, monkeypatch):
    rng = np.random.default_rng(p + 10 * q)
    real, synthetic = mixed(1000, p, q, rng), mixed(1000, p, q, rng)
    synthetic.numbers[:500] = real.numbers[:500] * rng.uniform(0.985, 1.015, size=(500, p))
    synthetic.codes[:500] = real.codes[:500]
    expected = one_by_one(real, synthetic)
    assert expected.any()
    np.testing.assert_array_equal(matched_rows(plain(p, q), real, synthetic), expected)
    monkeypatch.setattr(new_rows, "PAIRS", 50)  # many parts
    np.testing.assert_array_equal(matched_rows(plain(p, q), real, synthetic), expected)


@pytest.mark.parametrize(
    ("r", "s", "match"),
    [
        (100, 100.9, True),  # 0.9 <= 1.009
        (100, 101.1, False),  # 1.1 > 1.011
        (1e-9, 0, False),
        (0, 0, True),
        (-100, -100.9, True),
        (np.nan, np.nan, True),
        (np.nan, 0, False),
        (0, np.nan, False),
        (99, 100, True),  # at the edge
    ],
)
def test_the_tolerance_is_a_hundredth_of_the_synthetic_value(r, s, match):
    none = np.zeros((1, 0), dtype=np.int64)
    real, synthetic = (Coded(np.array([[x]], dtype=float), none) for x in (r, s))
    assert one_by_one(real, synthetic)[0] == match
    assert matched_rows(plain(1, 0), real, synthetic)[0] == match


def test_many_columns_of_many_levels_have_keys_of_their_own():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 1000, size=(500, 40))  # 1000**40 combinations
    real = Coded(np.zeros((500, 0)), codes)
    other = codes.copy()
    other[:, -1] += 1
    synthetic = Coded(np.zeros((1000, 0)), np.vstack([codes, other]))
    np.testing.assert_array_equal(
        matched_rows(plain(0, 40), real, synthetic), np.repeat([True, False], 500)
    )


def test_a_date_is_measured_from_its_epoch_as_sdmetrics_does():
    days = pd.to_datetime(["2020-01-01", "2020-06-01", "2021-01-01"])
    frame = pd.DataFrame({"day": days, "x": [1.5, 2.5, 9.0]})
    schema = Schema.infer(frame, warn=False)
    late = pd.DataFrame({"day": pd.to_datetime(["2021-06-01", "2035-01-01"]), "x": [9.0, 9.0]})
    # a hundredth of the 18,779 days since 1970 is 187 days
    assert matched_rows(schema, code(schema, frame), code(schema, late)).tolist() == [True, False]


def test_a_copy_has_no_new_rows_and_no_rows_have_no_share(tables):
    rng = np.random.default_rng(0)
    table = mixed(50, 2, 2, rng)
    assert new_row_share(plain(2, 2), table, table) == 0
    assert np.isnan(new_row_share(plain(2, 2), table, table.take(np.array([], dtype=int))))
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.5], "y": list("aab")})
    moved = frame.assign(x=[1.0, 2.5, 9.0])
    trio = tables["trio_of"](frame, moved, moved, "y")
    assert NEW_ROWS.measure(trio, rng).value == pytest.approx(
        2 / 3
    )  # training rows are what counts


def test_a_nameless_column_counts(tables):
    # SDMetrics 0.32 leaves such a column out of its query and finds matches that are none.
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.5], "": [10.0, 20.0, 30.5], "y": list("aab")})
    moved = frame.assign(**{"": [10.0, 25.0, 30.5]})
    trio = tables["trio_of"](frame, frame, moved, "y")
    assert matched_rows(trio.schema, trio.train, trio.synthetic).tolist() == [True, False, True]
