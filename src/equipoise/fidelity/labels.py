"""Labels and rows together: whether synthetic rows look like their class, and whether it can be learnt from them.

*Label fidelity*: trees learn the classes from fresh rows and predict those of synthetic rows. They learn from fresh
rows and not from training rows, since training rows, which stand in for synthetic ones as the best that can be had,
would be recognised by trees that know them by heart. *Train on synthetic*: trees learn from synthetic rows and predict
fresh ones (both in Esteban, Hyland and Raetsch 2017). A class is an item of both, so that a good majority hides no bad
minority; of rows of one class there is nothing to tell.
"""

import math

import numpy as np
from numpy.typing import NDArray

from equipoise.classifiers.boosted import Boosted
from equipoise.classifiers.matrices import native, native_types
from equipoise.fidelity.metric import Measured, Metric, Trio
from equipoise.metrics.utility import confusion, f1_from_confusion
from equipoise.tables.coded import Coded


def label_fidelity(trio: Trio, rng: np.random.Generator) -> Measured:
    """Give the mean over classes of the share of synthetic rows that trees trained on fresh rows take for their class.

    Classes weigh equally in training, so that rare ones have a fair chance; those that either side lacks are left out.
    """
    fresh = _labelled(trio, trio.fresh)
    rows, labels = _parted(trio, _labelled(trio, trio.synthetic))
    shared = np.intersect1d(fresh.codes[:, trio.target], labels)
    if len(shared) < 2:
        return Measured(math.nan)
    guess = _trained(trio, fresh, rng, weighted=True).predict_proba(rows).argmax(axis=1)
    shares = {trio.labels[k]: float((guess[labels == k] == k).mean()) for k in shared}
    return Measured(float(np.mean(list(shares.values()))), shares)


def train_on_synthetic(trio: Trio, rng: np.random.Generator) -> Measured:
    """Give the macro F1 on fresh rows of trees trained on synthetic rows."""
    synthetic = _labelled(trio, trio.synthetic)
    rows, labels = _parted(trio, _labelled(trio, trio.fresh))
    present = np.unique(labels)
    if len(present) < 2 or not len(synthetic):
        return Measured(math.nan)
    guess = _trained(trio, synthetic, rng).predict_proba(rows).argmax(axis=1)
    f1 = f1_from_confusion(confusion(labels, guess, len(trio.labels)))
    return Measured(float(np.mean(f1[present])), {trio.labels[k]: float(f1[k]) for k in present})


def _labelled(trio: Trio, table: Coded) -> Coded:
    """Keep the rows whose label is one of the classes."""
    labels = table.codes[:, trio.target]
    kept = (labels >= 0) & (labels < len(trio.labels))
    return table if kept.all() else table.take(kept)


def _parted(trio: Trio, table: Coded) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Give the features (n, d) and the labels (n,)."""
    matrix = native(trio.schema, table)
    return np.delete(matrix, _place(trio), axis=1), table.codes[:, trio.target]


def _place(trio: Trio) -> int:
    """Give the target's column in the matrix of all."""
    modelled = [c for c in trio.schema.columns if c.is_number or c.is_discrete]
    return modelled.index(trio.schema.discrete[trio.target])


def _trained(
    trio: Trio, table: Coded, rng: np.random.Generator, *, weighted: bool = False
) -> Boosted:
    rows, labels = _parted(trio, table)
    types = native_types(trio.schema)
    del types[_place(trio)]
    weights = None
    if weighted:
        counts = np.bincount(labels)
        weights = (len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1)))[labels]
    model = Boosted(types=types, n_classes=len(trio.labels), seed=int(rng.integers(2**31)))
    return model.fit(rows, labels, weights)


LABEL_FIDELITY = Metric(
    name="label-fidelity",
    title="Rows look like their class",
    better="higher",
    low=0.0,
    high=1.0,
    formula="mean over classes of the share of synthetic rows that trees trained on fresh rows take for their class",
    source="train on real, test on synthetic: Esteban, Hyland and Raetsch 2017, arXiv:1706.02633",
    floor="independent",
    measure=label_fidelity,
)
TRAIN_ON_SYNTHETIC = Metric(
    name="train-on-synthetic",
    title="What can be learnt from them",
    better="higher",
    low=0.0,
    high=1.0,
    formula="macro F1 on fresh rows of trees trained on synthetic rows",
    source="train on synthetic, test on real: Esteban, Hyland and Raetsch 2017, arXiv:1706.02633",
    floor="independent",
    measure=train_on_synthetic,
)
METRICS = (LABEL_FIDELITY, TRAIN_ON_SYNTHETIC)
