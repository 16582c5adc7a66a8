"""A saved synthesizer is the one that was saved, and a file that is none runs nothing and says so."""

import json
import os
import pickle
import random
import subprocess
import sys
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from handmade import opened, written

import equipoise as eq
from equipoise.checks import tables
from equipoise.checks.rows import same
from equipoise.errors import DataError, EquipoiseError, EquipoiseWarning, NotFittedError
from equipoise.saving import model_file
from equipoise.saving.allowed import ALLOWED, class_of
from equipoise.tables.coded import Coded

pytestmark = pytest.mark.filterwarnings("ignore::equipoise.errors.EquipoiseWarning")

COUNTS = {"c00": 9, "c01": 8, "c02": 7}
VERSION_1 = Path(__file__).parent / "saved" / "cart_version_1.eqp"


def small():
    """Give one column of each kind, missing cells and dates among them; 40 rows."""
    X, y = tables.dates()
    X = X.assign(city=tables.mixed()[0]["city"], size=tables.mixed()[0]["size"])
    return X.iloc[:40].drop(columns=["spent"]), y.iloc[:40]


def fitted(make=eq.Cart, table=small, **parameters):
    return make(random_state=0, **parameters).fit(*table())


@pytest.fixture
def good(tmp_path):
    method = fitted(n_trees=1)
    method.save(tmp_path / "good.eqp")
    return method, tmp_path / "good.eqp"


# What is saved comes back


@pytest.mark.parametrize(
    "make", [eq.IndependentColumns, eq.Duplicate, eq.GaussianNoise, eq.Smote, eq.Adasyn, eq.Cart]
)
def test_a_loaded_method_has_the_parameters_the_record_and_the_rows_of_the_saved_one(
    make, tmp_path
):
    method = fitted(make)
    method.sample(COUNTS, random_state=3)
    method.save(tmp_path / "m.eqp")
    loaded = eq.load(tmp_path / "m.eqp")
    assert type(loaded) is make
    assert loaded.get_params() == method.get_params()
    assert loaded.deliveries_ == method.deliveries_
    assert loaded.fallbacks_ == method.fallbacks_
    for n in (COUNTS, 50, 0):
        assert same(loaded.sample(n, random_state=1), method.sample(n, random_state=1))


@pytest.mark.parametrize("container", ["array", "csr", "csr_array", "polars", "pyarrow"])
def test_a_loaded_method_gives_rows_in_the_container_of_training(container, tmp_path):
    import scipy.sparse as sp

    X, y = tables.numeric()
    if container == "polars":
        X = pytest.importorskip("polars").from_pandas(X)
    elif container == "pyarrow":
        import pyarrow as pa

        X = pa.Table.from_pandas(X)
    else:
        kinds = {"array": np.asarray, "csr": sp.csr_matrix, "csr_array": sp.csr_array}
        X = kinds[container](X.to_numpy())
    method = eq.Duplicate().fit(X, y)
    method.save(tmp_path / "m.eqp")
    rows, _ = method.sample(20, random_state=0)
    again, _ = eq.load(tmp_path / "m.eqp").sample(20, random_state=0)
    assert type(again) is type(X)
    assert again.shape == rows.shape
    if container in ("polars", "pyarrow"):
        assert again.equals(rows)
        assert again.schema == X.schema
    else:
        assert abs(again - rows).max() == 0


@pytest.mark.parametrize(
    "y",
    [
        pd.Series([1, 0] * 20, dtype="int8", name=("tar", "get")),
        pd.Series([True, False] * 20),
        pd.Series(["a", "b"] * 20, dtype=pd.CategoricalDtype(["b", "unused", "a"], ordered=True)),
        pd.Series(pd.to_datetime(["2020-01-01", "2021-01-01"] * 20)),
        np.array(["a", "b"] * 20),
        np.array([1.5, 2.5] * 20, dtype=np.float32),
    ],
    ids=lambda y: str(y.dtype),
)
def test_labels_of_any_type_come_back(y, tmp_path):
    method = eq.IndependentColumns().fit(small()[0], y)
    method.save(tmp_path / "m.eqp")
    one = method.sample(10, random_state=0)
    other = eq.load(tmp_path / "m.eqp").sample(10, random_state=0)
    assert same(one, other)
    assert one[1].dtype == other[1].dtype


