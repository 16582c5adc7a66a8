"""`equipoise advise`: the fair trial on one table within a budget, and what to do."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from equipoise.cli.reading import Categorical, Drop, Missing, Numeric
from equipoise.errors import DataError, OptionError

if TYPE_CHECKING:
    from equipoise.advice.budget import Clock
    from equipoise.advice.question import Question
    from equipoise.advice.verdict import Verdict

SHOWN = 12  # candidates in the terminal

Data = Annotated[Path, typer.Argument(help="The table, CSV or Parquet.")]
Target = Annotated[str, typer.Option(help="The column with the classes.")]
Budget = Annotated[str, typer.Option(help="How long it may take: 90s, 5m, 1h.")]
Metric = Annotated[
    str,
    typer.Option(
        help="macro_f1, worst_f1, balanced_accuracy, mcc, roc_auc, average_precision, brier, "
        "precision@K or recall@K for K alerts."
    ),
]
Rope = Annotated[
    float | None, typer.Option(help="What difference is of no practical interest. Default: 0.01.")
]
Group = Annotated[
    str | None, typer.Option(help="A column whose groups are never split between folds.")
]
When = Annotated[
    str | None,
    typer.Option("--time", help="A column that orders the rows: train on the past only."),
]
By = Annotated[str | None, typer.Option(help="Show the errors for each level of this column.")]
Prior = Annotated[
    list[str] | None,
    typer.Option(help="Share of a class where it will be used, CLASS=SHARE; may be repeated."),
]
CostsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--costs",
        help="What a mistake costs, TRUE:DECIDED=COST (may be repeated), or a CSV file with the true "
        "classes in its first column and one column for each decision.",
    ),
]
ClassifierName = Annotated[
    str, typer.Option("--classifier", help="xgboost, random-forest or MODULE:CLASS.")
]
Methods = Annotated[
    str | None,
    typer.Option(help="Only these treatments of the rows, separated by commas, or MODULE:CLASS."),
]
Jobs = Annotated[int | None, typer.Option(help="Fits at a time. Default: one a processor.", min=1)]
Seed = Annotated[int, typer.Option(help="Of all random numbers.", min=0)]
Output = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output",
        help="A folder for the page, advice.json, the fitted winner and the augmented table.",
    ),
]  # fmt: skip
AsJson = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]


def advise(
    data: Data,
    target: Target,
    budget: Budget = "5m",
    metric: Metric = "macro_f1",
    rope: Rope = None,
    group: Group = None,
    when: When = None,
    by: By = None,
    prior: Prior = None,
    costs: CostsOption = None,
    classifier: ClassifierName = "xgboost",
    methods: Methods = None,
    output: Output = None,
    as_json: AsJson = False,
    jobs: Jobs = None,
    seed: Seed = 0,
    missing: Missing = None,
    categorical: Categorical = None,
    numeric: Numeric = None,
    drop: Drop = None,
) -> int:
    """Run the fair trial on one table, and say what to do: often nothing.

    Example: `equipoise advise loans.csv --target BAD --budget 2m -o advice`
    """
    started = time.monotonic()  # the imports that follow are part of the budget
    from equipoise.advice.budget import Clock, seconds_of
    from equipoise.advice.question import Source, question
    from equipoise.datasets.catalogue import from_file
    from equipoise.tables.io import Reading

    seconds_of(budget)
    _check_output(output)
    for option, name in (("--group", group), ("--time", when), ("--by", by)):
        if name is not None and name in (drop or []):
            raise OptionError(f"the column {name!r} is both {option} and dropped; keep it")
    reading = Reading.of(missing or (), categorical or (), numeric or (), drop or ())
    read = from_file(data, target, **vars(reading))
    asked = question(
        read.X, read.y, budget=budget, metric=metric, rope=rope, group=group, time=when, by=by,
        prior=_prior(prior), costs=_costs(costs), classifier=classifier,
        methods=None if methods is None else [m.strip() for m in methods.split(",") if m.strip()],
        kinds=read.kinds, jobs=jobs or processors(), random_state=seed, name=read.name,
        unlabelled=read.unlabelled, source=Source(str(data), reading),
    )  # fmt: skip
    return _conclude(asked, read.notes, Clock(asked.seconds, started), output, as_json)


def _conclude(
    asked: "Question", notes: tuple[str, ...], clock: "Clock", output: Path | None, as_json: bool
) -> int:
    """Say what the table looks like, run the race, and say and keep what came of it."""
    from equipoise.advice.advise import answer, look
    from equipoise.advice.progress import stderr_progress

    looked = look(asked)
    for sentence in (*looked.sentences, *notes):
        typer.echo(sentence, err=as_json)
    typer.echo("", err=as_json)
    with stderr_progress() as progress:
        verdict = answer(asked, clock, progress, looked=looked)
    if as_json:
        typer.echo(verdict.to_json())
    else:
        _show(verdict)
    if output is not None:
        for line in verdict.save(output):
            typer.echo(line, err=as_json)
    return 130 if verdict.partial else 0


def processors() -> int:
    """Give how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _check_output(output: Path | None) -> None:
    from equipoise.tables.draft import make_folder

    if output is None:
        return
    if output.exists() and not output.is_dir():
        raise OptionError(f"-o names {output}, which is a file; name a folder")
    there = next(place for place in (output, *output.absolute().parents) if place.exists())
    if not (there.is_dir() and os.access(there, os.W_OK)):
        raise DataError(
            f"nothing can be written to {there}; change its permissions, or take another"
        )
    if not output.exists():  # some folders that look writable are not
        make_folder(output)
        output.rmdir()


