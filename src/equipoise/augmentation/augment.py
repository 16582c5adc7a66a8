"""The augmented table: read, fitted or loaded, drawn and written, and an account of it."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from equipoise import registry
from equipoise.augmentation.csv_source import CsvSource
from equipoise.augmentation.drawing import Drawing
from equipoise.augmentation.keys import check_classes
from equipoise.augmentation.parquet_source import ParquetSource
from equipoise.augmentation.plans import Key, Strata, level_of, planned, strata_of, subsample
from equipoise.augmentation.request import Request
from equipoise.augmentation.writing import Source, write_rows
from equipoise.errors import DataError, OptionError
from equipoise.saving.model_file import load
from equipoise.seeds import generator
from equipoise.synthesizers._base import Delivery, Synthesizer, proportional
from equipoise.tables.cells import shown
from equipoise.tables.labels import twins_note
from equipoise.tables.schema import Kind, list_names
from equipoise.tables.writer import output_format


class Progress(Protocol):
    """Whoever wants to be told."""

    def phase(self, name: str, total: int | None = None) -> None:
        """Begin a phase of so many units; None if nobody knows."""

    def advance(self, n: int) -> None:
        """Count units of the phase."""


class Silence:
    """Progress that nobody hears of."""

    def phase(self, name: str, total: int | None = None) -> None:
        """Begin a phase."""

    def advance(self, n: int) -> None:
        """Count units."""


@dataclass(frozen=True)
class Change:
    """Rows of one level before and after, originals counted in."""

    level: str
    before: int
    after: int


@dataclass(frozen=True)
class Outcome:
    """What was done.

    Attributes
    ----------
    rows : int
        Rows of the data.
    unlabelled : int
        Those of them without a target (or a group), which nothing was learnt from.
    fit_rows : int or None
        Rows that the method was fitted on; None if none was fitted here.
    learnable : int
        Rows that it could have been fitted on.
    fit_seconds : float
    classes, groups : tuple of Change
    deliveries : tuple of Delivery
        Requested and delivered rows of each class, or pair of a group and a class, with every fallback.
    keeps : str or None
        What real values the model holds as they are; None if no model was needed.
    rewritten : bool
        Whether the lines of a CSV file could not be kept as they were.
    notes : tuple of str
    """

    rows: int
    unlabelled: int
    fit_rows: int | None
    learnable: int
    fit_seconds: float
    classes: tuple[Change, ...]
    groups: tuple[Change, ...]
    deliveries: tuple[Delivery, ...]
    keeps: str | None
    rewritten: bool
    notes: tuple[str, ...]

    @property
    def new(self) -> int:
        """Rows that were made."""
        return sum(delivery.delivered for delivery in self.deliveries)


def augment(request: Request, progress: Progress | None = None) -> Outcome:
    """Write a table with new rows behind its own.

    Parameters
    ----------
    request : Request
    progress : Progress, optional

    Raises
    ------
    DataError, OptionError, MissingExtra
        The data or the call is wrong; nothing has been written then.
    """
    progress = progress or Silence()
    request.check()
    reader = ParquetSource if request.is_parquet else CsvSource
    source: Source = reader(request.data, request.reading)
    request.check_columns(source.names)
    progress.phase("reading the classes")
    by: Key | None = None
    target, *others = source.keys([request.target, *([request.by] if request.by else [])])
    check_classes(request.data, target)
    if others:
        by = others[0]
    strata = strata_of(target, by)
    if not len(strata.labels):
        raise DataError(f"{request.data}: no row has both a target and a group; name another --by")
    wanted = _wanted(request, target, by, strata)
    columns = [name for name in source.names if name not in request.reading.drop]
    features = [name for name in columns if name not in (request.target, request.by)]
    if not features:
        raise DataError(f"{request.data} has no feature column to learn from; add or keep one")
    synthesizer, rows, seconds = None, None, 0.0
    if wanted.any() or request.save is not None:
        synthesizer, rows, seconds = _maker(request, source, strata, features, progress)
    drawing = Drawing(synthesizer, strata, wanted, request.seed)
    if not request.only_new:
        progress.phase("copying the rows", source.size)
    write_rows(
        request,
        source,
        columns,
        _announced(drawing.frames(target, by, columns), progress, int(wanted.sum())),
        progress.advance,
        progress.advance,
    )
    return _outcome(request, source, (target, by, strata), drawing, (rows, seconds))


def _wanted(request: Request, target: Key, by: Key | None, strata: Strata) -> Any:
    plan = request.counting
    if plan is None:
        return proportional(int(request.rows or 0), strata.counts)
    return planned(plan, target, by, strata)


def _announced(frames: Any, progress: Progress, total: int) -> Any:
    """Begin the phase of drawing when its first block is asked for, which is when the originals are written."""
    if total:
        progress.phase("drawing new rows", total)
    yield from frames


def _maker(
    request: Request, source: Source, strata: Strata, features: list[str], progress: Progress
) -> tuple[Any, int | None, float]:
    """Give a fitted synthesizer, the rows that it was fitted on here, and the seconds of that."""
    if request.model is not None:
        synthesizer = _loaded(request.model, request, features)
        if isinstance(source, CsvSource):
            _check_words(synthesizer, source, request.model)
        return synthesizer, None, 0.0
    assert request.method is not None  # the request has been checked
    unfitted = registry.make(request.method, random_state=request.seed, **request.parameters)
    if request.save is not None and not isinstance(unfitted, Synthesizer):
        raise OptionError(
            f"--save cannot keep {request.method}, which is no Synthesizer of Equipoise"
        )
    rows = np.flatnonzero(strata.codes >= 0)
    if request.fit_rows is not None:
        rng = generator(request.seed, "augment", "fit rows")
        rows = subsample(strata.codes, strata.counts, request.fit_rows, rng)
    progress.phase(f"reading {len(rows):,} rows to learn from")
    X = source.frame(None if len(rows) == len(strata.codes) else rows, features)
    y = level_of(strata.labels, strata.codes[rows])
    progress.phase(f"fitting {request.method}")
    start = time.monotonic()
    unfitted.fit(X, y, kinds=_kinds(request, X))
    seconds = time.monotonic() - start
    if request.save is not None:
        unfitted.save(request.save)
    return unfitted, len(rows), seconds


def _kinds(request: Request, X: pd.DataFrame) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {n: "categorical" for n in request.reading.categorical if n in X}
    for name in request.reading.numeric:
        if name in X and not X[name].isna().all():
            kinds[name] = "numeric"
    return kinds


def _loaded(path: Path, request: Request, features: list[str]) -> Any:
    synthesizer = load(path)
    if not hasattr(synthesizer, "sample"):
        raise OptionError(
            f"the model {path} is a saved {type(synthesizer).__name__}, which makes no rows; give one "
            "that --save wrote, or a saved synthesizer"
        )
    there = [str(name) for name in synthesizer.schema_.names]
    more = [name for name in features if name not in there]
    less = [name for name in there if name not in features]
    if more or less:
        parts = [f"it lacks {list_names(more)}"] * bool(more)
        parts += [f"{request.data} lacks {list_names(less)} as features"] * bool(less)
        raise OptionError(
            f"the model {path} was fitted to other columns: {', and '.join(parts)}; use the data it was "
            "fitted to, with the same --target, --by and --drop"
        )
    return synthesizer


def _check_words(synthesizer: Any, source: CsvSource, model: Path) -> None:
    """Refuse a column of words where the model makes numbers."""
    for column in synthesizer.schema_.columns:
        word = source.hand.forms[str(column.name)].word
        if column.kind == "numeric" and column.cell != "text" and word:
            raise OptionError(
                f"the model {model} makes numbers for the column {column.name!r}, which holds {shown(word)} "
                f"in {source.path}; use the data it was fitted to, with the same --missing"
            )


def _notes(source: Source, target: Key) -> list[str]:
    return [*source.notes, *twins_note(target.name, target.levels)]


def _outcome(
    request: Request,
    source: Source,
    keys: tuple[Key, Key | None, Strata],
    drawing: Drawing,
    fit: tuple[int | None, float],
) -> Outcome:
    target, by, strata = keys
    came = drawing.came
    groups: tuple[Change, ...] = ()
    if by is not None:
        groups = _changes(by, np.asarray(strata.groups), came)
    used = set(source.names) - set(request.reading.drop)
    return Outcome(
        rows=len(strata.codes),
        unlabelled=int((strata.codes < 0).sum()),
        fit_rows=fit[0],
        learnable=int(strata.counts.sum()),
        fit_seconds=fit[1],
        classes=_changes(target, strata.classes, came),
        groups=groups,
        deliveries=drawing.deliveries,
        keeps=None if drawing.synthesizer is None else _kept(drawing.synthesizer),
        rewritten=isinstance(source, CsvSource)
        and not request.only_new
        and output_format(request.output) is not None
        and (len(used) < len(source.names) or source.hand.separator != source.separator),
        notes=tuple(f"{request.data.name}: {note}" for note in _notes(source, target)),
    )


def _changes(key: Key, level: Any, came: Any) -> tuple[Change, ...]:
    new = np.bincount(level, weights=came, minlength=len(key.levels)).astype(np.int64)
    return tuple(
        Change(text, int(n), int(n + m))
        for text, n, m in zip(key.texts, key.counts, new, strict=True)
    )


def _kept(synthesizer: Any) -> str:
    """Say what real values a fitted synthesizer holds as they are; empty if none."""
    held = []
    if getattr(synthesizer, "keeps_rows", False):
        held.append(getattr(synthesizer, "_kept_form", "training rows"))
    schema = getattr(synthesizer, "schema_", None)
    names = [c.name for c in schema.columns if c.kind == "identifier"] if schema else []
    if names:
        held.append(f"the values of {list_names(names)}")
    return " and ".join(held)
