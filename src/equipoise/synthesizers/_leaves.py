"""Leaves as donor pools: a tree over coded features, and draws from the training rows that share a leaf.

A tree is kept as plain arrays. Every training row of its chain is a donor of the leaf that it falls into, whether or
not the tree was grown on it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

LEAST_DONORS = 3  # of the class asked for, before a leaf's other classes are called in
REDRAWS = 5


@dataclass(frozen=True)
class Splits:
    """A binary tree: go left where ``x[feature] <= threshold``; leaves are numbered from 0.

    Attributes
    ----------
    feature : (n_nodes,) int32
        -1 at leaves.
    threshold : (n_nodes,) float64
    left, right : (n_nodes,) int32
        Children; -1 at leaves.
    leaf : (n_nodes,) int32
        Number of a leaf; -1 at inner nodes.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    leaf: NDArray[np.int32]

    def apply(self, X: NDArray[np.float32]) -> NDArray[np.int32]:
        """Give the leaf (n,) of each row of X (n, d)."""
        nodes = np.zeros(len(X), dtype=np.int32)
        moving = np.arange(len(X)) if self.feature[0] >= 0 else np.empty(0, dtype=np.int64)
        while len(moving):
            here = nodes[moving]
            goes_left = X[moving, self.feature[here]] <= self.threshold[here]
            here = np.where(goes_left, self.left[here], self.right[here])
            nodes[moving] = here
            moving = moving[self.feature[here] >= 0]
        return self.leaf[nodes]


def pruned(tree: Any, significance: float, freedom: int) -> Splits:
    """Drop the splits of a grown scikit-learn tree that chance explains, unless one below them is significant.

    For a regression target the statistic of a split is n (1 - SSE_children / SSE_node), about chi-square with one
    degree of freedom without an effect. For a target of K classes it is (K - 1) times the same ratio of Gini
    impurities, about chi-square with K - 1 degrees (Light and Margolin 1971, CATANOVA).

    Parameters
    ----------
    tree : sklearn.tree._tree.Tree
    significance : float
        In (0, 1]: level of the test; 1 keeps every split.
    freedom : int
        1 for a number, K - 1 for K classes.
    """
    left, right = tree.children_left, tree.children_right
    mass = tree.weighted_n_node_samples * tree.impurity
    inner = np.flatnonzero(left >= 0)
    explained = 1 - (mass[left[inner]] + mass[right[inner]]) / np.maximum(mass[inner], 1e-300)
    kept = np.zeros(len(left), dtype=bool)
    limit = chi2.isf(significance, freedom)
    kept[inner] = freedom * tree.n_node_samples[inner] * explained >= limit
    parent = np.zeros(len(left), dtype=np.int64)
    parent[left[inner]] = parent[right[inner]] = inner
    rising = np.flatnonzero(kept)
    while len(rising):
        above = np.unique(parent[rising])
        rising = above[~kept[above]]
        kept[rising] = True
    shown = kept[parent]
    shown[0] = True
    place = np.cumsum(shown) - 1
    branches = shown & kept
    ends = shown & ~kept

    def children(side: NDArray) -> NDArray[np.int32]:
        return np.where(branches, place[side], -1)[shown].astype(np.int32)

    return Splits(
        feature=np.where(branches, tree.feature, -1)[shown].astype(np.int32),
        threshold=tree.threshold[shown],
        left=children(left),
        right=children(right),
        leaf=np.where(ends, np.cumsum(ends) - 1, -1)[shown].astype(np.int32),
    )


STUMP = Splits(
    feature=np.array([-1], dtype=np.int32),
    threshold=np.zeros(1),
    left=np.array([-1], dtype=np.int32),
    right=np.array([-1], dtype=np.int32),
    leaf=np.zeros(1, dtype=np.int32),
)


