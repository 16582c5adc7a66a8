"""F1 against overall quality: a point for every method and table, and in words how far the two go together."""

import math
from typing import Any

import pandas as pd

from equipoise.analysis.claim_trends import BY_CHANCE
from equipoise.analysis.quality import CALIBRATED, UNINFORMATIVE, UNKNOWN
from equipoise.analysis.trends import Trend, trend_between, trend_within
from equipoise.analysis.wording import level, signed
from equipoise.metrics.calibration import LEAST_RANGE
from equipoise.report.charted import Charted, Table, number
from equipoise.report.quality_figures import LEFT, RIGHT
from equipoise.report.run_quality import RunQuality
from equipoise.report.words import METRICS, counted
from equipoise.seeds import generator
from equipoise.tables.schema import listed

SCORE = "overall-quality"
MOST_NAMED = 12
NOT_DRAWN = {
    UNINFORMATIVE: (
        f"floor and real rows are less than {LEAST_RANGE:g} or than their noise apart there, so that the score cannot "
        "tell good rows from bad ones"
    ),
    UNKNOWN: "the untreated trial, which brings floor and real rows, has not run there",
}
METRIC = "macro_f1"
WITHIN = (
    "of a table, methods of better rows have the better F1",
    "of a table, methods of better rows have the worse F1",
)
BETWEEN = (
    "tables whose rows are imitated well are those that are classified well",
    "tables whose rows are imitated well are those that are classified badly",
)


class QualityTrend:
    """Pairs the overall quality of each method and table with the F1 that its rows lead to."""

    def __init__(self, charted: Charted, quality: RunQuality) -> None:
        self.charted = charted
        self.plan = quality.plan
        self.points = self._points(quality)

    def _points(self, quality: RunQuality) -> pd.DataFrame:
        """Give columns dataset, method, value (raw), calibrated, f1: the plain decision on the first plan."""
        ledger = self.charted.ledger
        columns = ["dataset", "method", "value", "calibrated", "state", "f1"]
        if METRIC not in ledger.gaps or not ledger.classifiers:
            return pd.DataFrame(columns=columns)
        table = ledger.gaps[METRIC].per_table
        here = table[
            (table["plan"] == self.plan)
            & (table["decision"] == "plain")
            & (table["classifier"] == ledger.classifiers[0])
            & (table["n_failed"] == 0)
        ]
        own = quality.within[(quality.within["label"] == "") & (quality.within["metric"] == SCORE)]
        own = own[["dataset", "method", "value", "calibrated", "state"]]
        own = own.assign(calibrated=own["calibrated"].where(own["state"] == CALIBRATED))
        joined = own.merge(here.rename(columns={"test": "f1"}), on=["dataset", "method"])
        return joined[columns].dropna(subset=["value", "f1"])

    def table(self) -> Table:
        """One row per table and method; the tone is the place of the table, whose colour it decides."""
        columns = ["table", "tone", "method", "quality", "calibrated", "f1"]
        rows: list[list[Any]] = [
            [p.dataset, self.charted.ledger.datasets.index(p.dataset), p.method]
            + [number(p.value), number(p.calibrated), number(p.f1)]
            for p in self.points.itertuples(index=False)
        ]
        return {"columns": columns, "rows": rows}

    def drawn(self) -> list[str]:
        """Say what the calibrated chart does not draw, and what it draws elsewhere than it is."""
        points, said = self.points, []
        lost = points[points["calibrated"].isna()]
        for state, reason in NOT_DRAWN.items():
            groups = lost[lost["state"] == state].groupby("dataset", sort=False)
            names = [_part(d, len(g), int((points["dataset"] == d).sum())) for d, g in groups]
            if names:
                said.append(
                    f"Calibrated, {listed(names)} {'is' if len(names) == 1 else 'are'} not drawn: {reason}."
                )
        out = points[(points["calibrated"] < LEFT) | (points["calibrated"] > RIGHT)]
        if len(out):
            dots = [
                f"{p.method} on {p.dataset} ({level(p.calibrated, 2)})" for p in out.itertuples()
            ]
            said.append(
                f"Beyond the axis and drawn at its end, calibrated: {listed(dots)}."
                if len(dots) <= MOST_NAMED
                else f"Calibrated, {len(dots)} dots lie beyond the axis and are drawn at its end."
            )
        return said

    def words(self) -> list[str]:
        """Say how far quality and F1 go together, within tables and between them."""
        if self.points.empty:
            return []
        named = self.points[["dataset", "method", "f1"]].assign(quality=self.points["value"])
        inside = trend_within(named, generator(0, "report", "quality trend"))
        said = []
        if inside is not None:
            said.append(
                f"Within tables the rank correlation of {METRICS[METRIC]} and raw overall quality over "
                f"{counted(inside.methods, 'method')} is {_ends(inside)} on the mean of "
                f"{counted(inside.tables, 'table')}: {_meaning(inside, *WITHIN)}."
            )
        datasets = self.charted.results.datasets.itertuples(index=False)
        classes = {d.name: len(d.class_counts) for d in datasets}
        if set(named["dataset"]) <= set(classes):
            outside = trend_between(named, classes)
            if outside is not None:
                said.append(
                    f"Between the {outside.tables} tables, of their mean quality and mean F1 above chance, it is "
                    f"{_ends(outside)}: {_meaning(outside, *BETWEEN)}."
                )
        return said


def _part(dataset: str, n: int, of: int) -> str:
    return dataset if n == of else f"{n} of {of} methods on {dataset}"


def _ends(trend: Trend) -> str:
    if math.isfinite(trend.reach):
        return f"{signed(trend.rho, 2)} ± {trend.reach:.2f} ({BY_CHANCE})"
    ends = f"[{signed(trend.low, 2)}, {signed(trend.high, 2)}]"
    return f"{signed(trend.rho, 2)} {ends} (95 % interval by Fisher's transform)"


def _meaning(trend: Trend, up: str, down: str) -> str:
    if trend.low > 0:
        return up
    return down if trend.high < 0 else "no trend can be told from chance"
