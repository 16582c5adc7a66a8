"""What methods that train a network share: the table too small for one, the draw instead, the seed of torch."""

import numpy as np
import torch
from numpy.typing import NDArray

from equipoise.synthesizers._base import Synthesizer
from equipoise.synthesizers.independent import IndependentColumns
from equipoise.tables.coded import Coded

LEAST_ROWS = 10  # a table of fewer trains no network
CODES_OF_ROWS = "codes of training rows, which decode to rows like them"


class NetworkSynthesizer(Synthesizer):
    """Base of methods that draw columns independently where their network cannot be trained.

    Attributes
    ----------
    stopped_ : str
        Why training ended, or was not begun.
    """

    stopped_: str
    _columns: IndependentColumns | None

    def _has_enough(
        self,
        table: Coded,
        y: NDArray[np.int64],
        rng: np.random.Generator,
        width: int,
        least: int = LEAST_ROWS,
    ) -> bool:
        """Say whether there are rows and columns to train on; if not, what is done instead is settled."""
        self._columns = None
        if not width:
            self.stopped_ = "there is no column to learn"
        elif len(table) < least:
            self._fall_back(table, y, rng, f"{len(table)} rows are too few to train a network on")
        else:
            return True
        return False

    def _fall_back(
        self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator, reason: str
    ) -> None:
        """Draw columns independently from now on, and record why."""
        self.stopped_ = reason
        self._columns = IndependentColumns()
        self._columns._fit(table, y, rng)
        for k in range(len(self.labels_)):
            self.fallbacks_[k] = f"{reason}: columns are drawn independently"

    def _note_classes_of_one_row(self, instead: str) -> None:
        """Record what rows of a class are like that training had one row of."""
        for k in np.flatnonzero(self.class_counts_ == 1):
            self.fallbacks_[int(k)] = f"one training row: {instead}"

    def _note_few_rows(self, n: int) -> None:
        """Record that a network is trained on n rows, if these are too few for it."""
        if n < LEAST_ROWS:
            reason = (
                f"{n} rows are too few to train a network on: it is trained on them all the same"
            )
            self.fallbacks_ |= dict.fromkeys(range(len(self.labels_)), reason)


def generator_of(rng: np.random.Generator) -> torch.Generator:
    """Seed a generator of torch by one of numpy."""
    return torch.Generator().manual_seed(int(rng.integers(2**63 - 1)))
