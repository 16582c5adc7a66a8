"""From a verdict to what its page says and draws, as plain values."""

from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.advice.words import metric_words
from equipoise.registry import STAND_IN, STAND_IN_IS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from equipoise.advice.verdict import Standing, Verdict

BARS = 40

GLOSSARY: tuple[tuple[str, str], ...] = (
    (
        "gain",
        "What a treatment scores above doing nothing, on the same rows. Larger is better, also where the score is a "
        "loss.",
    ),
    (
        "honest gain",
        "The gain of choosing: in each bootstrap the choice is made on the rows drawn and is scored on the rows that "
        "were not. The best of many candidates looks better than it is; this does not count its luck.",
    ),
    (
        "interval",
        "Of the gain: from the 2.5 to the 97.5 % quantile of the bootstraps, made a fifth longer, since a bootstrap of "
        "rows knows nothing of the luck of a training set. Those of single candidates are the bootstraps' own.",
    ),
    (
        "helps, no practical difference, hurts",
        "Shares of the bootstraps in which the honest gain lies above, within and below the rope: the difference that "
        "is of no practical interest.",
    ),
    (
        "verdict",
        "To act only if the honest gain is positive in 90 % of the bootstraps; rows of a synthesizer must also beat "
        "the best simple treatment as surely. Else: do nothing.",
    ),
    (
        "best guess",
        "The simplest candidate within a tenth of a standard deviation of the best. What to take if one must act.",
    ),
    (
        "threshold",
        "An offset for each class, added to log-probabilities before the largest is taken; tuned on rows that the "
        "classifier has not seen.",
    ),
)


def advice_summary(verdict: "Verdict") -> dict[str, Any]:
    """Give all that the page says and draws, as plain values."""
    asked, decision = verdict.asked, verdict.decision
    here = [s for s in verdict.table if not s.status]
    gain = decision.gain
    return {
        "title": f"{asked.name}: {verdict.method}",
        "text": verdict.text,
        "partial": verdict.partial,
        "metric": metric_words(asked.measure.name),
        "rope": f"{asked.rope:g}",
        "asked": _asked(verdict),
        "audit": verdict.audit.sentences,
        "notes": list(verdict.notes),
        "shares": [
            (word, f"{share:.0%}")
            for word, share in (
                ("helps", gain.helps), ("no practical difference", gain.same), ("hurts", gain.hurts),
            )
        ],
        "candidates": [_cells(s) for s in here],
        "gone": [{"name": s.name, "status": s.status} for s in verdict.table if s.status],
        "by": [
            {
                "level": b.level, "rows": f"{b.rows:,}", "nothing": f"{b.nothing:.1%}",
                "choice": f"{b.choice:.1%}",
            }
            for b in verdict.by
        ],
        "by_name": "" if asked.by is None else str(asked.by.name),
        "lean": verdict.lean,
        "code": verdict.code,
        "glossary": _glossary(verdict.table),
        "tables": {"gains": _gain_table(here, verdict), "draws": _draw_table(verdict)},
        "width": asked.rope,
    }  # fmt: skip


def _glossary(table: "Iterable[Standing]") -> tuple[tuple[str, str], ...]:
    """Give the words of the page, and what the stand-in for a language model is, where it is in the table."""
    here = any(standing.name.split()[0] == STAND_IN for standing in table)
    return (*GLOSSARY, (STAND_IN, f"It {STAND_IN_IS}.")) if here else GLOSSARY


def _asked(verdict: "Verdict") -> str:
    asked = verdict.asked
    folds = "folds forward in time" if asked.times is not None else "five stratified folds"
    if asked.groups is not None:
        folds = "five folds of whole groups"
    times = verdict.partitions
    drawn = f", drawn {times} times" if times > 1 else ""
    classifier = (
        asked.classifier if isinstance(asked.classifier, str) else type(asked.classifier).__name__
    )
    return (
        f"{len(verdict.table)} candidates on {verdict.rows:,} rows, {folds}{drawn}; classifier "
        f"{classifier}; {len(verdict.decision.gain.draws):,} bootstraps; {verdict.seconds:.0f} s of "
        f"{asked.seconds:.0f} s."
    )


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "\u2212")


def _cells(standing: "Standing") -> dict[str, str]:
    return {
        "name": standing.name,
        "score": f"{standing.score:.3f}",
        "gain": _signed(standing.gain),
        "interval": f"{_signed(standing.low)} to {_signed(standing.high)}",
        "reaches": f"{standing.reaches:.0%}",
    }


def _gain_table(here: list["Standing"], verdict: "Verdict") -> dict[str, Any]:
    rows = [
        [i, s.name, s.gain, s.low, s.high, s.score, _role(s.name, verdict)]
        for i, s in enumerate(here)
    ]
    columns = ["order", "label", "gain", "low", "high", "score", "role"]
    return {"columns": columns, "rows": rows}


def _role(name: str, verdict: "Verdict") -> str:
    if name == verdict.method:
        return "verdict"
    return "best guess" if name == verdict.lean else "candidate"


def _draw_table(verdict: "Verdict") -> dict[str, Any]:
    draws = verdict.decision.gain.draws
    low, high = float(draws.min()), float(draws.max())
    pad = max(high - low, 1e-3) * 0.02
    edges = np.linspace(low - pad, high + pad, BARS + 1)
    shares = np.histogram(draws, edges)[0] / len(draws)
    rows = [
        [float(a), float(b), float(s)]
        for a, b, s in zip(edges[:-1], edges[1:], shares, strict=True)
    ]
    return {"columns": ["left", "right", "share"], "rows": rows}
