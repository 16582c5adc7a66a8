"""Trials in, records stored: at most so many in flight, whatever becomes of their workers.

Loky's pool breaks as a whole when one of its processes dies. Then: trials that had not begun go back to the queue; one
that had run for its whole time limit is recorded as timed out; the others are suspects, and run one at a time in
processes of their own, where a death tells who died and of what.
"""

import tempfile
import warnings
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from equipoise.errors import EquipoiseError
from equipoise.results.records import AskedTrial, TrialRecord
from equipoise.results.store import Store
from equipoise.trials.isolation import work_alone
from equipoise.trials.job import Job, pack, unpack
from equipoise.trials.limits import Limits
from equipoise.trials.progress import Forecast, Progress, View, name_of, now
from equipoise.trials.work import work
from equipoise.trials.workers import DaskWorkers, LocalWorkers, Workers

_TICK = 0.5  # seconds between looks at the clock while nothing finishes
_LOSSES = 3  # pools that may break under a trial before it is held responsible
_BREAKS = 10  # pools that may break in a row without a single trial finished


@dataclass(frozen=True)
class Summary:
    """What a call of `run_trials` did.

    Attributes
    ----------
    done, failed, timeout, skipped : int
        Trials that ended so in this call.
    kept : int
        Trials that were finished before.
    seconds : float
    """

    done: int = 0
    failed: int = 0
    timeout: int = 0
    skipped: int = 0
    kept: int = 0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether no trial of this call failed or ran out of time."""
        return self.failed + self.timeout == 0


@dataclass
class _Ticket:
    """A trial that is not finished yet."""

    trial: AskedTrial
    number: int
    losses: int = 0
    alone: bool = False
    since: float = 0.0


@dataclass
class _Drive:
    """The state of one call: who waits, who flies, who is suspected."""

    run: Callable[..., TrialRecord]
    store: Store
    workers: Workers
    limits: Limits
    progress: Progress | None
    total: int
    missing: list[AskedTrial]
    forecast: Forecast
    queue: deque[_Ticket] = field(default_factory=deque)
    suspects: deque[_Ticket] = field(default_factory=deque)
    flying: dict[Future[bytes], _Ticket] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    executor: Executor | None = None
    breaks: int = 0
    broke_at: float = 0.0
    scratch: Path = Path()

    @property
    def kept(self) -> int:
        """Trials that were finished before."""
        return self.total - len(self.missing)

    def go(self) -> None:
        """Run everything to its end; on any error or Ctrl-C, keep what is finished and kill the rest."""
        self.queue.extend(_Ticket(trial, number) for number, trial in enumerate(self.missing))
        folder = tempfile.TemporaryDirectory(prefix="equipoise-", ignore_cleanup_errors=True)
        told = self.progress if self.progress is not None else nullcontext()
        try:
            with folder as scratch, told, warnings.catch_warnings():
                self.scratch = Path(scratch)
                # Loky renews a process that has grown; importing a large library is reason enough.
                warnings.filterwarnings(
                    "ignore", "A worker (was restarted|stopped) while some jobs"
                )
                self._loop()
        except KeyboardInterrupt:
            self._keep_finished()
            raise
        finally:
            if self.executor is not None:
                self.workers.stop(self.executor)

    def _loop(self) -> None:
        self.executor = self.workers.start(self.limits)
        while self.queue or self.suspects or self.flying:
            self._fill()
            done, _ = wait(self.flying, timeout=_TICK, return_when=FIRST_COMPLETED)
            self._collect(done)
            self._tell(None)

    def _fill(self) -> None:
        while len(self.flying) < self.workers.jobs:
            suspected = any(ticket.alone for ticket in self.flying.values())
            if self.suspects and not suspected:
                ticket = self.suspects.popleft()
                ticket.alone = True
            elif self.queue:
                ticket = self.queue.popleft()
            else:
                return
            if not self._submit(ticket):
                return

    def _mark(self, ticket: _Ticket) -> Path:
        return self.scratch / str(ticket.number)

    def _submit(self, ticket: _Ticket) -> bool:
        alone = ticket.alone or self.workers.isolates
        self._mark(ticket).unlink(missing_ok=True)
        mark = "" if alone else str(self._mark(ticket))
        payload = pack(Job.of(self.run, ticket.trial, self.limits, mark))
        ticket.since = now()
        assert self.executor is not None
        try:
            future = self.executor.submit(work_alone if alone else work, payload)
        except BrokenExecutor:
            self._put_back(ticket)
            self._rebuild()
            return False
        self.flying[future] = ticket
        future.add_done_callback(self._note_break)
        return True

    def _note_break(self, future: Future[bytes]) -> None:
        if not future.cancelled() and isinstance(future.exception(), BrokenExecutor):
            self.broke_at = now()

    def _collect(self, done: set[Future[bytes]]) -> None:
        broken = [future for future in done if self._is_broken(future)]
        if broken:
            # The pool fails all its futures, one after the other.
            done = wait(self.flying, timeout=10.0).done
        for future in done:
            # It leaves the air only when it is written: Ctrl-C may come at any line.
            ticket = self.flying[future]
            if self._is_broken(future):
                self._hear(ticket)
            else:
                self._finish(ticket, self._answer(future, ticket))
                self.breaks = 0
            del self.flying[future]
        if broken:
            self._rebuild()

    def _is_broken(self, future: Future[bytes]) -> bool:
        return not future.cancelled() and isinstance(future.exception(), BrokenExecutor)

    def _answer(self, future: Future[bytes], ticket: _Ticket) -> TrialRecord:
        try:
            return unpack(future.result())
        except Exception as error:
            job = Job.of(self.run, ticket.trial, self.limits, "")
            return job.record("failed", f"its worker was lost: {error}")

    def _hear(self, ticket: _Ticket) -> None:
        """Decide what the death of the pool says about one of its trials."""
        ticket.losses += 1
        limit = self.limits.seconds
        job = Job.of(self.run, ticket.trial, self.limits, "")
        try:
            began = float(self._mark(ticket).read_text())
        except (OSError, ValueError):
            self._put_back(ticket)
            return
        if limit is not None and self.broke_at - began >= limit:
            self._finish(ticket, job.timed_out())
        else:
            ticket.losses = 0
            self.suspects.append(ticket)

    def _put_back(self, ticket: _Ticket) -> None:
        """Let a trial wait again that had not begun, or whose guardian was killed from outside."""
        if ticket.alone and ticket.losses >= _LOSSES:
            job = Job.of(self.run, ticket.trial, self.limits, "")
            reason = f"its worker was killed {ticket.losses} times from outside"
            self._finish(ticket, job.record("failed", reason))
        elif ticket.alone or ticket.losses >= _LOSSES:
            self.suspects.appendleft(ticket)
        else:
            self.queue.appendleft(ticket)

    def _rebuild(self) -> None:
        self.breaks += 1
        if self.breaks > _BREAKS:
            raise EquipoiseError(
                f"worker processes died {self.breaks} times in a row before any trial was finished; "
                "what is finished is kept; see the messages above, and try --jobs 1"
            )
        assert self.executor is not None
        for future in list(self.flying):
            self._put_back(self.flying.pop(future))
        self.workers.stop(self.executor)
        self.executor = self.workers.start(self.limits)

    def _finish(self, ticket: _Ticket, record: TrialRecord) -> None:
        self.store.write_trial(record)
        self.counts[record.status] += 1
        if record.status != "skipped":
            self.forecast.learn(ticket.trial, record.total_seconds)
        self._mark(ticket).unlink(missing_ok=True)
        self._tell(record)

    def _keep_finished(self) -> None:
        for future, ticket in self.flying.items():
            if future.done() and not future.cancelled() and future.exception() is None:
                self.store.write_trial(self._answer(future, ticket))

    def _tell(self, latest: TrialRecord | None) -> None:
        if self.progress is None:
            return
        moment = now()
        landed = "" if latest is None else latest.trial_id
        running = [
            (ticket.trial, moment - ticket.since)
            for ticket in self.flying.values()
            if ticket.trial.trial_id != landed
        ]
        waiting = [ticket.trial for ticket in (*self.queue, *self.suspects)]
        self.progress.update(
            View(
                self.total,
                self.kept,
                dict(self.counts),
                tuple((name_of(trial), seconds) for trial, seconds in running),
                self.forecast.left(waiting, running, self.workers.jobs),
                latest,
            )
        )


def _sort_out(
    trials: Sequence[AskedTrial], store: Store, retry_failed: bool, forecast: Forecast
) -> list[AskedTrial]:
    """Give the trials that must run; a skipped one always may, since what it lacked may have come."""
    finished = store.finished()
    settled = {"done"} if retry_failed else {"done", "failed", "timeout"}
    missing = []
    for trial in trials:
        status, version, seconds = finished.get(trial.trial_id, ("", "", 0.0))
        if status in settled and version == trial.code_version:
            forecast.learn(trial, seconds)
        else:
            missing.append(trial)
    return missing


def check_call(
    jobs: int, dask: str | None, time_limit: float | None, memory_limit_mb: float | None
) -> None:
    """Refuse workers or limits that cannot be had, before anything is written.

    Raises
    ------
    OptionError
        A number is not positive, or no Dask scheduler answers.
    MissingExtra
        Dask is asked for and not installed.
    """
    limits = Limits(time_limit, memory_limit_mb)
    workers: Workers = LocalWorkers(jobs) if dask is None else DaskWorkers(dask)
    workers.stop(workers.start(limits))


def run_trials(
    trials: Sequence[AskedTrial],
    run: Callable[..., TrialRecord],
    store: Store,
    *,
    jobs: int = 1,
    dask: str | None = None,
    time_limit: float | None = None,
    memory_limit_mb: float | None = None,
    retry_failed: bool = False,
    progress: Progress | None = None,
) -> Summary:
    """Run the trials that the store does not have, and write each when it has finished.

    Parameters
    ----------
    trials : sequence
        Frozen values that can be pickled.
    run : callable
        An importable function from a trial to its `TrialRecord`.
    store : Store
        Open for writing; this process alone writes it.
    jobs : int, default=1
        Processes of this machine; a Dask cluster has its own number.
    dask : str, optional
        Address of a Dask scheduler.
    time_limit : float, optional
        Seconds per trial, from its start inside the worker.
    memory_limit_mb : float, optional
        Of each worker process; by default nine tenths of its machine's memory.
    retry_failed : bool, default=False
        Run failed and timed-out trials again.
    progress : Progress, optional
        Told of every finished trial, and of the clock.

    Returns
    -------
    Summary

    Raises
    ------
    StoreError
        If the store cannot be written; what is finished is kept.
    OptionError
        If a limit is not positive, or no Dask scheduler answers.
    KeyboardInterrupt
        On Ctrl-C, when the workers are gone and what is finished is stored.
    """
    started = now()
    limits = Limits(time_limit, memory_limit_mb)
    workers: Workers = LocalWorkers(jobs) if dask is None else DaskWorkers(dask)
    forecast = Forecast()
    missing = _sort_out(trials, store, retry_failed, forecast)
    drive = _Drive(run, store, workers, limits, progress, len(trials), missing, forecast)
    if missing:
        drive.go()
    return Summary(**drive.counts, kept=drive.kept, seconds=now() - started)
