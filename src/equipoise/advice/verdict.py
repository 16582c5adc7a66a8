"""The verdict: what to do, how sure that is, who took part, and how to do it again."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from equipoise.advice.audit import Audit
from equipoise.advice.candidates import Candidate
from equipoise.advice.choice import Choice, Decision, Draws, Gain
from equipoise.advice.contest import Contest
from equipoise.advice.measures import shown
from equipoise.advice.question import Question
from equipoise.advice.words import paragraph, repeat_code

FORMAT = 1


@dataclass(frozen=True)
class Standing:
    """One candidate at the end.

    Attributes
    ----------
    name : str
    score : float
        On all tested rows, as a person knows the measure; NaN where it did not finish.
    gain : float
        Over doing nothing; larger is better. Of the winner of many it is flattered by luck: see `Verdict.gain`.
    low, high : float
        95 % of the bootstraps of that gain.
    reaches : float
        Share of bootstraps in which it is at least as good as the best.
    status : str
        Empty if it took part to the end, else when and why it left.
    """

    name: str
    score: float = math.nan
    gain: float = math.nan
    low: float = math.nan
    high: float = math.nan
    reaches: float = math.nan
    status: str = ""


@dataclass(frozen=True)
class LevelErrors:
    """Errors on the rows of one level of a column: doing nothing, and the choice."""

    level: str
    rows: int
    nothing: float
    choice: float


@dataclass(frozen=True, eq=False)
class Verdict:
    """What `advise` found.

    Attributes
    ----------
    asked : Question
    audit : Audit
    decision : Decision
    table : tuple of Standing
        All candidates, best first, then those that left.
    by : tuple of LevelErrors
    partitions : int
        Times that the five folds were drawn; 0 if the first was not finished.
    rows : int
        Rows of the trial.
    seconds : float
    partial : bool
        Whether it was interrupted.
    notes : tuple of str
    offsets : tuple of float
        Of the winner's decision, by class position.
    fitted_rows : array of int
        Positions of the rows that the winner is fitted on: all of them, if there was time.
    estimator : AugmentedClassifier or None
        The winner, fitted on them.
    """

    asked: Question
    audit: Audit
    decision: Decision
    table: tuple[Standing, ...]
    by: tuple[LevelErrors, ...] = ()
    partitions: int = 0
    rows: int = 0
    seconds: float = 0.0
    partial: bool = False
    notes: tuple[str, ...] = ()
    offsets: tuple[float, ...] = ()
    fitted_rows: Any = field(default=(), repr=False)
    estimator: Any = field(default=None, repr=False)

    @property
    def method(self) -> str:
        """What to do, by name: ``do nothing``, ``threshold``, ``smote balance:0.5 + threshold``, ..."""
        return self.decision.verdict.name

    @property
    def lean(self) -> str:
        """The best guess, if one must act."""
        return self.decision.lean.lean.name

    @property
    def gain(self) -> float:
        """What the choice gains over doing nothing on rows that it was not chosen by; larger is better."""
        return self.decision.gain.mean

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the gain."""
        return self.decision.gain.low, self.decision.gain.high

    @property
    def nothing(self) -> str:
        """Which kind of nothing the verdict is: equivalent, harmful or cannot be told; empty if it is to act."""
        return self.decision.nothing

    @cached_property
    def text(self) -> str:
        """The verdict in plain words."""
        return paragraph(self)

    @property
    def code(self) -> str:
        """The lines of Python that repeat the winner."""
        return repeat_code(self)

    def __str__(self) -> str:
        """Give the verdict in plain words."""
        return self.text

    def frame(self) -> pd.DataFrame:
        """Give the table of candidates as a frame."""
        return pd.DataFrame([standing.__dict__ for standing in self.table])

    def score_of(self, name: str) -> float:
        """Give the score of one candidate."""
        return next(s.score for s in self.table if s.name == name)

    def unfitted(self) -> Any:
        """Give the winner as an estimator that is not fitted yet."""
        from equipoise.samplers.augmented import AugmentedClassifier

        model = self.decision.verdict.model
        labels = self.asked.labels.classes
        given: dict[str, Any] = {}
        if any(self.offsets):
            given["offsets"] = {k: round(b, 4) for k, b in zip(labels, self.offsets, strict=True)}
        if self.asked.costs is not None and self.decision.verdict.rule == "threshold":
            given["costs"] = self.asked.costs
        return AugmentedClassifier(
            model.method,
            plan=model.plan,
            weights=model.weights or None,
            classifier=model.classifier,
            prior=self.asked.prior,
            kinds=self.asked.kinds or None,
            random_state=self.asked.seed,
            **given,
        )

    def as_dict(self) -> dict[str, Any]:
        """Give everything but the estimator as plain values."""
        decision = self.decision
        return {
            "format": FORMAT,
            "verdict": self.method,
            "kind_of_nothing": decision.nothing,
            "text": self.text,
            "metric": self.asked.measure.name,
            "rope": self.asked.rope,
            "gain": _gain(decision.gain),
            "lean": {
                "method": self.lean,
                "gain": _gain(decision.lean.gain),
                "over_simple": _gain(decision.lean.over_simple),
            },
            "candidates": [_finite(standing.__dict__) for standing in self.table],
            "by": [level.__dict__ for level in self.by],
            "table": {
                "rows": self.audit.rows, "classes": self.audit.classes, "remarks": self.audit.sentences,
            },
            "partitions": self.partitions,
            "bootstraps": len(decision.gain.draws),
            "rows": self.rows,
            "seconds": round(self.seconds, 3),
            "partial": self.partial,
            "notes": list(self.notes),
            "offsets": dict(zip(self.asked.labels.texts, self.offsets, strict=False)),
            "code": self.code,
        }  # fmt: skip

    def to_json(self) -> str:
        """Give everything but the estimator as JSON."""
        return json.dumps(self.as_dict(), indent=2, allow_nan=False)

    def save(self, folder: str | Path) -> list[str]:
        """Write the page, ``advice.json``, the estimator and the augmented table into a folder; see `advice.saving`."""
        from equipoise.advice.saving import save

        return save(self, Path(folder))


