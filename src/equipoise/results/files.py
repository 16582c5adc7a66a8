"""Opening a results file, for one writer or for any reader, and refusing in one sentence what is not ours."""

import errno
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from equipoise.errors import StoreError
from equipoise.results import format as tables
from equipoise.results.lock import LOCK_NAME
from equipoise.results.records import RunInfo

RESULTS_NAME = "results.sqlite"
_SIDE_FILES = tuple(f"{RESULTS_NAME}{end}" for end in ("", "-wal", "-shm", "-journal"))
_MAGIC = b"SQLite format 3\x00"


def _sentence(error: BaseException, path: Path) -> str:
    text = str(error)
    code = error.errno if isinstance(error, OSError) else None
    if code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or "disk is full" in text:
        return (
            f"there is no room left to write {path}: what is finished is kept; make room and run "
            "the same command again"
        )
    if code in (errno.EROFS, errno.EACCES, errno.EPERM) or "readonly" in text:
        return f"{path} cannot be written ({text}): name a folder of your own with --run"
    if "locked" in text:
        return f"{path} is locked by another program: wait for it or stop it"
    if "disk I/O error" in text:
        return (
            f"{path} cannot be read or written ({text}): look at the disk; what is finished is kept"
        )
    if isinstance(error, OSError) or "unable to open" in text:
        return f"{path} cannot be opened ({text}): check the path and its permissions"
    return f"{path} is damaged ({text}): restore it from a copy, or start again in another folder"


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Turn what SQLite and the disk raise into one sentence."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreError(_sentence(error, path)) from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn also what damaged content raises into one sentence."""
    try:
        with in_words(path):
            yield
    except (ValueError, TypeError, ArithmeticError, LookupError, RecursionError) as error:
        raise StoreError(_sentence(error, path)) from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def check_folder(folder: Path) -> None:
    """Refuse a folder that is another program's, before anything is written into it."""
    if folder.exists() and not folder.is_dir():
        raise StoreError(f"the run folder {folder} is a file: name a folder with --run")
    if not folder.exists() or (folder / RESULTS_NAME).exists():
        return
    strangers = sorted(
        item.name
        for item in folder.iterdir()
        if item.name not in (*_SIDE_FILES, LOCK_NAME) and not item.name.startswith(".")
    )
    if strangers:
        raise StoreError(
            f"{folder} is not a run folder: it has no {RESULTS_NAME} but holds {strangers[0]!r}; "
            "name a new or empty folder with --run"
        )


