"""CART: sequential trees whose leaves are donor pools.

Reiter, "Using CART to generate partially synthetic public use microdata", Journal of Official Statistics 21 (2005),
and Nowok, Raab and Dibben, "synthpop: Bespoke creation of synthetic data in R", Journal of Statistical Software 74
(2016): column j is drawn from the observed values of the training rows in the leaf that x_1 .. x_{j-1} lead to. Written
from the papers. Departures:

- The label comes first and is given, never drawn. A class with enough rows has trees of its own. The others share trees
  over all rows, with class-balanced weights and the label among the predictors; a leaf with three rows of the class
  gives donors of that class, any other leaf gives all its rows, weighted by class.
- Several trees are grown for each column on bootstrap samples, with a share of the predictors tried at each split, and
  a row goes through one of them at random (Breiman, "Random Forests", Machine Learning 45, 2001).
- Splits that chance explains are pruned: a leaf that is small without need copies rows.
- A training row gives a second column to the same synthetic row only where the leaf has no one else. Otherwise a row
  that begins as a copy leads the trees to its origin again and again.
- Trees see ranks, not values; levels are in the order of the target's mean (of its first axis of correspondence where
  the target has several levels).
"""

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from equipoise.synthesizers._base import Synthesizer
from equipoise.synthesizers._chain import Chain, Growth
from equipoise.synthesizers._leaves import LEAST_DONORS
from equipoise.synthesizers._options import (
    check_choices,
    check_share,
    check_whole,
    check_zero_or_more,
)
from equipoise.tables.coded import Coded

MOST_TREES = 2_000  # of one chain: a table of very many columns gets fewer for each
BINS = 10  # of a number, when its information about the label is measured


