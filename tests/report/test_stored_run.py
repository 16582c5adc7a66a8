"""A run that went through the store gives the same page as one that did not."""

from dataclasses import dataclass

import numpy as np
import pytest
from fake_run import FakeRun

from equipoise.analysis.frames import Results
from equipoise.report.summary import summarize
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


@dataclass(frozen=True)
class Asked:
    dataset: str
    repeat: int
    method: str
    trial_id: str
    code_version: str = "1"
    settings: str = ""


def record_of(trial, run):
    def mine(frame):
        same = (frame["dataset"] == trial.dataset) & (frame["repeat"] == trial.repeat)
        owner = frame["method"].where(~frame["method"].str.startswith("reference:"), "identity")
        return frame[same & (owner == trial.method)].itertuples(index=False)

    return TrialRecord(
        **{name: getattr(trial, name) for name in run.trials.columns if name != "notes"},
        notes=trial.notes,
        deliveries=tuple(
            DeliveryRecord(d.plan, d.label, d.requested, d.delivered, d.fallback)
            for d in mine(run.deliveries)
        ),
        observations=tuple(
            Observation(o.plan, o.decision, o.classifier, o.part, o.metric, o.label, o.value)
            for o in mine(run.observations)
        ),
        predictions=tuple(
            PredictionRecord(
                *(p.plan, p.decision, p.classifier, p.part, np.arange(len(p.truth))),
                *(p.truth, p.probabilities, p.offsets),
            )
            for p in mine(run.predictions)
        ),
        quality=tuple(
            QualityRecord(q.method, q.label, q.metric, q.item, q.value, q.low, q.high)
            for q in mine(run.quality)
        ),
    )


def test_the_summary_survives_the_store(tmp_path):
    run = FakeRun(datasets={"hmeq": {"0": 90, "1": 40}, "iono": {"b": 40, "g": 60}}).make()
    with Store.create(tmp_path / "run", RunInfo("demo", 0, versions={"xgboost": "3.2.0"})) as store:
        for d in run.datasets.itertuples(index=False):
            store.write_dataset(
                DatasetRecord(
                    *(d.name, d.n_rows, d.kinds, d.class_counts),
                    *(d.unscored, d.content_hash, d.warnings),
                )
            )
        trials = list(run.trials.itertuples(index=False))
        store.plan_trials([Asked(t.dataset, t.repeat, t.method, t.trial_id) for t in trials])
        for trial in trials:
            store.write_trial(record_of(trial, run))
        found = summarize(Results.read(store))
    plain = summarize(run)
    assert len(found["found"]["scopes"]) == 3
    for ours, theirs in zip(found["found"]["scopes"], plain["found"]["scopes"], strict=True):
        for one, two in zip(ours["boards"], theirs["boards"], strict=True):
            got = {i["label"]: i["gain"] for g in one["groups"] for i in g["items"]}
            want = {i["label"]: i["gain"] for g in two["groups"] for i in g["items"]}
            assert got == pytest.approx(want, abs=1e-6)
    assert found["trouble"]
    assert found["quality"] == plain["quality"] is not None
    assert found["progress"]["counts"] == plain["progress"]["counts"]
