"""Tokens of a table: what has one, what it decodes to, and that a row of any tokens is a valid row."""

import numpy as np
import pandas as pd
import pytest

from equipoise.errors import OptionError
from equipoise.tables.coded import Coded, code, decode
from equipoise.tables.schema import Schema
from equipoise.tables.tokens import RowTokens, fit_cells


def table(n=2000, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "income": np.round(rng.lognormal(3, 1, n), 2),
            "gain": np.where(rng.random(n) < 0.6, 0, rng.integers(1, 9000, n)),
            "age": rng.integers(18, 60, n),
            "job": rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]),
            "member": rng.random(n) < 0.5,
            "joined": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D"),
            "size": pd.Categorical(rng.choice(["s", "l"], n), categories=["s", "m", "l"]),
        }
    )
    X.loc[rng.random(n) < 0.1, "income"] = np.nan
    X.loc[rng.random(n) < 0.1, "job"] = None
    schema = Schema.infer(X)
    return X, schema, code(schema, X)


def ones(values):
    return np.ones(len(values))


def any_rows(tokens, n, seed=0):
    return np.random.default_rng(seed).integers(tokens.sizes, size=(n, len(tokens.sizes)))


@pytest.mark.parametrize("parts", [1, 16])
@pytest.mark.parametrize("how", ["jitter", "value", "uniform"])
def test_a_round_trip_keeps_the_cell_of_every_number_and_atoms_and_levels_exactly(parts, how):
    _, schema, coded = table()
    tokens = RowTokens.fit(schema, coded, parts=parts)
    rows = tokens.encode(coded)
    back = tokens.decode(rows, np.random.default_rng(1), how)
    on_grid = code(schema, decode(schema, back))
    again = tokens.encode(on_grid)
    main = [k for k, (kind, _) in enumerate(tokens.sources) if kind != "place"]
    np.testing.assert_array_equal(again[:, main], rows[:, main])
    np.testing.assert_array_equal(back.codes, coded.codes)
    np.testing.assert_array_equal(np.isnan(back.numbers), np.isnan(coded.numbers))
    for j, cells in enumerate(tokens.cells):
        atom = np.append(cells.lows == cells.highs, False)[cells.encode(coded.numbers[:, j])]
        np.testing.assert_array_equal(back.numbers[atom, j], coded.numbers[atom, j])
    gain = coded.numbers[:, 1]
    assert (back.numbers[gain == 0, 1] == 0).all()
    assert (back.numbers[gain != 0, 1] != 0).all()


def test_rows_of_any_tokens_are_valid_rows():
    X, schema, coded = table()
    tokens = RowTokens.fit(schema, coded, parts=4)
    drawn = tokens.decode(any_rows(tokens, 10_000), np.random.default_rng(0))
    new = decode(schema, drawn)
    assert list(new.dtypes) == list(X.dtypes)
    assert set(new["job"].dropna()) == {"a", "b", "c"}
    assert set(new["size"]) == {"s", "l"}
    for name in ("income", "gain", "age", "joined"):
        assert X[name].min() <= new[name].min()
        assert new[name].max() <= X[name].max()
    complete = X.columns[X.notna().all()]
    assert new[complete].notna().all().all()


def test_few_values_have_a_token_each_and_many_have_quantile_bins():
    rng = np.random.default_rng(0)
    few = fit_cells(rng.integers(0, 40, 2000).astype(float), np.ones(2000))
    np.testing.assert_array_equal(few.lows, np.arange(40))
    assert few.is_exact
    assert few.width == 40
    many = fit_cells(rng.standard_normal(2000), np.ones(2000))
    assert many.width == 64
    assert not many.is_exact
    held = np.diff(many.starts)
    assert held.min() >= 31
    assert held.max() <= 32
    assert fit_cells(rng.standard_normal(300), np.ones(300)).width == 15  # 20 rows a bin
    assert fit_cells(rng.standard_normal(30), np.ones(30)).width == 4


