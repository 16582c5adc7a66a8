"""A CSV file to be augmented: levels of its classes, rows to fit on, and its own bytes for the output."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from equipoise.augmentation.csv_forms import Hand, quoted, safely
from equipoise.augmentation.csv_records import extended, fields_of, whole_records
from equipoise.augmentation.csv_stream import BOM, byte_blocks, cell_batches, opened
from equipoise.augmentation.keys import Coder
from equipoise.augmentation.picking import picked
from equipoise.augmentation.plans import Key
from equipoise.errors import DataError
from equipoise.tables.cells import CellError, blanked, texts, typed
from equipoise.tables.csv_text import header, line_of, text_only
from equipoise.tables.draft import Draft
from equipoise.tables.io import Reading, input_format, reading_errors, typed_frame
from equipoise.tables.writer import CSV_ENDINGS

HEAD = 1 << 22  # bytes that the hand of a file is read off
Told = Callable[[int], object]


class CsvSource:
    """A CSV file, read in blocks.

    Parameters
    ----------
    path : Path
    reading : Reading

    Attributes
    ----------
    names : list of str
        Its columns.
    separator : str
    hand : Hand
        How its lines are written.
    notes : list of str
        What a person should know of how it was read.
    size : int
        Bytes of the file, for progress.
    """

    def __init__(self, path: Path, reading: Reading) -> None:
        ending, self._zipped = input_format(path)
        self.path, self.reading = path, reading
        head = b""
        with opened(path, self._zipped) as file, reading_errors(path):
            self._bom = BOM if file.read(3) == BOM else b""
        for block in byte_blocks(path, self._zipped):
            head += block
            if len(head) >= HEAD:
                break
        if not head:
            raise DataError(f"{path} is empty; expected a header line and rows")
        self._head = head
        self.names, self.separator, self.notes = header(
            path, text_only(path, _sound(head)), CSV_ENDINGS[ending]
        )
        self.hand = Hand.read(head, self.names, self.separator, reading.missing)
        self.size = path.stat().st_size

    def write_with(self, separator: str) -> None:
        """Have new and old lines written with another separator, which costs the lines their own bytes."""
        self.hand = replace(self.hand, separator=separator)

    def _is_whole(self, columns: Sequence[str]) -> bool:
        return list(columns) == self.names and self.hand.separator == self.separator

    def keys(self, columns: Sequence[str]) -> list[Key]:
        """Read the levels of some columns, in one pass over the file."""
        coders = [Coder(self.path, name) for name in columns]
        for table in self._batches(columns):
            for coder in coders:
                coder.add(table.column(coder.name).combine_chunks())
        return [coder.key(self._typed_levels(coder.name)) for coder in coders]

    def _typed_levels(self, name: str) -> Callable[[pa.Array], pd.Series]:
        def give(cells: pa.Array) -> pd.Series:
            cells = blanked(cells, self.reading.missing)
            if name in self.reading.categorical:
                return texts(name, cells)
            try:
                return typed(name, cells, comma=self.separator == ";")[0]
            except CellError as error:
                raise DataError(f"{self.path}: {error}") from None

        return give

    def frame(self, rows: NDArray | None, columns: Sequence[str]) -> pd.DataFrame:
        """Read rows at ascending positions (all, if None) of some columns, in the types that their cells agree on."""
        table = pa.concat_tables(picked(self._batches(columns), rows))

        def place(row: int) -> str:
            row = row if rows is None else int(rows[row])
            return f"line {line_of(opened(self.path, self._zipped), self.separator, row)}"

        frame, notes = typed_frame(self.path, table, self.separator, self.reading, place)
        self.notes += [note for note in notes if note not in self.notes]
        return frame

    def _batches(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        return cell_batches(self.path, self._zipped, self.names, self.separator, columns)

    def start(self, draft: Draft, columns: Sequence[str], mark: str | None) -> None:
        """Write the header: its own bytes, unless columns are left out."""
        if self._is_whole(columns):
            first = self._head[: self._head_end()]
            draft.write(self._bom + self._marked(first, mark))
        else:
            names = [*columns, *([mark] if mark else [])]
            draft.write(self._bom + self.hand.line(names) + self.hand.ending)

    def _head_end(self) -> int:
        """Give the place behind the header, which may follow blank lines."""
        bare = len(self._head) - len(self._head.lstrip(b"\r\n"))
        fields, ending = fields_of(self._head, self.separator, 1)[0]
        return bare + len(self.separator.join(fields).encode()) + len(ending)

    def _marked(self, block: bytes, tail: str | None) -> bytes:
        if tail is None:
            return block
        cell = self.separator + quoted(tail, self.separator)
        return extended(block, self.separator, cell.encode())

    def copy(self, draft: Draft, columns: Sequence[str], mark: bool, told: Told) -> None:
        """Write all rows as they are, in the bytes that they have; with columns left out, in cells that they have."""
        if not self._is_whole(columns):
            self._copy_cells(draft, columns, mark, told)
            return
        skip, last = self._head_end(), b"\n"
        blocks: Iterator[bytes] = byte_blocks(self.path, self._zipped)
        if mark:
            blocks = whole_records(blocks, self.separator)
        for block in blocks:
            told(len(block))
            kept, skip = block[skip:], max(skip - len(block), 0)
            if kept:
                draft.write(self._marked(kept, "False" if mark else None))
                last = kept[-1:]
        if last not in b"\r\n":
            draft.write(self.hand.ending)

    def _copy_cells(self, draft: Draft, columns: Sequence[str], mark: bool, told: Told) -> None:
        for table in self._batches(columns):
            cells = [
                safely(
                    pc.fill_null(table.column(name).combine_chunks(), ""),
                    self.hand.separator,
                    self.hand.forms[name].quoted,
                )
                for name in columns
            ]
            if mark:
                cells.append(pa.array(["False"] * table.num_rows))
            draft.write(self.hand.joined(cells))
            told(table.nbytes)


def _sound(head: bytes) -> bytes:
    """Give a head without the part of a character at its end, where it may have been cut."""
    return head.decode("utf-8", "ignore").encode() if len(head) >= HEAD else head
