"""A claim of an article, the rule that decides on it, and the verdict: data, read from `claims.toml`."""

import math
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from equipoise.analysis.rules import Check, Count, Finding, Measured, Region, count, decide
from equipoise.analysis.wording import level, signed

PERCENT = " %"
STAND_INS = {"tabgpt": "great"}  # one language model to count, whichever of the two ran
RULES = Path(__file__).with_name("claims.toml")


@dataclass(frozen=True)
class Claim:
    """One claim and the rule that decides on it.

    Attributes
    ----------
    name, article, text, rule : str
    statistic : str
        A name in `claims.STATISTICS`.
    methods : tuple of str
        Of the registry; empty where the claim is not about methods.
    plans : tuple of str
        Their scores are averaged.
    region : Region
    quantifier : {"each", "most"}
    given : mapping
        Whatever else the statistic needs.
    metric : str, default="macro_f1"
        The score that gains and gaps are of; the rules were written for the default.
    """

    name: str
    article: str
    text: str
    rule: str
    statistic: str
    methods: tuple[str, ...]
    plans: tuple[str, ...]
    region: Region
    quantifier: str
    given: Mapping[str, Any] = field(default_factory=dict)
    metric: str = "macro_f1"


@dataclass(frozen=True)
class Judged:
    """The verdict on a claim.

    Attributes
    ----------
    claim : Claim
    verdict : {"holds", "does not hold", "cannot be told"}
    value : str
        The figure that it rests on, with its interval or its counts.
    measured : tuple of Measured
        Method by method.
    notes : tuple of str
        What a reader must know beside it.
    """

    claim: Claim
    verdict: Finding
    value: str
    measured: tuple[Measured, ...] = ()
    notes: tuple[str, ...] = ()


@cache
def claims() -> tuple[Claim, ...]:
    """Read the claims of the package, in their order."""
    content = tomllib.loads(RULES.read_text(encoding="utf-8"))
    return tuple(_claim(entry, content["groups"]) for entry in content["claims"])


def _claim(entry: dict[str, Any], groups: Mapping[str, list[str]]) -> Claim:
    given = dict(entry)
    methods = given.pop("methods", ())
    plans = given.pop("plans", None) or ([given.pop("plan")] if "plan" in given else [])
    low, high = given.pop("region", (float("-inf"), float("inf")))
    return Claim(
        name=given.pop("id"),
        article=given.pop("article"),
        text=given.pop("claim"),
        rule=given.pop("rule"),
        statistic=given.pop("statistic"),
        methods=tuple(groups[methods] if isinstance(methods, str) else methods),
        plans=tuple(plans),
        region=Region(float(low), float(high)),
        quantifier=given.pop("quantifier", "each"),
        given=given,
    )


def verdict_on(
    claim: Claim, measured: Sequence[Measured], notes: Sequence[str] = (), unit: str = ""
) -> Judged:
    """Count the methods on either side of the rule, and say so."""
    found = count(measured)
    known = {x.method for x in measured}
    said = [*notes, *(f"no result: {m}" for m in claim.methods if m not in known)]
    verdict = decide(found, claim.quantifier)
    value = told(measured, found, unit)
    if claim.quantifier == "most" and measured and not _are_most(known, claim.methods):
        verdict = "cannot be told"
        said.append("most of the methods have no result")
    if verdict == "cannot be told":
        value += half_widths(measured, unit)
    return Judged(claim, verdict, value, tuple(measured), tuple(said))


def _are_most(known: Collection[str], methods: Collection[str]) -> bool:
    """Whether the methods that ran are more than half of those that a claim is about."""
    ran, asked = ({STAND_INS.get(m, m) for m in some} for some in (known, methods))
    return 2 * len(ran) > len(asked)


def told(measured: Sequence[Measured], found: Count, unit: str = "") -> str:
    """Give the figure of one method, or the counts of several."""
    if not measured:
        return "nothing to measure in this run"
    if len(measured) == 1:
        return "; ".join(_figure(c, unit) for c in measured[0].checks)
    unclear = found.n - len(found.inside) - len(found.outside)
    return (
        f"{len(found.inside)} of {found.n} methods clearly so, {len(found.outside)} clearly not, "
        f"{unclear} not to be told"
    )


def half_widths(measured: Sequence[Measured], unit: str = "") -> str:
    """Say how wide the intervals are that leave a claim open; empty where a method has several figures, or none."""
    if any(len(m.checks) != 1 for m in measured):
        return ""
    known = [m.checks[0].half_width for m in measured]
    texts = [level(width) for width in sorted(w for w in known if math.isfinite(w))]
    if not texts:
        return ""
    if len(texts) == 1:
        return f"; half-width {texts[0]}{unit}"
    return f"; half-widths {texts[0]} to {texts[-1]}{unit}"


def _figure(found: Check, unit: str) -> str:
    return f"{found.name} {in_words(found, unit)}"


def in_words(found: Check, unit: str = "") -> str:
    """Give "+0.012 [−0.003, +0.027]"; a level has no plus."""
    if math.isnan(found.value):
        return "not known"
    number = level if found.level else signed
    text = f"{number(found.value)}{unit}"
    if math.isnan(found.low):
        return text
    ends = f"{text} [{number(found.low)}, {number(found.high)}]"
    return f"{ends} ({found.kind})" if found.kind else ends
