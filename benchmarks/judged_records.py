"""What was judged, a JSON line a method, table and seed, kept in the repository so that hours of fits are made once."""

import json
import math
import statistics
from collections.abc import Iterable
from pathlib import Path

from equipoise.registry import METHODS

REFERENCES = {"reference-ctgan": "0.12.1", "reference-tvae": "0.12.1"}
# Of which method, with which options.
VARIANTS = {"tabgpt-table-order": ("tabgpt", {"order": "table"})}
LARGE = ("hmeq", "steel_plates_fault", "adult")  # more than 1,000 rows to train on
Key = tuple[str, str, int]


def version_of(method: str) -> str:
    """Give what a record of a method is made again for: our code version, or the rivals' release."""
    return REFERENCES.get(method) or str(METHODS[method_of(method)].code_version)


def method_of(name: str) -> str:
    """Give the method that a name is a variant of: most are none but themselves."""
    return VARIANTS[name][0] if name in VARIANTS else name


def has_cell(method: str, table: str) -> bool:
    """Say whether a method takes a table: some have a limit of rows."""
    limit = 0 if method in REFERENCES else METHODS[method_of(method)].max_rows
    return not limit or table not in LARGE


class Records:
    """The judged scores of each method, table and seed; the last line written about one of them counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._found: dict[Key, dict] = {}
        for record in map(json.loads, lines):
            self._found[record["method"], record["table"], record["seed"]] = record

    def get(self, method: str, table: str, seed: int) -> dict | None:
        """Give a record of the method as it is now, or none."""
        record = self._found.get((method, table, seed))
        return record if record and record["version"] == version_of(method) else None

    def add(self, method: str, table: str, seed: int, scores: dict) -> None:
        """Keep the scores of one, and write the file anew in an order that makes small changes of it."""
        key = {"method": method, "version": version_of(method), "table": table, "seed": seed}
        self._found[method, table, seed] = key | {name: tidy(v) for name, v in scores.items()}
        lines = [json.dumps(self._found[k]) for k in sorted(self._found)]
        part = self.path.with_suffix(".part")
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
        part.replace(self.path)

    def of(self, method: str, table: str, seeds: Iterable[int] | None = None) -> list[dict]:
        """Give the records of a method on a table in the order of their seeds, whatever version they are of."""
        found = [self._found[k] for k in sorted(self._found) if k[:2] == (method, table)]
        return [record for record in found if seeds is None or record["seed"] in seeds]

    def outdated(self) -> list[str]:
        """Name the methods of which a record is of another version than the present one."""
        old = {m for (m, _, _), r in self._found.items() if r["version"] != version_of(m)}
        return sorted(old)


def tidy(value: object) -> object:
    """Give a number with the digits that matter; one that is none is null, as JSON has it."""
    if isinstance(value, float):
        return round(value, 5) if math.isfinite(value) else None
    return value


def mean(records: list[dict], metric: str) -> float:
    """Give the mean over seeds, NaN where there is no figure."""
    values = [record[metric] for record in records if record[metric] is not None]
    return statistics.fmean(values) if values else math.nan


def difference(ours: list[dict], theirs: list[dict], metric: str) -> tuple[float, float]:
    """Give the mean difference over the seeds that both have, and two standard errors of it."""
    other = {record["seed"]: record[metric] for record in theirs}
    both = [(record[metric], other.get(record["seed"])) for record in ours]
    gaps = [one - two for one, two in both if one is not None and two is not None]
    if not gaps:
        return math.nan, math.nan
    error = statistics.stdev(gaps) / math.sqrt(len(gaps)) if len(gaps) > 1 else math.nan
    return statistics.fmean(gaps), 2 * error
