"""Tables by name and tables of one's own: where they come from, what is checked, what is said."""

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import equipoise.datasets as datasets
from equipoise.datasets import load_dataset
from equipoise.datasets.catalogue import describe, entry, from_file, load
from equipoise.datasets.dataset import content_hash
from equipoise.datasets.laws import LAWS
from equipoise.errors import DataError, EquipoiseWarning, OptionError
from equipoise.results.thinned import share_of
from equipoise.tables.coded import code, decode
from equipoise.tables.io import read_table, write_table
from equipoise.tables.schema import Schema
from equipoise.trials.experiment import TableFile

DATA = os.environ.get("EQUIPOISE_DATA", "")
TABLES = [
    "adult",
    "hmeq",
    "thomas",
    "popularkids",
    "eucalyptus",
    "steel_plates_fault",
    "ionosphere",
]


@pytest.fixture(autouse=True)
def _only_the_package(tmp_path: Path, monkeypatch) -> None:
    """No data folder, an empty cache, and no way to the network."""
    monkeypatch.delenv("EQUIPOISE_DATA", raising=False)
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "no-cache"))

    def refuse(openml_id: int, target: str) -> pd.DataFrame:
        raise DataError(f"OpenML (id {openml_id}) could not be reached: no network in this test")

    monkeypatch.setattr("equipoise.datasets.catalogue.fetch", refuse)


# by name


def test_the_bundled_tables_load_without_network_and_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        X, y = load_dataset("adult")
    assert X.shape == (32561, 14)
    assert y.value_counts().to_dict() == {"<=50K": 24720, ">50K": 7841}
    assert int(X.isna().to_numpy().sum()) == 4262
    assert y.name == "income"
    assert load("adult-test").X.shape == (16281, 14)
    assert load("ionosphere").y.value_counts().to_dict() == {"g": 225, "b": 126}


def test_the_bundled_files_are_those_that_were_checked() -> None:
    folder = Path(datasets.__file__).parent / "bundled"
    frame = read_table(folder / "ionosphere.csv.gz")
    assert frame.shape == (351, 35)
    assert load("adult").content_hash == "22b87fc4d74d2ca8"
    assert load("ionosphere").content_hash == "01537234082eb7a3"


@pytest.mark.skipif(not DATA, reason="EQUIPOISE_DATA names no folder with the article tables")
@pytest.mark.parametrize("name", TABLES)
def test_article_tables_have_the_shape_and_counts_of_the_catalogue(name: str) -> None:
    table, known = load(name, DATA), entry(name)
    assert (len(table.X), table.X.shape[1] + 1) == (known.rows, known.columns)
    counts = {str(k): v for k, v in table.y.value_counts().to_dict().items()}
    assert counts == dict(known.classes)
    assert sum(counts.values()) == known.rows
    assert table.target == known.target
    assert table.warnings == ()
    assert len(known.datasheet) == 3
    assert known.licence
    assert known.source


@pytest.mark.skipif(not DATA, reason="EQUIPOISE_DATA names no folder with the article tables")
def test_declared_kinds_can_be_had_and_survive_coding() -> None:
    table = load("eucalyptus", DATA)
    schema = Schema.infer(table.X, table.kinds, warn=False)
    kinds = {column.name: column.kind for column in schema.columns}
    assert kinds["PMCno"] == "categorical"
    assert "none" in set(table.y)
    pd.testing.assert_frame_equal(decode(schema, code(schema, table.X)), table.X)


def test_a_data_folder_comes_before_the_package_and_the_cache_before_openml(
    tmp_path: Path, monkeypatch
) -> None:
    own = read_table(Path(datasets.__file__).parent / "bundled" / "ionosphere.csv.gz")
    own["a03"] = 0.5
    (folder := tmp_path / "data").mkdir()
    write_table(own, folder / "ionosphere.csv")
    assert (load("ionosphere", folder).X["a03"] == 0.5).all()
    assert (load("ionosphere").X["a03"] != 0.5).any()
    monkeypatch.setenv("EQUIPOISE_DATA", str(folder))
    assert (load("ionosphere").X["a03"] == 0.5).all()
    (cache := tmp_path / "no-cache").mkdir()
    write_table(_kids(), cache / "popularkids.csv")
    assert load("popularkids").X.shape == (478, 10)