class Cart(Synthesizer):
    """Sequential classification and regression trees with the training rows of a leaf as donors.

    Each column is drawn given the label and the columns before it. A number with missing cells is drawn in two steps,
    first whether it is there, then its value.

    Parameters
    ----------
    min_leaf : int, default=2
        Least training rows of a leaf, 1 or more. Small leaves are faithful and copy; large ones blur. Pruning makes
        most leaves larger, and with several trees the rows outside of a tree's sample are donors too.
    n_trees : int, default=5
        Trees for each column; each new row goes through one of them. With 1, the tree is grown on all rows. Tables
        of so many columns that this makes more than 2,000 trees get fewer, at least one a column.
    feature_share : float, default=0.7
        Share in (0, 1] of the predictors that is tried at each split.
    significance : float, default=0.01
        Level in (0, 1] of the test that a split, or one below it, must pass to be kept; 1 keeps all.
    per_class_rows : int, default=200
        A class with this many rows has trees of its own; smaller ones share trees over all rows.
    smoothing : float, default=0.0
        Noise on numbers in units of Silverman's bandwidth of the leaf; 0 gives observed values only. Values that make
        up a hundredth of the column stay as they are.
    order : {"numbers-first", "information"}, default="numbers-first"
        Numbers, then discrete columns, each in the order of the table; or by decreasing mutual information with the
        label. A word of many levels that is drawn early pins down the training rows that have it, so it copies more.
    random_state : None, int, Generator or RandomState, default=None
        Of the bootstrap samples and the predictors that are tried.

    Attributes
    ----------
    schema_, labels_, class_counts_, fallbacks_, deliveries_
        See `Synthesizer`.

    Notes
    -----
    A class of fewer than three rows never has a leaf of its own: its columns after the first come from similar rows of
    all classes or, if it has trees of its own, all its cells are those of its rows. Both are recorded in `fallbacks_`.

    References
    ----------
    J. P. Reiter, Journal of Official Statistics 21(3), 2005. B. Nowok, G. M. Raab, C. Dibben, Journal of Statistical
    Software 74(11), 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from equipoise.synthesizers.cart import Cart
    >>> X, y = np.arange(40.0).reshape(20, 2) % 7, np.repeat(["a", "b"], 10)
    >>> Cart(random_state=0).fit(X, y).sample({"b": 3}, random_state=0)[1].tolist()
    ['b', 'b', 'b']
    """

    how_it_conditions: ClassVar[str] = "trees for each class, or the label as first predictor"
    keeps_rows: ClassVar[bool] = True

    def __init__(
        self,
        *,
        min_leaf: int = 2,
        n_trees: int = 5,
        feature_share: float = 0.7,
        significance: float = 0.01,
        per_class_rows: int = 200,
        smoothing: float = 0.0,
        order: Literal["numbers-first", "information"] = "numbers-first",
        random_state: Any = None,
    ) -> None:
        self.min_leaf = min_leaf
        self.n_trees = n_trees
        self.feature_share = feature_share
        self.significance = significance
        self.per_class_rows = per_class_rows
        self.smoothing = smoothing
        self.order = order
        self.random_state = random_state

    def _check_options(self) -> None:
        check_whole(self, "min_leaf", "n_trees", "per_class_rows")
        check_share(self, "feature_share", "significance", zero=False)
        check_zero_or_more(self, "smoothing")
        check_choices(self, order=("numbers-first", "information"))

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        growth = self._growth(table.numbers.shape[1] + table.codes.shape[1])
        order = self._order(table, y)
        shared: Chain | None = None
        self._chains: list[tuple[Chain, int]] = []
        for k, count in enumerate(self.class_counts_):
            if count >= self.per_class_rows or len(self.class_counts_) == 1:
                rows = table.take(y == k)
                chain = Chain(rows, np.zeros(len(rows), dtype=np.int64), order, growth, rng)
                self._chains.append((chain, 0))
                if count < LEAST_DONORS:
                    self.fallbacks_[k] = f"{count} row(s): new rows are made of their cells alone"
                continue
            if shared is None:
                shared = Chain(table, y, order, growth, rng)
            self._chains.append((shared, k))
            if count < LEAST_DONORS:
                self.fallbacks_[k] = (
                    f"{count} row(s): columns after the first come from similar rows of all classes"
                )

    def _growth(self, n_columns: int) -> Growth:
        return Growth(
            min_leaf=int(self.min_leaf),
            n_trees=max(1, min(int(self.n_trees), MOST_TREES // max(1, n_columns))),
            feature_share=float(self.feature_share),
            significance=float(self.significance),
            smoothing=float(self.smoothing),
        )

    def _order(self, table: Coded, y: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the features in the order in which they are drawn; numbers count before codes."""
        if self.order == "information":
            return np.argsort(-informations(table, y), kind="stable")
        return np.arange(table.numbers.shape[1] + table.codes.shape[1])

    def _sample(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        parts, classes = [], []
        for chain in dict.fromkeys(chain for chain, _ in self._chains):
            mine = [k for k, (own, _) in enumerate(self._chains) if own is chain]
            positions = np.array([self._chains[k][1] for k in mine], dtype=np.int64)
            parts.append(chain.sample(np.repeat(positions, counts[mine]), rng))
            classes.append(np.repeat(mine, counts[mine]))
        return Coded.concat(parts).take(np.argsort(np.concatenate(classes), kind="stable"))


def informations(table: Coded, y: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give each column's mutual information with the label in nats (p + q,), numbers first.

    Numbers are cut into deciles, missing is a value of its own, and the bias of the plug-in estimate is taken off:
    (r - 1) (c - 1) / 2n for a table of r values and c classes (Miller 1955).
    """
    columns: list[NDArray] = []
    for values in table.numbers.T:
        present = values[~np.isnan(values)]
        edges = np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1]) if len(present) else []
        columns.append(np.where(np.isnan(values), -1, np.searchsorted(edges, values, "right")))
    columns.extend(table.codes.T)
    return np.array([_information(column, y) for column in columns])


def _information(column: NDArray[np.int64], y: NDArray[np.int64]) -> float:
    values, places = np.unique(column, return_inverse=True)
    n_classes = int(y.max()) + 1
    counts = np.bincount(places * n_classes + y, minlength=len(values) * n_classes)
    joint = counts.reshape(len(values), n_classes) / len(y)
    outer = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    seen = joint > 0
    bias = (len(values) - 1) * (n_classes - 1) / (2 * len(y))
    return float((joint[seen] * np.log(joint[seen] / outer[seen])).sum()) - bias
