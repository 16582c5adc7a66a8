"""Tables out of files: CSV and Parquet, also gzipped, and the errors that a person's file deserves.

Files are hostile until read: nothing in one is executed or unpickled, and each that cannot be used ends in one sentence
that names the place and the remedy. Writing is in `tables.writer`.
"""

import csv
import difflib
import gzip
import io
import warnings
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from equipoise.errors import DataError, EquipoiseWarning, OptionError
from equipoise.tables.cells import CellError, blanked, shown, texts, typed
from equipoise.tables.parquet import parquet_frame
from equipoise.tables.schema import list_names
from equipoise.tables.writer import CSV_ENDINGS, PARQUET_ENDINGS, TableWriter, write_table

__all__ = ["TableWriter", "check_names", "column_names", "read_noted", "read_table", "write_table"]

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MAGIC = {
    b"PAR1": "a Parquet file; name it .parquet",
    b"\x1f\x8b": "a gzip file; add .gz to its name",
    b"PK\x03\x04": "a zip archive or an Excel workbook; unpack it, or save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
}


@dataclass(frozen=True)
class Reading:
    """How a person wants a file to be read."""

    missing: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        missing: Iterable[str],
        categorical: Iterable[str],
        numeric: Iterable[str],
        drop: Iterable[str],
    ) -> "Reading":
        """Check the options among themselves; a lone text is a list of one."""
        lists = [
            (v,) if isinstance(v, str) else tuple(v) for v in (missing, categorical, numeric, drop)
        ]
        both = sorted(set(lists[1]) & set(lists[2]))
        if both:
            raise OptionError(
                f"column {both[0]!r} is declared both categorical and numeric; declare it once"
            )
        return cls(*lists)


def read_table(
    path: str | Path,
    *,
    missing: Sequence[str] = (),
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    drop: Sequence[str] = (),
) -> pd.DataFrame:
    """Read a CSV or Parquet file.

    The ending tells the format: .csv, .txt, .tsv, .tab, .parquet, .pq, each also with .gz behind it. A CSV file
    is UTF-8 with one header line; its separator is a comma (a tab in .tsv and .tab), and another one of ``, ; tab |``
    is read with a warning. A column is given the type that all of its cells agree on: whole number, number, True or
    False, ISO 8601 date, else text.

    Parameters
    ----------
    path : str or Path
    missing : sequence of str, default=()
        Texts that mean a missing value, besides the empty field (quoted or not). Each is compared with the cell less
        its surrounding spaces and tabs; case counts. In Parquet they apply to text columns and, where they are numbers,
        to numeric ones.
    categorical, numeric : sequence of str, default=()
        Columns that are to be read as text (the cells as they are written), and columns that must be numbers.
    drop : sequence of str, default=()
        Columns to leave out.

    Returns
    -------
    DataFrame of shape (n, d)

    Raises
    ------
    DataError
        The file cannot be read as a table; the message says where and why.
    OptionError
        A named column is not in the file, or is declared twice.

    Warns
    -----
    EquipoiseWarning
        A column of numbers holds a few words, whole numbers exceed 64 bits or have leading zeros, dates do not exist,
        or the separator is another than the ending says.
    """
    frame, notes = read_noted(
        path, missing=missing, categorical=categorical, numeric=numeric, drop=drop
    )
    for note in notes:
        warnings.warn(note, EquipoiseWarning, stacklevel=2)
    return frame


def read_noted(
    path: str | Path,
    *,
    missing: Sequence[str] = (),
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    drop: Sequence[str] = (),
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read a file as `read_table` does, and give its warnings as sentences in place of raising them."""
    path = Path(path).expanduser()
    reading = Reading.of(missing, categorical, numeric, drop)
    ending, zipped = _ending(path)
    data = _bytes(path, zipped)
    if ending in PARQUET_ENDINGS:
        frame, notes = parquet_frame(path, data, reading.missing)
        check_names(path, list(frame.columns), reading)
        frame = _declared(path, frame.drop(columns=list(reading.drop)), reading)
    else:
        frame, notes = _csv(path, data, CSV_ENDINGS[ending], reading)
    if not frame.shape[1]:
        raise DataError(f"{path}: no column is left after dropping {list_names(reading.drop)}")
    return frame, tuple(f"{path.name}: {note}" for note in notes)


def column_names(path: str | Path) -> list[str]:
    """Give the names of a file's columns; what is no table raises as in `read_table`."""
    path = Path(path).expanduser()
    ending, zipped = _ending(path)
    data = _bytes(path, zipped)
    if ending in PARQUET_ENDINGS:
        return list(parquet_frame(path, data, ())[0].columns)
    return _header(path, _text_only(path, data), CSV_ENDINGS[ending])[0]


def check_names(path: Path, names: Sequence[str], reading: Reading) -> None:
    """Refuse options that name columns which are not in the file."""
    for option in ("categorical", "numeric", "drop"):
        for name in getattr(reading, option):
            if name not in names:
                raise OptionError(
                    f"--{option} names the column {name!r}, but {absent(path, name, names)}"
                )


def absent(path: Path, name: str, names: Sequence[str]) -> str:
    """Say that a file has no such column, and which come close."""
    close = difflib.get_close_matches(name, [str(n) for n in names], n=3)
    close += [n for n in names if str(n).lower() == name.lower() and n not in close]
    hint = f"did you mean {list_names(close)}?" if close else f"its columns are {list_names(names)}"
    return f"{path} has no such column; {hint}"


def _ending(path: Path) -> tuple[str, bool]:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    zipped = bool(suffixes) and suffixes[-1] == ".gz"
    ending = (suffixes[:-1] if zipped else suffixes)[-1:] or [""]
    if ending[0] in CSV_ENDINGS or ending[0] in PARQUET_ENDINGS:
        return ending[0], zipped
    if path.is_dir():
        raise DataError(f"{path} is a folder; give the CSV or Parquet file in it")
    if not path.exists():
        raise DataError(f"there is no file {path}; check the name and the folder")
    raise DataError(
        f"{path} ends in {path.suffix or 'nothing'!r}, which says no table format; name it "
        ".csv, .tsv or .parquet (also with .gz)"
    )


def _bytes(path: Path, zipped: bool) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"there is no file {path}; check the name and the folder") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder; give the CSV or Parquet file in it") from None
    except PermissionError:
        raise DataError(f"{path} may not be read by you; change its permissions") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    if zipped and data:
        try:
            data = gzip.decompress(data)
        except EOFError:
            raise DataError(
                f"{path} ends in the middle of its gzip data: it was cut off; fetch it again"
            ) from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DataError(
                f"{path} ends in .gz but is not sound gzip data ({error}); fetch it again, or "
                "take .gz off its name if it is not packed"
            ) from None
    if not data:
        raise DataError(f"{path} is empty; expected a header line and rows")
    return data


