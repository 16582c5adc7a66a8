"""The numbers behind the charts of a quality page, taken from the rows themselves."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.fidelity.column_pair_trends import pair_strengths
from equipoise.fidelity.columns import titles
from equipoise.fidelity.distances import nearest, standard_points
from equipoise.fidelity.metric import Trio
from equipoise.fidelity.scores import Score
from equipoise.report.charted import Table, number
from equipoise.report.quality_figures import CLASS_COLOURS, HEADING, LEFT, RIGHT
from equipoise.tables.coded import series_of_numbers
from equipoise.tables.schema import Column

WORST_COLUMNS = 6
BINS = 24
FEW_VALUES = 30  # whole numbers within so many have a bin each
LEVELS = 9
PAIR_COLUMNS = 24
PLANE_ROWS = 700
STEPS = 150  # of a distribution function
DRAWN = 0.98  # of it
OUTSIDE = 0.005  # of the real rows lie beyond the outer bins on either side


def score_table(scores: tuple[Score, ...], scopes: list[str]) -> Table:
    """One row per class and score; the whole table is class ""."""
    columns = ["scope", "label", "order", "at", "from", "to", "text"]
    columns += ["value", "floor", "ceiling", "calibrated", "low", "high"]
    rows: list[list[Any]] = []
    last = ("", "")
    for score in scores:
        scope = scopes.index(score.label)
        if (score.label, score.group) != last:
            last = (score.label, score.group)
            rows.append([scope, HEADING + score.group, len(rows), *[None] * 3, "", *[None] * 6])
        ends = (score.calibrated, score.calibrated_low, score.calibrated_high)
        drawn = [number(min(max(v, LEFT), RIGHT)) if math.isfinite(v) else None for v in ends]
        text = f"{score.calibrated:.2f}".replace("-", "\u2212")
        if not score.informative:
            verdict = "worse than the floor" if score.below_both else "says nothing here"
            text = f"{score.value:.2f}, real rows {score.ceiling:.2f}: {verdict}"
        raw = [number(v) for v in (score.value, score.floor, score.ceiling, *ends)]
        rows.append([scope, score.title, len(rows), *drawn, text, *raw])
    return {"columns": columns, "rows": rows}


def worst_columns(trio: Trio, shapes: Score | None) -> Iterator[tuple[dict[str, Any], Table]]:
    """Give the columns whose distributions are met worst: what their charts are called, and their tables."""
    names = titles(trio.schema)
    known = [c for c in trio.schema.columns if c.is_number or c.is_discrete]
    scores = shapes.items if shapes is not None else {}
    order = sorted(range(len(names)), key=lambda j: scores.get(names[j], math.inf))
    for place, j in enumerate(order[:WORST_COLUMNS]):
        column, score = known[j], scores.get(names[j], math.nan)
        real, made, at = _cells(trio, column)
        table = _bins(column, real, made) if column.is_number else _levels(column, at, trio)
        title = str(column.name) + (f" \u00b7 {score:.2f}" if math.isfinite(score) else "")
        if column.is_number and (np.isnan(real).any() or np.isnan(made).any()):
            gone = [f"{np.isnan(side).mean():.0%}" for side in (real, made)]
            title += f" \u00b7 missing {gone[0]}, synthetic {gone[1]}"
        chart = {
            "table": f"column-{place}",
            "title": title,
            "levels": column.is_discrete,
            "dates": column.kind == "datetime",
        }
        yield chart, table


def _cells(trio: Trio, column: Column) -> tuple[NDArray, NDArray, int]:
    """Give the real and synthetic cells of a column, and its place among those of its kind."""
    if column.is_number:
        j = trio.schema.numbers.index(column)
        return trio.fresh.numbers[:, j], trio.synthetic.numbers[:, j], j
    j = trio.schema.discrete.index(column)
    return trio.fresh.codes[:, j], trio.synthetic.codes[:, j], j


def _bins(column: Column, real: NDArray[np.float64], made: NDArray[np.float64]) -> Table:
    """Cut numbers in bins between outer real quantiles; what lies beyond counts to the outer bins."""
    fields = ["left", "right", "span", "share", "made"]
    present = [side[~np.isnan(side)] for side in (real, made)]
    if not len(present[0]):
        return {"columns": fields, "rows": []}
    low, high = np.quantile(present[0], [OUTSIDE, 1 - OUTSIDE])
    if column.decimals == 0 and high - low <= FEW_VALUES:
        edges = np.arange(np.floor(low) - 0.5, np.ceil(high) + 1.0)
    else:
        low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
        edges = np.linspace(low, high, BINS + 1)
    counts = [np.histogram(np.clip(side, edges[0], edges[-1]), edges)[0] for side in present]
    shares = [c / max(len(side), 1) for c, side in zip(counts, (real, made), strict=True)]
    ends = [float(v) for v in edges]
    if column.kind == "datetime":
        stamps = pd.to_datetime(series_of_numbers(column, edges).astype(str), utc=True)
        ends = [stamp.timestamp() * 1000 for stamp in stamps]
        said = [f"{stamp:%Y-%m-%d}" for stamp in stamps]
    else:
        said = [f"{v + column.origin:,.6g}" for v in edges]
    rows = [
        [number(ends[b], 6), number(ends[b + 1], 6), f"{said[b]} \u2013 {said[b + 1]}"]
        + [number(side[b], 5) for side in shares]
        for b in range(len(edges) - 1)
    ]
    return {"columns": fields, "rows": rows}


def _levels(column: Column, j: int, trio: Trio) -> Table:
    """Give the shares of the most frequent levels, the others together, new ones and missing cells."""
    size, known = int(trio.sizes[j]), len(column.levels)
    shares = [
        np.bincount(table.codes[:, j] + 1, minlength=size + 1) / max(len(table), 1)
        for table in (trio.fresh, trio.synthetic)
    ]
    largest = np.maximum(*(side[1 : known + 1] for side in shares))
    order = np.argsort(-largest, kind="stable")
    shown, rest = order[:LEVELS], order[LEVELS:]
    groups = [(str(column.levels[k]), [k + 1]) for k in shown]
    groups.append((f"{len(rest)} other levels", list(rest + 1)))
    groups.append(("not in training rows", list(range(known + 1, size + 1))))
    groups.append(("missing", [0]))
    rows: list[list[Any]] = []
    for label, codes in groups:
        real, made = (float(side[codes].sum()) for side in shares)
        if real or made:
            rows.append([label, len(rows), number(real, 5), number(made, 5)])
    return {"columns": ["label", "order", "share", "made"], "rows": rows}


def pair_table(trio: Trio) -> tuple[dict[str, Any], Table]:
    """Give how strongly each pair of columns goes together, for the columns where that differs most."""
    names = titles(trio.schema)
    real, made = pair_strengths(trio)
    change = np.nan_to_num(np.abs(made - real))
    shown = np.arange(len(names))
    if len(names) > PAIR_COLUMNS:
        shown = np.sort(np.argsort(-change.sum(axis=1), kind="stable")[:PAIR_COLUMNS])
    rows: list[list[Any]] = []
    for i, a in enumerate(shown):
        for j, b in enumerate(shown):
            if a != b and math.isfinite(real[a, b]):
                values = (real[a, b], made[a, b], made[a, b] - real[a, b])
                rows.append([i, j, names[a], names[b], *(number(v, 3) for v in values)])
    widest = max(0.1, round(float(change.max(initial=0.0)), 2))
    about = {"columns": len(shown), "all": len(names), "widest": widest}
    columns = ["i", "j", "first", "second", "real", "made", "change"]
    return about, {"columns": columns, "rows": rows}


def plane_tables(trio: Trio, rng: np.random.Generator) -> tuple[dict[str, Any], dict[str, Table]]:
    """Put real and synthetic rows in the plane of the two widest directions of the training rows."""
    shown = [
        table.take(np.sort(rng.permutation(len(table))[:PLANE_ROWS]))
        for table in (trio.fresh, trio.synthetic)
    ]
    base = trio.train.take(rng.permutation(len(trio.train))[: 4 * PLANE_ROWS])
    points = standard_points(trio, base, *shown)
    centre = points[0].mean(axis=0)
    directions = np.linalg.svd(points[0] - centre, full_matrices=False)[2][:2]
    flat = [(p - centre) @ directions.T for p in points]
    if flat[0].shape[1] < 2:
        flat = [np.column_stack([f[:, 0], rng.normal(0, 0.05, len(f))]) for f in flat]
    ends = np.quantile(np.concatenate(flat), [0.002, 0.998], axis=0)
    margin = 0.06 * (ends[1] - ends[0]) + 1e-9
    domain = [
        [number(v) for v in side] for side in zip(ends[0] - margin, ends[1] + margin, strict=True)
    ]
    classes = min(len(trio.labels), len(CLASS_COLOURS))
    tables = {}
    for name, rows, places in zip(("real-rows", "made-rows"), shown, flat[1:], strict=True):
        codes = rows.codes[:, trio.target]
        tables[name] = {
            "columns": ["x", "y", "group", "label"],
            "rows": [
                [number(x, 3), number(y, 3), int(min(k, classes)), _class(trio, int(k))]
                for (x, y), k in zip(places, codes, strict=True)
            ],
        }
    return {"domain": domain, "classes": classes}, tables


def _class(trio: Trio, k: int) -> str:
    return trio.labels[k] if 0 <= k < len(trio.labels) else "unknown"


def distance_table(trio: Trio, size: int, rng: np.random.Generator) -> Table:
    """Give the distribution functions of distances to the nearest training row, of fresh and of synthetic rows."""
    found = {}
    for kind, table in (("fresh real rows", trio.fresh), ("synthetic rows", trio.synthetic)):
        some = table.take(rng.permutation(len(table))[:size])
        far = np.sort(nearest(some, trio.train, trio.train).first)
        found[kind] = far[np.isfinite(far)]
    # The last rows of a long tail would squeeze all others into a corner.
    end = max((float(np.quantile(far, DRAWN)) for far in found.values() if len(far)), default=0.0)
    rows: list[list[Any]] = []
    for kind, far in found.items():
        places = np.unique(np.linspace(0, len(far) - 1, min(STEPS, len(far))).astype(int))
        rows.append([kind, 0.0, 0.0])
        rows += [
            [kind, number(far[k]), number((k + 1) / len(far))] for k in places if far[k] <= end
        ]
        rows.append([kind, number(end), number((far <= end).mean())])
    return {"columns": ["kind", "distance", "share"], "rows": rows}
