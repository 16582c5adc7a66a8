"""Whatever fitted state is made of comes back from nodes and tensors as it was."""

import datetime as dt
import decimal
import json
import math
import uuid
import zoneinfo
from dataclasses import dataclass

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from equipoise.errors import OptionError
from equipoise.saving.codec_reader import Decoder
from equipoise.saving.codec_writer import Encoder
from equipoise.tables.coded import Coded

TRUSTED = (f"{__name__}:Pair", f"{__name__}:Toy")


@dataclass(frozen=True)
class Pair:
    left: object
    right: object


def back(value):
    """Write a value, pass its nodes through JSON, and read it again."""
    encoder = Encoder("Test")
    slot = json.loads(json.dumps(encoder.child(value, "value"), allow_nan=False))
    nodes = json.loads(json.dumps(encoder.nodes, allow_nan=False))
    tensors = {name: array.copy() for name, array in encoder.tensors.items()}
    assert all(array.flags.c_contiguous for array in encoder.tensors.values())
    return Decoder(nodes, tensors, TRUSTED).child(slot)


def alike(one, other):
    """Tell whether two values are the same, types, NaN and order in memory included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        if one.dtype != other.dtype or one.shape != other.shape:
            return False
        if one.dtype == object:
            return all(map(alike, one.ravel(), other.ravel()))
        same_order = all(one.flags[f] == other.flags[f] for f in ("C_CONTIGUOUS", "F_CONTIGUOUS"))
        return same_order and one.tobytes() == other.tobytes()
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict):
        return alike(list(one.items()), list(other.items()))
    if isinstance(one, float | np.floating | np.complexfloating):
        return repr(one) == repr(other)
    if isinstance(one, np.datetime64 | np.timedelta64):
        return str(one) == str(other) and one.dtype == other.dtype
    if isinstance(one, decimal.Decimal):
        return str(one) == str(other)
    return one is other or one == other


plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.binary(max_size=20)
)
dates = (
    st.dates()
    | st.datetimes()
    | st.times()
    | st.timedeltas()
    | st.datetimes(timezones=st.timezones())
    | st.decimals()
    | st.uuids()
)
scalars = hnp.scalar_dtypes().flatmap(lambda dtype: hnp.arrays(dtype, 1)).map(lambda a: a[0])
arrays = hnp.arrays(
    hnp.scalar_dtypes()
    | hnp.byte_string_dtypes(min_len=1, max_len=5)
    | hnp.unicode_string_dtypes(min_len=1, max_len=5),
    hnp.array_shapes(min_dims=0, min_side=0, max_side=4),
)
objects = st.lists(plain | dates | st.just(pd.NA) | st.just(pd.NaT)).map(
    lambda cells: np.fromiter(cells, dtype=object, count=len(cells))
)
keys = st.none() | st.booleans() | st.integers() | st.text() | st.tuples(st.text(), st.integers())
values = st.recursive(
    plain | dates | scalars | arrays | objects,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=300)
@given(values)
def test_what_is_written_is_read(value):
    assert alike(back(value), value)


@settings(deadline=None, max_examples=100)
@given(st.lists(plain | dates, max_size=20))
def test_an_array_of_objects_keeps_every_cell_and_its_type(cells):
    array = np.fromiter(cells, dtype=object, count=len(cells))
    assert alike(back(array), array)


@settings(deadline=None, max_examples=100)
@given(arrays, st.randoms())
def test_an_array_keeps_its_order_in_memory(array, random):
    axes = list(range(array.ndim))
    random.shuffle(axes)
    turned = array.transpose(axes)
    read = back(turned)
    assert alike(read, turned)
    assert read.flags.f_contiguous == turned.flags.f_contiguous


def named(value):
    """Give a test's name; members of sets stand in another order in every process."""
    shown = sorted(map(repr, value)) if isinstance(value, set | frozenset) else value
    return f"{type(value).__name__}-{str(shown)[:20]}"