def _prior(given: list[str] | None) -> dict[str, float] | None:
    if not given:
        return None
    shares = {}
    for text in given:
        label, equals, number = text.rpartition("=")
        try:
            shares[label] = float(number)
        except ValueError:
            equals = ""
        if not equals or not label:
            raise OptionError(f"--prior is written CLASS=SHARE, such as yes=0.02, got {text!r}")
    return shares


def _costs(given: list[str] | None) -> Any:
    if not given:
        return None
    if len(given) == 1 and given[0].lower().endswith((".csv", ".tsv")):
        return _cost_file(Path(given[0]))
    costs = {}
    for text in given:
        pair, equals, number = text.rpartition("=")
        true, colon, decided = pair.rpartition(":")
        try:
            costs[true, decided] = float(number)
        except ValueError:
            equals = ""
        if not (equals and colon and true and decided):
            raise OptionError(
                f"--costs is written TRUE:DECIDED=COST, such as yes:no=5, or names a CSV file; got {text!r}"
            )
    return costs


def _cost_file(path: Path) -> dict[tuple[str, str], float]:
    import pandas as pd

    from equipoise.tables.io import column_names, read_table

    first, *decisions = column_names(path)
    frame = read_table(path, categorical=[first])
    return {
        (str(true), str(decision)): float(cost)
        for decision in decisions
        for true, cost in zip(frame[first], frame[decision], strict=True)
        if pd.notna(cost)
    }


def _show(verdict: "Verdict") -> None:
    from equipoise.advice.words import metric_words
    from equipoise.cli.tables import table

    typer.echo(verdict.text)
    typer.echo()
    rows = table(
        "candidate", metric_words(verdict.asked.measure.name), "gain [95 %]", "as good as the best"
    )
    for standing in [s for s in verdict.table if not s.status][:SHOWN]:
        rows.add_row(
            standing.name, f"{standing.score:.3f}",
            f"{standing.gain:+.3f} [{standing.low:+.3f}, {standing.high:+.3f}]", f"{standing.reaches:.0%}",
        )  # fmt: skip
    rows.show()
    typer.echo(_fate(verdict))
    if verdict.asked.by is not None and verdict.by:
        typer.echo()
        rows = table(
            str(verdict.asked.by.name), "rows", "errors doing nothing", f"errors, {verdict.lean}"
        )
        for level in verdict.by[:SHOWN]:
            rows.add_row(
                level.level, f"{level.rows:,}", f"{level.nothing:.1%}", f"{level.choice:.1%}"
            )
        rows.show()
    for note in verdict.notes:
        typer.echo(f"note: {note}")
    typer.echo()
    typer.echo(verdict.code)


def _fate(verdict: "Verdict") -> str:
    """Sum up in one line who is not in the table."""
    left = [s.status for s in verdict.table if s.status]
    dropped = sum(s.startswith("dropped") for s in left)
    no_time = sum(s.startswith("no time") for s in left)
    failed = sum(s.startswith("failed") for s in left)
    said = [
        f"{n} {word}"
        for n, word in (
            (dropped, "dropped from the race"),
            (no_time, "had no time"),
            (failed, "failed"),
        )
        if n
    ]
    times = (
        f"five folds, drawn {verdict.partitions} time{'s'[: verdict.partitions > 1]}"
        if verdict.partitions
        else "one partition, unfinished"
    )
    fates = ", ".join([*said, "the rest took part to the end"])
    return f"{len(verdict.table)} candidates: {fates}; {times}, {verdict.seconds:.0f} s"