def _csv(path: Path, data: bytes, usual: str, reading: Reading) -> tuple[pd.DataFrame, list[str]]:
    data = _text_only(path, data)
    names, separator, notes = _header(path, data, usual)
    check_names(path, names, reading)
    table = _cells(path, data, names, separator)
    arrays = {}
    for j, name in enumerate(names):
        if name in reading.drop:
            continue
        cells = blanked(table.column(j).combine_chunks(), reading.missing)
        if name in reading.categorical:
            arrays[name] = texts(name, cells).array
            continue
        try:
            series, remarks = typed(
                name, cells, as_number=name in reading.numeric, comma=separator == ";"
            )
        except CellError as error:
            line = _line_of(data, separator, error.row)
            raise DataError(f"{path}, line {line}: {error}") from None
        arrays[name] = series.array
        notes += remarks
    return pd.DataFrame(arrays), notes


def _text_only(path: Path, data: bytes) -> bytes:
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


def _header(path: Path, data: bytes, usual: str) -> tuple[list[str], str, list[str]]:
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


def _first_fields(path: Path, data: bytes, separator: str) -> list[str]:
    with io.TextIOWrapper(io.BytesIO(data), "utf-8", newline="") as text:
        try:
            return next(row for row in csv.reader(text, delimiter=separator) if row)
        except csv.Error as error:
            raise DataError(
                f"{path}, line 1: the header cannot be read ({error}); expected column names "
                f"separated by {SEPARATORS[separator]}"
            ) from None


def _cells(path: Path, data: bytes, names: list[str], separator: str) -> pa.Table:
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
        line, got = _ragged_line(data, separator, len(names), ragged[0])
        raise DataError(
            f"{path}, line {line}: expected {len(names)} fields, as the header has, got {got}; "
            "mend the line (a text that holds the separator goes in double quotes)"
        )
    if table.num_rows <= 1:
        raise DataError(f"{path} has a header line but no rows; expected at least one row")
    last = table.column(table.num_columns - 1)[-1].as_py() or ""
    if "\n" in last and data.count(b'"') % 2:
        line = _line_of(data, separator, table.num_rows - 2)
        raise DataError(
            f"{path}: a double quote is opened and never closed (the last row runs on to line "
            f"{line}, from {shown(last)}); close it"
        )
    return table.slice(1)


def _line_at(data: bytes, place: int) -> int:
    return data.count(b"\n", 0, place) + 1


def _ragged_line(
    data: bytes, separator: str, width: int, first: "pa_csv.InvalidRow"
) -> tuple[int, int]:
    with io.TextIOWrapper(io.BytesIO(data), "utf-8", newline="") as text:
        reader = csv.reader(text, delimiter=separator)
        try:
            for row in reader:
                if row and len(row) != width:
                    return reader.line_num, len(row)
        except csv.Error:
            pass
    return first.number, first.actual_columns


def _line_of(data: bytes, separator: str, row: int) -> int:
    with io.TextIOWrapper(io.BytesIO(data), "utf-8", newline="") as text:
        reader = csv.reader(text, delimiter=separator)
        try:
            for j, _ in enumerate(fields for fields in reader if fields):
                if j == row + 1:
                    return reader.line_num
        except csv.Error:
            pass
    return row + 2


def _declared(path: Path, frame: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    for name in reading.numeric:
        if name in frame.columns and not pd.api.types.is_numeric_dtype(frame[name].dtype):
            cells = pa.array(frame[name].astype(object), pa.string(), from_pandas=True)
            try:
                frame[name] = typed(name, cells, as_number=True)[0].to_numpy()
            except CellError as error:
                raise DataError(f"{path}, row {error.row + 1}: {error}") from None
    return frame
