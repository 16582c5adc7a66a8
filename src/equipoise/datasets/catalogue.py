"""The tables that can be asked for by name, where each is looked for, and the check of what is found."""

import difflib
import os
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from equipoise.datasets.dataset import Dataset, content_hash, dataset, from_file
from equipoise.datasets.fetch import fetch
from equipoise.datasets.laws import LABEL, LAWS, law
from equipoise.errors import DataError, OptionError
from equipoise.seeds import generator
from equipoise.tables.io import read_noted, write_table
from equipoise.tables.schema import Kind

__all__ = ["Dataset", "Entry", "content_hash", "describe", "entry", "from_file", "load"]

LAW_PREFIX = "law:"
DATA_VARIABLE = "EQUIPOISE_DATA"
CACHE_VARIABLE = "EQUIPOISE_CACHE"


@dataclass(frozen=True)
class Entry:
    """What the catalogue knows of a table.

    Attributes
    ----------
    name : str
    file : str
        Stem of the file in a data folder.
    rows, columns : int
        The target is counted among the columns.
    target : str
    classes : mapping of str to int
        Rows of each class, by the text of its label.
    kinds : mapping of str to str
        Columns whose kind cannot be read off their values.
    licence, source : str
    datasheet : tuple of str
        Three lines for a person.
    bundled : str
        File in the package, or empty.
    openml : int or None
        Id on OpenML.
    here : str
        Where it would be taken from now; empty unless the entry comes from `describe`.
    """

    name: str
    file: str
    rows: int
    columns: int
    target: str
    classes: Mapping[str, int]
    licence: str
    source: str
    datasheet: tuple[str, ...]
    kinds: Mapping[str, Kind] = field(default_factory=lambda: MappingProxyType({}))
    bundled: str = ""
    openml: int | None = None
    here: str = ""

    @property
    def ratio(self) -> float:
        """Rows of the largest class over rows of the smallest."""
        return max(self.classes.values()) / min(self.classes.values())


@cache
def _entries() -> dict[str, Entry]:
    text = Path(__file__).with_name("catalogue.toml").read_text("utf-8")
    tables: dict[str, dict[str, Any]] = tomllib.loads(text)
    return {
        name: Entry(name, **{**facts, "datasheet": tuple(facts["datasheet"])})
        for name, facts in tables.items()
    }


def entry(name: str) -> Entry:
    """Give what the catalogue knows of a table.

    Raises
    ------
    OptionError
        There is no such table.
    """
    if name in _entries():
        return _entries()[name]
    known = [*_entries(), *(LAW_PREFIX + each for each in LAWS)]
    close = difflib.get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(known)}"
    raise OptionError(f"there is no data set {name!r}; {hint}")


def load(name: str, data_dir: str | Path | None = None) -> Dataset:
    """Load a table of the catalogue, or one drawn from a known law (``law:NAME``).

    It is looked for in the data folder (``FILE.csv``, ``FILE.csv.gz``), in the package, in the cache, then on OpenML;
    what comes from there is kept in the cache. Shape and class counts are compared with the catalogue.

    Parameters
    ----------
    name : str
        For example "adult" (the training file; "adult-test" is the other one), or "law:two-gaussians".
    data_dir : str or Path, default=None
        A folder of CSV files; the environment variable EQUIPOISE_DATA if None. The cache is EQUIPOISE_CACHE, or
        equipoise in XDG_CACHE_HOME, or ~/.cache/equipoise.

    Raises
    ------
    OptionError
        There is no such table, law or folder.
    DataError
        The table cannot be had, or what was found is not it: the message says where and what to do.
    """
    if name.startswith(LAW_PREFIX):
        return _drawn(name)
    known = entry(name)
    found = _in_folder(known, _data_dir(data_dir))
    if found is None and known.bundled:
        found = Path(__file__).parent / "bundled" / known.bundled
    if found is not None:
        return _checked(known, found)
    remarks = []
    cached = _cache_dir() / f"{known.file}.csv"
    if cached.is_file():
        try:
            return _checked(known, cached)
        except DataError as error:
            remarks.append(f"what the cache held was not used: {error}")
    return _fetched(known, _data_dir(data_dir), cached, remarks)


