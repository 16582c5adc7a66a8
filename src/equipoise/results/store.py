"""One results file per run folder: written by one driver, read by anyone, opened nowhere else.

A finished trial is one transaction, so that whoever is killed leaves whole trials or nothing. A file may come from a
stranger: its tables must be exactly ours, its arrays must fit their shapes, and nothing in it is ever executed.
"""

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from equipoise.errors import OptionError, StoreError
from equipoise.results import compact, files, readers, writers
from equipoise.results.files import RESULTS_NAME, in_words
from equipoise.results.lock import RunLock
from equipoise.results.records import (
    AskedTrial,
    DatasetRecord,
    RunInfo,
    TrialRecord,
    fault,
)

_Answer = TypeVar("_Answer")


class Store:
    """The results of one run.

    Open one with `create` (to write, under the folder's lock) or `open` (to read); use it as a context manager.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        lock: RunLock | None = None,
        copy: Path | None = None,
    ) -> None:
        self.path = path
        self._connection = connection
        self._lock = lock
        self._copy = copy
        self._series: dict[tuple[str, ...], int] = {}

    @classmethod
    def create(cls, folder: str | os.PathLike[str], info: RunInfo) -> "Store":
        """Open a run folder for writing, making it if need be.

        Parameters
        ----------
        folder : path
            Holds `results.sqlite` and the lock.
        info : RunInfo
            What is asked; the seed must be that of what is there.

        Raises
        ------
        StoreError
            If another driver holds the folder, if it or its file belongs to another program, is damaged, newer or
            cannot be written, or if its seed is another one.
        """
        place = Path(folder)
        path = place / RESULTS_NAME
        with in_words(path):
            files.check_folder(place)
            if path.exists():
                files.peek(path)
            place.mkdir(parents=True, exist_ok=True)
            lock = RunLock(place)
            try:
                connection = files.connect_to_write(path, info)
            except BaseException:
                lock.release()
                raise
        return cls(path, connection, lock)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> "Store":
        """Open a run folder or a results file for reading, as it is at this moment.

        It may lie in a read-only folder, and a driver may be writing to it. A compact copy (``.sqlite.gz``) is
        unpacked elsewhere first.

        Raises
        ------
        StoreError
            If there is none, or if it belongs to another program, is damaged or newer.
        """
        place = Path(path)
        file = place / RESULTS_NAME if place.is_dir() else place
        if not file.is_file():
            raise StoreError(
                f"there are no results at {file}: name a run folder or results file made by "
                "equipoise bench"
            )
        packed = file.name.endswith(compact.ENDING)
        plain = compact.unpack_compact(file) if packed else file
        with in_words(file):
            unpacked = plain.parent if packed else None
            try:
                connection, copy = files.connect_to_current(plain)
                try:
                    files.check_readable(connection, file)
                except BaseException:
                    connection.close()
                    files.discard(copy)
                    raise
            except BaseException:
                files.discard(unpacked)
                raise
            if copy is not None:
                files.discard(unpacked)
        return cls(file, connection, None, copy or unpacked)

    def close(self) -> None:
        """Give back the file and the lock."""
        try:
            if self._lock is not None:
                files.settle(self._connection)
            self._connection.close()
        finally:
            if self._lock is not None:
                self._lock.release()
            files.discard(self._copy)

    def __enter__(self) -> "Store":
        """Give the store itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with in_words(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._series.clear()
                # A full disk may have ended the transaction already.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def write_dataset(self, record: DatasetRecord) -> None:
        """Record a table; the same one again is fine.

        Raises
        ------
        StoreError
            If the run was made with other data of this name.
        """
        with self._transaction() as connection:
            found = connection.execute(
                "SELECT content_hash FROM dataset WHERE name = ?", (record.name,)
            ).fetchone()
            if found is not None and found[0] != record.content_hash:
                raise StoreError(
                    f"{self.path} was made with other data under the name {record.name!r}: name "
                    "another folder with --run, or give back the old data"
                )
            connection.execute(
                "INSERT OR REPLACE INTO dataset VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    record.name,
                    record.n_rows,
                    json.dumps([[str(k), str(v)] for k, v in record.kinds.items()]),
                    json.dumps([[str(k), int(v)] for k, v in record.class_counts.items()]),
                    json.dumps(list(record.unscored)),
                    record.content_hash,
                    json.dumps(list(record.warnings)),
                ),
            )

    def plan_trials(self, trials: Sequence[AskedTrial]) -> None:
        """Record what is asked for, beside what was asked before; the last word on a trial counts."""
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO asked VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (t.dataset, t.repeat, t.method, t.trial_id, t.code_version, t.settings)
                    for t in trials
                ],
            )

    def write_trial(self, record: TrialRecord) -> None:
        """Write a finished trial in one transaction, in place of an older one of its name.

        Raises
        ------
        StoreError
            If the record contradicts itself or cannot be written; then nothing of it is.
        """
        wrong = fault(record)
        if wrong:
            raise StoreError(
                f"the record of {record.method} on {record.dataset}, repeat {record.repeat}, "
                f"cannot be stored: {wrong}"
            )
        with self._transaction() as connection:
            connection.execute(
                "DELETE FROM trial WHERE dataset = ? AND repeat = ? AND method = ?",
                (record.dataset, record.repeat, record.method),
            )
            trial = connection.execute(
                "INSERT INTO trial VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    record.trial_id,
                    record.dataset,
                    record.repeat,
                    record.method,
                    record.status,
                    record.reason,
                    float(record.fit_seconds),
                    float(record.sample_seconds),
                    float(record.total_seconds),
                    float(record.peak_mb),
                    record.code_version,
                    int(record.keeps_rows),
                    json.dumps(list(record.notes)),
                ),
            ).lastrowid
            writers.write_details(connection, trial, record, self._series)

    def finished(self) -> dict[str, tuple[str, str, float]]:
        """Give status, code version and seconds of every stored trial, by trial id."""
        return self._read(
            lambda connection: {
                str(row[0]): (str(row[1]), str(row[2]), float(row[3]))
                for row in connection.execute(
                    "SELECT trial_id, status, code_version, total_seconds FROM trial"
                )
            }
        )

    def settings_done(self) -> dict[tuple[str, int, str], str]:
        """Give what the trials that are done were asked for with, by dataset, repeat and method."""
        return self._read(
            lambda connection: {
                (str(row[0]), int(row[1]), str(row[2])): str(row[3])
                for row in connection.execute(
                    "SELECT a.dataset, a.repeat, a.method, a.settings FROM asked a "
                    "JOIN trial t ON t.dataset = a.dataset AND t.repeat = a.repeat "
                    "AND t.method = a.method AND t.trial_id = a.trial_id WHERE t.status = 'done'"
                )
            }
        )

    def _read(self, reader: Callable[[sqlite3.Connection], _Answer]) -> _Answer:
        with files.reading(self.path):
            return reader(self._connection)

    def run(self) -> dict[str, Any]:
        """Give experiment, seed, options, created, versions, machine and sessions."""
        return self._read(readers.run)

    def datasets(self) -> pd.DataFrame:
        """Give dataset, n_rows, kinds, class_counts, unscored, content_hash, warnings."""
        return self._read(readers.datasets)

    def asked(self) -> pd.DataFrame:
        """Give dataset, repeat, method, trial_id, code_version, settings of what the run was asked for."""
        return self._read(readers.asked)

    def trials(self) -> pd.DataFrame:
        """Give one row per trial: its names, status, reason, seconds, megabytes, code version, notes."""
        return self._read(readers.trials)

    def deliveries(self) -> pd.DataFrame:
        """Give dataset, repeat, method, plan, label, requested, delivered, fallback."""
        return self._read(readers.deliveries)

    def observations(self) -> pd.DataFrame:
        """Give dataset, repeat, method, plan, decision, classifier, part, metric, label, value."""
        return self._read(readers.observations)

    def predictions(self, **wanted: str) -> pd.DataFrame:
        """Give the stored probabilities, arrays in the cells.

        Parameters
        ----------
        **wanted : str
            Values of dataset, method, plan, decision, classifier or part to narrow to.

        Returns
        -------
        DataFrame
            dataset, repeat, method, plan, decision, classifier, part, rows (m,), truth (m,), probabilities
            (m, n_classes), offsets (n_classes,).

        Raises
        ------
        OptionError
            If a name is none of these.
        """
        names = ("dataset", "method", "plan", "decision", "classifier", "part")
        unknown = [name for name in wanted if name not in names]
        if unknown:
            raise OptionError(
                f"predictions can be narrowed by {', '.join(names)}, not by {unknown[0]!r}"
            )
        return self._read(lambda connection: readers.predictions(connection, wanted))

    def history(self) -> pd.DataFrame:
        """Give dataset, repeat, method, name, step, value."""
        return self._read(readers.history)

    def quality(self) -> pd.DataFrame:
        """Give dataset, repeat, method (or reference), label, metric, item, value, low, high."""
        return self._read(readers.quality)
