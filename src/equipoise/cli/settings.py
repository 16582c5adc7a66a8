"""Parameters of methods, as a person writes them: ``NAME=VALUE``, with a value as in an experiment's file."""

import tomllib
from collections.abc import Sequence
from typing import Any

from equipoise.errors import OptionError

WORDS = {
    "True": True,
    "False": False,
    "None": None,
}  # as Python has them; TOML has no word for None


def settings(texts: Sequence[str] | None, form: str = "NAME=VALUE") -> dict[str, Any]:
    """Read what `--set` was given: numbers, true, false, None and lists of such; all else is a text.

    Raises
    ------
    OptionError
        One is not of the form, or a name comes twice.
    """
    found: dict[str, Any] = {}
    for text in texts or ():
        name, sign, value = (part.strip() for part in text.partition("="))
        if not (name and sign and value):
            raise OptionError(f"--set takes {form}, got {text!r}")
        if name in found:
            raise OptionError(f"--set gives {name} twice; give it once")
        found[name] = _value(value)
    return found


def settings_of_methods(texts: Sequence[str] | None) -> dict[str, dict[str, Any]]:
    """Read what `--set` was given where several methods take part: a dict of parameters for each method.

    Raises
    ------
    OptionError
        One is not of the form METHOD.NAME=VALUE, or comes twice.
    """
    found: dict[str, dict[str, Any]] = {}
    for word, value in settings(texts, "METHOD.NAME=VALUE").items():
        method, dot, name = word.rpartition(".")
        if not (method and dot and name):
            raise OptionError(
                f"--set takes METHOD.NAME=VALUE, such as cart.min_leaf=10; got {word!r} in place of METHOD.NAME"
            )
        found.setdefault(method, {})[name] = value
    return found


def _value(text: str) -> Any:
    if text in WORDS:
        return WORDS[text]
    try:
        return float(text) if text.startswith((".", "-.")) else _toml(text)
    except (ValueError, RecursionError):  # what is no value is a text: a folder, a word
        return text


def _toml(text: str) -> Any:
    """Read a value of TOML: a number, a quoted text, true, false or a list.

    Raises
    ------
    ValueError
        It is none of these, or more than one.
    """
    if "\n" in text or ("#" in text and text[0] not in "\"'["):
        raise ValueError("a second line or a comment")
    value = tomllib.loads(f"value = {text}")["value"]
    if not isinstance(value, bool | int | float | str | list):
        raise ValueError("a date or a table")
    return value
