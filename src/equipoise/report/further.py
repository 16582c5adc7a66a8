"""The evidence that the first charts do not show: each theme has a file of numbers and one that draws them."""

from typing import Any

from equipoise.report.boxes import quality_boxes, score_words
from equipoise.report.charted import Charted, Table
from equipoise.report.class_quality import class_quality
from equipoise.report.class_quality_figures import class_quality_figures
from equipoise.report.curves import curve_figures, curves
from equipoise.report.drawing import Figure
from equipoise.report.levels import untreated
from equipoise.report.levels_figures import level_figures
from equipoise.report.pairs import Pairs
from equipoise.report.pairs_figures import pair_figures
from equipoise.report.probabilities import probabilities
from equipoise.report.probabilities_figures import probability_figures
from equipoise.report.rates import rates
from equipoise.report.rates_figures import rate_figures
from equipoise.report.rerun import Rerun
from equipoise.report.rerun_figures import rerun_figures
from equipoise.report.run_quality import RunQuality
from equipoise.report.scarcity import gains_by_share
from equipoise.report.scarcity_figures import scarcity_figures
from equipoise.report.standings import Standings
from equipoise.report.standings_figures import standing_figures
from equipoise.report.trends import QualityTrend
from equipoise.report.trends_figures import trend_figures
from equipoise.report.words import OPPONENT_LABELS
from equipoise.report.worth import by_class, worth
from equipoise.report.worth_figures import worth_figures

GROUPS = (
    "levels", "classes", "untreated", "closed", "rates-gap", "rates-f1", "boxes", "pairs", "trend",
    "worth", "ranks", "curves", "scarcity", "class-quality", "probabilities", "errors", "confusion",
)  # fmt: skip
# What only one chart asks, beside that chart: the word of its choice.
CHOICES = {"score_of": "Quality score", "pair_table": "Table", "maker": "Method"}


class Further:
    """The tables, lists and words of these charts."""

    def __init__(self, charted: Charted, quality: RunQuality) -> None:
        pairs, trend = Pairs(charted), QualityTrend(charted, quality)
        standings = Standings(charted)
        self.rerun = Rerun(charted.results)
        self.tables: dict[str, Table] = {
            "untreated": untreated(charted),
            "rates": rates(charted),
            "boxes": quality_boxes(charted),
            "trend": trend.table(),
            "pairs": pairs.table(),
            "classes": by_class(charted),
            "worth": worth(charted),
            "standings": standings.table(),
            "curves": curves(charted.results),
            "scarcity": gains_by_share(charted),
            "class-quality": class_quality(charted, quality),
            "probabilities": probabilities(charted),
            "errors": self.rerun.error_table(),
            "confusion": self.rerun.confusion_table(),
        }
        self.lookups: dict[str, list[Any]] = {
            "score_of": score_words(charted),
            "pair_table": pairs.datasets,
            "maker": pairs.makers,
        }
        self.chosen = pairs.chosen()
        self.trend_words, self.trend_drawn = trend.words(), trend.drawn()
        self.not_ranked = standings.words()


def further_figures(summary: dict[str, Any], families: list[str]) -> list[Figure]:
    """Give the figures that the summary has numbers for."""
    found = level_figures(summary, families) + rate_figures(summary, families)
    found += trend_figures(summary, families) + pair_figures(summary)
    found += worth_figures(summary, families, OPPONENT_LABELS[summary["main_opponent"]])
    found += standing_figures(summary, families) + scarcity_figures(summary, families)
    found += class_quality_figures(summary) + probability_figures(summary, families)
    return found + rerun_figures(summary, families) + curve_figures(summary)