def test_the_same_fit_gives_the_same_bytes(tmp_path):
    for name in ("one", "other"):
        fitted().save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_saving_again_what_was_loaded_gives_the_same_bytes(good):
    _, path = good
    eq.load(path).save(path.with_name("again"))
    assert path.with_name("again").read_bytes() == path.read_bytes()


def test_a_file_of_version_1_is_read_and_gives_rows():
    """The file was written by `fitted(n_trees=1).save(VERSION_1)` and is never written again."""
    assert VERSION_1.stat().st_size < 30_000
    assert opened(VERSION_1)[0]["format"] == 1
    X, _ = small()
    X_new, y_new = eq.load(VERSION_1).sample(COUNTS, random_state=1)
    assert y_new.value_counts().to_dict() == COUNTS
    assert X_new.dtypes.equals(X.dtypes)
    for name in X.columns:
        assert X_new[name].dropna().isin(X[name]).all()


def printed(program, *arguments):
    """Give the words that a program of its own prints."""
    call = [sys.executable, "-W", "ignore", "-c", program, *arguments]
    return subprocess.run(call, capture_output=True, text=True, check=True).stdout.split()


def test_loading_brings_no_torch_where_none_is_needed(good):
    _, path = good
    assert printed(
        f"import sys, equipoise as eq; eq.load({str(path)!r}).sample(3); print('torch' in sys.modules)"
    ) == ["False"]


UNPICKLED = """
import pickle, sys
import numpy as np, equipoise as eq

found = []
sys.addaudithook(lambda event, given: found.append(given) if event == "pickle.find_class" else None)
pickle.loads(pickle.dumps(np.float64(1)))
n_found = len(found)
eq.load(sys.argv[1]).sample(3)
print(n_found > 0, len(found) - n_found)
"""


@pytest.mark.parametrize("make", [eq.Cart, eq.TVAE])
def test_loading_unpickles_nothing(make, tmp_path):
    if make is eq.TVAE:
        pytest.importorskip("torch")
    quick = {"max_steps": 5} if make is eq.TVAE else {}
    fitted(make, **quick).save(tmp_path / "m.eqp")
    assert printed(UNPICKLED, str(tmp_path / "m.eqp")) == ["True", "0"]


def test_what_several_classes_share_is_written_once(tmp_path):
    sizes = []
    for n_classes in (2, 12):
        rng = np.random.default_rng(0)
        y = np.arange(240) % n_classes
        eq.Cart(n_trees=1, random_state=0).fit(rng.integers(0, 5, (240, 6)), y).save(
            tmp_path / "m.eqp"
        )
        sizes.append((tmp_path / "m.eqp").stat().st_size)
    assert (
        sizes[1] < 3 * sizes[0]
    )  # one chain of 240 rows in both; six times, were it written by class


def test_sampling_does_not_make_the_file_of_a_neighbour_method_grow(tmp_path):
    method = fitted(eq.Smote, lambda: tables.mixed((600, 300, 100)))
    method.save(tmp_path / "before")
    method.sample(500, random_state=0)
    method.save(tmp_path / "after")
    before, after = ((tmp_path / name).stat().st_size for name in ("before", "after"))
    assert after < 1.01 * before


# What the file says, and what saving says


def test_the_file_says_what_it_is_without_being_loaded(tmp_path):
    fitted(eq.Duplicate, tables.identifiers).save(tmp_path / "m.eqp")
    document, _ = opened(tmp_path / "m.eqp")
    assert document["format"] == 1
    assert document["class"] == "Duplicate"
    assert document["keeps_rows"] is True
    assert document["identifiers"] == ["key", "row"]
    assert document["parameters"] == {"random_state": 0}


def test_saving_training_rows_is_said(tmp_path):
    with pytest.warns(EquipoiseWarning, match="holds training rows as they are"):
        fitted(eq.Cart).save(tmp_path / "m.eqp")
    with pytest.warns(EquipoiseWarning, match="values of the columns 'key', 'row'"):
        fitted(eq.IndependentColumns, tables.identifiers).save(tmp_path / "m.eqp")


def large():
    """Give two classes of 60 rows each, which a TVAE needs no codes of single rows for."""
    return tables.mixed((60, 60))


