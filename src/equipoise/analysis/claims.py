"""The articles' claims held against a run.

The claims and their rules were fixed before the first full run (`claims.toml`); a run stores the hash of that file.
`claim_statistics` and `claim_trends` measure what each claim needs, `rules` decides.
"""

from collections.abc import Callable

from equipoise.analysis import claim_statistics, claim_trends
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
    "tutorial-error": claim_statistics.tutorial_error,
    "tutorial-change": claim_statistics.tutorial_change,
}


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
