"""Claims about a Dask cluster of two processes: all trials finish, one worker lost on the way, limits kept."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from equipoise.results.records import RunInfo
from equipoise.results.store import Store
from equipoise.trials.bench import bench
from equipoise.trials.isolation import work_alone
from equipoise.trials.job import Job, pack
from equipoise.trials.limits import Limits
from equipoise.trials.runner import run_trials
from equipoise.trials.workers import DaskWorkers

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills processes by number")


@pytest.fixture
def cluster(fakes):
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as made:
        yield made


def test_all_trials_finish_though_a_worker_is_lost_and_others_go_wrong(cluster, fakes, tmp_path):
    trials = [
        *fakes.many(6, 0.5, str(tmp_path)),
        *(
            fakes.FakeTrial("adult", 0, method, where=str(tmp_path))
            for method in ("hang-c", "die", "raise")
        ),
    ]
    pids = sorted(nanny.pid for nanny in cluster.workers.values())

    def lose_one():
        while not list(tmp_path.glob("ran-*")):
            time.sleep(0.05)
        os.kill(pids[0], signal.SIGKILL)

    with Store.create(tmp_path / "run", RunInfo("fake", 7)) as store:
        killer = threading.Thread(target=lose_one)
        killer.start()
        summary = run_trials(
            trials, fakes.run, store, dask=cluster.scheduler_address, time_limit=2.0
        )
        killer.join()
        found = store.trials().set_index("method")
    assert (summary.done, summary.failed, summary.timeout) == (6, 2, 1)
    assert found.loc["steady", "status"].tolist() == ["done"] * 6
    assert found.loc["hang-c", "reason"] == "stopped at the time limit of 2 s"
    assert "killed (SIGKILL)" in found.loc["die", "reason"]
    assert "the matrix is singular" in found.loc["raise", "reason"]
    assert sorted(nanny.pid for nanny in cluster.workers.values()) != pids


def test_a_driver_that_stops_ends_the_trials_that_the_cluster_still_runs(cluster, fakes, tmp_path):
    workers = DaskWorkers(cluster.scheduler_address)
    trial = fakes.FakeTrial("adult", 0, "hang-c", where=str(tmp_path))
    executor = workers.start(Limits())
    executor.submit(work_alone, pack(Job.of(fakes.run, trial, Limits(), "")))
    trace = tmp_path / f"ran-{trial.trial_id}"
    until(lambda: trace.exists() and trace.read_text().strip())
    process = Path(f"/proc/{trace.read_text().strip()}")
    assert process.exists()
    assert workers.jobs == 2
    workers.stop(executor)
    until(lambda: not process.exists())


def until(condition, patience=60.0):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.truth
@pytest.mark.filterwarnings("ignore::equipoise.errors.EquipoiseWarning")
def test_the_demo_runs_whole_on_a_cluster_that_loses_a_worker(tmp_path):
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        victim = next(iter(cluster.workers.values())).pid
        killer = threading.Timer(20, os.kill, (victim, signal.SIGKILL))
        killer.start()
        run = bench("demo", run=tmp_path / "run", dask=cluster.scheduler_address)
        killer.cancel()
        lost = victim not in {nanny.pid for nanny in cluster.workers.values()}
    trials = run.trials()
    assert lost
    assert len(trials) == run.summary.done
    assert (trials["status"] == "done").all()
