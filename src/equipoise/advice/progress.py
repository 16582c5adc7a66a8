"""The race as it goes: a live block on a terminal, one plain line a fold elsewhere; both on standard error."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from equipoise.advice.budget import said
from equipoise.advice.view import View
from equipoise.trials.progress import Block, Lines

SHOWN = 8


class PlainProgress(Lines):
    """One line for each fold that is finished."""

    def __init__(self) -> None:
        super().__init__()
        self._gone: set[str] = set()

    def update(self, view: View) -> None:
        """Write a line if there is news."""
        if view.news:
            self._write(_line(view, self._gone))
            self._gone |= set(view.out)


def _line(view: View, gone: set[str]) -> str:
    parts = [view.news]
    if view.standings:
        name, score, gain = view.standings[0]
        parts.append(f"{name} leads with {score:.3f} ({gain:+.3f})")
    left = [name for name in view.out if name not in gone]
    if left:
        parts.append(f"out: {', '.join(left)}")
    return "; ".join([*parts, f"{said(view.left)} left"])


class LiveProgress(Block):
    """The leaders, who runs and who has left, redrawn."""

    def update(self, view: View) -> None:
        """Draw the race."""
        self.draw(_block(view))


def _block(view: View) -> Table:
    block = Table.grid(padding=(0, 2))
    head = f"partition {view.partition}, fold {view.fold} of 5 finished"
    block.add_row(Text(head, style="bold"), Text(f"{said(view.left)} left"))
    for name, score, gain in view.standings[:SHOWN]:
        block.add_row(Text(f"  {name}"), Text(f"{score:.3f}  {gain:+.3f}"))
    for name in view.running:
        block.add_row(Text(f"  running {name}", style="dim"), Text(""))
    if view.out:
        block.add_row(Text(f"  {len(view.out)} models have left the race", style="dim"), Text(""))
    return block


def stderr_progress() -> PlainProgress | LiveProgress:
    """Give live progress if standard error is a terminal, else plain lines."""
    console = Console(stderr=True)
    return LiveProgress(console) if console.is_terminal else PlainProgress()
