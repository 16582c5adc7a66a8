"""Seconds of a fit to the quality that the reference has after 300 epochs, on Adult.

    python benchmarks/fits.py [--peers FOLDER] [--rounds N] [--only ctgan tvae]

80 % of the table are trained on. Both sides run in turn on the same two processors with two threads, our CTGAN in fewer
steps than its default, and `judge.py` scores what they give: a ratio counts only if ours is not lower in quality, not
easier to tell from unseen rows, and not nearer to training rows than fresh ones are. The exit status is 1 if a floor is
missed.
"""

import argparse
import json
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

import adult
import judged
import peers
import tables

CLOSE = 0.15  # what `too_close` of ours may be


@dataclass(frozen=True)
class Race:
    """A method against its reference: how many times faster it must be, and the options that make it stop early."""

    method: str
    floor: float
    options: dict[str, object]


RACES = (Race("ctgan", 8.0, {"max_steps": 2_000}), Race("tvae", 4.0, {}))


def split(folder: Path) -> None:
    """Write the rows to train on and those to judge by."""
    folder.mkdir(parents=True, exist_ok=True)
    table = tables.read(adult.TABLE, adult.TARGET)
    for name, part in zip(
        ("train", "test"), tables.split(table, adult.TARGET, seed=0), strict=True
    ):
        part.to_csv(folder / f"{name}.csv", index=False)


def run(race: Race, side: str, folder: Path, peers_folder: Path, seed: int) -> dict:
    """Fit one side, draw rows, and give its seconds and scores."""
    python = peers_folder / "bin/python" if side == "rivals" else Path(sys.executable)
    rows = folder / f"{side}-{race.method}-{seed}.csv"
    command = [python, "-B", judged.HERE / side / "generate.py", race.method]
    command += [folder / "train.csv", rows, "--target", adult.TARGET, "--seed", str(seed)]
    if side == "ours":
        command += ["--options", json.dumps(race.options)]
    cost = judged.run(command, threads=peers.PROCESSORS)
    return cost | judged.judged(rows, folder, adult.TARGET, peers_folder, again=True)


def as_good(ours: dict, theirs: dict) -> bool:
    """Say whether our rows are no worse than the reference's."""
    return (
        ours["quality"] >= theirs["quality"]
        and ours["c2st_unseen"] <= theirs["c2st_unseen"]
        and ours["too_close"] <= CLOSE
    )


def race_of(race: Race, folder: Path, options: argparse.Namespace) -> bool:
    """Run both sides so many times, print what came, and say whether the floor is reached."""
    ratios, good = [], True
    for k in range(options.rounds):
        order = ("ours", "rivals") if k % 2 == 0 else ("rivals", "ours")
        found = {side: run(race, side, folder, options.peers, seed=k) for side in order}
        ratios.append(found["rivals"]["fit_s"] / found["ours"]["fit_s"])
        good = good and as_good(found["ours"], found["rivals"])
        for side, scores in found.items():
            print(
                f"{race.method:<8}{side:<8}fit {scores['fit_s']:7.1f} s, quality {scores['quality']:.3f}, "
                f"c2st_unseen {scores['c2st_unseen']:.3f}, too_close {scores['too_close']:.3f}, "
                f"tstr_f1 {scores['tstr_f1']:.3f}",
                flush=True,
            )
    ratio = statistics.median(ratios)
    reached = good and ratio >= race.floor
    words = f"{race.method}: ratio {ratio:.1f}, floor {race.floor:.0f}"
    print(words + ("" if good else ", OURS IS WORSE") + ("" if reached else "  MISSED"), flush=True)
    return reached


def main() -> int:
    """Run the races."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", type=Path, default=judged.HERE.parent / ".peers")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=[race.method for race in RACES])
    options = parser.parse_args()
    judged.need_peers(options.peers)
    peers.confine()
    folder = options.peers / "fits"
    split(folder)
    races = [race for race in RACES if options.only is None or race.method in options.only]
    reached = [race_of(race, folder, options) for race in races]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
