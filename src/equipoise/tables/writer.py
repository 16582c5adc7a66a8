"""Tables into files: CSV and Parquet by ending, whole or in parts, and never half a file under the final name."""

import gzip
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from equipoise.errors import DataError, OptionError
from equipoise.tables.schema import EXACT, list_names

CSV_ENDINGS = {".csv": ",", ".txt": ",", ".tsv": "\t", ".tab": "\t"}
PARQUET_ENDINGS = (".parquet", ".pq")
CHUNK = 20_000  # rows held as text at a time


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a frame as CSV or Parquet, by the ending of the path; .csv.gz and .tsv.gz are gzipped.

    The file appears whole or not at all. A missing value is an empty field. Whole numbers stay whole in a column of
    floats with missing values, as the first part written shows them, so that a file read by
    `read_table` is written as it was.

    Parameters
    ----------
    frame : DataFrame of shape (n, d)
    path : str or Path

    Raises
    ------
    OptionError
        The ending says no format.
    DataError
        The path cannot be written, or a cell does not fit the format.
    """
    with TableWriter(path) as writer:
        writer.write(frame)


class TableWriter:
    """Write a table part by part; it gets its name when the last part is written.

    Parameters
    ----------
    path : str or Path
        Ending in .csv, .txt, .tsv, .tab (each also with .gz), .parquet or .pq.

    Examples
    --------
    >>> with TableWriter("out.csv") as writer:      # doctest: +SKIP
    ...     writer.write(first_rows)
    ...     writer.write(more_rows)
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()
        self._separator = output_format(self.path)
        self._part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        self._file: Any = None
        self._sink: Any = None
        self._parquet: pq.ParquetWriter | None = None
        self._columns: list | None = None
        self._whole: list[int] = []

    def __enter__(self) -> Self:
        """Open a hidden file beside the final one."""
        check_place(self.path)
        try:
            self._file = open(self._part, "wb")
        except OSError as error:
            raise DataError(f"{self.path} cannot be written: {error.strerror}") from None
        return self

    def write(self, frame: pd.DataFrame) -> None:
        """Append rows; every part has the columns of the first.

        Raises
        ------
        DataError
            The disk is full, the columns differ, or a cell does not fit the format.
        """
        if self._columns is None:
            self._columns = list(frame.columns)
            self._whole = whole_columns(frame)
            if not frame.columns.is_unique:
                raise DataError("two columns of the table have the same name; rename one of them")
        elif list(frame.columns) != self._columns:
            raise DataError(
                f"the rows to append have the columns {list_names(frame.columns)}, the file has "
                f"{list_names(self._columns)}"
            )
        try:
            self._append(frame)
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
            self._close()
            if error is None:
                os.replace(self._part, self.path)
        except (OSError, pa.ArrowException) as failure:
            if error is None:
                reason = getattr(failure, "strerror", None) or failure
                raise DataError(f"{self.path} cannot be written: {reason}") from None
        finally:
            self._part.unlink(missing_ok=True)

    def _append(self, frame: pd.DataFrame) -> None:
        if self._separator is None:
            table = _arrow(self.path, frame, self._parquet)
            if self._parquet is None:
                self._parquet = pq.ParquetWriter(self._file, table.schema)
            self._parquet.write_table(table)
            return
        first = self._sink is None
        if first:
            packed = self.path.suffix.lower() == ".gz"
            self._sink = (
                gzip.GzipFile("", "wb", fileobj=self._file, mtime=0) if packed else self._file
            )
        for start in range(0, max(len(frame), 1), CHUNK):
            text = as_written(frame.iloc[start : start + CHUNK], self._whole).to_csv(
                sep=self._separator, header=first and start == 0, index=False, lineterminator="\n"
            )
            self._sink.write(text.encode())

    def _close(self) -> None:
        if self._file is None:
            return
        try:
            if self._parquet is not None:
                self._parquet.close()
            if self._sink is not None and self._sink is not self._file:
                self._sink.close()
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()


def output_format(path: Path) -> str | None:
    """Give the separator that a path's ending means, None for Parquet.

    Raises
    ------
    OptionError
        The ending says no format.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in PARQUET_ENDINGS:
        return None
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    if suffixes and suffixes[-1] in CSV_ENDINGS:
        return CSV_ENDINGS[suffixes[-1]]
    raise OptionError(
        f"the output {path} ends in {path.suffix or 'nothing'!r}, which says no format; name it "
        ".csv, .csv.gz, .tsv or .parquet"
    )


def check_place(path: Path) -> None:
    """Refuse a path where no file can be put, before any work is done for it.

    Raises
    ------
    DataError
        Its folder is not there or may not be written, or something else has its name.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder; give the name of a file to write")
    if path.exists() and not path.is_file():
        raise DataError(f"{path} is no ordinary file and is not replaced; choose another name")
    if not path.parent.is_dir():
        raise DataError(f"the folder {path.parent} of {path.name} is not there; make it first")
    if not os.access(path.parent, os.W_OK):
        raise DataError(f"the folder {path.parent} may not be written by you; choose another one")


def whole_columns(frame: pd.DataFrame) -> list[int]:
    """Give the positions of float columns that are floats only because whole numbers are missing."""
    found = []
    for j, dtype in enumerate(frame.dtypes):
        if isinstance(dtype, np.dtype) and dtype.kind == "f":
            values = frame.iloc[:, j].to_numpy(dtype=np.float64)
            if 0 < np.isnan(values).sum() < len(values) and _whole(values):
                found.append(j)
    return found


def as_written(frame: pd.DataFrame, whole: list[int]) -> pd.DataFrame:
    """Give a frame that writes the columns at the positions `whole` without decimals."""
    if not whole:
        return frame
    columns = {j: frame.iloc[:, j].array for j in range(frame.shape[1])}
    for j in whole:
        values = frame.iloc[:, j].to_numpy(dtype=np.float64, na_value=np.nan)
        if _whole(values):
            columns[j] = pd.array([None if np.isnan(v) else int(v) for v in values], dtype="Int64")
    out = pd.DataFrame(columns, index=frame.index)
    out.columns = frame.columns
    return out


def _whole(values: NDArray[np.float64]) -> bool:
    present = values[~np.isnan(values)]
    return bool((np.abs(present) < EXACT).all() and (present == np.round(present)).all())


def _arrow(path: Path, frame: pd.DataFrame, opened: "pq.ParquetWriter | None") -> pa.Table:
    named = frame.rename(columns=str)
    try:
        if opened is not None:
            return pa.Table.from_pandas(named, schema=opened.schema, preserve_index=False)
        return pa.Table.from_pandas(named, preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(
            f"{path}: a column does not fit Parquet ({str(error).splitlines()[0]}); write CSV"
        ) from None
