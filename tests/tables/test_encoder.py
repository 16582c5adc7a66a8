"""Encoded rows are scalars and one-hots, and go back to the table that they came from."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from equipoise.errors import DataError, OptionError
from equipoise.tables.coded import Coded, code, decode
from equipoise.tables.encoder import TableEncoder, fit_levels
from equipoise.tables.modes import SCALAR_BOUND
from equipoise.tables.schema import Schema

FLOAT32 = 6e-8  # relative error of a float32


def rng(seed=0):
    return np.random.default_rng(seed)


def fitted(frame, **options):
    schema = Schema.infer(frame, warn=False)
    table = code(schema, frame)
    return schema, table, TableEncoder(**options).fit(schema, table, rng())


def mixed(n=600, seed=0):
    g = rng(seed)
    frame = pd.DataFrame(
        {
            "gain": np.where(g.random(n) < 0.8, 0, np.round(np.exp(g.normal(8, 1, n)))).astype(int),
            "job": g.choice(["a", "b", "c", None], n),
            "same": 1,
            "height": np.round(g.normal(170, 10, n), 1),
            "rooms": g.integers(1, 9, n),
            "sick": g.random(n) < 0.1,
            "born": pd.Timestamp("1990-01-01") + pd.to_timedelta(g.integers(0, 9999, n), unit="D"),
        }
    )
    frame.loc[g.random(n) < 0.1, "height"] = np.nan
    return frame


def check_round_trip(encoder, table, rows):
    """Codes, atoms and missing cells exact; other numbers to float32's precision unless clipped."""
    back = encoder.inverse(rows, rng())
    assert (back.codes == table.codes).all()
    for j, (modes, start) in enumerate(zip(encoder.numbers_, encoder.number_starts_, strict=True)):
        values, got = table.numbers[:, j], back.numbers[:, j]
        assert (np.isnan(values) == np.isnan(got)).all()
        present = ~np.isnan(values)
        if not modes.n_gaussians:
            assert (got[present] == values[present]).all()
            continue
        at_atom = np.isin(values, modes.atoms)
        assert (got[at_atom] == values[at_atom]).all()
        free = present & ~at_atom & (np.abs(rows[:, start - 1]) < SCALAR_BOUND - 1e-6)
        k = rows[free, start : start + modes.width].argmax(axis=1)
        half = 2 * FLOAT32 * modes.mixture.deviations[k]
        rounding = np.abs(values[free]) * 1e-15 + np.abs(modes.mixture.means[k]) * 1e-15
        assert (np.abs(got[free] / 2 - values[free] / 2) <= half + rounding).all()


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_table_comes_back_through_the_encoder(any_table, data):
    frame = data.draw(any_table)
    schema, table, encoder = fitted(frame)
    rows = encoder.transform(table, rng())
    assert rows.dtype == np.float32
    assert rows.shape == (len(frame), encoder.layout_.width)
    assert np.isfinite(rows).all()
    for start, stop in encoder.layout_.blocks:
        assert (rows[:, start:stop].sum(axis=1) == 1).all()
        assert np.isin(rows[:, start:stop], [0, 1]).all()
    assert (np.abs(rows[:, encoder.layout_.scalars]) <= np.float32(SCALAR_BOUND)).all()
    check_round_trip(encoder, table, rows)
    back = decode(schema, encoder.inverse(rows, rng()))
    assert list(map(str, back.dtypes)) == list(map(str, frame.dtypes))


def test_a_frame_of_all_kinds_comes_back_as_it_was():
    frame = mixed()
    schema, table, encoder = fitted(frame)
    rows = encoder.transform(table, rng())
    back = decode(schema, encoder.inverse(rows, rng()))
    # The grid (whole numbers, one decimal, days) swallows float32's error, so only clipped values may differ.
    clipped = (np.abs(rows[:, encoder.layout_.scalars]) >= SCALAR_BOUND - 1e-6).any(axis=1)
    assert clipped.mean() < 0.01
    pd.testing.assert_frame_equal(back[~clipped], frame[~clipped])


