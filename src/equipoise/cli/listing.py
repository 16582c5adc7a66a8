"""What there is: `equipoise datasets`, `equipoise methods`, and `equipoise check`."""

from pathlib import Path
from typing import Annotated

import typer


def datasets(
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder with NAME.csv files to look in first.")
    ] = None,
) -> None:
    """List the tables of the catalogue: rows, classes, ratio, origin, licence, and whether they are here.

    Example: `equipoise datasets --data-dir tables`
    """
    from equipoise.cli.tables import table
    from equipoise.datasets import catalogue

    rows = table("name", "rows", "columns", "target", "classes", "ratio", "licence", "here")
    for entry in catalogue.describe(data_dir):
        rows.add_row(
            entry.name,
            f"{entry.rows:,}",
            str(entry.columns),
            entry.target,
            str(len(entry.classes)),
            f"{entry.ratio:.1f}",
            entry.licence,
            entry.here,
        )
    rows.show()


def methods() -> None:
    """List the methods, those of installed packages too: family, source, how each conditions, and what it needs.

    Example: `equipoise methods`
    """
    from equipoise.cli.tables import table
    from equipoise.registry import METHODS, installed, load_class, missing_extra

    rows = table("name", "family", "source", "conditions by", "keeps rows", "needs")
    for entry in (*METHODS.values(), *installed(_note)):
        reason = missing_extra(entry)
        cls = None if reason or not entry.target else load_class(entry.target)
        keeps = getattr(cls, "keeps_rows", None)
        rows.add_row(
            entry.name,
            entry.family,
            entry.source,
            getattr(cls, "how_it_conditions", "-"),
            _kept(keeps),
            reason or ("a table of a known law" if entry.needs_law else "nothing more"),
        )
    rows.show()


def _kept(keeps: object) -> str:
    """Say whether a saved model keeps training rows; a property decides it for each one."""
    if isinstance(keeps, property):
        return "depends"
    return "-" if keeps is None else ("yes" if keeps else "no")


def _note(sentence: str) -> None:
    typer.echo(f"note: {sentence}", err=True)


def check(
    target: Annotated[
        str,
        typer.Argument(help="Your synthesizer as MODULE:CLASS, or the name of an installed one."),
    ],
) -> int:
    """Run the conformance suite on a synthesizer of your own.

    Example: `equipoise check my_package.my_module:MySynthesizer`
    """
    from equipoise.checks.synthesizers import run_checks
    from equipoise.registry import load_class, method

    cls = load_class(target if ":" in target else method(target).target)
    failed = 0
    for result in run_checks(cls):
        failed += not result.passed
        mark = "ok    " if result.passed else "FAILED"
        typer.echo(f"{mark} {result.name} ({result.seconds:.1f} s)")
        if not result.passed:
            typer.echo(f"       {result.message}")
    typer.echo(f"{failed} failed" if failed else "all checks passed")
    return 1 if failed else 0
