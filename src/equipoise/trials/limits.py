"""What holds inside a worker: time, memory, threads, and the end of the driver.

The time limit is a timer of the kernel whose signal is not caught, so it ends C code that never returns to the
interpreter too; the worker dies with it, and the driver sees to the rest. What a trial can do without runs in
`dispensable`, where the limit ends the block and not the process.
"""

import ctypes
import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from equipoise.errors import OptionError

_MEGABYTE = 1024 * 1024
_PR_SET_PDEATHSIG = 1
_GRACE = 30.0  # seconds that a dispensable block has to end once it is told to


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
def time_limit(seconds: float | None) -> Iterator[None]:
    """End this process, not just the block, when the block takes longer."""
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
        with _end_in(seconds):
            yield


@contextmanager
def _end_in(seconds: float) -> Iterator[None]:
    """End this process by a thread that needs no interpreter, unless the block ends before."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


class TimeUp(BaseException):
    """The time limit struck in a dispensable block; no `Exception`, so that no method takes it for its own error."""


@contextmanager
def dispensable() -> Iterator[None]:
    """Let the running time limit end this block, the last of a trial, by `TimeUp`; the process only if that fails.

    The signal is caught here, which the interpreter does between two of its steps. C code that never returns has
    `_GRACE` seconds more and ends the process as ever. Without a limit that `time_limit` has set, nothing is changed.
    """
    if not _is_running():
        yield
        return
    inside = True

    def strike(number: int, frame: object) -> None:
        if inside:
            raise TimeUp

    with _end_in(signal.getitimer(signal.ITIMER_REAL)[0] + _GRACE):
        signal.signal(signal.SIGALRM, strike)
        try:
            yield
        finally:
            inside = False
            # Nothing is left to be limited: a strike from here on could only lose what is finished.
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _is_running() -> bool:
    """Say whether a `time_limit` runs here that can be caught: a timer of somebody else has a handler of its own."""
    return (
        hasattr(signal, "getitimer")
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
        and signal.getitimer(signal.ITIMER_REAL)[0] > 0
    )


@contextmanager
def memory_limit(megabytes: float | None) -> Iterator[None]:
    """Make allocations of this process fail beyond a limit, inside the block."""
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
