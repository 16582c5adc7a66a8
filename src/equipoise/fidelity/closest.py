"""The searches that all scores of privacy share: made once for a trio, and remembered."""

from dataclasses import dataclass
from functools import lru_cache

from equipoise.fidelity.distances import Nearest, gower, nearest
from equipoise.fidelity.metric import Trio


@dataclass(frozen=True, eq=False)
class Closest:
    """Nearest records by Gower's distance, on the ranges of the training rows.

    Attributes
    ----------
    to_train : Nearest
        Of the synthetic rows among training rows; `nearer` and `as_near` count the training rows inside and at a
        synthetic row's distance to its nearest fresh row.
    to_fresh : Nearest
        Of the synthetic rows among fresh rows.
    fresh_to_train : Nearest
        Of the fresh rows among training rows.
    """

    to_train: Nearest
    to_fresh: Nearest
    fresh_to_train: Nearest


@lru_cache(maxsize=4)
def closest(trio: Trio) -> Closest:
    """Search the nearest records of a trio, or give them from memory if it was searched a moment ago."""
    to_fresh = gower(trio.synthetic, trio.fresh, trio.train)
    return Closest(
        to_train=gower(trio.synthetic, trio.train, trio.train, within=to_fresh.first),
        to_fresh=to_fresh,
        fresh_to_train=nearest(trio.fresh, trio.train, trio.train),
    )


def searchable(trio: Trio) -> bool:
    """Whether all three tables have rows, and there is a column to compare."""
    tables = (trio.train, trio.fresh, trio.synthetic)
    columns = trio.train.numbers.shape[1] + trio.train.codes.shape[1]
    return columns > 0 and all(len(table) > 0 for table in tables)
