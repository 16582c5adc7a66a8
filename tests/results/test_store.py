"""Claims about the store: what goes in comes out, whole trials or nothing, resumed runs, readers beside a writer."""

import math
import sqlite3
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from equipoise.errors import OptionError, StoreError
from equipoise.results import format as tables
from equipoise.results.records import (
    DatasetRecord,
    DeliveryRecord,
    Observation,
    PredictionRecord,
    QualityRecord,
    RunInfo,
    TrialRecord,
)
from equipoise.results.store import Store

INFO = RunInfo("demo", 7, {"repeats": 5}, {"numpy": "2.0"}, {"cores": 2})
TABLE = DatasetRecord(
    "adult", 100, {"age": "numeric"}, {">50K": 20, "<=50K": 80}, ("rare",), "abc", ("id-like",)
)


def predictions(n=30, n_classes=3, part="test", seed=0):
    rng = np.random.default_rng(seed)
    return PredictionRecord(
        "none",
        "plain",
        "xgboost",
        part,
        rng.permutation(1000)[:n],
        rng.integers(0, n_classes, n),
        rng.random((n, n_classes)).astype(np.float32),
        np.array([0.0, 0.25, -1.5])[:n_classes],
    )


def scored(*sources, value=0.5):
    return tuple(QualityRecord(s, ">50K", "coverage", "", value, 0.25, 0.75) for s in sources)


def record(method="smote", repeat=0, **changes):
    base = TrialRecord(
        f"id-{method}-{repeat}",
        "adult",
        repeat,
        method,
        "done",
        fit_seconds=1.5,
        sample_seconds=0.5,
        total_seconds=3.0,
        peak_mb=200.0,
        code_version="1.1",
        keeps_rows=True,
        deliveries=(DeliveryRecord("balance", ">50K", 60, 60, "one row: copied"),),
        observations=(
            Observation("balance", "plain", "xgboost", "test", "f1", ">50K", 0.25),
            Observation("balance", "plain", "xgboost", "test", "macro_f1", "", 0.5),
            Observation("balance", "plain", "xgboost", "train", "f1", ">50K", math.nan),
        ),
        predictions=(predictions(), predictions(part="oof", seed=1)),
        history={"loss": [3.0, 2.0, 1.0]},
        notes=("two unseen levels",),
    )
    return replace(base, **changes)


def asked(*records):
    names = ("dataset", "repeat", "method", "trial_id", "code_version")
    return [
        SimpleNamespace(**{n: getattr(r, n) for n in names}, settings=r.method) for r in records
    ]


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "run", INFO) as opened:
        yield opened


def test_what_is_written_is_read_back(store, tmp_path):
    store.write_dataset(TABLE)
    store.plan_trials(asked(record(), record("tvae")))
    store.write_trial(record())
    with Store.open(tmp_path / "run") as reader:
        scores = reader.observations()
        assert list(scores.columns) == [
            "dataset", "repeat", "method", "plan", "decision", "classifier", "part", "metric",
            "label", "value",
        ]  # fmt: skip
        assert scores["label"].tolist() == [">50K", "", ">50K"]
        np.testing.assert_array_equal(scores["value"], [0.25, 0.5, np.nan])
        trial = reader.trials().iloc[0]
        assert trial["status"] == "done"
        assert trial["notes"] == ("two unseen levels",)
        assert bool(trial["keeps_rows"])
        assert (trial["fit_seconds"], trial["peak_mb"]) == (1.5, 200.0)
        assert reader.asked()["method"].tolist() == ["smote", "tvae"]
        assert reader.asked()["settings"].tolist() == ["smote", "tvae"]
        delivery = reader.deliveries().iloc[0].tolist()
        assert delivery == ["adult", 0, "smote", "balance", ">50K", 60, 60, "one row: copied"]
        table = reader.datasets().iloc[0]
        assert list(table["class_counts"].items()) == [(">50K", 20), ("<=50K", 80)]
        assert table["unscored"] == ("rare",)
        assert reader.history()["value"].tolist() == [3.0, 2.0, 1.0]
        about = reader.run()
        assert (about["experiment"], about["seed"], about["options"]) == ("demo", 7, {"repeats": 5})
        assert about["versions"] == {"numpy": "2.0"}


