"""How good advice is: on tables of known laws, and on the articles' tables.

    python benchmarks/advise.py [--folder .advise] [--jobs 2] [--tables 50] [--truth 20] [--budget 5] [--laws NAME ...]
    python benchmarks/advise.py --search
    python benchmarks/advise.py --articles --data-dir FOLDER [--budget 20]

Truth of a candidate is its gain over doing nothing on 50,000 fresh rows, both fitted on all rows of a table, averaged
over tables of the law. Every table that is finished is kept in the folder; a second call goes on where the first ended.
"""

import argparse
import json
import os
import sys
import time
import warnings
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

os.environ.setdefault("OMP_NUM_THREADS", "1")

from advice_laws import SEARCHED, SETTINGS, Setting
from equipoise.advice import advise as advising
from equipoise.advice.budget import Clock
from equipoise.advice.candidates import Candidate, candidates, models
from equipoise.advice.choice import decide
from equipoise.advice.fitting import Job, Table, fitted_fold
from equipoise.advice.measures import Rows
from equipoise.advice.question import question
from equipoise.datasets.splits import Split
from equipoise.metrics.decision import apply_offsets

FRESH = 50_000
SEARCH_FRESH, SEARCH_SEEDS = 20_000, range(1_000, 1_004)
ROPE = 0.01
NETWORKS = ("basic-vae", "cvae", "tvae", "tvae-tailcalib", "tabgpt", "ctgan")


class Inline(Executor):
    """Runs a call where it is submitted: the tables themselves are spread over processes."""

    def submit(self, fn: Any, *args: Any, **kwargs: Any) -> Future:
        """Run now."""
        future: Future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def methods() -> list[str]:
    """Treatments of the rows that a small budget has time for."""
    from equipoise.advice.candidates import CHEAP, SYNTHESIZERS

    return [name for name, _ in (*CHEAP, *SYNTHESIZERS) if name not in NETWORKS]


def contest(setting: Setting, seed: int, budget: float, race: bool = True) -> tuple[Any, Any, Any]:
    """Run the trial on one table; give the question, the contest and the draws."""
    X, y = setting.table(seed)
    asked = question(
        X, y, budget=budget, classifier=setting.classifier, name=f"{setting.name}-{seed}"
    )
    return run(asked, budget, race)


def run(asked: Any, budget: float, race: bool = True) -> tuple[Any, Any, Any]:
    """Run the trial of a question without networks."""
    clock = Clock(budget)
    table = Table(asked.name, asked.X, asked.codes, asked.labels.texts, asked.kinds)
    rows, notes = advising._contest_rows(asked, table, clock)
    made = advising._contest(asked, table, rows, clock, None, Inline(), notes)
    made.models = [m for m in made.models if m.method not in NETWORKS]
    made.candidates = [c for c in made.candidates if c.model in made.models]
    if not race:
        made._drop_hopeless = lambda finished: None
        made.partitions = 1
    made.run()
    return asked, made, advising._draws(made, asked)


def gains_on(
    asked: Any,
    found: list[tuple[Candidate, np.ndarray]],
    fresh: tuple[pd.DataFrame, pd.Series],
    seed: int,
) -> list[float]:
    """Fit candidates on all rows and give their scores (macro F1) on fresh rows."""
    table = Table(asked.name, asked.X, asked.codes, asked.labels.texts, asked.kinds)
    X, labels = fresh
    y = asked.labels.code(labels)
    whole = Table(
        asked.name, pd.concat([asked.X, X], ignore_index=True), np.append(asked.codes, y),
        table.texts, table.kinds,
    )  # fmt: skip
    n = len(asked.codes)
    split = Split(np.arange(n), np.arange(n, n + len(y)))
    rows = Rows(y, asked.scale.scored, np.ones(len(table.texts)))
    once = np.ones((1, len(y)), dtype=np.float32)
    kept: dict[str, Any] = {}
    scores = []
    for candidate, offsets in found:
        model = candidate.model
        if model.name not in kept:
            answer = fitted_fold(whole, Job("", (model,), 0, 0, split, seed))
            kept[model.name] = answer.predictions.get(model.name)
        got = kept[model.name]
        if got is None:
            scores.append(float("nan"))
            continue
        p = got.probabilities.astype(np.float64)
        decided = apply_offsets(p, offsets)
        scores.append(float(asked.measure.prepare(rows, p, decided)(once)[0]))
    return scores


def offsets_of(made: Any, candidate: Candidate) -> np.ndarray:
    """Give the offsets that a candidate would be delivered with: the mean over partitions."""
    return np.mean([made.matrix.offsets(candidate, p, folds) for p, folds in made.spans], axis=0)


def truth(setting: Setting, seed: int, budget: float, fresh: int = FRESH) -> dict[str, float]:
    """Give the gains of all candidates on one table."""
    asked, made, _ = contest(setting, seed, budget, race=False)
    found = [(c, offsets_of(made, c)) for c in made.field]
    scores = gains_on(asked, found, setting.fresh(fresh, seed), seed)
    return {c.name: s - scores[0] for (c, _), s in zip(found, scores, strict=True)}


