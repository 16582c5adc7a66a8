"""A table with a thinned training part: ``hmeq@0.1`` is hmeq with a tenth of each training part, its test parts whole.

Folds are those of the whole table, and the rows of a smaller share are among those of a larger one.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from equipoise.datasets.dataset import Dataset
from equipoise.datasets.splits import Split, split
from equipoise.errors import OptionError
from equipoise.results.thinned import MARK, kept_rows
from equipoise.seeds import generator


def base_and_share(name: str) -> tuple[str, float]:
    """Part a table's name from the share of training rows that is used of it.

    Raises
    ------
    OptionError
        What follows the mark is no share above 0 and at most 1.
    """
    base, mark, text = name.rpartition(MARK)
    if not mark:
        return name, 1.0
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise OptionError(
            f"in the table {name!r} the share of training rows after {MARK} must be a number above 0 and at most 1"
        )
    return base, share


def named(dataset: Dataset, name: str) -> Dataset:
    """Give a table under the name that tells its share, with a sentence that says so."""
    _, share = base_and_share(name)
    if share == 1:
        return replace(dataset, name=name)
    sentence = f"{share:.0%} of the training rows of each split are used, all of its test rows"
    return replace(dataset, name=name, warnings=(*dataset.warnings, sentence))


def scarce_split(name: str, y_codes: NDArray[np.int64], repeat: int) -> Split:
    """Give the split of the whole table with the share of its training rows that the name tells.

    Parameters
    ----------
    name : str
    y_codes : (n,) int64
        Class positions of the whole table.
    repeat : int
    """
    base, share = base_and_share(name)
    whole = split(base, y_codes, repeat)
    if share == 1:
        return whole
    rng = generator(0, "scarce", base, repeat)
    order = rng.permutation(whole.train)
    classes = y_codes[order]
    kept = np.zeros(len(order), dtype=bool)
    for k in np.unique(classes):
        places = np.flatnonzero(classes == k)
        kept[places[: kept_rows(len(places), share)]] = True
    return Split(np.sort(order[kept]), whole.test)
