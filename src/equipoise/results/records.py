"""What one finished trial leaves behind, as plain values."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Status = Literal["done", "failed", "timeout", "skipped"]
Part = Literal["train", "test"]


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
    history: dict[str, list[float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # unseen levels, fallbacks, gaps that cannot be compared
