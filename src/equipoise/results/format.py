"""The tables of a results file, and how an older file becomes a newer one.

A fresh file is version 0: creating and migrating are the same walk along `STEPS`. Scores and predictions repeat
their keys thousands of times, so the keys are stored once (`series`, `ground`); the view `observation` puts them back
together for whoever reads the file with a tool of their own.
"""

import sqlite3

APPLICATION_ID = 0x45515053  # "EQPS"

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE run (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            experiment TEXT NOT NULL,
            seed TEXT NOT NULL,
            options TEXT NOT NULL,
            created TEXT NOT NULL)""",
        """CREATE TABLE session (
            id INTEGER PRIMARY KEY,
            started TEXT NOT NULL,
            versions TEXT NOT NULL,
            machine TEXT NOT NULL)""",
        """CREATE TABLE dataset (
            name TEXT PRIMARY KEY,
            n_rows INTEGER NOT NULL,
            kinds TEXT NOT NULL,
            class_counts TEXT NOT NULL,
            unscored TEXT NOT NULL,
            content_hash TEXT NOT NULL,
            warnings TEXT NOT NULL)""",
        """CREATE TABLE asked (
            dataset TEXT NOT NULL,
            repeat INTEGER NOT NULL,
            method TEXT NOT NULL,
            trial_id TEXT NOT NULL,
            code_version TEXT NOT NULL,
            PRIMARY KEY (dataset, repeat, method)) WITHOUT ROWID""",
        """CREATE TABLE trial (
            id INTEGER PRIMARY KEY,
            trial_id TEXT NOT NULL,
            dataset TEXT NOT NULL,
            repeat INTEGER NOT NULL,
            method TEXT NOT NULL,
            status TEXT NOT NULL,
            reason TEXT NOT NULL,
            fit_seconds REAL NOT NULL,
            sample_seconds REAL NOT NULL,
            total_seconds REAL NOT NULL,
            peak_mb REAL NOT NULL,
            code_version TEXT NOT NULL,
            keeps_rows INTEGER NOT NULL,
            notes TEXT NOT NULL,
            UNIQUE (dataset, repeat, method))""",
        """CREATE TABLE delivery (
            trial INTEGER NOT NULL REFERENCES trial (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            plan TEXT NOT NULL,
            label TEXT NOT NULL,
            requested INTEGER NOT NULL,
            delivered INTEGER NOT NULL,
            fallback TEXT NOT NULL,
            PRIMARY KEY (trial, position)) WITHOUT ROWID""",
        """CREATE TABLE series (
            id INTEGER PRIMARY KEY,
            plan TEXT NOT NULL,
            decision TEXT NOT NULL,
            classifier TEXT NOT NULL,
            part TEXT NOT NULL,
            metric TEXT NOT NULL,
            label TEXT NOT NULL,
            UNIQUE (plan, decision, classifier, part, metric, label))""",
        """CREATE TABLE score (
            trial INTEGER NOT NULL REFERENCES trial (id) ON DELETE CASCADE,
            series INTEGER NOT NULL REFERENCES series (id),
            value REAL,
            PRIMARY KEY (trial, series)) WITHOUT ROWID""",
        """CREATE TABLE ground (
            id INTEGER PRIMARY KEY,
            digest TEXT NOT NULL UNIQUE,
            n_rows INTEGER NOT NULL,
            rows BLOB NOT NULL,
            truth BLOB NOT NULL)""",
        """CREATE TABLE prediction (
            id INTEGER PRIMARY KEY,
            trial INTEGER NOT NULL REFERENCES trial (id) ON DELETE CASCADE,
            plan TEXT NOT NULL,
            decision TEXT NOT NULL,
            classifier TEXT NOT NULL,
            part TEXT NOT NULL,
            ground INTEGER NOT NULL REFERENCES ground (id),
            n_classes INTEGER NOT NULL,
            probabilities BLOB NOT NULL,
            offsets BLOB NOT NULL,
            UNIQUE (trial, plan, decision, classifier, part))""",
        """CREATE TABLE quality (
            dataset TEXT NOT NULL,
            repeat INTEGER NOT NULL,
            method TEXT NOT NULL,
            label TEXT NOT NULL,
            metric TEXT NOT NULL,
            item TEXT NOT NULL,
            value REAL,
            low REAL,
            high REAL,
            PRIMARY KEY (dataset, repeat, method, label, metric, item)) WITHOUT ROWID""",
        """CREATE TABLE history (
            trial INTEGER NOT NULL REFERENCES trial (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            curve BLOB NOT NULL,
            PRIMARY KEY (trial, name)) WITHOUT ROWID""",
        """CREATE VIEW observation AS
            SELECT t.dataset, t.repeat, t.method, s.plan, s.decision, s.classifier, s.part, s.metric,
                s.label, o.value
            FROM score o JOIN trial t ON t.id = o.trial JOIN series s ON s.id = o.series""",
    ),
    ("ALTER TABLE asked ADD COLUMN settings TEXT NOT NULL DEFAULT ''",),
)

FORMAT = len(STEPS)


def version(connection: sqlite3.Connection) -> int:
    """Give the format version of a file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def application(connection: sqlite3.Connection) -> int:
    """Give the application id of a file, which says whose it is."""
    return int(connection.execute("PRAGMA application_id").fetchone()[0])


def objects(connection: sqlite3.Connection) -> dict[str, str]:
    """Give the text of every table and view of a file, by name."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {str(name): str(sql) for name, sql in rows}


def expected_objects() -> dict[str, str]:
    """Give what `objects` says of a file of this version that nobody has tampered with."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(connection)
        return objects(connection)
    finally:
        connection.close()


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file to `FORMAT` in one transaction: all of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in STEPS[version(connection) :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
