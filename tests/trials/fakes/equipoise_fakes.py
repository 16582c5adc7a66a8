"""Trials that do one bad thing each, importable in worker processes; and a driver to be killed."""

import ctypes
import os
import re
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from equipoise.errors import MissingExtra, StoreError
from equipoise.results.records import (
    DeliveryRecord,
    Observation,
    PredictionRecord,
    TrialRecord,
)


@dataclass(frozen=True)
class FakeTrial:
    dataset: str
    repeat: int
    method: str
    code_version: str = "1"
    settings: str = ""
    seconds: float = 0.0
    where: str = ""  # a folder in which runs leave a trace

    @property
    def trial_id(self) -> str:
        return f"{self.dataset}-{self.repeat}-{self.method}"


def honest_record(trial: FakeTrial, seed: int = 0) -> TrialRecord:
    rng = np.random.default_rng([seed, trial.repeat, len(trial.method)])
    truth = np.arange(40) % 2
    return TrialRecord(
        trial.trial_id,
        trial.dataset,
        trial.repeat,
        trial.method,
        "done",
        fit_seconds=0.01,
        deliveries=(DeliveryRecord("balance", "yes", 10, 10),),
        observations=tuple(
            Observation("balance", "plain", "xgboost", part, metric, "", float(rng.random()))
            for part in ("train", "test")
            for metric in ("macro_f1", "brier")
        ),
        predictions=(
            PredictionRecord(
                "balance",
                "plain",
                "xgboost",
                "test",
                np.arange(40),
                truth,
                rng.random((40, 2)).astype(np.float32),
                np.zeros(2),
            ),
        ),
        history={"loss": [1.0, 0.5]},
    )


def _hang_in_python(trial):
    re.match(r"(a+)+$", "a" * 60 + "b")


def _hang_in_c(trial):
    ctypes.PyDLL(None).sleep(600)


def _eat_memory(trial):
    held = []
    while True:
        held.append(np.ones(1_000_000))


def _abort(trial):
    os.abort()


def _die(trial):
    os.kill(os.getpid(), signal.SIGKILL)


def _die_once(trial):
    """Stand for a worker that somebody kills from outside."""
    trace = Path(trial.where) / f"died-{trial.trial_id}"
    if not trace.exists():
        trace.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def _raise(trial):
    raise ValueError("the matrix is singular\nand more")


def _exit(trial):
    sys.exit(3)


def _need_extra(trial):
    raise MissingExtra("needs torch: pip install 'equipoise[torch]'")


def _leave_memory(trial):
    np.ones(30_000_000).sum()


BAD = {
    "hang-python": _hang_in_python,
    "hang-c": _hang_in_c,
    "eat-memory": _eat_memory,
    "abort": _abort,
    "die": _die,
    "die-once": _die_once,
    "raise": _raise,
    "exit": _exit,
    "need-extra": _need_extra,
    "big": _leave_memory,
}


def run(trial: FakeTrial):
    if trial.where:
        trace = Path(trial.where) / f"ran-{trial.trial_id}"
        with open(trace, "a", encoding="utf-8") as handle:
            handle.write(f"{os.getpid()}\n")
    time.sleep(trial.seconds)
    act = BAD.get(trial.method)
    if act is not None:
        act(trial)
    record = honest_record(trial)
    if trial.method == "no-record":
        return {"status": "done"}
    if trial.method == "twice":
        return type(record)(
            *[getattr(record, f) for f in ("trial_id", "dataset", "repeat", "method", "status")],
            observations=record.observations * 2,
        )
    if trial.method == "other":
        return honest_record(FakeTrial("elsewhere", 0, "other"))
    if trial.method == "unpicklable":
        return type(record)(
            trial.trial_id, trial.dataset, trial.repeat, trial.method, "done", history=lambda: 0
        )
    return record


def many(count: int, seconds: float, where: str = "", method: str = "steady") -> list[FakeTrial]:
    return [
        FakeTrial("adult", number, method, seconds=seconds, where=where) for number in range(count)
    ]


def main() -> int:
    """Drive `many` trials: folder, count, seconds, jobs, trace folder, method."""
    # The driver alone needs these; workers start faster without them.
    from equipoise.results.records import RunInfo
    from equipoise.results.store import Store
    from equipoise.trials.runner import run_trials

    folder, count, seconds, jobs, where, method = sys.argv[1:]
    trials = many(int(count), float(seconds), where, method)
    try:
        with Store.create(folder, RunInfo("fake", 7)) as store:
            store.plan_trials(trials)
            run_trials(trials, run, store, jobs=int(jobs))
    except StoreError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    # The workers must find the functions under the module's own name, as those of a package are.
    import equipoise_fakes

    sys.exit(equipoise_fakes.main())


def environment_of_worker(names):
    return {name: os.environ.get(name) for name in names}


def ignores_sigint():
    return signal.getsignal(signal.SIGINT) == signal.SIG_IGN
