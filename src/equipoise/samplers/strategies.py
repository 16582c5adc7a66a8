"""How many rows of which class to make: the only place that counts.

A plan is a value (`parse_plan`) with one question, `new_rows(y)`. `balance` and `grow` are the same counts as
imbalanced-learn strategies: callables of y that give the total wanted of each class.
"""

import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import OptionError
from equipoise.tables.labels import as_series


def class_counts(y: Any) -> dict[Any, int]:
    """Count the rows of each class, in the order of first appearance."""
    return {label: int(n) for label, n in as_series(y).value_counts(sort=False).items() if n}


@dataclass(frozen=True)
class balance:  # noqa: N801 - a strategy is called like a function
    """Grow every class up to a share of the largest; classes above it stay as they are.

    Parameters
    ----------
    ratio : float, default=1.0
        In (0, 1]: 1 makes all classes as large as the largest.

    Examples
    --------
    >>> balance(0.5)(["a"] * 8 + ["b"] * 2)
    {'a': 8, 'b': 4}
    """

    ratio: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a ratio out of range."""
        if not (isinstance(self.ratio, Real) and 0 < self.ratio <= 1):
            raise OptionError(f"the ratio of balance must lie in (0, 1], got {self.ratio!r}")

    def __call__(self, y: Any) -> dict[Any, int]:
        """Give the total wanted of each class."""
        counts = class_counts(y)
        aim = math.ceil(round(self.ratio * max(counts.values()), 9))
        return {label: max(n, aim) for label, n in counts.items()}


@dataclass(frozen=True)
class grow:  # noqa: N801 - a strategy is called like a function
    """Grow every class by a rate.

    Parameters
    ----------
    rate : float
        0 or more: 0.5 adds half as many rows as the class has, rounded to nearest.

    Examples
    --------
    >>> grow(0.5)(["a"] * 8 + ["b"] * 2)
    {'a': 12, 'b': 3}
    """

    rate: float

    def __post_init__(self) -> None:
        """Refuse a rate out of range."""
        if not (isinstance(self.rate, Real) and self.rate >= 0 and math.isfinite(self.rate)):
            raise OptionError(f"the rate of grow must be 0 or more, got {self.rate!r}")

    def __call__(self, y: Any) -> dict[Any, int]:
        """Give the total wanted of each class."""
        return {
            label: n + int(np.floor(self.rate * n + 0.5)) for label, n in class_counts(y).items()
        }


@dataclass(frozen=True)
class add:  # noqa: N801 - a strategy is called like a function
    """Add exactly n rows of one class, which is named by its text."""

    label: str
    n: int

    def __call__(self, y: Any) -> dict[Any, int]:
        """Give the total wanted of each class."""
        counts = class_counts(y)
        found = [label for label in counts if str(label) == self.label]
        found = found or [label for label in counts if _same_number(label, self.label)]
        if not found:
            raise OptionError(
                f"the plan adds rows of class {self.label!r}, but the classes are "
                f"{', '.join(map(repr, counts))}"
            )
        return {label: n + (self.n if label == found[0] else 0) for label, n in counts.items()}


def _same_number(label: Any, text: str) -> bool:
    try:
        return float(label) == float(text)
    except (TypeError, ValueError):
        return False


def shrink(y: NDArray[np.int64], counted: NDArray[np.bool_]) -> dict[int, int]:
    """Give the totals that under-sampling leaves: every counted class down to the smallest of them.

    Parameters
    ----------
    y : (n,) int
        Class positions.
    counted : (C,) bool
        Classes that take part; others stay as they are.
    """
    counts = np.bincount(y, minlength=len(counted))
    aim = int(counts[counted].min())
    return {int(k): aim for k in np.flatnonzero(counted) if counts[k] > aim}


@dataclass(frozen=True)
class Plan:
    """A named strategy, as the command line and the results know it."""

    name: str
    totals: Any = None

    def new_rows(self, y: Any) -> dict[Any, int]:
        """Give how many rows to make of each class that grows."""
        if self.totals is None:
            return {}
        counts = class_counts(y)
        return {k: total - counts[k] for k, total in self.totals(y).items() if total > counts[k]}


def parse_plan(text: str) -> Plan:
    """Read ``none``, ``balance``, ``balance:0.5``, ``grow:0.5`` or ``add:CLASS=N``.

    Raises
    ------
    OptionError
        It is none of these, or its number is out of range.
    """
    word, colon, argument = text.strip().partition(":")
    try:
        if word == "none" and not colon:
            return Plan("none")
        if word == "balance":
            return Plan(text.strip(), balance(float(argument)) if colon else balance())
        if word == "grow":
            return Plan(text.strip(), grow(float(argument)))
        if word == "add":
            label, _, n = argument.rpartition("=")
            if label and int(n) >= 0:
                return Plan(text.strip(), add(label, int(n)))
    except OptionError:
        raise
    except ValueError:
        pass
    raise OptionError(
        f"the plan must be none, balance, balance:RATIO, grow:RATE or add:CLASS=N, got {text!r}"
    )
