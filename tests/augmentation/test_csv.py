"""CSV text cut and written as the file has it."""

import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.augmentation.csv_forms import Hand
from equipoise.augmentation.csv_records import extended, fields_of, whole_records

CELLS = st.text(alphabet='ab,"\n\r x', max_size=5)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(1, 9),
    st.booleans(),
    st.booleans(),
)
def test_a_record_is_cut_and_extended_where_a_reader_cuts_it(rows, ending, size, final, every):
    out = io.StringIO()
    if not every:  # csv.writer leaves a lone carriage return without quotes
        rows = [[cell.replace("\r", "") for cell in row] for row in rows]
    quoting = csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL
    csv.writer(out, lineterminator=ending, quoting=quoting).writerows(rows)
    data = out.getvalue().encode()
    data = data if final else data.removesuffix(ending.encode())
    parts = list(whole_records((data[i : i + size] for i in range(0, len(data), size)), ","))
    assert b"".join(parts) == data
    marked = b"".join(extended(part, ",", b",new") for part in parts).decode()
    read = [row for row in csv.reader(io.StringIO(marked, newline="")) if row]
    assert read == [[*row, "new"] for row in rows]


def test_a_quote_inside_a_field_opens_nothing():
    assert extended(b'5" pipe,1\nx,2\n', ",", b",n") == b'5" pipe,1,n\nx,2,n\n'
    assert fields_of(b'5" pipe,"a,\n""b"\r\n', ",", 9) == [(['5" pipe', '"a,\n""b"'], b"\r\n")]


# head of a file -> (cells of a frame, lines that they are written in)
HANDS = {
    "minimal": (b"a,b\n1,x\n", {"a": [2], "b": ["y, z"]}, b'2,"y, z"\n'),
    "all quoted": (b'"a","b"\r\n"1","x"\r\n', {"a": [2], "b": ['y"']}, b'"2","y"""\r\n'),
    "texts quoted": (b'a,b\n1,"x"\n', {"a": [2], "b": ["y"]}, b'2,"y"\n'),
    "spaces": (b"a, b\n1, x\n", {"a": [2], "b": ["y"]}, b"2, y\n"),
    "decimals": (b"a,b\n1.50,x\n2.00,x\n", {"a": [-0.25], "b": ["x"]}, b"-0.25,x\n"),
    "fixed": (b"a,b\n1.50,x\n2.00,x\n", {"a": [3.0], "b": ["x"]}, b"3.00,x\n"),
    "whole": (b"a,b\n1,x\n,x\n", {"a": [np.nan, 3.0], "b": ["x", "x"]}, b",x\n3,x\n"),
    "whole labels": (b"a,b\n1.0,x\n0.0,x\n", {"a": [1], "b": ["x"]}, b"1.0,x\n"),
    "finer": (b"a,b\n1.5,x\n", {"a": [3.25], "b": ["x"]}, b"3.25,x\n"),
    "comma": (b"a;b\n1,5;x\n", {"a": [3.5], "b": ["x"]}, b"3,5;x\n"),
    "marker": (b"a,b\n?,x\n1,x\n", {"a": [np.nan], "b": ["x"]}, b"?,x\n"),
    "other column's marker": (b"a,b\n?,x\n1,x\n", {"a": [1], "b": [None]}, b"1,?\n"),
    "quoted gap": (b'a,b\n"","x"\n1,"x"\n', {"a": [np.nan], "b": ["x"]}, b'"","x"\n'),
    "truth": (b"a,b\nTrue,x\n", {"a": [False], "b": ["x"]}, b"False,x\n"),
}


@pytest.mark.parametrize("name", HANDS)
def test_new_lines_are_written_in_the_hand_of_the_file(name):
    head, cells, lines = HANDS[name]
    separator = ";" if b";" in head else ","
    names = [text.strip(' "') for text in head.splitlines()[0].decode().split(separator)]
    hand = Hand.read(head, names, separator, ["?"] if b"?" in head else [])
    assert hand.lines(pd.DataFrame(cells)) == lines


DATES = ["2020-01-02", "2020-01-02 03:04", "2020-01-02T03:04:05", "2020-01-02 03:04:05.250",
         "2020-01-02T03:04:05Z", "2020-01-02T03:04:05+01:00"]  # fmt: skip


@pytest.mark.parametrize("date", DATES)
def test_dates_are_written_as_the_file_has_them(date):
    hand = Hand.read(f"d,b\n{date},x\n".encode(), ["d", "b"], ",", [])
    frame = pd.DataFrame({"d": pd.to_datetime(pd.Series([date, None]), format="ISO8601")})
    assert hand.lines(frame.assign(b="x")) == f"{date},x\n,x\n".encode()
