"""How faithful the rows of each class are: calibrated scores by method and class."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from equipoise.analysis.quality import CALIBRATED
from equipoise.report.boxes import scores_there
from equipoise.report.charted import Charted, Table, number
from equipoise.report.run_quality import RunQuality

ALL_ROWS = "all rows"
RAREST, COMMONEST = "rarest scored class", "commonest scored class"
COLUMNS = ["scope", "score_of", "method", "class", "place", "n", "calibrated", "low", "high"]


def class_quality(charted: Charted, quality: RunQuality) -> Table:
    """One row per scope, score, method and class, all rows of a method first, then its rarest class.

    Over all tables it is the mean over their rarest and over their commonest classes that can be scored; ``n`` counts
    the splits of a table, and the tables over all.
    """
    known = scores_there(charted.results.quality)
    within = quality.within
    within = within[(within["state"] == CALIBRATED) & within["metric"].isin(known)]
    parts = list(_placed(charted, within))
    if charted.many and parts:
        parts.insert(0, _over_tables(pd.concat(parts)))
    rows: list[list[Any]] = []
    for r in (row for part in parts for row in part.itertuples(index=False)):
        numbers = [number(v, 3) for v in (r.calibrated, r.low, r.high)]
        where = [int(r.scope), known.index(r.metric), r.method, r.class_, int(r.place), int(r.n)]
        rows.append([*where, *numbers])
    best: dict[tuple[Any, ...], list[float]] = {}
    for row in rows:
        best.setdefault(tuple(row[:3]), []).append(min(row[6], 1.0))  # more is no merit
    order = {key: number(-sum(v) / len(v), 3) for key, v in best.items()}
    return {"columns": [*COLUMNS, "order"], "rows": [[*r, order[tuple(r[:3])]] for r in rows]}


def _placed(charted: Charted, within: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Give the scores of each table that has any of single classes, with the place of each class."""
    counts = {
        d.name: {str(k): int(n) for k, n in d.class_counts.items()}
        for d in charted.results.datasets.itertuples(index=False)
    }
    for scope, dataset in enumerate(charted.ledger.datasets, start=int(charted.many)):
        mine = within[within["dataset"] == dataset]
        sizes = counts.get(dataset, {})
        labels = set(mine["label"]) - {""}
        there = [label for _, label in sorted((sizes.get(label, 0), label) for label in labels)]
        places = {label: place for place, label in enumerate(["", *there])}
        if there:
            place = mine["label"].map(places)
            word = mine["label"].replace("", ALL_ROWS)
            yield mine.assign(scope=scope, place=place, last=len(there), class_=word)


def _over_tables(placed: pd.DataFrame) -> pd.DataFrame:
    """Average over tables: all rows, the rarest class, and the commonest where it is another one."""
    ends = [
        placed[placed["place"] == 0].assign(class_=ALL_ROWS),
        placed[placed["place"] == 1].assign(class_=RAREST),
        placed[(placed["place"] == placed["last"]) & (placed["last"] > 1)].assign(
            class_=COMMONEST, place=2
        ),
    ]
    found = pd.concat(ends).groupby(["metric", "method", "class_", "place"], sort=False)
    table = found["calibrated"].agg(["mean", "size"]).reset_index()
    table = table.rename(columns={"mean": "calibrated", "size": "n"})
    nothing = float("nan")
    return table.assign(scope=0, low=nothing, high=nothing).sort_values("place", kind="stable")
