"""From an experiment to a run folder: tables in, trials planned, run, stored."""

import hashlib
import platform
import warnings
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import pandas as pd

from equipoise.datasets.catalogue import Dataset
from equipoise.datasets.splits import scored_classes
from equipoise.errors import DataError, EquipoiseWarning, OptionError
from equipoise.registry import Method, check_parameters, method, missing_extra
from equipoise.results.records import DatasetRecord, RunInfo, TrialRecord
from equipoise.results.store import Store
from equipoise.samplers.strategies import parse_plan
from equipoise.tables.labels import Labels
from equipoise.tables.schema import Schema
from equipoise.trials.earlier import joined
from equipoise.trials.experiment import Experiment, TableFile, Trial, cells_of
from equipoise.trials.experiment_files import load_experiment
from equipoise.trials.progress import Progress
from equipoise.trials.runner import Summary, check_call, run_trials
from equipoise.trials.trial import load_table, run_trial

PROTOCOL_VERSION = (
    1  # raised when the protocol's numbers change: stored trials of an older one run again
)
PACKAGES = (
    "equipoise", "numpy", "scipy", "pandas", "scikit-learn", "imbalanced-learn", "xgboost",
    "xgboost-cpu", "torch",
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """A run folder and what the last call did there.

    Attributes
    ----------
    folder : Path
    summary : Summary
        Counts of trials done, failed, skipped and left.
    """

    folder: Path
    summary: Summary

    def observations(self) -> pd.DataFrame:
        """Give the tidy frame of scores, one row a score."""
        with Store.open(self.folder) as store:
            return store.observations()

    def quality(self) -> pd.DataFrame:
        """Give the scores of synthetic rows and of their references, raw; see `equipoise.analysis.quality`."""
        with Store.open(self.folder) as store:
            return store.quality()

    def trials(self) -> pd.DataFrame:
        """Give one row per trial: status, reason, seconds, memory."""
        with Store.open(self.folder) as store:
            return store.trials()


def bench(
    experiment: str | Experiment = "demo",
    *,
    run: str | Path | None = None,
    jobs: int = 1,
    data_dir: str | Path | None = None,
    time_limit: float | None = None,
    memory_limit_mb: int | None = None,
    dask: str | None = None,
    retry_failed: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Run an experiment; again on the same folder, only what is missing runs.

    Parameters
    ----------
    experiment : str or Experiment, default="demo"
        A name, a TOML file, or an experiment.
    run : path, optional
        Run folder, by default ``runs/<name>``.
    jobs : int, default=1
        Worker processes, each with one numeric thread.
    data_dir : path, optional
        Folder with ``<name>.csv`` files to look in first.
    time_limit : float, optional
        Seconds per trial; a trial that takes longer is ended and recorded.
    memory_limit_mb : int, optional
        Megabytes per worker.
    dask : str, optional
        Address of a Dask scheduler to run on, in place of local workers.
    retry_failed : bool, default=False
        Run failed and timed-out trials again.
    progress : Progress, optional
        Told of every finished trial; see `equipoise.trials.progress`.

    Returns
    -------
    Run

    Raises
    ------
    DataError
        No table can be had, or one of one's own is not fit for a trial.
    StoreError
        The run folder belongs to another run, holds a method with other settings, or cannot be written.
    """
    if isinstance(experiment, str):
        experiment = load_experiment(experiment)
    folder = Path(run) if run is not None else Path("runs") / experiment.name
    tables, absent = _tables(experiment, str(data_dir or ""))
    trials = plan(experiment, tables, str(data_dir or ""))
    limits: dict[str, Any] = {"jobs": jobs, "dask": dask}
    limits |= {"time_limit": time_limit, "memory_limit_mb": memory_limit_mb}
    check_call(**limits)
    with Store.create(folder, _info(experiment)) as store:
        ready = _prepare(store, experiment, tables, absent, trials)
        summary = run_trials(
            ready, run_trial, store, **limits, retry_failed=retry_failed, progress=progress
        )
    return Run(folder, summary)


def _prepare(
    store: Store,
    experiment: Experiment,
    tables: dict[str, Dataset],
    absent: dict[str, str],
    trials: list[Trial],
) -> list[Trial]:
    """Write what is known before any trial, and give the trials that can run.

    A trial that was done before stays, even where its table or its packages cannot be had this time; so do its cells.
    """
    trials = joined(trials, store.settings_done())
    for record in map(describe, tables.values()):
        for sentence in record.warnings:
            warnings.warn(sentence, EquipoiseWarning, stacklevel=4)
        store.write_dataset(record)
    known = store.trials()
    known = known[known["status"] == "done"]
    done = set(zip(known["dataset"], known["repeat"], known["method"], strict=True))
    asked = [*trials, *_unplaced(experiment, absent)]
    reasons = {
        t: absent.get(t.dataset) or _obstacle(method(t.registered), tables[t.dataset])
        for t in asked
    }
    kept = {t for t in asked if reasons[t] and (t.dataset, t.repeat, t.method) in done}
    store.plan_trials([trial for trial in asked if trial not in kept])
    for trial in asked:
        if reasons[trial] and trial not in kept:
            store.write_trial(_skip(trial, reasons[trial]))
    return [trial for trial in trials if not reasons[trial]]


def _obstacle(entry: Method, table: Dataset) -> str:
    """Say why a method is not tried on a table; empty if it is."""
    if entry.max_rows and len(table.y) > entry.max_rows:
        return (
            f"{entry.name} is tried on tables of {entry.max_rows:,} rows at most, "
            f"{table.name} has {len(table.y):,}"
        )
    return missing_extra(entry)


def _skip(trial: Trial, reason: str) -> TrialRecord:
    return TrialRecord(
        trial.trial_id,
        trial.dataset,
        trial.repeat,
        trial.method,
        "skipped",
        reason,
        code_version=trial.code_version,
    )


def plan(experiment: Experiment, tables: dict[str, Dataset], data_dir: str = "") -> list[Trial]:
    """Give the flat list of trials: repeat by repeat, so that an early stop leaves whole folds.

    Raises
    ------
    OptionError
        A plan names a class that a table does not have, or a method has no plan that it can take.
    """
    for text in dict.fromkeys(text for cells in experiment.cells for text in cells.plans):
        for dataset in tables.values():
            parse_plan(text).new_rows(dataset.y.astype(str))
    for word, given in experiment.parameters:
        check_parameters(experiment.entry(word), dict(given))
    laws = [name for name in experiment.datasets if name.startswith("law:")]
    for word in experiment.methods:
        entry = experiment.entry(word)
        if entry.needs_law and not laws:
            raise OptionError(
                f"{word} draws from a known law, and no table of this experiment has one; "
                "leave it out, or add a dataset such as law:two-gaussians"
            )
        if not cells_of(experiment, word):
            raise OptionError(
                f"there is nothing to run for {word}: it takes the plan "
                f"{' or '.join(entry.plans) or 'balance or grow'} only; ask for that, or leave {word} out"
            )
    files = {file.name: file for file in experiment.files}
    return [
        _trial(experiment, name, repeat, word, tables[name].content_hash, data_dir, files.get(name))
        for repeat in range(experiment.repeats)
        for name in tables
        for word in _methods_for(experiment, name)
    ]


def _methods_for(experiment: Experiment, dataset: str) -> list[str]:
    """Give the methods that have work on a table; on a known law the oracle runs beside them."""
    is_law = dataset in experiment.datasets and dataset.startswith("law:")
    words = [word for word in experiment.methods if is_law or not experiment.entry(word).needs_law]
    if is_law and experiment.controls and "oracle" not in words:
        words.append("oracle")
    return [word for word in words if cells_of(experiment, word)]


def _trial(
    experiment: Experiment,
    dataset: str,
    repeat: int,
    word: str,
    content_hash: str,
    data_dir: str = "",
    file: TableFile | None = None,
) -> Trial:
    variant = experiment.variant(word)
    return Trial(
        dataset=dataset,
        repeat=repeat,
        method=word,
        cells=cells_of(experiment, word),
        content_hash=content_hash,
        code_version=f"{PROTOCOL_VERSION}.{experiment.entry(word).code_version}",
        seed=experiment.seed,
        parameters=dict(experiment.parameters).get(word, ()),
        data_dir=data_dir,
        file=file,
        quality=experiment.quality,
        protocol=experiment.protocol,
        variant_of=variant.method if variant else "",
        minority_share=variant.minority_share if variant else 1.0,
    )


def _tables(experiment: Experiment, data_dir: str) -> tuple[dict[str, Dataset], dict[str, str]]:
    """Load every table; one of the catalogue that cannot be had is left out with the reason."""
    tables, absent = {}, {}
    for name in experiment.datasets:
        try:
            tables[name] = load_table(name, None, data_dir)
        except DataError as error:
            absent[name] = str(error)
    for file in experiment.files:
        tables[file.name] = load_table(file.name, file, data_dir)
    if not tables:
        raise DataError(
            "none of the tables can be had: " + "; ".join(dict.fromkeys(absent.values()))
        )
    return tables, absent


def _unplaced(experiment: Experiment, absent: dict[str, str]) -> list[Trial]:
    """Give the trials of tables that cannot be had."""
    return [
        _trial(experiment, name, repeat, word, "")
        for name in absent
        for repeat in range(experiment.repeats)
        for word in experiment.methods
    ]


def describe(dataset: Dataset) -> DatasetRecord:
    """Give a table as results know it."""
    labels = Labels.infer(dataset.y)
    y = labels.code(dataset.y)
    scored = scored_classes(y)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        schema = Schema.infer(dataset.X, dataset.kinds)
    return DatasetRecord(
        name=dataset.name,
        n_rows=len(y),
        kinds={str(column.name): column.kind for column in schema.columns},
        class_counts={text: int((y == k).sum()) for k, text in enumerate(labels.texts)},
        unscored=tuple(
            text for text, enough in zip(labels.texts, scored, strict=True) if not enough
        ),
        content_hash=dataset.content_hash,
        warnings=(*dataset.warnings, *(str(warning.message) for warning in caught)),
    )


def _info(experiment: Experiment) -> RunInfo:
    return RunInfo(
        experiment=experiment.name,
        seed=experiment.seed,
        options=experiment.as_dict(),
        versions=_versions(),
        machine={"system": platform.system(), "machine": platform.machine()},
    )


def _versions() -> dict[str, str]:
    rules = (resources.files("equipoise") / "analysis" / "claims.toml").read_bytes()
    found = {"python": platform.python_version()}
    found["claims"] = hashlib.sha256(rules).hexdigest()[:16]  # which rules stood when this was run
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
