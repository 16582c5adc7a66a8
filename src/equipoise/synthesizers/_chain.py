"""A chain of trees: every column given those before it, fitted and drawn column by column."""

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from equipoise.synthesizers._leaves import STUMP, Pools, class_weights, pruned
from equipoise.tables.coded import Coded

MOST_PREDICTORS = 50  # of a column; beyond them the least correlated are left out
FREQUENT = 0.01  # share of the rows from which on a value is a spike, which smoothing leaves alone
MOST_ROWS = 20_000  # that one tree is grown on; all rows are donors


@dataclass(frozen=True)
class Growth:
    """How trees are grown; see the parameters of `Cart`."""

    min_leaf: int
    n_trees: int
    feature_share: float
    significance: float
    smoothing: float


@dataclass(frozen=True)
class Step:
    """One draw: whether a number is missing, a number, or a code, given features that are drawn already.

    Attributes
    ----------
    what : {"missing", "number", "code"}
    column : int
        In `Coded.numbers` or `Coded.codes`.
    predictors : (d,) int
        Features.
    orders : dict of int to (n_levels + 1,) float32
        Position of a discrete predictor to the ranks of its levels, missing first.
    forest : tuple of Pools
    bandwidths : tuple of (n_leaves,) float64
        Of the kernel that smooths a number, for each tree; empty if there is none.
    """

    what: Literal["missing", "number", "code"]
    column: int
    predictors: NDArray[np.int64]
    orders: dict[int, NDArray[np.float32]]
    forest: tuple[Pools, ...]
    bandwidths: tuple[NDArray[np.float64], ...] = ()

    def inputs(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give what the trees see (m, d) of features (m, n_features)."""
        X = features[:, self.predictors]
        for position, ranks in self.orders.items():
            X[:, position] = ranks[X[:, position].astype(np.int64) + 1]
        return X


class Chain:
    """Sequential trees over one set of rows, of one class or of all.

    Features are the columns in the order numbers, codes, label. A number stands as its mid-rank among the training
    values, -1 where missing: trees ask for nothing but order, and ranks neither overflow nor give a long tail the say
    over all splits.

    Parameters
    ----------
    table : Coded
        Rows of the chain.
    y : (n,) int
        Their classes; all 0 for a chain of one class.
    order : sequence of int
        Features in the order in which they are drawn.
    """

    def __init__(
        self,
        table: Coded,
        y: NDArray[np.int64],
        order: NDArray[np.int64],
        growth: Growth,
        rng: np.random.Generator,
    ) -> None:
        self.table, self.y, self.growth = table, y, growth
        self._grids = [Grid.of(values) for values in table.numbers.T]
        self._features = self._coded_features()
        self.steps: list[Step] = []
        n_numbers = table.numbers.shape[1]
        before = [self._features.shape[1] - 1] if y.any() else []
        for feature in order:
            predictors = np.array(before, dtype=np.int64)
            if feature < n_numbers:
                self._add_number(int(feature), predictors, rng)
            else:
                column = int(feature) - n_numbers
                rows = np.arange(len(y))
                self._add("code", column, predictors, rows, table.codes[:, column], rng)
            before.append(int(feature))

    def _coded_features(self) -> NDArray[np.float32]:
        n, p = self.table.numbers.shape
        out = np.empty((n, p + self.table.codes.shape[1] + 1), dtype=np.float32)
        for j, grid in enumerate(self._grids):
            out[:, j] = grid.ranks(self.table.numbers[:, j])
        out[:, p:-1] = self.table.codes
        out[:, -1] = self.y
        return out

    def _add_number(self, column: int, predictors: NDArray, rng: np.random.Generator) -> None:
        missing = np.isnan(self.table.numbers[:, column])
        if missing.any():
            rows = np.arange(len(missing))
            self._add("missing", column, predictors, rows, missing.astype(np.int64), rng)
        if not missing.all():
            rows = np.flatnonzero(~missing)
            self._add("number", column, predictors, rows, self._features[rows, column], rng)

    def _add(
        self,
        what: Literal["missing", "number", "code"],
        column: int,
        predictors: NDArray[np.int64],
        rows: NDArray[np.int64],
        target: NDArray,
        rng: np.random.Generator,
    ) -> None:
        scores = target_scores(target, what == "number")
        features = self._features[rows]
        if len(predictors) > MOST_PREDICTORS:
            predictors = strongest(features, predictors, scores)
        orders = {}
        for position, feature in enumerate(predictors):
            size = int(self._features[:, feature].max()) + 2
            if feature >= self.table.numbers.shape[1] and size > 3:
                codes = features[:, feature].astype(np.int64)
                orders[position] = level_ranks(codes, scores, size)
        step = Step(what, column, predictors, orders, ())
        X = step.inputs(features)
        forest = tuple(
            Pools.fill(self._grow(X, target, rows, what, rng), X, rows, self.y[rows])
            for _ in range(self.growth.n_trees if len(predictors) else 1)
        )
        widths: tuple[NDArray[np.float64], ...] = ()
        if what == "number" and self.growth.smoothing > 0:
            values = self.table.numbers[:, column]
            widths = tuple(self.growth.smoothing * bandwidths(pools, values) for pools in forest)
        self.steps.append(Step(what, column, predictors, orders, forest, widths))

    def _grow(
        self, X: NDArray, target: NDArray, rows: NDArray, what: str, rng: np.random.Generator
    ) -> Any:
        y = self.y[rows]
        if X.shape[1] == 0 or (target == target[0]).all():
            return STUMP
        growth = self.growth
        bag, times = (
            bootstrap(y, rng) if growth.n_trees > 1 else (np.arange(len(y)), np.ones(len(y)))
        )
        if len(bag) > MOST_ROWS:
            chosen = np.sort(rng.choice(len(bag), MOST_ROWS, replace=False))
            bag, times = bag[chosen], times[chosen]
        grower = DecisionTreeRegressor if what == "number" else DecisionTreeClassifier
        tree = grower(
            min_samples_leaf=growth.min_leaf,
            max_features=growth.feature_share,
            random_state=int(rng.integers(2**31)),
        )
        weights = times * class_weights(y)[y[bag]]
        with warnings.catch_warnings():  # a column of many levels is meant as one
            warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
            tree.fit(X[bag], target[bag], sample_weight=weights)
        freedom = 1 if what == "number" else max(1, len(tree.classes_) - 1)
        return pruned(tree.tree_, growth.significance, freedom)

    def sample(self, asked: NDArray[np.int64], rng: np.random.Generator) -> Coded:
        """Draw one row of each class asked for (n,), a position in the classes of the chain."""
        n, p = len(asked), self.table.numbers.shape[1]
        features = np.full((n, self._features.shape[1]), -1, dtype=np.float32)
        features[:, -1] = asked
        numbers = np.full((n, p), np.nan)
        codes = np.full((n, self.table.codes.shape[1]), -1, dtype=np.int64)
        used = np.full((n, len(self.steps)), -1, dtype=np.int32)
        everyone = np.arange(n)
        present: dict[int, NDArray[np.int64]] = {}  # rows with a value, of columns that may miss it
        for s, step in enumerate(self.steps):
            at = present.get(step.column, everyone) if step.what == "number" else everyone
            donors, noise = self._donors(step, asked[at], features[at], used[at, :s], rng)
            used[at, s] = donors
            if step.what == "missing":
                there = ~np.isnan(self.table.numbers[donors, step.column])
                present[step.column] = np.flatnonzero(there)
            elif step.what == "code":
                codes[:, step.column] = self.table.codes[donors, step.column]
                features[:, p + step.column] = codes[:, step.column]
            else:
                grid = self._grids[step.column]
                values = grid.smoothed(self.table.numbers[donors, step.column], noise)
                numbers[at, step.column] = values
                features[at, step.column] = grid.ranks(values)
        return Coded(numbers, codes)

    def _donors(
        self,
        step: Step,
        asked: NDArray[np.int64],
        features: NDArray[np.float32],
        used: NDArray[np.int32],
        rng: np.random.Generator,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Send each row through one tree of the step: donors (m,) and the smoothing noise (m,)."""
        X = step.inputs(features)
        trees = rng.integers(len(step.forest), size=len(X))
        donors = np.empty(len(X), dtype=np.int64)
        noise = np.zeros(len(X))
        for t, pools in enumerate(step.forest):
            at = np.flatnonzero(trees == t)
            if not len(at):
                continue
            donors[at] = pools.draw(X[at], asked[at], self.y, used[at], rng)
            if step.bandwidths:
                widths = step.bandwidths[t][pools.splits.apply(X[at])]
                noise[at] = widths * rng.standard_normal(len(at))
        return donors, noise


@dataclass(frozen=True)
class Grid:
    """The distinct values of a number with their mid-ranks, as shares in (0, 1), and which of them are frequent."""

    values: NDArray[np.float64]
    shares: NDArray[np.float64]
    frequent: NDArray[np.bool_]

    @classmethod
    def of(cls, column: NDArray[np.float64]) -> "Grid":
        """Take the present values of a column (n,)."""
        values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
        total = max(1, counts.sum())
        frequent = (counts > 1) & (counts >= FREQUENT * total)
        return cls(values, (np.cumsum(counts) - counts / 2) / total, frequent)

    def ranks(self, column: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the ranks (n,) of values, interpolated between known ones; -1 where missing."""
        missing = np.isnan(column)
        if not len(self.values):
            return np.full(len(column), -1.0)
        ranks = np.interp(np.where(missing, self.values[0], column), self.values, self.shares)
        return np.where(missing, -1.0, ranks)

    def smoothed(
        self, column: NDArray[np.float64], noise: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Add noise (n,) to known values (n,), but for frequent ones, and clip to the known range."""
        spikes = self.frequent[np.searchsorted(self.values, column)]
        return np.clip(np.where(spikes, column, column + noise), self.values[0], self.values[-1])


def bootstrap(y: NDArray[np.int64], rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Draw as many rows of each class as it has: distinct rows, and how often each was drawn."""
    order = np.argsort(y, kind="stable")
    counts = np.bincount(y)
    starts = (np.cumsum(counts) - counts)[y]
    drawn = order[starts + np.floor(rng.random(len(y)) * counts[y]).astype(np.int64)]
    return np.unique(drawn, return_counts=True)


def target_scores(target: NDArray, is_number: bool) -> NDArray[np.float64]:
    """Give a centred target as columns (n, k): itself if a number, indicators of its levels if not."""
    if is_number:
        scores = target[:, None].astype(np.float64)
    else:
        levels, places = np.unique(target, return_inverse=True)
        scores = np.zeros((len(target), len(levels)))
        scores[np.arange(len(target)), places] = 1
    return scores - scores.mean(axis=0)


def level_ranks(
    codes: NDArray[np.int64], scores: NDArray[np.float64], size: int
) -> NDArray[np.float32]:
    """Rank the levels of a predictor, missing first, by the target's mean (size,).

    With two or more columns of scores (n, k) the mean is taken along the direction in which the levels differ most, the
    first axis of correspondence. Means are drawn towards the overall mean by one pseudo-row.
    """
    counts = np.bincount(codes + 1, minlength=size)
    means = np.stack([np.bincount(codes + 1, weights=s, minlength=size) for s in scores.T], axis=1)
    means = means / (counts[:, None] + 1.0)
    along = means[:, 0]
    if means.shape[1] > 1:
        weighted = means * np.sqrt(counts)[:, None]
        along = means @ np.linalg.eigh(weighted.T @ weighted)[1][:, -1]
    ranks = np.empty(size, dtype=np.float32)
    ranks[np.argsort(along, kind="stable")] = np.arange(size)
    return ranks


def strongest(
    features: NDArray[np.float32], predictors: NDArray[np.int64], scores: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Keep the predictors whose codes correlate most with the target (n, k), in their order."""
    X = features[:, predictors].astype(np.float64)
    X -= X.mean(axis=0)
    spread = np.sqrt((X**2).sum(axis=0))
    strength = ((X.T @ scores) ** 2).sum(axis=1) / np.maximum(spread, 1e-12) ** 2
    return predictors[np.sort(np.argsort(-strength, kind="stable")[:MOST_PREDICTORS])]


def bandwidths(pools: Pools, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give Silverman's bandwidth of each leaf, 0.9 min(sd, IQR / 1.34) m^(-1/5) over its m values."""
    counts = np.diff(pools.starts)
    leaves = np.repeat(np.arange(len(counts)), counts)
    held = values[pools.rows]
    mean = np.bincount(leaves, weights=held) / counts
    sd = np.sqrt(np.bincount(leaves, weights=(held - mean[leaves]) ** 2) / counts)
    held = held[np.lexsort((held, leaves))]

    def quantile(q: float) -> NDArray[np.float64]:
        return held[pools.starts[:-1] + np.floor(q * (counts - 1) + 0.5).astype(np.int64)]

    return 0.9 * np.minimum(sd, (quantile(0.75) - quantile(0.25)) / 1.34) * counts**-0.2
