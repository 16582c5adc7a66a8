"""A Parquet file to be augmented: levels of its classes, rows to fit on, and its row groups for the output."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from equipoise.augmentation.keys import Coder
from equipoise.augmentation.picking import picked
from equipoise.augmentation.plans import Key
from equipoise.errors import DataError
from equipoise.tables.draft import Draft
from equipoise.tables.io import Reading, declared, file_bytes, input_format, reading_errors
from equipoise.tables.parquet import check_parquet, parquet_series

ROWS = 65_536  # read at a time
Told = Callable[[int], object]


class ParquetSource:
    """A Parquet file, read in batches.

    Parameters
    ----------
    path : Path
    reading : Reading

    Attributes
    ----------
    names : list of str
        Its columns, less the index that pandas may have stored.
    notes : list of str
    size : int
        Rows of the file, for progress.
    """

    def __init__(self, path: Path, reading: Reading) -> None:
        _, zipped = input_format(path)
        self.path, self.reading = path, reading
        self.notes: list[str] = []
        with reading_errors(path):
            if not path.stat().st_size:
                raise DataError(f"{path} is empty; expected a header line and rows")
        try:
            source: Any = pa.BufferReader(file_bytes(path, True)) if zipped else str(path)
            self._file = pq.ParquetFile(source, memory_map=not zipped)
            self.schema = self._file.schema_arrow
            check_parquet(path, self.schema.names, self._file.metadata.num_rows)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(path, error) from None
        self.names = [n for n in self.schema.names if not n.startswith("__index_level_")]
        for name in self.schema.names:
            if name not in self.names:
                self.notes.append(f"the column {name!r}, an index that pandas stored, was left out")
        self.size = self._file.metadata.num_rows

    def keys(self, columns: Sequence[str]) -> list[Key]:
        """Read the levels of some columns, in one pass over them."""
        coders = [Coder(self.path, name) for name in columns]
        for batch in self._batches(columns):
            for coder in coders:
                coder.add(batch.column(coder.name))
        return [coder.key(self._typed_levels(coder.name)) for coder in coders]

    def _typed_levels(self, name: str) -> Callable[[pa.Array], pd.Series]:
        def give(cells: pa.Array) -> pd.Series:
            return parquet_series(self.path, name, cells, self.reading.missing)

        return give

    def frame(self, rows: NDArray | None, columns: Sequence[str]) -> pd.DataFrame:
        """Read rows at ascending positions (all, if None) of some columns."""
        table = pa.Table.from_batches(picked(self._batches(columns), rows)).unify_dictionaries()
        series = {
            name: parquet_series(
                self.path, name, table.column(name).combine_chunks(), self.reading.missing
            )
            for name in columns
        }
        return declared(self.path, pd.DataFrame(series), self.reading)

    def _batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._file.iter_batches(ROWS, columns=list(columns), use_threads=False)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(self.path, error) from None

    def groups(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Give the row groups of some columns, one at a time."""
        try:
            for k in range(self._file.num_row_groups):
                yield self._file.read_row_group(k, columns=list(columns), use_threads=False)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(self.path, error) from None

    @property
    def compression(self) -> str:
        """How the first column is packed."""
        metadata = self._file.metadata
        if not metadata.num_row_groups or not metadata.num_columns:
            return "snappy"
        codec = metadata.row_group(0).column(0).compression.lower()
        return "none" if codec == "uncompressed" else codec


class ParquetSink:
    """Tables of one schema into a draft.

    Parameters
    ----------
    draft : Draft
    schema : pyarrow schema
    mark : str or None
        A column behind the others: whether a row is synthetic.
    compression : str
    """

    def __init__(
        self, draft: Draft, schema: pa.Schema, mark: str | None, compression: str = "snappy"
    ) -> None:
        self.schema = schema
        self._mark = mark
        whole = schema if mark is None else schema.append(pa.field(mark, pa.bool_()))
        self._path = draft.path
        try:
            self._writer = pq.ParquetWriter(draft.sink, whole, compression=compression)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{draft.path} cannot be written: {error}") from None
        draft.before_end = self._writer.close  # an interrupted writer would complain at its own end

    def write(self, table: pa.Table, synthetic: bool) -> None:
        """Append a table as a row group."""
        if self._mark is not None:
            cells = pa.array(np.full(table.num_rows, synthetic))
            table = table.append_column(pa.field(self._mark, pa.bool_()), cells)
        try:
            self._writer.write_table(table.cast(self._writer.schema))
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{self._path} cannot be written: {error}") from None

    def append(self, frame: pd.DataFrame) -> None:
        """Append new rows (n, d) in the types of the file."""
        columns = [_cells(self._path, frame[field.name], field) for field in self.schema]
        self.write(pa.table(columns, schema=self.schema), True)

    def close(self) -> None:
        """Write the end of the file."""
        self._writer.close()


def _cells(path: Path, series: pd.Series, field: pa.Field) -> pa.Array:
    """Give the cells of one column of a frame in a type of Parquet."""
    kind = field.type.storage_type if isinstance(field.type, pa.BaseExtensionType) else field.type
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    try:
        if isinstance(series.dtype, pd.CategoricalDtype):
            series = series.astype(series.dtype.categories.dtype)
        cells = pa.array(series, from_pandas=True)
        if pa.types.is_floating(cells.type) and pa.types.is_decimal(value):
            cells = pc.round(cells, value.scale)
        # A narrower float is what the file has: values came from it and go back into it.
        cells = pc.cast(cells, value, safe=not pa.types.is_floating(value))
        if pa.types.is_dictionary(kind):
            cells = pc.cast(cells.dictionary_encode(), kind)
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise DataError(
            f"{path}: new cells of column {field.name!r} do not fit the type {field.type} of the file "
            f"({str(error).splitlines()[0]})"
        ) from None
    if isinstance(field.type, pa.BaseExtensionType):
        return field.type.wrap_array(cells)
    return cells


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(
        f"{path} cannot be read as Parquet ({str(error).splitlines()[0].rstrip('.')}); write it again, or "
        "name it .csv if it is CSV text"
    )
