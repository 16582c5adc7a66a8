"""From the tables of a results file to tidy frames; every function takes an open connection.

A row counts unless the run was since asked for another trial in its place: other plans or parameters (another id), or
components of another code version.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from equipoise.results.blobs import unpack
from equipoise.results.records import REFERENCE, UNTREATED

_CURRENT = """
    FROM trial t LEFT JOIN asked a
        ON a.dataset = t.dataset AND a.repeat = t.repeat AND a.method = t.method
    WHERE (a.trial_id IS NULL
        OR (a.trial_id = t.trial_id AND a.code_version IN ('', t.code_version)))
"""
_ORDER = " ORDER BY t.dataset, t.repeat, t.method"
_SERIES = ("plan", "decision", "classifier", "part", "metric", "label")


def _frame(rows: Sequence[Sequence[Any]], /, **kinds: str) -> pd.DataFrame:
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(kinds)
    return pd.DataFrame(
        {
            name: pd.Series(list(values), dtype=kind)
            for (name, kind), values in zip(kinds.items(), columns, strict=True)
        }
    )


def _rest(rows: list[Sequence[Any]], start: int) -> list[Sequence[Any]]:
    return [row[start:] for row in rows]


def trials(connection: sqlite3.Connection) -> pd.DataFrame:
    """Give one row per trial that counts."""
    rows = connection.execute(
        "SELECT t.trial_id, t.dataset, t.repeat, t.method, t.status, t.reason, t.fit_seconds, "
        "t.sample_seconds, t.total_seconds, t.peak_mb, t.code_version, t.keeps_rows, t.notes"
        + _CURRENT
        + _ORDER
    ).fetchall()
    frame = _frame(
        [(*row[:-2], bool(row[-2]), tuple(map(str, json.loads(row[-1])))) for row in rows],
        trial_id="str",
        dataset="str",
        repeat="int64",
        method="str",
        status="str",
        reason="str",
        fit_seconds="float64",
        sample_seconds="float64",
        total_seconds="float64",
        peak_mb="float64",
        code_version="str",
        keeps_rows="bool",
        notes="object",
    )
    return frame


def asked(connection: sqlite3.Connection) -> pd.DataFrame:
    """Give one row per trial that the run was asked for."""
    rows = connection.execute(
        "SELECT dataset, repeat, method, trial_id, code_version, settings FROM asked "
        "ORDER BY dataset, repeat, method"
    ).fetchall()
    return _frame(
        rows, dataset="str", repeat="int64", method="str", trial_id="str", code_version="str",
        settings="str",
    )  # fmt: skip


def datasets(connection: sqlite3.Connection) -> pd.DataFrame:
    """Give one row per table; kinds and class counts as dictionaries, the rest of many as tuples."""
    rows = connection.execute(
        "SELECT name, n_rows, kinds, class_counts, unscored, content_hash, warnings "
        "FROM dataset ORDER BY name"
    ).fetchall()
    plain = [
        (
            name,
            n_rows,
            {str(k): str(v) for k, v in json.loads(kinds)},
            {str(k): int(v) for k, v in json.loads(counts)},
            tuple(map(str, json.loads(unscored))),
            content,
            tuple(map(str, json.loads(warnings))),
        )
        for name, n_rows, kinds, counts, unscored, content, warnings in rows
    ]
    return _frame(
        plain,
        dataset="str",
        n_rows="int64",
        kinds="object",
        class_counts="object",
        unscored="object",
        content_hash="str",
        warnings="object",
    )


def deliveries(connection: sqlite3.Connection) -> pd.DataFrame:
    """Give what every plan asked of every class and what came."""
    rows = connection.execute(
        "SELECT t.dataset, t.repeat, t.method, d.plan, d.label, d.requested, d.delivered, d.fallback"
        + _CURRENT.replace("WHERE", "JOIN delivery d ON d.trial = t.id WHERE")
        + _ORDER
        + ", d.position"
    ).fetchall()
    return _frame(
        rows,
        dataset="str",
        repeat="int64",
        method="str",
        plan="str",
        label="str",
        requested="int64",
        delivered="int64",
        fallback="str",
    )


def observations(connection: sqlite3.Connection) -> pd.DataFrame:
    """Give one row per score.

    Millions of rows repeat a few thousand keys, so the keys are read once and taken by position.
    """
    keys = connection.execute("SELECT t.id, t.dataset, t.repeat, t.method" + _CURRENT + _ORDER)
    owners = keys.fetchall()
    series = connection.execute(
        f"SELECT id, {', '.join(_SERIES)} FROM series ORDER BY id"
    ).fetchall()
    place = {row[0]: position for position, row in enumerate(series)}
    who: list[int] = []
    what: list[int] = []
    values: list[float] = []
    for position, owner in enumerate(owners):
        scores = connection.execute(
            "SELECT series, value FROM score WHERE trial = ? ORDER BY series", (owner[0],)
        ).fetchall()
        who.extend([position] * len(scores))
        what.extend(place[row[0]] for row in scores)
        values.extend(np.nan if row[1] is None else float(row[1]) for row in scores)
    of_trial = _frame(_rest(owners, 1), dataset="str", repeat="int64", method="str")
    of_series = _frame(_rest(series, 1), **dict.fromkeys(_SERIES, "str"))
    taken = {name: of_trial[name].array.take(np.array(who, np.intp)) for name in of_trial}
    taken |= {name: of_series[name].array.take(np.array(what, np.intp)) for name in of_series}
    return pd.DataFrame(taken | {"value": np.array(values, np.float64)})


def predictions(connection: sqlite3.Connection, wanted: dict[str, str]) -> pd.DataFrame:
    """Give one row per stored prediction, arrays in the cells; `wanted` narrows by column."""
    columns = {"dataset": "t.", "method": "t.", "plan": "p.", "decision": "p."}
    columns |= {"classifier": "p.", "part": "p."}
    narrow = "".join(f" AND {columns[name]}{name} = ?" for name in wanted)
    joined = "JOIN prediction p ON p.trial = t.id JOIN ground g ON g.id = p.ground WHERE"
    rows = connection.execute(
        "SELECT t.dataset, t.repeat, t.method, p.plan, p.decision, p.classifier, p.part, "
        "g.n_rows, p.n_classes, g.rows, g.truth, p.probabilities, p.offsets"
        + _CURRENT.replace("WHERE", joined)
        + narrow
        + _ORDER
        + ", p.id",
        tuple(wanted.values()),
    )
    plain = [
        (
            *row[:7],
            unpack(row[9], "i4", row[7]),
            unpack(row[10], "i4", row[7]),
            unpack(row[11], "f4", row[7], row[8]),
            unpack(row[12], "f8", row[8]),
        )
        for row in rows
    ]
    return _frame(
        plain,
        dataset="str",
        repeat="int64",
        method="str",
        plan="str",
        decision="str",
        classifier="str",
        part="str",
        rows="object",
        truth="object",
        probabilities="object",
        offsets="object",
    )


def history(connection: sqlite3.Connection) -> pd.DataFrame:
    """Give the training curves, one row per step."""
    rows = connection.execute(
        "SELECT t.dataset, t.repeat, t.method, h.name, h.curve"
        + _CURRENT.replace("WHERE", "JOIN history h ON h.trial = t.id WHERE")
        + _ORDER
        + ", h.name"
    ).fetchall()
    plain = [
        (*row[:4], step, value)
        for row in rows
        for step, value in enumerate(unpack(row[4], "f8", len(row[4]) // 8).tolist())
    ]
    return _frame(
        plain,
        dataset="str",
        repeat="int64",
        method="str",
        name="str",
        step="int64",
        value="float64",
    )


def quality(connection: sqlite3.Connection) -> pd.DataFrame:
    """Give the scores of synthetic rows; those of references count as long as the untreated trial does."""
    owner = (
        "JOIN quality q ON q.dataset = t.dataset AND q.repeat = t.repeat "
        f"AND (q.method = t.method OR (t.method = '{UNTREATED}' AND q.method GLOB '{REFERENCE}*')) "
        "WHERE"
    )
    rows = connection.execute(
        "SELECT q.dataset, q.repeat, q.method, q.label, q.metric, q.item, q.value, q.low, q.high"
        + _CURRENT.replace("WHERE", owner)
        + "ORDER BY q.dataset, q.repeat, q.method, q.label, q.metric, q.item"
    ).fetchall()
    return _frame(
        rows,
        dataset="str",
        repeat="int64",
        method="str",
        label="str",
        metric="str",
        item="str",
        value="float64",
        low="float64",
        high="float64",
    )


def run(connection: sqlite3.Connection) -> dict[str, Any]:
    """Give what the run was asked for and the sessions that worked on it, versions of the last on top."""
    found = connection.execute("SELECT experiment, seed, options, created FROM run").fetchone()
    if found is None:
        return {}
    sessions = [
        {"started": started, "versions": json.loads(versions), "machine": json.loads(machine)}
        for started, versions, machine in connection.execute(
            "SELECT started, versions, machine FROM session ORDER BY id"
        )
    ]
    last = sessions[-1] if sessions else {"versions": {}, "machine": {}}
    return {
        "experiment": found[0],
        "seed": int(found[1]),
        "options": json.loads(found[2]),
        "created": found[3],
        "versions": last["versions"],
        "machine": last["machine"],
        "sessions": sessions,
    }
