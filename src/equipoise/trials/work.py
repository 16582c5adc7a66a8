"""One trial inside a worker, under its limits: whatever it does wrong becomes a record with the reason."""

import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from equipoise.errors import EquipoiseError, MissingExtra
from equipoise.results.records import TrialRecord, fault
from equipoise.trials.job import Job, pack, unpack
from equipoise.trials.limits import Limits, memory_limit, peak_mb, reset_peak, time_limit

_NO_MEMORY = ("bad_alloc", "allocate memory", "unable to allocate", "out of memory")


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
        run, trial = unpack(job.body)
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
    with time_limit(job.limits.seconds):
        try:
            with memory_limit(job.limits.memory_mb):
                record = _judge(job, run(trial))
        except MissingExtra as error:
            record = job.record("skipped", str(error))
        except (Exception, SystemExit) as error:
            record = job.record("failed", _why(error, job.limits))
    return replace(record, total_seconds=time.perf_counter() - start, peak_mb=peak_mb())


def work(payload: bytes) -> bytes:
    """Run one pickled `Job` under its limits and give its pickled record; only the death of the process stops it."""
    job = unpack(payload)
    job = replace(job, limits=job.limits.here())
    record = _attempt(job)
    try:
        return pack(record)
    except Exception as error:
        failed = job.record("failed", f"its record cannot be sent: {_why(error, job.limits)}")
        return pack(failed)
