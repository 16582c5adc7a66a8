"""Every synthesizer and the reference CTGAN and TVAE on the articles' tables, judged by instruments that are not ours.

    python benchmarks/judged.py --data-dir FOLDER [--jobs N] [--seeds 0 1 2] [--tables NAME ...] [--methods NAME ...]

For each table and seed 80 % of the rows are trained on, each method gives as many rows, and `judge.py` scores them in
the rivals' environment. The scores are kept in docs/results/judged.jsonl and made once: those of ours again when a
method's code version rises. Then the tables of docs/synthesizers.md are written from them, and what was asked for is
printed beside what was found. Seconds are those of the processor at one thread, so that other work on the machine
hardly counts.

`great` fine-tunes the model that `make great` brings, or that of `--model`. Without one it is left out, as it is on
tables above its limit of rows.
"""

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import tables
from judged_records import REFERENCES, VARIANTS, Records, has_cell, method_of, version_of
from judged_tables import JUDGED, RECORDS, SEEDS, write_page
from judged_targets import targets

HERE = Path(__file__).parent
MODEL = HERE.parent / "runs/models/smollm2-135m"
# Rows are to be written whatever it takes; bfloat16 reads weights in half the time.
GREAT = {"dtype": "bfloat16", "max_seconds": 7200}
Task = tuple[str, str, int]


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


def split_folder(peers: Path, table: str, seed: int) -> Path:
    """Give the folder of one split, with the rows that were made for it."""
    return peers / "judged" / table / str(seed)


def made(task: Task, options: argparse.Namespace) -> tuple[Path, dict]:
    """Give a method's rows and what they cost, making them if they are not there."""
    method, table, seed = task
    folder, target = split_folder(options.peers, table, seed), tables.TARGETS[table]
    reference = method in REFERENCES
    stem = f"{method}-v{version_of(method)}"
    rows, cost = folder / f"{stem}.csv", folder / f"{stem}.json"
    if not cost.exists():
        python = options.peers / "bin/python" if reference else Path(sys.executable)
        program = HERE / ("rivals" if reference else "ours") / "generate.py"
        word = method_of(method).removeprefix("reference-")
        part = folder / f"{stem}.part.csv"
        command = [python, "-B", program, word, folder / "train.csv", part]
        command += ["--target", target, "--seed", str(seed)]
        command += ["--threads", "1"] if reference else ["--options", options_of(method, options)]
        found = run(command, threads=1)
        part.rename(rows)
        cost.write_text(json.dumps(found))
    return rows, json.loads(cost.read_text())


def options_of(method: str, options: argparse.Namespace) -> str:
    """Give the options that a method or variant is made with, as JSON."""
    if method == "great":
        return json.dumps(GREAT | {"model": str(options.model)})
    return json.dumps(VARIANTS[method][1] if method in VARIANTS else {})


def judged(rows: Path, folder: Path, target: str, peers: Path, *, again: bool = False) -> dict:
    """Give the scores of rows, judging them if that has not been done, or once more."""
    scores = rows.with_suffix(".judged.json")
    if again or not scores.exists():
        command = [peers / "bin/python", "-B", HERE / "judge.py", folder / "train.csv", rows]
        found = run([*command, "--target", target, "--test", folder / "test.csv"], threads=1)
        scores.write_text(json.dumps(found))
    return json.loads(scores.read_text())


def judge(task: Task, options: argparse.Namespace) -> dict:
    """Give the scores and the costs of one method on one split."""
    _, table, seed = task
    folder, target = split_folder(options.peers, table, seed), tables.TARGETS[table]
    rows, cost = made(task, options)
    return judged(rows, folder, target, options.peers) | cost


def collect(records: Records, options: argparse.Namespace) -> int:
    """Judge what has no record yet, and give how many failed."""
    tasks = [(m, t, s) for s in options.seeds for t in options.tables for m in options.methods]
    tasks = [task for task in tasks if has_cell(*task[:2]) and records.get(*task) is None]
    if not options.model.exists() and any(method == "great" for method, _, _ in tasks):
        print(f"great is left out: there is no {options.model}; make great", file=sys.stderr)
        tasks = [task for task in tasks if task[0] != "great"]
    for table, seed in sorted({(t, s) for _, t, s in tasks}):
        folder = split_folder(options.peers, table, seed)
        tables.write_split(options.data_dir, table, seed, folder)
    failed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        waiting = {pool.submit(judge, task, options): task for task in tasks}
        for k, future in enumerate(as_completed(waiting), 1):
            method, table, seed = waiting[future]
            where = f"[{k}/{len(tasks)}] {table}, seed {seed}, {method}"
            try:
                scores = future.result()
            except JudgeError as error:
                print(f"{where}: {error}", file=sys.stderr, flush=True)
                failed += 1
                continue
            records.add(method, table, seed, scores)
            print(
                f"{where}: c2st {scores['c2st_unseen']:.3f}, close {scores['too_close']:.3f}, "
                f"f1 {scores['tstr_f1']:.3f} of {scores['trtr_f1']:.3f}, "
                f"quality {scores['quality']:.3f}, fit {scores['fit_cpu_s']:.1f} s",
                file=sys.stderr,
                flush=True,
            )
    return failed


def main() -> int:
    """Parse, judge, write the tables of the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("EQUIPOISE_DATA"))
    parser.add_argument("--peers", type=Path, default=HERE.parent / ".peers")
    parser.add_argument("--model", type=Path, default=MODEL, help="that great fine-tunes")
    parser.add_argument("--jobs", type=int, default=1, help="programs at once, a thread each")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument(
        "--tables", nargs="+", choices=list(tables.TARGETS), default=list(tables.TARGETS)
    )
    parser.add_argument("--methods", nargs="+", choices=JUDGED, default=JUDGED)
    options = parser.parse_args()
    if options.data_dir is None:
        parser.error("--data-dir: say which folder holds the seven tables, or set EQUIPOISE_DATA")
    options.data_dir = Path(options.data_dir)
    need_peers(options.peers)
    records = Records(RECORDS)
    failed = collect(records, options)
    write_page()
    print("\n".join(targets(records)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
