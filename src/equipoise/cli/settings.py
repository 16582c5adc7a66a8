"""Parameters of methods, as a person writes them: ``NAME=VALUE``, with a value as in an experiment's file."""

import tomllib
from collections.abc import Sequence
from typing import Any

from equipoise.errors import OptionError


def settings(texts: Sequence[str] | None, form: str = "NAME=VALUE") -> dict[str, Any]:
    """Read what `--set` was given: numbers, true, false and lists as TOML has them, else a text.

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
                f"--set takes METHOD.NAME=VALUE, got {word!r} for METHOD.NAME; such as cart.min_leaf=10"
            )
        found.setdefault(method, {})[name] = value
    return found


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
