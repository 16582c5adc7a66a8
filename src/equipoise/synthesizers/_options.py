"""What the options of a method may be: each check takes the method and names, and one sentence says what is wrong.

Options are checked by `fit`, not by constructors, as scikit-learn's estimators do.
"""

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np

from equipoise.errors import OptionError


def check_whole(options: Any, *names: str, least: int = 1, optional: bool = False) -> None:
    """Refuse what is no whole number of `least` or more; None is one of the choices if optional."""
    for name in names:
        value = getattr(options, name)
        if not (optional and value is None):
            _check_whole(name, value, least, _or_none(optional))


def check_widths(options: Any, name: str, length: int | None = None) -> None:
    """Refuse what is no tuple of widths of layers, of so many if a length is given."""
    value = getattr(options, name)
    expected = "a tuple of widths" if length is None else f"a tuple of {length} widths"
    if isinstance(value, str) or not isinstance(value, Sequence) or not value:
        raise OptionError(f"{name} must be {expected}, got {value!r}")
    if length is not None and len(value) != length:
        raise OptionError(f"{name} must be {expected}, got {value!r}")
    for width in value:
        _check_whole(f"every width of {name}", width, 1)


def check_above_zero(options: Any, *names: str, optional: bool = False) -> None:
    """Refuse what is no finite number above 0."""
    for name in names:
        value = getattr(options, name)
        if not (optional and value is None) and not (_is_number(value) and value > 0):
            raise OptionError(f"{name} must be a number above 0{_or_none(optional)}, got {value!r}")


def check_zero_or_more(options: Any, *names: str, optional: bool = False) -> None:
    """Refuse what is no finite number of 0 or more."""
    for name in names:
        value = getattr(options, name)
        if not (optional and value is None) and not (_is_number(value) and value >= 0):
            raise OptionError(
                f"{name} must be a number of 0 or more{_or_none(optional)}, got {value!r}"
            )


def check_share(
    options: Any, *names: str, zero: bool = True, one: bool = True, optional: bool = False
) -> None:
    """Refuse what is no share between 0 and 1; `zero` and `one` say which ends belong to it."""
    for name in names:
        value = getattr(options, name)
        if optional and value is None:
            continue
        inside = _is_number(value) and 0 <= value <= 1
        if not inside or (value == 0 and not zero) or (value == 1 and not one):
            interval = f"{'[' if zero else '('}0, 1{']' if one else ')'}"
            raise OptionError(f"{name} must lie in {interval}{_or_none(optional)}, got {value!r}")


def check_choices(options: Any, **choices: Sequence[Any]) -> None:
    """Refuse what is none of the choices."""
    for name, known in choices.items():
        if getattr(options, name) not in known:
            words = ", ".join(map(repr, known))
            raise OptionError(f"{name} must be one of {words}; got {getattr(options, name)!r}")


def _check_whole(name: str, value: Any, least: int, more: str = "") -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise OptionError(f"{name} must be a whole number of {least} or more{more}, got {value!r}")


def _or_none(optional: bool) -> str:
    return ", or None" if optional else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
