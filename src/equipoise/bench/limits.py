"""What holds inside a worker: time, memory, threads, the end of the driver; and one trial run under all of these.

The time limit is a timer of the kernel whose signal is not caught, so it ends C code that never returns to the
interpreter too; the worker dies with it, and the driver sees to the rest.
"""

import ctypes
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from equipoise.errors import EquipoiseError, MissingExtra, OptionError
from equipoise.results.records import AskedTrial, Status, TrialRecord, fault

_MEGABYTE = 1024 * 1024
_PR_SET_PDEATHSIG = 1
_NO_MEMORY = ("bad_alloc", "allocate memory", "unable to allocate", "out of memory")
_LONGEST_REASON = 500


@dataclass(frozen=True)
class Limits:
    """What one trial may use.

    Attributes
    ----------
    seconds : float or None
        Counted from the start of the trial inside the worker.
    memory_mb : float or None
        Of the whole worker process (its writable memory, libraries included); kept by the kernel of Linux only. None
        is nine tenths of the memory of the worker's machine, so that the kernel need not choose whom to kill.
    threads : int
        For numerical libraries.
    """

    seconds: float | None = None
    memory_mb: float | None = None
    threads: int = 1

    def __post_init__(self) -> None:
        """Refuse limits that nothing could keep."""
        for name, value in (("time limit", self.seconds), ("memory limit", self.memory_mb)):
            if value is not None and not value > 0:
                raise OptionError(f"the {name} must be above 0, found {value}")
        if self.threads < 1:
            raise OptionError(f"a worker needs at least one thread, found {self.threads}")

    def here(self) -> "Limits":
        """Give these limits as they apply on this machine."""
        if self.memory_mb is None and (whole := physical_memory_mb()) is not None:
            return replace(self, memory_mb=float(round(0.9 * whole)))
        return self

    def environment(self) -> dict[str, str]:
        """Give the variables that hold numerical libraries to the number of threads."""
        names = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "BLIS", "RAYON")
        return {f"{name}_NUM_THREADS": str(self.threads) for name in names}


@dataclass(frozen=True)
class Job:
    """A trial on its way to a worker: its names in the open, so that a failure to load it can be recorded."""

    dataset: str
    repeat: int
    method: str
    trial_id: str
    code_version: str
    limits: Limits
    body: bytes  # pickled (run, trial)
    mark: str = ""  # a file that the worker writes when the trial starts

    @classmethod
    def of(cls, run: Callable[..., Any], trial: AskedTrial, limits: Limits, mark: str) -> "Job":
        """Wrap a trial and the function that runs it."""
        return cls(
            trial.dataset,
            trial.repeat,
            trial.method,
            trial.trial_id,
            trial.code_version,
            limits,
            pickle.dumps((run, trial)),
            mark,
        )

    def record(self, status: Status, reason: str, **more: Any) -> TrialRecord:
        """Give the record of a trial that left none itself."""
        text = " ".join(reason.split())
        if len(text) > _LONGEST_REASON:
            text = text[: _LONGEST_REASON - 3] + "..."
        return TrialRecord(
            self.trial_id,
            self.dataset,
            self.repeat,
            self.method,
            status,
            text,
            code_version=self.code_version,
            **more,
        )

    def timed_out(self) -> TrialRecord:
        """Give the record of a trial that its timer has ended."""
        seconds = float(self.limits.seconds or 0.0)
        reason = f"stopped at the time limit of {seconds:g} s"
        return self.record("timeout", reason, total_seconds=seconds)


def die_with(parent: int) -> None:
    """End this process when its parent ends, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        return
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    if sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(0x00100000, False, parent)  # SYNCHRONIZE
        kernel.WaitForSingleObject(handle, -1)
    else:
        while os.getppid() == parent:
            time.sleep(0.5)
    os._exit(1)


@contextmanager
def _time_limit(seconds: float | None) -> Iterator[None]:
    if seconds is None:
        yield
    elif hasattr(signal, "setitimer"):
        before = signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            signal.signal(signal.SIGALRM, before)
    else:
        import faulthandler

        with open(os.devnull, "w", encoding="utf-8") as nowhere:
            faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
            try:
                yield
            finally:
                faulthandler.cancel_dump_traceback_later()


@contextmanager
def _memory_limit(megabytes: float | None) -> Iterator[None]:
    if megabytes is None or sys.platform != "linux":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = int(megabytes * _MEGABYTE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def reset_peak() -> None:
    """Let the kernel count this process's peak memory anew, where it can."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_mb() -> float:
    """Give the most memory that this process held since `reset_peak`, or ever where there is no such counter."""
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    if sys.platform == "win32":
        return 0.0
    import resource

    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest / _MEGABYTE if sys.platform == "darwin" else largest / 1024


def physical_memory_mb() -> float | None:
    """Give the memory that this machine or its control group has; None if it does not say."""
    sizes = []
    with suppress(OSError, ValueError, AttributeError):
        sizes.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    with suppress(OSError, ValueError):
        sizes.append(int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return min(sizes) / _MEGABYTE if sizes else None


def _why(error: BaseException, limits: Limits) -> str:
    text = str(error)
    starved = isinstance(error, MemoryError) or any(sign in text.lower() for sign in _NO_MEMORY)
    if starved and limits.memory_mb is not None:
        return f"out of memory: the limit is {limits.memory_mb:g} MB"
    if starved:
        return f"out of memory: {text or type(error).__name__}"
    if isinstance(error, EquipoiseError):
        return text
    place, trace = "", error.__traceback__
    while trace is not None:
        place = f" ({Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return f"{type(error).__name__}: {text}{place}"


def _judge(job: Job, answer: object) -> TrialRecord:
    """Give the answer of a trial if it is a sound record of that trial, else the record of its failure."""
    if not isinstance(answer, TrialRecord):
        return job.record("failed", f"the trial must give a record, found {type(answer).__name__}")
    names = (answer.trial_id, answer.dataset, answer.repeat, answer.method)
    if names != (job.trial_id, job.dataset, job.repeat, job.method):
        return job.record("failed", f"the trial gave the record of another one, {names}")
    wrong = fault(answer)
    if wrong:
        return job.record("failed", wrong)
    return answer if answer.code_version else replace(answer, code_version=job.code_version)


def _attempt(job: Job) -> TrialRecord:
    try:
        run, trial = pickle.loads(job.body)
    except Exception as error:
        return job.record("failed", f"the worker cannot load the trial: {_why(error, job.limits)}")
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(job.limits.threads)
    if job.mark:
        with suppress(OSError):
            Path(job.mark).write_text(repr(time.monotonic()))
    reset_peak()
    start = time.perf_counter()
    with _time_limit(job.limits.seconds):
        try:
            with _memory_limit(job.limits.memory_mb):
                record = _judge(job, run(trial))
        except MissingExtra as error:
            record = job.record("skipped", str(error))
        except (Exception, SystemExit) as error:
            record = job.record("failed", _why(error, job.limits))
    return replace(record, total_seconds=time.perf_counter() - start, peak_mb=peak_mb())


def work(payload: bytes) -> bytes:
    """Run one pickled `Job` under its limits and give its pickled record; only the death of the process stops it."""
    job = pickle.loads(payload)
    job = replace(job, limits=job.limits.here())
    record = _attempt(job)
    try:
        return pickle.dumps(record)
    except Exception as error:
        failed = job.record("failed", f"its record cannot be sent: {_why(error, job.limits)}")
        return pickle.dumps(failed)
