"""Scores column by column: what a column is called, and the mean that leaves out what is undefined."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from equipoise.fidelity.metric import Measured, Metric, Trio
from equipoise.tables.schema import Schema

NumberScore = Callable[[NDArray[np.float64], NDArray[np.float64]], float]
LevelScore = Callable[[NDArray[np.int64], NDArray[np.int64], int], float]


def titles(schema: Schema) -> list[str]:
    """Name the numbers and codes of a table, in table order, so that no two names and no two pairs of names agree."""
    columns = [column for column in schema.columns if column.is_number or column.is_discrete]
    texts = [str(column.name) for column in columns]
    # A bar would make "a | b" with "c" the same pair as "a" with "b | c".
    return [
        repr(column.name) if "|" in text or texts.count(text) > 1 else text
        for column, text in zip(columns, texts, strict=True)
    ]


def mean_defined(values: Sequence[float] | NDArray[np.float64]) -> float:
    """Give the mean of the values that are not NaN; NaN if there are none."""
    kept = np.asarray(values, dtype=np.float64)
    kept = kept[~np.isnan(kept)]
    return float(kept.mean()) if len(kept) else np.nan


def over_columns(
    trio: Trio, *, numbers: NumberScore | None = None, levels: LevelScore | None = None
) -> Measured:
    """Score the synthetic columns against the fresh ones and take the mean.

    Parameters
    ----------
    trio : Trio
    numbers : callable, optional
        ``(real (n,), synthetic (m,)) -> float`` for columns of numbers, which are left out without it.
    levels : callable, optional
        ``(real (n,), synthetic (m,), size) -> float`` for columns of codes, likewise.

    Returns
    -------
    Measured
        With an item for each column that is scored; NaN where its score is undefined.
    """
    items = {}
    names = iter(titles(trio.schema))
    number = level = 0
    for column in trio.schema.columns:
        if column.is_number:
            name, j, number = next(names), number, number + 1
            if numbers is not None:
                items[name] = numbers(trio.fresh.numbers[:, j], trio.synthetic.numbers[:, j])
        elif column.is_discrete:
            name, j, level = next(names), level, level + 1
            if levels is not None:
                size = int(trio.sizes[j])
                items[name] = levels(trio.fresh.codes[:, j], trio.synthetic.codes[:, j], size)
    return Measured(mean_defined(list(items.values())), items)


def column_metric(
    *,
    name: str,
    title: str,
    formula: str,
    source: str,
    numbers: NumberScore | None = None,
    levels: LevelScore | None = None,
) -> Metric:
    """Make a metric of scores of single columns: 1 is best, and uniform draws are its floor.

    Parameters
    ----------
    name, title, formula, source : str
        Of the `Metric`.
    numbers, levels : callable, optional
        As for `over_columns`.
    """

    def measure(trio: Trio, rng: np.random.Generator) -> Measured:
        return over_columns(trio, numbers=numbers, levels=levels)

    return Metric(
        name=name,
        title=title,
        better="higher",
        low=0.0,
        high=1.0,
        formula=formula,
        source=source,
        floor="uniform",
        measure=measure,
    )


def present(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the numbers (k,) of a column (n,) that are not missing."""
    return values[~np.isnan(values)]


def counts(codes: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Count the levels (size,) of a column of codes (n,); missing ones do not count."""
    return np.bincount(codes[codes >= 0], minlength=size)
