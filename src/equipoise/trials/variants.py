"""A method under another name: the same class with other parameters, or fitted on fewer rows of the minority."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from equipoise.errors import OptionError
from equipoise.registry import method

Parameters = tuple[tuple[str, Any], ...]
PLAIN = (bool, int, float, str, type(None))


def parameters_of(name: str, given: Mapping[str, Any]) -> Parameters:
    """Give parameters of a method as pairs in order of their names, with tuples for lists, as a trial keeps them.

    Raises
    ------
    OptionError
        A value is neither a number, a text, true or false, nor a list of such.
    """
    pairs = []
    for word, value in sorted(given.items()):
        parts = value if isinstance(value, list | tuple) else [value]
        if not all(isinstance(part, PLAIN) for part in parts):
            raise OptionError(
                f"{name}.{word} must be a number, a text, true, false or a list of these, got {value!r}"
            )
        pairs.append((word, tuple(parts) if isinstance(value, list) else value))
    return tuple(pairs)


@dataclass(frozen=True)
class Variant:
    """A treatment that has a name of its own in results.

    Attributes
    ----------
    name : str
        The method's name, a colon and a word, so that whoever reads results knows the method.
    method : str
        A name of the registry.
    minority_share : float, default=1.0
        In (0, 1]: of the rows of every class but the largest, the share that the method is fitted on. What it makes
        is added to all training rows all the same.
    """

    name: str
    method: str
    minority_share: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a name that hides its method, and a share out of range."""
        entry = method(self.method)
        word = self.name.removeprefix(f"{self.method}:")
        if word in ("", self.name):
            raise OptionError(
                f"the variant {self.name!r} must be named {self.method}:WORD, after its method"
            )
        if not entry.target:
            raise OptionError(f"{self.method} has nothing to vary; a variant needs a method to fit")
        share = self.minority_share
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
            raise OptionError(
                f"minority_share of {self.name} must be a number in (0, 1], got {share!r}"
            )


def read_variants(values: Any, where: str) -> tuple[tuple[Variant, ...], dict[str, dict[str, Any]]]:
    """Read ``[variants."METHOD:WORD"]`` tables.

    Returns
    -------
    variants : tuple of Variant
    parameters : dict of name to dict
        What each is constructed with: all that is neither ``method`` nor ``minority_share``.

    Raises
    ------
    OptionError
        They are no such tables, or one names no method.
    """
    if not isinstance(values, dict) or not all(isinstance(v, dict) for v in values.values()):
        raise OptionError(f'{where} must be tables, each headed [variants."METHOD:WORD"]')
    variants, parameters = [], {}
    for name, given in values.items():
        if "method" not in given:
            raise OptionError(f"{where}: {name!r} does not say its method")
        own = dict(given)
        variants.append(Variant(name, str(own.pop("method")), own.pop("minority_share", 1.0)))
        parameters[name] = own
    return tuple(variants), parameters
