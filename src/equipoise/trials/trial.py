"""One trial: a split, one fit of the method, then every plan, decision and classifier.

Everything is fitted on training rows; the test part is only ever predicted and scored. The tutorial's protocol, which
breaks this on purpose, lies in a file of its own.
"""

import time
import warnings

from equipoise.datasets import catalogue
from equipoise.datasets.dataset import Dataset
from equipoise.datasets.scarce import base_and_share, named, scarce_split
from equipoise.datasets.splits import scored_classes
from equipoise.errors import DataError, EquipoiseWarning
from equipoise.registry import method
from equipoise.results.records import TrialRecord
from equipoise.tables.labels import Labels
from equipoise.tables.schema import Schema
from equipoise.trials.decisions import TrialRun
from equipoise.trials.experiment import TableFile, Trial
from equipoise.trials.protocols import TUTORIAL
from equipoise.trials.quality import Scored, score_rows
from equipoise.trials.steps import Sample, Setting
from equipoise.trials.tutorial import tutorial_run


def load_table(name: str, file: TableFile | None, data_dir: str) -> Dataset:
    """Give a table of the catalogue, whole or thinned (``hmeq@0.1``), or a file of one's own."""
    if file is None:
        base, _ = base_and_share(name)
        return named(catalogue.load(base, data_dir or None), name)
    return catalogue.from_file(
        file.path,
        file.target,
        missing=file.missing,
        categorical=file.categorical,
        numeric=file.numeric,
        drop=file.drop,
        name=name,
    )


_kept: dict[str, Dataset] = {}  # the last table that this worker has read, by its content


def _table_of(trial: Trial) -> Dataset:
    """Give the table of a trial; a worker that runs one trial after another reads it once.

    Raises
    ------
    DataError
        It is not the table that the trial was made for.
    """
    if trial.content_hash not in _kept:
        dataset = load_table(trial.dataset, trial.file, trial.data_dir)
        if dataset.content_hash != trial.content_hash:
            raise DataError(
                f"the table {trial.dataset!r} has changed since the run was begun; "
                "start a new run folder"
            )
        _kept.clear()
        _kept[trial.content_hash] = dataset
    return _kept[trial.content_hash]


def fair_run(trial: Trial, dataset: Dataset) -> TrialRun:
    """Give the cells of a fair trial: whatever is learnt is learnt on the training part."""
    labels = Labels.infer(dataset.y)
    y = labels.code(dataset.y)
    part = scarce_split(trial.dataset, y, trial.repeat)
    table = Sample(dataset.X, y)
    setting = Setting(
        trial,
        method(trial.registered),
        dict(dataset.kinds),
        Schema.infer(table.take(part.train).X, dataset.kinds, warn=False),
        labels.texts,
        scored_classes(y),
        dataset.target,
    )
    return TrialRun(setting, table, part)


def run_trial(trial: Trial) -> TrialRecord:
    """Run one trial and give all that it leaves.

    Raises
    ------
    DataError
        The table is not the one that the trial was made for, or the method did not make what was asked.
    """
    started = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", EquipoiseWarning)
        dataset = _table_of(trial)
        cells = (tutorial_run if trial.protocol == TUTORIAL else fair_run)(trial, dataset)
        outcome = cells.run()
        scored = Scored()
        if trial.quality:
            scored = score_rows(cells.setting, cells.fitted, cells.train, cells.test)
    noted = [str(w.message) for w in caught if issubclass(w.category, EquipoiseWarning)]
    return TrialRecord(
        trial_id=trial.trial_id,
        dataset=trial.dataset,
        repeat=trial.repeat,
        method=trial.method,
        status="done",
        fit_seconds=outcome.fit_seconds,
        sample_seconds=outcome.sample_seconds,
        total_seconds=time.perf_counter() - started,
        code_version=trial.code_version,
        keeps_rows=outcome.keeps_rows,
        deliveries=tuple(outcome.deliveries),
        observations=tuple(outcome.observations),
        predictions=tuple(outcome.predictions),
        quality=(*outcome.quality, *scored.records),
        history=outcome.history,
        notes=tuple(dict.fromkeys([*outcome.notes, *noted, *scored.notes])),
    )
