"""Tables out of files: CSV and Parquet, also gzipped, and the errors that a person's file deserves.

Files are hostile until read: nothing in one is executed or unpickled, and each that cannot be used ends in one sentence
that names the place and the remedy. Writing is in `tables.writer`.
"""

import difflib
import gzip
import io
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from equipoise.errors import DataError, EquipoiseWarning, OptionError
from equipoise.tables.cells import CellError, blanked, texts, typed
from equipoise.tables.csv_text import cells_of, header, line_of, text_only
from equipoise.tables.parquet import parquet_frame
from equipoise.tables.schema import list_names
from equipoise.tables.writer import CSV_ENDINGS, PARQUET_ENDINGS, TableWriter, write_table

__all__ = ["TableWriter", "check_names", "column_names", "read_noted", "read_table", "write_table"]

SHEETS = (".xlsx", ".xls", ".xlsm", ".ods")


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
    ending, zipped = input_format(path)
    data = file_bytes(path, zipped)
    if ending in PARQUET_ENDINGS:
        frame, notes = parquet_frame(path, data, reading.missing)
        check_names(path, list(frame.columns), reading)
        frame = declared(path, frame.drop(columns=list(reading.drop)), reading)
    else:
        frame, notes = _csv(path, data, CSV_ENDINGS[ending], reading)
    if not frame.shape[1]:
        raise DataError(f"{path}: no column is left after dropping {list_names(reading.drop)}")
    return frame, tuple(f"{path.name}: {note}" for note in notes)


def column_names(path: str | Path) -> list[str]:
    """Give the names of a file's columns; what is no table raises as in `read_table`."""
    path = Path(path).expanduser()
    ending, zipped = input_format(path)
    data = file_bytes(path, zipped)
    if ending in PARQUET_ENDINGS:
        return list(parquet_frame(path, data, ())[0].columns)
    return header(path, text_only(path, data), CSV_ENDINGS[ending])[0]


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


def input_format(path: Path) -> tuple[str, bool]:
    """Give the ending that says a file's format, and whether it is gzipped."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    zipped = bool(suffixes) and suffixes[-1] == ".gz"
    ending = (suffixes[:-1] if zipped else suffixes)[-1:] or [""]
    if ending[0] in CSV_ENDINGS or ending[0] in PARQUET_ENDINGS:
        return ending[0], zipped
    if path.is_dir():
        raise DataError(f"{path} is a folder; give the CSV or Parquet file in it")
    if not path.exists():
        raise DataError(f"there is no file {path}; check the name and the folder")
    if ending[0] in SHEETS:
        raise DataError(f"{path} is a spreadsheet; save the sheet as CSV and give that file")
    ends = f"ends in {path.suffix!r}" if path.suffix else "has no ending"
    raise DataError(
        f"{path} {ends}, which says no table format; name it .csv, .tsv or .parquet (also with .gz)"
    )


@contextmanager
def reading_errors(path: Path) -> Iterator[None]:
    """Turn what goes wrong in opening and unpacking a file into one sentence."""
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"there is no file {path}; check the name and the folder") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder; give the CSV or Parquet file in it") from None
    except PermissionError:
        raise DataError(f"{path} may not be read by you; change its permissions") from None
    except EOFError:
        raise DataError(
            f"{path} ends in the middle of its gzip data: it was cut off; fetch it again"
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{path} ends in .gz but is not sound gzip data ({error}); fetch it again, or "
            "take .gz off its name if it is not packed"
        ) from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None


def file_bytes(path: Path, zipped: bool) -> bytes:
    """Give the contents of a file, unpacked; an empty one is refused."""
    with reading_errors(path):
        data = path.read_bytes()
        if zipped and data:
            data = gzip.decompress(data)
    if not data:
        raise DataError(f"{path} is empty; expected a header line and rows")
    return data


def _csv(path: Path, data: bytes, usual: str, reading: Reading) -> tuple[pd.DataFrame, list[str]]:
    data = text_only(path, data)
    names, separator, notes = header(path, data, usual)
    check_names(path, names, reading)
    table = cells_of(path, data, names, separator).rename_columns(names)
    kept = table.select([name for name in names if name not in reading.drop])

    def place(row: int) -> str:
        return f"line {line_of(io.BytesIO(data), separator, row)}"

    frame, remarks = typed_frame(path, kept, separator, reading, place)
    return frame, notes + remarks


def typed_frame(
    path: Path, table: pa.Table, separator: str, reading: Reading, place: Callable[[int], str]
) -> tuple[pd.DataFrame, list[str]]:
    """Give each column of text cells the type that all of its cells agree on.

    Parameters
    ----------
    path : Path
        For messages.
    table : pyarrow table (n, d) of strings
    separator : str
        Between semicolons a number may have a decimal comma.
    reading : Reading
    place : callable
        Says where in the file a row of the table is.
    """
    arrays, notes = {}, []
    for j, name in enumerate(table.column_names):
        cells = blanked(table.column(j).combine_chunks(), reading.missing)
        if name in reading.categorical:
            arrays[name] = texts(name, cells).array
            continue
        try:
            series, remarks = typed(
                name, cells, as_number=name in reading.numeric, comma=separator == ";"
            )
        except CellError as error:
            raise DataError(f"{path}, {place(error.row)}: {error}") from None
        arrays[name] = series.array
        notes += remarks
    return pd.DataFrame(arrays), notes


def declared(path: Path, frame: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    """Turn the columns of a Parquet file that were declared numeric into numbers."""
    for name in reading.numeric:
        if name in frame.columns and not pd.api.types.is_numeric_dtype(frame[name].dtype):
            cells = pa.array(frame[name].astype(object), pa.string(), from_pandas=True)
            try:
                frame[name] = typed(name, cells, as_number=True)[0].to_numpy()
            except CellError as error:
                raise DataError(f"{path}, row {error.row + 1}: {error}") from None
    return frame
