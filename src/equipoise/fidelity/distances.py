"""Nearest records: blocked searches over all pairs of rows of two coded tables.

Two distances. Gower's (Gower 1971, card `quality_metrics` section 4) is a mean over columns and says how closely a row
copies another; Euclid's, on standardised numbers and one-hot levels, is what the scores of neighbourhoods are defined
with. A block of distances fits the processor's second cache, and each column adds to it in place, so that no pass waits
for memory and no temporary is made. One thread.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from equipoise.classifiers.matrices import OneHot, Standardised
from equipoise.fidelity.metric import Trio
from equipoise.tables.coded import Coded
from equipoise.tables.schema import Schema

CELLS = 2**17  # of a block: half a megabyte in single precision
FARTHEST = 1e6  # in ranges of a column; single precision holds no differences beyond it


@dataclass(frozen=True, eq=False)
class Nearest:
    """What a search among m targets found for n rows.

    Attributes
    ----------
    first, second : (n,) float32
        The two smallest distances of each row; infinite where there are not so many targets.
    index : (n,) int64
        The nearest target, the first of those that are equally near.
    back : (m,) float32
        The smallest distance of each target to a row.
    nearer, as_near : (n,) int64
        Targets nearer than, and exactly as near as, the radii that were asked for; 0 if none were.
    """

    first: NDArray[np.float32]
    second: NDArray[np.float32]
    index: NDArray[np.int64]
    back: NDArray[np.float32]
    nearer: NDArray[np.int64]
    as_near: NDArray[np.int64]


def gower(
    rows: Coded, targets: Coded, real: Coded, within: NDArray[np.float32] | None = None
) -> Nearest:
    """Search the targets of the smallest Gower distance.

    The mean over columns of min(|r - s| / range, 1) for numbers, with the range of the real column (1 for any
    difference if that is 0), and of 1 for levels that differ; one cell missing of two counts 1, both 0.

    Parameters
    ----------
    rows, targets : Coded
        n and m rows.
    real : Coded
        Gives the ranges.
    within : (n,) float32, optional
        A radius of each row: count the targets nearer than it.
    """
    n, m, d = len(rows), len(targets), rows.numbers.shape[1] + rows.codes.shape[1]
    found = _empty(n, m)
    if not n or not m or not d:
        return found
    numbers, clipped, codes = _prepare(rows, targets, real)
    step = max(1, CELLS // m)
    shape = (step, m)
    total, part = np.empty(shape, np.float32), np.empty(shape, np.float32)
    differs, count = np.empty(shape, np.bool_), np.empty(shape, np.min_scalar_type(len(codes)))
    share = np.float32(1 / d)
    for start in range(0, n, step):
        at = slice(start, min(start + step, n))
        size = at.stop - start
        block, work = total[:size], part[:size]
        _sum_numbers(numbers, clipped, at, block, work)
        if codes:
            _count_levels(codes, at, differs[:size], count[:size])
            np.add(block, count[:size], out=block, casting="unsafe")
        np.multiply(block, share, out=block)
        if within is not None:
            radius = within[at, None]
            found.nearer[at] = np.count_nonzero(block < radius, axis=1)
            found.as_near[at] = np.count_nonzero(block == radius, axis=1)
        np.minimum(found.back, block.min(axis=0), out=found.back)
        _two_smallest(block, found, at)
    return found


def _empty(n: int, m: int) -> Nearest:
    far = (np.full(size, np.inf, np.float32) for size in (n, n, m))
    first, second, back = far
    index, nearer, as_near = (np.zeros(n, np.int64) for _ in range(3))
    return Nearest(first, second, index, back, nearer, as_near)


def _sum_numbers(
    numbers: list[tuple[NDArray, NDArray]],
    clipped: list[bool],
    at: slice,
    total: NDArray[np.float32],
    work: NDArray[np.float32],
) -> None:
    """Sum the distances of numbers into ``total`` (b, m)."""
    total.fill(0)
    for (a, b), clip in zip(numbers, clipped, strict=True):
        np.subtract(b, a[at, None], out=work)
        np.abs(work, out=work)
        if clip:
            np.minimum(work, 1, out=work)
        np.add(total, work, out=total)


def _count_levels(
    codes: list[tuple[NDArray, NDArray]], at: slice, differs: NDArray[np.bool_], count: NDArray
) -> None:
    """Count the levels that differ into ``count`` (b, m)."""
    count.fill(0)
    for a, b in codes:
        np.not_equal(b, a[at, None], out=differs)
        np.add(count, differs.view(np.uint8), out=count)


def _two_smallest(block: NDArray[np.float32], found: Nearest, at: slice) -> None:
    """Take the two smallest of each row of a block, which is not needed any more."""
    places = np.arange(len(block))
    nearest = block.argmin(axis=1)
    found.index[at] = nearest
    found.first[at] = block[places, nearest]
    block[places, nearest] = np.inf
    found.second[at] = block.min(axis=1)


def _prepare(
    rows: Coded, targets: Coded, real: Coded
) -> tuple[list[tuple[NDArray, NDArray]], list[bool], list[tuple[NDArray, NDArray]]]:
    """Scale numbers to ranges and shrink codes: columns of both sides, and which numbers need to be cut at 1."""
    numbers, clipped, codes = [], [], []
    for j in range(rows.numbers.shape[1]):
        a, b, known = (t.numbers[:, j] for t in (rows, targets, real))
        known = known[~np.isnan(known)]
        low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
        if high > low:
            mine, theirs, clip = _scaled(a, b, low, high)
            numbers.append((mine, theirs))
            clipped.append(clip)
        else:
            codes.append(_shrunk(*_factorized(a, b)))
    for j in range(rows.codes.shape[1]):
        codes.append(_shrunk(rows.codes[:, j], targets.codes[:, j]))
    return numbers, clipped, codes


def _scaled(
    a: NDArray, b: NDArray, low: float, high: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], bool]:
    """Put numbers in ranges from the lowest; missing ones lie together, far from all others."""
    scaled = []
    clip = False
    for x in (a, b):
        with np.errstate(over="ignore"):
            y = np.clip((x / 2 - low / 2) / (high / 2 - low / 2), -FARTHEST, FARTHEST)
        y[np.isnan(y)] = 3 * FARTHEST
        clip = clip or bool(((y < 0) | (y > 1)).any())
        scaled.append(y.astype(np.float32))
    return scaled[0], scaled[1], clip


def _factorized(a: NDArray, b: NDArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give codes of equal numbers, missing ones included."""
    codes = np.unique(np.concatenate([a, b]), return_inverse=True)[1]
    return codes[: len(a)], codes[len(a) :]


