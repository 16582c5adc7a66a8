"""An experiment is data: its lists, and the flat list of frozen trials that they stand for."""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.classifiers.native import check_classifier, takes_weights
from equipoise.datasets.dataset import table_name
from equipoise.errors import OptionError
from equipoise.registry import Method, method
from equipoise.samplers.strategies import parse_plan
from equipoise.trials.protocols import FAIR, PROTOCOLS, check_protocol
from equipoise.trials.variants import Parameters, Variant

DECISIONS = ("plain", "balanced", "ladder", "threshold", "tuned", "best-simple", "corrected")
TUNED = ("threshold", "best-simple")  # on inner folds, or on one split for costly methods
UNTREATED = ("best-simple", "tuned")  # opponents: decisions that leave the rows as they are
WEIGHTED = ("balanced", "ladder", "best-simple")  # decisions that train with weights
CONTROLS = ("xgboost-bagging", "xgboost-regularised")
ADDED = ("quality", "protocol", "variant_of", "minority_share")  # fields that trials once had not


@dataclass(frozen=True)
class TableFile:
    """A table of one's own: a file, its target and what the user said of its columns."""

    path: str
    target: str
    missing: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The table's name in results: that of its file, without the ending that tells its format."""
        return table_name(self.path)


@dataclass(frozen=True)
class Cells:
    """A product of plans and decisions, for some methods or for all but `identity`."""

    plans: tuple[str, ...]
    decisions: tuple[str, ...]
    methods: tuple[str, ...] = ()

    def covers(self, name: str) -> bool:
        """Whether a method is meant."""
        return name in self.methods if self.methods else name != "identity"


@dataclass(frozen=True)
class Experiment:
    """What a run is asked for.

    Attributes
    ----------
    name : str
    datasets : tuple of str
        Names of the catalogue, or of laws.
    methods : tuple of str
        Names of the registry, or ``module:Class``.
    cells : tuple of Cells
        Which plans and decisions to run with which methods.
    title : str, default=""
    classifiers : tuple of str, default=("xgboost",)
    controls : bool, default=True
        Whether plain bagging and the regularised preset run beside `identity`.
    quality : bool, default=True
        Whether the rows that methods make are scored, beside what they do for a classifier.
    repeats : int, default=5
        Repeat r is fold r mod 5 of partition r div 5.
    seed : int, default=0
    files : tuple of TableFile, default=()
        Tables of one's own.
    parameters : tuple of (method, ((name, value), ...)), default=()
        What methods are constructed with, where that is not their default.
    protocol : {"fair", "tutorial"}, default="fair"
        How a trial splits, prepares and trains; see `equipoise.trials.tutorial`.
    variants : tuple of Variant, default=()
        Methods under other names, which may stand wherever a method's name does.
    """

    name: str
    datasets: tuple[str, ...]
    methods: tuple[str, ...]
    cells: tuple[Cells, ...]
    title: str = ""
    classifiers: tuple[str, ...] = ("xgboost",)
    controls: bool = True
    quality: bool = True
    repeats: int = 5
    seed: int = 0
    files: tuple[TableFile, ...] = ()
    parameters: tuple[tuple[str, Parameters], ...] = ()
    protocol: str = FAIR
    variants: tuple[Variant, ...] = ()

    def __post_init__(self) -> None:
        """Check every word and number, so that a wrong experiment never starts."""
        _check_count("repeats", self.repeats, 1)
        _check_count("seed", self.seed, 0)
        for name in (*self.methods, *(word for cells in self.cells for word in cells.methods)):
            self.entry(name)
        if "identity" not in self.methods:
            raise OptionError(
                "the methods must include identity, which all others are compared with; add it"
            )
        if not self.datasets and not self.files:
            raise OptionError("an experiment needs a table: name one under datasets")
        for cells in self.cells:
            for plan in cells.plans:
                parse_plan(plan)
            for decision in cells.decisions:
                _check_word("decision", decision, DECISIONS)
        for classifier in self.classifiers:
            check_classifier(classifier)
        check_protocol(self.protocol, self.classifiers)
        names = [*self.datasets, *(file.name for file in self.files)]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise OptionError(f"two tables are named {twice!r}; rename a file or drop one of them")

    def variant(self, name: str) -> Variant | None:
        """Give the variant of that name, if there is one."""
        return next((variant for variant in self.variants if variant.name == name), None)

    def entry(self, name: str) -> Method:
        """Give the method behind a name, which may be that of a variant."""
        variant = self.variant(name)
        return method(variant.method if variant else name)

    def as_dict(self) -> dict[str, Any]:
        """Give plain values, for the store."""
        return {**dataclasses.asdict(self), "declares": PROTOCOLS[self.protocol]}


