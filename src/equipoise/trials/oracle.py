"""The oracle: fresh rows of the true law in place of synthetic ones.

It runs on tables of a known law only. Where fresh real rows do not help, no synthesizer can.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.datasets.laws import law
from equipoise.seeds import as_generator
from equipoise.synthesizers._base import Delivery


class Oracle:
    """Draws of a law, class by class, behind the face of a synthesizer.

    Parameters
    ----------
    law : str
        A name of `equipoise.datasets.laws.LAWS`.
    random_state : None, int, Generator or RandomState
        Unused: there is nothing to learn.
    """

    how_it_conditions: ClassVar[str] = "draws from the true law"
    keeps_rows: ClassVar[bool] = False

    def __init__(self, *, law: str, random_state: Any = None) -> None:
        self.law = law
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: NDArray[np.int64], *, kinds: Any = None) -> Self:
        """Note the columns of X (n, d); y (n,) holds class positions of the law's sorted classes."""
        self.columns_ = list(X.columns)
        return self

    def sample(
        self, n: Mapping[int, int], *, random_state: Any = None
    ) -> tuple[pd.DataFrame, NDArray[np.int64]]:
        """Draw fresh rows of each class position, grouped by class."""
        true_law = law(self.law)
        order = sorted(true_law.classes)  # positions are those of sorted labels
        counts = [n.get(order.index(label), 0) for label in true_law.classes]
        self.deliveries_ = tuple(Delivery(k, m, m) for k, m in sorted(n.items()) if m)
        X, labels = true_law.sample_class(counts, as_generator(random_state))
        positions = np.array([order.index(label) for label in labels])
        rows = np.argsort(positions, kind="stable")
        return X.iloc[rows].reset_index(drop=True)[self.columns_], positions[rows]
