"""How fast rows are drawn, and in how much memory: python benchmarks/sampling.py [tvae tabgpt].

Each method is fitted to Adult and drawn from in a process of its own, with two threads. A million rows of TVAE must
come within 30 s and 2 GB, and TabGPT must give 3,000 rows a second; the exit status is 1 if one of these is missed.
"""

import json
import os
import resource
import subprocess
import sys
import time

import peers

ROWS = {"tvae": 1_000_000, "tabgpt": 30_000}
LEAST_RATE = {"tvae": 1_000_000 / 30, "tabgpt": 3_000}  # rows a second
MOST_MEMORY = 2e9  # bytes


def draw(method: str) -> dict:
    """Fit a method, draw its rows, and give seconds and the peak memory of the process."""
    import torch

    import adult
    from equipoise.registry import make

    torch.set_num_threads(peers.PROCESSORS)
    table, _ = adult.read()
    synthesizer = make(method, random_state=0).fit(
        table.drop(columns=adult.TARGET), table[adult.TARGET]
    )
    synthesizer.sample(100, random_state=0)
    start = time.perf_counter()
    X, _ = synthesizer.sample(ROWS[method], random_state=1)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )
    return {"rows": len(X), "seconds": seconds, "peak": peak}


def main(methods: list[str]) -> int:
    """Draw in turn and print what it took."""
    peers.confine()
    environment = os.environ | {
        f"{name}_NUM_THREADS": str(peers.PROCESSORS) for name in peers.LIBRARIES
    }
    reached = True
    for method in methods:
        command = [sys.executable, "-B", __file__, "--draw", method]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        rate = found["rows"] / found["seconds"]
        good = rate >= LEAST_RATE[method] and found["peak"] < MOST_MEMORY
        reached = reached and good
        print(
            f"{method:<8}{found['rows']:>9,} rows in {found['seconds']:5.1f} s, {rate:9,.0f} rows/s "
            f"(floor {LEAST_RATE[method]:,.0f}), peak {found['peak'] / 1e9:.2f} GB"
            + ("" if good else "  MISSED"),
            flush=True,
        )
    return 0 if reached else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--draw"]:
        print(json.dumps(draw(sys.argv[2])))
    else:
        sys.exit(main(sys.argv[1:] or list(ROWS)))
