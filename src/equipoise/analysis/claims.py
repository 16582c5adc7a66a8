"""The articles' claims held against a run.

The claims and their rules were fixed before the first full run (`claims.toml`); a run stores the hash of that file.
`claim_statistics`, `claim_trends` and `claim_errors` measure what each claim needs, `rules` decides.
"""

from collections.abc import Callable
from dataclasses import replace

from equipoise.analysis import claim_errors, claim_statistics, claim_trends
from equipoise.analysis.claim import Claim, Judged, claims
from equipoise.analysis.frames import Results

STATISTICS: dict[str, Callable[[Claim, Results], Judged]] = {
    "gain": claim_statistics.gain,
    "gap-reduction": claim_statistics.gap_reduction,
    "class-gap": claim_statistics.class_gap,
    "new-rows": claim_statistics.new_rows,
    "calibrated-quality": claim_statistics.calibrated_quality,
    "rate-slope": claim_statistics.rate_slope,
    "heterogeneity": claim_statistics.heterogeneity,
    "dominance": claim_statistics.dominance,
    "trend-within-tables": claim_trends.within,
    "trend-between-tables": claim_trends.between,
    "tutorial-error": claim_errors.tutorial_error,
    "tutorial-change": claim_errors.tutorial_change,
}

# Statistics of gains and gaps, which can be taken of any score; the others are of quality, of a class, or of errors.
OF_SCORES = (
    "gain", "gap-reduction", "rate-slope", "heterogeneity", "dominance", "trend-within-tables",
    "trend-between-tables",
)  # fmt: skip
OTHER_SCORES = ("worst_f1", "macro_roc_auc", "worst_roc_auc")  # besides macro F1, the article's


def article_of(results: Results) -> str:
    """Say which article's claims a run can speak to: "benchmark", "tutorial", or none of them ("")."""
    name = str(results.run.get("experiment", ""))
    return {"article": "benchmark", "tutorial": "tutorial"}.get(name, "")


def judge(results: Results, article: str) -> tuple[Judged, ...]:
    """Hold every claim of an article against a run.

    Parameters
    ----------
    results : Results
    article : {"benchmark", "tutorial"}

    Returns
    -------
    tuple of Judged
        In the order of the rules.
    """
    return tuple(
        STATISTICS[claim.statistic](claim, results)
        for claim in claims()
        if claim.article == article
    )


def judge_otherwise(results: Results, article: str) -> dict[str, dict[str, Judged]]:
    """Hold the claims that are about scores against a run by the article's other scores, rules and bounds the same.

    Returns
    -------
    dict of claim's name to dict of score to Judged
        Without scores that the run does not hold.
    """
    held = set(results.observations["metric"])
    about_scores = [c for c in claims() if c.article == article and c.statistic in OF_SCORES]
    found: dict[str, dict[str, Judged]] = {claim.name: {} for claim in about_scores}
    for metric in OTHER_SCORES:
        if metric in held:
            for claim in about_scores:
                by_score = replace(claim, metric=metric)
                found[claim.name][metric] = STATISTICS[claim.statistic](by_score, results)
    return found
