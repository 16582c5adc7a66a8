"""One trial: a split, one fit of the method, then every plan, decision and classifier.

Everything is fitted on training rows; the test part is only ever predicted and scored.
"""

import time
import warnings
from functools import lru_cache

from equipoise.datasets import catalogue
from equipoise.datasets.splits import scored_classes, split
from equipoise.errors import DataError, EquipoiseWarning
from equipoise.registry import method
from equipoise.results.records import TrialRecord
from equipoise.tables.labels import Labels
from equipoise.tables.schema import Schema
from equipoise.trials.decisions import run_cells
from equipoise.trials.experiment import TableFile, Trial
from equipoise.trials.steps import Sample, Setting


@lru_cache(maxsize=2)
def load_table(name: str, file: TableFile | None, data_dir: str) -> catalogue.Dataset:
    """Give a table of the catalogue or a file of one's own; a worker reads each once."""
    if file is None:
        return catalogue.load(name, data_dir or None)
    return catalogue.from_file(
        file.path,
        file.target,
        missing=file.missing,
        categorical=file.categorical,
        numeric=file.numeric,
        drop=file.drop,
        name=name,
    )


def run_trial(trial: Trial) -> TrialRecord:
    """Run one trial and give all that it leaves.

    Raises
    ------
    DataError
        The table is not the one that the trial was made for.
    """
    started = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", EquipoiseWarning)
        dataset = load_table(trial.dataset, trial.file, trial.data_dir)
        if dataset.content_hash != trial.content_hash:
            raise DataError(
                f"the table {trial.dataset!r} has changed since the run was begun; "
                "start a new run folder"
            )
        labels = Labels.infer(dataset.y)
        y = labels.code(dataset.y)
        part = split(trial.dataset, y, trial.repeat)
        everything = Sample(dataset.X, y)
        train, test = everything.take(part.train), everything.take(part.test)
        setting = Setting(
            trial,
            method(trial.method),
            dict(dataset.kinds),
            Schema.infer(train.X, dataset.kinds, warn=False),
            labels.texts,
            scored_classes(y),
        )
        outcome = run_cells(setting, train, test, part.test)
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
        history=outcome.history,
        notes=tuple(dict.fromkeys([*outcome.notes, *noted])),
    )
