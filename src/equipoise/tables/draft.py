"""A file that gets its name when it is whole."""

import gzip
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import pyarrow as pa

from equipoise.errors import DataError

PACKING = 6  # level of gzip: 9 takes twice the time for a hundredth of the size


class Draft:
    """Bytes for a file, under a hidden name beside it until all of them are there.

    Parameters
    ----------
    path : Path
        With .gz at its end the bytes are packed, always to the same file.

    Attributes
    ----------
    sink : binary file
        Where the bytes go.
    before_end : callable or None
        What has to write its last bytes before the file is whole, as the writer of a Parquet file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._place = Path(os.path.realpath(path))  # a link stays one
        self._part = self._place.with_name(f".{self._place.name}.{os.getpid()}.part")
        self._file: Any = None
        self.sink: IO[bytes] | Any = None
        self.before_end: Callable[[], object] | None = None

    def __enter__(self) -> Self:
        """Open the hidden file."""
        check_place(self.path)
        try:
            self._file = open(self._part, "wb")
        except OSError as error:
            raise DataError(f"{self.path} cannot be written: {error.strerror}") from None
        packed = self.path.suffix.lower() == ".gz"
        self.sink = self._file
        if packed:
            self.sink = gzip.GzipFile("", "wb", PACKING, fileobj=self._file, mtime=0)
        return self

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises
        ------
        DataError
            They cannot be written, as on a full disk.
        """
        try:
            self.sink.write(data)
        except OSError as error:
            raise DataError(f"{self.path} cannot be written: {error.strerror or error}") from None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the file its name; after an error, remove it."""
        try:
            if error is None:
                self._finish()
            elif self.before_end is not None:
                with suppress(Exception):  # the first error is the one to tell
                    self.before_end()
        except (OSError, pa.ArrowException) as failure:
            reason = getattr(failure, "strerror", None) or failure
            raise DataError(f"{self.path} cannot be written: {reason}") from None
        finally:
            for file in (self.sink, self._file):
                with suppress(
                    OSError, ValueError
                ):  # a full disk refuses what is still to be flushed
                    file.close()
            self._part.unlink(missing_ok=True)

    def _finish(self) -> None:
        if self.before_end is not None:
            self.before_end()
        if self.sink is not self._file:
            self.sink.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._part, self._place)


def make_folder(path: Path) -> None:
    """Make a folder if it is not there.

    Raises
    ------
    DataError
        It cannot be made, or may not be written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{path} cannot be made a folder: {error.strerror}") from None
    if not os.access(path, os.W_OK):
        raise DataError(f"the folder {path} may not be written by you; choose another one")


def check_place(path: Path) -> None:
    """Refuse a path where no file can be put, before any work is done for it.

    Raises
    ------
    DataError
        Its folder is not there or may not be written, or something else has its name.
    """
    try:
        is_folder = path.is_dir()
    except OSError as error:  # a name that is too long for a file
        raise DataError(f"{path.name[:40]}… cannot be written: {error.strerror}") from None
    if is_folder:
        raise DataError(f"{path} is a folder; give the name of a file to write")
    if path.exists() and not path.is_file():
        raise DataError(f"{path} is no ordinary file and is not replaced; choose another name")
    if not path.parent.is_dir():
        raise DataError(f"the folder {path.parent} of {path.name} is not there; make it first")
    if not os.access(path.parent, os.W_OK):
        raise DataError(f"the folder {path.parent} may not be written by you; choose another one")
