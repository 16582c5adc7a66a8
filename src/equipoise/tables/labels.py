"""The labels of a table: any type in, class positions inside, the same type out."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.errors import DataError, OptionError
from equipoise.tables.schema import in_order


@dataclass(frozen=True)
class Labels:
    """The classes of a target and how it came.

    Attributes
    ----------
    classes : tuple
        The labels seen in training: sorted, or in the order of a category dtype.
    name : hashable
        Name of the series, None for an array.
    dtype : dtype
        What labels are given back in.
    is_series : bool
        Whether labels go back as a Series (else as an array).
    """

    classes: tuple[Any, ...]
    name: Any
    dtype: Any
    is_series: bool

    @classmethod
    def infer(cls, y: Any) -> "Labels":
        """Read the classes off training labels.

        Raises
        ------
        DataError
            A label is missing, there is no row, or two classes have one text.
        """
        series = as_series(y)
        if series.empty:
            raise DataError("the target has no rows; at least one is needed")
        missing = series.isna()
        if missing.all():
            raise DataError(f"every value of the target {series.name!r} is missing")
        if missing.any():
            raise DataError(
                f"{int(missing.sum())} labels of the target {series.name!r} are missing (the first "
                f"in row {series.index[missing.to_numpy().argmax()]}); drop those rows"
            )
        if isinstance(series.dtype, pd.CategoricalDtype):
            present = set(series.unique())
            classes = tuple(level for level in series.dtype.categories if level in present)
        else:
            classes = in_order(dict.fromkeys(series.tolist()))
        texts = Counter(map(str, classes))
        twice = [label for label in classes if texts[str(label)] > 1]
        if twice:
            raise DataError(
                f"the classes {', '.join(f'{v!r} ({type(v).__name__})' for v in twice)} of the "
                "target read the same as text; make them one, or give them different names"
            )
        dtype = y.dtype if isinstance(y, np.ndarray) else series.dtype
        return cls(classes, series.name, dtype, isinstance(y, pd.Series))

    def __len__(self) -> int:
        """Give the number of classes."""
        return len(self.classes)

    @property
    def texts(self) -> tuple[str, ...]:
        """The classes as text, for results and pages."""
        return tuple(str(label) for label in self.classes)

    def code(self, y: Any) -> NDArray[np.int64]:
        """Give the class position (n,) of each label.

        Raises
        ------
        DataError
            A label is not one of the classes.
        """
        series = as_series(y)
        places, values = pd.factorize(series)
        lookup = {label: k for k, label in enumerate(self.classes)}
        unknown = [value for value in values if value not in lookup]
        if unknown or (places < 0).any():
            raise DataError(
                f"the label {unknown[0] if unknown else None!r} was not seen in training; "
                f"the classes are {', '.join(map(repr, self.classes))}"
            )
        return np.array([lookup[value] for value in values], dtype=np.int64)[places]

    def decode(self, codes: NDArray[np.int64]) -> Any:
        """Give labels (n,) in the container and dtype that training labels came in."""
        cells = np.empty(len(self.classes), dtype=object)
        cells[:] = self.classes
        if not self.is_series and isinstance(self.dtype, np.dtype):
            return cells[codes].astype(self.dtype)
        series = pd.Series(cells[codes], dtype=self.dtype, name=self.name)
        return series if self.is_series else series.to_numpy()

    def find(self, label: Any) -> int | None:
        """Give the position of a class as a person may name it: itself, its text, the same number; else None."""
        for k, known in enumerate(self.classes):
            if type(known) is type(label) and known == label:
                return k
        if str(label) in self.texts:
            return self.texts.index(str(label))
        try:
            return [float(text) for text in self.texts].index(float(label))
        except (TypeError, ValueError):
            return None

    def position(self, label: Any) -> int:
        """Give the position of one class.

        Raises
        ------
        OptionError
            There is no such class.
        """
        if label in self.classes:
            return self.classes.index(label)
        raise OptionError(
            f"there is no class {label!r}; the classes are {', '.join(map(repr, self.classes))}"
        )


def near_twins(labels: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Give the labels that read the same but for spaces and case: they may be meant to be one."""
    found: dict[str, list[Any]] = {}
    for label in labels:
        found.setdefault(" ".join(str(label).split()).casefold(), []).append(label)
    return [tuple(group) for group in found.values() if len(group) > 1]


def twins_note(name: Any, labels: Iterable[Any]) -> list[str]:
    """Give a note on classes that read nearly the same, if there are any."""
    pairs = [" and ".join(map(repr, group)) for group in near_twins(labels)]
    if not pairs:
        return []
    return [
        f"classes of the target {name!r} differ in spaces or case only, and are classes of their own: "
        f"{'; '.join(pairs[:4])}; write them alike if they are one"
    ]


def as_series(y: Any) -> pd.Series:
    """Give a target of any container as a Series."""
    if isinstance(y, pd.Series):
        return y
    if isinstance(y, pd.DataFrame):
        if y.shape[1] != 1:
            raise DataError(f"the target must be one column, got {y.shape[1]}")
        return y.iloc[:, 0]
    if hasattr(y, "to_pandas"):  # polars and arrow columns
        return as_series(y.to_pandas())
    if isinstance(y, (list, tuple)) and not any(
        isinstance(v, (list, tuple, np.ndarray)) for v in y
    ):
        return pd.Series(list(y))  # an array would make 1 and "a" both text
    array = np.asarray(y)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(f"the target must have one dimension, got the shape {array.shape}")
    return pd.Series(array)