def test_probabilities_come_back_to_the_bit(store, tmp_path):
    store.write_trial(record())
    with Store.open(tmp_path / "run") as reader:
        found = reader.predictions(part="oof").iloc[0]
    meant = predictions(part="oof", seed=1)
    for name in ("rows", "truth", "probabilities", "offsets"):
        np.testing.assert_array_equal(found[name], getattr(meant, name))


def test_predictions_cannot_be_narrowed_by_an_unknown_name(store):
    with pytest.raises(OptionError, match="not by 'metric'"):
        store.predictions(metric="f1")


def test_an_empty_run_reads_as_empty_frames_with_their_columns(store):
    for reader in ("observations", "trials", "deliveries", "predictions", "history", "quality"):
        frame = getattr(store, reader)()
        assert len(frame) == 0
        assert "method" in frame.columns
    assert store.observations()["value"].dtype == np.float64


def test_quality_is_read_back_beside_its_references(store, tmp_path):
    item = QualityRecord("smote", "", "column-shapes", "age", 0.9, math.nan, math.nan)
    store.write_trial(record("smote", quality=(*scored("smote"), item)))
    store.write_trial(record("identity", quality=scored("reference:ceiling", "reference:copy")))
    with Store.open(tmp_path / "run") as reader:
        found = reader.quality()
    assert found["method"].tolist() == ["reference:ceiling", "reference:copy", "smote", "smote"]
    assert found.iloc[0].tolist() == [
        "adult", 0, "reference:ceiling", ">50K", "coverage", "", 0.5, 0.25, 0.75,
    ]  # fmt: skip
    assert found["item"].tolist() == ["", "", "age", ""]
    assert np.isnan(found["low"].iloc[2])


def test_quality_goes_with_its_trial(store):
    first = scored("reference:ceiling", "reference:copy")
    store.write_trial(record("identity", quality=first))
    store.write_trial(record("identity", repeat=1, quality=first))
    store.write_trial(record("smote", quality=scored("smote")))
    store.write_trial(record("identity", quality=scored("reference:ceiling")))
    store.write_trial(record("smote"))
    found = store.quality()
    assert found[found["repeat"] == 0]["method"].tolist() == ["reference:ceiling"]
    assert len(found[found["repeat"] == 1]) == 2
    store.plan_trials(asked(record("identity", repeat=1, trial_id="id-other")))
    assert store.quality()["repeat"].tolist() == [0]


def test_a_trial_written_again_replaces_the_older_one(store):
    store.write_trial(record())
    store.write_trial(record(observations=(record().observations[0],), predictions=()))
    assert len(store.observations()) == 1
    assert len(store.predictions()) == 0
    assert len(store.trials()) == 1
    assert len(store.history()) == 3


def test_rows_of_other_plans_or_an_older_code_version_stop_counting_once_new_ones_are_asked(store):
    store.write_trial(record("smote"))
    store.write_trial(record("tvae"))
    store.write_trial(record("cart"))
    store.plan_trials(
        asked(
            record("smote", trial_id="id-other-plans"),
            record("tvae", code_version="1.2"),
            record("cart"),
        )
    )
    assert store.settings_done() == {("adult", 0, "tvae"): "tvae", ("adult", 0, "cart"): "cart"}
    assert store.trials()["method"].tolist() == ["cart"]
    assert set(store.observations()["method"]) == {"cart"}
    assert len(store.predictions()) == 2


def test_the_test_rows_are_stored_once_for_all_methods(store):
    for method in ("smote", "tvae", "cart"):
        store.write_trial(record(method))
    count = store._connection.execute("SELECT count(*) FROM ground").fetchone()[0]
    assert count == 2  # test and out-of-fold


def test_other_data_under_the_same_name_are_refused(store):
    store.write_dataset(TABLE)
    store.write_dataset(TABLE)
    with pytest.raises(StoreError, match="other data under the name 'adult'"):
        store.write_dataset(replace(TABLE, content_hash="def"))
    assert store.datasets()["content_hash"].tolist() == ["abc"]


