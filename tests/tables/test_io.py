"""Files in and out: what is read, what is refused and with which sentence, and that nothing is half-written."""

import gzip
import os
import pickle
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipoise.errors import DataError, EquipoiseWarning, OptionError
from equipoise.tables.io import TableWriter, read_noted, read_table, write_table

DATA = os.environ.get("EQUIPOISE_DATA", "")


def put(folder: Path, content: bytes | str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(path: Path, **options) -> str:
    with pytest.raises(DataError) as caught:
        read_table(path, **options)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    return sentence


# what is read


def test_every_column_gets_the_type_all_its_cells_agree_on(tmp_path: Path) -> None:
    path = put(
        tmp_path,
        "i,f,im,t,b,bm,d,m,e\n"
        "1,1.5,7,x,True,True,2024-01-31,2024-01-31T10:00:00,\n"
        "-2,2,,y,False,,2023-12-01,2024-02-01T00:00:01,\n",
    )
    frame = read_table(path)
    kinds = [str(dtype) for dtype in frame.dtypes]
    assert kinds[:3] == ["int64", "float64", "float64"]
    assert kinds[3] in ("str", "object")
    assert kinds[4:6] == ["bool", "boolean"]
    assert all(kind.startswith("datetime64") for kind in kinds[6:8])
    assert frame["e"].isna().all()
    assert frame["i"].tolist() == [1, -2]
    assert frame["d"][0] == pd.Timestamp("2024-01-31")


def test_only_an_empty_field_is_missing_unless_told(tmp_path: Path) -> None:
    path = put(tmp_path, 'a,b\nnone,x\nNA,y\n,""\n"null",nan\n')
    frame = read_table(path)
    assert frame["a"].isna().tolist() == [False, False, True, False]
    assert frame["b"].isna().tolist() == [False, False, True, False]
    frame = read_table(path, missing=("NA", "nan"))
    assert frame["a"].isna().tolist() == [False, True, True, False]
    assert frame["b"].isna().tolist() == [False, False, True, True]


def test_markers_are_compared_without_surrounding_spaces_and_with_case(tmp_path: Path) -> None:
    path = put(tmp_path, "a,b\n ?,1\nna,2\nNA ,3\nx,4\n")
    assert read_table(path, missing=(" ? ", "NA")).isna()["a"].tolist() == [
        True,
        False,
        True,
        False,
    ]


def test_a_space_after_every_separator_goes_and_other_spaces_stay(tmp_path: Path) -> None:
    frame = read_table(put(tmp_path, "a, b, c\nx, y ,  1\n p, q,2\n"))
    assert list(frame.columns) == ["a", "b", "c"]
    assert frame["a"].tolist() == ["x", " p"]
    assert frame["b"].tolist() == ["y ", "q"]
    assert frame["c"].tolist() == [1, 2]


def test_a_word_among_numbers_is_named_with_the_option_that_makes_it_missing(
    tmp_path: Path,
) -> None:
    path = put(tmp_path, "x,y\n1,a\nNA,b\n2,c\n?,d\n3,e\nNA,f\n")
    with pytest.warns(EquipoiseWarning) as caught:
        frame = read_table(path)
    (sentence,) = [str(each.message) for each in caught]
    assert "'NA' (2), '?' (1)" in sentence
    assert '--missing "NA" --missing "?"' in sentence
    assert not pd.api.types.is_numeric_dtype(frame["x"].dtype)
    assert read_table(path, missing=("NA", "?"))["x"].tolist()[::2] == [1, 2, 3]
    assert read_noted(path, categorical=("x",))[1] == ()


def test_advice_for_a_shell_cannot_run_what_a_file_says(tmp_path: Path) -> None:
    _, (note,) = read_noted(put(tmp_path, "x,y\n1,a\n2,b\n$(reboot)`x`,c\n"))
    assert "--missing '$(reboot)`x`'" in note


def test_declared_columns_are_read_as_declared(tmp_path: Path) -> None:
    path = put(tmp_path, "zip,n,k\n01234,007,1.50\n99999,010,2.5\n")
    frame, notes = read_noted(path, categorical=("k", "zip"), numeric=("n",), drop=())
    assert frame["zip"].tolist() == ["01234", "99999"]
    assert frame["n"].tolist() == [7, 10]
    assert frame["k"].tolist() == ["1.50", "2.5"]
    assert notes == ()


def test_leading_zeros_make_codes_and_a_note(tmp_path: Path) -> None:
    frame, (note,) = read_noted(put(tmp_path, "zip,n\n01234,1\n99999,2\n"))
    assert frame["zip"].tolist() == ["01234", "99999"]
    assert "--numeric" in note


def test_names_that_are_not_there_are_refused_with_close_ones(tmp_path: Path) -> None:
    path = put(tmp_path, "income,age\n1,2\n3,4\n")
    for option in ("categorical", "numeric", "drop"):
        with pytest.raises(OptionError, match=rf"--{option} names the column 'incme'.*'income'"):
            read_table(path, **{option: ("incme",)})
    with pytest.raises(OptionError, match="both categorical and numeric"):
        read_table(path, categorical=("age",), numeric=("age",))
    assert list(read_table(path, drop="age")) == ["income"]


@pytest.mark.parametrize(
    ("separator", "word"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")]
)
def test_another_separator_is_read_with_a_warning(
    tmp_path: Path, separator: str, word: str
) -> None:
    path = put(tmp_path, "a,b\n1,x\n2,y\n".replace(",", separator))
    with pytest.warns(EquipoiseWarning, match=f"separated by {word}"):
        frame = read_table(path)
    assert frame["a"].tolist() == [1, 2]


def test_tsv_needs_no_warning_and_decimal_commas_are_numbers(tmp_path: Path) -> None:
    assert read_noted(put(tmp_path, "a\tb\n1\t2\n", "t.tsv"))[1] == ()
    frame, notes = read_noted(put(tmp_path, "a;b\n1,5;x\n2;y\n"))
    assert frame["a"].tolist() == [1.5, 2.0]
    assert any("decimal commas" in note for note in notes)


def test_quotes_newlines_marks_and_line_ends_of_other_systems_are_read(tmp_path: Path) -> None:
    path = put(tmp_path, b'\xef\xbb\xbfa,b\r\n"x, ""y""\r\nz",1\r\n\r\nw,2\r\n')
    frame = read_table(path)
    assert list(frame) == ["a", "b"]
    assert frame["a"].tolist() == ['x, "y"\r\nz', "w"]
    assert frame["b"].tolist() == [1, 2]


def test_huge_integers_are_exact_up_to_64_bits_and_floats_with_a_warning_beyond(
    tmp_path: Path,
) -> None:
    path = put(tmp_path, f"a,b,c\n{2**63 - 1},{2**60 + 1},{10**30}\n1,,2\n")
    with pytest.warns(EquipoiseWarning, match=r"'c' holds whole numbers beyond 64 bits"):
        frame = read_table(path)
    assert frame["a"].tolist() == [2**63 - 1, 1]
    assert int(frame["b"][0]) == 2**60 + 1
    assert frame["b"].isna().tolist() == [False, True]
    assert frame["c"].tolist() == [1e30, 2.0]


def test_mixed_types_are_text_without_a_warning_when_words_are_many(tmp_path: Path) -> None:
    rows = "".join(f"w{i}\n{i}.5\n" for i in range(10))
    frame, notes = read_noted(put(tmp_path, "x,y\n" + rows.replace("\n", ",1\n")))
    assert frame["x"].tolist()[:2] == ["w0", "0.5"]
    assert notes == ()


AMOUNTS = [1234.5 + 987.25 * i for i in range(12)]
NUMBERS_OTHERWISE = {
    "decimal comma": [f"{v:.2f}".replace(".", ",") for v in AMOUNTS],
    "dollars": [f"${v:,.2f}" for v in AMOUNTS],
    "percent": [f"{v / 100:.1f}%" for v in AMOUNTS],
    "thousands": [f"{v:,.0f}" for v in AMOUNTS],
    "points for thousands": [f"{v:,.2f}".translate(str.maketrans(",.", ".,")) for v in AMOUNTS],
    "in brackets": [f"({v:,.2f})" for v in AMOUNTS],
}
NO_NUMBERS = {
    "addresses": [f"192.168.{100 + i}.1" for i in range(12)],
    "versions": [f"1.{i}.3" for i in range(12)],
    "telephone": [f"555-{i:04d}" for i in range(12)],
    "levels": ["1", "x", "y", "z"] * 3,
}


def column(tmp_path: Path, cells: list[str]) -> tuple[pd.Series, tuple[str, ...]]:
    frame, notes = read_noted(put(tmp_path, "a,b\n" + "".join(f'"{cell}",1\n' for cell in cells)))
    return frame["a"], notes


@pytest.mark.parametrize("name", NUMBERS_OTHERWISE)
def test_numbers_in_another_notation_are_text_and_a_note_says_so(tmp_path: Path, name: str) -> None:
    cells = NUMBERS_OTHERWISE[name]
    series, (note,) = column(tmp_path, cells)
    assert series.tolist() == cells
    assert f"look like numbers, such as {cells[0]!r}" in note
    with pytest.raises(DataError, match="a number in another notation"):
        read_table(tmp_path / "t.csv", numeric="a")


@pytest.mark.parametrize("name", NO_NUMBERS)
def test_text_that_only_resembles_numbers_gets_no_note(tmp_path: Path, name: str) -> None:
    assert column(tmp_path, NO_NUMBERS[name])[1] == ()


def test_numbers_among_many_missing_words_or_words_of_many_spellings_are_noted(
    tmp_path: Path,
) -> None:
    numbers = [f"{v:.2f}" for v in AMOUNTS]
    _, (note,) = column(tmp_path, [*numbers, *["NA"] * 20])
    assert '--missing "NA"' in note
    _, (note,) = column(tmp_path, [*numbers, *numbers, "NA", "n/a", "?", "-", "none", "null"])
    assert "6 different words, such as 'NA'" in note


@pytest.mark.parametrize(
    "cells",
    [["02/19/2020", "12/01/2021"], ["27.06.2020", "1.7.2021"], ["2020/01/02", "2020/01/03"]],
)
def test_dates_in_another_notation_are_text_and_a_note_says_how_to_write_them(
    tmp_path: Path, cells: list[str]
) -> None:
    series, (note,) = column(tmp_path, cells)
    assert series.tolist() == cells
    assert f"look like dates, such as {cells[0]!r}" in note


def test_a_date_that_does_not_exist_leaves_text_and_says_so(tmp_path: Path) -> None:
    frame, (note,) = read_noted(put(tmp_path, "d,x\n2024-01-01,1\n2023-02-30,2\n"))
    assert frame["d"].tolist() == ["2024-01-01", "2023-02-30"]
    assert "looks like dates" in note


def test_gzipped_files_are_read_and_written(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    for name in ("t.csv.gz", "t.tsv.gz"):
        write_table(frame, tmp_path / name)
        assert gzip.decompress((tmp_path / name).read_bytes()).startswith(b"a")
        back = read_table(tmp_path / name)
        assert back["a"].tolist() == [1, 2]
        assert back["b"].isna().tolist() == [False, True]
    write_table(frame, tmp_path / "t.parquet")
    put(tmp_path, gzip.compress((tmp_path / "t.parquet").read_bytes()), "u.parquet.gz")
    assert read_table(tmp_path / "u.parquet.gz").shape == (2, 2)


def test_five_thousand_columns_are_read_in_seconds(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(40, 5000)).round(6)
    names = ",".join(f"c{j}" for j in range(5000))
    np.savetxt(
        path := tmp_path / "t.csv", values, delimiter=",", fmt="%.6f", header=names, comments=""
    )
    start = time.process_time()
    frame = read_table(path)
    # some 2 s of processor time on a slow core; quadratic work in the columns would take minutes
    assert time.process_time() - start < 20
    np.testing.assert_array_equal(frame.to_numpy(), values)


# what is refused: one sentence, with place and remedy

BAD_CSV = {
    "empty": (b"", "is empty; expected a header line"),
    "blank": (b" \n\n", "is empty"),
    "header only": (b"a,b\n", "has a header line but no rows"),
    "short row": (b"a,b\n1,2\n3\n4,5\n", "line 3: expected 2 fields, as the header has, got 1"),
    "long row": (b"a,b\n1,2\n\n3,4,5\n", "line 4: expected 2 fields, as the header has, got 3"),
    "ragged after newline": (b'a,b\n"x\ny",2\n3\n', "line 4: expected 2 fields"),
    "latin-1": ("a,b\n1,2\n3,é\n".encode("latin-1"), "line 3: byte 0xe9 (byte 11 of the file) is not UTF-8"),
    "utf-16": ("a,b\n1,2\n".encode("utf-16"), "UTF-16 text; save it as UTF-8"),
    "utf-16 without mark": ("a,b\n1,2\n".encode("utf-16-le"), "NUL byte"),
    "nul": (b"a,b\n1,2\n3,\x004\n", "line 3: a NUL byte (byte 11 of the file)"),
    "garbage": (bytes(range(128, 256)) * 20, "not UTF-8"),
    "excel": (b"PK\x03\x04rest", "Excel workbook"),
    "gzip without ending": (gzip.compress(b"a,b\n1,2\n"), "a gzip file; add .gz"),
    "parquet without ending": (b"PAR1....PAR1", "name it .parquet"),
    "two names": (b"a,b,a\n1,2,3\n", "line 1: two columns have the same name: 'a'; rename"),
    "no header": (b"1,2,1\n3,4,5\n", "is the header line missing?"),
    "no name": (b",a\n0,1\n", "line 1: column 1 of 2 has no name"),
    "trailing comma": (b"a,b,\n0,1,\n", "line 1: column 3 of 3 has no name"),
    "inf": (b"a,b\n1,2\ninf,3\n", "line 3: column 'a' holds 'inf', which is no finite number"),
    "minus infinity": (b"a,b\n1,2\n-Infinity,3\n", "line 3: column 'a' holds '-Infinity'"),
    "1e999": (b"a,b\n1,2\n\n1e999,3\n", "line 4: column 'a' holds '1e999'"),
    "open quote": (b'a,b\n1,2\n3,"x\n4,5\n6,7\n', "line 3: a double quote is opened and never closed"),
    "open quote before a last field": (b'a,b\n1,2\n"3,x\n4,5\n', "line 3: a double quote is opened and never"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_CSV)
def test_a_bad_csv_file_gets_a_sentence_with_its_place(tmp_path: Path, case: str) -> None:
    content, expected = BAD_CSV[case]
    sentence = refusal(path := put(tmp_path, content))
    assert expected in sentence
    assert str(path) in sentence


def test_a_word_in_a_column_declared_numeric_is_refused_with_its_line(tmp_path: Path) -> None:
    path = put(tmp_path, "x,y\n1,a\nNA,b\n")
    assert "line 3: column 'x' was declared numeric but holds 'NA'" in refusal(path, numeric=["x"])
    assert '--missing "NA"' in refusal(path, numeric=["x"])


def test_a_file_that_is_not_there_or_is_a_folder_or_has_no_format_is_refused(
    tmp_path: Path,
) -> None:
    assert "there is no file" in refusal(tmp_path / "no.csv")
    assert "there is no file" in refusal(tmp_path / "no")
    assert "is a folder" in refusal(tmp_path)
    (tmp_path / "d.csv").mkdir()
    assert "is a folder" in refusal(tmp_path / "d.csv")
    assert "spreadsheet; save the sheet as CSV" in refusal(put(tmp_path, b"x", "t.xlsx"))
    assert "'.json', which says no table format" in refusal(put(tmp_path, b"x", "t.json"))
    assert "has no ending, which says no table format" in refusal(put(tmp_path, b"x", "t"))
    assert "no column is left" in refusal(put(tmp_path, b"a,b\n1,2\n"), drop=("a", "b"))


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything"
)
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    (path := put(tmp_path, b"a\n1\n")).chmod(0)
    assert "may not be read by you" in refusal(path)


def test_a_refusal_of_the_system_becomes_a_sentence(tmp_path: Path, monkeypatch) -> None:
    path = put(tmp_path, b"a\n1\n")

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert "may not be read by you" in refusal(path)


def test_gzip_that_is_cut_off_or_damaged_or_none_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 1000)
    assert "cut off" in refusal(put(tmp_path, whole[:-20], "t.csv.gz"))
    assert "not sound gzip" in refusal(put(tmp_path, b"a,b\n1,2\n", "t.csv.gz"))
    damaged = whole[:20] + bytes([whole[20] ^ 255]) + whole[21:]
    assert "gzip data" in refusal(put(tmp_path, damaged, "t.csv.gz"))


def test_bad_parquet_is_refused(tmp_path: Path) -> None:
    assert "cannot be read as Parquet" in refusal(put(tmp_path, b"a,b\n1,2\n", "t.parquet"))
    good = tmp_path / "good.parquet"
    write_table(pd.DataFrame({"a": range(1000)}), good)
    assert "cannot be read as Parquet" in refusal(
        put(tmp_path, good.read_bytes()[:-40], "t.parquet")
    )
    assert "no rows" in refusal(_parquet(tmp_path, pa.table({"a": pa.array([], pa.int64())})))
    twice = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    assert "two columns have the same name" in refusal(_parquet(tmp_path, twice))
    assert "has no name" in refusal(_parquet(tmp_path, pa.table({"": [1]})))
    infinite = _parquet(tmp_path, pa.table({"a": [1.0, np.inf]}))
    assert "row 2: column 'a' holds an infinity" in refusal(infinite)
    assert "column 'a' holds cells of type list" in refusal(
        _parquet(tmp_path, pa.table({"a": [[1]]}))
    )


def _parquet(folder: Path, table: pa.Table) -> Path:
    pq.write_table(table, path := folder / "made.parquet")
    return path


def test_parquet_keeps_its_types_and_follows_no_metadata(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "i": [1, 2, 3],
            "f": [0.5, None, 1.5],
            "big": pd.array([2**60 + 1, None, 3], dtype="Int64"),
            "s": ["a", None, "?"],
            "c": pd.Categorical(["x", None, "y"], categories=["y", "x", "z"]),
            "b": pd.array([True, None, False], dtype="boolean"),
            "d": pd.to_datetime(["2024-01-01", None, "2024-01-03"]),
        },
        index=["p", "q", "r"],
    )
    frame.to_parquet(path := tmp_path / "t.parquet")
    back, notes = read_noted(path, missing=("?", "3"))
    assert any("__index_level_0__" in note for note in notes)
    assert back["i"].isna().tolist() == [False, False, True]
    assert back["big"].iloc[0] == 2**60 + 1
    assert back["s"].isna().tolist() == [False, True, True]
    assert back["c"].cat.categories.tolist() == ["y", "x", "z"]
    assert back["c"].astype(object).tolist()[0] == "x"
    assert str(back["b"].dtype) == "boolean"
    assert back["d"].iloc[2] == pd.Timestamp("2024-01-03")
    plain = read_noted(path)[0]
    assert str(plain["i"].dtype) == "int64"


class Bomb:
    """What a hostile file would unpickle."""

    def __reduce__(self):
        return (exec, ("import sys; sys.modules['exploded'] = sys",))


def test_nothing_in_a_parquet_file_is_unpickled(tmp_path: Path) -> None:
    payload = pickle.dumps(Bomb())
    field = pa.field(
        "a",
        pa.binary(),
        metadata={
            b"ARROW:extension:name": b"arrow.py_extension_type",
            b"ARROW:extension:metadata": payload,
        },
    )
    table = pa.table([pa.array([payload])], schema=pa.schema([field]))
    path = _parquet(tmp_path, table)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # arrow remarks that it does not load the type
        assert "type binary" in refusal(path)
    assert "exploded" not in sys.modules


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=200), ending=st.sampled_from(["csv", "tsv", "csv.gz", "parquet"]))
def test_no_bytes_lead_to_anything_but_a_table_or_a_sentence(
    tmp_path: Path, content: bytes, ending: str
) -> None:
    try:
        frame, _ = read_noted(put(tmp_path, content, f"t.{ending}"))
    except DataError:
        pass
    else:
        assert len(frame)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    content=st.text(alphabet='a1.,;"\n\r\t -ex?é0', max_size=80).map(lambda text: "a,b\n" + text)
)
def test_no_text_leads_to_anything_but_a_table_or_a_sentence(tmp_path: Path, content: str) -> None:
    try:
        frame, _ = read_noted(put(tmp_path, content))
    except DataError:
        pass
    else:
        assert frame.shape[1] == 2