def describe(data_dir: str | Path | None = None) -> list[Entry]:
    """List what can be loaded, with `Entry.here` telling where each would come from now.

    Parameters
    ----------
    data_dir : str or Path, default=None
        As for `load`.
    """
    folder = _data_dir(data_dir)
    listed = [replace(known, here=_here(known, folder)) for known in _entries().values()]
    for each in LAWS.values():
        X, _ = each.sample_class([1] * len(each.classes), generator(0, "law", each.name))
        listed.append(
            Entry(
                name=LAW_PREFIX + each.name,
                file="",
                rows=sum(each.counts),
                columns=X.shape[1] + 1,
                target=LABEL,
                classes=dict(zip(each.classes, each.counts, strict=True)),
                licence="none needed",
                source="drawn from a known law",
                datasheet=(each.sentence,),
                here="drawn when asked for",
            )
        )
    return listed


def _here(known: Entry, folder: Path | None) -> str:
    found = _in_folder(known, folder)
    if found is not None:
        return str(found)
    if known.bundled:
        return "in the package"
    if (_cache_dir() / f"{known.file}.csv").is_file():
        return "in the cache"
    if known.openml is not None:
        return f"not yet: OpenML, id {known.openml}"
    return f"not yet: put {known.file}.csv into a data folder"


def _data_dir(data_dir: str | Path | None) -> Path | None:
    given = data_dir or os.environ.get(DATA_VARIABLE)
    if not given:
        return None
    folder = Path(given).expanduser()
    if not folder.is_dir():
        origin = "--data-dir" if data_dir else DATA_VARIABLE
        raise OptionError(f"{origin} must name a folder of CSV files, and {folder} is none")
    return folder


def _cache_dir() -> Path:
    if own := os.environ.get(CACHE_VARIABLE):
        return Path(own).expanduser()
    root = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(root).expanduser() / "equipoise"


def _in_folder(known: Entry, folder: Path | None) -> Path | None:
    if folder is None:
        return None
    candidates = (folder / f"{known.file}.csv", folder / f"{known.file}.csv.gz")
    return next((path for path in candidates if path.is_file()), None)


def _fetched(known: Entry, folder: Path | None, cached: Path, remarks: list[str]) -> Dataset:
    try:
        if known.openml is None:
            raise DataError("it is not on OpenML")
        frame = fetch(known.openml, known.target)
    except DataError as error:
        place = f"{folder} has no {known.file}.csv" if folder else "no data folder was given"
        raise DataError(
            f"the table {known.name!r} cannot be had: {place}, the cache {cached.parent} has "
            f"none, and {error}; put {known.file}.csv into a folder and name it by --data-dir or "
            f"{DATA_VARIABLE}"
        ) from None
    with tempfile.TemporaryDirectory() as scratch:
        arrived = Path(scratch) / f"{known.file}.csv"
        write_table(frame, arrived)
        table = _checked(known, arrived, f"what OpenML sent for id {known.openml}")
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        write_table(frame, cached)
    except (OSError, DataError) as error:
        remarks.append(f"the table could not be kept in the cache: {error}")
    return replace(table, warnings=(*table.warnings, *remarks))


def _checked(known: Entry, path: Path, where: str = "") -> Dataset:
    """Read a file and compare it with the catalogue."""
    where = where or str(path)
    frame, notes = read_noted(path)
    if known.target not in frame.columns:
        raise DataError(
            f"{where} is not the table {known.name!r}: it lacks the target column "
            f"{known.target!r}; replace it by the right file"
        )
    if frame.shape != (known.rows, known.columns):
        raise DataError(
            f"{where} is not the table {known.name!r}: expected {known.rows} rows and "
            f"{known.columns} columns, got {frame.shape[0]} and {frame.shape[1]}; replace it by "
            "the right file"
        )
    lacking = [column for column in known.kinds if column not in frame.columns]
    if lacking:
        raise DataError(
            f"{where} is not the table {known.name!r}: it lacks the column {lacking[0]!r}; "
            "replace it by the right file"
        )
    counts = {str(label): int(n) for label, n in frame[known.target].value_counts().items()}
    if sorted(counts.values()) != sorted(known.classes.values()):
        raise DataError(
            f"{where} is not the table {known.name!r}: expected the class counts "
            f"{_listed(known.classes)}, got {_listed(counts)}; replace it by the right file"
        )
    remarks = list(notes)
    if counts != dict(known.classes):
        remarks.append(
            f"{where} spells the classes {_listed(counts)}, the catalogue {_listed(known.classes)}"
        )
    X, y = frame.drop(columns=known.target), frame[known.target]
    return dataset(known.name, X, y, known.kinds, remarks)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{label} {n}" for label, n in sorted(counts.items())[:12])


def _drawn(name: str) -> Dataset:
    chosen = law(name.removeprefix(LAW_PREFIX))
    X, y = chosen.table(generator(0, "law", chosen.name))
    return dataset(name, X, pd.Series(y, name=LABEL), chosen.kinds)  # type: ignore[arg-type]