@pytest.mark.parametrize(
    ("name", "table", "options", "kept"),
    [
        ("ConditionalVAE", large, {"max_steps": 5}, True),
        ("LatentTailCalib", large, {"max_steps": 5}, True),
        ("TVAE", large, {"max_steps": 5}, False),
        ("TVAE", small, {"max_steps": 5}, True),
        ("TVAE", large, {"max_steps": 5, "codes": "posterior"}, True),
        ("TVAE", large, {"max_steps": 5, "codes": "rejection", "label": "column"}, True),
        ("BasicVAE", small, {"epochs": 1}, False),
        ("BasicVAE", small, {"epochs": 1, "latent": "posterior"}, True),
    ],
)
def test_saving_codes_of_training_rows_is_said(name, table, options, kept, tmp_path):
    pytest.importorskip("torch")
    method = fitted(getattr(eq, name), table, **options)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", EquipoiseWarning)
        method.save(tmp_path / "m.eqp")
    assert ["holds codes of training rows" in str(w.message) for w in said] == [True] * kept
    assert opened(tmp_path / "m.eqp")[0]["keeps_rows"] is kept
    assert method.keeps_rows is kept
    assert eq.load(tmp_path / "m.eqp").keeps_rows is kept


def test_an_unfitted_method_says_whether_it_will_keep_codes_of_all_rows():
    pytest.importorskip("torch")
    assert not eq.TVAE().keeps_rows
    assert eq.TVAE(codes="posterior").keeps_rows
    assert eq.TVAE.published().keeps_rows
    assert not eq.BasicVAE().keeps_rows
    assert eq.BasicVAE(latent="posterior").keeps_rows


@pytest.mark.filterwarnings("error")
def test_saving_no_rows_says_nothing(tmp_path):
    fitted(eq.IndependentColumns).save(tmp_path / "m.eqp")


def test_the_index_of_training_rows_is_not_saved(tmp_path):
    X, y = tables.identifiers()
    X.index = [f"secret{k}" for k in range(len(X))]
    eq.IndependentColumns().fit(X, y.set_axis(X.index)).save(tmp_path / "m.eqp")
    assert b"secret" not in (tmp_path / "m.eqp").read_bytes()


@pytest.mark.parametrize("state", [np.random.default_rng(0), np.random.RandomState(0)])
def test_an_open_stream_of_random_numbers_is_saved_as_none(state, tmp_path):
    eq.Cart(random_state=state).fit(*small()).save(tmp_path / "m.eqp")
    assert eq.load(tmp_path / "m.eqp").random_state is None


def test_a_parameter_that_no_file_can_hold_is_named(tmp_path):
    method = fitted(eq.GaussianNoise)
    method.scale = lambda: 0.1
    with pytest.raises(eq.OptionError, match="GaussianNoise: scale .* function"):
        method.save(tmp_path / "m.eqp")
    method.scale, method.model_ = 0.1, {"inner": object()}
    with pytest.raises(eq.OptionError, match=r"model_\['inner'\] \(a object\)"):
        method.save(tmp_path / "m.eqp")
    assert not list(tmp_path.iterdir())


def test_an_unfitted_one_is_not_saved(tmp_path):
    with pytest.raises(NotFittedError, match="before save"):
        eq.Cart().save(tmp_path / "m.eqp")
    assert not list(tmp_path.iterdir())


def test_a_place_where_no_file_can_be_is_refused(tmp_path):
    for place in (tmp_path, tmp_path / "no" / "folder" / "m.eqp"):
        with pytest.raises(DataError, match="folder"):
            fitted().save(place)
    with pytest.raises(DataError, match="there is no file"):
        eq.load(tmp_path / "nothing.eqp")
    with pytest.raises(DataError, match="there is no file"):
        eq.load(tmp_path)


def test_a_write_that_fails_leaves_the_old_file_and_no_other(good, monkeypatch):
    method, path = good
    before = path.read_bytes()

    def fails(*arguments, **options):
        Path(arguments[1]).write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(model_file, "save_file", fails)
    with pytest.raises(DataError, match="no space left"):
        method.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["good.eqp"]