def test_another_seed_is_refused_and_the_same_one_goes_on(tmp_path):
    Store.create(tmp_path, INFO).close()
    with pytest.raises(StoreError, match="seed 7, not 8: give --seed 7"):
        Store.create(tmp_path, replace(INFO, seed=8))
    with Store.create(tmp_path, INFO) as store:
        assert len(store.run()["sessions"]) == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"status": "odd"}, "the status must be one of done"),
        ({"observations": record().observations * 2}, "came twice"),
        ({"predictions": (predictions(), predictions())}, "came twice"),
        ({"predictions": (replace(predictions(), truth=np.zeros(3)),)}, "one true class per row"),
        ({"predictions": (replace(predictions(), offsets=np.zeros(2)),)}, r"shape \(30, 2\)"),
        (
            {"predictions": (replace(predictions(), probabilities=np.full((30, 3), np.nan)),)},
            "not finite",
        ),
        ({"quality": scored("smote", "smote")}, "the quality score smote .* came twice"),
        ({"quality": scored("tvae")}, "a trial of smote gave quality scores of tvae"),
        ({"quality": scored("reference:ceiling")}, "gave quality scores of reference:ceiling"),
        ({"quality": scored("smote", value=math.nan)}, "is not finite"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused_whole(store, changes, sentence):
    store.write_trial(record())
    with pytest.raises(StoreError, match=sentence):
        store.write_trial(record(**changes))
    assert store.trials()["status"].tolist() == ["done"]
    assert len(store.observations()) == 3


def test_a_failure_inside_a_transaction_leaves_the_older_trial_whole(store):
    store.write_trial(record())
    with pytest.raises(ValueError, match="could not convert"):
        store.write_trial(record(history={"loss": ["much"]}))
    assert len(store.observations()) == 3
    assert len(store.predictions()) == 2
    store.write_trial(record("tvae"))
    assert len(store.trials()) == 2


def test_a_reader_sees_one_moment_while_the_driver_writes(store, tmp_path):
    store.write_trial(record())
    with Store.open(tmp_path / "run") as reader:
        store.write_trial(record("tvae"))
        assert reader.trials()["method"].tolist() == ["smote"]
        assert set(reader.observations()["method"]) == {"smote"}
    with Store.open(tmp_path / "run") as reader:
        assert reader.trials()["method"].tolist() == ["smote", "tvae"]


def test_a_closed_run_is_one_file_that_can_be_taken_elsewhere(tmp_path):
    with Store.create(tmp_path / "run", INFO) as store:
        store.write_trial(record())
    assert {item.name for item in (tmp_path / "run").iterdir()} == {"results.sqlite", "lock"}
    moved = (tmp_path / "run" / "results.sqlite").rename(tmp_path / "there.sqlite")
    with Store.open(moved) as reader:
        assert len(reader.trials()) == 1
    assert {item.name for item in tmp_path.iterdir()} == {"run", "there.sqlite"}


def test_the_file_speaks_to_other_tools_through_its_observation_view(store):
    store.write_trial(record())
    other = sqlite3.connect(store.path)
    rows = other.execute("SELECT method, metric, value FROM observation WHERE part = 'test'")
    assert sorted(rows.fetchall()) == [("smote", "f1", 0.25), ("smote", "macro_f1", 0.5)]
    other.close()


def test_three_thousand_scores_are_written_and_read_quickly(store):
    """On two busy cores a write takes some 20 ms of its own time; ten times that is a fault, not noise."""
    scores = tuple(
        Observation(f"p{p}", f"d{d}", "xgboost", part, f"m{m}", str(label), 0.5)
        for p in range(5)
        for d in range(5)
        for part in ("train", "test")
        for m in range(10)
        for label in range(6)
    )
    start = time.process_time()
    for repeat in range(5):
        store.write_trial(record(repeat=repeat, observations=scores))
    assert (time.process_time() - start) / 5 < 0.2
    start = time.process_time()
    assert isinstance(store.observations(), pd.DataFrame)
    assert time.process_time() - start < 1.0


def test_a_file_of_an_earlier_format_is_read_from_a_copy_brought_up_to_date(
    store, tmp_path, monkeypatch
):
    store.write_trial(record())
    store.close()
    path = next(tmp_path.rglob("results.sqlite"))
    before = path.read_bytes()
    newer = (*tables.STEPS, ("CREATE TABLE later (id INTEGER PRIMARY KEY)",))
    monkeypatch.setattr(tables, "STEPS", newer)
    monkeypatch.setattr(tables, "FORMAT", len(newer))
    with Store.open(path) as reader:
        assert len(reader.observations()) > 0
        copy = reader._copy
        assert copy.exists()
    assert not copy.exists()
    assert path.read_bytes() == before