@pytest.mark.parametrize(
    "value",
    [
        {3, 1, 2},
        frozenset({"a", ("b", 1)}),
        10**400,
        -(2**63),
        2**63,
        -0.0,
        5e-324,
        np.float32(0.1),
        np.str_(""),
        np.bytes_(b""),
        np.array("text"),
        np.array(["", ""], dtype="<U1"),
        np.array([1, 2], dtype=">i4"),
        np.array(1.5 + 2j),
        np.array(["2020-01-01", "NaT"], dtype="datetime64[25s]"),
        np.array([[True, False]]),
        np.array([1, 2, 3, 4])[::2],
        np.array([1, 2, 3, 4])[::-1],
        np.dtype(object),
        np.dtype("float32"),
        np.dtype("<M8[us]"),
        dt.datetime(2020, 10, 25, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo("Europe/Oslo")),
        dt.timezone(dt.timedelta(hours=-3, microseconds=5), "odd"),
        dt.UTC,
        uuid.UUID(int=7),
        pd.Timestamp("2020-01-01 12:00", tz="Europe/Oslo"),
        pd.Timestamp("2020-01-01").as_unit("s"),
        pd.Timedelta("3 days").as_unit("ms"),
        pd.Period("2020-03", "M"),
        pd.Interval(0.0, 1.0, closed="left"),
        pa.schema([("a", pa.decimal128(9, 2)), ("b", pa.dictionary(pa.int8(), pa.string()))]),
    ],
    ids=named,
)
def test_single_values_come_back(value):
    read = back(value)
    assert type(read) is type(value)
    if isinstance(value, np.ndarray):
        assert read.dtype == value.dtype
        np.testing.assert_array_equal(read, value)
    else:
        assert read == value
        assert repr(read) == repr(value)
    if isinstance(value, pd.Timestamp | pd.Timedelta):
        assert read.unit == value.unit


DTYPES = [
    pd.CategoricalDtype(["b", "a", "unused"], ordered=True),
    pd.CategoricalDtype([3, 1]),
    pd.CategoricalDtype(pd.interval_range(0, 3)),
    pd.CategoricalDtype(pd.to_datetime(["2020-01-01", "2021-01-01"])),
    pd.CategoricalDtype(),
    pd.DatetimeTZDtype("ms", "Europe/Oslo"),
    pd.DatetimeTZDtype("ns", dt.UTC),
    pd.ArrowDtype(pa.timestamp("us", "America/Lima")),
    pd.ArrowDtype(pa.list_(pa.int8())),
    pd.ArrowDtype(pa.decimal128(12, 3)),
    pd.StringDtype("python"),
    pd.StringDtype("pyarrow"),
    pd.StringDtype("pyarrow", na_value=np.nan),
    pd.PeriodDtype("Q-MAR"),
    pd.IntervalDtype("float64", "both"),
    pd.SparseDtype("int64", 0),
    pd.Int16Dtype(),
    pd.UInt64Dtype(),
    pd.Float32Dtype(),
    pd.BooleanDtype(),
]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_pandas_dtypes_come_back(dtype):
    read = back(dtype)
    assert read == dtype
    assert repr(read) == repr(dtype)
    if isinstance(dtype, pd.CategoricalDtype):
        assert read.ordered == dtype.ordered


SERIES = [
    pd.Series(["a", None, "b"], dtype=object),
    pd.Series(["a", "b"], name=("x", 1)),
    pd.Series([1, None, 3], dtype="Int16"),
    pd.Series([0.5, None], dtype="Float32"),
    pd.Series([True, None], dtype="boolean"),
    pd.Series([1, 2], dtype="uint8", index=["u", "v"]),
    pd.Series(["a", "b", None], dtype="category"),
    pd.Series(["a", None], dtype="string"),
    pd.Series([1, None], dtype="int64[pyarrow]"),
    pd.Series(["a", None], dtype="string[pyarrow]"),
    pd.Series([decimal.Decimal("1.50"), None], dtype=pd.ArrowDtype(pa.decimal128(5, 2))),
    pd.Series(pd.to_datetime(["2020-03-29", None])).dt.tz_localize("Europe/Oslo"),
    pd.Series(pd.to_datetime(["2020-03-29", None])).astype("timestamp[us][pyarrow]"),
    pd.Series(pd.to_datetime(["2020-03-29", None])).dt.as_unit("s"),
    pd.Series(pd.to_timedelta([1, None], "h")),
    pd.Series(pd.period_range("2020", periods=2, freq="Y")),
    pd.Series(pd.interval_range(0, 2)),
    pd.Series([0, 0, 1], dtype=pd.SparseDtype("int64", 0)),
    pd.Series([dt.date(2020, 1, 1), None], dtype=object),
    pd.Series([uuid.UUID(int=1), 2, "x", 2.5, True], dtype=object),
    pd.Series([], dtype="float64"),
]


