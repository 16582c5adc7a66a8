"""Who makes the rows: a method fitted here or a saved one, asked for blocks that fit in memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.augmentation.plans import Key, Strata, blocks, level_of
from equipoise.errors import OptionError
from equipoise.seeds import seed_for
from equipoise.synthesizers._base import Delivery
from equipoise.tables.frames import Container
from equipoise.tables.schema import list_names

BLOCK_ROWS = 100_000


@dataclass(eq=False)
class Drawing:
    """Rows to make, and what has come of them so far.

    Attributes
    ----------
    synthesizer : Synthesizer
        Fitted.
    strata : Strata
    wanted : (k,) int
        Rows to make of each stratum.
    seed : int
        Each block has a seed of its own, so the rows do not depend on who else draws.
    """

    synthesizer: Any
    strata: Strata
    wanted: NDArray[np.int64]
    seed: int
    block_rows: int = BLOCK_ROWS
    _came: NDArray[np.int64] = field(init=False)
    _reasons: dict[int, dict[str, None]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Find what the synthesizer calls each stratum."""
        self._came = np.zeros(len(self.wanted), dtype=np.int64)
        self._labels = _labels(self.synthesizer, self.strata, self.wanted)

    def frames(self, target: Key, by: Key | None, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """Draw block after block, as frames with the columns of the output."""
        place = {str(label): k for k, label in self._labels.items()}
        for number, block in enumerate(blocks(self.wanted, self.block_rows)):
            asked = {self._labels[int(k)]: int(block[k]) for k in np.flatnonzero(block)}
            X, y = self.synthesizer.sample(
                asked, random_state=seed_for(self.seed, "augment", "block", number)
            )
            codes = _codes(y, place)
            self._note(codes, place)
            if not isinstance(X, pd.DataFrame):
                X = Container.of(X).frame(X)
            cells = {str(name): X[name].array for name in X.columns}
            cells[target.name] = level_of(target.levels, self.strata.classes[codes]).array
            if by is not None and self.strata.groups is not None:
                cells[by.name] = level_of(by.levels, self.strata.groups[codes]).array
            yield pd.DataFrame({name: cells[name] for name in columns})

    def _note(self, codes: NDArray[np.int64], place: Mapping[str, int]) -> None:
        self._came += np.bincount(codes, minlength=len(self._came))
        for delivery in getattr(self.synthesizer, "deliveries_", ()):
            if delivery.fallback:
                known = self._reasons.setdefault(place[str(delivery.label)], {})
                known[delivery.fallback] = None

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """What was asked of each stratum and what came, over all blocks."""
        return tuple(
            Delivery(
                self.strata.labels.iloc[k],
                int(self.wanted[k]),
                int(self._came[k]),
                "; ".join(self._reasons.get(int(k), ())),
            )
            for k in np.flatnonzero(self.wanted)
        )

    @property
    def came(self) -> NDArray[np.int64]:
        """Rows that have come of each stratum (k,)."""
        return self._came.copy()


def _labels(synthesizer: Any, strata: Strata, wanted: NDArray[np.int64]) -> dict[int, Any]:
    """Give what the synthesizer calls each stratum that is wanted; a saved one may hold other types for one text."""
    known = getattr(synthesizer, "labels_", None)
    called = {str(label): label for label in (strata.labels if known is None else known.classes)}
    labels = {}
    for k in np.flatnonzero(wanted):
        text = str(strata.labels.iloc[k])
        if text not in called:
            raise OptionError(
                f"the model makes no rows of {text!r}; it knows {list_names(called)}: fit one to "
                "this table, with the same --by, if there was one"
            )
        labels[int(k)] = called[text]
    return labels


def _codes(y: Any, place: Mapping[str, int]) -> NDArray[np.int64]:
    series = y if isinstance(y, pd.Series) else pd.Series(np.asarray(y))
    places, values = pd.factorize(series)
    return np.array([place[str(value)] for value in values], dtype=np.int64)[places]
