"""How large a table `equipoise augment` takes, how fast and in how much memory.

python benchmarks/scale.py [ROWS ...] [--format parquet csv] [--columns 30] [--method independent]

For each number of rows a table of a known law (97 to 3) is written, 30 columns wide, and five times as many new rows
are drawn behind it. The method is fitted on 10,000 rows. Each augmentation is a process of its own; the exit status
is 1 if its peak memory exceeds 1.5 GB anywhere.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
LAW = "two-gaussians"
PART = 100_000  # rows written at a time
NEW = 5  # new rows for each row
FIT_ROWS = 10_000
MOST_MEMORY = 1.5e9  # bytes


def write(path: Path, rows: int, columns: int) -> None:
    """Write a table of the law, its columns side by side until there are enough."""
    from equipoise.datasets.laws import LABEL, law
    from equipoise.tables.io import TableWriter

    known, rng = law(LAW), np.random.default_rng(0)
    with TableWriter(path) as writer:
        for start in range(0, rows, PART):
            X, y = known.sample(min(PART, rows - start), rng)
            drawn = {LABEL: y.to_numpy()}
            for k in range(-(-(columns - 1) // X.shape[1])):
                for name in X.columns:
                    noise = rng.normal(size=len(X)) if k else 0.0
                    drawn[f"{name}_{k}"] = np.round(X[name].to_numpy() + noise, 3)
            writer.write(pd.DataFrame(drawn).iloc[:, :columns])


def work(data: str, output: str, method: str, rows: int) -> dict:
    """Augment a table in this process, and give seconds and the peak of its memory."""
    from equipoise.augmentation.augment import augment
    from equipoise.augmentation.request import Request
    from equipoise.datasets.laws import LABEL

    start = time.perf_counter()
    request = Request(
        Path(data), LABEL, Path(output), method, rows=NEW * rows, fit_rows=min(FIT_ROWS, rows)
    )
    made = augment(request).new
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )
    return {
        "new": made,
        "seconds": time.perf_counter() - start,
        "processor": time.process_time(),
        "peak": peak,
    }


def measured(rows: int, form: str, columns: int, method: str) -> dict:
    """Write a table, augment it in a process of its own, and give what that took."""
    with tempfile.TemporaryDirectory() as folder:
        data, output = Path(folder, f"data.{form}"), Path(folder, f"out.{form}")
        write(data, rows, columns)
        command = [
            sys.executable,
            "-B",
            __file__,
            "--work",
            str(data),
            str(output),
            method,
            str(rows),
        ]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        return json.loads(done.stdout.splitlines()[-1]) | {"bytes": output.stat().st_size}


def main(arguments: list[str]) -> int:
    """Measure each size in each format and print a line for it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", type=int, default=list(SIZES))
    parser.add_argument(
        "--format", nargs="+", choices=["parquet", "csv"], default=["parquet", "csv"]
    )
    parser.add_argument("--columns", type=int, default=30)
    parser.add_argument("--method", default="independent")
    options = parser.parse_args(arguments)
    reached = True
    for form in options.format:
        for rows in options.rows:
            found = measured(rows, form, options.columns, options.method)
            good = found["peak"] < MOST_MEMORY
            reached = reached and good
            print(
                f"{form:<8}{rows:>11,} rows x {options.columns}, {found['new']:>11,} new in "
                f"{found['seconds']:7.1f} s ({found['processor']:.1f} s of the processor), "
                f"{found['new'] / found['seconds']:9,.0f} new rows/s, "
                f"peak {found['peak'] / 1e9:.2f} GB, {found['bytes'] / 1e9:.2f} GB written"
                + ("" if good else "  MISSED"),
                flush=True,
            )
    return 0 if reached else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        print(json.dumps(work(*sys.argv[2:5], int(sys.argv[5]))))
    else:
        sys.exit(main(sys.argv[1:]))
