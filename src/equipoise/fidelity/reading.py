"""Real rows, fresh rows and synthetic rows of any tool, read as one table that scores can be taken of.

The training rows say what every column is. The other tables are read so, whatever forms their cells came in, and levels
that only they have get codes beyond those of the schema, the same in all tables.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.errors import DataError
from equipoise.fidelity.coercion import CellError, Levels, coerced, read_numbers, unseen
from equipoise.fidelity.metric import Trio
from equipoise.tables.coded import Coded
from equipoise.tables.frames import Container
from equipoise.tables.labels import Labels
from equipoise.tables.schema import Column, Kind, Schema, list_names

LEAST_ROWS = 2
NAMES = ("the real table", "the holdout", "the synthetic table")


@dataclass(frozen=True, eq=False)
class Reading:
    """Tables to be scored, and what a person should know of how they were read.

    Attributes
    ----------
    trio : Trio
    coerced : tuple of str
        A sentence for each column whose cells came in another form than in the real rows.
    unseen : tuple of str
        A sentence for each column with levels that no training row has.
    left_out : tuple of str
        A sentence for each column that no score looks at, or that holds nothing in one of the tables.
    """

    trio: Trio
    coerced: tuple[str, ...]
    unseen: tuple[str, ...]
    left_out: tuple[str, ...]


def read_trio(
    real: Any,
    synthetic: Any,
    target: Hashable,
    *,
    holdout: Any = None,
    kinds: Mapping[Any, Kind] | None = None,
    names: tuple[str, str, str] = NAMES,
) -> Reading:
    """Read two or three tables of the same columns.

    Parameters
    ----------
    real : DataFrame of shape (n, d)
        The rows that the synthesizer has seen. The order of the columns is theirs.
    synthetic : DataFrame of shape (m, d)
        Columns in any order. Identifier and constant columns of the real table may be absent.
    target : hashable
        Name of the column with the classes.
    holdout : DataFrame of shape (h, d), optional
        Real rows that the synthesizer has not seen. Without them the real rows take their place, and scores are those
        against training rows, which copies please best.
    kinds : dict of column name to kind, optional
        Overrules what would be inferred of the real columns. The target is categorical in any case.
    names : tuple of three str
        What messages call the real table, the holdout and the synthetic table, such as the paths of their files.

    Raises
    ------
    DataError
        A table is empty or has one row, or two columns of one name; the columns are not the same; the target is not
        there, or a label is missing; a cell cannot be read as its column says; the tables share no class.
    """
    given = [
        (name, _frame(table, name))
        for name, table in zip(names, (real, holdout, synthetic), strict=True)
        if table is not None
    ]
    for name, frame in given:
        _check_target(frame, target, name)
    called, frames = [name for name, _ in given], [frame for _, frame in given]
    train = frames[0]
    if isinstance(train[target].dtype, pd.CategoricalDtype):
        train = train.copy(deep=False)
        train.isetitem(train.columns.get_loc(target), train[target].cat.remove_unused_categories())
    schema = Schema.infer(train, {**(kinds or {}), target: "categorical"}, warn=False)
    for frame, name in zip(frames[1:], called[1:], strict=True):
        _check_columns(schema, frame, called[0], name)
    labels = Labels.infer(train[target])
    place = [column.name for column in schema.discrete].index(target)
    reader = _Reader(schema, [train, *frames[1:]], called)
    coded, sizes = reader.read()
    for table, name in zip(coded[1:], called[1:], strict=True):
        _check_classes(table.codes[:, place], labels, target, name)
    fresh = coded[0] if holdout is None else coded[1]
    trio = Trio(schema, place, labels.texts, sizes, coded[0], fresh, coded[-1])
    left_out = tuple(_left_out(column, train) for column in schema.carried)
    return Reading(
        trio, tuple(reader.coerced), tuple(reader.unseen), left_out + tuple(reader.empty)
    )


class _Reader:
    """Reads tables column by column, the training rows first, and keeps what there is to say."""

    def __init__(self, schema: Schema, frames: list[pd.DataFrame], called: list[str]) -> None:
        self.schema, self.frames, self.called = schema, frames, called
        self.coerced: list[str] = []
        self.unseen: list[str] = []
        self.empty: list[str] = []

    def read(self) -> tuple[list[Coded], NDArray[np.int64]]:
        """Give the coded tables and the sizes (q,) of their discrete columns."""
        p, q = len(self.schema.numbers), len(self.schema.discrete)
        # Scores go column by column.
        numbers = [np.empty((len(f), p), order="F") for f in self.frames]
        codes = [np.empty((len(f), q), dtype=np.int64, order="F") for f in self.frames]
        for j, column in enumerate(self.schema.numbers):
            for t in range(len(self.frames)):
                numbers[t][:, j] = self._column(column, t, None)
        sizes = np.empty(q, dtype=np.int64)
        for j, column in enumerate(self.schema.discrete):
            levels = Levels(column)
            for t in range(len(self.frames)):
                codes[t][:, j] = self._column(column, t, levels)
            sizes[j] = levels.size
        return [Coded(a, b) for a, b in zip(numbers, codes, strict=True)], sizes

    def _column(self, column: Column, t: int, levels: Levels | None) -> NDArray:
        """Read one column of one table."""
        name, series = self.called[t], self.frames[t][column.name]
        try:
            values = read_numbers(column, series) if levels is None else levels.code(series)
        except CellError as error:
            raise DataError(
                f"{name}, line {error.row + 2} (the header is line 1): column {column.name!r} is "
                f"{column.kind} in the real rows: {error}; write such cells as there, leave them empty, or drop the "
                "column from all tables"
            ) from None
        if t == 0:
            return values
        if series.isna().all():
            self.empty.append(
                f"{name}: column {column.name!r} holds nothing there: its scores are undefined or low"
            )
            return values
        remark = coerced(column, self.frames[0][column.name], series, values)
        if remark:
            self.coerced.append(f"{name}: {remark}")
        if levels is not None and (values >= len(column.levels)).any():
            seen = np.unique(values[values >= len(column.levels)])
            texts = list(levels.added)
            self.unseen.append(
                f"{name}: "
                + unseen(
                    column,
                    [texts[k - len(column.levels)] for k in seen],
                    int((values >= len(column.levels)).sum()),
                )
            )
        return values


def _frame(table: Any, name: str) -> pd.DataFrame:
    frame = Container.of(table).frame(table)
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()].unique()
        raise DataError(
            f"{name} has two columns of one name: {list_names(twice)}; rename or drop one of them"
        )
    if len(frame) < LEAST_ROWS:
        got = "one row" if len(frame) else "no rows"
        raise DataError(f"{name} has {got}; at least two are needed for a score")
    return frame


def _check_target(frame: pd.DataFrame, target: Hashable, name: str) -> None:
    if target not in frame.columns:
        raise DataError(
            f"{name} lacks the target {target!r}; its columns are {list_names(frame.columns)}"
        )
    missing = frame[target].isna().to_numpy()
    if missing.all():
        raise DataError(f"{name}: every label of the target {target!r} is missing")
    if missing.any():
        raise DataError(
            f"{name}: {int(missing.sum())} labels of the target {target!r} are missing, the first in line "
            f"{int(missing.argmax()) + 2} (the header is line 1); drop those rows"
        )


def _check_columns(schema: Schema, frame: pd.DataFrame, real: str, name: str) -> None:
    there = set(frame.columns)
    carried = {column.name for column in schema.carried}
    lacking = [v for v in schema.names if v not in there and v not in carried]
    extra = [v for v in frame.columns if v not in set(schema.names)]
    parts = []
    if lacking:
        parts.append(f"{name} lacks {list_names(lacking)}")
    if extra:
        parts.append(f"{name if not lacking else 'it'} has {list_names(extra)} besides")
    if parts:
        raise DataError(
            f"{' and '.join(parts)}: it must have the columns of {real}, in any order; drop or rename columns in one "
            "of the two"
        )


def _check_classes(codes: NDArray[np.int64], labels: Labels, target: Hashable, name: str) -> None:
    if not (codes < len(labels)).any():
        raise DataError(
            f"{name} has no class of the target {target!r} in common with the real rows, whose classes are "
            f"{list_names(labels.texts)}"
        )


def _left_out(column: Column, train: pd.DataFrame) -> str:
    if column.kind == "identifier":
        why = "is an identifier (no value occurs twice)"
    elif column.levels:
        why = "has a single value"
    else:
        why = "is empty"
    return f"column {column.name!r} {why} in the real rows: no score looks at it"
