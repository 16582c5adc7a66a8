"""A compact copy reads as the run it was made of, is the same bytes each time, and is refused when it is not one."""

import gzip

import numpy as np
import pandas as pd
import pytest

from equipoise.errors import StoreError
from equipoise.results import compact
from equipoise.results import format as tables
from equipoise.results.compact import write_compact
from equipoise.results.records import (
    Observation,
    PredictionRecord,
    QualityRecord,
    RunInfo,
    TrialRecord,
)
from equipoise.results.store import Store

INFO = RunInfo("demo", 7)


def predicted(part):
    rng = np.random.default_rng(0)
    p = rng.dirichlet([1, 1, 1], 200).astype(np.float32)
    return PredictionRecord(
        "none", "plain", "xgboost", part, np.arange(200), rng.integers(0, 3, 200), p, np.zeros(3)
    )


@pytest.fixture
def run(tmp_path):
    scores = tuple(
        Observation("none", "plain", "xgboost", "test", "macro_f1", label, 0.123456789)
        for label in ("", "a")
    )
    quality = tuple(
        QualityRecord("smote", label, "column-shapes", item, 0.5, 0.4, 0.6)
        for label, item in (("", ""), ("", "age"), ("a", ""), ("a", "age"))
    )
    trial = TrialRecord(
        "id", "adult", 0, "smote", "done", code_version="1", observations=scores, quality=quality,
        predictions=(predicted("test"), predicted("oof")), notes=("a note",),
    )  # fmt: skip
    with Store.create(tmp_path / "run", INFO) as store:
        store.write_trial(trial)
    return tmp_path / "run"


def test_a_compact_copy_reads_as_the_run(run, tmp_path):
    write_compact(run / "results.sqlite", tmp_path / "small.sqlite.gz")
    with Store.open(run) as whole, Store.open(tmp_path / "small.sqlite.gz") as small:
        pd.testing.assert_frame_equal(whole.observations(), small.observations())
        pd.testing.assert_frame_equal(whole.trials(), small.trials())
        mine, theirs = small.predictions(), whole.predictions(part="test")
        assert list(mine["part"]) == ["test"]
        a, b = mine["probabilities"].iloc[0], theirs["probabilities"].iloc[0]
        assert np.abs(a - b).max() <= 0.5e-3 + 1e-7
        kept = set(small.quality()[["label", "item"]].itertuples(index=False, name=None))
        assert kept == {("", ""), ("", "age"), ("a", "")}
    with Store.open(run) as whole:
        assert set(whole.predictions()["part"]) == {"test", "oof"}


def test_the_same_results_give_the_same_bytes(run, tmp_path):
    for name in ("a", "b"):
        write_compact(run / "results.sqlite", tmp_path / f"{name}.sqlite.gz")
    assert (tmp_path / "a.sqlite.gz").read_bytes() == (tmp_path / "b.sqlite.gz").read_bytes()
    assert not list(tmp_path.glob("*.part"))


def test_what_is_no_compact_copy_is_refused_in_one_sentence(run, tmp_path, monkeypatch):
    path = tmp_path / "small.sqlite.gz"
    write_compact(run / "results.sqlite", path)
    whole = path.read_bytes()
    broken = {
        "plain": b"not packed at all",
        "cut": whole[: len(whole) // 2],
        "flipped": whole[:200] + bytes([whole[200] ^ 255]) + whole[201:],
        "stranger": gzip.compress(b"something else"),
    }
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    monkeypatch.setattr(compact.tempfile, "tempdir", str(unpacked))
    for content in broken.values():
        path.write_bytes(content)
        with pytest.raises(StoreError, match=r"small.sqlite.gz (is damaged|holds no results)"):
            Store.open(path)
    assert not list(unpacked.iterdir())
    monkeypatch.setattr(compact, "MOST_BYTES", 1000)
    path.write_bytes(whole)
    with pytest.raises(StoreError, match="unpacks to more than"):
        Store.open(path)


def test_a_run_of_an_earlier_format_is_copied_in_the_present_one(run, tmp_path, monkeypatch):
    newer = (*tables.STEPS, ("CREATE TABLE later (id INTEGER PRIMARY KEY)",))
    monkeypatch.setattr(tables, "STEPS", newer)
    monkeypatch.setattr(tables, "FORMAT", len(newer))
    before = (run / "results.sqlite").read_bytes()
    write_compact(run / "results.sqlite", tmp_path / "a.sqlite.gz")
    with Store.open(tmp_path / "a.sqlite.gz") as small:
        assert len(small.observations()) > 0
    assert (run / "results.sqlite").read_bytes() == before


def test_a_copy_is_not_made_of_a_copy(run, tmp_path):
    write_compact(run / "results.sqlite", tmp_path / "a.sqlite.gz")
    with pytest.raises(StoreError, match="already"):
        write_compact(tmp_path / "a.sqlite.gz", tmp_path / "b.sqlite.gz")


def test_a_copy_that_cannot_be_written_leaves_nothing(run, tmp_path):
    with pytest.raises(StoreError):
        write_compact(run / "results.sqlite", tmp_path / "no" / "such" / "small.sqlite.gz")
    with pytest.raises(StoreError):
        write_compact(tmp_path / "absent.sqlite", tmp_path / "small.sqlite.gz")
    assert not (tmp_path / "small.sqlite.gz").exists()
