"""A trial in a process of its own, which can be timed and killed wherever the asking worker cannot.

Dask's workers run trials so, because they must survive them; a trial that is suspected of having killed its worker
runs so on loky, so that nothing else goes down with it. `python -m equipoise.trials.isolation` is that process.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from equipoise.results.records import TrialRecord
from equipoise.trials.job import Job, pack, unpack
from equipoise.trials.limits import die_with
from equipoise.trials.work import work

_GRACE = 60.0  # seconds to start a process and import libraries, before the trial's own timer runs
_POLL = 0.05


def _last_words(log: Path) -> str:
    """Give the last line that a process left, which often says why it ended."""
    text = log.read_bytes()[-2000:].decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""


def _obituary(job: Job, code: int, spent: float, log: Path) -> TrialRecord:
    """Say how a process ended that left no answer, after so many seconds."""
    if job.limits.seconds is not None and (
        code == -getattr(signal, "SIGALRM", 0)
        or (code == 1 and spent > job.limits.seconds)  # the watchdog of `limits`
    ):
        return job.timed_out()
    words = _last_words(log)
    said = f"; its last words: {words}" if words else ""
    if job.limits.memory_mb is not None and ("bad_alloc" in words or "MemoryError" in words):
        return job.record("failed", f"out of memory: the limit is {job.limits.memory_mb:g} MB")
    if code == -getattr(signal, "SIGKILL", 0):
        return job.record(
            "failed",
            "its process was killed (SIGKILL), by hand or by the kernel for want of memory",
        )
    if code < 0:
        return job.record("failed", f"its process was ended by {signal.Signals(-code).name}{said}")
    return job.record("failed", f"its process ended with status {code}{said}")


def _dask_wants_it() -> Callable[[], bool]:
    """Give a function that says whether the Dask task of this thread is still wanted; always so outside Dask."""
    if "distributed" not in sys.modules:
        return lambda: True
    from distributed import get_worker

    try:
        worker = get_worker()
        key = worker.get_current_task()
    except (ValueError, AttributeError):
        return lambda: True

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state == "executing"

    return wanted


def work_alone(payload: bytes) -> bytes:
    """Run one pickled `Job` in a process of its own and give its pickled record, whatever becomes of the process."""
    job: Job = unpack(payload)
    job = replace(job, limits=job.limits.here())
    wanted = _dask_wants_it()
    with tempfile.TemporaryDirectory(prefix="equipoise-") as name:
        folder = Path(name)
        (folder / "job").write_bytes(payload)
        environment = os.environ | job.limits.environment()
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        started = time.monotonic()
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", __name__, name, str(os.getpid())],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            late = not _wait(process, job.limits.seconds, wanted)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
        answer = folder / "answer"
        if answer.exists():
            return answer.read_bytes()
        if late:
            return pack(job.timed_out())
        spent = time.monotonic() - started
        return pack(_obituary(job, process.returncode, spent, folder / "log"))


def _wait(
    process: subprocess.Popen[bytes], seconds: float | None, wanted: Callable[[], bool]
) -> bool:
    """Wait for the end of a process; give False if it is long past its limit."""
    end = None if seconds is None else time.monotonic() + seconds + _GRACE
    while process.poll() is None and wanted():
        if end is not None and time.monotonic() > end:
            return False
        time.sleep(_POLL)
    return True


def main() -> None:
    """Run the job of the folder named on the command line."""
    folder, parent = Path(sys.argv[1]), int(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with(parent)
    answer = work((folder / "job").read_bytes())
    (folder / "partial").write_bytes(answer)
    (folder / "partial").rename(folder / "answer")
    # Libraries with threads of their own may hang at exit; the answer is complete.
    os._exit(0)


if __name__ == "__main__":
    main()
