"""Equipoise side by side with what a user would pick instead.

    python benchmarks/peers.py [--peers FOLDER] [--rounds N] [--only NAME ...]

Both sides of a pair run in turn, each in a process and an environment of its own, on the same table and the same two
processors. What counts is the ratio of the two inside a round, since the speed of a shared machine drifts; the median
over the rounds must reach the floor, or the exit status is 1. Epochs also say how much of a step of ours its matrix
products alone would take.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PROCESSORS = 2
LIBRARIES = ("OMP", "OPENBLAS", "MKL")


@dataclass(frozen=True)
class Pair:
    """A piece of work that both sides do.

    Attributes
    ----------
    name : str
        The program of this name in `ours/` and in `rivals/`.
    work, rival : str
        For the reader.
    floor : float
        How many times faster than the rival we must be.
    same_shape : bool
        Whether both must give equally many rows and columns (else rows only). The columns of a network
        are its parameters, and the steps of an epoch and the batch must agree too.
    program : str, default=""
        The program's name, where it serves several pairs; it is then told the pair's name and the file of encoded rows.
    threads : int, default=1
        Of numerical libraries.
    """

    name: str
    work: str
    rival: str
    floor: float
    same_shape: bool
    program: str = ""
    threads: int = 1


PAIRS = (
    Pair("encoding", "encode Adult, fit and transform", "ctgan's DataTransformer", 10.0, False),
    Pair(
        "smote",
        "SMOTE on Adult, mixed columns, to balance",
        "imbalanced-learn's SMOTENC",
        4.0,
        True,
    ),
    Pair(
        "ctgan",
        "an epoch of CTGAN on Adult, equal settings",
        "ctgan's CTGAN",
        2.5,
        True,
        "epochs",
        2,
    ),
    Pair(
        "tvae", "an epoch of TVAE on Adult, equal settings", "ctgan's TVAE", 1.5, True, "epochs", 2
    ),
    Pair("column_scores", "column shapes and pair trends, Adult", "SDMetrics' report", 3.0, True),
    Pair("new_rows", "new-row synthesis, Adult", "SDMetrics, 500 rows, scaled", 200.0, True),
)


class PeerError(Exception):
    """A program of one side failed, or the two did not do the same work."""


def confine() -> None:
    """Keep this process, and those that it starts, to so many processors, where the system can.

    Worker processes may use all of them; numerical libraries get one thread each, since threads that wait for each
    other inside worker processes made ctgan's encoder four times slower on a busy machine.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:PROCESSORS])
    os.environ["LOKY_MAX_CPU_COUNT"] = str(PROCESSORS)


def run(python: Path, program: Path, *arguments: str, threads: int = 1) -> dict[str, float]:
    """Run one program in an environment and give what it printed."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    environment |= {f"{library}_NUM_THREADS": str(threads) for library in LIBRARIES}
    done = subprocess.run(
        [python, "-B", program, *arguments],
        env=environment | {"PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PeerError(f"{program} failed under {python}:\n{done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def compare(pair: Pair, peers: Path, rounds: int) -> list[tuple[float, float]]:
    """Give the seconds of both sides, ours first, in each round."""
    seconds = []
    program = f"{pair.program or pair.name}.py"
    arguments: list[str] = []
    if pair.program:
        encoded = peers / "encoded-adult.npz"
        arguments = [pair.name, str(encoded)]
        if not encoded.exists():
            run(peers / "bin/python", HERE / "rivals/encode_adult.py", str(encoded))
    for k in range(rounds):
        programs = [
            (Path(sys.executable), HERE / "ours" / program),
            (peers / "bin/python", HERE / "rivals" / program),
        ]
        # Who goes first alternates: a machine that warms up or slows down favours neither.
        order = (0, 1) if k % 2 == 0 else (1, 0)
        results = {side: run(*programs[side], *arguments, threads=pair.threads) for side in order}
        ours, theirs = results[0], results[1]
        shapes = [
            (r["rows"], r["columns"] if pair.same_shape else None, r.get("steps"), r.get("batch"))
            for r in (ours, theirs)
        ]
        if shapes[0] != shapes[1]:
            raise PeerError(f"{pair.name}: the two sides gave {shapes[0]} and {shapes[1]}")
        if k == 0 and "batch" in ours:
            print(
                f"  {pair.name}, both sides: {ours['columns']:,} parameters, {ours['steps']} steps an epoch, "
                f"batches of {ours['batch']}"
            )
        seconds.append((ours["seconds"], theirs["seconds"]))
        print(
            f"  {pair.name}, round {k + 1} of {rounds}: ours {ours['seconds']:.2f} s, "
            f"theirs {theirs['seconds']:.2f} s, ratio {theirs['seconds'] / ours['seconds']:.1f}",
            flush=True,
        )
        if "operations" in ours:
            print(f"    {limit(ours)}", flush=True)
    return seconds


def limit(ours: dict[str, float]) -> str:
    """Say how near our step is to its limit: its matrix products alone, as fast as a plain one runs."""
    step = ours["seconds"] / ours["steps"]
    alone = ours["operations"] / ours["rate"]
    return (
        f"our step takes {1e3 * step:.2f} ms; its matrix products alone, {ours['operations'] / 1e9:.2f} GFLOP at the "
        f"{ours['rate'] / 1e9:.0f} GFLOP/s of a plain one, {1e3 * alone:.2f} ms: {alone / step:.0%} of it"
    )


def verdict(pair: Pair, seconds: list[tuple[float, float]]) -> tuple[str, bool]:
    """Give the table's line for a pair, and whether it reaches its floor."""
    ratio = statistics.median(theirs / ours for ours, theirs in seconds)
    ours, theirs = (statistics.median(side) for side in zip(*seconds, strict=True))
    reached = ratio >= pair.floor
    word = "" if reached else "  MISSED"
    line = f"{pair.work:<44}{pair.rival:<30}{ours:>8.2f}{theirs:>9.2f}{ratio:>8.1f}{pair.floor:>7.1f}{word}"
    return line, reached


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Equipoise side by side with its rivals.")
    parser.add_argument(
        "--peers", type=Path, default=HERE.parent / ".peers",
        help="the rivals' environment; the default one is made if it is not there (two minutes, 2 GB)",
    )  # fmt: skip
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=[pair.name for pair in PAIRS])
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds must be 1 or more")
    if options.peers == parser.get_default("peers"):
        if not (options.peers / ".ready").exists():
            subprocess.run([HERE / "install_peers.sh", options.peers], check=True)
    elif not (options.peers / "bin/python").exists():
        parser.error(
            f"--peers: there is no {options.peers}/bin/python; make it: install_peers.sh FOLDER"
        )
    return options


def main() -> int:
    """Run the pairs and print the ratios."""
    options = parse()
    confine()
    pairs = [pair for pair in PAIRS if options.only is None or pair.name in options.only]
    print(f"{options.rounds} rounds, both sides in turn, the same {PROCESSORS} processors")
    try:
        lines = [verdict(pair, compare(pair, options.peers, options.rounds)) for pair in pairs]
    except PeerError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"\n{'work':<44}{'rival':<30}{'ours s':>8}{'theirs s':>9}{'ratio':>8}{'floor':>7}")
    for line, _ in lines:
        print(line)
    return 0 if all(reached for _, reached in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
