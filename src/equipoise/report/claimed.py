"""The articles' claims and their verdicts, as words for the page, the terminal and the documentation."""

import math
from collections.abc import Mapping
from typing import Any

from equipoise.analysis.claim import Judged
from equipoise.analysis.claims import OTHER_SCORES, article_of, judge, judge_otherwise
from equipoise.analysis.frames import Results
from equipoise.analysis.rules import LEVEL, Check, Region
from equipoise.report.words import METRICS

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
                "method": m.method,
                "checks": [
                    {"name": c.name, "text": _interval(c), "side": _side(c)} for c in m.checks
                ],
                "notes": list(m.notes),
            }
            for m in judged.measured
            if m.checks
        ],
        "region": _region(claim.region),
    }


def _interval(found: Check) -> str:
    """Give "+0.012 [-0.003, +0.027]" with true minus signs."""
    if math.isnan(found.value):
        return "not known"
    ends = "" if math.isnan(found.low) else f" [{found.low:+.3f}, {found.high:+.3f}]"
    return f"{found.value:+.3f}{ends}".replace("-", "\N{MINUS SIGN}")


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
