"""Borderline-SMOTE: SMOTE that starts from rows in danger of being taken for another class.

Han, Wang and Mao 2005, "Borderline-SMOTE: A New Over-Sampling Method in Imbalanced Data Sets Learning", section 3,
borderline-1: a row is in danger if at least half, but not all, of its m nearest neighbours are of other classes. The
resampling is imbalanced-learn's; around it: any columns (see `_embedding`), missing cells, exact counts, tiny
classes, and plain SMOTE where no row is in danger (imbalanced-learn makes nothing there and says nothing).

Known departure: of any class that rows are asked of, the largest too, "other classes" are all the others together.
"""

from typing import Any, ClassVar

from imblearn.over_sampling import BorderlineSMOTE

from equipoise.synthesizers._options import check_whole
from equipoise.synthesizers._wrapped import Wrapped


class BorderlineSmote(Wrapped):
    """SMOTE from rows near the border of their class (borderline-1).

    Parameters
    ----------
    k_neighbors : int, default=5
        Neighbours in the class that a row may be paired with; in a class of n rows, n - 1 at most.
    m_neighbors : int, default=10
        Neighbours of any class that decide whether a row is in danger.
    atom_share : float, default=0.2
        In (0, 1]: a number held by more than this share of the rows is settled like a category.
    random_state : None, int, Generator or RandomState, default=None
        Draws the directions that columns of more than 64 levels are embedded in.

    Notes
    -----
    A class without a row in danger is made by `Smote`, and a class of one row repeated; `deliveries_` says so.

    References
    ----------
    H. Han, W.-Y. Wang, B.-H. Mao, "Borderline-SMOTE: A New Over-Sampling Method in Imbalanced Data Sets Learning",
    International Conference on Intelligent Computing, 878-887, 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from equipoise.synthesizers.borderline_smote import BorderlineSmote
    >>> X, y = np.arange(20.0).reshape(-1, 1), np.repeat(["a", "b"], 10)
    >>> BorderlineSmote().fit(X, y).sample({"a": 3}, random_state=0)[0].shape
    (3, 1)
    """

    how_it_conditions: ClassVar[str] = "neighbours within the class"
    keeps_rows: ClassVar[bool] = True

    def __init__(
        self,
        *,
        k_neighbors: int = 5,
        m_neighbors: int = 10,
        atom_share: float = 0.2,
        random_state: Any = None,
    ) -> None:
        self.k_neighbors = k_neighbors
        self.m_neighbors = m_neighbors
        self.atom_share = atom_share
        self.random_state = random_state

    def _check_options(self) -> None:
        super()._check_options()
        check_whole(self, "m_neighbors")

    def _resampler(self, n_class: int, n_others: int) -> BorderlineSMOTE:
        return BorderlineSMOTE(
            k_neighbors=min(self.k_neighbors, n_class - 1),
            m_neighbors=min(self.m_neighbors, n_class + n_others - 1),
        )
