"""How far a run is: what is running, what has come of the rest, and the time that is left.

On a terminal one live block, redrawn; elsewhere one plain line per finished trial. Both go to standard error, so that
standard output stays with the results.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from equipoise.results.records import AskedTrial, TrialRecord

_SHOWN = 8  # running trials on the terminal


@dataclass(frozen=True)
class View:
    """A run at one moment.

    Attributes
    ----------
    total : int
        Trials asked for, kept ones included.
    kept : int
        Finished in an earlier call.
    counts : dict
        Status -> trials finished in this call.
    running : tuple of (name, seconds)
    left_seconds : float or None
        Expected; None until something has finished.
    latest : TrialRecord or None
        The trial that has just finished.
    """

    total: int
    kept: int
    counts: dict[str, int]
    running: tuple[tuple[str, float], ...]
    left_seconds: float | None
    latest: TrialRecord | None = None

    @property
    def finished(self) -> int:
        """Trials that are behind us."""
        return self.kept + sum(self.counts.values())


class Progress(Protocol):
    """Whoever wants to be told."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, however that came."""

    def update(self, view: View) -> None:
        """Show a moment; called for every finished trial and about twice a second."""


def name_of(trial: AskedTrial | TrialRecord) -> str:
    """Name a trial for a person; repeats are counted from 0, as in the results."""
    return f"{trial.dataset}, repeat {trial.repeat}, {trial.method}"


def duration(seconds: float) -> str:
    """Say a duration in the units that a person would use."""
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 10:
        return f"{minutes} min {rest:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def _outcome(record: TrialRecord) -> str:
    reason = f": {record.reason}" if record.reason else ""
    return f"{record.status} in {duration(record.total_seconds)}{reason}"


def _left(view: View) -> str:
    return "" if view.left_seconds is None else f"about {duration(view.left_seconds)} left"


class Lines:
    """Progress in lines on standard error, or wherever `write` puts them."""

    def __init__(self, write: Callable[[str], object] | None = None) -> None:
        self._write = write if write is not None else _to_stderr

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""


class PlainProgress(Lines):
    """One line per finished trial, for files and pipes."""

    def update(self, view: View) -> None:
        """Write a line if a trial has finished."""
        if view.latest is not None:
            parts = [f"[{view.finished}/{view.total}] {name_of(view.latest)}"]
            parts.append(_outcome(view.latest))
            left = _left(view) if view.finished < view.total else ""
            self._write("; ".join([*parts, left] if left else parts))


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


class Block:
    """Progress as a block of a terminal that is redrawn, and vanishes in the end."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End; the block vanishes."""
        self._live.stop()

    def draw(self, block: Table) -> None:
        """Draw the block anew."""
        self._live.update(block, refresh=True)


class LiveProgress(Block):
    """A bar, what is running and for how long, and the trials that went wrong."""

    def update(self, view: View) -> None:
        """Draw the moment, and print a line above for a trial that did not succeed."""
        latest = view.latest
        if latest is not None and latest.status in ("failed", "timeout"):
            self._live.console.print(Text(f"{name_of(latest)}: {_outcome(latest)}", style="red"))
        self.draw(_block(view))


def _block(view: View) -> Table:
    head = Table.grid(padding=(0, 1))
    bad = view.counts.get("failed", 0) + view.counts.get("timeout", 0)
    words = [f"{view.finished}/{view.total} trials"]
    words += [f"{bad} failed"] * bool(bad) + [_left(view)] * bool(_left(view))
    bar = ProgressBar(total=max(view.total, 1), completed=view.finished, width=30)
    head.add_row(bar, Text(", ".join(words)))
    block = Table.grid()
    block.add_row(head)
    for name, seconds in view.running[:_SHOWN]:
        block.add_row(Text(f"  running {name}: {duration(seconds)}", style="dim"))
    if len(view.running) > _SHOWN:
        block.add_row(Text(f"  and {len(view.running) - _SHOWN} more", style="dim"))
    return block


def stderr_progress() -> Progress:
    """Give live progress if standard error is a terminal, else plain lines."""
    console = Console(stderr=True)
    return LiveProgress(console) if console.is_terminal else PlainProgress()


class Forecast:
    """How long trials take, learnt from those that have finished."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], list[float]] = defaultdict(list)

    def learn(self, trial: AskedTrial, seconds: float) -> None:
        """Take note of a finished trial."""
        for dataset in (trial.dataset, ""):
            for method in (trial.method, ""):
                self._seen[dataset, method].append(seconds)

    def expected(self, trial: AskedTrial) -> float | None:
        """Give the mean of the trials most like this one; None if there is none at all."""
        keys = ((trial.dataset, trial.method), ("", trial.method), (trial.dataset, ""), ("", ""))
        for key in keys:
            seen = self._seen.get(key)
            if seen:
                return sum(seen) / len(seen)
        return None

    def left(
        self,
        waiting: Iterable[AskedTrial],
        running: Iterable[tuple[AskedTrial, float]],
        jobs: int,
    ) -> float | None:
        """Give the seconds until all is done, `jobs` at a time."""
        rests = [(self.expected(trial), 0.0) for trial in waiting]
        rests += [(self.expected(trial), spent) for trial, spent in running]
        known = [max(whole - spent, 0.0) for whole, spent in rests if whole is not None]
        if not known:
            return 0.0 if not rests else None
        return max(sum(known) / jobs, max(known))


def now() -> float:
    """Give the clock that durations are taken from; on one machine all processes share it."""
    return time.monotonic()