def _kids() -> pd.DataFrame:
    goals = ["Grades"] * 247 + ["Popular"] * 141 + ["Sports"] * 90
    columns = {name: range(478) for name in "abcdefghi"}
    return pd.DataFrame({"Goals": goals, **columns, "z": "x"})


def test_the_xdg_folder_is_the_cache_where_no_other_is_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("EQUIPOISE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "equipoise").mkdir()
    write_table(_kids(), tmp_path / "equipoise" / "popularkids.csv")
    assert load("popularkids").X.shape == (478, 10)


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda t: t[:-1], "expected 478 rows and 11 columns, got 477 and 11"),
        (lambda t: t.drop(columns="a"), "expected 478 rows and 11 columns, got 478 and 10"),
        (lambda t: t.rename(columns={"Goals": "Aim"}), "lacks the target column 'Goals'"),
        (
            lambda t: t.assign(Goals=["Grades"] * 248 + list(t["Goals"][248:])),
            "expected the class counts Grades 247, .*, got Grades 248",
        ),
    ],
)
def test_a_file_that_is_another_table_is_an_error(tmp_path: Path, spoil, expected: str) -> None:
    write_table(spoil(_kids()), tmp_path / "popularkids.csv")
    with pytest.raises(DataError, match=expected) as caught:
        load("popularkids", tmp_path)
    assert "popularkids.csv is not the table 'popularkids'" in str(caught.value)


def test_classes_spelled_otherwise_are_a_remark(tmp_path: Path) -> None:
    table = _kids()
    table["Goals"] = table["Goals"].str.lower()
    write_table(table, tmp_path / "popularkids.csv")
    with pytest.warns(EquipoiseWarning, match="spells the classes grades 247"):
        load_dataset("popularkids", tmp_path)


def test_a_table_that_cannot_be_had_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"'thomas' cannot be had: .* has no thomas\.csv, .* not on"
    ):
        load("thomas", tmp_path)
    with pytest.raises(DataError, match=r"'hmeq' .* no data folder was given, .*id 43337"):
        load("hmeq")


