"""Levels of a column that is read in parts: codes of all rows, and the levels in the type that the column has."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from equipoise.augmentation.plans import Key
from equipoise.datasets.dataset import QUANTITY_VALUES
from equipoise.errors import DataError
from equipoise.tables.cells import quoted
from equipoise.tables.schema import in_order

MOST_LEVELS = 10_000
# Of a value in the mean: whole numbers that occur less often are a quantity, not classes.
FEW_ROWS = 10


def check_classes(path: Path, target: Key) -> None:
    """Refuse a target that is a quantity.

    Raises
    ------
    DataError
        It holds many different whole numbers, of fewer than ten rows each in the mean.
    """
    n, rows = len(target.levels), int((target.codes >= 0).sum())
    whole = pd.api.types.is_integer_dtype(target.levels.dtype)
    if whole and n > QUANTITY_VALUES and rows < FEW_ROWS * n:
        raise DataError(
            f"{path}: the column {target.name!r} holds {n:,} different whole numbers in {rows:,} rows, so it looks "
            "like a quantity, not a class; name a column of classes, or say that it is one: "
            f"--categorical {quoted(target.name)}"
        )


class Coder:
    """Collects the levels of one column.

    Parameters
    ----------
    path, name
        The file and the column, for messages.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self._places: dict[object, int] = {}
        self._codes: list[NDArray[np.int32]] = []
        self._kind: pa.DataType | None = None

    def add(self, cells: pa.Array) -> None:
        """Take the next cells of the column."""
        if isinstance(cells, pa.ExtensionArray):
            cells = cells.storage
        if pa.types.is_dictionary(cells.type):  # levels of a category are texts to a plan
            cells = pc.cast(cells, cells.type.value_type)
        self._kind = cells.type
        coded = pc.dictionary_encode(cells)
        seen = coded.dictionary.to_pylist()
        places = [self._places.setdefault(level, len(self._places)) for level in seen]
        if len(self._places) > MOST_LEVELS:
            raise DataError(
                f"{self.path}: column {self.name!r} holds more than {MOST_LEVELS:,} different values, "
                "so it names no classes; name a column of classes"
            )
        lookup = np.array([*places, -1], dtype=np.int32)
        codes = pc.fill_null(pc.cast(coded.indices, pa.int64()), -1)
        self._codes.append(lookup[codes.to_numpy(zero_copy_only=False)])

    def key(self, typed: Callable[[pa.Array], pd.Series]) -> Key:
        """Give the column as codes and levels.

        Parameters
        ----------
        typed : callable
            Gives the different cells their type; cells that mean a missing value become missing.

        Raises
        ------
        DataError
            No row has a value, or the values are a quantity or dates.
        """
        codes = np.concatenate(self._codes) if self._codes else np.empty(0, dtype=np.int32)
        cells = typed(pa.array(list(self._places), self._kind))
        present = cells[cells.notna()].reset_index(drop=True)
        if present.empty:
            raise DataError(
                f"{self.path}: every value of the column {self.name!r} is missing; name another"
            )
        present = self._checked(present)
        order = in_order(dict.fromkeys(present.tolist()))
        place = {level: k for k, level in enumerate(order)}
        values = present.tolist()
        lookup = np.full(len(cells) + 1, -1, dtype=np.int32)
        lookup[np.flatnonzero(cells.notna().to_numpy())] = [place[v] for v in values]
        firsts = [values.index(level) for level in order]
        levels = present.take(firsts).reset_index(drop=True)
        if levels.map(str).duplicated().any():
            raise DataError(
                f"{self.path}: levels of the column {self.name!r} read the same as text; rename them"
            )
        return Key(self.name, lookup[codes], levels.rename(self.name))

    def _checked(self, present: pd.Series) -> pd.Series:
        if pd.api.types.is_datetime64_any_dtype(present.dtype):
            raise DataError(
                f"{self.path}: the column {self.name!r} holds dates; name a column of classes"
            )
        if pd.api.types.is_float_dtype(present.dtype):
            if (present % 1 == 0).all() and (present.abs() < 2**53).all():
                return present.astype("int64")
            if present.nunique() > QUANTITY_VALUES:
                raise DataError(
                    f"{self.path}: the column {self.name!r} holds {present.nunique()} different "
                    "numbers with decimals, so it looks like a quantity, not a class; name a column "
                    "of classes, or cut it into classes first"
                )
        return present
