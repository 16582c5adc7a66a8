"""The hand that a CSV file is written in, read off its first lines, so that new lines look like them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from equipoise.augmentation.csv_records import fields_of
from equipoise.tables.cells import COMMA_NUMBER, INTEGER, ISO_DATE, NUMBER

FORM_RECORDS = 2_000  # lines that a form is read off
DATE = re.compile(
    r"^(\d{4}-\d\d-\d\d)(?:([T ])(\d\d:\d\d)(:\d\d(?:\.(\d+))?)?(Z|[+-]\d\d:?\d\d)?)?$"
)


@dataclass(frozen=True)
class Form:
    """How the cells of one column are written.

    Attributes
    ----------
    quoted, quoted_gap : bool
        Whether every cell, and every missing cell, stands in quotes.
    space : bool
        Whether a space follows the separator.
    gap : str
        What stands for a missing value.
    decimals : int or None
        Digits behind the point, if all cells have the same number of them; None if not.
    point : bool
        Whether whole numbers are written with one decimal, as ``1.0``.
    comma : bool
        Whether the point is a comma.
    date : tuple of (str, str, str)
        What stands between date and time, numpy's name of the last unit written, and the zone.
    word : str
        The first cell that is no number; empty if there is none.
    """

    quoted: bool = False
    quoted_gap: bool = False
    space: bool = False
    gap: str = ""
    decimals: int | None = None
    point: bool = True
    comma: bool = False
    date: tuple[str, str, str] = (" ", "", "")
    word: str = ""


@dataclass(frozen=True)
class Hand:
    """How the lines of a file are written."""

    separator: str
    ending: bytes
    forms: dict[str, Form]

    @classmethod
    def read(
        cls, head: bytes, names: Sequence[str], separator: str, missing: Sequence[str]
    ) -> "Hand":
        """Read the hand off the first complete records of a file, the header among them."""
        records = fields_of(head, separator, FORM_RECORDS + 1)
        ending = records[0][1] if records else b"\n"
        rows = [cells for cells, _ in records[1:] if len(cells) == len(names)]
        markers = {word.strip(" \t") for word in missing} | {""}
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
        gaps = Counter(
            text for cells in columns for text in (_bare(cell).strip(" \t") for cell in cells)
            if text in markers
        )  # fmt: skip
        usual = gaps.most_common(1)[0][0] if gaps else (missing[0] if missing else "")
        forms = {
            name: _form(cells, markers, usual, separator == ";")
            for name, cells in zip(names, columns, strict=True)
        }
        return cls(separator, ending, forms)

    def line(self, cells: Sequence[str]) -> bytes:
        """Give one line of plain cells, such as a header."""
        return self.separator.join(quoted(cell, self.separator) for cell in cells).encode()

    def lines(self, frame: pd.DataFrame) -> bytes:
        """Give the rows of a frame (n, d) as lines, each with its ending."""
        columns = [
            _written(frame[name], self.forms.get(str(name), Form()), self.separator)
            for name in frame.columns
        ]
        return self.joined(columns)

    def joined(self, columns: Sequence[pa.Array]) -> bytes:
        """Join columns of written cells to lines."""
        if not columns or not len(columns[0]):
            return b""
        whole = pc.binary_join_element_wise(*columns, self.separator)
        return self.ending.join(cell.encode() for cell in whole.to_pylist()) + self.ending


def quoted(cell: str, separator: str) -> str:
    """Put a cell in quotes if it needs them."""
    if any(sign in cell for sign in (separator, '"', "\n", "\r")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def safely(cells: pa.Array, separator: str, always: bool = False) -> pa.Array:
    """Put those of the cells (n,) in quotes that need them, or all."""
    needs = pc.match_substring_regex(cells, f'[{re.escape(separator)}"\r\n]')
    if always or pc.any(needs).as_py():
        wrapped = pc.binary_join_element_wise('"', pc.replace_substring(cells, '"', '""'), '"', "")
        return wrapped if always else pc.if_else(needs, wrapped, cells)
    return cells


def _bare(cell: str) -> str:
    if cell.startswith('"'):
        return cell[1 : cell.rfind('"')].replace('""', '"')
    return cell


def _form(cells: Sequence[str], markers: set[str], usual: str, comma: bool) -> Form:
    texts = [_bare(cell) for cell in cells]
    trimmed = [text.strip(" \t") for text in texts]
    there = [k for k, text in enumerate(trimmed) if text not in markers]
    missing = [k for k, text in enumerate(trimmed) if text in markers]
    gap = Counter(trimmed[k] for k in missing).most_common(1)[0][0] if missing else usual
    numbers = [trimmed[k] for k in there]
    if comma and numbers and all(re.match(COMMA_NUMBER, text) for text in numbers):
        comma = any("," in text for text in numbers)
        numbers = [text.replace(",", ".") for text in numbers]
    else:
        comma = False
    places = {len(text.partition(".")[2]) for text in numbers}
    plain = bool(numbers) and all(re.match(NUMBER, t) and "e" not in t.lower() for t in numbers)
    return Form(
        quoted=bool(there) and all(cells[k].startswith('"') for k in there),
        quoted_gap=bool(missing) and all(cells[k].startswith('"') for k in missing),
        space=bool(there) and all(texts[k].startswith(" ") for k in there),
        gap=gap,
        decimals=places.pop() if plain and len(places) == 1 else None,
        point=not any(re.match(INTEGER, text) for text in numbers),
        comma=comma,
        date=_date_form(numbers),
        word=next((text for text in numbers if not re.match(NUMBER, text)), ""),
    )


def _date_form(texts: Sequence[str]) -> tuple[str, str, str]:
    found = [DATE.match(text) for text in texts if re.match(ISO_DATE, text)]
    best = max((m for m in found if m), key=lambda m: len(m.group(0)), default=None)
    if best is None or not best.group(2):
        return " ", "D" if best else "", ""
    unit = "m" if not best.group(4) else "s"
    if best.group(5):
        unit = "ms" if len(best.group(5)) <= 3 else "us" if len(best.group(5)) <= 6 else "ns"
    return best.group(2), unit, best.group(6) or ""


def _written(series: pd.Series, form: Form, separator: str) -> pa.Array:
    """Give the cells (n,) of one column as they go into the file."""
    gone = pa.array(series.isna().to_numpy())
    cells = pc.fill_null(_texts(series, form), "")
    if form.space:
        bare = pc.invert(pc.starts_with(cells, " "))
        cells = pc.if_else(bare, pc.binary_join_element_wise(" ", cells, ""), cells)
    cells = safely(cells, separator, always=form.quoted)
    gap = (" " if form.space and form.gap else "") + form.gap
    gap = f'"{gap}"' if form.quoted_gap else quoted(gap, separator)
    return pc.if_else(gone, pa.scalar(gap, pa.string()), cells)


def _texts(series: pd.Series, form: Form) -> pa.Array:
    dtype = series.dtype
    if pd.api.types.is_bool_dtype(dtype):
        return pa.array([None if v is pd.NA else str(bool(v)) for v in series], pa.string())
    if pd.api.types.is_float_dtype(dtype) or (form.decimals and _is_whole(dtype)):
        return _floats(series.to_numpy(dtype=np.float64, na_value=np.nan), form)
    if _is_whole(dtype):
        return pc.cast(pa.array(series), pa.string())
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return _dates(series, form)
    cells = series.astype(object).where(series.notna(), None)
    return pa.array([v if v is None or isinstance(v, str) else str(v) for v in cells], pa.string())


def _is_whole(dtype: Any) -> bool:
    return pd.api.types.is_integer_dtype(dtype)


def _floats(values: np.ndarray, form: Form) -> pa.Array:
    values = values + 0.0  # no negative zero
    cells = _fixed(values, form.decimals)
    if cells is None:
        cells = pc.cast(pa.array(values, from_pandas=True), pa.string())
        if form.point:
            whole = pc.match_substring_regex(cells, INTEGER)
            cells = pc.if_else(whole, pc.binary_join_element_wise(cells, ".0", ""), cells)
    return pc.replace_substring(cells, ".", ",") if form.comma else cells


def _fixed(values: np.ndarray, decimals: int | None) -> pa.Array | None:
    """Write numbers with so many decimals; None if that would change one."""
    if decimals is None or decimals > 9:
        return None
    missing = np.isnan(values)
    present = np.where(missing, 0.0, values)
    scaled = np.round(present * 10.0**decimals)
    if (np.abs(scaled) >= 2**53).any() or (scaled / 10.0**decimals != present).any():
        return None
    digits = pc.cast(pa.array(np.abs(scaled).astype(np.int64), mask=missing), pa.string())
    if decimals:
        digits = pc.utf8_lpad(digits, decimals + 1, "0")
        digits = pc.binary_join_element_wise(
            pc.utf8_slice_codeunits(digits, 0, -decimals),
            pc.utf8_slice_codeunits(digits, -decimals),
            ".",
        )
    signed = pc.binary_join_element_wise("-", digits, "")
    return pc.if_else(pa.array(scaled < 0), signed, digits)


def _dates(series: pd.Series, form: Form) -> pa.Array:
    """Write dates as the file does; a finer one is written whole, so that nothing is cut off."""
    between, unit, zone = form.date
    naive = series.dt.tz_localize(None) if series.dt.tz is not None else series
    stamps: Any = naive.to_numpy()
    gone = np.isnat(stamps)
    there = stamps[~gone]
    units = ["D", "m", "s", "ms", "us", "ns"]
    start = units.index(unit) if unit else 0
    finest: Any = next(
        u for u in units[start:] if (there.astype(f"datetime64[{u}]") == there).all()
    )
    cells = pa.array(
        np.datetime_as_string(np.where(gone, np.datetime64(0, "s"), stamps), unit=finest).tolist()
    )
    cells = pc.replace_substring(cells, "T", between) if finest != "D" else cells
    if zone and finest != "D":
        cells = pc.binary_join_element_wise(cells, zone, "")
    return pc.if_else(pa.array(gone), pa.scalar(None, pa.string()), cells)
