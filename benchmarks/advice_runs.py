"""One table of a known law, or one fold of an article's table: take the advice, and see what it was worth."""

import json
import os
import time
import warnings
from concurrent.futures import Executor, Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

os.environ.setdefault("OMP_NUM_THREADS", "1")

import tables
from advice_laws import SEARCHED, SETTINGS, Setting
from equipoise.advice import choice
from equipoise.advice.advise import contest_of, contest_rows, draws_of
from equipoise.advice.budget import Clock
from equipoise.advice.candidates import IDENTITY, Candidate, Model, candidates, models
from equipoise.advice.choice import Draws, decide
from equipoise.advice.fitting import Job, Table, fitted_fold
from equipoise.advice.measures import MEASURES, Rows
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
    rows, notes = contest_rows(asked, table, clock)
    made = contest_of(asked, table, rows, clock, None, Inline(), notes)
    made.models = [m for m in made.models if m.method not in NETWORKS]
    made.candidates = [c for c in made.candidates if c.model in made.models]
    if not race:
        made.races, made.partitions = (), 1
    made.run()
    return asked, made, draws_of(made, asked)


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


def retake(folder: Path, slack: float, stretch: float) -> int:
    """Take the decisions again from the arrays that were kept, as after a change of `advice.choice`; count them."""
    choice.SLACK, choice.STRETCH = slack, stretch
    changed = 0
    for place in sorted((folder / "tables").glob("*.json")):
        kept = np.load(place.with_suffix(".npz"))
        names = [str(name) for name in kept["names"]]
        counts = SETTINGS[place.stem.rpartition("-")[0]].counts
        field = tuple(
            SimpleNamespace(
                name=name, is_identity=name == IDENTITY, is_simple=bool(simple),
                model=SimpleNamespace(synthetic=bool(synthetic)),
            )
            for name, simple, synthetic in zip(names, kept["simple"], kept["synthetic"], strict=True)
        )  # fmt: skip
        grain = MEASURES["macro_f1"].grain(np.array(counts))
        draws = Draws(field, *(kept[k].astype(float) for k in ("point", "drawn", "left")), grain)  # type: ignore[arg-type]
        old = json.loads(place.read_text())
        new = {**old, **summed(draws)}
        changed += new != old
        place.write_text(json.dumps(new))
    return changed


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


FIXED = {
    "always balanced weights": Candidate(Model("balanced weights", weights="balanced")),
    "always balanced bagging": Candidate(
        Model("balanced bagging", classifier="xgboost-balanced-bagging")
    ),
    "always SMOTE": Candidate(Model("smote", "smote", "balance", synthetic=True)),
}


def article(name: str, repeat: int, budget: float, data_dir: str) -> dict[str, Any]:
    """Take the advice on four folds of a table, and score it and the fixed recipes on the fifth."""
    from equipoise.datasets.splits import split

    target = tables.TARGETS[name]
    frame = tables.read(Path(data_dir) / f"{name}.csv", target)
    frame = frame[frame[target].notna()].reset_index(drop=True)
    X, y = frame.drop(columns=target), frame[target]
    codes = pd.factorize(y, sort=True)[0]
    part = split(name, codes, repeat)
    took = time.perf_counter()
    asked = question(
        X.iloc[part.train].reset_index(drop=True), y.iloc[part.train].reset_index(drop=True),
        budget=budget, name=f"{name}-{repeat}",
    )  # fmt: skip
    asked, made, draws = run(asked, budget)
    took = time.perf_counter() - took
    decision = decide(draws, ROPE)
    nothing = draws.candidates[0]
    tuned = next(c for c in draws.candidates if c.name == "threshold")
    zeros = np.zeros(len(asked.labels))
    found = [
        (c, offsets_of(made, c)) for c in (nothing, decision.verdict, decision.lean.lean, tuned)
    ]
    found += [(candidate, zeros) for candidate in FIXED.values()]
    known = y.iloc[part.test].isin(asked.labels.classes).to_numpy()
    rows = part.test[known]
    fresh = X.iloc[rows].reset_index(drop=True), y.iloc[rows].reset_index(drop=True)
    scores = gains_on(asked, found, fresh, repeat)
    names = ["nothing", "verdict", "lean", "always threshold", *FIXED]
    return {"scores": dict(zip(names, scores, strict=True)), "seconds": took, **summed(draws)}


def article_job(name: str, repeat: int, budget: float, folder: str, data_dir: str) -> None:
    """Do one fold and keep what came of it."""
    warnings.simplefilter("ignore")
    place = Path(folder) / "articles" / f"{name}-{repeat}.json"
    if place.exists():
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_suffix(".part")
    part.write_text(json.dumps(article(name, repeat, budget, data_dir)))
    part.replace(place)