@pytest.mark.parametrize("series", SERIES, ids=lambda s: f"{s.dtype}-{len(s)}")
def test_series_come_back(series):
    pd.testing.assert_series_equal(back(series), series, check_exact=True)
    array = back(series.array)
    assert type(array) is type(series.array)
    plain = pd.Series(array, dtype=series.dtype)
    pd.testing.assert_series_equal(plain, series.reset_index(drop=True).rename(None))


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(2, 20, 3, name="r"),
        pd.Index(["a/b [c] {d}", 7, "target", ("x", 1)], dtype=object, tupleize_cols=False),
        pd.Index([("a", 1), ("b", 2)], tupleize_cols=False),
        pd.Index(["a", "b"], name="names"),
        pd.Index([1.5, None]),
        pd.Index([True, False]),
        pd.Index(["a", "b"], dtype="category"),
        pd.MultiIndex.from_tuples([("a", 1), ("b", 2), ("a", 3)], names=["first", None]),
        pd.date_range("2020", periods=3, freq="D"),
        pd.date_range("2020", periods=3, tz="Europe/Oslo"),
        pd.timedelta_range("1h", periods=3),
        pd.period_range("2020", periods=3, freq="M"),
        pd.interval_range(0, 3),
        pd.Index([1, 2], dtype="Int8"),
        pd.Index(["x"], dtype="string[pyarrow]"),
    ],
    ids=lambda index: type(index).__name__ + str(index.dtype),
)
def test_an_index_comes_back_identical(index):
    read = back(index)
    assert type(read) is type(index)
    assert read.identical(index)
    assert read.dtype == index.dtype


def test_the_schema_of_a_polars_frame_comes_back():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(
        {"a": [1], "b": ["x"], "c": [dt.date(2020, 1, 1)], "d": [dt.timedelta(hours=1)]},
        schema_overrides={"a": pl.Int8, "b": pl.Categorical},
    )
    assert back(frame.schema) == frame.schema
    with pytest.raises(OptionError, match="polars"):
        back(pl.Schema({"a": pl.Object}))


def test_what_is_shared_stays_shared_and_is_written_once():
    array, held = np.arange(1000.0), [1]
    pairs = [Pair(array, held) for _ in range(50)]
    encoder = Encoder("Test")
    encoder.child(pairs)
    assert len(encoder.tensors) == 1
    read = back(pairs)
    assert all(pair.left is read[0].left and pair.right is read[0].right for pair in read)
    twice = back((pairs[0], pairs[0]))
    assert twice[0] is twice[1]


def test_equal_but_different_lists_stay_different():
    one, other = back([[1], [1]])
    assert one is not other


def test_an_array_that_is_read_may_be_written_to():
    read = back(np.arange(3))
    read[0] = 7
    assert read[0] == 7


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (lambda: 1, "function"),
        (np.random.default_rng(0), "Generator"),
        (object(), "object"),
        (np.zeros(1, dtype=[("a", "i4")]), "dtype"),
        (np.ma.masked_array([1], [True]), "MaskedArray"),
        (type, "type"),
        (math, "module"),
    ],
    ids=["function", "generator", "object", "structured", "masked", "type", "module"],
)
def test_what_no_file_can_hold_is_refused_with_its_place(value, words):
    with pytest.raises(OptionError, match=r"value\['key'\]\[1\]") as failure:
        back({"key": [0, value]})
    assert words in str(failure.value)


def test_what_contains_itself_or_is_very_deep_is_refused():
    loop = [1]
    loop.append(loop)
    with pytest.raises(OptionError, match="contains itself"):
        back(loop)
    deep = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(OptionError, match="too deeply"):
        back(deep)


def test_tables_come_back():
    table = Coded(np.array([[1.0, np.nan]]), np.array([[-1, 2]]))
    read = back(table)
    assert alike(read.numbers, table.numbers)
    assert alike(read.codes, table.codes)


torch = pytest.importorskip("torch")


class Toy(torch.nn.Module):
    def __init__(self, widths, *, scale, generator):
        super().__init__()
        self.config = {"widths": widths, "scale": scale}
        layers = []
        for n_in, n_out in zip(widths[:-1], widths[1:], strict=True):
            layer = torch.nn.utils.skip_init(torch.nn.Linear, n_in, n_out)
            with torch.no_grad():
                layer.weight.normal_(generator=generator)
                layer.bias.zero_()
            layers.append(layer)
        self.layers = torch.nn.Sequential(*layers)
        self.register_buffer("scale", torch.as_tensor(scale))

    def forward(self, x):
        return self.layers(x) * self.scale


