"""Claims about a Dask cluster of two processes: all trials finish, one worker lost on the way, limits kept."""

import os
import signal
import sys
import threading
import time

import pytest

from equipoise.bench.runner import run_trials
from equipoise.results.records import RunInfo
from equipoise.results.store import Store

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
