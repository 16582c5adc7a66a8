"""Tables of any tool are read as the real one's schema says, and what cannot be read is said in one sentence."""

import io
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.errors import DataError
from equipoise.fidelity.coercion import level_text
from equipoise.fidelity.reading import read_trio
from equipoise.tables.io import read_table

N = 60


def mixed(seed=0, n=N):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "height": np.round(rng.normal(170, 10, n), 1),
            "seen": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(300, size=n), "D"),
            "member": rng.random(n) < 0.4,
            "city": rng.choice(["Oslo", "Rome", "Bonn"], n),
            "income": rng.choice(["low", "high"], n),
        }
    )


def same(a, b):
    np.testing.assert_array_equal(a.numbers, b.numbers)
    np.testing.assert_array_equal(a.codes, b.codes)


def refusal(*tables, target="income", **options):
    with pytest.raises(DataError) as caught:
        read_trio(*tables, target, **options)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


# what is read

FORMS = {
    "floats": lambda t: t.assign(age=t["age"].astype(float)),
    "texts": lambda t: t.assign(age=t["age"].astype(str), height=t["height"].astype(str)),
    "dates as texts": lambda t: t.assign(seen=t["seen"].dt.strftime("%Y-%m-%d")),
    "dates with a zone": lambda t: t.assign(seen=t["seen"].dt.tz_localize("UTC")),
    "truth values as texts": lambda t: t.assign(member=t["member"].astype(str)),
    "truth values in capitals": lambda t: t.assign(member=t["member"].astype(str).str.upper()),
    "truth values as numbers": lambda t: t.assign(member=t["member"].astype(int)),
    "truth values as floats": lambda t: t.assign(member=t["member"].astype(float)),
    "truth values as digits": lambda t: t.assign(member=t["member"].astype(int).astype(str)),
    "categories": lambda t: t.astype({c: "category" for c in t if c != "seen"}),
    "categories of texts": lambda t: t.astype(str).astype("category"),
    "objects": lambda t: t.astype(object),
    "nullable": lambda t: t.convert_dtypes(),
    "all texts": lambda t: t.astype(str),
    "another order": lambda t: t[t.columns[::-1]],
    "another index": lambda t: t.set_index(np.arange(len(t))[::-1] + 7),
    "arrow": lambda t: t.convert_dtypes(dtype_backend="pyarrow"),
}
SILENT = {"categories", "objects", "nullable", "another order", "another index", "arrow"}
SILENT |= {"dates with a zone"}  # the same moments


@pytest.mark.parametrize("form", FORMS)
def test_another_tools_form_of_the_same_rows_is_read_as_the_same_rows(form):
    real, made = mixed(0), mixed(1)
    plain = read_trio(real, made, "income")
    assert plain.coerced == plain.unseen == plain.left_out == ()
    other = read_trio(real, FORMS[form](made), "income")
    same(other.trio.synthetic, plain.trio.synthetic)
    assert other.trio.sizes.tolist() == plain.trio.sizes.tolist()
    assert other.unseen == ()
    assert bool(other.coerced) == (form not in SILENT), other.coerced


def test_what_was_coerced_is_listed_column_by_column():
    reading = read_trio(mixed(0), FORMS["all texts"](mixed(1)), "income", names=("r", "h", "s.csv"))
    named = [sentence.split("'")[1] for sentence in reading.coerced]
    assert named == ["age", "height", "seen", "member"]
    assert all(sentence.startswith("s.csv: ") for sentence in reading.coerced)
    assert "came as texts and was read as whole numbers" in reading.coerced[0]


def test_fractions_in_a_column_of_whole_numbers_stay_and_are_told():
    made = mixed(1).assign(age=mixed(1)["age"] + 0.5)
    reading = read_trio(mixed(0), made, "income")
    assert np.array_equal(reading.trio.synthetic.numbers[:, 0], made["age"])
    assert "60 of 60 cells are no whole numbers" in reading.coerced[0]