def test_a_saved_file_has_the_permissions_of_any_other_file(good):
    _, path = good
    path.with_name("other").write_text("")
    assert path.stat().st_mode == path.with_name("other").stat().st_mode


def test_a_file_that_is_there_is_replaced(good):
    _, path = good
    fitted(eq.Duplicate).save(path)
    assert type(eq.load(path)) is eq.Duplicate


# Classes of one's own


@dataclass(frozen=True)
class Memory:
    table: Coded


class Own(eq.Duplicate):
    """A synthesizer of the user's, with a part of its own."""

    def _fit(self, table, y, rng):
        super()._fit(table, y, rng)
        self.memory_ = Memory(table)


class Hooked(eq.Duplicate):
    """A synthesizer that says itself what is saved."""

    def _state(self):
        return {"held": {k: v for k, v in vars(self).items() if k != "random_state"}}

    def _restore(self, tree):
        vars(self).update(tree["held"])
        self.restored_ = True


def test_a_class_of_ones_own_is_loaded_only_where_it_is_trusted(tmp_path):
    method = fitted(Own)
    method.save(tmp_path / "m.eqp")
    name = f"{__name__}:Own"
    with pytest.raises(DataError, match="none of Equipoise's") as failure:
        eq.load(tmp_path / "m.eqp")
    assert f"trusted=['{name}']" in str(failure.value)
    with pytest.raises(DataError, match=f"{__name__}:Memory"):
        eq.load(tmp_path / "m.eqp", trusted=[name])
    loaded = eq.load(tmp_path / "m.eqp", trusted=[name, f"{__name__}:Memory"])
    assert type(loaded) is Own
    assert same(loaded.sample(COUNTS, random_state=1), method.sample(COUNTS, random_state=1))


def test_a_class_that_says_itself_what_is_saved_is_asked(tmp_path):
    method = fitted(Hooked)
    method.save(tmp_path / "m.eqp")
    loaded = eq.load(tmp_path / "m.eqp", trusted=[f"{__name__}:Hooked"])
    assert loaded.restored_
    assert same(loaded.sample(COUNTS, random_state=1), method.sample(COUNTS, random_state=1))


def test_a_class_inside_a_function_cannot_be_named(tmp_path):
    class Local(eq.Duplicate):
        pass

    with pytest.raises(eq.OptionError, match="Local"):
        fitted(Local).save(tmp_path / "m.eqp")


@pytest.mark.parametrize("key", ALLOWED)
def test_every_allowed_class_is_there_and_is_a_class(key):
    if ".networks." in ALLOWED[key] or "tvae" in ALLOWED[key] or "_codes" in ALLOWED[key]:
        pytest.importorskip("torch")
    assert isinstance(class_of(key, ()), type)


# Files that are none


class Bomb:
    def __reduce__(self):
        return os.system, ("touch exploded",)


def header(text, data=b"", length=None):
    raw = text.encode()
    return (len(raw) if length is None else length).to_bytes(8, "little") + raw + data


TENSOR = '{"x":{"dtype":"F64","shape":%s,"data_offsets":%s}}'
JUNK = {
    "empty": b"",
    "text": b"hello",
    "pickle": pickle.dumps(Bomb()),
    "length 2^63": header("{}", length=2**63),
    "length 2^64 - 1": header("{}", length=2**64 - 1),
    "length beyond the file": header("{}", length=10**7),
    "no json": header("{{{{"),
    "deep json": header("[" * 100_000 + "]" * 100_000),
    "no metadata": header("{}"),
    "shape 2^62": header(TENSOR % (f"[{2**62}]", "[0,8]"), b"\0" * 8),
    "shape overflows": header(TENSOR % (f"[{2**40},{2**40}]", "[0,8]"), b"\0" * 8),
    "offsets outside": header(TENSOR % ("[1]", f"[{2**40},{2**40 + 8}]"), b"\0" * 8),
    "offsets reversed": header(TENSOR % ("[1]", "[8,0]"), b"\0" * 8),
    "offsets negative": header(TENSOR % ("[1]", "[-8,0]"), b"\0" * 8),
    "unknown dtype": header(TENSOR.replace("F64", "O") % ("[1]", "[0,8]"), b"\0" * 8),
    "no number": header('{"__metadata__":{"equipoise":"NaN"}}'),
    "metadata is a list": header('{"__metadata__":{"equipoise":"[]"}}'),
    "metadata is deep": header('{"__metadata__":{"equipoise":"%s"}}' % ("[" * 200_000)),
    "metadata is a huge number": header('{"__metadata__":{"equipoise":"%s"}}' % ("9" * 10_000)),
}


