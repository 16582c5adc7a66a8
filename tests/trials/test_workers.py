"""Claims about workers: their limits, their threads, and that none outlives its driver."""

import signal
import subprocess
import sys
import time

import pytest

from equipoise.errors import OptionError
from equipoise.trials.isolation import work_alone
from equipoise.trials.job import Job, pack, unpack
from equipoise.trials.limits import Limits, dispensable, peak_mb, physical_memory_mb, reset_peak
from equipoise.trials.work import work
from equipoise.trials.workers import DaskWorkers, LocalWorkers

linux = pytest.mark.skipif(sys.platform != "linux", reason="a promise of the Linux kernel")


def job(fakes, method, where="", **limits):
    trial = fakes.FakeTrial("adult", 0, method, where=str(where))
    return pack(Job.of(fakes.run, trial, Limits(**limits), ""))


@pytest.fixture
def pool(fakes):
    workers = LocalWorkers(1)
    executor = workers.start(Limits())
    yield executor
    workers.stop(executor)


@pytest.mark.parametrize("limit", [{"seconds": 0}, {"seconds": -1.0}, {"memory_mb": 0}])
def test_a_limit_that_nothing_could_keep_is_refused(limit):
    with pytest.raises(OptionError, match="must be above 0, found"):
        Limits(**limit)


def test_no_jobs_are_refused():
    with pytest.raises(OptionError, match="--jobs must be a whole number of at least 1, got 0"):
        LocalWorkers(0)


def test_a_scheduler_that_does_not_answer_is_a_sentence():
    pytest.importorskip("distributed")
    with pytest.raises(OptionError, match="no Dask scheduler answers at 'nonsense://'"):
        DaskWorkers("nonsense://").start(Limits())


def test_a_worker_has_one_numeric_thread_and_is_deaf_to_ctrl_c(pool, fakes):
    names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"]
    seen = pool.submit(fakes.environment_of_worker, names).result()
    assert set(seen.values()) == {"1"}
    assert pool.submit(fakes.ignores_sigint).result()


def test_an_honest_trial_gives_its_record_with_seconds_and_megabytes(fakes):
    record = unpack(work(job(fakes, "steady")))
    assert record.status == "done"
    assert record.code_version == "1"
    assert 0 < record.total_seconds < 10
    assert 20 < record.peak_mb < 10_000
    assert (
        record.observations
        == fakes.honest_record(fakes.FakeTrial("adult", 0, "steady")).observations
    )


@pytest.mark.parametrize(
    ("method", "status", "reason"),
    [
        (
            "raise",
            "failed",
            "ValueError: the matrix is singular and more (equipoise_fakes.py, line",
        ),
        ("exit", "failed", "SystemExit: 3"),
        ("need-extra", "skipped", "needs torch"),
        ("no-record", "failed", "the trial must give a record, found dict"),
        ("twice", "failed", "came twice"),
        ("other", "failed", "the record of another one"),
        ("unpicklable", "failed", "its record cannot be sent"),
    ],
)
def test_whatever_a_trial_does_wrong_is_a_record_with_the_reason(fakes, method, status, reason):
    record = unpack(work(job(fakes, method)))
    assert record.status == status
    assert reason in record.reason
    assert "\n" not in record.reason
    assert record.trial_id == f"adult-0-{method}"


def test_a_trial_that_cannot_be_loaded_is_a_record(fakes):
    good = unpack(job(fakes, "steady"))
    body = good.body.replace(b"equipoise_fakes", b"equipoise_fakez")
    record = unpack(work(pack(type(good)(**(vars(good) | {"body": body})))))
    assert record.status == "failed"
    assert "cannot load the trial" in record.reason


@linux
def test_the_peak_is_that_of_the_trial_and_not_of_those_before(fakes):
    """240 MB are touched by the big one; the other must not inherit them (20 MB of slack)."""
    big = unpack(work(job(fakes, "big")))
    small = unpack(work(job(fakes, "steady")))
    assert big.peak_mb - small.peak_mb > 200
    reset_peak()
    assert peak_mb() < big.peak_mb - 200


@linux
def test_a_process_of_its_own_survives_none_of_these_but_its_keeper_does(fakes, tmp_path):
    expected = {
        "steady": ("done", ""),
        "abort": ("failed", "its process was ended by SIGABRT"),
        "die": ("failed", "its process was killed (SIGKILL), by hand or by the kernel"),
        "eat-memory": ("failed", "out of memory: the limit is 700 MB"),
    }
    for method, (status, reason) in expected.items():
        record = unpack(work_alone(job(fakes, method, memory_mb=700, seconds=60)))
        assert record.status == status, record
        assert reason in record.reason


@linux
@pytest.mark.parametrize("method", ["hang-c", "hang-python"])
def test_the_timer_ends_what_never_returns_to_the_interpreter(fakes, method):
    start = time.monotonic()
    record = unpack(work_alone(job(fakes, method, seconds=0.5)))
    assert (record.status, record.reason) == ("timeout", "stopped at the time limit of 0.5 s")
    assert (
        time.monotonic() - start < 30
    )  # start and imports on a busy machine; the trial itself is 0.5 s


ENDS = """
import ctypes, signal, time
from equipoise.trials import limits
mutex, lock = ctypes.create_string_buffer(128), ctypes.PyDLL(None).pthread_mutex_lock
limits._GRACE = 0.5
with limits.time_limit(0.5):
    try:
        with limits.dispensable():
            {0}
    except limits.TimeUp:
        print("given up")
    time.sleep(1)
    print("lived on")
"""


@linux
@pytest.mark.parametrize(
    ("act", "status", "said"),
    [
        ("pass", 0, "lived on"),
        ("time.sleep(600)", 0, "given up lived on"),
        ("lock(mutex), lock(mutex)", 1, ""),  # no signal wakes who waits for a lock of its own
    ],
)
def test_a_dispensable_end_of_a_trial_is_given_up_and_c_that_never_returns_ends_the_process(
    act, status, said
):
    ended = subprocess.run(
        [sys.executable, "-c", ENDS.format(act)], capture_output=True, text=True, timeout=120
    )
    assert (ended.returncode, " ".join(ended.stdout.split())) == (status, said), ended.stderr


@linux
def test_a_timer_of_somebody_else_is_left_alone():
    struck = []
    before = signal.signal(signal.SIGALRM, lambda *_: struck.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with dispensable():
            end = time.monotonic() + 60
            while not struck and time.monotonic() < end:
                time.sleep(0.01)
        assert struck == [1]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


@linux
def test_the_memory_of_the_machine_is_known():
    assert 100 < physical_memory_mb() < 1e8
    assert 0 < Limits().here().memory_mb < physical_memory_mb()
    assert Limits(memory_mb=5).here().memory_mb == 5
