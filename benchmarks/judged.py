"""Every synthesizer and the reference CTGAN and TVAE on the articles' tables, judged by instruments that are not ours.

    python benchmarks/judged.py --data-dir FOLDER [--seeds 0 1 2] [--tables NAME ...] [--methods NAME ...]

For each table and seed 80 % of the rows are trained on, each method gives as many rows, and `judge.py` scores them in
the rivals' environment. Rows and scores are kept in the rivals' folder and made once; those of ours are made again when
a method's code version rises. Prints one table a figure: methods by tables, means over seeds. Seconds are those of the
processor at one thread, so that other work on the machine does not count.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
from pathlib import Path

import tables
from equipoise.registry import METHODS

HERE = Path(__file__).parent
REFERENCES = ("reference-ctgan", "reference-tvae")
UNJUDGED = ("identity", "oracle", "undersample", "great")
METRICS = ("c2st_unseen", "too_close", "tstr_f1", "quality", "fit_cpu_s")
RIVAL_OF = {"ctgan": "reference-ctgan", "tvae": "reference-tvae"}


class JudgeError(Exception):
    """A program failed."""


def run(command: list, threads: int) -> dict:
    """Run a program and give the JSON that its last line is."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment |= {"PYTHONPATH": str(HERE), "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise JudgeError(f"{' '.join(map(str, command))} failed:\n{done.stderr.strip()[-1500:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def need_peers(folder: Path) -> None:
    """Make the rivals' environment if it is not there (two minutes, 2 GB)."""
    if not (folder / ".ready").exists():
        subprocess.run([HERE / "install_peers.sh", folder], check=True)


def made(folder: Path, method: str, target: str, seed: int, peers: Path) -> tuple[Path, dict]:
    """Give a method's rows and what they cost, making them if they are not there."""
    reference = method in REFERENCES
    stem = method if reference else f"{method}-v{METHODS[method].code_version}"
    rows, cost = folder / f"{stem}.csv", folder / f"{stem}.json"
    if not cost.exists():
        python = peers / "bin/python" if reference else Path(sys.executable)
        program = HERE / ("rivals" if reference else "ours") / "generate.py"
        word = method.removeprefix("reference-")
        part = folder / f"{stem}.part.csv"
        command = [python, "-B", program, word, folder / "train.csv", part]
        command += ["--target", target, "--seed", str(seed)]
        found = run([*command, "--threads", "1"] if reference else command, threads=1)
        part.rename(rows)
        cost.write_text(json.dumps(found))
    return rows, json.loads(cost.read_text())


def judged(rows: Path, folder: Path, target: str, peers: Path, *, again: bool = False) -> dict:
    """Give the scores of rows, judging them if that has not been done, or once more."""
    scores = rows.with_suffix(".judged.json")
    if again or not scores.exists():
        command = [peers / "bin/python", "-B", HERE / "judge.py", folder / "train.csv", rows]
        found = run([*command, "--target", target, "--test", folder / "test.csv"], threads=1)
        scores.write_text(json.dumps(found))
    return json.loads(scores.read_text())


def collect(options: argparse.Namespace) -> dict[tuple[str, str], list[dict]]:
    """Give the scores of each method on each table, one a seed."""
    found: dict[tuple[str, str], list[dict]] = {}
    for seed in options.seeds:
        for table in options.tables:
            folder = options.peers / "judged" / table / str(seed)
            tables.write_split(options.data_dir, table, seed, folder)
            for method in options.methods:
                try:
                    rows, cost = made(folder, method, tables.TARGETS[table], seed, options.peers)
                    scores = judged(rows, folder, tables.TARGETS[table], options.peers)
                except JudgeError as error:
                    print(f"{table}, seed {seed}, {method}: {error}", file=sys.stderr, flush=True)
                    continue
                found.setdefault((method, table), []).append({**scores, **cost})
                print(
                    f"{table}, seed {seed}, {method}: c2st {scores['c2st_unseen']:.3f}, "
                    f"close {scores['too_close']:.3f}, f1 {scores['tstr_f1']:.3f} of "
                    f"{scores['trtr_f1']:.3f}, quality {scores['quality']:.3f}, "
                    f"fit {cost['fit_cpu_s']:.1f} s",
                    file=sys.stderr,
                    flush=True,
                )
    return found


def mean(runs: list[dict], metric: str) -> float:
    """Give the mean over seeds."""
    return statistics.fmean(run[metric] for run in runs) if runs else math.nan


def show(found: dict, options: argparse.Namespace) -> None:
    """Print a Markdown table for each figure."""
    for metric in METRICS:
        print(f"\n{metric}, mean over seeds {options.seeds}\n")
        print("| method | " + " | ".join(options.tables) + " | mean |")
        print("| --- |" + " --- |" * (len(options.tables) + 1))
        lines = [
            (m, [mean(found.get((m, t), []), metric) for t in options.tables])
            for m in options.methods
        ]
        if metric == "tstr_f1":
            any_method = options.methods[0]
            real = [mean(found.get((any_method, t), []), "trtr_f1") for t in options.tables]
            lines.insert(0, ("(training rows)", real))
        for name, values in lines:
            cells = [f"{v:.3f}" if metric != "fit_cpu_s" else f"{v:.1f}" for v in values]
            overall = statistics.fmean(values)
            print(f"| {name} | " + " | ".join([*cells, f"{overall:.3f}"]) + " |")
    for ours, theirs in RIVAL_OF.items():
        if ours in options.methods and theirs in options.methods:
            compare(found, ours, theirs, options.tables)


def compare(found: dict, ours: str, theirs: str, names: list[str]) -> None:
    """Say where ours is worse than the reference by more than two standard errors over the seeds."""
    print(f"\n{ours} against {theirs}: difference (two standard errors)\n")
    for table in names:
        a, b = found.get((ours, table), []), found.get((theirs, table), [])
        if not a or len(a) != len(b):
            continue
        words = []
        for metric in ("quality", "tstr_f1"):
            gaps = [x[metric] - y[metric] for x, y in zip(a, b, strict=True)]
            error = statistics.stdev(gaps) / math.sqrt(len(gaps)) if len(gaps) > 1 else math.nan
            worse = statistics.fmean(gaps) < -2 * error
            mark = "  WORSE" if worse else ""
            words.append(f"{metric} {statistics.fmean(gaps):+.3f} ({2 * error:.3f}){mark}")
        kept = all(run["labels"][0] == run["labels"][1] for run in a)
        words.append("all labels kept" if kept else "LABELS LOST")
        print(f"- {table}: " + ", ".join(words))


def main() -> int:
    """Parse, collect, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("EQUIPOISE_DATA"))
    parser.add_argument("--peers", type=Path, default=HERE.parent / ".peers")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--tables", nargs="+", choices=list(tables.TARGETS), default=list(tables.TARGETS)
    )
    everything = [*REFERENCES, *(m for m in METHODS if m not in UNJUDGED)]
    parser.add_argument("--methods", nargs="+", choices=everything, default=everything)
    options = parser.parse_args()
    if options.data_dir is None:
        parser.error("--data-dir: say which folder holds the seven tables, or set EQUIPOISE_DATA")
    options.data_dir = Path(options.data_dir)
    need_peers(options.peers)
    found = collect(options)
    show(found, options)
    asked = len(options.methods) * len(options.tables)
    return 0 if len(found) == asked else 1


if __name__ == "__main__":
    sys.exit(main())
