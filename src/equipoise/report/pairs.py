"""How well pairs of columns keep their relation, column against column: the triangles behind the heat map."""

import math
from typing import Any

import pandas as pd

from equipoise.report.charted import Charted, Table

METRIC = "column-pair-trends"
BETWEEN = " | "
MOST_COLUMNS = 40  # beyond that, tiles are smaller than a pixel needs
PREFERRED = ("thomas", "tvae")  # what the benchmark article shows, if the run has it


class Pairs:
    """Reads the similarities of pairs that a run has stored of its first split."""

    def __init__(self, charted: Charted) -> None:
        quality = charted.results.quality
        mine = quality[(quality["metric"] == METRIC) & (quality["label"] == "")]
        mine = mine[mine["item"].astype(str).str.contains(BETWEEN, regex=False)]
        self.kinds = {
            d.name: list(d.kinds) for d in charted.results.datasets.itertuples(index=False)
        }
        self.datasets = [d for d in charted.ledger.datasets if d in set(mine["dataset"])]
        self.makers = list(dict.fromkeys(mine["method"]))
        self.rows = self._rows(mine)

    def _rows(self, mine: pd.DataFrame) -> list[list[Any]]:
        rows: list[list[Any]] = []
        for dataset in self.datasets:
            here = mine[mine["dataset"] == dataset]
            names, known = self._columns(here, self.kinds.get(dataset, []))
            if len(names) < 2:
                continue
            d = self.datasets.index(dataset)
            for method, group in here.groupby("method", sort=False):
                first = group[group["repeat"] == group["repeat"].min()]
                value = dict(zip(first["item"], first["value"].astype(float), strict=True))
                found = {known[item]: v for item, v in value.items() if item in known}
                triangle = [
                    _percent(found.get((a, b))) for b in range(len(names)) for a in range(b)
                ]
                rows.append([d, self.makers.index(method), names, triangle])
        return rows

    @staticmethod
    def _columns(
        here: pd.DataFrame, columns: list[str]
    ) -> tuple[list[str], dict[str, tuple[int, int]]]:
        """Give the columns that have pairs, and for each stored pair its two places, the lesser first.

        A column's name may hold the mark between the two: a pair is read as the two columns of the table that it joins.
        """
        known = set(columns)
        split: dict[str, tuple[str, str]] = {}
        for item in dict.fromkeys(here["item"].astype(str)):
            parts = item.split(BETWEEN)
            for cut in range(1, len(parts)):
                two = BETWEEN.join(parts[:cut]), BETWEEN.join(parts[cut:])
                if known.issuperset(two):
                    split[item] = two
                    break
        used = {name for two in split.values() for name in two}
        names = [c for c in columns if c in used][:MOST_COLUMNS]
        place = {name: i for i, name in enumerate(names)}
        ordered = {
            item: (min(place[a], place[b]), max(place[a], place[b]))
            for item, (a, b) in split.items()
            if a in place and b in place
        }
        return names, ordered

    def table(self) -> Table:
        """One row per table and method: the columns' names and the lower triangle, row by row, in percent."""
        return {"columns": ["pair_table", "maker", "names", "percent"], "rows": self.rows}

    def chosen(self) -> dict[str, int]:
        """Give which table and method stand there first."""
        wanted = zip((self.datasets, self.makers), PREFERRED, strict=True)
        places = [there.index(name) if name in there else 0 for there, name in wanted]
        return dict(zip(("pair_table", "maker"), places, strict=True))


def _percent(value: float | None) -> int | None:
    return None if value is None or not math.isfinite(value) else round(100 * value)
