"""CSV text into columns of text cells, and the place of each mistake in it."""

import csv
import io
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.csv as pa_csv

from equipoise.errors import DataError
from equipoise.tables.schema import list_names

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MAGIC = {
    b"PAR1": "a Parquet file; name it .parquet",
    b"\x1f\x8b": "a gzip file; add .gz to its name",
    b"PK\x03\x04": "a zip archive or an Excel workbook; unpack it, or save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
}


def text_only(path: Path, data: bytes) -> bytes:
    """Give the bytes of UTF-8 text without its mark, or say what else they are."""
    for magic, what in MAGIC.items():
        if data.startswith(magic):
            raise DataError(f"{path} is not CSV text: it is {what}")
    data = data.removeprefix(b"\xef\xbb\xbf")
    place = data.find(b"\0")
    if place >= 0:
        raise DataError(
            f"{path}, line {_line_at(data, place)}: a NUL byte (byte {place + 1} of the file) does "
            "not belong in CSV text; this is a binary file, or UTF-16 text to be saved as UTF-8"
        )
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}, line {_line_at(data, error.start)}: byte 0x{data[error.start]:02x} "
            f"(byte {error.start + 1} of the file) is not UTF-8 text; save the file as UTF-8, for "
            "example with iconv -f latin1 -t utf-8"
        ) from None
    if not data.strip():
        raise DataError(f"{path} is empty; expected a header line and rows")
    return data


def header(path: Path, data: bytes, usual: str) -> tuple[list[str], str, list[str]]:
    """Give the column names, the separator, and what there is to say of it."""
    separator, notes = usual, []
    names = _first_fields(path, data, usual)
    if len(names) == 1:
        widths = {s: len(_first_fields(path, data, s)) for s in SEPARATORS}
        separator = max(widths, key=lambda s: (widths[s], s == usual))
        if separator != usual:
            notes.append(
                f"its fields are separated by {SEPARATORS[separator]}, not {SEPARATORS[usual]}, "
                "and were read so"
            )
            names = _first_fields(path, data, separator)
    if len(names) > 1 and all(name.startswith(" ") for name in names[1:]):
        names = [name.strip() for name in names]
    blank = [j + 1 for j, name in enumerate(names) if not name.strip()]
    if blank:
        raise DataError(
            f"{path}, line 1: column {blank[0]} of {len(names)} has no name; give every column a "
            "name in the header (an index written by pandas has none: index=False leaves it out)"
        )
    twice = (
        list(dict.fromkeys(name for name in names if names.count(name) > 1))
        if len(set(names)) < len(names)
        else []
    )
    if twice:
        hint = (
            "is the header line missing?" if twice[0].replace(".", "", 1).lstrip("-").isdigit()
            else "rename or remove one of them"
        )  # fmt: skip
        raise DataError(
            f"{path}, line 1: two columns have the same name: {list_names(twice)}; {hint}"
        )
    return names, separator, notes


def cells_of(path: Path, data: bytes, names: list[str], separator: str) -> pa.Table:
    """Give the cells as text, a column `f0`, `f1` ... for each name; an empty field is missing."""
    ragged: list[pa_csv.InvalidRow] = []

    def remember(row: pa_csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    fields = [f"f{j}" for j in range(len(names))]
    try:
        table = pa_csv.read_csv(
            io.BytesIO(data),
            read_options=pa_csv.ReadOptions(
                use_threads=False,
                block_size=min(max(len(data) + 1, 1 << 20), 1 << 29),
                column_names=fields,
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=separator, newlines_in_values=True, invalid_row_handler=remember
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(fields, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowException as error:
        raise DataError(f"{path} cannot be read as CSV: {error}") from None
    if ragged:
        _check_quotes(path, data, separator)
        line, got = ragged_line(io.BytesIO(data), separator, len(names), ragged[0])
        raise DataError(
            f"{path}, line {line}: expected {len(names)} fields, as the header has, got {got}; "
            "mend the line (a text that holds the separator goes in double quotes)"
        )
    if table.num_rows <= 1:
        raise DataError(f"{path} has a header line but no rows; expected at least one row")
    last = table.column(table.num_columns - 1)[-1].as_py() or ""
    if "\n" in last:
        _check_quotes(path, data, separator)
    return table.slice(1)


def _check_quotes(path: Path, data: bytes, separator: str) -> None:
    """Refuse a file whose last record is a text that is never closed, and say on which line that record begins."""
    if data.count(b'"') % 2 == 0:
        return
    begun = ended = 0
    with io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=separator)
        try:
            for _ in reader:
                begun, ended = ended + 1, reader.line_num
        except csv.Error:  # a field beyond all bounds, which is the open one
            begun = ended + 1
    raise DataError(
        f"{path}, line {begun}: a double quote is opened and never closed; close it, or write two for one that is meant"
    )


def line_of(data: IO[bytes], separator: str, row: int) -> int:
    """Give the line on which a data row, counted from 0, ends."""
    with io.TextIOWrapper(data, "utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=separator)
        try:
            for j, _ in enumerate(fields for fields in reader if fields):
                if j == row + 1:
                    return reader.line_num
        except csv.Error:
            pass
    return row + 2


def _first_fields(path: Path, data: bytes, separator: str) -> list[str]:
    with io.TextIOWrapper(io.BytesIO(data), "utf-8", newline="") as text:
        try:
            return next(row for row in csv.reader(text, delimiter=separator) if row)
        except csv.Error as error:
            raise DataError(
                f"{path}, line 1: the header cannot be read ({error}); expected column names "
                f"separated by {SEPARATORS[separator]}"
            ) from None


def _line_at(data: bytes, place: int) -> int:
    return data.count(b"\n", 0, place) + 1


def ragged_line(
    data: IO[bytes], separator: str, width: int, first: "pa_csv.InvalidRow"
) -> tuple[int, int]:
    """Give the first line of another width, and its fields."""
    with io.TextIOWrapper(data, "utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=separator)
        try:
            for row in reader:
                if row and len(row) != width:
                    return reader.line_num, len(row)
        except csv.Error:
            pass
    return first.number, first.actual_columns
