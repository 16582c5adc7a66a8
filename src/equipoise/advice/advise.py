"""`advise`: the fair trial on one table, within a budget, and what to do."""

import time as clocks
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.advice.audit import Audit, audit
from equipoise.advice.budget import Clock, said
from equipoise.advice.candidates import IDENTITY, Model, candidates, models
from equipoise.advice.choice import Decision, Draws, decide, draw
from equipoise.advice.contest import FOLDS, PARTITIONS, Contest
from equipoise.advice.fitting import Job, Table, fitted_fold, warm_up
from equipoise.advice.folds import Folding, by_group, forward, stratified
from equipoise.advice.pace import FINAL
from equipoise.advice.question import Question, question
from equipoise.advice.resample import Bootstrap
from equipoise.advice.verdict import Verdict, level_errors, standings
from equipoise.advice.view import Progress
from equipoise.datasets.splits import SCORED_ROWS, Split
from equipoise.errors import DataError
from equipoise.seeds import generator
from equipoise.tables.schema import Schema

PROBED = 5_000  # rows of the first timing
SMALLEST = 2_000  # rows below which a contest is not thinned
SIMPLE_FITS = 8.0  # fits of the plain classifier that the simple treatments take a fold
CONTEST_SHARE = 0.4  # of the budget, that the simple treatments' first partition should not exceed
DELIVERY = 0.03  # of the budget, kept for the page


def advise(
    X: Any,
    y: Any,
    *,
    budget: str | float = "5m",
    metric: str = "macro_f1",
    rope: float | None = None,
    group: Any = None,
    time: Any = None,
    by: Any = None,
    prior: Mapping[Any, float] | None = None,
    costs: Any = None,
    classifier: Any = "xgboost",
    methods: Sequence[str] | None = None,
    kinds: Mapping | None = None,
    partitions: int = PARTITIONS,
    jobs: int = 1,
    random_state: int = 0,
    progress: Progress | None = None,
) -> Verdict:
    """Run the fair trial between doing nothing and every treatment on one table, and say what to do.

    Parameters
    ----------
    X, y : features (n, d) of any container, and labels (n,); rows without a label are left out
    budget : str or float, default="5m"
        How long it may take, the final fit included: ``90s``, ``5m``, ``1h`` or seconds.
    metric : str, default="macro_f1"
        One of `measures.MEASURES`, or ``precision@K`` or ``recall@K`` for K alerts among the rows of the table.
    rope : float, optional
        What difference is of no practical interest; 0.01 by default.
    group, time, by : column names or arrays (n,), optional
        Groups that folds keep whole; an order, to train on the past alone; levels to show the errors for.
    prior : dict of label to share, optional
        Class shares where the classifier will be used, if they differ from the table's.
    costs : dict of (true label, decision) to number, or DataFrame, optional
        What mistakes cost; judged by the mean cost then.
    classifier : str or scikit-learn classifier, default="xgboost"
    methods : sequence of str, optional
        Only these treatments of the rows, or your own as ``module:Class``.
    kinds : dict of column name to kind, optional
    partitions : int, default=10
        Most times that the folds are drawn. Where the budget suffices for all, and for the bootstraps of every race,
        the seed alone decides the verdict.
    jobs : int, default=1
        Fits at a time, in processes of this machine.
    random_state : int, default=0
    progress : Progress, optional

    Raises
    ------
    DataError, OptionError
        The table cannot be used, an option is wrong, or the budget is too small; the sentence says what to do.
    """
    started = clocks.monotonic()
    asked = question(
        X, y, budget=budget, metric=metric, rope=rope, group=group, time=time, by=by, prior=prior,
        costs=costs, classifier=classifier, methods=methods, kinds=kinds, partitions=partitions,
        jobs=jobs, random_state=random_state,
    )  # fmt: skip
    return answer(asked, Clock(asked.seconds, started), progress)


def answer(
    asked: Question,
    clock: Clock,
    progress: Progress | None = None,
    executor: Executor | None = None,
    looked: Audit | None = None,
) -> Verdict:
    """Answer a question that has been checked.

    Parameters
    ----------
    asked : Question
    clock : Clock
        Already running.
    progress : Progress, optional
    executor : Executor, optional
        Where fits run, in place of processes of this machine.
    looked : Audit, optional
        Where the table has been audited before.
    """
    looked = look(asked) if looked is None else looked
    table = Table(asked.name, asked.X, asked.codes, asked.labels.texts, asked.kinds)
    rows, notes = contest_rows(asked, table, clock)
    contest = contest_of(asked, table, rows, clock, progress, executor, notes)
    contest.run()
    if not contest.spans:
        raise KeyboardInterrupt(
            "interrupted before two folds were finished: there is nothing to say yet"
        )
    try:
        draws = draws_of(contest, asked)
    except KeyboardInterrupt:
        contest.interrupted = True
        draws = draws_of(contest, asked)  # as few as will do
    decision = decide(draws, asked.rope)
    verdict = _verdict(asked, looked, contest, draws, decision, rows, notes, clock)
    try:
        return _deliver(asked, verdict, contest, rows, clock)
    except KeyboardInterrupt:
        return replace(verdict, partial=True)


