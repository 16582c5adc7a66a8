"""What a run has found: `equipoise status`, `equipoise report` and `equipoise export`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from equipoise.errors import OptionError

RunFolder = Annotated[Path, typer.Argument(help="A run folder, or its results file.")]


def status(run: RunFolder) -> int:
    """Say what is done, failed and left, what was slowest, and why trials failed.

    Example: `equipoise status runs/demo`
    """
    from equipoise.cli.tables import table
    from equipoise.results.store import Store

    with Store.open(run) as store:
        asked, trials = store.asked(), store.trials()
    counts = trials["status"].value_counts()
    left = len(asked) - len(trials)
    typer.echo(
        f"{len(asked)} trials asked: {counts.get('done', 0)} done, {counts.get('failed', 0)} failed, "
        f"{counts.get('timeout', 0)} timed out, {counts.get('skipped', 0)} skipped, {left} left"
    )
    slowest = trials.nlargest(5, "total_seconds")
    if len(slowest) and slowest["total_seconds"].max() > 0:
        typer.echo("\nslowest")
        rows = table("dataset", "repeat", "method", "seconds", "peak MB")
        for trial in slowest.itertuples():
            rows.add_row(
                trial.dataset, str(trial.repeat), trial.method,
                f"{trial.total_seconds:.1f}", f"{trial.peak_mb:.0f}",
            )  # fmt: skip
        rows.show()
    wrong = trials[trials["status"] != "done"]
    if len(wrong):
        typer.echo("\nnot done, and why")
        rows = table("dataset", "repeat", "method", "status", "reason")
        for trial in wrong.itertuples():
            rows.add_row(trial.dataset, str(trial.repeat), trial.method, trial.status, trial.reason)
        rows.show()
    return 1 if counts.get("failed", 0) + counts.get("timeout", 0) else 0


def report(
    run: RunFolder,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The page. Default: in the run folder.")
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(help="Also write every figure there as PNG and SVG, all numbers as CSV."),
    ] = None,
) -> int:
    """Make the page of a run again, from its results alone.

    Example: `equipoise report runs/demo -o demo.html --figures figures`
    """
    from equipoise.report.figures import write_figures
    from equipoise.report.page import write_page
    from equipoise.tables.draft import check_place, make_folder

    place = output or (run if run.is_dir() else run.parent) / "report.html"
    check_place(place)
    summary = summary_of(run)
    if figures is not None:
        make_folder(figures)
    page = write_page(summary, place)
    typer.echo(f"page: {page}")
    if figures is not None:
        written = write_figures(summary, figures)
        typer.echo(f"figures: {len(written)} files in {figures}")
    return 0


def export(
    run: RunFolder,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", help="A .csv or .parquet file of observations, or .sqlite.gz."
        ),
    ],
) -> int:
    """Write the tidy table of observations, or a small copy of all results.

    Whatever ends in .sqlite.gz is a results file again, a tenth as large, for equipoise report and status.

    Example: `equipoise export runs/demo -o observations.parquet`
    """
    from equipoise.results.compact import ENDING, write_compact
    from equipoise.results.files import RESULTS_NAME
    from equipoise.results.store import Store
    from equipoise.tables.io import write_table

    if output.name.endswith(ENDING):
        source = run / RESULTS_NAME if run.is_dir() else run
        size = write_compact(source, output)
        typer.echo(f"all results in {output}: {size / 1e6:.1f} MB")
        return 0
    if output.suffix not in (".csv", ".parquet") and not output.name.endswith(".csv.gz"):
        raise OptionError(
            f"the file must end in .csv, .csv.gz, .parquet or .sqlite.gz, got {output.name!r}"
        )
    with Store.open(run) as store:
        observations = store.observations()
    write_table(observations, output)
    typer.echo(f"{len(observations):,} observations in {output}")
    return 0


def summary_of(run: Path) -> dict[str, Any]:
    """Give all that the page says of a run, from its results alone."""
    from equipoise.analysis.frames import Results
    from equipoise.report.summary import summarize
    from equipoise.results.store import Store

    with Store.open(run) as store:
        return summarize(Results.read(store))


def conclude(folder: Path) -> int:
    """End a run: the table in the terminal, the page, and the exit status."""
    from equipoise.report.page import write_page
    from equipoise.report.terminal import show
    from equipoise.results.store import Store

    summary = summary_of(folder)
    # The page comes first: a pipe may close while the table is shown.
    page = write_page(summary, folder / "report.html")
    show(summary)
    typer.echo(f"page: {page}")
    with Store.open(folder) as store:
        statuses = store.trials()["status"]
    wrong = int(statuses.isin(["failed", "timeout"]).sum())
    if wrong:
        typer.echo(
            f"{wrong} trials failed: equipoise status {folder} says why, and the same command with "
            "--retry-failed runs them again"
        )
    return 1 if wrong else 0
