"""The details of a trial, written inside the transaction of `store.write_trial`."""

import sqlite3
from collections.abc import Sequence

import numpy as np

from equipoise.results.blobs import digest, pack
from equipoise.results.records import REFERENCE, UNTREATED, PredictionRecord, TrialRecord

SeriesIds = dict[tuple[str, ...], int]


def write_details(
    connection: sqlite3.Connection, trial: int | None, record: TrialRecord, known: SeriesIds
) -> None:
    """Write deliveries, scores, predictions, quality and curves of a trial; `known` learns new series."""
    connection.executemany(
        "INSERT INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (trial, i, d.plan, d.label, int(d.requested), int(d.delivered), d.fallback)
            for i, d in enumerate(record.deliveries)
        ],
    )
    keys = [
        (o.plan, o.decision, o.classifier, o.part, o.metric, o.label) for o in record.observations
    ]
    _learn_series(connection, keys, known)
    connection.executemany(
        "INSERT INTO score VALUES (?, ?, ?)",
        [
            (trial, known[key], float(o.value))
            for key, o in zip(keys, record.observations, strict=True)
        ],
    )
    for prediction in record.predictions:
        _write_prediction(connection, trial, prediction)
    _write_quality(connection, record)
    connection.executemany(
        "INSERT INTO history VALUES (?, ?, ?)",
        [
            (trial, name, pack(np.asarray(curve, dtype=np.float64), "f8"))
            for name, curve in record.history.items()
        ],
    )


def _learn_series(
    connection: sqlite3.Connection, keys: Sequence[tuple[str, ...]], known: SeriesIds
) -> None:
    missing = [key for key in keys if key not in known]
    if missing:
        connection.executemany(
            "INSERT OR IGNORE INTO series VALUES (NULL, ?, ?, ?, ?, ?, ?)", missing
        )
        rows = connection.execute(
            "SELECT plan, decision, classifier, part, metric, label, id FROM series"
        )
        known.update({tuple(row[:6]): row[6] for row in rows})


def _write_quality(connection: sqlite3.Connection, record: TrialRecord) -> None:
    """Write the quality scores of a trial in place of those of an older one; its table knows no trial numbers."""
    where = (record.dataset, record.repeat)
    old = "DELETE FROM quality WHERE dataset = ? AND repeat = ? AND "
    connection.execute(old + "method = ?", (*where, record.method))
    if record.method == UNTREATED:
        connection.execute(old + "method GLOB ?", (*where, f"{REFERENCE}*"))
    connection.executemany(
        "INSERT INTO quality VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (*where, q.source, q.label, q.metric, q.item, float(q.value), *_ends(q.low, q.high))
            for q in record.quality
        ],
    )


def _ends(low: float, high: float) -> tuple[float | None, float | None]:
    return (float(low), float(high)) if np.isfinite([low, high]).all() else (None, None)


def _write_prediction(
    connection: sqlite3.Connection, trial: int | None, prediction: PredictionRecord
) -> None:
    rows, truth = pack(prediction.rows, "i4"), pack(prediction.truth, "i4")
    # All methods meet the same folds, so rows and truth are stored once for all of them.
    name = digest(rows, truth)
    connection.execute(
        "INSERT OR IGNORE INTO ground VALUES (NULL, ?, ?, ?, ?)",
        (name, len(prediction.rows), rows, truth),
    )
    ground = connection.execute("SELECT id FROM ground WHERE digest = ?", (name,)).fetchone()[0]
    connection.execute(
        "INSERT INTO prediction VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            trial,
            prediction.plan,
            prediction.decision,
            prediction.classifier,
            prediction.part,
            ground,
            len(prediction.offsets),
            pack(prediction.probabilities, "f4"),
            pack(prediction.offsets, "f8"),
        ),
    )
