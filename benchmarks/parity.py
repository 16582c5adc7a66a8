"""Equipoise and SDMetrics on the same tables: every score that both have must agree.

    python benchmarks/parity.py [--peers FOLDER] [--no-adult]

Twenty random tables (numbers, dates, truth values, levels, missing cells, constant columns, hostile names) and Adult
against its columns drawn independently. Compared are the means and each column or pair. The exit status is 1 if one
differs by more than 1e-9.
"""

import argparse
import math
import sys
from pathlib import Path

import peers

TOLERANCE = 1e-9


def difference(ours: list[float], theirs: list[float]) -> float:
    """Give the largest difference of two lists of scores, where NaN equals NaN and nothing else."""
    if len(ours) != len(theirs):
        return math.inf
    return max((_gap(a, b) for a, b in zip(ours, theirs, strict=True)), default=0.0)


def _gap(a: float, b: float) -> float:
    if math.isnan(a) or math.isnan(b):
        return 0.0 if math.isnan(a) and math.isnan(b) else math.inf
    return abs(a - b)


def compare(python: Path, *options: str) -> dict[str, tuple[int, float, str]]:
    """Give for each score how many values were compared, the largest difference, and the table that it is in.

    Parameters
    ----------
    python : Path
        Of the rivals' environment.
    *options : str
        ``--no-adult`` leaves Adult out.
    """
    ours = peers.run(Path(sys.executable), peers.HERE / "ours/parity.py", *options)
    theirs = peers.run(python, peers.HERE / "rivals/parity.py", *options)
    found: dict[str, tuple[int, float, str]] = {}
    for table, scores in theirs.items():
        for name, values in scores.items():
            n, worst, where = found.get(name, (0, -1.0, ""))
            gap = difference(ours[table][name], values)
            if gap > worst:
                worst, where = gap, table
            found[name] = (n + len(values), worst, where)
    return found


def main() -> int:
    """Print the table of differences."""
    parser = argparse.ArgumentParser(description="Scores of Equipoise and of SDMetrics.")
    parser.add_argument("--peers", type=Path, default=peers.HERE.parent / ".peers")
    parser.add_argument("--no-adult", action="store_true", help="the random tables only")
    options = parser.parse_args()
    python = options.peers / "bin/python"
    if not python.exists():
        parser.error(f"--peers: there is no {python}; make it: install_peers.sh FOLDER")
    try:
        found = compare(python, *(["--no-adult"] if options.no_adult else []))
    except peers.PeerError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{'score':<34}{'values':>8}{'largest difference':>22}   in")
    for name, (n, worst, where) in found.items():
        word = "  NOTHING COMPARED" if n == 0 else "" if worst <= TOLERANCE else "  DIFFERS"
        print(f"{name:<34}{n:>8}{worst:>22.1e}   {where}{word}")
    return 0 if all(n and worst <= TOLERANCE for n, worst, _ in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