def test_the_layout_follows_the_columns_of_the_table():
    schema, table, encoder = fitted(mixed())
    spans = [(schema.columns[s.column].name, s.activation) for s in encoder.layout_.spans]
    assert spans == [
        ("gain", "tanh"),
        ("gain", "softmax"),
        ("job", "softmax"),
        ("height", "tanh"),
        ("height", "softmax"),
        ("rooms", "softmax"),
        ("sick", "softmax"),
        ("born", "tanh"),
        ("born", "softmax"),
    ]
    widths = {s.column: s.width for s in encoder.layout_.spans if s.activation == "softmax"}
    assert widths[1] == 4
    assert widths[4] == 8


def test_modes_are_drawn_and_the_same_generator_draws_the_same():
    _, table, encoder = fitted(mixed())
    first, again, other = (encoder.transform(table, rng(seed)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    check_round_trip(encoder, table, other)


def test_two_fits_with_one_seed_are_equal():
    _, table, encoder = fitted(mixed())
    _, _, again = fitted(mixed())
    assert encoder.layout_ == again.layout_
    assert (encoder.transform(table, rng()) == again.transform(table, rng())).all()


def test_soft_blocks_decode_to_their_largest_entry_and_scalars_are_clipped():
    _, table, encoder = fitted(mixed())
    rows = encoder.transform(table, rng())
    soft = rows.copy()
    for start, stop in encoder.layout_.blocks:
        soft[:, start:stop] = 0.1 + 0.5 * rows[:, start:stop]
    hard, same = encoder.inverse(rows, rng()), encoder.inverse(soft, rng())
    assert (hard.codes == same.codes).all()
    np.testing.assert_array_equal(hard.numbers, same.numbers)
    wild = rows.copy()
    wild[:, encoder.layout_.scalars] = 50.0
    edge = rows.copy()
    edge[:, encoder.layout_.scalars] = 1.0
    np.testing.assert_array_equal(
        encoder.inverse(wild, rng()).numbers, encoder.inverse(edge, rng()).numbers
    )


def test_rare_levels_share_a_position_and_are_drawn_at_their_frequencies():
    counts = [500, 400, 300, 60, 30, 10]
    frame = pd.DataFrame({"x": np.repeat(list("fabcde"), counts)})
    schema, table, encoder = fitted(frame, max_levels=3)
    assert encoder.layout_.width == 4
    rows = np.tile(np.eye(4, dtype=np.float32), (20_000, 1))
    drawn = decode(schema, encoder.inverse(rows, rng()))["x"].to_numpy().reshape(-1, 4)
    assert (drawn[:, :3] == ["a", "b", "f"]).all()
    shares = [np.mean(drawn[:, 3] == level) for level in "cde"]
    # Five standard errors of a share over 20,000 draws are at most 0.018.
    assert shares == pytest.approx([0.6, 0.3, 0.1], abs=0.018)
    assert (encoder.transform(table, rng())[table.codes[:, 0] >= 2][:, 3].sum()) == 100


def test_a_level_that_training_did_not_have_has_no_position():
    frame = pd.DataFrame({"x": pd.Categorical(["a", "b", "a"], ["unused", "a", "b"])})
    schema, table, encoder = fitted(frame)
    assert encoder.layout_.width == 2
    new = Coded(np.empty((4, 0)), np.array([[0], [1], [2], [-1]]))
    assert encoder.transform(new, rng()).tolist() == [[0, 0], [1, 0], [0, 1], [0, 0]]
    assert set(encoder.inverse(rng().random((100, 2)), rng()).codes[:, 0]) == {1, 2}


def test_no_decoded_row_misses_a_cell_of_a_complete_column():
    frame = mixed()
    schema, table, encoder = fitted(frame)
    noise = rng().normal(size=(2000, encoder.layout_.width))
    back = decode(schema, encoder.inverse(noise, rng()))
    holes = back.isna().mean()
    assert (holes[["gain", "rooms", "sick", "born", "same"]] == 0).all()
    assert (holes[["job", "height"]] > 0).all()


def test_levels_of_equal_frequency_are_kept_in_their_order():
    levels = fit_levels(np.array([0, 1, 2, 3, -1]), 5, 2)
    assert levels.codes.tolist() == [0, 1, -1, 2]
    assert levels.slots.tolist() == [0, 1, 3, 3, -1, 2]
    assert levels.pooled.tolist() == [2, 3]


def test_a_table_of_constant_columns_has_no_width():
    frame = pd.DataFrame({"a": [1, 1], "b": [None, None]})
    schema, table, encoder = fitted(frame)
    rows = encoder.transform(table, rng())
    assert rows.shape == (2, 0)
    pd.testing.assert_frame_equal(decode(schema, encoder.inverse(rows, rng())), frame)


def test_one_row_is_enough():
    frame = mixed().head(1)
    _, table, encoder = fitted(frame)
    check_round_trip(encoder, table, encoder.transform(table, rng()))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_modes": 0}, "max_modes must be a whole number of 1 or more, got 0"),
        ({"max_levels": 2.5}, "max_levels must be a whole number"),
        ({"max_rows": True}, "max_rows must be a whole number"),
        ({"max_values": -1}, "max_values must be a whole number of 0"),
        ({"atom_share": 0.0}, r"atom_share must lie in \(0, 1\]"),
    ],
)
def test_parameters_out_of_range_are_refused_at_fit(options, words):
    with pytest.raises(OptionError, match=words):
        fitted(mixed(), **options)


