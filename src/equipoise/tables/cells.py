"""Columns of text cells and what they mean: numbers, truth values, dates or text.

A CSV file holds text only, so that a column is what all of its cells agree on. Nothing is guessed from a part of a
column: one word among numbers makes it text, and a note says which word it was.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from equipoise.tables.grids import EXACT

NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
INTEGER = r"^[+-]?\d+$"
PADDED = r"^[+-]?0\d+$"
INFINITE = r"(?i)^[+-]?inf(?:inity)?$"
COMMA_NUMBER = r"^[+-]?\d+(?:,\d+)?$"
ISO_DATE = (
    r"^\d{4}-\d{2}-\d{2}"
    r"(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$"
)
# Numbers as people and spreadsheets write them: thousands in groups, a decimal comma, a currency, a percent sign.
_GROUPED = (
    r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+(?:,\d+)?"
    r"|\d{1,3}(?:[ '\x{a0}\x{202f}]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?"
)
WRITTEN_NUMBER = rf"^\(?[+-]?\s*[$€£¥]?\s*(?:{_GROUPED})\s*[%$€£¥]?\)?$"
WRITTEN_DATE = r"^(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./]\d{1,2}[./]\d{1,2})(?:[T ].*)?$"
SPACES = " \t"
FEW_WORDS = 5
MOSTLY = 0.75  # of the cells are numbers, where words of many kinds are taken for slips
TEXT = pd.Series(["a"]).dtype  # object before pandas 3


class CellError(ValueError):
    """One cell cannot be used; `row` counts data rows from 0."""

    def __init__(self, row: int, sentence: str) -> None:
        super().__init__(sentence)
        self.row = row


def blanked(cells: pa.Array, missing: Iterable[str]) -> pa.Array:
    """Turn fields of spaces only and the markers of `missing` into missing cells.

    A marker is compared with the cell less its surrounding spaces and tabs; case counts. A space that begins every cell
    of a column belongs to the separator (``a, b``) and goes; other spaces stay in a text.

    Parameters
    ----------
    cells : pyarrow string array of shape (n,)
    missing : iterable of str
    """
    trimmed = pc.ascii_trim(cells, SPACES)
    markers = pa.array(["", *(word.strip(SPACES) for word in missing)], pa.string())
    gone = pc.fill_null(pc.is_in(trimmed, value_set=markers), True)
    cells = pc.if_else(gone, pa.scalar(None, pa.string()), cells)
    if cells.null_count < len(cells) and pc.all(pc.starts_with(cells, " ")).as_py():
        return pc.ascii_ltrim(cells, SPACES)
    return cells


def typed(
    name: str, cells: pa.Array, *, as_number: bool = False, comma: bool = False
) -> tuple[pd.Series, list[str]]:
    """Give a column the type that all of its cells agree on.

    Whole numbers become int64 (float64 where some are missing, Int64 where a float could not hold them), other numbers
    float64, True and False bool, ISO 8601 dates datetime64; what is left is text.

    Parameters
    ----------
    name : str
        For the notes.
    cells : pyarrow string array of shape (n,)
        Missing where there is no value.
    as_number : bool, default=False
        Whether the column was declared numeric, so that a word in it is an error.
    comma : bool, default=False
        Whether numbers may be written with a decimal comma.

    Returns
    -------
    series : Series of shape (n,)
    notes : list of str
        What a person should know about the column.

    Raises
    ------
    CellError
        An infinity among numbers, or a word in a column declared numeric.
    """
    present = len(cells) - cells.null_count
    if not present:
        return pd.Series(np.full(len(cells), np.nan), name=name), []
    trimmed = pc.ascii_trim(cells, SPACES)
    notes: list[str] = []
    if comma and _all(trimmed, COMMA_NUMBER) and not _all(trimmed, INTEGER):
        trimmed = pc.replace_substring(trimmed, ",", ".")
        notes.append(f"column {name!r} is written with decimal commas and was read as numbers")
    numeric = pc.match_substring_regex(trimmed, NUMBER)
    n_numbers = pc.sum(numeric).as_py()
    if n_numbers == present:
        return _numbers(name, trimmed, as_number, notes)
    infinite = pc.match_substring_regex(trimmed, INFINITE)
    if n_numbers and n_numbers + pc.sum(infinite).as_py() == present:
        raise infinity(name, _first(infinite), trimmed)
    if as_number:
        raise _no_number(name, _first(pc.invert(numeric)), trimmed)
    if _all(trimmed, "^(?:True|False)$"):
        return _truths(name, trimmed), notes
    if _all(trimmed, ISO_DATE):
        return _dates(name, cells, trimmed)
    notes += _notes_on_text(name, trimmed.drop_null(), numeric.drop_null())
    return texts(name, cells), notes


def texts(name: str, cells: pa.Array) -> pd.Series:
    """Give cells (n,) as pandas text, as they are."""
    return pd.Series(cells.to_numpy(zero_copy_only=False), dtype=TEXT, name=name)


def missing_option(words: Iterable[str]) -> str:
    """Give the option that makes words missing, as a command line takes it."""
    return " ".join(f"--missing {quoted(word)}" for word in words)


def quoted(word: str) -> str:
    """Quote a word of a file for a shell, so that pasting the advice runs nothing but it."""
    if word.isprintable() and not set(word) & set("\"'$`\\!"):
        return f'"{word}"'
    return "'" + word.replace("'", "'\\''") + "'"


def shown(cell: str, most: int = 40) -> str:
    """Give a cell for a message: quoted, control characters escaped, cut after `most` characters."""
    return repr(cell if len(cell) <= most else cell[:most] + "...")


def infinity(name: str, row: int, cells: pa.Array) -> CellError:
    """Give the error for a number that no float can hold."""
    return CellError(
        row,
        f"column {name!r} holds {shown(str(cells[row].as_py()))}, which is no finite number; "
        "replace it by a finite number or leave the field empty",
    )


def _no_number(name: str, row: int, cells: pa.Array) -> CellError:
    """Give the error for a word in a column that was declared numeric."""
    word = str(cells[row].as_py())
    advice = f"declare such words missing ({missing_option([word])}), or leave the column to be categorical"
    if _all(pa.array([word]), WRITTEN_NUMBER):
        return CellError(
            row,
            f"column {name!r} was declared numeric but holds {shown(word)}, a number in another notation; "
            "write such cells plainly, as 1234.5",
        )
    return CellError(row, f"column {name!r} was declared numeric but holds {shown(word)}; {advice}")


def _all(cells: pa.Array, pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(cells, pattern), skip_nulls=True).as_py()


def _first(mask: pa.Array) -> int:
    return pc.index(pc.fill_null(mask, False), True).as_py()


def _numbers(
    name: str, cells: pa.Array, as_number: bool, notes: list[str]
) -> tuple[pd.Series, list[str]]:
    whole = _all(cells, INTEGER)
    if whole and not as_number and _any(cells, PADDED):
        notes.append(
            f"column {name!r} holds whole numbers with leading zeros, such as "
            f"{shown(cells[_first(pc.match_substring_regex(cells, PADDED))].as_py())}: it was read "
            f"as codes, not numbers; to read numbers, add --numeric {quoted(name)}"
        )
        return texts(name, cells), notes
    cells = pc.replace_substring_regex(cells, r"^\+", "")
    if whole:
        try:
            return _integers(name, pc.cast(cells, pa.int64())), notes
        except pa.ArrowInvalid:
            longest = pc.utf8_length(cells)
            row = pc.index(longest, pc.max(longest)).as_py()
            floats = pc.cast(cells, pa.float64())
            if pc.count_distinct(floats).as_py() < pc.count_distinct(cells).as_py():
                raise CellError(
                    row,
                    f"column {name!r} holds whole numbers beyond 64 bits, such as "
                    f"{shown(cells[row].as_py())}, which are no longer told apart as numbers; "
                    f"if they are codes, add --categorical {quoted(name)}, else --drop {quoted(name)}",
                ) from None
            notes.append(
                f"column {name!r} holds whole numbers beyond 64 bits, such as "
                f"{shown(cells[row].as_py())}: it was read as floating-point numbers, which keep "
                f"16 digits; if they are codes, add --categorical {quoted(name)}"
            )
    numbers = pc.cast(cells, pa.float64())
    finite = pc.is_finite(numbers)
    if not pc.all(finite, skip_nulls=True).as_py():
        raise infinity(name, _first(pc.invert(finite)), cells)
    return pd.Series(numbers.to_numpy(zero_copy_only=False), name=name), notes


def _any(cells: pa.Array, pattern: str) -> bool:
    return pc.any(pc.match_substring_regex(cells, pattern), skip_nulls=True).as_py()


def _integers(name: str, integers: pa.Array) -> pd.Series:
    if integers.null_count:
        bounds = pc.min_max(integers).as_py()
        if max(-bounds["min"], bounds["max"]) > EXACT:
            return pd.Series(pd.array(integers.to_pylist(), dtype="Int64"), name=name)
    return pd.Series(integers.to_numpy(zero_copy_only=False), name=name)


def _truths(name: str, cells: pa.Array) -> pd.Series:
    truths = pc.equal(cells, "True")
    if truths.null_count:
        return pd.Series(pd.array(truths.to_pylist(), dtype="boolean"), name=name)
    return pd.Series(truths.to_numpy(zero_copy_only=False), name=name)


def _dates(name: str, cells: pa.Array, trimmed: pa.Array) -> tuple[pd.Series, list[str]]:
    text = pd.Series(trimmed.to_numpy(zero_copy_only=False), name=name)
    try:
        dates = pd.to_datetime(text, format="ISO8601")
    except (ValueError, OverflowError) as error:
        return texts(name, cells), [
            f"column {name!r} looks like dates but was read as text: {str(error).split(';')[0]}"
        ]
    if dates.dtype == object:
        return texts(name, cells), [
            f"column {name!r} holds dates of several time zones and was read as text; "
            "write them all in one zone"
        ]
    return dates, []


def _notes_on_text(name: str, cells: pa.Array, numeric: pa.Array) -> list[str]:
    """Say what may have been meant: numbers with words among them, numbers or dates in another notation."""
    words, numbers = pc.filter(cells, pc.invert(numeric)), pc.filter(cells, numeric)
    n_words = pc.count_distinct(words).as_py()
    many_numbers = pc.count_distinct(numbers).as_py() > FEW_WORDS
    if n_words <= FEW_WORDS and (many_numbers or 2 * len(numbers) >= len(cells)):
        return [_word_note(name, words, len(numbers))]
    if _all(cells, WRITTEN_DATE):
        return [
            f"column {name!r} was read as text, though its cells look like dates, such as "
            f"{shown(cells[0].as_py())}; write them as 2020-12-31 to have them read as dates"
        ]
    written = pc.match_substring_regex(words, WRITTEN_NUMBER)
    n_written = pc.sum(written).as_py() or 0
    if n_words <= FEW_WORDS:
        return []
    if 2 * n_written >= len(words) and 2 * (len(numbers) + n_written) >= len(cells):
        return [
            f"column {name!r} was read as text of {pc.count_distinct(cells).as_py():,} levels, though its cells look "
            f"like numbers, such as {shown(words[_first(written)].as_py())}; write them plainly, as 1234.5"
        ]
    if len(numbers) < MOSTLY * len(cells):
        return []
    return [
        f"column {name!r} was read as text, since among its {len(numbers):,} numbers there are {n_words:,} different "
        f"words, such as {shown(words[0].as_py())}; if they mean that the value is missing, name them with --missing"
    ]


def _word_note(name: str, words: pa.Array, n_numbers: int) -> str:
    counts = sorted(
        ((item["values"], item["counts"]) for item in pc.value_counts(words).to_pylist()),
        key=lambda item: (-item[1], item[0]),
    )
    listed = ", ".join(f"{shown(word)} ({n})" for word, n in counts)
    return (
        f"column {name!r} was read as text, since among its {n_numbers} numbers there are words: "
        f"{listed}; if they mean that the value is missing, add "
        f"{missing_option(word for word, _ in counts)}, and if they are levels, add "
        f"--categorical {quoted(name)}"
    )
