"""A look at the table before the trial: what a person should know of it, in sentences."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2_contingency

from equipoise.datasets.splits import FOLDS, SCORED_ROWS
from equipoise.tables.coded import code
from equipoise.tables.schema import Schema

SURE = 1e-6  # chance of so uneven a table of missing cells by luck
UNEVEN = 1.5  # times the class's share, up or down, before missingness is worth a sentence
LEAK = 0.98  # balanced accuracy of one column alone that no honest feature has
STRONG = 0.90
BINS = 32
MOST_ROWS = 50_000  # looked at for single columns
LISTED = 6


@dataclass(frozen=True)
class Audit:
    """What a table looks like.

    Attributes
    ----------
    rows : int
        Rows with a label.
    unlabelled : int
        Rows that were left out, since they have no label.
    kinds : dict of kind to number of columns
    classes : dict of label to rows
    ratio : float
        Rows of the largest class for one of the smallest that is scored.
    missing : dict of column to share of missing cells
    remarks : tuple of str
        What else is worth knowing.
    """

    rows: int
    unlabelled: int
    kinds: dict[str, int]
    classes: dict[str, int]
    ratio: float
    missing: dict[str, float]
    remarks: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """Say all of it."""
        kinds = ", ".join(f"{n} {kind}" for kind, n in self.kinds.items())
        columns = sum(self.kinds.values())
        classes = ", ".join(f"{k} {n:,}" for k, n in list(self.classes.items())[:LISTED])
        more = len(self.classes) - LISTED
        said = [
            f"{self.rows:,} rows, {columns} column{'s' if columns != 1 else ''} ({kinds})",
            f"{len(self.classes)} classes: {classes}{f' and {more} more' if more > 0 else ''}; "
            f"{self.ratio:.3g} to 1",
        ]
        if self.unlabelled:
            said.append(f"{self.unlabelled:,} rows have no label and are left out")
        if self.missing:
            worst = list(self.missing.items())[:3]
            listed = ", ".join(f"{name} {_percent(share)}" for name, share in worst)
            said.append(
                f"missing cells in {len(self.missing)} column{'s' if len(self.missing) > 1 else ''}: {listed}"
            )
        return [*said, *self.remarks]


def audit(
    X: pd.DataFrame,
    y: NDArray[np.int64],
    texts: Sequence[str],
    schema: Schema,
    unlabelled: int = 0,
) -> Audit:
    """Look at features X (n, d) and class positions y (n,)."""
    counts = np.bincount(y, minlength=len(texts))
    scored = counts >= SCORED_ROWS
    order = np.argsort(-counts, kind="stable")
    missing = X.isna().mean()
    missing = missing[missing > 0].sort_values(ascending=False)
    remarks = [
        *_identifiers(schema),
        *_small_classes(counts, texts),
        *_telling_gaps(X, y, texts, counts),
        *_repeated(X, y),
        *_single_columns(X, y, scored, schema),
    ]
    return Audit(
        len(y),
        unlabelled,
        dict(Counter(column.kind for column in schema.columns).most_common()),
        {texts[k]: int(counts[k]) for k in order},
        float(counts.max() / counts[scored].min()) if scored.any() else float("nan"),
        {str(name): float(share) for name, share in missing.items()},
        tuple(remarks),
    )


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else f"{share:.1%}"


def _identifiers(schema: Schema) -> list[str]:
    names = [str(c.name) for c in schema.columns if c.kind == "identifier"]
    constant = [str(c.name) for c in schema.columns if c.kind == "constant"]
    said = []
    if names:
        said.append(
            f"{_list(names)}: every value differs, an identifier; nothing is learnt from it"
        )
    if constant:
        said.append(f"{_list(constant)}: one value only; nothing is learnt from it")
    return said


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(names[:LISTED])
    return shown + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")


def _small_classes(counts: NDArray, texts: Sequence[str]) -> list[str]:
    small = [f"{texts[k]} ({counts[k]})" for k in np.flatnonzero(counts < SCORED_ROWS).tolist()]
    if not small:
        return []
    return [
        f"too small to be scored, below {SCORED_ROWS} rows: {_list(small)}; "
        "they stay in training, and no verdict speaks of them"
    ]


def _telling_gaps(X: pd.DataFrame, y: NDArray, texts: Sequence[str], counts: NDArray) -> list[str]:
    """Name the columns whose missing cells give the class away."""
    said = []
    for name in X.columns:
        gap = X[name].isna().to_numpy()
        if not 0 < gap.sum() < len(gap):
            continue
        inside = np.bincount(y[gap], minlength=len(texts))
        there = counts > 0
        table = np.vstack([inside[there], (counts - inside)[there]])
        if chi2_contingency(table, correction=False)[1] > SURE:
            continue
        share, usual = inside / inside.sum(), counts / counts.sum()
        times = np.where(there, share / np.where(there, usual, 1.0), 1.0)
        k = int(np.argmax(np.where(there & (inside >= SCORED_ROWS), times, 0.0)))
        if times[k] >= UNEVEN:
            said.append(
                f"where {name} is missing, {_percent(share[k])} are {texts[k]} (of all rows "
                f"{_percent(usual[k])}): being missing tells the class, so missing stays missing; "
                "make sure that it is known when you predict"
            )
    return said


def _repeated(X: pd.DataFrame, y: NDArray) -> list[str]:
    try:
        keys = pd.util.hash_pandas_object(X, index=False).to_numpy()
    except TypeError:  # a column of mixed types
        keys = pd.util.hash_pandas_object(X.astype("string"), index=False).to_numpy()
    _, place, times = np.unique(keys, return_inverse=True, return_counts=True)
    twins = times[place] > 1
    if not twins.any():
        return []
    same = pd.DataFrame({"place": place, "y": y})
    classes = same.groupby("place")["y"].nunique()
    torn = int(times[classes.to_numpy() > 1].sum())
    copies = int(same.duplicated().sum())
    said = []
    if copies:
        parted, word = _parted(same), "row repeats" if copies == 1 else "rows repeat"
        said.append(
            f"{copies:,} {word} an earlier row, class included; in a random fold "
            f"{_percent(parted)} of the tested rows then have a copy in training, which flatters "
            "whatever remembers rows; if copies are one observation drop them, or give --group"
        )
    if torn:
        said.append(
            f"{torn:,} rows share all features with a row of another class; no classifier can tell "
            "those apart"
        )
    return said


def _parted(same: pd.DataFrame) -> float:
    """Give the share of rows whose copies do not all lie in the row's own fold."""
    times = same.groupby(["place", "y"])["y"].transform("size").to_numpy()
    return float((1 - FOLDS ** -(times - 1.0)).mean())