@pytest.mark.parametrize("name", JUNK)
def test_a_file_that_is_no_saved_method_is_one_sentence(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.eqp").write_bytes(JUNK[name])
    with pytest.raises(DataError, match=r"m\.eqp cannot be loaded: ") as failure:
        eq.load("m.eqp")
    assert "\n" not in str(failure.value)
    assert len(str(failure.value)) < 700
    assert failure.value.__cause__ is None
    assert not (tmp_path / "exploded").exists()


def test_a_zip_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.eqp", "w") as file:
        file.writestr("../../evil.py", "print(1)")
    with pytest.raises(DataError):
        eq.load(tmp_path / "m.eqp")


def change_version(version):
    return lambda document, tensors: document.update(format=version)


def change_class(name):
    return lambda document, tensors: document.update({"class": name})


def add_state(name, value=1):
    return lambda document, tensors: document["state"].update({name: value})


def node(document, tag):
    return next(node for node in document["nodes"] if node[0] == tag)


def obj(document, key):
    return next(n[2] for n in document["nodes"] if n[0] == "object" and n[1] == key)


def append(*new):
    def change(document, tensors):
        document["nodes"] += new
        document["state"]["extra_"] = [len(document["nodes"]) - 1]

    return change


def tree_that_never_ends(document, tensors):
    """Make a tree of three nodes whose left child is its parent."""
    splits = obj(document, "Splits")
    for name, cells in (
        ("feature", [0, -1, -1]), ("left", [0, -1, -1]), ("right", [2, -1, -1]), ("leaf", [-1, 0, 1])
    ):  # fmt: skip
        place = document["nodes"][splits[name][0]][1]
        tensors[place] = np.array(cells, dtype=np.int32)
    tensors[document["nodes"][splits["threshold"][0]][1]] = np.zeros(3)


def codes_beyond_the_levels(document, tensors):
    place = document["nodes"][obj(document, "Coded")["codes"][0]][1]
    tensors[place] = tensors[place] + 1000


def tensor_dropped(document, tensors):
    del tensors[next(iter(tensors))]


def nested_tuples(n_levels, width):
    def change(document, tensors):
        nodes = document["nodes"]
        nodes.append(["tuple"])
        for _ in range(n_levels):
            nodes.append(["tuple", *[[len(nodes) - 1]] * width])
        nodes.append(["dict", [len(nodes) - 1], 1])
        document["state"]["extra_"] = [len(nodes) - 1]

    return change


HOSTILE = {
    "newer": (change_version(2), "newer version of Equipoise .format 2"),
    "version 0": (change_version(0), "version"),
    "version is a text": (change_version("1"), "version"),
    "version is true": (change_version(True), "version"),
    "os:system": (change_class("os:system"), "none of Equipoise's"),
    "subprocess": (change_class("subprocess:Popen"), "none of Equipoise's"),
    "path": (change_class("../../evil"), "none of Equipoise's"),
    "class is a list": (change_class(["Cart"]), "none of Equipoise's"),
    "no synthesizer": (change_class("Schema"), "no synthesizer"),
    "dunder": (add_state("__class__"), "__class__"),
    "dunder dict": (add_state("__dict__"), "__dict__"),
    "a method": (add_state("_sample"), "_sample"),
    "no name": (add_state("a b"), "a b"),
    "a parameter": (add_state("n_trees"), "n_trees"),
    "unknown parameter": (
        lambda document, tensors: document["parameters"].update(evil=1),
        "no parameter 'evil'",
    ),
    "an object of os": (append(["object", "os:_wrap_close", {}]), "none of Equipoise's"),
    "a function": (append(["object", "builtins:eval", {}]), "none of Equipoise's"),
    "an unknown node": (append(["reduce", "os.system", "ls"]), "'reduce'"),
    "itself": (append(["list", [10**6]]), "before it is there"),
    "a negative place": (append(["list", [-1]]), "before it is there"),
    "nested lists": (append(["list", [["list"]]]), "stands for no value"),
    "a dunder of a part": (
        append(["object", "Chain", {"__class__": 1}]),
        "no attribute '__class__'",
    ),
    "a method of a part": (append(["object", "Chain", {"sample": 1}]), "no attribute 'sample'"),
    "an unknown field": (append(["object", "Growth", {"evil": 1}]), "no field 'evil'"),
    "a field of another type": (
        lambda document, tensors: obj(document, "Growth").update(n_trees="five"),
        "the field n_trees of a Growth is a str",
    ),
    "an absent tensor": (append(["array", "nowhere", []]), "lacks the tensor 'nowhere'"),
    "a dropped tensor": (tensor_dropped, "lacks the tensor"),
    "a path as a tensor": (append(["array", "../../etc/passwd", []]), "lacks the tensor"),
    "objects in bytes": (append(["raw", "0000", [], "|O", [1]]), "cannot be read as"),
    "a structured dtype": (append(["dtype", "f8,O"]), "no dtype"),
    "a huge dtype": (append(["dtype", "<U999999999"]), "."),
    "an array of 10^18 texts": (append(["cells", [10**18], None, None, None, None, None, []]), "shape"),
    "a zone by a path": (append(["zone", "name", "../../../../etc/passwd"]), "."),
    "a zone by an absolute path": (append(["zone", "name", "/etc/passwd"]), "."),
    "a code": (append(["extension", ["dtype"], 1]), "stands for no value"),
    "deep": (nested_tuples(100, 1), "nested too deeply"),
    "wide": (nested_tuples(50, 2), "nested too deeply"),
    "no nodes": (lambda document, tensors: document.update(nodes={}), "."),
    "no state": (lambda document, tensors: document.pop("state"), "."),
    "state is lacking": (lambda document, tensors: document["state"].pop("schema_"), "schema_"),
    "a tree that never ends": (tree_that_never_ends, "Splits do not fit|Pools do not fit"),
    "levels out of range": (codes_beyond_the_levels, "levels that its columns have not"),
    "arrow bytes": (append(["arrow-schema", "AAAA"]), "."),
    "labels of nothing": (
        lambda document, tensors: obj(document, "Labels").update(classes=None),
        "the field classes of a Labels",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_made_by_hand_is_refused_in_one_sentence(name, good, monkeypatch):
    change, words = HOSTILE[name]
    ran = []
    monkeypatch.setattr(os, "system", ran.append)
    monkeypatch.setattr(subprocess, "Popen", ran.append)
    _, path = good
    document, tensors = opened(path)
    change(document, tensors)
    written(path, document, tensors)
    with pytest.raises(DataError, match=words) as failure:
        eq.load(path)
    assert "good.eqp cannot be loaded: " in str(failure.value)
    assert "\n" not in str(failure.value)
    assert not ran


def test_an_array_without_cells_may_not_be_longer_than_memory(tmp_path):
    eq.Duplicate().fit(*tables.all_constant()).save(tmp_path / "m.eqp")
    document, tensors = opened(tmp_path / "m.eqp")
    tensors = {n: np.empty((10**15, 0), a.dtype) if a.size == 0 else a for n, a in tensors.items()}
    written(tmp_path / "m.eqp", document, tensors)
    with pytest.raises(DataError, match="without a cell"):
        eq.load(tmp_path / "m.eqp")


def test_what_is_written_by_hand_without_a_change_is_loaded(good):
    method, path = good
    written(path, *opened(path))
    assert same(eq.load(path).sample(9, random_state=0), method.sample(9, random_state=0))


def test_any_byte_that_is_changed_or_cut_off_is_noticed(good):
    method, path = good
    raw = path.read_bytes()
    rng = random.Random(0)
    for _ in range(400):
        damaged = bytearray(raw)
        if rng.random() < 0.2:
            del damaged[rng.randrange(len(raw)) :]
        for _ in range(rng.choice((1, 1, 1, 5)) if len(damaged) else 0):
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            loaded = eq.load(path)
        except EquipoiseError:
            continue
        assert same(loaded.sample(9, random_state=0), method.sample(9, random_state=0))


ODD = [
    None, True, -1, 0, 1, 2**62, 10**30, 0.5, "", "Cart", "object", "0000", "|O", "<f8", [], [0], [1], [5],
    [-1], [[0]], {}, {"a": 1}, "NaT", "UTC", "\ud800", "Splits", "tuple", "dict",
]  # fmt: skip


def containers(value):
    """Give every list and object of a document, itself included."""
    if isinstance(value, dict | list):
        yield value
        for part in value.values() if isinstance(value, dict) else value:
            yield from containers(part)


def mutate(document, tensors, rng):
    """Change one thing of a document or its tensors, as one who knows the format would."""
    places = list(containers(document))
    holder = rng.choice(places)
    where = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    if rng.random() < 0.25 and tensors:
        name = rng.choice(sorted(tensors))
        array = tensors[name]
        changes = [array[:-1] if array.ndim else array, array.reshape(-1), np.zeros_like(array)]
        if array.dtype.kind == "i":
            changes.append(-array - 1)
        elif array.dtype.kind == "f":
            changes += [np.full_like(array, np.nan), np.zeros_like(array, dtype=np.int64)]
        tensors[name] = np.ascontiguousarray(rng.choice(changes))
    elif where:
        key = rng.choice(where)
        if rng.random() < 0.2:
            del holder[key]
        else:
            others = [part for place in places if isinstance(place, list) for part in place]
            holder[key] = json.loads(json.dumps(rng.choice(ODD + others)))


def survives_mutations(path, n, seed):
    rng = random.Random(seed)
    document, tensors = opened(path)
    text, n_loaded, messages = json.dumps(document), 0, []
    target = path.with_name("mutated.eqp")
    for _ in range(n):
        changed, arrays = json.loads(text), dict(tensors)
        for _ in range(rng.choice((1, 1, 2, 4))):
            mutate(changed, arrays, rng)
        try:
            written(target, changed, arrays)
        except Exception:  # no file of safetensors could be like that
            continue
        try:
            eq.load(target)
            n_loaded += 1
        except EquipoiseError as error:
            messages.append(str(error))
    assert not [message for message in messages if "\n" in message]
    return n_loaded


def test_a_file_that_is_wrong_on_purpose_ends_in_a_method_or_in_our_error(good):
    assert survives_mutations(good[1], 300, seed=1) < 300


@pytest.mark.parametrize(
    "n", [pytest.param(100, id="few"), pytest.param(1000, id="many", marks=pytest.mark.truth)]
)
def test_an_estimator_that_is_wrong_on_purpose_ends_in_one_or_in_our_error(n, tmp_path):
    eq.AugmentedClassifier(eq.Smote(), random_state=0).fit(*small()).save(tmp_path / "m.eqp")
    assert survives_mutations(tmp_path / "m.eqp", n, seed=3) < n


@pytest.mark.truth
@pytest.mark.parametrize("make", [eq.Cart, eq.Smote, eq.Adasyn, eq.IndependentColumns])
def test_thousands_of_files_that_are_wrong_on_purpose_end_in_a_method_or_in_our_error(
    make, tmp_path
):
    table = tables.extension_types if make is eq.Smote else tables.identifiers
    fitted(make, table).save(tmp_path / "m.eqp")
    assert survives_mutations(tmp_path / "m.eqp", 1000, seed=2) < 1000


TINY = {
    "TVAE": {"max_steps": 5, "latent": 2, "hidden": (4,)},
    "CTGAN": {"max_steps": 5, "noise": 2, "hidden": (4, 4)},
    "TabGPT": {"max_steps": 5, "width": 8, "depth": 1, "heads": 2},
}


@pytest.mark.parametrize(
    "n", [pytest.param(60, id="few"), pytest.param(500, id="many", marks=pytest.mark.truth)]
)
@pytest.mark.parametrize("name", TINY)
def test_a_network_that_is_wrong_on_purpose_ends_in_a_method_or_in_our_error(name, n, tmp_path):
    pytest.importorskip("torch")
    fitted(getattr(eq, name), **TINY[name]).save(tmp_path / "m.eqp")
    assert eq.load(tmp_path / "m.eqp").n_steps_ == 5
    assert survives_mutations(tmp_path / "m.eqp", n, seed=4) < n
