"""Originals and new rows into one file: originals in their own bytes or row groups where the format stays."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from equipoise.augmentation.csv_source import CsvSource
from equipoise.augmentation.parquet_source import ParquetSink, ParquetSource
from equipoise.augmentation.request import Request
from equipoise.tables.draft import Draft
from equipoise.tables.writer import TableWriter, output_format

Source = CsvSource | ParquetSource
Told = Callable[[int], object]


def write_rows(
    request: Request,
    source: Source,
    columns: Sequence[str],
    new: Iterable[pd.DataFrame],
    copied: Told,
    drawn: Told,
) -> None:
    """Write the output file, which appears whole or not at all.

    Parameters
    ----------
    request : Request
    source : CsvSource or ParquetSource
    columns : sequence of str
        Columns of the output, less the mark.
    new : iterable of DataFrame
        Blocks of new rows, which are made while they are written.
    copied, drawn : callable
        Told of the originals (in units of the source's size) and of the new rows as they are written.
    """
    separator = output_format(request.output)
    if isinstance(source, ParquetSource):
        if separator is None:
            _parquet_to_parquet(request, source, columns, new, copied, drawn)
        else:
            _parquet_to_csv(request, source, columns, new, drawn)
    elif separator is None:
        _csv_to_parquet(request, source, columns, new, drawn)
    else:
        if (separator == "\t") != (source.separator == "\t"):
            source.write_with(separator)
        _csv_to_csv(request, source, columns, new, copied, drawn)


def _csv_to_csv(
    request: Request,
    source: CsvSource,
    columns: Sequence[str],
    new: Iterable[pd.DataFrame],
    copied: Told,
    drawn: Told,
) -> None:
    with Draft(request.output) as draft:
        source.start(draft, columns, request.mark)
        if not request.only_new:
            source.copy(draft, columns, request.mark is not None, copied)
        for frame in new:
            draft.write(source.hand.lines(_marked(frame, request.mark, True)))
            drawn(len(frame))


def _parquet_to_parquet(
    request: Request,
    source: ParquetSource,
    columns: Sequence[str],
    new: Iterable[pd.DataFrame],
    copied: Told,
    drawn: Told,
) -> None:
    schema = pa.schema(
        [source.schema.field(name) for name in columns],
        metadata=source.schema.metadata if len(columns) == len(source.schema) else None,
    )
    with Draft(request.output) as draft:
        sink = ParquetSink(draft, schema, request.mark, source.compression)
        for table in source.groups(columns) if not request.only_new else ():
            sink.write(table, False)
            copied(table.num_rows)
        for frame in new:
            sink.append(frame)
            drawn(len(frame))
        sink.close()


def _csv_to_parquet(
    request: Request,
    source: CsvSource,
    columns: Sequence[str],
    new: Iterable[pd.DataFrame],
    drawn: Told,
) -> None:
    # Types are what all cells of a column agree on, so the whole table is read before one can be written.
    table = pa.Table.from_pandas(source.frame(None, columns), preserve_index=False)
    table = table.replace_schema_metadata(None)
    with Draft(request.output) as draft:
        sink = ParquetSink(draft, table.schema, request.mark)
        if not request.only_new:
            sink.write(table, False)
        for frame in new:
            sink.append(frame)
            drawn(len(frame))
        sink.close()


def _parquet_to_csv(
    request: Request,
    source: ParquetSource,
    columns: Sequence[str],
    new: Iterable[pd.DataFrame],
    drawn: Told,
) -> None:
    originals = source.frame(None, columns)
    with TableWriter(request.output) as writer:
        rows = originals.iloc[:0] if request.only_new else originals
        writer.write(_marked(rows, request.mark, False))
        for frame in new:
            writer.write(_marked(frame, request.mark, True))
            drawn(len(frame))


def _marked(frame: pd.DataFrame, mark: str | None, synthetic: bool) -> pd.DataFrame:
    return frame if mark is None else frame.assign(**{mark: np.full(len(frame), synthetic)})
