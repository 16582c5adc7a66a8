"""Where trials run: processes of this machine or a Dask cluster, both behind `concurrent.futures.Executor`."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from numbers import Integral
from typing import Any, Protocol

from loky.process_executor import ProcessPoolExecutor

from equipoise.errors import MissingExtra, OptionError
from equipoise.trials.limits import Limits, die_with


class Workers(Protocol):
    """What the runner needs of a place where trials run.

    Attributes
    ----------
    isolates : bool
        Whether every trial must have a process of its own, because a worker that dies is not ours to start again.
    """

    isolates: bool

    @property
    def jobs(self) -> int:
        """How many trials may be in flight."""

    def start(self, limits: Limits) -> Executor:
        """Give a fresh executor."""

    def stop(self, executor: Executor) -> None:
        """End an executor and whatever it still runs, at once."""


@contextmanager
def _sigint_waits() -> Iterator[None]:
    """Keep Ctrl-C from a process that is being born inside: it inherits the mask, and we hear of it afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Whoever starts Python's tracker of resources lets Ctrl-C through again: a first worker would, half way.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Pool(ProcessPoolExecutor):
    """Loky's processes, started deaf to Ctrl-C: the driver alone answers it."""

    def submit(self, fn: Any, *args: Any, **kwargs: Any) -> Future:
        with _sigint_waits():
            return super().submit(fn, *args, **kwargs)


def _begin(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with(parent)


class LocalWorkers:
    """Processes of this machine, kept from trial to trial.

    Parameters
    ----------
    jobs : int
        How many.
    """

    isolates = False

    def __init__(self, jobs: int = 1) -> None:
        if not isinstance(jobs, Integral) or jobs < 1:
            raise OptionError(f"--jobs must be a whole number of at least 1, got {jobs!r}")
        self._jobs: int = int(jobs)

    @property
    def jobs(self) -> int:
        """How many trials may be in flight."""
        return self._jobs

    def start(self, limits: Limits) -> Executor:
        """Give a fresh pool; its processes start with the first trials."""
        return _Pool(
            max_workers=self._jobs,
            initializer=_begin,
            initargs=(os.getpid(),),
            env=limits.environment(),
        )

    def stop(self, executor: Executor) -> None:
        """Kill the processes of a pool."""
        if isinstance(executor, ProcessPoolExecutor):
            executor.shutdown(wait=True, kill_workers=True)


class DaskWorkers:
    """The workers of a Dask cluster; each thread of theirs runs one trial at a time, in a process of its own.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://127.0.0.1:8786``.
    """

    isolates = True

    def __init__(self, address: str) -> None:
        self._address = address
        self._client: Any = None

    @property
    def jobs(self) -> int:
        """As many as the cluster has threads now."""
        return max(1, sum(self._client.nthreads().values())) if self._client is not None else 1

    def start(self, limits: Limits) -> Executor:
        """Connect to the scheduler.

        Raises
        ------
        MissingExtra
            If `distributed` is not installed.
        OptionError
            If nobody answers at the address, or the cluster has no workers.
        """
        try:
            from distributed import Client
        except ImportError as error:
            raise MissingExtra(
                "--dask needs the package distributed: pip install 'equipoise[dask]'"
            ) from error
        try:
            client = Client(self._address, timeout=10, set_as_default=False)
        except (OSError, ValueError) as error:
            raise OptionError(
                f"no Dask scheduler answers at {self._address!r}: start one with dask scheduler and "
                "give its address"
            ) from error
        if not client.nthreads():
            client.close()
            raise OptionError(
                f"the Dask cluster at {self._address!r} has no workers: start some with dask worker "
                f"{self._address}"
            )
        self._client = client
        # Pure tasks of equal arguments would share one result, retries would hide a failure.
        return client.get_executor(pure=False, retries=0)

    def stop(self, executor: Executor) -> None:
        """Cancel what is left, which ends the processes of its trials, and disconnect."""
        with suppress(Exception):
            executor.shutdown(wait=False)
        if self._client is not None:
            self._client.close()
            self._client = None
