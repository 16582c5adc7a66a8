"""Numbers as text, with a true minus: differences with their sign, levels without a plus."""

import math

MINUS = "\N{MINUS SIGN}"


def signed(value: float, digits: int = 3) -> str:
    """Give a difference with its sign, a true minus, and no negative zero."""
    if value is None or math.isnan(value):
        return "–"
    text = f"{value:+.{digits}f}"
    return f"{abs(value):.{digits}f}" if float(text) == 0 else text.replace("-", MINUS)


def level(value: float, digits: int = 3) -> str:
    """Give a level, which has no plus: a share, an error, a spread."""
    return signed(value, digits).removeprefix("+")
