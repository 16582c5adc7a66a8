"""How good advice is: on tables of known laws, and on the articles' tables.

    python benchmarks/advise.py [--folder .advise] [--jobs 2] [--laws NAME ...]
    python benchmarks/advise.py --articles --data-dir FOLDER
    python benchmarks/advise.py --search

Truth of a candidate is its gain over doing nothing on 50,000 fresh rows, both fitted on all rows of a table, averaged
over tables of the law. Every table that is finished is kept in the folder; a second call goes on where the first ended.
Networks take no part: so small a budget has no time for them.
"""

import argparse
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from advice_laws import SEARCHED, SETTINGS
from advice_runs import article_job, job, retake, searched
from advice_tables import article_table, law_tables
from equipoise.advice.choice import SLACK, STRETCH
from tables import TARGETS

Call = tuple[Callable[..., None], tuple[Any, ...]]
TRUTH = 10_000  # seeds of the tables that truth is measured on begin here
FOLDS = 10  # five, twice
BUDGET = 20.0  # seconds for a fold of the articles' tables, of one processor
BUDGETS = {"adult": 40.0, "eucalyptus": 40.0, "steel_plates_fault": 60.0}


def law_calls(asked: argparse.Namespace) -> list[Call]:
    """List one call for each table of a law."""
    calls: list[Call] = []
    for kind in ("tables", "truth"):
        for number in range(max(max(s.tables, s.truths) for s in SETTINGS.values())):
            for name in asked.laws:
                most = SETTINGS[name].tables if kind == "tables" else SETTINGS[name].truths
                if number < most:
                    seed = number + (TRUTH if kind == "truth" else 0)
                    calls.append((job, (kind, name, seed, SETTINGS[name].budget, asked.folder)))
    return calls


def article_calls(asked: argparse.Namespace) -> list[Call]:
    """List one call for each fold of each of the articles' tables."""
    return [
        (article_job, (name, repeat, BUDGETS.get(name, BUDGET), asked.folder, asked.data_dir))
        for repeat in range(FOLDS)
        for name in TARGETS
    ]


def do(calls: list[Call], jobs: int) -> None:
    """Make the calls, so many at a time; one that fails is said and left for another time."""
    with ProcessPoolExecutor(jobs) as pool:
        work = [pool.submit(function, *given) for function, given in calls]
        for number, done in enumerate(as_completed(work), 1):
            if error := done.exception():
                print(f"failed: {error!r}", file=sys.stderr, flush=True)
            if number % 20 == 0:
                print(f"{number} of {len(work)}", file=sys.stderr, flush=True)


def main() -> None:
    """Run what is asked, and print what it says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", default=".advise")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--laws", nargs="*", default=list(SETTINGS))
    parser.add_argument("--search", action="store_true")
    parser.add_argument("--articles", action="store_true")
    parser.add_argument("--print", action="store_true", help="Only print what is there.")
    parser.add_argument("--again", action="store_true", help="Take the decisions again first.")
    parser.add_argument("--slack", type=float, default=SLACK, help="Of rule S, with --again.")
    parser.add_argument(
        "--stretch", type=float, default=STRETCH, help="Of intervals, with --again."
    )
    parser.add_argument("--data-dir", default=os.environ.get("EQUIPOISE_DATA", ""))
    asked = parser.parse_args()
    if asked.search:
        with ProcessPoolExecutor(asked.jobs) as pool:
            for line in pool.map(searched, range(len(SEARCHED))):
                print(line, flush=True)
        return
    if asked.again:
        print(
            f"{retake(Path(asked.folder), asked.slack, asked.stretch)} decisions changed",
            file=sys.stderr,
        )
    if not (asked.print or asked.again):
        do(article_calls(asked) if asked.articles else law_calls(asked), asked.jobs)
    print((article_table if asked.articles else law_tables)(Path(asked.folder)))


if __name__ == "__main__":
    main()
