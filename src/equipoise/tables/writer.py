"""Tables into files: CSV and Parquet by ending, whole or in parts, and never half a file under the final name."""

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from equipoise.errors import DataError, OptionError
from equipoise.tables.draft import Draft
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
        self._draft = Draft(self.path)
        self._parquet: pq.ParquetWriter | None = None
        self._columns: list | None = None
        self._whole: list[int] = []

    def __enter__(self) -> Self:
        """Open a hidden file beside the final one."""
        self._draft.__enter__()
        return self

    def write(self, frame: pd.DataFrame) -> None:
        """Append rows; every part has the columns of the first.

        Raises
        ------
        DataError
            The disk is full, the columns differ, or a cell does not fit the format.
        """
        first = self._columns is None
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
            self._append(frame, first)
        except OSError as error:
            raise DataError(f"{self.path} cannot be written: {error.strerror or error}") from None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the file its name; after an error, remove it."""
        self._draft.__exit__(kind, error, trace)

    def _append(self, frame: pd.DataFrame, first: bool) -> None:
        if self._separator is None:
            table = _arrow(self.path, frame, self._parquet)
            if self._parquet is None:
                self._parquet = pq.ParquetWriter(self._draft.sink, table.schema)
                self._draft.before_end = self._parquet.close
            self._parquet.write_table(table)
            return
        for start in range(0, max(len(frame), 1), CHUNK):
            text = as_written(frame.iloc[start : start + CHUNK], self._whole).to_csv(
                sep=self._separator, header=first and start == 0, index=False, lineterminator="\n"
            )
            self._draft.sink.write(text.encode())


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
    ends = f"ends in {path.suffix!r}" if path.suffix else "has no ending"
    raise OptionError(
        f"the output {path} {ends}, which says no format; name a file that ends in .csv, .csv.gz, .tsv or .parquet"
    )


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
