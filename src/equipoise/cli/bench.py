"""`equipoise bench`: runs an experiment and ends with a table and a page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from equipoise.cli.reading import Categorical, Drop, Missing, Numeric
from equipoise.cli.settings import settings_of_methods
from equipoise.errors import OptionError

if TYPE_CHECKING:
    from equipoise.trials.experiment import Experiment


Name = Annotated[
    str | None,
    typer.Argument(
        help="demo, article, tutorial, scarce, or a TOML file of your own. Default: demo."
    ),
]
Data = Annotated[
    list[Path] | None, typer.Option(help="A table of your own, CSV or Parquet; needs --target.")
]
Target = Annotated[str | None, typer.Option(help="Its column with the classes.")]
Methods = Annotated[
    str | None, typer.Option(help="Methods, separated by commas; identity is always among them.")
]
Plans = Annotated[
    str | None, typer.Option(help="Plans: balance, balance:RATIO, grow:RATE, add:CLASS=N.")
]
Decisions = Annotated[
    str | None,
    typer.Option(
        help="Decisions: plain, balanced, ladder, threshold, tuned, best-simple, corrected."
    ),
]
Classifiers = Annotated[
    str | None,
    typer.Option(
        help="xgboost, xgboost-regularised, xgboost-bagging, xgboost-balanced-bagging, "
        "xgboost-easy-ensemble, xgboost-tuned, random-forest or MODULE:CLASS, which may end in "
        "+bagging, +balanced-bagging or +easy-ensemble."
    ),
]
Datasets = Annotated[str | None, typer.Option(help="Only these tables of the experiment.")]
Repeats = Annotated[int | None, typer.Option(help="Repeats; five test every row once.")]
Seed = Annotated[int | None, typer.Option(help="Root of all random numbers but the splits.")]
Quality = Annotated[
    bool | None,
    typer.Option(
        "--quality/--no-quality",
        help="Also score the rows that methods make. Default: the experiment's own choice.",
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="METHOD.NAME=VALUE",
        help="A parameter of a method, such as cart.min_leaf=10; may be repeated.",
    ),
]
Jobs = Annotated[int, typer.Option(help="Worker processes, one thread each.", min=1)]
TimeLimit = Annotated[float | None, typer.Option(help="Seconds per trial.", min=0.001)]
MemoryLimit = Annotated[int | None, typer.Option(help="Megabytes per worker.", min=1)]
DataDir = Annotated[Path | None, typer.Option(help="Folder with NAME.csv files to look in first.")]
Run = Annotated[Path | None, typer.Option(help="Run folder. Default: runs/NAME.")]
Dask = Annotated[str | None, typer.Option(help="Address of a Dask scheduler to run on.")]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Run failed trials again.")]


def bench(
    name: Name = None,
    data: Data = None,
    target: Target = None,
    missing: Missing = None,
    categorical: Categorical = None,
    numeric: Numeric = None,
    drop: Drop = None,
    methods: Methods = None,
    plans: Plans = None,
    decisions: Decisions = None,
    classifiers: Classifiers = None,
    datasets: Datasets = None,
    repeats: Repeats = None,
    seed: Seed = None,
    quality: Quality = None,
    parameters: Set = None,
    jobs: Jobs = 1,
    time_limit: TimeLimit = None,
    memory_limit: MemoryLimit = None,
    data_dir: DataDir = None,
    run: Run = None,
    dask: Dask = None,
    retry_failed: RetryFailed = False,
) -> int:
    """Run the fair trial, resume it where it stopped, and write its page.

    Examples: `equipoise bench demo --jobs 2` and `equipoise bench --data loans.csv --target BAD`
    """
    from equipoise.trials.bench import bench as run_bench
    from equipoise.trials.experiment_files import with_parameters
    from equipoise.trials.progress import stderr_progress

    experiment = _experiment(name, _files(data, target, missing, categorical, numeric, drop))
    experiment = _narrowed(experiment, methods, plans, decisions, classifiers, datasets)
    experiment = _replaced(experiment, repeats=repeats, seed=seed, quality=quality)
    experiment = with_parameters(experiment, settings_of_methods(parameters))
    finished = run_bench(
        experiment,
        run=run,
        jobs=jobs,
        data_dir=data_dir,
        time_limit=time_limit,
        memory_limit_mb=memory_limit,
        dask=dask,
        retry_failed=retry_failed,
        progress=stderr_progress(),
    )
    from equipoise.cli.results import conclude

    return conclude(finished.folder)


def _files(
    data: list[Path] | None,
    target: str | None,
    missing: list[str] | None,
    categorical: list[str] | None,
    numeric: list[str] | None,
    drop: list[str] | None,
) -> list:
    from equipoise.trials.experiment import TableFile

    if not data:
        for option, value in (
            ("--target", target), ("--missing", missing), ("--categorical", categorical),
            ("--numeric", numeric), ("--drop", drop),
        ):  # fmt: skip
            if value:
                raise OptionError(
                    f"{option} speaks of a table of your own; name it with --data FILE"
                )
        return []
    if target is None:
        raise OptionError(
            "--data needs --target COLUMN: which column of the table holds the classes?"
        )
    return [
        TableFile(
            str(path.resolve()),
            target,
            tuple(missing or ()),
            tuple(categorical or ()),
            tuple(numeric or ()),
            tuple(drop or ()),
        )
        for path in data
    ]


def _experiment(name: str | None, files: list) -> "Experiment":
    from equipoise.trials.experiment_files import load_experiment, own_tables

    if not files:
        return load_experiment(name or "demo")
    if name is None:
        return own_tables(files)
    return _replaced(load_experiment(name), files=tuple(files))


def _narrowed(
    experiment: "Experiment",
    methods: str | None,
    plans: str | None,
    decisions: str | None,
    classifiers: str | None,
    datasets: str | None,
) -> "Experiment":
    """Replace what the call names; plans and decisions hold for all methods then."""
    from equipoise.trials.experiment import Cells
    from equipoise.trials.experiment_files import words

    changes: dict = {}
    if methods is not None:
        asked_methods = words(_split(methods, "--methods"), "--methods")
        changes["methods"] = tuple(dict.fromkeys(("identity", *asked_methods)))
    if classifiers is not None:
        changes["classifiers"] = words(_split(classifiers, "--classifiers"), "--classifiers")
    if datasets is not None:
        wanted = words(_split(datasets, "--datasets"), "--datasets")
        for word in wanted:
            if experiment.datasets and word not in experiment.datasets:
                raise OptionError(
                    f"--datasets names {word!r}, which {experiment.name} does not have; "
                    f"it has {', '.join(experiment.datasets)}"
                )
        changes["datasets"] = wanted
    if plans is not None or decisions is not None:
        asked_plans = words(_split(plans, "--plans"), "--plans") if plans is not None else None
        asked = (
            words(_split(decisions, "--decisions"), "--decisions")
            if decisions is not None
            else None
        )
        changes["cells"] = tuple(
            Cells(asked_plans or cells.plans, asked or cells.decisions, cells.methods)
            for cells in experiment.cells
        )
    return _replaced(experiment, **changes)


def _replaced(experiment: "Experiment", **changes: Any) -> "Experiment":
    import dataclasses

    given = {key: value for key, value in changes.items() if value is not None}
    if given and not set(given) <= {"seed", "quality"}:
        given["title"] = ""  # which speaks of the whole experiment
    return dataclasses.replace(experiment, **given) if given else experiment


def _split(text: str, option: str) -> list[str]:
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise OptionError(f"{option} takes words separated by commas, got {text!r}")
    return parts