def look(asked: Question) -> Audit:
    """Audit the table of a question."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = Schema.infer(asked.X, asked.kinds, warn=False)
        return audit(asked.X, asked.codes, asked.labels.texts, schema, asked.unlabelled)


def contest_of(
    asked: Question, table: Table, rows: NDArray, clock: Clock, progress: Progress | None,
    executor: Executor | None, notes: list[str],
) -> Contest:  # fmt: skip
    """Prepare the contest of a question on some rows of its table; what cannot take part is added to the notes."""
    part = table.take(rows) if len(rows) < len(table.y) else table
    found, left_out = models(part.y, asked.classifier, asked.methods)
    notes += left_out
    scored = part.scored
    eligible = scored[part.y]
    groups = None if asked.groups is None else asked.groups[rows]
    return Contest(
        part,
        found,
        candidates(found, asked.measure.decided),
        replace(asked.scale, scored=scored),
        _folding(asked, part, rows),
        Bootstrap(part.y, eligible, groups),
        clock,
        asked.jobs,
        1 if asked.times is not None else asked.partitions,
        asked.seed,
        progress,
        executor,
    )


def _folding(asked: Question, part: Table, rows: NDArray) -> Folding:
    if asked.times is not None:
        return forward(part.y, asked.times[rows])
    if asked.groups is not None:
        return by_group(asked.name, part.y, asked.groups[rows])
    return stratified(asked.name, part.y)


def contest_rows(asked: Question, table: Table, clock: Clock) -> tuple[NDArray, list[str]]:
    """Give the rows of the contest: all, or so many (classes in proportion) that the simple treatments fit."""
    n = len(table.y)
    everything = np.arange(n)
    if n <= PROBED:
        return everything, []
    rng = generator(asked.seed, "thin", asked.name)
    probe = table.take(_thinned(table.y, PROBED, rng))
    plain = Model(IDENTITY, classifier=asked.classifier)
    whole = Split(np.arange(len(probe.y)), np.arange(100))
    job = Job("", (plain,), 0, 0, whole)
    warm_up(probe, job)
    found = fitted_fold(probe, job)
    if found.failures:
        raise DataError(
            f"the classifier cannot be fitted on these rows: {found.failures[plain.name]}"
        )
    unit = found.predictions[plain.name].seconds * 0.8 * n / PROBED
    room = CONTEST_SHARE * clock.left * asked.jobs
    needed = SIMPLE_FITS * FOLDS * unit
    if needed <= room:
        return everything, []
    size = max(int(n * room / needed), min(n, SMALLEST))
    note = (
        f"the trial uses {size:,} of the {n:,} rows, classes in proportion, so that it fits the "
        "budget; a longer budget uses more"
    )
    return np.sort(_thinned(table.y, size, rng)), [note]


def _thinned(y: NDArray, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw so many rows, classes in proportion but no class below the ten rows that scoring needs."""
    parts = []
    for k in np.unique(y):
        rows = np.flatnonzero(y == k)
        take = min(len(rows), max(round(size * len(rows) / len(y)), SCORED_ROWS))
        parts.append(rng.permutation(rows)[:take])
    return np.sort(np.concatenate(parts))


def draws_of(contest: Contest, asked: Question) -> Draws:
    """Score the field of a finished contest on 1,000 bootstraps, or as many as the budget has time for."""
    tested = np.zeros(len(contest.table.y), dtype=bool)
    for partition, folds in contest.spans:
        tested[contest.matrix.rows(partition, folds)] = True
    bootstrap = Bootstrap(contest.bootstrap.strata, tested, contest.bootstrap.groups)
    rng = generator(asked.seed, "gain", asked.name)
    final = FINAL * max(contest.pace.seconds.get(m.name, 0.0) for m in contest.alive)

    def enough() -> bool:
        return contest.interrupted or contest.clock.left < final + DELIVERY * asked.seconds

    return draw(contest.matrix, contest.field, contest.spans, bootstrap, rng, enough)


def _verdict(
    asked: Question, looked: Audit, contest: Contest, draws: Draws, decision: Decision,
    rows: NDArray, notes: list[str], clock: Clock,
) -> Verdict:  # fmt: skip
    return Verdict(
        asked=asked,
        audit=looked,
        decision=decision,
        table=tuple(standings(contest, draws)),
        by=() if asked.by is None else level_errors(contest, decision, asked.by.iloc[rows]),
        partitions=len(contest.spans) if len(contest.spans[0][1]) == FOLDS else 0,
        rows=len(contest.table.y),
        seconds=clock.spent,
        partial=contest.interrupted,
        notes=(*notes, *list(contest.notes)[:20]),
    )


def _deliver(
    asked: Question, verdict: Verdict, contest: Contest, rows: NDArray, clock: Clock
) -> Verdict:
    """Refit the winner on all rows, or on those of the contest where all would take too long (step 14)."""
    winner = verdict.decision.verdict
    spans = contest.spans
    offsets = np.mean([contest.matrix.offsets(winner, p, folds) for p, folds in spans], axis=0)
    expected = (
        FINAL * contest.pace.seconds[winner.model.name] * len(asked.codes) / len(contest.table.y)
    )
    everything = np.arange(len(asked.codes))
    notes = verdict.notes
    if expected > max(clock.left, 5.0) and len(rows) < len(everything):
        everything = rows
        notes = (
            *notes,
            f"the winner is fitted on {len(rows):,} rows; all would take {said(expected)}",
        )
    verdict = replace(verdict, notes=notes, offsets=tuple(float(b) for b in offsets))
    model = verdict.unfitted()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(
            asked.X.iloc[everything].reset_index(drop=True),
            asked.y.iloc[everything].reset_index(drop=True),
        )
    return replace(verdict, estimator=model, fitted_rows=everything, seconds=clock.spent)