def test_tables_of_another_shape_are_refused():
    schema, table, encoder = fitted(mixed())
    with pytest.raises(DataError, match="at least one row"):
        TableEncoder().fit(schema, table.take(np.arange(0)), rng())
    with pytest.raises(DataError, match="expected 4 and 2"):
        encoder.transform(Coded(table.numbers[:, :1], table.codes), rng())
    with pytest.raises(DataError, match=r"positions here, got an array of the shape \(2, 3\)"):
        encoder.inverse(np.zeros((2, 3)), rng())


def test_an_encoder_is_cloned_unfitted():
    encoder = clone(TableEncoder(max_modes=3, atom_share=0.2))
    assert encoder.get_params() == {
        "max_modes": 3, "max_levels": 100, "max_values": 20, "atom_share": 0.2, "max_rows": 10_000,
    }  # fmt: skip
    assert not hasattr(encoder, "layout_")


def test_no_global_random_state_is_moved():
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    _, table, encoder = fitted(mixed(), max_levels=2, max_rows=50)
    encoder.inverse(encoder.transform(table, rng()), rng())
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


ARTICLE_TABLES = [
    "adult", "hmeq", "thomas", "popularkids", "eucalyptus", "steel_plates_fault", "ionosphere",
]  # fmt: skip


@pytest.mark.parametrize("name", ARTICLE_TABLES)
def test_the_article_tables_come_back_through_the_encoder(name):
    folder = os.environ.get("EQUIPOISE_DATA")
    if not folder or not Path(folder, f"{name}.csv").exists():
        pytest.skip("EQUIPOISE_DATA names no folder that holds the article tables")
    frame = pd.read_csv(Path(folder, f"{name}.csv"), keep_default_na=False, na_values=[""])
    schema, table, encoder = fitted(frame)
    rows = encoder.transform(table, rng())
    check_round_trip(encoder, table, rows)
    scalars = np.abs(rows[:, encoder.layout_.scalars])
    assert (scalars >= SCALAR_BOUND - 1e-6).mean(axis=0).max(initial=0) < 5e-3
    back = decode(schema, encoder.inverse(rows, rng()))
    assert back.dtypes.equals(frame.dtypes)
    assert back.isna().equals(frame.isna())
