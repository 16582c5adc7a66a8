"""`equipoise quality`: scores of a synthetic table, whoever made it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from equipoise.cli.reading import Categorical, Drop, Missing, Numeric
from equipoise.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd

    from equipoise.fidelity.quality import Quality
    from equipoise.tables.schema import Kind

Real = Annotated[
    Path, typer.Argument(help="The rows that the synthesizer was fitted on, CSV or Parquet.")
]
Synthetic = Annotated[Path, typer.Argument(help="The synthetic rows, of any tool.")]
Target = Annotated[str, typer.Option(help="The column with the classes.")]
Holdout = Annotated[
    Path | None,
    typer.Option(help="Real rows that the synthesizer has not seen. Default: a quarter of REAL."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", help="Also write a page there, an .html file.")
]
Seed = Annotated[int, typer.Option(help="Of all random numbers.", min=0)]


def quality(
    real: Real,
    synthetic: Synthetic,
    target: Target,
    holdout: Holdout = None,
    as_json: AsJson = False,
    output: Output = None,
    missing: Missing = None,
    categorical: Categorical = None,
    numeric: Numeric = None,
    drop: Drop = None,
    seed: Seed = 0,
) -> int:
    """Score synthetic rows against real ones, between a floor and a ceiling, and say whether they are copies.

    Example: `equipoise quality train.csv synthetic.csv --target income --holdout test.csv -o quality.html`
    """
    from equipoise.fidelity.quality import quality as measure

    _check_output(output, [real, synthetic, *([holdout] if holdout else [])])
    options = {"categorical": categorical or [], "numeric": numeric or [], "drop": drop or []}
    if target in options["drop"]:
        raise OptionError(f"the column {target!r} is both the target and dropped; keep it")
    frames = [
        _read(path, missing or [], options, strict=path == real)
        for path in (real, synthetic, *([holdout] if holdout else []))
    ]
    if sys.stderr.isatty():
        print(f"scoring {len(frames[1]):,} synthetic rows", file=sys.stderr)
    found = measure(
        frames[0],
        frames[1],
        target,
        holdout=frames[2] if holdout else None,
        kinds=_kinds(frames[0], target, options),
        names=(str(real), str(holdout or real), str(synthetic)),
        random_state=seed,
    )
    if as_json:
        typer.echo(found.to_json())
    else:
        _show(found)
    if output is not None:
        from equipoise.report.quality_page import write_quality_page

        page = write_quality_page(found, output, f"Quality of {synthetic.name}")
        typer.echo(f"page: {page}", err=as_json)
    return 0


def _check_output(output: Path | None, inputs: list[Path]) -> None:
    if output is None:
        return
    if output.suffix.lower() not in (".html", ".htm"):
        raise OptionError(f"the page must end in .html, got {output.name!r}")
    if output.is_dir():
        raise OptionError(f"{output} is a folder; name a file in it")
    if not output.parent.is_dir():
        raise OptionError(f"there is no folder {output.parent} to write the page to; make it first")
    if any(path.exists() and output.exists() and path.samefile(output) for path in inputs):
        raise OptionError(f"{output} is one of the tables; name another file for the page")


def _read(
    path: Path, missing: list[str], options: dict[str, list[str]], strict: bool
) -> "pd.DataFrame":
    """Read a table. Only the real one must have every column that an option names."""
    from equipoise.tables.io import column_names, read_table

    if not strict and any(options.values()):
        there = set(column_names(path))
        options = {option: [n for n in names if n in there] for option, names in options.items()}
    return read_table(
        path,
        missing=missing,
        categorical=options["categorical"],
        numeric=options["numeric"],
        drop=options["drop"],
    )


def _kinds(frame: "pd.DataFrame", target: str, options: dict[str, list[str]]) -> "dict[str, Kind]":
    kinds: dict[str, Kind] = dict.fromkeys(options["categorical"], "categorical")
    for name in options["numeric"]:
        if name in frame and not frame[name].isna().all():
            kinds[name] = "numeric"
    kinds.pop(target, None)
    return kinds


def _show(found: "Quality") -> None:
    from equipoise.cli.tables import table
    from equipoise.fidelity.quality import calibrated_text

    rows = table("score", "value", "floor", "real rows", "calibrated [95 %]")
    for score in found.scores:
        if not score.label:
            rows.add_row(
                score.title, f"{score.value:.3f}", f"{score.floor:.3f}", f"{score.ceiling:.3f}",
                calibrated_text(score) + (" above real rows" if score.beyond else ""),
            )  # fmt: skip
    rows.show()
    typer.echo()
    rows = table("against training rows", "value", "fresh rows", "memoriser")
    for score in found.privacy:
        if not score.label:
            rows.add_row(
                score.title, f"{score.value:.3f}", f"{score.ceiling:.3f}", f"{score.copy:.3f}"
            )
    rows.show()
    typer.echo()
    for sentence in found.sentences.values():
        typer.echo(sentence)
    for sentence in (*found.notes, *found.too_few, *found.coerced):
        typer.echo(f"note: {sentence}")
