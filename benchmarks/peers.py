"""Equipoise side by side with what a user would pick instead.

    python benchmarks/peers.py [--peers FOLDER] [--rounds N] [--only NAME ...]

Both sides of a pair run in turn, each in a process and an environment of its own, on the same table and the same two
processors. What counts is the ratio of the two inside a round, since the speed of a shared machine drifts; the median
must reach the floor, or the exit status is 1. A round of a network keeps both programs alive and takes their epochs in
turn, each epoch a ratio of its own, and the median is over all of them. It also says how much of a step of ours its
matrix products alone would take.
"""

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PROCESSORS = 2
EPOCHS = 5  # of each side in a round
SECONDS_TO_END = 30
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
    is_network : bool, default=False
        Whether the work is an epoch: the program is then `epochs`, is told the pair's name (ours the file of encoded
        rows, too), says what an epoch is once it is ready, and takes one whenever it is sent a line.
    threads : int, default=1
        Of numerical libraries.
    """

    name: str
    work: str
    rival: str
    floor: float
    same_shape: bool
    is_network: bool = False
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
        True,
        2,
    ),
    Pair("tvae", "an epoch of TVAE on Adult, equal settings", "ctgan's TVAE", 1.5, True, True, 2),
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


def environment(threads: int) -> dict[str, str]:
    """Give the environment of a program whose numerical libraries have so many threads."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    own = {f"{library}_NUM_THREADS": str(threads) for library in LIBRARIES}
    return inherited | own | {"PYTHONPATH": str(HERE)}


def run(python: Path, program: Path, *arguments: str, threads: int = 1) -> dict[str, float]:
    """Run one program in an environment and give what it printed."""
    done = subprocess.run(
        [python, "-B", program, *arguments],
        env=environment(threads),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PeerError(f"{program} failed under {python}:\n{done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


class Runner:
    """A program that stays alive and answers each line that it is sent with a line of its own.

    Parameters
    ----------
    python, program : Path
        The environment's interpreter and the program.
    *arguments : str
        Of the program.
    threads : int
        Of its numerical libraries.
    """

    def __init__(self, python: Path, program: Path, *arguments: str, threads: int) -> None:
        self._name = f"{program} failed under {python}"
        self._errors = tempfile.TemporaryFile("w+")  # a pipe that nobody reads would fill
        self._process = subprocess.Popen(
            [python, "-B", program, *arguments], env=environment(threads), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
            start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> "Runner":
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close its input, at which it ends; if it does not, end it and the workers that it has started."""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def answer(self) -> str:
        """Give the next line that it prints."""
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise PeerError(f"{self._name}:\n{self._errors.read().strip()[-2000:]}")
        return line

    def ask(self) -> str:
        """Send a line and give what it answers."""
        # one that has failed takes no line: that it has no answer says so
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        return self.answer()


def both_sides(pair: Pair, peers: Path) -> list[tuple[Path, Path]]:
    """Give the interpreters and the programs of a pair, ours first."""
    name = "epochs.py" if pair.is_network else f"{pair.name}.py"
    return [
        (Path(sys.executable), HERE / "ours" / name),
        (peers / "bin/python", HERE / "rivals" / name),
    ]


def compare(pair: Pair, peers: Path, rounds: int) -> list[tuple[float, float]]:
    """Give the seconds of both sides, ours first, in each round; of a network, in each epoch."""
    seconds = []
    for k in range(rounds):
        # Who goes first alternates: a machine that warms up or slows down favours neither.
        order = (0, 1) if k % 2 == 0 else (1, 0)
        round_seconds = (race if pair.is_network else work)(pair, peers, order)
        seconds += round_seconds
        ours, theirs, ratio = (
            statistics.median(values)
            for values in zip(*((a, b, b / a) for a, b in round_seconds), strict=True)
        )
        print(
            f"  {pair.name}, round {k + 1} of {rounds}: ours {ours:.2f} s, theirs {theirs:.2f} s, ratio {ratio:.1f}",
            flush=True,
        )
    return seconds


def work(pair: Pair, peers: Path, order: tuple[int, int]) -> list[tuple[float, float]]:
    """Run both programs of a pair, one after the other."""
    sides = both_sides(pair, peers)
    results = {side: run(*sides[side], threads=pair.threads) for side in order}
    same_work(pair, results[0], results[1])
    return [(results[0]["seconds"], results[1]["seconds"])]


def race(pair: Pair, peers: Path, order: tuple[int, int]) -> list[tuple[float, float]]:
    """Keep both programs of a network alive and take their epochs in turn."""
    encoded = peers / "encoded-adult.npz"
    ours, theirs = both_sides(pair, peers)
    if not encoded.exists():
        run(theirs[0], HERE / "rivals/encode_adult.py", str(encoded))
    with Runner(*ours, pair.name, str(encoded), threads=pair.threads) as mine:
        sizes = json.loads(mine.answer())  # before the other starts: its limit is measured alone
        with Runner(*theirs, pair.name, threads=pair.threads) as other:
            same_work(pair, sizes, json.loads(other.answer()))
            epochs = []
            for _ in range(EPOCHS):
                seconds = {side: float((mine, other)[side].ask()) for side in order}
                epochs.append((seconds[0], seconds[1]))
    print(f"    {limit(sizes, statistics.median(seconds for seconds, _ in epochs))}")
    return epochs


def same_work(pair: Pair, ours: dict[str, float], theirs: dict[str, float]) -> None:
    """Refuse two results that are not of the same work."""
    shapes = [
        (r["rows"], r["columns"] if pair.same_shape else None, r.get("steps"), r.get("batch"))
        for r in (ours, theirs)
    ]
    if shapes[0] != shapes[1]:
        raise PeerError(f"{pair.name}: the two sides gave {shapes[0]} and {shapes[1]}")


def limit(ours: dict[str, float], seconds: float) -> str:
    """Say what an epoch is, and how near our step is to its limit: its products alone, as fast as a plain one runs."""
    step = seconds / ours["steps"]
    alone = ours["operations"] / ours["rate"]
    return (
        f"{ours['columns']:,} parameters, {ours['steps']} steps of {ours['batch']} rows on both sides; "
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
