"""What one finished trial leaves behind, as plain values."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Status = Literal["done", "failed", "timeout", "skipped"]
Part = Literal["train", "test"]


STATUSES: tuple[Status, ...] = ("done", "failed", "timeout", "skipped")
UNTREATED = "identity"  # the method whose trial also brings what quality is read against
REFERENCE = "reference:"  # before the name of such a reference, where a method's name would stand


@dataclass(frozen=True)
class RunInfo:
    """What a run was asked for and where it runs.

    Attributes
    ----------
    experiment : str
    seed : int
    options : mapping
        Everything else that was asked, as plain values that JSON can hold.
    versions : mapping
        Package -> version.
    machine : mapping
        What the machine is, as plain values.
    """

    experiment: str
    seed: int
    options: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)


class AskedTrial(Protocol):
    """A trial that a run was asked for: any value with these names."""

    @property
    def dataset(self) -> str:
        """Name of the table."""

    @property
    def repeat(self) -> int:
        """Number of the repeat, from 0."""

    @property
    def method(self) -> str:
        """Name in the registry."""

    @property
    def trial_id(self) -> str:
        """Hash of all that the trial depends on."""

    @property
    def code_version(self) -> str:
        """Versions that its components declare."""

    @property
    def settings(self) -> str:
        """What it was asked for with, as JSON of whoever asks."""


@dataclass(frozen=True)
class DatasetRecord:
    """A table as the run met it."""

    name: str
    n_rows: int
    kinds: dict[str, str]  # column -> kind
    class_counts: dict[str, int]  # label text -> rows, in the order of the classes
    unscored: tuple[str, ...]  # classes too small to score
    content_hash: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeliveryRecord:
    """What a plan asked of one class and what came."""

    plan: str
    label: str
    requested: int
    delivered: int
    fallback: str = ""


@dataclass(frozen=True)
class Observation:
    """One score; the trial supplies dataset, repeat and method. An absent label is the empty string."""

    plan: str
    decision: str
    classifier: str
    part: Part
    metric: str
    label: str
    value: float


@dataclass(frozen=True, eq=False)
class PredictionRecord:
    """Probabilities of one classifier on rows of one part.

    Attributes
    ----------
    part : str
        "test", or "oof": out-of-fold rows of the training part.
    rows : (m,) int64
        Positions of the rows in the table.
    truth : (m,) int64
        Class positions.
    probabilities : (m, n_classes) float32
    offsets : (n_classes,) float64
        Added to log-probabilities before the argmax; zeros for the plain rule.
    """

    plan: str
    decision: str
    classifier: str
    part: str
    rows: NDArray[np.int64]
    truth: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    offsets: NDArray[np.float64]


@dataclass(frozen=True)
class QualityRecord:
    """One score of synthetic rows; the trial supplies dataset and repeat.

    Attributes
    ----------
    source : str
        The method of the trial, or, in a trial of `UNTREATED`, ``reference:ceiling`` and the like.
    label : str
        The class whose rows were scored; empty for the whole table.
    metric : str
    item : str
        A column; empty for the score itself.
    value : float
    low, high : float
        The interval is NaN where none is known.
    """

    source: str
    label: str
    metric: str
    item: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class TrialRecord:
    """All that one trial leaves: what the store writes in one transaction."""

    trial_id: str
    dataset: str
    repeat: int
    method: str
    status: Status
    reason: str = ""
    fit_seconds: float = 0.0
    sample_seconds: float = 0.0
    total_seconds: float = 0.0
    peak_mb: float = 0.0
    code_version: str = ""
    keeps_rows: bool = False
    deliveries: tuple[DeliveryRecord, ...] = ()
    observations: tuple[Observation, ...] = ()
    predictions: tuple[PredictionRecord, ...] = ()
    quality: tuple[QualityRecord, ...] = ()
    history: dict[str, list[float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # unseen levels, fallbacks, gaps that cannot be compared


def fault(record: TrialRecord) -> str:
    """Say what is wrong with a record, in words; empty if it can be stored."""
    if record.status not in STATUSES:
        return f"the status must be one of {', '.join(STATUSES)}, found {record.status!r}"
    keys = Counter(
        (o.plan, o.decision, o.classifier, o.part, o.metric, o.label) for o in record.observations
    )
    twice = [key for key, count in keys.items() if count > 1]
    if twice:
        return f"the score {' / '.join(twice[0])} came twice"
    seen = Counter((p.plan, p.decision, p.classifier, p.part) for p in record.predictions)
    twins = [name for name, count in seen.items() if count > 1]
    if twins:
        return f"the predictions {' / '.join(twins[0])} came twice"
    for p in record.predictions:
        n = len(p.rows)
        where = f"the predictions {p.plan} / {p.decision} / {p.classifier} / {p.part}"
        if p.rows.shape != (n,) or p.truth.shape != (n,):
            return f"{where} need one true class per row, found {p.truth.shape} for {p.rows.shape}"
        if p.probabilities.ndim != 2 or p.probabilities.shape != (n, len(p.offsets)):
            return (
                f"{where} need probabilities of shape ({n}, {len(p.offsets)}), found "
                f"{p.probabilities.shape}"
            )
        if not np.isfinite(p.probabilities).all():
            return f"{where} hold probabilities that are not finite"
    return _fault_of_quality(record)


def _fault_of_quality(record: TrialRecord) -> str:
    keys = Counter((q.source, q.label, q.metric, q.item) for q in record.quality)
    twice = [key for key, count in keys.items() if count > 1]
    if twice:
        return f"the quality score {' / '.join(twice[0])} came twice"
    for q in record.quality:
        own = q.source == record.method
        if not own and not (record.method == UNTREATED and q.source.startswith(REFERENCE)):
            return f"a trial of {record.method} gave quality scores of {q.source}"
        if not math.isfinite(q.value):
            return f"the quality score {q.source} / {q.metric} is not finite"
    return ""