def test_labels_as_numbers_texts_floats_or_truth_values_are_one():
    real = mixed(0).assign(income=lambda t: (t["income"] == "high").astype(int))
    plain = read_trio(real, real, "income").trio.synthetic
    assert plain.codes[:, -1].tolist() == real["income"].tolist()
    for form in (float, str, bool, "category", object):
        same(read_trio(real, real.astype({"income": form}), "income").trio.synthetic, plain)
    texts = real.astype({"income": str})
    for form in (int, float, "category"):
        same(read_trio(texts, real.astype({"income": form}), "income").trio.synthetic, plain)
    truths = real.astype({"income": bool})
    for form in (int, float, str):
        same(read_trio(truths, real.astype({"income": form}), "income").trio.synthetic, plain)


def test_one_text_stands_for_every_way_of_writing_a_level():
    assert {level_text(v) for v in (1, 1.0, "1", "01", " 1", "1.0", "+1", np.float32(1))} == {"1"}
    assert {level_text(v) for v in (True, "True", "TRUE", "true", np.True_)} == {"True"}
    assert level_text("1" * 40) == "1" * 40
    assert level_text("1e999") == "1e999"


def test_levels_that_read_the_same_are_never_merged():
    real = mixed(0).assign(city=np.array(["01", "1", "2"])[np.arange(N) % 3])
    made = mixed(1).assign(city=1)
    reading = read_trio(real, made, "income")
    place = 1
    assert reading.trio.sizes[place] == 4
    assert (reading.trio.synthetic.codes[:, place] == 3).all()


def test_unseen_levels_share_codes_beyond_the_schema_in_all_tables():
    holdout, made = mixed(2), mixed(1)
    holdout.loc[:3, "city"] = ["Kyiv", "Lima", "Kyiv", None]
    made.loc[:1, "city"] = ["Lima", "Nice"]
    reading = read_trio(mixed(0), made, "income", holdout=holdout)
    assert reading.trio.sizes.tolist() == [2, 6, 2]
    assert reading.trio.fresh.codes[:4, 1].tolist() == [3, 4, 3, -1]
    assert reading.trio.synthetic.codes[:2, 1].tolist() == [4, 5]
    assert len(reading.unseen) == 2
    assert "in 3 cells: 'Kyiv', 'Lima'" in reading.unseen[0]


def test_without_a_holdout_the_real_rows_take_the_place_of_fresh_ones():
    trio = read_trio(mixed(0), mixed(1), "income").trio
    assert trio.fresh is trio.train
    assert trio.labels == ("high", "low")
    assert trio.schema.discrete[trio.target].name == "income"
    assert len(read_trio(mixed(0), mixed(1), "income", holdout=mixed(2, 30)).trio.fresh) == 30


def test_a_table_may_be_read_beside_itself_under_one_name():
    trio = read_trio(mixed(0), mixed(0), "income", holdout=mixed(1), names=("t", "t", "t")).trio
    same(trio.train, trio.synthetic)
    assert not np.array_equal(trio.fresh.numbers, trio.train.numbers)


def test_identifier_constant_and_empty_columns_are_left_out_and_listed():
    extra = {"id": [f"row {k}" for k in range(N)], "one": 1.0, "none": np.nan}
    reading = read_trio(mixed(0).assign(**extra), mixed(1), "income")
    assert len(reading.left_out) == 3
    assert "identifier" in reading.left_out[0]
    assert "single value" in reading.left_out[1]
    assert "is empty" in reading.left_out[2]
    assert reading.trio.synthetic.numbers.shape == (N, 3)


def test_a_column_that_is_empty_in_the_synthetic_table_alone_is_told():
    for name in ("age", "seen", "member", "city"):
        reading = read_trio(mixed(0), mixed(1).assign(**{name: np.nan}), "income")
        assert len(reading.left_out) == 1
        assert repr(name) in reading.left_out[0]


def test_files_written_by_pandas_are_read_back_as_they_were(tmp_path):
    real, made = mixed(0), mixed(1).astype({"age": float, "member": float})
    made.loc[3, ["city", "seen"]] = None
    paths = tmp_path / "real.csv", tmp_path / "made.csv"
    real.to_csv(paths[0], index=False)
    made.to_csv(paths[1], index=False)
    there = read_trio(read_table(paths[0]), read_table(paths[1]), "income")
    here = read_trio(real, made, "income")
    same(there.trio.synthetic, here.trio.synthetic)
    same(there.trio.train, here.trio.train)


