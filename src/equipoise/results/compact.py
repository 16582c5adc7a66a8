"""A small copy of a results file, to publish: everything that a page is made of, packed.

What it leaves out: predictions of training rows out of fold, scores of single columns within a class, and of
probabilities whatever is beyond the third decimal. Observations, which all numbers rest on, are kept as they are.
"""

import gzip
import os
import shutil
import sqlite3
import tempfile
import zlib
from pathlib import Path

import numpy as np

from equipoise.errors import StoreError
from equipoise.results.blobs import pack, unpack
from equipoise.results.files import (
    check_readable,
    connect_to_current,
    discard,
    in_words,
    is_database,
)

ENDING = ".sqlite.gz"
DECIMALS = 3
MOST_BYTES = 4 << 30  # unpacked; a small file may claim to be larger than any disk
LEVEL = 9


def write_compact(source: Path, target: Path) -> int:
    """Write a compact copy whole or not at all, and give its size in bytes.

    The same results give the same bytes.

    Parameters
    ----------
    source : Path
        A results file, which may be in use.
    target : Path
        Ends in ``.sqlite.gz``; replaced if it is there.

    Raises
    ------
    StoreError
        The source is not a results file, or the target cannot be written.
    """
    if source.name.endswith(ENDING):
        raise StoreError(f"{source} is such a small copy already: copy the file")
    folder = Path(tempfile.mkdtemp(prefix="equipoise-"))
    part = target.with_name(target.name + ".part")
    try:
        with in_words(source):
            connection, copy = connect_to_current(source)
            try:
                check_readable(connection, source)
                small = sqlite3.connect(folder / "results.sqlite", isolation_level=None)
                connection.execute("COMMIT")
                connection.backup(small)
            finally:
                connection.close()
                discard(copy)
            _thin(small)
            small.close()
        with in_words(target), open(part, "wb") as raw:
            with gzip.GzipFile(
                filename="", mode="wb", fileobj=raw, compresslevel=LEVEL, mtime=0
            ) as packed:
                with open(folder / "results.sqlite", "rb") as plain:
                    shutil.copyfileobj(plain, packed)
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(target)
        return target.stat().st_size
    finally:
        part.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def _thin(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("BEGIN")
    connection.execute("DELETE FROM prediction WHERE part <> 'test'")
    connection.execute("DELETE FROM ground WHERE id NOT IN (SELECT ground FROM prediction)")
    connection.execute("DELETE FROM quality WHERE item <> '' AND label <> ''")
    rows = connection.execute("SELECT id, probabilities FROM prediction ORDER BY id").fetchall()
    for key, blob in rows:
        values = unpack(blob, "f4", len(blob) // 4)
        connection.execute(
            "UPDATE prediction SET probabilities = ? WHERE id = ?",
            (pack(np.round(values, DECIMALS), "f4"), key),
        )
    connection.execute("COMMIT")
    connection.execute("VACUUM")


def unpack_compact(path: Path) -> Path:
    """Unpack a compact file into a new folder, which the caller removes, and give the results file in it.

    Raises
    ------
    StoreError
        It is not one, is damaged, or is larger than any run.
    """
    folder = Path(tempfile.mkdtemp(prefix="equipoise-"))
    plain = folder / "results.sqlite"
    try:
        with gzip.open(path, "rb") as packed, open(plain, "wb") as out:
            size = 0
            while piece := packed.read(1 << 20):
                size += len(piece)
                if size > MOST_BYTES:
                    raise StoreError(
                        f"{path} unpacks to more than {MOST_BYTES >> 30} GB, which no run of ours does: "
                        "name a file made by equipoise export"
                    )
                out.write(piece)
        if not is_database(plain):
            raise StoreError(f"{path} holds no results: name a file made by equipoise export")
    except (EOFError, OSError, ValueError, zlib.error) as error:
        discard(folder)
        raise StoreError(
            f"{path} is damaged or was not made by equipoise export ({error}): fetch it again"
        ) from error
    except BaseException:
        discard(folder)
        raise
    return plain
