"""`equipoise augment`: a table with new rows behind its own."""

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from equipoise.cli.reading import Categorical, Drop, Missing, Numeric
from equipoise.cli.settings import settings

if TYPE_CHECKING:
    from equipoise.augmentation.augment import Outcome
    from equipoise.augmentation.request import Request

PLAIN_SECONDS = 10.0  # between two lines of one phase, where there is no terminal

Data = Annotated[Path, typer.Argument(help="The table, CSV or Parquet.")]
Target = Annotated[str, typer.Option(help="The column with the classes.")]
Output = Annotated[
    Path, typer.Option("-o", "--output", help="Where to; .csv, .tsv (also .gz) or .parquet.")
]
Method = Annotated[str | None, typer.Option(help="Who makes the rows; equipoise methods lists.")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A parameter of the method, such as max_steps=500; may be repeated.",
    ),
]
Plan = Annotated[
    str | None,
    typer.Option(help="balance (default), balance:RATIO, grow:RATE or add:CLASS=N."),
]
Rows = Annotated[
    int | None, typer.Option(help="So many new rows at training proportions, instead of a plan.")
]
By = Annotated[
    str | None,
    typer.Option(
        help="A column whose levels the plan counts instead of the target's; the target's share "
        "within each level stays."
    ),
]
OnlyNew = Annotated[bool, typer.Option("--only-new", help="Write the new rows alone.")]
Mark = Annotated[str | None, typer.Option(help="Add a column of this name: is a row synthetic?")]
FitRows = Annotated[
    int | None, typer.Option(help="Fit on so many rows at most, classes in proportion.")
]
Seed = Annotated[int, typer.Option(help="Same seed, same rows.")]
Save = Annotated[Path | None, typer.Option(help="Keep the fitted model in this file.")]
Model = Annotated[Path | None, typer.Option(help="Draw from a saved model, without a fit.")]


def augment(
    data: Data,
    target: Target,
    output: Output,
    method: Method = None,
    parameters: Set = None,
    plan: Plan = None,
    rows: Rows = None,
    by: By = None,
    only_new: OnlyNew = False,
    mark: Mark = None,
    fit_rows: FitRows = None,
    seed: Seed = 0,
    save: Save = None,
    model: Model = None,
    missing: Missing = None,
    categorical: Categorical = None,
    numeric: Numeric = None,
    drop: Drop = None,
) -> int:
    """Write a table with new rows behind its own, which stay as they are.

    Example: `equipoise augment loans.csv --target BAD --method tvae --plan balance -o augmented.csv`
    """
    from equipoise.augmentation.augment import augment as work
    from equipoise.augmentation.request import Request
    from equipoise.tables.io import Reading

    request = Request(
        data=data.expanduser(),
        target=target,
        output=output.expanduser(),
        method=method,
        parameters=settings(parameters),
        model=model,
        plan=plan,
        rows=rows,
        by=by,
        only_new=only_new,
        mark=mark,
        save=save,
        fit_rows=fit_rows,
        seed=seed,
        reading=Reading.of(missing or (), categorical or (), numeric or (), drop or ()),
    )
    with _progress() as progress:
        outcome = work(request, progress)
    for line in account(request, outcome):
        typer.echo(line)
    return 0


def account(request: "Request", outcome: "Outcome") -> list[str]:
    """Say in a few lines what was done."""
    lines = [f"read {request.data}: {outcome.rows:,} rows"]
    if outcome.unlabelled:
        what = "a target" if request.by is None else "a target or a group"
        fate = "" if request.only_new else "were kept and "
        lines.append(f"{outcome.unlabelled:,} rows without {what} {fate}not learnt from")
    lines += [f"note: {note}" for note in outcome.notes]
    lines += _who(request, outcome)
    for name, changes in ((request.by, outcome.groups), (request.target, outcome.classes)):
        lines += [f"{name} = {c.level}: {c.before:,} -> {c.after:,}" for c in changes]
    asked = sum(delivery.requested for delivery in outcome.deliveries)
    lines.append(f"new rows: {asked:,} requested, {outcome.new:,} delivered")
    for delivery in outcome.deliveries:
        if delivery.delivered < delivery.requested:
            lines.append(
                f"short of {delivery.label}: {delivery.delivered:,} of {delivery.requested:,} rows"
            )
        if delivery.fallback:
            lines.append(f"fallback for {delivery.label}: {delivery.fallback}")
    if outcome.rewritten:
        lines.append("the lines were written anew, since columns or the separator changed")
    written = outcome.new + (0 if request.only_new else outcome.rows)
    lines.append(f"wrote {request.output}: {written:,} rows")
    return lines


def _who(request: "Request", outcome: "Outcome") -> list[str]:
    from equipoise.trials.progress import duration

    if outcome.keeps is None:
        return ["nothing to make, so nothing was fitted"]
    if request.model is not None:
        lines = [f"drew from the model {request.model}"]
    else:
        of = ""
        if outcome.fit_rows != outcome.learnable:
            of = f" of {outcome.learnable:,}, classes in proportion"
        lines = [
            f"fitted {request.method} on {outcome.fit_rows:,} rows{of}, "
            f"in {duration(outcome.fit_seconds)}"
        ]
    place = request.save or request.model
    if place is not None:
        lines.append(f"model {place}: holds {outcome.keeps or 'no training row'}")
    return lines


class _Plain:
    """One line a phase, and one now and then in a long one."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def phase(self, name: str, total: int | None = None) -> None:
        self._name, self._total, self._done = name, total, 0
        self._said = time.monotonic()
        print(name, file=sys.stderr, flush=True)

    def advance(self, n: int) -> None:
        self._done += n
        now = time.monotonic()
        if self._total and now - self._said >= PLAIN_SECONDS:
            self._said = now
            share = min(self._done / self._total, 1.0)
            print(f"{self._name}: {share:.0%}", file=sys.stderr, flush=True)


class _Live:
    """A bar with the phase and the time left."""

    def __init__(self, console: Any) -> None:
        from rich.progress import (
            BarColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(30),
            TimeElapsedColumn(), TimeRemainingColumn(), console=console, transient=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def phase(self, name: str, total: int | None = None) -> None:
        for task in self._bar.task_ids:
            self._bar.remove_task(task)
        self._task = self._bar.add_task(name, total=total)

    def advance(self, n: int) -> None:
        self._bar.advance(self._task, n)


def _progress() -> _Plain | _Live:
    from rich.console import Console

    console = Console(stderr=True)
    return _Live(console) if console.is_terminal else _Plain()