def test_nothing_that_came_in_is_changed():
    real, made = mixed(0).astype({"income": "category"}), FORMS["all texts"](mixed(1))
    before = real.copy(), made.copy()
    trio = read_trio(real, made, "income").trio
    pd.testing.assert_frame_equal(real, before[0])
    pd.testing.assert_frame_equal(made, before[1])
    assert pickle.loads(pickle.dumps(trio)).labels == trio.labels


@settings(max_examples=40, deadline=None)
@given(
    names=st.lists(
        st.one_of(st.text(max_size=4), st.integers(-2, 2), st.none(), st.tuples(st.integers(0, 1))),
        min_size=3,
        max_size=5,
        unique_by=lambda v: (hash(v), str(v)),
    ),
    seed=st.integers(0, 100),
)
def test_any_names_do(names, seed):
    rng = np.random.default_rng(seed)
    columns = [rng.integers(3, size=8).astype(str) for _ in names]
    frame = pd.DataFrame(dict(enumerate(columns)))
    frame.columns = pd.Index(names, dtype=object, tupleize_cols=False)
    trio = read_trio(frame, frame, names[-1]).trio
    same(trio.train, trio.synthetic)


# what is refused


def test_columns_that_differ_are_named():
    real, made = mixed(0), mixed(1)
    assert "lacks 'age'" in refusal(real, made.drop(columns="age"))
    assert "has 'synthetic' besides" in refusal(real, made.assign(synthetic=1))
    both = refusal(real, made.rename(columns={"city": "town"}))
    assert "lacks 'city' and it has 'town' besides" in both
    assert "the holdout lacks 'age'" in refusal(real, made, holdout=made.drop(columns="age"))


def test_empty_tables_and_single_rows_are_refused():
    real, made = mixed(0), mixed(1)
    assert "the synthetic table has no rows" in refusal(real, made.iloc[:0])
    assert "the synthetic table has one row" in refusal(real, made.iloc[:1])
    assert "the real table has one row" in refusal(real.iloc[:1], made)
    assert "the holdout has no rows" in refusal(real, made, holdout=real.iloc[:0])


def test_duplicate_names_are_refused():
    twice = mixed(1).rename(columns={"age": "city"})
    assert "two columns of one name: 'city'" in refusal(mixed(0), twice)


def test_a_target_that_is_not_there_is_refused():
    real, made = mixed(0), mixed(1)
    assert "the real table lacks the target 'class'" in refusal(real, made, target="class")
    assert "the synthetic table lacks the target" in refusal(real, made.drop(columns="income"))
    made.loc[4, "income"] = None
    assert "1 labels of the target 'income' are missing, the first in line 6" in refusal(real, made)
    assert "every label" in refusal(real, made.assign(income=None))


def test_no_class_in_common_is_refused():
    assert "whose classes are 'high', 'low'" in refusal(mixed(0), mixed(1).assign(income="mid"))


@pytest.mark.parametrize(
    ("column", "cells", "said"),
    [
        ("age", "abc", "expected a number, got 'abc'"),
        ("age", np.inf, "expected a finite number, got 'inf'"),
        ("age", pd.Timestamp("2024-01-01"), "expected a number"),
        ("age", 1j, "expected a number"),
        ("age", [1], "expected a number"),
        ("city", ["Oslo"], "expected a text"),
        ("seen", pd.Timedelta(1, "D"), "expected a date written as"),
        ("seen", "yesterday", "expected a date written as"),
        ("seen", 19_000.5, "expected a date written as"),
        ("member", "perhaps", "expected True or False, got 'perhaps'"),
        ("member", 7, "expected True or False, got '7'"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named_with_its_column_and_line(column, cells, said):
    whole = not isinstance(cells, (str, float)) or (column == "seen" and cells != "yesterday")
    if whole:  # a column of its own dtype
        made = mixed(1).assign(**{column: pd.Series([cells] * N)})
    else:
        made = mixed(1).astype({column: object})
        made.at[5, column] = cells
    line = 2 if whole else 7
    sentence = refusal(mixed(0), made)
    assert said in sentence
    assert repr(column) in sentence
    assert f"line {line} " in sentence


def test_the_line_is_that_of_the_file():
    text = "a,b,y\n1,x,0\n2,x,1\nmany,y,1\n"
    real = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "x"], "y": [0, 1, 1]})
    assert "line 4 " in refusal(real, pd.read_csv(io.StringIO(text)), target="y")
