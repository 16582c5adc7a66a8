"""Methods that other installed packages bring: entry points of the group `equipoise.synthesizers`.

Nothing is looked for until a name is asked that Equipoise does not have, or all are listed; nothing is imported here.
A package with a damaged file of entry points is passed over, since it may have nothing to do with Equipoise.
"""

import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata

from equipoise.errors import OptionError

GROUP = "equipoise.synthesizers"
NAME = re.compile(r"\w[\w.-]*")  # no colon and no comma: these part names in options


@dataclass(frozen=True)
class Plugin:
    """One entry point.

    Attributes
    ----------
    name : str
    target : str
        ``module:Class``.
    package : str
        Name and version of what brings it.
    """

    name: str
    target: str
    package: str


def plugins() -> tuple[Plugin, ...]:
    """Give all entry points of the group, in the order of their names."""
    return _plugins(tuple(sys.path))


@lru_cache(maxsize=4)
def _plugins(path: tuple[str, ...]) -> tuple[Plugin, ...]:
    """Read them from disk; `path` is where, and what the answer is kept for."""
    found: dict[tuple[str, str], Plugin] = {}
    for distribution in metadata.distributions(path=list(path)):
        for point in _points(distribution):
            name = distribution.metadata["Name"] or "a package without a name"
            target = point.value.partition("[")[0].strip()  # extras stand in brackets
            plugin = Plugin(point.name, target, f"{name} {distribution.version}")
            # Of two copies of a package, the first on the path is the one that would be imported.
            found.setdefault((name, point.name), plugin)
    return tuple(sorted(found.values(), key=lambda plugin: (plugin.name, plugin.package)))


def _points(distribution: metadata.Distribution) -> Collection[metadata.EntryPoint]:
    try:
        return distribution.entry_points.select(group=GROUP)
    except Exception:  # no entry points of Equipoise's, as far as anybody can tell
        return ()


def find(name: str) -> Plugin | None:
    """Give the entry point of that name, if there is one.

    Raises
    ------
    OptionError
        Several packages bring a method of that name, and not the same one.
    """
    found = [plugin for plugin in plugins() if plugin.name == name]
    if len({plugin.target for plugin in found}) > 1:
        raise OptionError(
            f"the method {name!r} is brought by "
            + " and by ".join(f"{plugin.package} ({plugin.target})" for plugin in found)
            + "; name the class itself, as module:Class, or uninstall all packages but one"
        )
    return found[0] if found else None


def names(taken: Collection[str]) -> list[str]:
    """Give the names that methods can be had by.

    Parameters
    ----------
    taken : collection of str
        Names of Equipoise's own methods, which stay theirs.
    """
    found = (plugin.name for plugin in plugins() if NAME.fullmatch(plugin.name))
    return [name for name in dict.fromkeys(found) if name not in taken]


def unreachable(taken: Collection[str]) -> Iterator[str]:
    """Say of each entry point that no name leads to why that is so.

    Parameters
    ----------
    taken : collection of str
        Names of Equipoise's own methods, which stay theirs.
    """
    for plugin in plugins():
        reason = ""
        if plugin.name in taken:
            reason = "but that is the name of one of Equipoise's own"
        elif not NAME.fullmatch(plugin.name):
            reason = "but a name is made of letters, digits, '_', '-' and '.'"
        if reason:
            yield (
                f"{plugin.package} brings a method {plugin.name!r}, {reason}; "
                f"its class can be named as {plugin.target}"
            )
