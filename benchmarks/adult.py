"""The bundled Adult table, read in the same way for both sides; it needs pandas only."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

TABLE = Path(__file__).parents[1] / "src/equipoise/datasets/bundled/adult_train.csv.gz"
TARGET = "income"


def read() -> tuple[pd.DataFrame, list[str]]:
    """Give the table and the names of its discrete columns.

    Rivals refuse missing cells, so that those of a discrete column are a level ``?`` here, for both sides; the numbers
    have none.
    """
    table = pd.read_csv(TABLE, keep_default_na=False, na_values=[""])
    discrete = [name for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    table[discrete] = table[discrete].fillna("?")
    return table, discrete


def measure(work: Callable[[], tuple[int, int]]) -> None:
    """Run the work twice and print the seconds of the second pass, and the shape it gave, as one JSON line.

    The first pass imports, compiles and starts pools; the second is what counts.
    """
    for _ in range(2):
        start = time.perf_counter()
        rows, columns = work()
        seconds = time.perf_counter() - start
    json.dump({"seconds": seconds, "rows": rows, "columns": columns}, sys.stdout)
    print()
