"""`equipoise quality` prints a table or JSON, writes a page where asked, and refuses wrong files in one sentence."""

import json
import os

import numpy as np
import pandas as pd
import pytest

from equipoise.cli import main


def staff(n, seed):
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.4
    return pd.DataFrame(
        {
            "code": rng.permutation(n) + 1000,
            "age": rng.integers(18, 80, n) + 5 * y,
            "job": np.where(rng.random(n) < 0.3, "?", rng.choice(["cook", "smith"], n)),
            "y": np.where(y, "yes", "no"),
        }
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    staff(200, 0).to_csv("real.csv", index=False)
    staff(180, 1).to_csv("made.csv", index=False)
    staff(90, 2).to_csv("held.csv", index=False)
    return tmp_path


CALL = ["quality", "real.csv", "made.csv", "--target", "y"]


def test_a_table_and_sentences_are_printed_and_nothing_is_written(folder, capsys):
    before = sorted(os.listdir(folder))
    assert main([*CALL, "--holdout", "held.csv", "--missing", "?"]) == 0
    said = capsys.readouterr().out
    assert "Column shapes\t" in said
    assert "Copied training rows, at least\t" in said
    assert "no sign of copies" in said
    assert "'code' is an identifier" in said
    assert sorted(os.listdir(folder)) == before


def test_json_is_alone_on_the_output_and_the_page_is_written(folder, capsys):
    call = [*CALL, "--json", "-o", "page.html", "--drop", "code"]
    pd.read_csv("made.csv").drop(columns="code").to_csv("made.csv", index=False)
    assert main(call) == 0
    caught = capsys.readouterr()
    read = json.loads(caught.out)
    assert not read["holdout"]
    assert any("no holdout" in note for note in read["notes"])
    assert "page.html" in caught.err
    text = (folder / "page.html").read_text(encoding="utf-8")
    assert "Quality of made.csv" in text


def refuse(capsys, arguments, expected):
    status = main([str(a) for a in arguments])
    err = capsys.readouterr().err
    sentences = [line for line in err.splitlines() if line.startswith("equipoise: ")]
    assert status == 2, err
    assert len(sentences) == 1, err
    assert "Traceback" not in err
    for word in expected:
        assert word in sentences[0], sentences[0]


CALLS = {
    "no_target": (["quality", "real.csv", "made.csv"], None),
    "no_synthetic": (["quality", "real.csv", "--target", "y"], None),
    "no_such_file": (["quality", "real.csv", "mad.csv", "--target", "y"], ["mad.csv"]),
    "no_such_target": ([*CALL[:-1], "z"], ["real.csv", "'z'"]),
    "no_such_holdout": ([*CALL, "--holdout", "hold.csv"], ["hold.csv"]),
    "page_is_a_pdf": ([*CALL, "-o", "page.pdf"], [".html", "page.pdf"]),
    "page_is_a_folder": ([*CALL, "-o", "folder.html"], ["folder.html", "folder"]),
    "page_in_no_folder": ([*CALL, "-o", "nowhere/page.html"], ["nowhere"]),
    "drop_the_target": ([*CALL, "--drop", "y"], ["'y'"]),
    "drop_unknown_column": ([*CALL, "--drop", "agee"], ["'agee'", "age"]),
    "declared_twice": ([*CALL, "--categorical", "age", "--numeric", "age"], ["'age'"]),
    "numeric_words": ([*CALL, "--numeric", "job"], ["'job'", "real.csv"]),
    "negative_seed": ([*CALL, "--seed", "-1"], ["seed"]),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_call_is_refused_in_one_sentence_and_nothing_is_written(folder, capsys, name):
    (folder / "folder.html").mkdir()
    before = sorted(os.listdir(folder))
    call, expected = CALLS[name]
    if expected is None:
        assert main(call) == 2
    else:
        refuse(capsys, call, expected)
    assert sorted(os.listdir(folder)) == before


FILES = {
    "empty": (None, ["made.csv", "empty"]),
    "one_row": (staff(1, 0), ["made.csv", "one row"]),
    "few_rows": (staff(20, 0), ["made.csv", "20 synthetic rows", "30"]),
    "a_column_less": (staff(90, 0).drop(columns="age"), ["made.csv", "'age'"]),
    "a_column_more": (staff(90, 0).assign(extra=1), ["made.csv", "'extra'"]),
    "no_target": (staff(90, 0).drop(columns="y"), ["made.csv", "'y'"]),
    "other_classes": (staff(90, 0).assign(y="maybe"), ["made.csv", "'y'", "class"]),
    "words_for_numbers": (staff(90, 0).assign(age="old"), ["made.csv", "'age'", "old"]),
}


@pytest.mark.parametrize("name", FILES)
def test_a_wrong_synthetic_file_is_refused_in_one_sentence(folder, capsys, name):
    frame, expected = FILES[name]
    if frame is None:
        (folder / "made.csv").write_text("")
    else:
        frame.to_csv("made.csv", index=False)
    refuse(capsys, [*CALL, "--holdout", "held.csv", "-o", "page.html"], expected)
    assert not (folder / "page.html").exists()
