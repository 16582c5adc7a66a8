"""`equipoise augment`: originals as they are, new rows behind them, and one sentence for a wrong call."""

import gzip
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from equipoise import AugmentedClassifier
from equipoise.cli import main

pytestmark = pytest.mark.filterwarnings("ignore::equipoise.errors.EquipoiseWarning")


def staff(n=120, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "pay": np.round(rng.normal(1000, 100, n), 1),
            "job": rng.choice(["cook", 'smith, "sr"', "line\nbreak"], n),
            "sex": np.where(rng.random(n) < 0.3, "f", "m"),
            "y": np.where(np.arange(n) % 5 == 0, "yes", "no"),
        }
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    staff().to_csv("a.csv", index=False)
    staff().to_parquet("a.parquet", index=False)
    return tmp_path


def call(*more, data="a.csv", output="out.csv", method="independent"):
    words = ["augment", data, "--target", "y", "-o", output, *map(str, more)]
    return [*words, "--method", method] if method else words


HEAD, BODY = "age,job,y", ["1,cook,no", '2,"a, ""b"" \nc",no', "3,smith,no", "4,cook,yes"]

# name -> bytes of the file
FORMS = {
    "plain": ("\n".join([HEAD, *BODY]) + "\n").encode(),
    "no final newline": "\n".join([HEAD, *BODY]).encode(),
    "crlf": ("\r\n".join([HEAD, *BODY]) + "\r\n").encode(),
    "bom": b"\xef\xbb\xbf" + ("\r\n".join([HEAD, *BODY])).encode(),
    "blank lines": ("\n".join([HEAD, *BODY]) + "\n\n").encode(),
    "semicolons": b"age;job;y\n1,5;cook;no\n2,5;smith;no\n3;cook;yes\n",
    "all quoted": b'"age","job","y"\n"1","cook","no"\n"2","cook","no"\n"3","smith","yes"\n',
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", FORMS)
def test_the_originals_keep_their_bytes_and_new_lines_look_like_them(folder, name, packed):
    data = FORMS[name]
    pack, unpack = (gzip.compress, gzip.decompress) if packed else (bytes, bytes)
    file, out = ("d.csv.gz", "o.csv.gz") if packed else ("d.csv", "o.csv")
    (folder / file).write_bytes(pack(data))
    assert main(call(data=file, output=out)) == 0
    made = unpack((folder / out).read_bytes())
    assert made.startswith(data)
    new = made[len(data) :]
    ending = b"\r\n" if b"\r\n" in data else b"\n"
    if not data.endswith(b"\n"):
        assert new.startswith(ending)
        new = new.removeprefix(ending)
    assert new.endswith(ending)
    assert new.count(b'"yes"' if name == "all quoted" else b"yes") >= 1
    separator = ";" if name == "semicolons" else ","
    read = pd.read_csv(folder / out, sep=separator, decimal="," if separator == ";" else ".")
    assert read["y"].value_counts().nunique() == 1
    assert main(call(data=file, output="again" + out)) == 0
    assert (folder / ("again" + out)).read_bytes() == (folder / out).read_bytes()


def test_another_seed_gives_other_rows(folder):
    for seed in (0, 1):
        assert main(call("--seed", seed, output=f"{seed}.csv")) == 0
    assert (folder / "0.csv").read_bytes() != (folder / "1.csv").read_bytes()


@pytest.mark.parametrize(("data", "output"), [
    ("a.csv", "o.csv"), ("a.csv", "o.parquet"), ("a.parquet", "o.csv"), ("a.parquet", "o.parquet"),
    ("a.csv", "o.tsv.gz"),
])  # fmt: skip
def test_a_mark_tells_new_rows_from_originals_in_every_format(folder, data, output):
    assert main(call("--mark", "made, here", data=data, output=output)) == 0
    read = pd.read_parquet(output) if output.endswith("t") else pd.read_csv(
        output, sep="\t" if "tsv" in output else ","
    )  # fmt: skip
    mark = read.pop("made, here")
    assert mark.tolist() == [False] * 120 + [True] * 72
    pd.testing.assert_frame_equal(read[:120], staff(), check_dtype=False)
    assert set(read["y"][120:]) == {"yes"}


def test_a_parameter_of_the_method_is_set(folder):
    made = []
    for word in ("k_neighbors=1", "k_neighbors=9"):
        assert main(call("--set", word, output=f"{word[-1]}.csv", method="smote")) == 0
        made.append((folder / f"{word[-1]}.csv").read_bytes())
    assert made[0] != made[1]


def test_only_new_rows_of_one_class_or_at_training_proportions(folder, capsys):
    assert main(call("--only-new", "--plan", "add:yes=7")) == 0
    assert pd.read_csv("out.csv")["y"].tolist() == ["yes"] * 7
    assert main(call("--only-new", "--rows", 50)) == 0
    assert pd.read_csv("out.csv")["y"].value_counts().to_dict() == {"no": 40, "yes": 10}
    assert "50 requested, 50 delivered" in capsys.readouterr().out


def test_groups_are_balanced_and_keep_the_share_of_the_target(folder, capsys):
    assert main(call("--by", "sex")) == 0
    read = pd.read_csv("out.csv")
    assert read["sex"].value_counts().nunique() == 1
    before = staff().groupby("sex")["y"].value_counts(normalize=True)
    after = read.groupby("sex")["y"].value_counts(normalize=True)
    assert (before - after).abs().max() < 0.02
    assert "sex = f" in capsys.readouterr().out


def test_rows_without_a_target_stay_and_are_not_learnt_from(folder, capsys):
    table = staff().assign(age=50)
    table.loc[[0, 3], ["y", "age", "job"]] = [None, 99, "unlabelled"]
    for file in ("b.csv", "b.parquet"):
        table.to_csv(file, index=False) if "csv" in file else table.to_parquet(file)
        out = file.replace("b", "o")
        assert main(call(data=file, output=out)) == 0
        read = pd.read_csv(out) if "csv" in out else pd.read_parquet(out)
        assert read["y"].isna().sum() == 2
        assert (read["job"] == "unlabelled").sum() == 2
        said = capsys.readouterr().out
        assert "2 rows without a target were kept and not learnt from" in said
        assert "on 118 rows" in said


@pytest.mark.parametrize("data", ["a.csv", "a.parquet"])
def test_a_saved_model_gives_the_rows_of_the_fit_and_a_subsample_is_said(folder, data, capsys):
    more = ("--fit-rows", 60, "--save", "m.eqp")
    assert main(call(*more, data=data, method="smote")) == 0
    said = capsys.readouterr().out
    assert "fitted smote on 60 rows of 120, classes in proportion" in said
    assert "m.eqp: holds training rows" in said
    assert main(call("--model", "m.eqp", data=data, output="o.csv", method=None)) == 0
    assert (folder / "o.csv").read_bytes() == (folder / "out.csv").read_bytes()


def test_a_model_of_groups_is_drawn_from_with_the_same_groups_only(folder, capsys):
    assert main(call("--by", "sex", "--save", "m.eqp")) == 0
    assert main(call("--by", "sex", "--model", "m.eqp", output="o.csv", method=None)) == 0
    assert (folder / "o.csv").read_bytes() == (folder / "out.csv").read_bytes()
    assert main(call("--model", "m.eqp", output="p.csv", method=None)) == 2
    assert "'sex'" in capsys.readouterr().err
    assert not (folder / "p.csv").exists()


def test_a_model_that_makes_no_rows_is_refused(folder, capsys):
    table = staff()
    AugmentedClassifier(random_state=0).fit(table.drop(columns="y"), table["y"]).save("m.eqp")
    assert main(call("--model", "m.eqp", method=None)) == 2
    assert "a saved AugmentedClassifier, which makes no rows" in capsys.readouterr().err
    assert not (folder / "out.csv").exists()


def test_an_index_that_pandas_stored_is_left_out_and_packed_parquet_is_read(folder, capsys):
    staff().set_index(pd.Index(range(7, 127))).to_parquet("b.parquet", index=True)
    (folder / "b.parquet.gz").write_bytes(gzip.compress((folder / "b.parquet").read_bytes()))
    assert main(call(data="b.parquet.gz", output="o.parquet")) == 0
    assert pd.read_parquet("o.parquet").columns.tolist() == staff().columns.tolist()
    assert "an index that pandas stored" in capsys.readouterr().out


def test_the_target_may_be_declared_categorical_and_its_markers_missing(folder, capsys):
    (folder / "b.csv").write_text("age,y\n1,007\n2,07\n3,7\n4,?\n5,7\n")
    assert main(call("--categorical", "y", "--missing", "?", data="b.csv")) == 0
    read = pd.read_csv("out.csv", dtype=str)["y"]
    assert read.value_counts().to_dict() == {"007": 2, "07": 2, "7": 2, "?": 1}


def test_a_dropped_column_is_not_in_the_output_and_cells_keep_their_text(folder, capsys):
    (folder / "b.csv").write_text("age,id,y\n1.10,7,no\n2.00,8,no\n3.00,9,yes\n")
    assert main(call("--drop", "id", data="b.csv")) == 0
    assert (folder / "out.csv").read_text().startswith("age,y\n1.10,no\n2.00,no\n3.00,yes\n")
    assert "written anew" in capsys.readouterr().out


def test_a_parquet_file_keeps_its_schema_its_row_groups_and_its_values(folder):
    table = pd.DataFrame(
        {
            "small": np.arange(90, dtype="int8"),
            "half": np.linspace(0, 1, 90).astype("float32"),
            "level": pd.Categorical(["u", "v", "w"] * 30, ["w", "v", "u"], ordered=True),
            "day": pd.date_range("2020-01-01", periods=90).date,
            "gap": pd.array([None, 1, 2] * 30, dtype="Int64"),
            "y": np.array([0] * 60 + [1] * 30, dtype="uint8"),
        }
    )
    table.to_parquet("b.parquet", row_group_size=40, compression="gzip")
    assert main(call(data="b.parquet", output="o.parquet", method="smote")) == 0
    before, after = pq.ParquetFile("b.parquet"), pq.ParquetFile("o.parquet")
    assert after.schema_arrow.equals(before.schema_arrow, check_metadata=True)
    assert after.metadata.row_group(0).num_rows == 40
    assert after.metadata.row_group(0).column(0).compression == "GZIP"
    assert after.read().slice(0, 90).equals(before.read())
    assert after.metadata.num_rows == 120


def test_nothing_to_make_copies_the_table_and_fits_nothing(folder, capsys):
    assert main(call("--plan", "none")) == 0
    assert (folder / "out.csv").read_bytes() == (folder / "a.csv").read_bytes()
    assert "nothing was fitted" in capsys.readouterr().out


WRONG = {
    "no_such_file": (call(data="b.csv"), ["b.csv"]),
    "no_such_target": ([*call(), "--target", "z"], ["'z'", "a.csv"]),
    "no_such_group": (call("--by", "sexx"), ["'sexx'", "'sex'"]),
    "by_the_target": (call("--by", "y"), ["--by", "target"]),
    "no_method": (call(method=None), ["--method"]),
    "unknown_method": (call(method="smot"), ["'smot'"]),
    "no_new_rows": (call(method="undersample"), ["undersample", "no new rows"]),
    "unknown_plan": (call("--plan", "double"), ["'double'"]),
    "unknown_class": (call("--plan", "add:maybe=3"), ["'maybe'", "'yes'"]),
    "rows_and_plan": (call("--rows", 5, "--plan", "balance"), ["--rows", "--plan"]),
    "no_rows": (call("--rows", 0), ["--rows", "1"]),
    "few_fit_rows": (call("--fit-rows", 1), ["--fit-rows 1", "2 classes"]),
    "negative_seed": (call("--seed", -1), ["seed"]),
    "mark_exists": (call("--mark", "age"), ["--mark", "'age'"]),
    "mark_nothing": (call("--mark", ""), ["--mark"]),
    "same_output": (call(output="a.csv"), ["-o", "a.csv", "the data"]),
    "same_output_by_another_way": (call(output="./sub/../a.csv"), ["the data"]),
    "save_over_the_output": (call("--save", "out.csv"), ["--save", "-o"]),
    "unknown_ending": (call(output="out.xlsx"), [".xlsx"]),
    "unknown_input_ending": (call(data="a.json"), ["a.json"]),
    "no_folder": (call(output="nowhere/out.csv"), ["nowhere"]),
    "empty": (call(data="empty.csv"), ["empty"]),
    "header_only": (call(data="header.csv"), ["no rows"]),
    "ragged": (call(data="ragged.csv"), ["line 3", "3 fields"]),
    "infinite_target": (call(data="inf.csv"), ["'y'", "inf"]),
    "open_quote": (call(data="open.csv"), ["quote"]),
    "drop_the_target": (call("--drop", "y"), ["'y'"]),
    "drop_unknown": (call("--drop", "agee"), ["'agee'"]),
    "numeric_words": (call("--numeric", "sex"), ["'sex'", "line 2"]),
    "quantity": ([*call(), "--target", "pay"], ["'pay'", "quantity"]),
    "no_model": (call("--model", "none.eqp", method=None), ["none.eqp"]),
    "model_and_method": (call("--model", "m.eqp"), ["--method"]),
    "model_and_fit": (call("--model", "m.eqp", "--fit-rows", 9, method=None), ["--fit-rows"]),
    "model_and_set": (call("--model", "m.eqp", "--set", "k=9", method=None), ["--set"]),
    "set_unknown": (call("--set", "neighbours=9", method="smote"), ["'neighbours'", "k_neighbors"]),
    "set_without_value": (call("--set", "k_neighbors="), ["NAME=VALUE"]),
    "set_seed": (call("--set", "random_state=1"), ["seed"]),
    "model_of_other_columns": (call("--model", "m.eqp", method=None), ["m.eqp", "'job'"]),
    "model_of_other_kinds": (
        call("--model", "m.eqp", "--drop", "job", data="words.csv", method=None),
        ["'age'", "'old'", "--missing"],
    ),
    "not_a_model": (call("--model", "a.parquet", method=None), ["a.parquet"]),
}


@pytest.fixture
def others(folder):
    (folder / "sub").mkdir()
    (folder / "empty.csv").write_text("")
    (folder / "header.csv").write_text("age,y\n")
    (folder / "ragged.csv").write_text("age,sex,y\n1,f,no\n2,m\n")
    (folder / "open.csv").write_text('age,y\n1,no\n2,"yes\n')
    (folder / "inf.csv").write_text("age,y\n1,0\n2,inf\n")
    staff().assign(age="old").to_csv("words.csv", index=False)
    (folder / "a.json").write_text("{}")
    assert main(call("--drop", "job", "--save", "m.eqp")) == 0
    (folder / "out.csv").unlink()
    return folder


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_call_is_refused_in_one_sentence_and_nothing_is_written(others, capsys, name):
    words, expected = WRONG[name]
    before = sorted(os.listdir(others))
    capsys.readouterr()
    status = main([str(word) for word in words])
    err = capsys.readouterr().err
    sentences = [line for line in err.splitlines() if line.startswith("equipoise: ")]
    assert status == 2, err
    assert len(sentences) == 1, err
    for word in expected:
        assert word in sentences[0], sentences[0]
    assert sorted(os.listdir(others)) == before


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX has them")
def test_an_interrupted_write_leaves_nothing(folder):
    words = call("--only-new", "--rows", 50_000_000)
    process = subprocess.Popen(
        [sys.executable, "-m", "equipoise", *words], stderr=subprocess.PIPE, text=True
    )
    for line in process.stderr:
        if "drawing" in line:
            break
    deadline = time.monotonic() + 30
    while not any(name.endswith(".part") for name in os.listdir(folder)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 130, said
    assert "Traceback" not in said
    assert sorted(os.listdir(folder)) == ["a.csv", "a.parquet"]


def test_a_target_of_many_whole_numbers_is_a_quantity_unless_it_is_said_to_be_classes(
    folder, capsys
):
    staff().assign(y=np.arange(120) // 2).to_csv("a.csv", index=False)
    assert main(call()) == 2
    assert "60 different whole numbers in 120 rows" in capsys.readouterr().err
    assert not os.path.exists("out.csv")
    assert main(call("--categorical", "y", "--plan", "add:3=2")) == 0


def test_classes_that_differ_in_spaces_only_are_named(folder, capsys):
    frame = staff()
    frame.loc[0, "y"] = "yes "
    frame.to_csv("a.csv", index=False)
    assert main(call()) == 0
    assert (
        "differ in spaces or case only, and are classes of their own: 'yes' and 'yes '"
        in capsys.readouterr().out
    )
