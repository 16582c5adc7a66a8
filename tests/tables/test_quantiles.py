"""Encoded rows are scores and one-hots, and go back to the table that they came from."""

import numpy as np
import pandas as pd
import pytest

from equipoise.errors import DataError, OptionError
from equipoise.tables.coded import Coded, code, decode
from equipoise.tables.quantiles import QuantileEncoder
from equipoise.tables.schema import Schema


def rng(seed=0):
    return np.random.default_rng(seed)


def fitted(frame, **options):
    schema = Schema.infer(frame, warn=False)
    table = code(schema, frame)
    return schema, table, QuantileEncoder(**options).fit(schema, table)


def columns(numbers):
    return Coded(np.asarray(numbers, dtype=float)[:, None], np.empty((len(numbers), 0), int))


def test_rows_come_back_as_they_went_in():
    n = 900
    frame = pd.DataFrame(
        {
            "price": np.round(rng().lognormal(3, 1, n), 2),
            "age": rng(1).integers(18, 90, n),
            "gain": np.where(rng(2).random(n) < 0.8, 0, rng(3).integers(1, 10**5, n)),
            "rooms": rng(4).integers(1, 6, n),
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng(5).integers(0, 900, n), "D"),
            "town": rng(6).choice(["a", "b", "c"], n),
        }
    )
    frame.loc[rng(7).random(n) < 0.2, ["price", "town"]] = None
    schema, table, encoder = fitted(frame)
    back = encoder.inverse(encoder.transform(table, rng()), rng())
    pd.testing.assert_frame_equal(decode(schema, back), decode(schema, table))


def test_positions_say_where_a_score_means_something():
    frame = pd.DataFrame(
        {
            "x": rng().standard_normal(100),
            "s": ["u", "v"] * 50,
            "z": np.where(np.arange(100) < 60, 0.0, rng(1).random(100)),
            "same": 1,
            "few": np.arange(100) % 3,
        }
    )
    _, table, encoder = fitted(frame)
    assert encoder.block_ids_.tolist() == [-1, 0, 0, -1, 1, 1, 2, 2, 2]
    assert encoder.scalars_.tolist() == [0, 3]
    assert encoder.beside_.tolist() == [-1, 4]
    rows = encoder.transform(table, rng())
    assert rows.dtype == np.float32
    assert rows[:, 4].tolist() == [0.0] * 60 + [1.0] * 40
    assert (rows[:, encoder.block_ids_ >= 0].sum(axis=1) == 3).all()


def test_rare_levels_share_a_position_and_are_drawn_at_their_frequencies():
    levels = ["often"] * 30 + ["three"] * 3 + ["one"]
    schema, table, encoder = fitted(pd.DataFrame({"s": levels}))
    assert encoder.width_ == 2
    back = encoder.inverse(np.tile([[0.0, 1.0]], (4000, 1)), rng())
    counts = decode(schema, back)["s"].value_counts()
    # 4 standard errors of a share of 3/4 in 4,000 draws are 0.027
    assert counts["three"] / 4000 == pytest.approx(0.75, abs=0.027)
    assert "often" not in counts
    assert QuantileEncoder(least_rows=1).fit(schema, table).width_ == 3


def test_what_training_did_not_have_is_a_block_of_zeros():
    schema, _, encoder = fitted(pd.DataFrame({"s": ["a", "b"] * 20, "few": [1, 2] * 20}))
    other = code(schema, pd.DataFrame({"s": ["c", None, "a"], "few": [1.0, 5.0, np.nan]}))
    rows = encoder.transform(other, rng())
    assert rows.tolist() == [[0, 0, 1, 0], [0, 0, 0, 0], [1, 0, 0, 0]]


def test_ties_are_spread_by_the_generator_alone():
    table = columns(rng().integers(0, 60, 2000))
    schema = Schema.infer(pd.DataFrame({"x": table.numbers[:, 0]}))
    encoder = QuantileEncoder().fit(schema, table)
    one, same, other = (encoder.transform(table, rng(seed)) for seed in (0, 0, 1))
    assert (one == same).all()
    assert (one != other).any()


@pytest.mark.parametrize(
    ("option", "value"),
    [("max_quantiles", 3), ("max_values", -1), ("max_levels", 0), ("least_rows", 0.5),
     ("atom_share", 0.0), ("linear_share", 1.0)],
)  # fmt: skip
def test_a_parameter_out_of_range_is_named(option, value):
    with pytest.raises(OptionError, match=option):
        fitted(pd.DataFrame({"x": np.arange(30) % 7}), **{option: value})


def test_another_table_is_refused():
    schema, table, encoder = fitted(pd.DataFrame({"x": rng().random(30), "s": ["a", "b"] * 15}))
    with pytest.raises(DataError, match="expected 1 and 1"):
        encoder.transform(Coded(np.zeros((3, 2)), np.zeros((3, 1), dtype=int)), rng())
    with pytest.raises(DataError, match="3 positions"):
        encoder.inverse(np.zeros((2, 5)), rng())
    with pytest.raises(DataError, match="at least one row"):
        QuantileEncoder().fit(schema, table.take(np.arange(0)))