# what is written


def test_a_csv_that_was_read_is_written_with_the_same_cells(tmp_path: Path) -> None:
    text = "a,b,c,d\n1,,True,2024-01-01\n2,5,False,2024-01-02\n3,7,True,\n4,,True,2024-01-03\n"
    path = put(tmp_path, text)
    write_table(read_table(path), out := tmp_path / "out.csv")
    assert out.read_text() == text


@pytest.mark.skipif(not DATA, reason="EQUIPOISE_DATA names no folder with the article tables")
@pytest.mark.parametrize("name", ["adult", "hmeq", "eucalyptus", "thomas", "popularkids"])
def test_article_tables_come_back_equal_from_both_formats(tmp_path: Path, name: str) -> None:
    frame = read_table(Path(DATA) / f"{name}.csv")
    for ending in ("csv", "parquet"):
        write_table(frame, tmp_path / f"t.{ending}")
        pd.testing.assert_frame_equal(read_table(tmp_path / f"t.{ending}"), frame)


def test_parts_make_the_same_file_as_the_whole(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.0, np.nan, 3.0, 4.0], "b": list("wxyz")})
    for ending in ("csv", "csv.gz", "parquet"):
        write_table(frame, whole := tmp_path / f"whole.{ending}")
        with TableWriter(parts := tmp_path / f"parts.{ending}") as writer:
            writer.write(frame[:2])
            writer.write(frame[2:])
        pd.testing.assert_frame_equal(read_table(whole), read_table(parts))
    assert (tmp_path / "whole.csv").read_text() == (tmp_path / "parts.csv").read_text()


