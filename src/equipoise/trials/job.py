"""A trial on its way between driver and worker.

Pickle is the language in which Python's processes hand functions to each other, so it is spoken here: between processes
of one run and of one user, never in a file that lasts.
"""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from equipoise.results.records import AskedTrial, Status, TrialRecord
from equipoise.trials.limits import Limits

_LONGEST_REASON = 500


def pack(value: object) -> bytes:
    """Give the bytes in which a value travels to another process of this run."""
    return pickle.dumps(value)


def unpack(letter: bytes) -> Any:
    """Give back what `pack` was given; only for bytes from another process of this run."""
    return pickle.loads(letter)


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
            pack((run, trial)),
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