def _single_columns(
    X: pd.DataFrame, y: NDArray, scored: NDArray[np.bool_], schema: Schema
) -> list[str]:
    """Name the columns that alone predict the class; such a one often knows the outcome already."""
    rows = np.flatnonzero(scored[y])
    if len(rows) > MOST_ROWS:
        rows = np.random.default_rng(0).choice(rows, MOST_ROWS, replace=False)
    if scored.sum() < 2:
        return []
    table = code(schema, X.iloc[rows].reset_index(drop=True))
    labels = np.unique(y[rows], return_inverse=True)[1]
    cells = [
        *((str(c.name), _binned(table.numbers[:, j])) for j, c in enumerate(schema.numbers)),
        *((str(c.name), table.codes[:, j] + 1) for j, c in enumerate(schema.discrete)),
    ]
    said = []
    for name, bins in cells:
        score = _lookup(bins, labels)
        if score >= LEAK:
            said.append(
                f"{name} alone tells the classes apart (balanced accuracy {score:.2f}): if it is "
                "known only after the outcome, leave it out with --drop"
            )
        elif score >= STRONG:
            said.append(f"{name} alone comes far (balanced accuracy {score:.2f})")
    return said


def _binned(numbers: NDArray[np.float64]) -> NDArray[np.int64]:
    """Cut numbers into bins of equal mass, with one for missing."""
    there = numbers[~np.isnan(numbers)]
    if not len(there):
        return np.zeros(len(numbers), dtype=np.int64)
    edges = np.unique(np.quantile(there, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.where(np.isnan(numbers), 0, 1 + np.searchsorted(edges, numbers, side="right"))


def _lookup(bins: NDArray[np.int64], y: NDArray[np.int64]) -> float:
    """Give the balanced accuracy of the class most typical of a row's bin, learnt on the other half of the rows."""
    half = np.random.default_rng(0).permutation(len(y)) % 2
    size, n_classes = int(bins.max()) + 1, int(y.max()) + 1
    recalls = []
    for part in (0, 1):
        learn, test = half != part, half == part
        table = np.bincount(bins[learn] * n_classes + y[learn], minlength=size * n_classes)
        known = np.maximum(np.bincount(y[learn], minlength=n_classes), 1)
        guess = (table.reshape(size, n_classes) / known).argmax(axis=1)[bins[test]]
        truth = np.bincount(y[test], minlength=n_classes)
        hits = np.bincount(y[test][guess == y[test]], minlength=n_classes)
        recalls.append((hits / np.maximum(truth, 1))[truth > 0].mean())
    return float(np.mean(recalls))
