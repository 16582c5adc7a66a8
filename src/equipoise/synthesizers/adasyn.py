"""ADASYN: SMOTE that makes more rows where a class is hard to tell from the others.

He, Bai, Garcia and Li 2008, "ADASYN: Adaptive Synthetic Sampling Approach for Imbalanced Learning", section III:
with r_i the share of other classes among the k nearest neighbours of row i, row i is the seed of about N r_i /
sum(r) of N rows. The resampling is imbalanced-learn's; around it: any columns (see `_embedding`), missing cells,
tiny classes, and plain SMOTE for a class whose neighbourhoods are pure.

Known departure: rows per seed are rounded, so that the paper's total is approximate, and few rows from many seeds
would be none. N plus the rows of the class are therefore made, which rounding can never bring below N, and N of
them are drawn.
"""

from typing import Any, ClassVar

from imblearn.over_sampling import ADASYN

from equipoise.synthesizers._wrapped import Wrapped


class Adasyn(Wrapped):
    """Adaptive synthetic sampling.

    Parameters
    ----------
    k_neighbors : int, default=5
        Neighbours that tell how hard a row is, and neighbours in the class that it may be paired with; in a class
        of n rows, n - 1 at most.
    atom_share : float, default=0.2
        In (0, 1]: a number held by more than this share of the rows is settled like a category.
    random_state : None, int, Generator or RandomState, default=None
        Draws the directions that columns of more than 64 levels are embedded in.

    Notes
    -----
    A class whose rows have no neighbour of another class is made by `Smote`, and a class of one row repeated;
    `deliveries_` says so.

    References
    ----------
    H. He, Y. Bai, E. A. Garcia, S. Li, "ADASYN: Adaptive Synthetic Sampling Approach for Imbalanced Learning",
    International Joint Conference on Neural Networks, 1322-1328, 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from equipoise.synthesizers.adasyn import Adasyn
    >>> X, y = np.arange(20.0).reshape(-1, 1), np.repeat(["a", "b"], 10)
    >>> Adasyn().fit(X, y).sample({"a": 3}, random_state=0)[0].shape
    (3, 1)
    """

    how_it_conditions: ClassVar[str] = "neighbours within the class"
    keeps_rows: ClassVar[bool] = True

    def __init__(
        self,
        *,
        k_neighbors: int = 5,
        atom_share: float = 0.2,
        random_state: Any = None,
    ) -> None:
        self.k_neighbors = k_neighbors
        self.atom_share = atom_share
        self.random_state = random_state

    def _resampler(self, n_class: int, n_others: int) -> ADASYN:
        return ADASYN(n_neighbors=min(self.k_neighbors, n_class - 1))

    def _to_ask(self, n: int, n_class: int) -> int:
        return n + n_class