def _shrunk(a: NDArray[np.int64], b: NDArray[np.int64]) -> tuple[NDArray, NDArray]:
    """Give codes from -1 as the smallest unsigned integers, which compare fastest."""
    largest = max(int(x.max(initial=-1)) for x in (a, b)) + 1
    small = np.min_scalar_type(largest)
    return (a + 1).astype(small), (b + 1).astype(small)


class Same:
    """A table as a key: equal to itself alone."""

    def __init__(self, table: Coded) -> None:
        self.table = table

    def __hash__(self) -> int:
        """Hash the object, not its cells."""
        return id(self.table)

    def __eq__(self, other: object) -> bool:
        """Compare objects, not their cells."""
        return isinstance(other, Same) and self.table is other.table


@lru_cache(maxsize=16)
def _searched(rows: Same, targets: Same, real: Same) -> Nearest:
    return gower(rows.table, targets.table, real.table)


def nearest(rows: Coded, targets: Coded, real: Coded) -> Nearest:
    """Give what `gower` gives, from memory if these very tables were searched a moment ago.

    Several scores need the same search, and many synthetic tables meet the same real ones.
    """
    return _searched(Same(rows), Same(targets), Same(real))


def without_unseen(schema: Schema, table: Coded) -> Coded:
    """Make levels that training rows do not have missing."""
    sizes = np.array([len(column.levels) for column in schema.discrete], dtype=np.int64)
    return Coded(table.numbers, np.where(table.codes < sizes, table.codes, -1))


def standard_points(trio: Trio, *tables: Coded) -> list[NDArray[np.float64]]:
    """Give rows as points (n, w): standardised numbers, missing ones at the median and flagged, and one-hot levels.

    Medians, means and deviations are those of the training rows. Two rows of different levels are sqrt(2) apart, as two
    numbers drawn from one column are in root mean square.
    """
    train = without_unseen(trio.schema, trio.train)
    hot = OneHot(trio.schema).fit(train)
    scale = Standardised().fit(hot.numbers(train))
    known = [without_unseen(trio.schema, table) for table in tables]
    return [np.hstack([scale.transform(hot.numbers(t)), hot.levels(t)]) for t in known]


def squared_blocks(
    rows: NDArray[np.float64], targets: NDArray[np.float64]
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Give squared Euclidean distances (b, m) of rows (n, w) to targets (m, w), block by block."""
    lengths = np.einsum("ij,ij->i", targets, targets)
    step = max(1, CELLS * 4 // max(len(targets), 1))
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        own = np.einsum("ij,ij->i", part, part)
        squared = own[:, None] + lengths - 2 * (part @ targets.T)
        # What cancellation leaves of a distance of 0 would put equal rows outside each other's ball.
        squared[squared < 1e-12 * (own.max(initial=0) + lengths.max(initial=0))] = 0
        yield slice(start, start + len(part)), squared


def neighbour_radii(points: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Give the squared distance (n,) of points to their k-th neighbour without themselves, or to their last."""
    k = min(k, len(points) - 1)
    out = np.empty(len(points))
    for at, squared in squared_blocks(points, points):
        out[at] = np.partition(squared, k, axis=1)[:, k]
    return out