def check_owner(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is not ours, that is newer than us, or whose tables are not as we make them."""
    version, owner = tables.version(connection), tables.application(connection)
    found = tables.objects(connection)
    if owner != tables.APPLICATION_ID:
        if found or version:
            raise StoreError(
                f"{path} belongs to another program: name a run folder or results file made by "
                "equipoise bench"
            )
        return
    if version > tables.FORMAT:
        raise StoreError(
            f"{path} has format {version}, and this version of Equipoise reads up to "
            f"{tables.FORMAT}: upgrade with pip install --upgrade equipoise"
        )
    if version == tables.FORMAT and found != tables.expected_objects():
        raise StoreError(
            f"{path} is damaged (its tables are not those of format {version}): restore it from a "
            "copy, or start again in another folder"
        )


def check_magic(path: Path) -> None:
    """Refuse a file that SQLite has not written; an empty one is a file that nobody has filled yet."""
    if not is_database(path):
        raise StoreError(
            f"{path} is not a results file: name a run folder or results file made by equipoise bench"
        )


def is_database(path: Path) -> bool:
    """Whether SQLite has written a file, or it is empty."""
    with open(path, "rb") as handle:
        return handle.read(len(_MAGIC)) in (b"", _MAGIC)


def peek(path: Path) -> None:
    """Refuse a file that is not ours without leaving a trace beside it."""
    connection, copy = connect_to_read(path)
    try:
        check_owner(connection, path)
    finally:
        connection.close()
        discard(copy)


def check_readable(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is not ours or that nobody has filled yet."""
    check_owner(connection, path)
    if tables.version(connection) < tables.FORMAT:
        raise StoreError(
            f"{path} is empty: run equipoise bench, or name a run folder that has results"
        )


def connect_to_current(path: Path) -> tuple[sqlite3.Connection, Path | None]:
    """Open a file to read as `connect_to_read` does; one of an earlier format is read from a migrated copy."""
    connection, copy = connect_to_read(path)
    try:
        ours = tables.application(connection) == tables.APPLICATION_ID
        if not (ours and 0 < tables.version(connection) < tables.FORMAT):
            return connection, copy
        newer = _brought_up_to_date(connection)
    except BaseException:
        connection.close()
        discard(copy)
        raise
    connection.close()
    discard(copy)
    return newer


def _brought_up_to_date(connection: sqlite3.Connection) -> tuple[sqlite3.Connection, Path]:
    """Copy a file of an earlier format and migrate the copy: a reader changes nothing of what it reads.

    Returns
    -------
    connection : sqlite3.Connection
        To the copy.
    copy : Path
        A folder for `discard` to remove when the connection is closed.
    """
    copy = Path(tempfile.mkdtemp(prefix="equipoise-"))
    newer = sqlite3.connect(copy / RESULTS_NAME, isolation_level=None)
    try:
        newer.execute("PRAGMA trusted_schema = OFF")
        connection.execute("COMMIT")
        connection.backup(newer)
        tables.migrate(newer)
        newer.execute("BEGIN")
    except BaseException:
        newer.close()
        discard(copy)
        raise
    return newer, copy


def connect_to_write(path: Path, info: RunInfo) -> sqlite3.Connection:
    """Open or make a results file and note who works on it now; the caller holds the folder's lock."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=10.0)
    try:
        check_owner(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        if tables.version(connection) < tables.FORMAT:
            tables.migrate(connection)
        _sign_in(connection, path, info)
    except BaseException:
        connection.close()
        raise
    return connection


def _sign_in(connection: sqlite3.Connection, path: Path, info: RunInfo) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = connection.execute("SELECT seed FROM run").fetchone()
        if found is not None and found[0] != str(int(info.seed)):
            raise StoreError(
                f"{path} was made with seed {found[0]}, not {info.seed}: give --seed {found[0]}, or "
                "name another folder with --run"
            )
        options = json.dumps(dict(info.options))
        if found is None:
            connection.execute(
                "INSERT INTO run VALUES (1, ?, ?, ?, ?)",
                (info.experiment, str(int(info.seed)), options, _now()),
            )
        else:
            connection.execute("UPDATE run SET options = ?", (options,))
        connection.execute(
            "INSERT INTO session VALUES (NULL, ?, ?, ?)",
            (_now(), json.dumps(dict(info.versions)), json.dumps(dict(info.machine))),
        )
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def settle(connection: sqlite3.Connection) -> None:
    """Fold the log into the file, which is then complete alone and readable anywhere.

    A reader that is looking, or a full disk, may prevent it: then the log stays beside the file.
    """
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA busy_timeout = 0")
        connection.execute("PRAGMA journal_mode = DELETE")


def connect_to_read(path: Path) -> tuple[sqlite3.Connection, Path | None]:
    """Open a file as it is at this moment.

    Where SQLite cannot share a log because the folder is read-only, the file is read as it stands, or, if there is a
    log, from a copy of both.

    Returns
    -------
    connection : sqlite3.Connection
        Inside a read transaction.
    copy : Path or None
        A folder for `discard` to remove when the connection is closed.
    """
    check_magic(path)
    where = quote(str(path.absolute()))
    try:
        return _look(f"file:{where}?mode=ro"), None
    except sqlite3.OperationalError:
        log = path.with_name(f"{path.name}-wal")
        if not log.exists() or log.stat().st_size == 0:
            return _look(f"file:{where}?immutable=1"), None
    copy = Path(tempfile.mkdtemp(prefix="equipoise-"))
    try:
        shutil.copyfile(path, copy / path.name)
        shutil.copyfile(log, copy / log.name)
        return _look(f"file:{quote(str(copy / path.name))}?mode=rw"), copy
    except BaseException:
        discard(copy)
        raise


def _look(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10.0)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def discard(copy: Path | None) -> None:
    """Remove what `connect_to_read` copied."""
    if copy is not None:
        shutil.rmtree(copy, ignore_errors=True)
