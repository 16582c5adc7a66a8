"""One driver per run folder: a lock of the operating system, which ends with its owner however that ends."""

import errno
import os
import sys
from pathlib import Path
from typing import IO

from equipoise.errors import StoreError

LOCK_NAME = "lock"


def _seize(handle: IO[bytes]) -> bool:
    if sys.platform == "win32":
        import msvcrt

        # Windows forbids reading a locked byte, and the owner's number at the start must stay readable.
        handle.seek(1 << 20)
        try:
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            handle.seek(0)
        return True
    import fcntl

    try:
        fcntl.flock(handle.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


class RunLock:
    """The right to write into a run folder.

    Parameters
    ----------
    folder : Path
        An existing folder.

    Raises
    ------
    StoreError
        If another process holds it; the message has that process's number.
    OSError
        If the lock file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._handle: IO[bytes] = open(folder / LOCK_NAME, "a+b", buffering=0)
        try:
            self._take(folder)
        except BaseException:
            self._handle.close()
            raise

    def _take(self, folder: Path) -> None:
        if not _seize(self._handle):
            self._handle.seek(0)
            owner = self._handle.read(20).decode("ascii", "replace").strip()
            who = f"process {owner}" if owner.isdigit() else "another process"
            raise StoreError(
                f"the run folder {folder} is in use by {who}: wait for it, stop it, or name "
                "another folder with --run"
            )
        self._handle.seek(0)
        self._handle.truncate()
        self._handle.write(f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let the folder go; the empty file stays, because removing it would race with the next owner."""
        if not self._handle.closed:
            try:
                self._handle.truncate(0)
            finally:
                self._handle.close()