def test_a_name_or_folder_that_is_none_is_refused(tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(OptionError, match="no data set 'popular-kids'; did you mean popularkids"):
        load("popular-kids")
    with pytest.raises(OptionError, match="no data set 'zzz'; there are adult, "):
        load("zzz")
    with pytest.raises(OptionError, match="there is no law 'zzz'"):
        load("law:zzz")
    with pytest.raises(OptionError, match="--data-dir must name a folder"):
        load("adult", tmp_path / "no")
    monkeypatch.setenv("EQUIPOISE_DATA", str(tmp_path / "no"))
    with pytest.raises(OptionError, match="EQUIPOISE_DATA must name a folder"):
        load("adult")


def test_the_list_tells_where_each_table_would_come_from(tmp_path: Path) -> None:
    write_table(_kids(), tmp_path / "popularkids.csv")
    listed = {each.name: each for each in describe(tmp_path)}
    assert list(listed)[:8] == ["adult", "adult-test", *TABLES[1:]]
    assert listed["adult"].here == "in the package"
    assert listed["popularkids"].here == str(tmp_path / "popularkids.csv")
    assert listed["hmeq"].here == "not yet: OpenML, id 43337"
    assert listed["thomas"].here == "not yet: put thomas.csv into a data folder"
    assert listed["adult"].ratio == pytest.approx(3.15, abs=0.005)
    assert {f"law:{name}" for name in LAWS} <= set(listed)
    for name in LAWS:
        table, known = load(f"law:{name}"), listed[f"law:{name}"]
        assert (len(table.X), table.X.shape[1] + 1) == (known.rows, known.columns)
        assert table.y.value_counts().to_dict() == known.classes


def test_a_law_gives_the_same_table_every_time() -> None:
    assert load("law:xor").content_hash == load("law:xor").content_hash
    pd.testing.assert_frame_equal(load("law:xor").X, load("law:xor").X)


def test_importing_the_package_of_datasets_imports_no_sklearn_and_no_scipy() -> None:
    script = (
        "import sys, json, equipoise.datasets;"
        "print(json.dumps([m for m in ('sklearn', 'torch', 'scipy') if m in sys.modules]))"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(out.stdout) == []


# the hash


def test_the_hash_sees_values_names_order_and_kinds_and_not_how_text_is_stored() -> None:
    X = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [0.0, 1.5]})
    y = pd.Series([0, 1], name="t")
    base = content_hash(X, y, {})
    assert base == content_hash(X.astype({"b": object}), y, {})
    assert base == content_hash(X.astype({"b": "category"}), y, {})
    assert base == content_hash(X.assign(c=[-0.0, 1.5]), y, {})
    others = [
        content_hash(X.rename(columns={"a": "d"}), y, {}),
        content_hash(X[["b", "a", "c"]], y, {}),
        content_hash(X.iloc[::-1], y, {}),
        content_hash(X.assign(a=[1, 3]), y, {}),
        content_hash(X.assign(b=[None, "x"]), y, {}),
        content_hash(X, 1 - y, {}),
        content_hash(X, y, {"a": "categorical"}),
    ]
    assert len({base, *others}) == 8
    assert base == "e525e05093ab62af"  # the same on every machine


# one's own


def _write(folder: Path, frame: pd.DataFrame) -> Path:
    write_table(frame, path := folder / "own.table.csv")
    return path


def _own(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "x": rng.normal(size=n).round(4),
            "code": rng.integers(0, 5, n),
            "word": rng.choice(["a", "b"], n),
            "label": ["yes", "no", "no"] * (n // 3),
        }
    )


def test_a_table_of_ones_own_is_parted_and_named_after_its_file(tmp_path: Path) -> None:
    table = from_file(_write(tmp_path, _own()), "label", categorical=("code",), drop=("word",))
    assert table.name == "own.table"
    assert list(table.X) == ["x", "code"]
    assert table.kinds == {"code": "categorical"}
    assert Schema.infer(table.X, table.kinds).columns[1].kind == "categorical"
    assert table.y.value_counts().to_dict() == {"no": 40, "yes": 20}
    assert table.warnings == ()
    named = from_file(_write(tmp_path, _own()), "label", numeric="code", name="mine")
    assert named.name == "mine"
    assert named.kinds == {"code": "numeric"}


def test_a_file_named_like_a_thinned_table_is_a_table_of_its_own(tmp_path: Path) -> None:
    path = _write(tmp_path, _own()).rename(tmp_path / "sales@0.5.csv")
    name = from_file(path, "label").name
    assert name == TableFile(str(path), "label").name == "sales-0.5"
    assert share_of(name) == 1


def test_rows_without_a_label_are_left_out_and_counted(tmp_path: Path) -> None:
    frame = _own()
    frame["label"] = [0, 1, 1] * 20
    frame.loc[[3, 7], "label"] = np.nan
    table = from_file(_write(tmp_path, frame), "label")
    assert len(table.X) == len(table.y) == 58
    assert str(table.y.dtype) == "int64"
    assert "2 of 60 rows have no label in 'label' and were left out" in table.warnings[0]


