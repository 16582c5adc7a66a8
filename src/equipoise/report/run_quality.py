"""How faithful the rows of a run's methods are: the numbers of its charts, the table by class, and the words."""

import math
from typing import Any

import pandas as pd

from equipoise.analysis.frames import Results
from equipoise.analysis.quality import (
    CALIBRATED,
    UNINFORMATIVE,
    Scale,
    agreement,
    copying,
    over_tables,
    too_few,
    within_tables,
)
from equipoise.analysis.wording import signed
from equipoise.fidelity.registry import TRIAL_METRICS
from equipoise.report.charted import Table, number
from equipoise.report.ledger import Ledger
from equipoise.report.quality_figures import LEFT, RIGHT
from equipoise.report.words import FAMILY_LABELS, METRICS, counted, family
from equipoise.tables.schema import listed

SCALES = {m.name: Scale(m.floor, m.better == "higher") for m in TRIAL_METRICS}
TITLES = {m.name: m.title for m in TRIAL_METRICS}
# One chart each, and whole rows before single columns; all scores stand in the table by class.
SHOWN = (
    "detection",
    "density",
    "coverage",
    "label-fidelity",
    "column-pair-trends",
    "column-shapes",
)
COMPARED = "detection"  # the strictest score, set against the gain


class RunQuality:
    """Turns the stored quality scores into tables and words."""

    def __init__(self, results: Results, ledger: Ledger) -> None:
        self.ledger = ledger
        self.many = len(ledger.datasets) > 1
        known = results.quality[results.quality["dataset"].isin(ledger.datasets)]
        self.within = within_tables(known, SCALES)
        self.copying = copying(known)
        self.classes = {
            d.name: list(d.class_counts)
            for d in results.datasets.itertuples(index=False)
            if d.name in ledger.datasets
        }
        self.few = too_few(known, self.classes)
        self.metric = ledger.metrics[0] if ledger.metrics else ""
        self.plan = ledger.plans[0] if ledger.plans else ""
        self.points = self._points()

    def tables(self) -> dict[str, Table]:
        """Give the numbers of the charts."""
        return {"quality": self.scores(), "copies": self.copies(), "helpful": self.helpful()}

    def _scope(self, dataset: str) -> int:
        return self.ledger.datasets.index(dataset) + self.many

    def scores(self) -> Table:
        """One row per scope, score that has a chart, and method."""
        columns = ["scope", "score", "method", "family", "n", "value", "floor", "ceiling"]
        columns += ["calibrated", "low", "high", "at", "from", "to", "text", "order"]
        whole = self.within[(self.within["label"] == "") & self.within["metric"].isin(SHOWN)]
        scoped = [(self._scope(row.dataset), row) for row in whole.itertuples(index=False)]
        if self.many:
            keys = whole[["method", "metric"]].drop_duplicates()
            mean = keys.merge(over_tables(whole), on=["method", "metric"], how="left")
            mean = mean.assign(value=math.nan, floor=math.nan, ceiling=math.nan)
            mean["state"] = mean["n"].notna().map({True: CALIBRATED, False: UNINFORMATIVE})
            mean["n"] = mean["n"].fillna(0)
            scoped = [(0, row) for row in mean.itertuples(index=False)] + scoped
        places: dict[tuple[int, str], list[float]] = {}
        for scope, row in scoped:
            at = row.calibrated if math.isfinite(row.calibrated) else 0.0
            places.setdefault((scope, row.method), []).append(-min(at, 1.0))  # more is no merit
        rows: list[list[Any]] = []
        for scope, row in scoped:
            numbers = [row.value, row.floor, row.ceiling, row.calibrated, row.low, row.high]
            ends = [min(max(v, LEFT), RIGHT) for v in numbers[3:]]
            drawn = [
                number(end) if math.isfinite(v) else None
                for end, v in zip(ends, numbers[3:], strict=True)
            ]
            text = f"{row.calibrated:.2f}" if row.state == CALIBRATED else row.state
            order = sum(places[scope, row.method]) / len(places[scope, row.method])
            rows.append(
                [scope, SHOWN.index(row.metric), row.method, FAMILY_LABELS[family(row.method)], int(row.n)]
                + [number(v) for v in numbers] + drawn + [text, round(order, 4)]
            )  # fmt: skip
        return {"columns": columns, "rows": rows}

    def copies(self) -> Table:
        """One row per scope and method: the share of rows that are too close, and the splits that rang."""
        columns = ["scope", "method", "family", "value", "low", "high", "alarms", "n", "text"]
        whole = self.copying[self.copying["label"] == ""]
        scoped = [(self._scope(row.dataset), row) for row in whole.itertuples(index=False)]
        if self.many:
            found = whole.groupby("method", sort=False)
            mean = found[["value"]].mean().assign(low=math.nan, high=math.nan)
            mean[["alarms", "n"]] = found[["alarms", "n"]].sum()
            scoped = [(0, row) for row in mean.reset_index().itertuples(index=False)] + scoped
        rows: list[list[Any]] = []
        for scope, row in scoped:
            text = f"alarm in {row.alarms} of {row.n}" if row.alarms else ""
            ends = [number(v) for v in (row.value, row.low, row.high)]
            name = FAMILY_LABELS[family(row.method)]
            rows.append([scope, row.method, name, *ends, int(row.alarms), int(row.n), text])
        return {"columns": [*columns, "order"], "rows": [[*r, -(r[3] or 0.0)] for r in rows]}

    def _points(self) -> pd.DataFrame:
        """Pair the strictest score of each method and table with its gain over doing nothing."""
        columns = ["dataset", "method", "calibrated", "gain"]
        gains = self.ledger.within.get((self.metric, "identity"))
        if gains is None:
            return pd.DataFrame(columns=columns)
        here = gains[
            (gains["plan"] == self.plan)
            & (gains["decision"] == "plain")
            & (gains["classifier"] == self.ledger.classifiers[0])
            & (gains["verdict"] != "failed")
        ]
        own = self.within[
            (self.within["label"] == "")
            & (self.within["metric"] == COMPARED)
            & (self.within["state"] == CALIBRATED)
        ]
        return own.merge(here, on=["dataset", "method"], suffixes=("", "_of_gain"))[columns]

    def helpful(self) -> Table:
        """One row per table and method: how faithful, and what it gained."""
        rows = [
            [self._scope(p.dataset), p.method, FAMILY_LABELS[family(p.method)]]
            + [number(p.calibrated), number(p.gain)]
            for p in self.points.itertuples(index=False)
        ]
        return {"columns": ["scope", "method", "family", "calibrated", "gain"], "rows": rows}

    def section(self) -> dict[str, Any] | None:
        """Give the words and the table by class; None where nothing was scored."""
        if self.within.empty and self.copying.empty:
            return None
        return {
            "alarms": self._alarms(),
            "few": [
                f"{d}: {listed(labels)}" for d, labels in sorted(self.few.items())
            ],
            "unread": sorted(
                set(self.within.loc[~self.within["state"].isin([CALIBRATED, UNINFORMATIVE]), "dataset"])
            ),
            "helps": self._helps(),
            "compared": TITLES[COMPARED],
            "titles": list(TITLES.values()),
            "by_class": self._by_class(),
        }  # fmt: skip

    def _alarms(self) -> list[str]:
        """Say of each method on which tables, or else in which classes, the alarm rang in most splits.

        Of fresh rows it rings in one split of a hundred, so that a lone alarm among hundreds is no news.
        """
        said = []
        for method, group in self.copying.groupby("method", sort=True):
            whole = group[group["label"] == ""]
            rung = whole[whole["alarms"] * 2 > whole["n"]]
            if len(rung):
                on = (
                    f"on {listed(list(rung['dataset']))}"
                    if len(rung) <= 6
                    else f"on {len(rung)} tables"
                )
                least, most = f"{rung['value'].min():.0%}", f"{rung['value'].max():.0%}"
                share = least if least == most else f"{least} to {most}"
                splits = f"{rung['alarms'].sum()} of {counted(int(rung['n'].sum()), 'split')}"
                said.append(
                    f"{method}: at least {share} of its rows are nearer to a training row than fresh rows are, {on} "
                    f"(alarm in {splits})."
                )
            inner = group[(group["label"] != "") & (group["alarms"] * 2 > group["n"])]
            inner = inner[~inner["dataset"].isin(rung["dataset"])]
            if len(inner):
                where = [
                    f"{r.label} of {r.dataset} ({r.value:.0%})"
                    for r in inner.itertuples(index=False)
                ]
                said.append(f"{method}, within one class only: {listed(where[:6])}.")
        return said

    def _helps(self) -> str:
        """Say how faithfulness and gain went together in this run."""
        found = agreement(self.points)
        if found is None:
            return ""
        n, rho = found
        return (
            f"In this run the rank correlation of the two is {signed(rho, 2)} on the mean of {counted(n, 'table')} "
            f"(gain in {METRICS[self.metric]} over doing nothing, plan {self.plan}; +1 is in step, 0 no relation)."
        )

    def _by_class(self) -> list[dict[str, Any]]:
        """Give, for each table, a row per method and class with all scores."""
        score = {
            (r.dataset, r.method, r.label, r.metric): r for r in self.within.itertuples(index=False)
        }
        close = {(r.dataset, r.method, r.label): r for r in self.copying.itertuples(index=False)}
        keys = dict.fromkeys([(d, m, label) for d, m, label, _ in score] + list(close))
        found = []
        for dataset in self.ledger.datasets:
            order = ["", *self.classes.get(dataset, [])]
            mine = sorted(
                (key for key in keys if key[0] == dataset and key[2] in order),
                key=lambda key: (key[1], order.index(key[2])),
            )
            rows = [
                {
                    "method": key[1],
                    "label": key[2],
                    "cells": [_cell(score.get((*key, metric))) for metric in TITLES],
                    "close": _share(close.get(key)),
                }
                for key in mine
            ]
            if rows:
                found.append({"dataset": dataset, "rows": rows})
        return found


def _cell(row: Any) -> str:
    """Give "0.87", or a dash where there is nothing to say."""
    if row is None or row.state != CALIBRATED:
        return "\N{EN DASH}"
    return f"{row.calibrated:.2f}".replace("-", "\N{MINUS SIGN}")


def _share(row: Any) -> str:
    """Give "31%, alarm in 4 of 5"."""
    if row is None:
        return "\N{EN DASH}"
    return f"{row.value:.0%}" + (f", alarm in {row.alarms} of {row.n}" if row.alarms else "")