@dataclass(frozen=True)
class Pools:
    """The leaves of one tree with the training rows that they hold.

    Attributes
    ----------
    splits : Splits
    rows : (n,) int32
        Training rows sorted by leaf, and by class within a leaf.
    starts : (n_leaves + 1,) int64
        Where each leaf begins in `rows`.
    """

    splits: Splits
    rows: NDArray[np.int32]
    starts: NDArray[np.int64]

    @classmethod
    def fill(
        cls, splits: Splits, X: NDArray[np.float32], rows: NDArray, y: NDArray[np.int64]
    ) -> "Pools":
        """Drop rows (n,), with features X (n, d) and classes y (n,), into the leaves."""
        leaves = splits.apply(X)
        order = np.lexsort((y, leaves))
        counts = np.bincount(leaves, minlength=splits.leaf.max() + 1)
        return cls(splits, rows[order].astype(np.int32), np.concatenate([[0], np.cumsum(counts)]))

    def ranges(
        self, X: NDArray[np.float32], asked: NDArray[np.int64], y: NDArray[np.int64], least: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Find the donors of the leaf of each row of X (m, d).

        Parameters
        ----------
        X : (m, d) float32
        asked : (m,) int
            Class that is asked for; its own rows are the donors of a leaf that has `least` of them.
        y : (n,) int
            Classes of all training rows of the chain.
        least : int

        Returns
        -------
        starts, stops : (m,) int
            Into `rows`.
        mixed : (m,) bool
            Whether the donors are of all classes.
        """
        leaves = self.splits.apply(X).astype(np.int64)
        starts, stops = self.starts[leaves], self.starts[leaves + 1]
        classes = y[self.rows]
        n_classes = int(y.max()) + 1
        if n_classes == 1:
            return starts, stops, np.zeros(len(X), dtype=bool)
        keys = (
            np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts)) * n_classes + classes
        )
        first = np.searchsorted(keys, leaves * n_classes + asked, "left")
        last = np.searchsorted(keys, leaves * n_classes + asked, "right")
        mixed = last - first < least
        return np.where(mixed, starts, first), np.where(mixed, stops, last), mixed

    def draw(
        self,
        X: NDArray[np.float32],
        asked: NDArray[np.int64],
        y: NDArray[np.int64],
        used: NDArray[np.int32],
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        """Draw one donor (m,) for each row of X (m, d) from its leaf.

        A donor that has given an earlier column of the same row (`used`, (m, n_before)) is drawn again, so that a row
        does not follow one training row through the table. Where no other donor turns up, it stays.
        """
        least = 1 if X.shape[1] == 0 else LEAST_DONORS
        starts, stops, mixed = self.ranges(X, asked, y, least)
        mass = self._mass(y) if mixed.any() else None

        def pick(at: NDArray[np.int64]) -> NDArray[np.int64]:
            u = rng.random(len(at))
            places = starts[at] + np.floor(u * (stops - starts)[at]).astype(np.int64)
            if mass is not None:
                low, high = mass[starts[at]], mass[stops[at]]
                heavy = np.searchsorted(mass, low + u * (high - low), "right") - 1
                places = np.where(mixed[at], heavy, places)
            return self.rows[np.clip(places, starts[at], stops[at] - 1)].astype(np.int64)

        at = np.arange(len(X))
        donors = pick(at)
        for _ in range(REDRAWS if used.shape[1] else 0):
            at = at[(used[at] == donors[at, None]).any(axis=1)]
            if not len(at):
                break
            donors[at] = pick(at)
        return donors

    def _mass(self, y: NDArray[np.int64]) -> NDArray[np.float64]:
        """Give the cumulated class-balanced weights (n + 1,) of `rows`."""
        return np.concatenate([[0.0], np.cumsum(class_weights(y)[y[self.rows]])])


def class_weights(y: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give the weight of a row of each class (n_classes,) under which all classes weigh the same."""
    counts = np.bincount(y)
    return len(y) / (np.count_nonzero(counts) * np.maximum(counts, 1.0))
