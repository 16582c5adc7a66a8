"""What the resamplers of imbalanced-learn need around them: points for any columns, exact counts, and a way out.

A resampler is called for one class at a time, with a seed of its own: given one seed for several classes,
imbalanced-learn would take the same random steps in all of them.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.synthesizers._base import Synthesizer
from equipoise.synthesizers._embedding import Embedding
from equipoise.synthesizers.smote import ONE_ROW, Smote
from equipoise.tables.coded import Coded


class Wrapped(Synthesizer):
    """A resampler of imbalanced-learn behind guards; a subclass says which, and how many rows to ask it for.

    Where it cannot make rows of a class, `Smote` does, and the reason is recorded in `deliveries_`.
    """

    k_neighbors: int
    atom_share: float

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        self._smote = self._stand_in()
        self._smote.fallbacks_ = {}
        self._smote._fit(table, y, rng)
        self._embedding = Embedding(table, self.atom_share, rng)
        self._y = y
        for k in np.flatnonzero(np.bincount(y) == 1):
            self.fallbacks_[int(k)] = ONE_ROW

    def _check_options(self) -> None:
        self._stand_in()._check_options()

    def _stand_in(self) -> Smote:
        return Smote(k_neighbors=self.k_neighbors, atom_share=self.atom_share)

    def _resampler(self, n_class: int, n_others: int) -> Any:
        """Give the resampler for a class of so many rows, without seed and strategy."""
        raise NotImplementedError

    def _to_ask(self, n: int, n_class: int) -> int:
        """Give how many rows to ask for so that n come."""
        return n

    def _sample(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        made = [self._make(int(k), int(counts[k]), rng) for k in np.flatnonzero(counts)]
        return Coded.concat([*made, self._embedding.inverse(self._embedding.points[:0])])

    def _make(self, k: int, n: int, rng: np.random.Generator) -> Coded:
        n_class = int((self._y == k).sum())
        if n_class > 1:
            points, reason = self._new_points(k, n, n_class, rng)
            if not reason:
                return self._embedding.inverse(points)
            self._sample_fallbacks[k] = f"SMOTE instead: {reason}"
        counts = np.zeros(self._y.max() + 1, dtype=np.int64)
        counts[k] = n
        return self._smote._sample(counts, rng)

    def _new_points(
        self, k: int, n: int, n_class: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.float64], str]:
        """Give n points of a class, or none and the reason."""
        points = self._embedding.points
        if n_class == len(points):
            return points[:0], "there is no other class"
        resampler = self._resampler(n_class, len(points) - n_class)
        resampler.set_params(
            sampling_strategy={k: n_class + self._to_ask(n, n_class)},
            random_state=int(rng.integers(2**31 - 1)),
        )
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings(
                    "ignore", message="After over-sampling", category=UserWarning
                )
                new = resampler.fit_resample(points, self._y)[0][len(points) :]
        except (ValueError, RuntimeError) as error:
            return points[:0], str(error).split(". ")[0]
        if len(new) < n:
            return points[:0], f"{type(resampler).__name__} made {len(new)} rows of {n}"
        return new[np.sort(rng.choice(len(new), size=n, replace=False))], ""