def toy(widths=(4, 3, 2)):
    return Toy(widths, scale=np.array([2.0, 3.0]), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(6.0).reshape(2, 3),
        torch.arange(6.0).reshape(2, 3).T,
        torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1),
        torch.arange(8)[::2],
        torch.tensor(1.5),
        torch.tensor([1.5, -2.25], dtype=torch.bfloat16),
        torch.tensor([1.5], dtype=torch.float16),
        torch.tensor([True]),
        torch.empty(0, 3),
        torch.nn.Parameter(torch.ones(2)).detach(),
    ],
    ids=lambda t: f"{t.dtype}-{tuple(t.shape)}-{t.stride()}",
)
def test_tensors_come_back(tensor):
    read = back(tensor)
    assert read.dtype == tensor.dtype
    assert torch.equal(read, tensor)
    if tensor.ndim > 1 and tensor.numel():
        assert read.stride() == tensor.stride()


def test_a_network_comes_back_from_its_configuration_and_its_tensors():
    network = toy().eval()
    state = torch.get_rng_state()
    read = back(network)
    assert torch.equal(torch.get_rng_state(), state)
    x = torch.ones(5, 4)
    assert torch.equal(read(x), network(x))
    assert not read.training
    assert back(toy()).training


def test_tied_weights_are_written_once():
    network = toy((3, 3, 3))
    network.layers[1].weight = network.layers[0].weight
    encoder = Encoder("Test")
    encoder.child(network)
    assert sum(array.shape == (3, 3) for array in encoder.tensors.values()) == 1


def forged(value, change, moved=0):
    """Write a network, change its nodes, by which its own moves so far, and read it."""
    encoder = Encoder("Test")
    (place,) = encoder.child(value)
    change(encoder.nodes)
    return Decoder(encoder.nodes, encoder.tensors, TRUSTED).values[place + moved]


def nodes_of(nodes, tag):
    return [node for node in nodes if node[0] == tag]


def test_a_network_whose_tensors_do_not_fit_is_refused():
    def wider(nodes):
        (widths,) = nodes_of(nodes, "tuple")
        widths[2] = 5

    with pytest.raises(ValueError, match=r"must have the shape \(5, 4\), found \(3, 4\)"):
        forged(toy(), wider)

    def deeper(nodes):
        (widths,) = nodes_of(nodes, "tuple")
        widths.append(2)

    with pytest.raises(ValueError, match="other tensors"):
        forged(toy(), deeper)


@pytest.mark.parametrize("width", [10**12, -(10**12), 3 * 10**4])
def test_a_network_far_larger_than_its_tensors_is_refused_before_memory_is_taken(width):
    def huge(nodes):
        (widths,) = nodes_of(nodes, "tuple")
        widths[1], widths[2] = width, width

    with pytest.raises(ValueError, match="file holds|larger than its tensors"):
        forged(toy(), huge)


def test_a_network_of_another_configuration_than_its_class_has_is_refused():
    def renamed(nodes):
        nodes_of(nodes, "dict")[0][3] = "generator"

    with pytest.raises(ValueError, match="no parameter 'generator'"):
        forged(toy(), renamed)


def test_a_network_without_a_configuration_is_refused():
    with pytest.raises(OptionError, match="config"):
        back(torch.nn.ReLU())


def test_a_network_in_another_precision_comes_back_in_it():
    network = toy().to(torch.bfloat16)
    read = back(network)
    assert read.layers[0].weight.dtype == torch.bfloat16
    assert torch.equal(read.layers[0].weight, network.layers[0].weight)


@pytest.mark.parametrize("name", ["attn_implementation", "auto_map", "quantization_config"])
def test_a_configuration_that_could_fetch_code_is_refused(name):
    def fetching(nodes):
        nodes.insert(0, ["dict", name, "someone/kernels"])
        for node in nodes[1:]:
            shift(node)
        nodes_of(nodes, "dict")[1][2] = [0]

    with pytest.raises(ValueError, match=f"{name}.*may fetch code"):
        forged(toy(), fetching, moved=1)


def test_a_network_of_very_many_tiny_layers_is_refused():
    def many(nodes):
        nodes_of(nodes, "tuple")[0][1:] = [1] * 30_000

    with pytest.raises(ValueError, match="larger than its tensors"):
        forged(toy(), many)


def shift(node):
    """Make the references of a node point one further."""
    for i, part in enumerate(node):
        if isinstance(part, list) and len(part) == 1 and node[0] not in ("array", "raw"):
            node[i] = [part[0] + 1]
