"""The articles' claims and their verdicts, as words for the page, the terminal and the documentation."""

import math
from collections.abc import Mapping
from typing import Any

from equipoise.analysis.claim import Claim, Judged, in_words
from equipoise.analysis.claims import OTHER_SCORES, article_of, judge, judge_otherwise
from equipoise.analysis.frames import Results
from equipoise.analysis.rules import LEVEL, Check, Region
from equipoise.analysis.wording import level, signed
from equipoise.report.words import METRICS, decision_label

SCORE_LABELS = {**METRICS, "worst_roc_auc": "Worst-class AUC"}
ARTICLE_TITLES = {"benchmark": "The benchmark article", "tutorial": "The tutorial"}


def claimed(results: Results) -> dict[str, Any] | None:
    """Give the claims section; None for a run that no article made claims about.

    Returns
    -------
    dict or None
        article; counts of verdicts; others, the scores besides macro F1; rows, each with claim, rule, verdict, value,
        notes, methods, and the verdicts by other scores.
    """
    article = article_of(results)
    if not article or results.observations.empty:
        return None
    found, others = judge(results, article), judge_otherwise(results, article)
    verdicts = [j.verdict for j in found]
    return {
        "article": ARTICLE_TITLES[article],
        "sentence": (
            f"Of {len(found)} claims, {verdicts.count('holds')} can be said to hold, "
            f"{verdicts.count('does not hold')} not to hold, and {verdicts.count('cannot be told')} cannot be told "
            "with this much data."
        ),
        "rules": str(results.run.get("versions", {}).get("claims", "")),
        "others": [
            {"name": name, "label": SCORE_LABELS[name]}
            for name in OTHER_SCORES
            if any(name in by_score for by_score in others.values())
        ],
        "rows": [_row(j, others.get(j.claim.name, {})) for j in found],
    }


def _row(judged: Judged, others: Mapping[str, Judged]) -> dict[str, Any]:
    claim = judged.claim
    return {
        "others": {
            name: {"label": SCORE_LABELS[name], "verdict": j.verdict, "value": j.value}
            for name, j in others.items()
        },
        "claim": claim.text,
        "rule": claim.rule,
        "verdict": judged.verdict,
        "value": judged.value,
        "notes": list(judged.notes),
        "methods": [
            {
                "method": _who(claim, m.method),
                "checks": [_figure(c) for c in m.checks],
                "notes": list(m.notes),
            }
            for m in judged.measured
            if m.checks
        ],
        "beyond": any(math.isfinite(c.beyond_low) for m in judged.measured for c in m.checks),
        "region": _region(claim.region),
    }


def _who(claim: Claim, method: str) -> str:
    """Name a method, and untreated rows by what is decided on them."""
    return decision_label(claim.given.get("decision", "plain")) if method == "identity" else method


def _figure(found: Check) -> dict[str, str]:
    number = level if found.level else signed
    known = math.isfinite(found.half_width)
    there = [number(end) for end in (found.beyond_low, found.beyond_high)]
    return {
        "name": found.name,
        "text": in_words(found),
        "half": level(found.half_width) if known else "",
        "beyond": f"[{', '.join(there)}]" if math.isfinite(found.beyond_low) else "",
        "side": _side(found),
    }


def _side(found: Check) -> str:
    """Say on which side of the rule one interval lies, before Holm's correction."""
    if found.inside < LEVEL:
        return "inside"
    return "outside" if found.outside < LEVEL else "unclear"


def _region(region: Region) -> str:
    """Give "-0.02 to 0.02", "above 0", "below 0.3"; empty where any value would do."""
    low, high = (f"{end:g}".replace("-", "\N{MINUS SIGN}") for end in (region.low, region.high))
    if math.isinf(region.low) and math.isinf(region.high):
        return ""
    if math.isinf(region.high):
        return f"above {low}"
    return f"below {high}" if math.isinf(region.low) else f"{low} to {high}"
