"""What a score of synthetic rows is: the tables that it sees, what it gives, and what stands beside its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from equipoise.tables.coded import Coded
from equipoise.tables.schema import Schema

Better = Literal["higher", "lower"]
Floor = Literal["independent", "uniform"]


@dataclass(frozen=True, eq=False)
class Trio:
    """Three tables of the same columns: training rows, fresh real rows, synthetic rows.

    Attributes
    ----------
    schema : Schema
        Of all columns, the target among them.
    target : int
        Position of the target in `Schema.discrete`, and so in `Coded.codes`.
    labels : tuple of str
        The classes, in the order of the target's codes.
    sizes : (q,) int64
        Levels of each discrete column; those beyond the schema's occur outside the training rows only.
    train, fresh, synthetic : Coded
        Codes beyond the schema's levels are levels that training rows do not have; -1 is missing.
    """

    schema: Schema
    target: int
    labels: tuple[str, ...]
    sizes: NDArray[np.int64]
    train: Coded
    fresh: Coded
    synthetic: Coded

    def of_class(self, k: int) -> "Trio":
        """Give the rows of one class in all three tables."""
        parts = (
            table.take(table.codes[:, self.target] == k)
            for table in (self.train, self.fresh, self.synthetic)
        )
        train, fresh, synthetic = parts
        return replace(self, train=train, fresh=fresh, synthetic=synthetic)

    def with_synthetic(self, rows: Coded) -> "Trio":
        """Put other rows in the place of the synthetic ones."""
        return replace(self, synthetic=rows)


@dataclass(frozen=True)
class Measured:
    """One score of one table.

    Attributes
    ----------
    value : float
        NaN where the score means nothing for these tables.
    items : mapping of str to float
        The score of single columns, or of pairs of them as ``"a | b"``, where there are such.
    """

    value: float
    items: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Metric:
    """A score of synthetic rows.

    Attributes
    ----------
    name : str
        As in stored results: ``column-shapes``.
    title : str
        For a person.
    better : {"higher", "lower"}
    low, high : float
        Its range.
    formula, source : str
        One line each.
    floor : {"independent", "uniform"}
        What knows nothing of what the score is about: columns drawn on their own from the training rows (within a class
        where rows of a class are scored), or uniform draws in their ranges, where a score looks at single columns only.
    measure : callable
        ``(trio, rng) -> Measured``: the synthetic rows against the fresh ones.
    """

    name: str
    title: str
    better: Better
    low: float
    high: float
    formula: str
    source: str
    floor: Floor
    measure: Callable[[Trio, np.random.Generator], Measured]
