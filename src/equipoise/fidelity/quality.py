"""Quality of a synthetic table, whoever made it: scores between a floor and a ceiling, and how many rows are copies."""

import json
import math
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator, RandomState

from equipoise.datasets.splits import TEST_SHARE, inner_split
from equipoise.errors import DataError, OptionError
from equipoise.fidelity.blocks import LEAST_ROWS, block_size
from equipoise.fidelity.copying import Copying
from equipoise.fidelity.metric import Trio
from equipoise.fidelity.novelty import score_novelty, score_novelty_references
from equipoise.fidelity.reading import NAMES, read_trio
from equipoise.fidelity.references import score_references, score_synthetic
from equipoise.fidelity.registry import METRICS, PRIVACY_METRICS
from equipoise.fidelity.scores import Score, fidelity_scores, novelty_scores
from equipoise.fidelity.sentences import sentences
from equipoise.seeds import as_generator
from equipoise.tables.schema import Kind

NO_HOLDOUT = (
    f"There is no holdout, so {TEST_SHARE:.0%} of the real rows stand for fresh ones. If the synthesizer was fitted on "
    "them, copies of them pass for good rows and not for copies: copying is understated by about as much, and scores "
    "flatter a memoriser. Keep rows back before fitting, and give them as the holdout."
)


@dataclass(frozen=True, eq=False)
class Quality:
    """What was found about a synthetic table.

    Attributes
    ----------
    target : hashable
        The column with the classes.
    classes : tuple of str
        Those whose rows were scored by themselves.
    held_out : bool
        Whether the fresh rows were a holdout (else they were split off the real table).
    scores : tuple of Score
        Against fresh rows, for the whole table (label "") and each class.
    privacy : tuple of Score
        Against training rows, beside those of fresh rows and of a memoriser.
    copying : mapping of str to Copying
        How many rows are too close to a training row, by class; of the whole table under "".
    too_few : tuple of str
        A sentence for each class with too few rows to calibrate.
    coerced : tuple of str
        A sentence for each column that came in another form than in the real table.
    notes : tuple of str
        What else a reader should know.
    trio : Trio
        The rows.
    """

    target: Hashable
    classes: tuple[str, ...]
    held_out: bool
    scores: tuple[Score, ...]
    privacy: tuple[Score, ...]
    copying: Mapping[str, Copying]
    too_few: tuple[str, ...]
    coerced: tuple[str, ...]
    notes: tuple[str, ...]
    trio: Trio = field(repr=False)

    def score(self, metric: str, label: str = "") -> Score:
        """Give one score by name.

        Raises
        ------
        OptionError
            There is none: no such metric or class, or it means nothing for these rows.
        """
        for score in (*self.scores, *self.privacy):
            if (score.metric, score.label) == (metric, label):
                return score
        known = ", ".join(dict.fromkeys(s.metric for s in (*self.scores, *self.privacy)))
        where = f" for the class {label!r}" if label else ""
        raise OptionError(f"there is no score {metric!r}{where}; the scores are {known}")

    @property
    def sentences(self) -> dict[str, str]:
        """What is good, what gives the rows away, whether to worry about copies: a paragraph each."""
        return sentences(self.scores, self.copying, self.classes)

    def frame(self) -> pd.DataFrame:
        """Give all scores as a tidy table, one row each, without single columns and pairs."""
        rows = [vars(score) for score in (*self.scores, *self.privacy)]
        return pd.DataFrame(rows).drop(columns="items")

    def to_dict(self) -> dict[str, Any]:
        """Give all that was found as plain values that JSON can hold; what is undefined is None."""
        return {
            "target": str(self.target),
            "rows": {
                name: len(getattr(self.trio, name)) for name in ("train", "fresh", "synthetic")
            },
            "holdout": self.held_out,
            "classes": list(self.classes),
            "said": self.sentences,
            "scores": [_plain(vars(score)) for score in self.scores],
            "privacy": [_plain(vars(score)) for score in self.privacy],
            "copying": [
                {"label": label, **_plain(asdict(found)), "sentence": found.sentence}
                for label, found in self.copying.items()
            ],
            "too_few": list(self.too_few),
            "coerced": list(self.coerced),
            "notes": list(self.notes),
        }

    def to_json(self, indent: int | None = 2) -> str:
        """Give `to_dict` as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=indent)

    def __str__(self) -> str:
        """Give the scores of the whole table and what they mean."""
        lines = [f"{'score':40} {'value':>8} {'floor':>8} {'real rows':>10}  calibrated"]
        for score in (*self.scores, *self.privacy):
            if not score.label:
                lines.append(
                    f"{score.title:40} {score.value:8.3f} {score.floor:8.3f} {score.ceiling:10.3f}  "
                    f"{calibrated_text(score)}"
                )
        return "\n".join([*lines, "", *self.sentences.values(), *self.notes])


def calibrated_text(score: Score) -> str:
    """Give "0.87 [0.80, 0.94]", or why there is no such number."""
    if score.below_both:
        return "worse than the floor"
    if not score.informative:
        return "" if math.isnan(score.calibrated) and score.group == "Copies" else "not informative"
    text = f"{score.calibrated:.2f}"
    if math.isnan(score.calibrated_low):
        return text
    return f"{text} [{score.calibrated_low:.2f}, {score.calibrated_high:.2f}]"


def _plain(value: Any) -> Any:
    """Give a value as JSON can hold it."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return bool(value) if isinstance(value, np.bool_) else value