def test_small_classes_and_repeated_rows_and_words_among_numbers_are_named(tmp_path: Path) -> None:
    frame = pd.concat([_own(), _own()[:2]], ignore_index=True).astype({"code": object})
    frame.loc[0, "code"] = "NA"
    frame.loc[5:8, "label"] = "tiny"
    small, repeated, words = (
        "classes of fewer than 10 rows stay in training and are not scored: 'tiny' (4)",
        "1 of 62 rows repeat an earlier row",
        '--missing "NA"',
    )
    table = from_file(_write(tmp_path, frame), "label")
    assert [expected in " ".join(table.warnings) for expected in (small, repeated, words)] == [
        True
    ] * 3
    cleaned = from_file(_write(tmp_path, frame), "label", missing=("NA",))
    assert words not in " ".join(cleaned.warnings)


def test_classes_that_differ_in_spaces_or_case_are_named(tmp_path: Path) -> None:
    frame = _own()
    label = frame["label"].iloc[0]
    frame.loc[[0, 1], "label"] = [f"{label} ", f" {label.upper()}"]
    table = from_file(_write(tmp_path, frame), "label")
    assert f"{label + ' '!r}" in " ".join(table.warnings)
    assert "differ in spaces or case only" in " ".join(table.warnings)


@pytest.mark.parametrize(
    ("change", "target", "expected"),
    [
        ({}, "lable", r"target is 'lable', but .* no such column; did you mean 'label'\?"),
        ({}, "LABEL", r"did you mean 'label'\?"),
        ({"label": None}, "label", "every value of the target 'label' is missing"),
        ({"label": "same"}, "label", "has one class only, 'same'"),
        ({"label": np.arange(60) / 7}, "label", "60 different numbers with decimals"),
        ({"label": pd.date_range("2024-01-01", periods=60)}, "label", "holds dates"),
        ({"label": [f"k{i // 5}" for i in range(60)]}, "label", "only 0 of the 12 classes"),
        ({"label": ["a"] * 51 + ["b"] * 9}, "label", r"only 1 of the 2 classes .* are 'b' \(9\)"),
        ({"x": 1, "code": 2, "word": "c"}, "label", "no feature column varies"),
    ],
)
def test_a_table_that_cannot_be_tried_is_one_sentence(
    tmp_path: Path, change: dict, target: str, expected: str
) -> None:
    path = _write(tmp_path, _own().assign(**change))
    with pytest.raises(DataError, match=expected) as caught:
        from_file(path, target)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_options_that_contradict_the_target_are_refused(tmp_path: Path) -> None:
    path = _write(tmp_path, _own())
    with pytest.raises(OptionError, match="both the target and dropped"):
        from_file(path, "label", drop="label")
    with pytest.raises(DataError, match="no column besides the target"):
        from_file(path, "label", drop=("x", "code", "word"))


@pytest.mark.parametrize("spelling", ["integers", "strings"])
def test_three_hundred_classes_are_a_remark_and_no_error(tmp_path: Path, spelling: str) -> None:
    labels = np.repeat(np.arange(300), 12)
    frame = pd.DataFrame({"x": np.arange(3600) / 7, "label": labels})
    if spelling == "strings":
        frame["label"] = "k" + frame["label"].astype(str)
    table = from_file(_write(tmp_path, frame), "label")
    assert table.y.nunique() == 300
    assert any("has 300 classes" in note for note in table.warnings)


def test_a_numeric_column_without_a_value_is_left_to_be_constant(tmp_path: Path) -> None:
    table = from_file(_write(tmp_path, _own().assign(code=None)), "label", numeric=("code",))
    assert Schema.infer(table.X, table.kinds).columns[1].kind == "constant"


def test_the_hash_of_a_file_is_that_of_its_cells(tmp_path: Path) -> None:
    frame = _own()
    first = from_file(_write(tmp_path, frame), "label").content_hash
    write_table(frame, tmp_path / "own.parquet")
    assert from_file(tmp_path / "own.parquet", "label").content_hash == first
    frame.loc[0, "x"] += 1
    assert from_file(_write(tmp_path, frame), "label").content_hash != first