def _write_parts(path: Path, *parts) -> None:
    with TableWriter(path) as writer:
        for part in parts:
            writer.write(part)


def test_a_failure_while_writing_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = put(tmp_path, b"old")
    one, other = pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})
    with pytest.raises(DataError, match="the rows to append"):
        _write_parts(path, one, other)
    with pytest.raises(AttributeError):
        _write_parts(path, one, None)
    mixed = pd.DataFrame({"a": [1, "x"]}, dtype=object)
    with pytest.raises(DataError, match="does not fit Parquet"):
        write_table(mixed, tmp_path / "t.parquet")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["t.csv"]


def test_a_place_where_nothing_can_be_written_is_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1]})
    with pytest.raises(DataError, match=r"the folder .*no of t\.csv is not there"):
        write_table(frame, tmp_path / "no" / "t.csv")
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(DataError, match="is a folder"):
        write_table(frame, tmp_path / "d.csv")
    with pytest.raises(OptionError, match=r"'\.xlsx', which says no format"):
        write_table(frame, tmp_path / "t.xlsx")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="no ordinary file"):
        write_table(frame, tmp_path / "pipe.csv")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no full device")
def test_a_full_disk_becomes_a_sentence(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": np.arange(100_000)})
    for ending in ("csv", "csv.gz", "parquet"):
        writer = TableWriter(tmp_path / f"t.{ending}")
        writer._draft._part.symlink_to("/dev/full")
        with pytest.raises(DataError, match="cannot be written"), writer:
            writer.write(frame)
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link_and_its_file_gets_the_table(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    write_table(pd.DataFrame({"a": [1, 2]}), tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert read_table(tmp_path / "real.csv")["a"].tolist() == [1, 2]


def test_a_name_too_long_for_a_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written"):
        write_table(pd.DataFrame({"a": [1]}), tmp_path / ("x" * 300 + ".csv"))