@dataclass(frozen=True)
class Cell:
    """One way of training and deciding within a trial."""

    plan: str
    decision: str
    classifier: str


@dataclass(frozen=True)
class Trial:
    """The unit of work: one fit of one method on one split, then every cell.

    It carries all that it needs, so that any worker can run it; its id hashes what its numbers depend on.
    """

    dataset: str
    repeat: int
    method: str
    cells: tuple[Cell, ...]
    content_hash: str
    code_version: str
    seed: int = 0
    parameters: Parameters = ()
    data_dir: str = ""
    file: TableFile | None = None
    quality: bool = False
    protocol: str = FAIR
    variant_of: str = ""
    minority_share: float = 1.0

    @property
    def registered(self) -> str:
        """The name in the registry: the method's own, or that of which it is a variant."""
        return self.variant_of or self.method

    @property
    def settings(self) -> str:
        """What its numbers depend on beside data, seed and code, as JSON that a run folder keeps."""
        given: dict[str, Any] = {f"parameters.{name}": value for name, value in self.parameters}
        given |= {"protocol": self.protocol, "minority_share": self.minority_share}
        given["method"] = self.registered
        cells = sorted([cell.plan, cell.decision, cell.classifier] for cell in self.cells)
        return json.dumps({"given": given, "cells": cells, "quality": self.quality}, sort_keys=True)

    @property
    def trial_id(self) -> str:
        """Hash of the data, the parameters and the cells; where a file lies does not matter."""
        parts: dict[str, Any] = dataclasses.asdict(self)
        parts["cells"] = sorted(tuple(cell.values()) for cell in parts["cells"])
        for word in ("data_dir", "code_version"):
            del parts[word]
        for field in dataclasses.fields(self):
            # What was added later counts where it was asked for, so that older trials keep their ids.
            if field.name in ADDED and parts[field.name] == field.default:
                del parts[field.name]
        if self.file is not None:
            del parts["file"]["path"]
        text = json.dumps(parts, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def cells_of(experiment: Experiment, name: str) -> tuple[Cell, ...]:
    """Give the cells of one method: pairs that make sense only, each once, in a stable order."""
    allowed = experiment.entry(name).plans
    # The tutorial tunes untreated rows only, so that nothing asks for a second way of tuning.
    tunes = experiment.methods if experiment.protocol == FAIR else ()
    costly = [other for other in tunes if experiment.entry(other).costly]
    found: dict[Cell, None] = {}
    if name == "identity":  # whatever else is asked, all are compared with this
        found |= {Cell("none", "plain", classifier): None for classifier in experiment.classifiers}
    for cells in experiment.cells:
        if not cells.covers(name):
            continue
        for plan in ("none",) if name == "identity" else cells.plans:
            if (allowed and plan not in allowed) or (name != "identity" and plan == "none"):
                continue
            for decision in cells.decisions:
                for variant in _variants(decision, name, costly):
                    for classifier in experiment.classifiers:
                        if _suits(decision, classifier):
                            found[Cell(plan, variant, classifier)] = None
    if name == "identity" and experiment.controls and "xgboost" in experiment.classifiers:
        for control in CONTROLS:
            found[Cell("none", "plain", control)] = None
    return tuple(found)


def _suits(decision: str, classifier: str) -> bool:
    """Whether a classifier can decide so: not all take weights, and the random search is over XGBoost's settings."""
    if decision == "tuned":
        return classifier == "xgboost"
    return decision not in WEIGHTED or takes_weights(classifier)


def _variants(decision: str, name: str, costly: Sequence[str]) -> tuple[str, ...]:
    """Give a decision under the ways of tuning that it needs.

    A costly method is tuned on one inner split, all others by five inner folds; `identity`, which all are compared
    with, is tuned in both ways where both occur.
    """
    if decision in UNTREATED and name != "identity":
        return ()
    if decision not in TUNED:
        return (decision,)
    split = f"{decision}:split"
    if name == "identity":
        return (decision, split) if costly else (decision,)
    return (split,) if name in costly else (decision,)


def _check_count(what: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise OptionError(f"{what} must be a whole number, {least} or more; got {value!r}")


def _check_word(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise OptionError(f"there is no {what} {value!r}; the {what}s are {', '.join(known)}")