def quality(
    real: Any,
    synthetic: Any,
    target: Hashable,
    *,
    holdout: Any = None,
    kinds: Mapping[Any, Kind] | None = None,
    names: tuple[str, str, str] = NAMES,
    random_state: int | Generator | RandomState | None = 0,
) -> Quality:
    """Score a synthetic table against real rows, between a floor and a ceiling.

    Parameters
    ----------
    real : DataFrame of shape (n, d)
        The rows that the synthesizer was fitted on, the target among the columns.
    synthetic : DataFrame of shape (m, d)
        Of any tool. Its cells are read as the real table's columns say; what had to be coerced is listed.
    target : hashable
        Name of the column with the classes.
    holdout : DataFrame of shape (h, d), default=None
        Real rows that the synthesizer has not seen. Without them a quarter of the real rows is split off, and copies
        of those cannot be told: the result says so.
    kinds : dict of column name to kind, default=None
        Overrules what would be inferred of the real columns.
    names : tuple of three str, default=("the real table", "the holdout", "the synthetic table")
        What messages call the three tables.
    random_state : None, int, Generator or RandomState, default=0

    Raises
    ------
    DataError
        A table cannot be used: the message says which, where and why.

    Examples
    --------
    >>> import equipoise as eq
    >>> X, y = eq.load_dataset("ionosphere")
    >>> real = X.assign(label=y)
    >>> found = eq.quality(real[:200], real[200:275], "label", holdout=real[275:])
    >>> found.score("column-shapes").informative
    True
    """
    rng = as_generator(random_state)
    read = read_trio(real, synthetic, target, holdout=holdout, kinds=kinds, names=names)
    trio = read.trio if holdout is not None else _split(read.trio, rng)
    _check_sizes(trio, names if holdout is not None else (names[0], names[0], names[2]))
    scores, privacy, copying = _scored(trio, rng)
    return Quality(
        target=target,
        classes=tuple(label for label in copying if label),
        held_out=holdout is not None,
        scores=scores,
        privacy=privacy,
        copying=copying,
        too_few=tuple(_too_few(trio, set(copying))),
        coerced=read.coerced,
        notes=(*(() if holdout is not None else (NO_HOLDOUT,)), *read.unseen, *read.left_out),
        trio=trio,
    )


def _scored(
    trio: Trio, rng: Generator
) -> tuple[tuple[Score, ...], tuple[Score, ...], dict[str, Copying]]:
    drawn = score_synthetic(trio, METRICS, rng, trio.synthetic)
    known = score_references(trio, METRICS, rng, trio.synthetic)
    near, copying = score_novelty(trio, PRIVACY_METRICS, rng)
    beside = score_novelty_references(trio, PRIVACY_METRICS, rng)
    return (
        fidelity_scores(METRICS, drawn, known),
        novelty_scores(PRIVACY_METRICS, near, beside),
        copying,
    )


def _split(trio: Trio, rng: Generator) -> Trio:
    """Take a quarter of each class of the real rows for fresh ones."""
    parts = inner_split(trio.train.codes[:, trio.target], rng)
    return replace(trio, train=trio.train.take(parts.train), fresh=trio.train.take(parts.test))


def _check_sizes(trio: Trio, names: tuple[str, str, str]) -> None:
    if block_size(trio, len(trio.synthetic)) >= LEAST_ROWS:
        return
    real, fresh, made = names
    found = [
        (real, "training rows", len(trio.train), 2 * LEAST_ROWS),
        (fresh, "fresh rows", len(trio.fresh), LEAST_ROWS),
        (made, "synthetic rows", len(trio.synthetic), LEAST_ROWS),
    ]
    name, what, n, least = next(entry for entry in found if entry[2] < entry[3])
    raise DataError(
        f"{name}: {n} {what} are too few to score anything; at least {least} are needed"
        + (
            f" (without a holdout, {TEST_SHARE:.0%} of the real rows stand for fresh ones)"
            if real == fresh and name != made
            else ""
        )
    )


def _too_few(trio: Trio, scored: set[str]) -> Iterator[str]:
    for k, label in enumerate(trio.labels):
        if label in scored:
            continue
        part = trio.of_class(k)
        rows = {"fresh": len(part.fresh), "synthetic": len(part.synthetic)}
        what = min(rows, key=lambda name: rows[name])
        n, least = rows[what], LEAST_ROWS
        if n >= LEAST_ROWS:
            what, n, least = "training", len(part.train), 2 * LEAST_ROWS
        yield (
            f"class {label!r} has no {what} rows at all"
            if not n
            else f"class {label!r} has {n} {what} rows, too few to calibrate its scores "
            f"({least} are needed)"
        )
