"""Claims about faults, each really committed: who dies, what is recorded, and that nothing else is lost."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pandas as pd
import pytest

from equipoise.errors import StoreError
from equipoise.results.records import RunInfo
from equipoise.results.store import Store
from equipoise.trials.runner import run_trials

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")

MARK = "EQUIPOISE_TEST_MARK"
PATIENCE = 60.0  # seconds for what takes a few on an idle machine


class Drivers:
    """Starts drivers whose whole family can be found again by a mark in the environment."""

    def __init__(self, folder):
        self.folder = folder
        self.mark = uuid.uuid4().hex
        self.started = []

    def start(self, run, count, seconds, jobs=2, method="steady"):
        command = [sys.executable, "-m", "equipoise_fakes", str(run), str(count), str(seconds)]
        command += [str(jobs), str(self.folder), method]
        driver = subprocess.Popen(
            command,
            env=os.environ | {MARK: self.mark, "OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(driver)
        return driver

    def family(self):
        """Give the numbers of all living processes that carry the mark."""
        found = set()
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                marked = f"{MARK}={self.mark}".encode() in (entry / "environ").read_bytes()
                dead = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
            except OSError:
                continue
            if marked and not dead:
                found.add(int(entry.name))
        return found

    def end(self):
        for pid in self.family():
            os.kill(pid, signal.SIGKILL)
        for driver in self.started:
            driver.communicate()


@pytest.fixture
def drivers(fakes, tmp_path):
    traces = tmp_path / "traces"
    traces.mkdir()
    made = Drivers(traces)
    yield made
    made.end()


def until(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < end, f"waited {patience:g} s for {what}"
        time.sleep(0.02)
    return found


def traces(folder):
    return list(folder.glob("ran-*"))


def stored(run):
    """Give the number of finished trials, 0 where nothing has been created yet."""
    try:
        with Store.open(run) as store:
            return len(store.trials())
    except StoreError:
        return 0


def tables(run):
    """Give all that a run has found, without what a clock or a memory counter has to say."""
    with Store.open(run) as store:
        measured = ["fit_seconds", "sample_seconds", "total_seconds", "peak_mb"]
        predictions = store.predictions()
        for name in ("rows", "truth", "probabilities", "offsets"):
            predictions[name] = [array.tobytes() for array in predictions[name]]
        return {
            "trials": store.trials().drop(columns=measured),
            "observations": store.observations(),
            "deliveries": store.deliveries(),
            "history": store.history(),
            "asked": store.asked(),
            "predictions": predictions,
        }


def by_method(store):
    found = store.trials()
    return dict(
        zip(found["method"], zip(found["status"], found["reason"], strict=True), strict=True)
    )


def kill_and_repeat(drivers, tmp_path, kills, count, seconds):
    start = time.monotonic()
    assert drivers.start(tmp_path / "calm", count, seconds).wait(PATIENCE * 3) == 0
    whole = time.monotonic() - start
    rng = random.Random(20)
    progress = []
    for _ in range(kills):
        driver = drivers.start(tmp_path / "stormy", count, seconds)
        # At a random moment of the whole, but before it has come too far for the kills that are left.
        end = time.monotonic() + rng.uniform(0.0, whole)
        quota = (progress or [0])[-1] + rng.randint(1, max(2, 2 * count // (kills + 1)))
        while time.monotonic() < end and stored(tmp_path / "stormy") < quota:
            time.sleep(0.02)
        time.sleep(rng.uniform(0.0, 0.1))
        driver.kill()
        driver.wait()
        progress.append(stored(tmp_path / "stormy"))
    assert progress == sorted(progress), "a finished trial was lost"
    last = drivers.start(tmp_path / "stormy", count, seconds)
    assert last.wait(PATIENCE * 3) == 0, last.stderr.read()
    calm, stormy = tables(tmp_path / "calm"), tables(tmp_path / "stormy")
    assert len(calm["trials"]) == count
    for name, table in calm.items():
        pd.testing.assert_frame_equal(stormy[name], table, obj=name)
    time.sleep(2.0)
    assert drivers.family() == set()
    return progress


def test_a_driver_killed_twice_ends_with_the_table_of_an_undisturbed_run(drivers, tmp_path):
    kill_and_repeat(drivers, tmp_path, kills=2, count=8, seconds=0.1)


@pytest.mark.truth
def test_a_driver_killed_at_twenty_random_moments_ends_with_the_table_of_an_undisturbed_run(
    drivers, tmp_path
):
    progress = kill_and_repeat(drivers, tmp_path, kills=20, count=120, seconds=0.05)
    assert len(set(progress)) > 5, f"the kills met too few different states: {progress}"


@pytest.mark.parametrize("method", ["hang-c", "hang-python"])
def test_no_worker_is_left_two_seconds_after_the_driver_is_killed(drivers, tmp_path, method):
    driver = drivers.start(tmp_path / "run", 4, 0.0, method=method)
    until(lambda: len(traces(drivers.folder)) >= 2, "two trials to start")
    assert len(drivers.family()) >= 3
    driver.kill()
    driver.wait()
    time.sleep(2.0)
    assert drivers.family() == set()


def test_ctrl_c_keeps_what_is_finished_and_leaves_nobody_behind(drivers, tmp_path):
    driver = drivers.start(tmp_path / "run", 200, 0.2)
    until(lambda: stored(tmp_path / "run") >= 3, "three finished trials")
    os.killpg(driver.pid, signal.SIGINT)  # as a terminal does: to everyone in the foreground
    said = driver.communicate(timeout=PATIENCE)[1]
    assert driver.returncode == 130
    assert "Traceback" not in said
    kept = stored(tmp_path / "run")
    assert 3 <= kept < 200
    time.sleep(2.0)
    assert drivers.family() == set()
    found = tables(tmp_path / "run")
    assert len(found["observations"]) == 4 * kept
    assert len(found["asked"]) == 200


def test_ctrl_c_while_the_workers_are_being_born_is_quiet(drivers, tmp_path):
    driver = drivers.start(tmp_path / "run", 200, 0.2)
    until(lambda: len(drivers.family()) >= 3, "the first worker")
    os.killpg(driver.pid, signal.SIGINT)
    said = driver.communicate(timeout=PATIENCE)[1]
    assert driver.returncode == 130
    assert "Traceback" not in said


def test_a_second_driver_on_the_same_folder_refuses(drivers, tmp_path):
    first = drivers.start(tmp_path / "run", 200, 0.2)
    until(lambda: stored(tmp_path / "run") >= 1, "a finished trial")
    second = drivers.start(tmp_path / "run", 200, 0.2)
    said = second.communicate(timeout=PATIENCE)[1]
    assert second.returncode == 2
    assert f"in use by process {first.pid}" in said
    assert said.count("\n") == 1
    assert first.poll() is None


def test_a_worker_killed_from_outside_costs_nothing(fakes, tmp_path):
    trials = fakes.many(6, 1.0, str(tmp_path))
    killed = []

    def kill_one():
        trace = until(lambda: traces(tmp_path), "a trial to start")[0]
        pid = int(until(lambda: trace.read_text().split(), "its process")[0])
        os.kill(pid, signal.SIGKILL)
        killed.append(trace)

    with Store.create(tmp_path / "run", RunInfo("fake", 7)) as store:
        killer = threading.Thread(target=kill_one)
        killer.start()
        summary = run_trials(trials, fakes.run, store, jobs=2)
        killer.join()
        assert summary.done == 6
        assert store.trials()["status"].tolist() == ["done"] * 6
    assert len(killed[0].read_text().split()) >= 2


def test_bad_methods_are_recorded_with_the_reason_and_everything_else_finishes(fakes, tmp_path):
    """One that dies every time, one that dies once, one that aborts, eats memory, raises or gives wrong rows."""
    bad = ["die", "die-once", "abort", "eat-memory", "raise", "no-record", "twice"]
    trials = [fakes.FakeTrial("adult", 0, method, where=str(tmp_path)) for method in bad]
    trials[2:2] = fakes.many(4, 0.1)
    with Store.create(tmp_path / "run", RunInfo("fake", 7)) as store:
        summary = run_trials(trials, fakes.run, store, jobs=2, memory_limit_mb=900)
        found = by_method(store)
        good = store.trials().query("method == 'steady'")["status"].tolist()
    assert good == ["done"] * 4
    assert (summary.done, summary.failed) == (5, 6)
    assert found["die-once"] == ("done", "")
    assert found["die"][0] == "failed"
    assert "killed (SIGKILL)" in found["die"][1]
    assert found["abort"] == ("failed", "its process was ended by SIGABRT")
    assert found["eat-memory"] == ("failed", "out of memory: the limit is 900 MB")
    assert "the matrix is singular" in found["raise"][1]
    assert "came twice" in found["twice"][1]
    assert "must give a record, found dict" in found["no-record"][1]


def test_a_hang_in_c_is_ended_at_the_limit_and_everything_else_finishes(fakes, tmp_path):
    trials = [
        fakes.FakeTrial("adult", 0, "hang-c", where=str(tmp_path)),
        *fakes.many(6, 0.5),
        fakes.FakeTrial("adult", 0, "hang-python", where=str(tmp_path)),
    ]
    with Store.create(tmp_path / "run", RunInfo("fake", 7)) as store:
        summary = run_trials(trials, fakes.run, store, jobs=2, time_limit=2.0)
        found = by_method(store)
        seconds = store.trials().query("status == 'timeout'")["total_seconds"].tolist()
    assert (summary.done, summary.timeout) == (6, 2)
    assert found["hang-c"] == ("timeout", "stopped at the time limit of 2 s")
    assert found["hang-python"] == found["hang-c"]
    assert seconds == [2.0, 2.0]
    # Whoever ran for the whole limit is known to have hung, and need not hang a second time.
    assert len((tmp_path / "ran-adult-0-hang-c").read_text().split()) == 1


def test_a_store_that_fills_up_stops_the_run_and_keeps_what_is_finished(fakes, drivers, tmp_path):
    trials = fakes.many(60, 0.0)
    with Store.create(tmp_path / "run", RunInfo("fake", 7)) as store:
        pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
        store._connection.execute(f"PRAGMA max_page_count = {pages + 4}")
        with pytest.raises(StoreError, match="what is finished is kept"):
            run_trials(trials, fakes.run, store, jobs=2)
    kept = stored(tmp_path / "run")
    assert 0 < kept < 60
    again = drivers.start(tmp_path / "run", 60, 0.0)
    assert again.wait(PATIENCE) == 0
    assert stored(tmp_path / "run") == 60
