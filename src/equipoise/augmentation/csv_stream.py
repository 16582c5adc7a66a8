"""A CSV file read in blocks: bytes that are checked on the way, and batches of text cells."""

import codecs
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.csv as pa_csv

from equipoise.errors import DataError
from equipoise.tables.csv_text import ragged_line, text_only
from equipoise.tables.io import reading_errors

BLOCK = 1 << 23  # bytes
BOM = b"\xef\xbb\xbf"


def opened(path: Path, zipped: bool) -> IO[bytes]:
    """Open a file for reading, unpacked."""
    with reading_errors(path):
        return gzip.open(path, "rb") if zipped else open(path, "rb")  # type: ignore[return-value]


def byte_blocks(path: Path, zipped: bool) -> Iterator[bytes]:
    """Give the bytes of a file, unpacked, without the mark of UTF-8 at its beginning.

    Raises
    ------
    DataError
        They cannot be read, or are no UTF-8 text.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    first, lines = True, 0
    with opened(path, zipped) as file:
        while True:
            with reading_errors(path):
                block = file.read(BLOCK)
            try:
                bad = b"\0" in block
                decoder.decode(block, final=not block)
            except UnicodeDecodeError:
                bad = True
            if bad:
                _refuse(path, block, lines)
            if not block:
                return
            lines += block.count(b"\n")
            yield block.removeprefix(BOM) if first else block
            first = False


def _refuse(path: Path, block: bytes, lines: int) -> None:
    """Say what is wrong with a block of bytes, whose first line follows `lines` others."""
    padded = b"\n" * lines + block
    text_only(path, padded)
    raise DataError(
        f"{path}, line {padded.count(chr(10).encode()) + 1}: a character is cut in two, so it is "
        "not UTF-8 text; save the file as UTF-8"
    )


class _Feed:
    """Blocks of bytes as a file that pyarrow reads, which remembers whether a quote is left open."""

    closed = False

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest, self.quotes = blocks, b"", 0

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return b""
            self.quotes += block.count(b'"')
            self._rest = block
        cut = len(self._rest) if size < 0 else size
        part, self._rest = self._rest[:cut], self._rest[cut:]
        return part

    def close(self) -> None:
        self.closed = True

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def flush(self) -> None:
        return None


def cell_batches(
    path: Path, zipped: bool, names: Sequence[str], separator: str, wanted: Sequence[str]
) -> Iterator[pa.Table]:
    """Give the cells of some columns as text, in batches of rows and without the header; an empty field is missing.

    Raises
    ------
    DataError
        A line has another number of fields than the header, a quote is never closed, or there is no row.
    """
    ragged: list[pa_csv.InvalidRow] = []

    def remember(row: pa_csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    fields = [f"f{j}" for j in range(len(names))]
    last = fields[-1]
    kept = [fields[names.index(name)] for name in wanted]
    feed = _Feed(byte_blocks(path, zipped))
    rows, final = -1, ""
    try:
        reader = pa_csv.open_csv(
            feed,
            read_options=pa_csv.ReadOptions(
                use_threads=False, block_size=BLOCK, column_names=fields
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=separator, newlines_in_values=True, invalid_row_handler=remember
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(fields, pa.string()),
                include_columns=[*kept, *([] if last in kept else [last])],
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
        for batch in reader:
            if ragged:
                raise _ragged(path, zipped, separator, len(names), ragged[0])
            if not batch.num_rows:
                continue
            final = batch.column(last)[-1].as_py() or ""
            table = pa.Table.from_batches([batch.slice(1) if rows < 0 else batch])
            rows += batch.num_rows
            yield table.select(kept).rename_columns(list(wanted))
    except pa.ArrowException as error:
        raise DataError(_cannot(path, str(error), bool(feed.quotes % 2))) from None
    if ragged:
        raise _ragged(path, zipped, separator, len(names), ragged[0])
    if rows < 1:
        raise DataError(f"{path} has a header line but no rows; expected at least one row")
    if "\n" in final and feed.quotes % 2:
        raise DataError(_cannot(path, "", True))


def _cannot(path: Path, error: str, is_open: bool) -> str:
    if is_open:
        return f"{path}: a double quote is opened and never closed; close it"
    return f"{path} cannot be read as CSV: {error}"


def _ragged(
    path: Path, zipped: bool, separator: str, width: int, first: pa_csv.InvalidRow
) -> DataError:
    line, got = ragged_line(opened(path, zipped), separator, width, first)
    return DataError(
        f"{path}, line {line}: expected {width} fields, as the header has, got {got}; mend the line "
        "(a text that holds the separator goes in double quotes)"
    )
