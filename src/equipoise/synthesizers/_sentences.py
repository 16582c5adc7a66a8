"""Rows as sentences: "income is >50K, age is 38, job is Sales", and back.

V. Borisov, K. Sessler, T. Leemann, M. Pawelczyk and G. Kasneci, Language models are realistic tabular data generators,
ICLR 2023, arXiv:2210.06280, section 3.1. Written from the paper, with what a sentence needs to be read back without
doubt: a name that holds a comma or " is " is replaced, a comma in a value is escaped, a missing cell has a text that no
level has, and no two levels of a column have one text.
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.tables.schema import Column

MISSING = "None"
SEPARATOR, LINK = ", ", " is "
ESCAPES = {"\\": "\\\\", ",": "\\c", "\n": "\\n"}
STEPS = 4  # a number has so many digits within the middle of its column, unless told otherwise
MOST_DECIMALS, MOST_ZEROS = 12, 9
FINEST = 300  # decimals; beyond them powers of ten are no floats


def safe_names(names: Sequence[Hashable]) -> list[str]:
    """Give each column a name of its own that a sentence can hold: its text, or else F0, F1, ..."""
    texts = [str(name) for name in names]
    times = Counter(texts)
    kept = {text for text in texts if times[text] == 1 and _is_safe(text)}
    out = []
    for j, text in enumerate(texts):
        if text not in kept:
            text = f"F{j}"
            while text in kept:
                text += "_"
            kept.add(text)
        out.append(text)
    return out


def _is_safe(name: str) -> bool:
    parts = f" {name} "
    return (
        bool(name) and name == name.strip() and not set(name) & set(ESCAPES) and LINK not in parts
    )


def escape(text: str) -> str:
    """Give a text that has no comma and is not that of a missing cell; no two texts become one."""
    out = "".join(ESCAPES.get(c, c) for c in text)
    return "\\e" if not out else f"\\{out}" if out == MISSING else out


def level_texts(levels: Iterable[Any]) -> list[str]:
    """Give each level of a column a text of its own; 1, 1.0 and "1" may stand side by side."""
    texts = [escape(str(level)) for level in levels]
    times = Counter(texts)
    return [f"{text}\\{k}" if times[text] > 1 else text for k, text in enumerate(texts)]


def write(cells: Mapping[str, str], order: Iterable[str]) -> str:
    """Give the sentence of a row.

    Parameters
    ----------
    cells : dict of name to text
    order : iterable of str
        The names, in the order in which they are to stand.

    Examples
    --------
    >>> write({"a": "1", "b": "x y"}, ["b", "a"])
    'b is x y, a is 1'
    """
    return SEPARATOR.join(f"{name}{LINK}{cells[name]}" for name in order)


def read(sentence: str) -> dict[str, str]:
    """Give the cells of a sentence as texts, in its order.

    Examples
    --------
    >>> read("b is x y, a is 1")
    {'b': 'x y', 'a': '1'}
    """
    pieces = (piece.partition(LINK) for piece in sentence.split(SEPARATOR))
    return {name: text for name, _, text in pieces}


@dataclass(frozen=True)
class Figures:
    """How the numbers of a column are written.

    Attributes
    ----------
    decimals : int
        Numbers are written to multiples of ``10**-decimals``.
    low, high : int
        The least and the greatest of them, counted in those multiples.
    """

    decimals: int
    low: int
    high: int

    @classmethod
    def fit(cls, column: Column, numbers: NDArray[np.float64], precision: int | None) -> "Figures":
        """Choose the decimals: never more than the column's own grid has.

        Parameters
        ----------
        column : Column
        numbers : (n,) float64
            Of training; not all are NaN.
        precision : int or None
            The decimals wanted, or else enough for four digits within the middle nine tenths of the column.
        """
        present = numbers[~np.isnan(numbers)]
        if precision is None:
            bottom, top = np.quantile(present, [0.05, 0.95], method="nearest")
            span = top / 2 - bottom / 2 or column.high / 2 - column.low / 2 or column.high or 1.0
            # Halves are taken since a difference of two floats may be no float.
            precision = STEPS - math.ceil(math.log10(abs(span)) + math.log10(2))
        grid = FINEST if column.decimals is None else column.decimals
        decimals = min(precision, grid, FINEST)
        whole = cls(decimals, 0, 0).counted(np.array([column.low, column.high]))
        return cls(decimals, *whole)

    def counted(self, numbers: NDArray[np.float64]) -> list[int]:
        """Give numbers (n,) as whole multiples of the unit."""
        if self.decimals >= 0:
            return [round(v * 10.0**self.decimals) for v in numbers.tolist()]
        return [round(v / 10.0**-self.decimals) for v in numbers.tolist()]

    @property
    def point(self) -> int:
        """Digits behind the decimal point; 0 where none is written, because there is none or too many."""
        return self.decimals if 0 < self.decimals <= MOST_DECIMALS else 0

    def digits(self, count: int) -> str:
        """Write one of the multiples, without the zeros that stand for tens, hundreds, ..."""
        digits = str(abs(count)).zfill(self.point + 1)
        if self.point:
            digits = f"{digits[: -self.point]}.{digits[-self.point :]}"
        return f"-{digits}" if count < 0 else digits

    def text(self, count: int) -> str:
        """Write one of the multiples as people would."""
        zeros = -self.decimals if count and -MOST_ZEROS <= self.decimals < 0 else 0
        return self.digits(count) + "0" * zeros

    def value(self, digits: str) -> float:
        """Read what `digits` gave."""
        count = int(digits.replace(".", ""))
        return count / 10.0**self.decimals if self.decimals >= 0 else count * 10.0**-self.decimals