def advised(setting: Setting, seed: int, budget: float, folder: Path) -> dict[str, Any]:
    """Take the advice on one table, and see what it was worth there."""
    started = time.perf_counter()
    asked, made, draws = contest(setting, seed, budget)
    seconds = time.perf_counter() - started
    np.savez_compressed(
        folder / f"{setting.name}-{seed}.npz",
        names=[c.name for c in draws.candidates],
        synthetic=[c.model.synthetic for c in draws.candidates],
        simple=[c.is_simple for c in draws.candidates],
        point=draws.point, drawn=draws.drawn.astype(np.float32), left=draws.left.astype(np.float32),
        folds=fold_scores(made, draws.candidates),
    )  # fmt: skip
    worth = [(c, offsets_of(made, c)) for c in draws.candidates]
    scores = gains_on(asked, worth, setting.fresh(FRESH, seed), seed)
    here = {c.name: s - scores[[c.is_identity for c in draws.candidates].index(True)]
            for c, s in zip(draws.candidates, scores, strict=True)}  # fmt: skip
    return {"here": here, "seconds": seconds, "partitions": len(made.spans), **summed(draws)}


def fold_scores(made: Any, found: Any) -> np.ndarray:
    """Give the scores (partition x fold, c) of each fold alone, for the interval of card step 10."""
    out = []
    for p, folds in made.spans:
        for k in folds:
            w = np.zeros((1, len(made.table.y)), dtype=np.float32)
            w[0, made.matrix.rows(p, (k,))] = 1
            out.append([made.matrix.scorer(c, p, folds)(w)[0] for c in found])
    return np.array(out)


def summed(draws: Any) -> dict[str, Any]:
    """Give the decision as plain values."""
    decision = decide(draws, ROPE)
    return {
        "verdict": decision.verdict.name, "nothing": decision.nothing, "lean": decision.lean.lean.name,
        "mean": decision.lean.gain.mean, "low": decision.lean.gain.low, "high": decision.lean.gain.high,
        "sd": float(decision.lean.gain.draws.std()),
    }  # fmt: skip


def job(kind: str, name: str, seed: int, budget: float, folder: str) -> None:
    """Do one table and keep what came of it."""
    warnings.simplefilter("ignore")
    place = Path(folder) / kind / f"{name}-{seed}.json"
    if place.exists():
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    setting = SETTINGS[name]
    found = (
        truth(setting, seed, 10 * budget)
        if kind == "truth"
        else advised(setting, seed, budget, place.parent)
    )
    part = place.with_suffix(".part")
    part.write_text(json.dumps(found))
    part.replace(place)


def oracle(setting: Setting, seed: int) -> float:
    """Give the gain of rows of the true law in place of synthetic ones, plan `balance`: what no synthesizer exceeds."""
    X, y = setting.table(seed)
    asked = question(X, y, classifier=setting.classifier, name=f"{setting.name}-{seed}")
    counts = np.array(setting.counts)
    wanted = counts.max() - counts
    X_new, y_new = setting.law.sample_class(wanted, np.random.default_rng([seed, 3]))
    grown = question(
        pd.concat([X, X_new], ignore_index=True), pd.concat([y, y_new], ignore_index=True),
        classifier=setting.classifier, name=asked.name,
    )  # fmt: skip
    plain = [(Candidate(models(asked.codes, setting.classifier)[0][0]), np.zeros(len(counts)))]
    fresh = setting.fresh(SEARCH_FRESH, seed)
    return gains_on(grown, plain, fresh, seed)[0] - gains_on(asked, plain, fresh, seed)[0]


def searched(number: int) -> str:
    """Say in one line what gains on a law: rows of the law itself, the best synthesizer, the best other treatments."""
    warnings.simplefilter("ignore")
    setting = SEARCHED[number]
    everybody = candidates(models(np.repeat([0, 1], [90, 10]), setting.classifier)[0], True)
    made = {c.name: c.model.synthetic for c in everybody}
    total: dict[str, list[float]] = {}
    for seed in SEARCH_SEEDS:
        for name, gain in truth(setting, seed, 120, SEARCH_FRESH).items():
            total.setdefault(name, []).append(gain)
    ranked = sorted(((float(np.mean(g)), name) for name, g in total.items()), reverse=True)
    rows = [(g, n) for g, n in ranked if made.get(n)][:1]
    simple = [(g, n) for g, n in ranked if not made.get(n)][:2]
    law_rows = float(np.mean([oracle(setting, seed) for seed in SEARCH_SEEDS]))
    told = "; ".join(f"{n} {g:+.3f}" for g, n in rows + simple)
    return f"{setting.name}: rows of the law {law_rows:+.3f}; {told}"


def main() -> None:
    """Run what is asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", default=".advise")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--tables", type=int, default=50)
    parser.add_argument("--truth", type=int, default=20)
    parser.add_argument("--budget", type=float, default=5.0)
    parser.add_argument("--laws", nargs="*", default=list(SETTINGS))
    parser.add_argument("--search", action="store_true")
    parser.add_argument("--articles", action="store_true")
    parser.add_argument("--data-dir", default=os.environ.get("EQUIPOISE_DATA", ""))
    asked = parser.parse_args()
    with ProcessPoolExecutor(asked.jobs) as pool:
        if asked.search:
            for line in pool.map(searched, range(len(SEARCHED))):
                print(line, flush=True)
            return
        work = [
            pool.submit(job, kind, name, seed, asked.budget, asked.folder)
            for kind, seeds in (
                ("tables", range(asked.tables)),
                ("truth", range(10_000, 10_000 + asked.truth)),
            )
            for seed in seeds
            for name in asked.laws
        ]
        for number, done in enumerate(as_completed(work), 1):
            if error := done.exception():
                print(f"failed: {error!r}", file=sys.stderr, flush=True)
            if number % 20 == 0:
                print(f"{number} of {len(work)}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
