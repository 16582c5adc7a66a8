"""The quality of a method's rows inside a trial, and in the untreated trial what it is read against.

Quality is the method's own, whatever the plans: as many rows are drawn as the training part has, at its class
proportions, and scored against the test part. It comes last and has seeds of its own, so that no other number of the
trial depends on it; where it fails, or the time limit strikes, the trial stands and a note says why.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.errors import EquipoiseError
from equipoise.fidelity.metric import Trio
from equipoise.fidelity.reading import read_trio
from equipoise.fidelity.trial import reference_quality, trial_quality
from equipoise.results.records import QualityRecord
from equipoise.seeds import as_generator
from equipoise.trials.limits import TimeUp, dispensable
from equipoise.trials.steps import Sample, Setting, makes_rows

MOST_COLUMNS = 200  # 20,000 pairs of them; time and memory grow with the square


@dataclass(frozen=True)
class Scored:
    """What scoring leaves: records, and notes of what went wrong."""

    records: tuple[QualityRecord, ...] = ()
    notes: tuple[str, ...] = ()


def score_rows(setting: Setting, fitted: Any, train: Sample, test: Sample) -> Scored:
    """Score rows of the fitted method; for `identity` score the references; for other samplers nothing.

    Parameters
    ----------
    setting : Setting
    fitted : Synthesizer or None
        Fitted on the training part.
    train, test : Sample
    """
    if setting.entry.target and not makes_rows(setting.entry):
        return Scored()
    width = train.X.shape[1]
    if width > MOST_COLUMNS:
        return Scored(
            (),
            (f"rows are scored on tables of {MOST_COLUMNS} columns at most, this has {width:,}",),
        )
    try:
        with dispensable():
            return _scored(setting, fitted, train, test)
    except TimeUp:
        return Scored((), ("its rows were not scored: the time limit struck first",))


def _scored(setting: Setting, fitted: Any, train: Sample, test: Sample) -> Scored:
    rng = as_generator(setting.seed("quality"))
    try:
        if fitted is None:
            return Scored(tuple(reference_quality(_trio(setting, train, test, train), rng)))
        made, notes = _draw(setting, fitted, train)
        if len(made.y) < 2:
            return Scored((), notes)
        trio = _trio(setting, train, test, made)
        first = setting.trial.repeat == 0
        return Scored(tuple(trial_quality(trio, setting.trial.method, rng, pairs=first)), notes)
    except Exception as error:
        reason = str(error) if isinstance(error, EquipoiseError) else repr(error)
        return Scored((), (f"its rows were not scored: {' '.join(reason.split())[:300]}",))


def _draw(setting: Setting, fitted: Any, train: Sample) -> tuple[Sample, tuple[str, ...]]:
    """Draw as many rows as there are training rows, at their class proportions."""
    counts = np.bincount(train.y, minlength=setting.n_classes)
    wanted = {k: int(n) for k, n in enumerate(counts) if n}
    X, y = fitted.sample(wanted, random_state=setting.seed("quality", "rows"))
    made = Sample(X.reset_index(drop=True), np.asarray(y, dtype=np.int64))
    if len(made.y) == len(train.y):
        return made, ()
    return made, (f"its rows were scored on {len(made.y)} rows, asked for {len(train.y)}",)


def _trio(setting: Setting, train: Sample, test: Sample, made: Sample) -> Trio:
    texts = np.array(setting.texts, dtype=object)
    frames = [_joined(part.X, setting.target, texts[part.y]) for part in (train, test, made)]
    return read_trio(
        frames[0], frames[2], setting.target, holdout=frames[1], kinds=setting.kinds
    ).trio


def _joined(X: pd.DataFrame, target: str, labels: NDArray) -> pd.DataFrame:
    return X.assign(**{target: pd.Series(labels, index=X.index, dtype=object)})