def _gain(gain: Gain) -> dict[str, float]:
    return {
        "mean": gain.mean, "low": gain.low, "high": gain.high, "helps": gain.helps,
        "no_practical_difference": gain.same, "hurts": gain.hurts,
    }  # fmt: skip


def _finite(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()
    }


def standings(contest: Contest, draws: Draws) -> list[Standing]:
    """List all candidates: those of the end with their scores, best first, then those that left."""
    measure = contest.scale.measure
    nothing = next(j for j, c in enumerate(draws.candidates) if c.is_identity)
    best = draws.drawn.max(axis=1)
    found = []
    for j in np.argsort(-draws.point, kind="stable"):
        gains = draws.drawn[:, j] - draws.drawn[:, nothing]
        low, high = np.percentile(gains, (2.5, 97.5))
        found.append(
            Standing(
                draws.candidates[j].name,
                shown(measure, float(draws.point[j])),
                float(draws.point[j] - draws.point[nothing]),
                float(low),
                float(high),
                float((draws.drawn[:, j] >= best).mean()),
            )
        )
    here = {candidate.name for candidate in draws.candidates}
    for candidate in contest.candidates:
        if candidate.name not in here:
            reason = contest.dropped.get(candidate) or contest.out.get(candidate.model.name, "")
            found.append(Standing(candidate.name, status=reason))
    return found


def level_errors(contest: Contest, decision: Decision, by: pd.Series) -> tuple[LevelErrors, ...]:
    """Give the share of wrong decisions on each level of a column, doing nothing and with the lean."""
    nothing = next(c for c in contest.field if c.is_identity)
    chosen: Choice = decision.lean
    levels, place = np.unique(by.to_numpy().astype(str), return_inverse=True)
    rows = np.zeros(len(levels))
    wrong = np.zeros((2, len(levels)))
    for partition, folds in contest.spans:
        at = contest.matrix.rows(partition, folds)
        rows += np.bincount(place[at], minlength=len(levels))
        for which, candidate in enumerate((nothing, chosen.lean)):
            wrong[which] += _wrong(contest, candidate, partition, folds, place[at], len(levels))
    shares = wrong / np.maximum(rows, 1)
    return tuple(
        LevelErrors(str(levels[k]), int(rows[k] / len(contest.spans)), *map(float, shares[:, k]))
        for k in np.argsort(-rows, kind="stable")
        if rows[k]
    )


def _wrong(
    contest: Contest,
    candidate: Candidate,
    partition: int,
    folds: tuple[int, ...],
    place: Any,
    size: int,
) -> Any:
    y, _, predicted = contest.matrix.decided(candidate, partition, folds)
    return np.bincount(place, weights=(y != predicted).astype(float), minlength=size)