def test_a_value_with_much_of_the_mass_is_a_cell_of_its_own_and_no_bin_lies_across_it():
    rng = np.random.default_rng(0)
    x = np.concatenate([np.zeros(100), rng.standard_normal(1900)])
    cells = fit_cells(x, ones(x))
    place = np.flatnonzero((cells.lows == 0) & (cells.highs == 0))
    assert len(place) == 1
    others = np.delete(np.arange(cells.width), place)
    assert not ((cells.lows < 0) & (cells.highs > 0))[others].any()
    assert (cells.lows[1:] > cells.highs[:-1]).all()  # in order, none empty


def test_ties_make_no_empty_bins():
    x = np.repeat(np.arange(70.0), 14)  # 70 values of 1.4 % each: no atoms, ties in every bin
    cells = fit_cells(x, ones(x))
    assert (np.diff(cells.starts) > 0).all()
    assert (cells.highs >= cells.lows).all()


def test_weights_give_the_rows_that_they_favour_more_bins():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(0, 1, 1900), rng.uniform(1, 2, 100)])
    rare = np.arange(2000) >= 1900
    plain, favoured = (
        int((fit_cells(x, w).lows > 1).sum()) for w in (ones(x), np.where(rare, 19.0, 1.0))
    )
    assert abs(plain - 3.2) <= 1
    assert abs(favoured - 32) <= 1


def test_the_place_in_a_bin_makes_decoded_numbers_as_much_closer():
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, (5000, 1))
    schema = Schema.infer(pd.DataFrame(x, columns=["x"]))
    coded = Coded(x, np.empty((5000, 0), dtype=np.int64))
    errors = []
    for parts in (1, 16):
        tokens = RowTokens.fit(schema, coded, parts=parts)
        back = tokens.decode(tokens.encode(coded), np.random.default_rng(1))
        errors.append(np.abs(back.numbers - x).mean())
    # Two uniform numbers of one bin of 1/64 are 1/192 apart in the mean; of one part of 16, a sixteenth of it, and
    # within a part of 5 values the jitter and the ends count: a factor of 2 is left for it.
    assert abs(errors[0] * 192 - 1) < 0.1
    assert errors[1] < errors[0] / 8


def test_drawn_values_follow_the_law_inside_a_wide_bin():
    x = np.sort(np.random.default_rng(0).lognormal(0, 2, 100))  # 5 bins, the last far wider
    cells = fit_cells(x, ones(x))
    last = np.full(4000, cells.width - 1)
    inside = x[cells.starts[-2] :]
    drawn = cells.decode(last, np.random.default_rng(1), "jitter")
    # Half way to a neighbour at most: the share below the gap's middle is that of training within 4 standard errors.
    middle = (inside[9] + inside[10]) / 2
    share = (inside < middle).mean()
    assert abs((drawn < middle).mean() - share) < 4 * (share * (1 - share) / 4000) ** 0.5
    assert set(cells.decode(last, np.random.default_rng(1), "value")) <= set(x)


def test_a_number_between_two_cells_goes_to_the_nearer():
    cells = fit_cells(np.repeat([0.0, 10.0, 30.0], 10), np.ones(30))
    assert cells.encode(np.array([-5, 4, 6, 19, 21, 99, np.nan])).tolist() == [0, 0, 1, 1, 2, 2, 3]


def test_levels_beyond_the_most_share_a_token_and_come_back_at_their_frequencies():
    levels = [f"L{k:03d}" for k in range(300)]
    X = pd.DataFrame({"place": levels * 4 + levels[:1] * 50})
    schema = Schema.infer(X, warn=False)
    coded = code(schema, X)
    tokens = RowTokens.fit(schema, coded)
    assert tokens.sizes == (257,)
    back = tokens.decode(tokens.encode(coded), np.random.default_rng(0))
    kept = tokens.encode(coded)[:, 0] < 256
    np.testing.assert_array_equal(back.codes[kept], coded.codes[kept])
    assert len(np.unique(back.codes[~kept])) > 30  # of 44, 176 draws


def test_an_unknown_way_to_decode_is_refused():
    _, schema, coded = table(100)
    tokens = RowTokens.fit(schema, coded)
    with pytest.raises(OptionError, match="mean"):
        tokens.decode(tokens.encode(coded), np.random.default_rng(0), "mean")
