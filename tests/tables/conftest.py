"""Tables of all kinds of columns, for tests that state a property of any table."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import strategies as st

EXACT = 2**53
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
SMALL = st.integers(-100, 100)
MOMENTS = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1))
DAYS = st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))
SPANS = st.timedeltas(dt.timedelta(days=-30_000), dt.timedelta(days=30_000))
NAMES = st.one_of(
    TEXTS,
    st.integers(-3, 3).filter(lambda v: v not in (0, 1)),
    st.booleans(),
    st.floats(0.1, 0.9),
    st.none(),
    st.tuples(TEXTS, st.integers(0, 2)),
    st.dates(),
    st.sampled_from(
        ["", " ", "a,b", "<script>alert(1)</script>", "{{7*7}}", "a\nb", '"', "columns"]
    ),
)


def reals(width=64):
    wild = st.floats(allow_nan=False, allow_infinity=False, width=width)
    cents = st.integers(-10_000, 10_000).map(lambda v: v / 100)
    return wild if width == 32 else st.one_of(wild, cents, SMALL.map(float))


# How a dtype is written, what its cells are drawn from, and whether a cell may be missing.
PLAIN = [
    ("object", TEXTS, True),
    ("str", TEXTS, True),
    ("string", TEXTS, True),
    ("string[pyarrow]", TEXTS, True),
    (pd.ArrowDtype(pa.string()), TEXTS, True),
    (pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string())), TEXTS, True),
    (pd.ArrowDtype(pa.binary()), st.binary(max_size=3), True),
    ("object", st.booleans(), True),
    ("object", st.integers(-EXACT, EXACT), True),
    ("object", st.one_of(SMALL, TEXTS, st.booleans(), st.floats(0, 1)), True),
    ("object", DAYS, True),
    ("object", MOMENTS, True),
    ("bool", st.booleans(), False),
    ("boolean", st.booleans(), True),
    ("bool[pyarrow]", st.booleans(), True),
    ("int8", SMALL, False),
    ("uint8", st.integers(0, 255), False),
    ("int64", st.integers(-EXACT, EXACT), False),
    ("Int32", SMALL, True),
    ("UInt16", st.integers(0, 65_535), True),
    ("int64[pyarrow]", st.integers(-EXACT, EXACT), True),
    ("float64", reals(), True),
    ("float32", reals(32), True),
    ("Float64", reals(), True),
    ("double[pyarrow]", reals(), True),
    ("float[pyarrow]", reals(32), True),
    ("datetime64[ns]", MOMENTS, True),
    ("datetime64[us]", MOMENTS, True),
    ("datetime64[s]", MOMENTS.map(lambda v: v.replace(microsecond=0)), True),
    ("timedelta64[us]", SPANS, True),
    ("timestamp[us][pyarrow]", MOMENTS, True),
    ("duration[us][pyarrow]", SPANS, True),
    ("date32[day][pyarrow]", DAYS, True),
]


@st.composite
def columns(draw, n_rows):
    """Draw one column (n_rows,): of a plain dtype, of categories, of one value, or of none."""
    shape = draw(st.sampled_from(["plain"] * 6 + ["category", "category", "zone", "one", "none"]))
    if shape == "category":
        cells = draw(st.sampled_from([TEXTS, SMALL, st.floats(0, 1), DAYS]))
        levels = draw(st.lists(cells, min_size=1, max_size=6, unique=True))
        codes = draw(st.lists(st.integers(-1, len(levels) - 1), min_size=n_rows, max_size=n_rows))
        dtype = pd.CategoricalDtype(levels, ordered=draw(st.booleans()))
        return pd.Series(pd.Categorical.from_codes(codes, dtype=dtype))
    if shape == "zone":
        zone = draw(st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]))
        moments = draw(st.lists(MOMENTS, min_size=n_rows, max_size=n_rows))
        return pd.Series(moments).dt.tz_localize("UTC").dt.tz_convert(zone)
    dtype, cells, may_miss = draw(st.sampled_from(PLAIN))
    if shape == "none":
        dtype = dtype if may_miss else "float64"
        return pd.Series([None] * n_rows, dtype=dtype)
    if shape == "one":
        return pd.Series([draw(cells)] * n_rows, dtype=dtype)
    holes = st.one_of(cells, cells, cells, st.none()) if may_miss else cells
    few = draw(st.lists(holes, min_size=1, max_size=4))
    drawn = draw(st.sampled_from([holes, st.sampled_from(few)]))
    return pd.Series(draw(st.lists(drawn, min_size=n_rows, max_size=n_rows)), dtype=dtype)


@st.composite
def tables(draw):
    """Draw a frame of 1 to 40 rows and 1 to 6 columns with hostile names and any index."""
    n_rows = draw(st.integers(1, 40))
    names = draw(
        st.lists(NAMES, min_size=1, max_size=6, unique_by=lambda v: (v == v, str(v), hash(v)))
    )
    frame = pd.DataFrame({j: draw(columns(n_rows)) for j in range(len(names))})
    frame.columns = pd.Index(names, tupleize_cols=False, dtype=object)
    index = draw(st.sampled_from(["range", "same", "text"]))
    if index == "same":
        frame.index = np.zeros(n_rows, dtype=int)
    elif index == "text":
        frame.index = [f"row {k}" for k in range(n_rows)]
    return frame


@pytest.fixture(scope="session")
def any_table():
    """Give the strategy of `tables`."""
    return tables()
