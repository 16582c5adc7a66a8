"""The race: all candidates on the same folds, the hopeless dropped early, within a budget (card, steps 3 to 6).

Fits run in processes of this machine, so that one that takes too long can be ended. The driver goes fold by fold: all
models that are still in the race meet a fold before the next begins, so that finished folds are always paired.
"""

import math
import tempfile
from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from equipoise.advice.budget import Clock, said
from equipoise.advice.candidates import Candidate, Model
from equipoise.advice.choice import Spans
from equipoise.advice.fitting import Answer, Job, Table, fit_fold, keep
from equipoise.advice.folds import Folding
from equipoise.advice.matrix import Matrix, Scale
from equipoise.advice.resample import Bootstrap
from equipoise.errors import DataError, OptionError
from equipoise.seeds import generator
from equipoise.trials.limits import Limits
from equipoise.trials.progress import now
from equipoise.trials.workers import LocalWorkers

FOLDS = 5
ALL = tuple(range(FOLDS))
PARTITIONS = 10
RACES = (2, 3, 5)  # folds of the first partition after which the hopeless leave
RACE_DRAWS = 200
HOPELESS = 0.05  # share of bootstraps in which a candidate reaches the leader
COSTLY_SHARE = 0.5  # of the contest's time, that networks may take together
TICK = 0.2  # seconds
FINAL = 1.3  # a fit on all rows against one on four folds

# Fits of the plain classifier that one fit takes, until it has been timed.
FACTORS = {
    "balanced-bagging": 5.0, "easy-ensemble": 6.0, "bagging": 10.0, "regularised": 1.5,
    "undersample": 1.0, "duplicate": 2.0, "cart": 8.0, "gaussian-copula": 5.0, "smote": 4.0,
    "borderline-smote": 3.0, "adasyn": 3.0, "gaussian-noise": 3.0, "tailcalib": 3.0,
}  # fmt: skip
# Seconds a thousand rows of ten columns of a fit of a network, until it has been timed; never below three.
NETWORKS = {
    "basic-vae": 2.0, "cvae": 3.0, "tvae": 4.0, "tvae-tailcalib": 4.0, "tabgpt": 10.0, "ctgan": 10.0,
}  # fmt: skip


class Progress(Protocol):
    """Who is told how the race goes."""

    def update(self, view: "View") -> None:
        """Take note of the race."""


@dataclass(frozen=True)
class View:
    """The race at one moment.

    Attributes
    ----------
    partition, fold : int
        Folds finished: `fold` of them in partition number `partition`, from 1.
    standings : tuple of (name, score, gain over doing nothing)
        Best first; as of the last race or partition.
    running : tuple of str
    out : dict of name to reason
        Models that have left.
    left : float
        Seconds of the whole budget.
    news : str
        What has just happened; empty where nothing but time has passed.
    """

    partition: int
    fold: int
    standings: tuple[tuple[str, float, float], ...]
    running: tuple[str, ...]
    out: dict[str, str]
    left: float
    news: str = ""


class _OutOfTime(Exception):
    """The contest's share of the budget is spent."""


@dataclass(eq=False)
class Contest:
    """One race.

    Parameters
    ----------
    table : Table
        The rows of the contest.
    models : list of Model
        Simplest first; the first is doing nothing.
    candidates : list of Candidate
    scale : Scale
    folding : callable
    bootstrap : Bootstrap
    clock : Clock
    jobs : int, default=1
        Fits at a time.
    partitions : int, default=10
        Most partitions.
    seed : int, default=0
    progress : Progress, optional
    executor : Executor, optional
        Where fits run; processes of this machine by default, which can be ended when time is up.

    Attributes
    ----------
    matrix : Matrix
    out : dict of model name to reason
    dropped : dict of Candidate to str
        When and why a candidate left the race.
    seconds : dict of model name to float
        Of its slowest fit.
    spans : list of (partition, folds)
        What may be compared: every model that is still in has finished it.
    interrupted : bool
    notes : list of str
        Fallbacks that happened.
    """

    table: Table
    models: list[Model]
    candidates: list[Candidate]
    scale: Scale
    folding: Folding
    bootstrap: Bootstrap
    clock: Clock
    jobs: int = 1
    partitions: int = PARTITIONS
    seed: int = 0
    progress: Progress | None = None
    executor: Executor | None = None
    out: dict[str, str] = field(default_factory=dict)
    dropped: dict[Candidate, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    spans: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    interrupted: bool = False
    notes: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Prepare an empty matrix."""
        self.matrix = Matrix(self.table.y, self.scale)
        self._workers = LocalWorkers(self.jobs)
        self._own = self.executor is None
        self._flying: dict[Future, tuple[Job, float]] = {}
        self._suspected: set[tuple[str, ...]] = set()
        self._standings: tuple[tuple[str, float, float], ...] = ()
        self._at = (1, 0)

    def run(self) -> None:
        """Race until the budget, the partitions or the user's patience end; Ctrl-C keeps what is finished.

        Raises
        ------
        OptionError
            The budget is too small for one partition; the message says which would do.
        DataError
            The classifier cannot be fitted on the rows as they are.
        """
        with tempfile.TemporaryDirectory(prefix="equipoise-", ignore_cleanup_errors=True) as folder:
            self._place = str(Path(folder) / "table")
            keep(self.table, Path(self._place))
            try:
                self._race()
            except _OutOfTime:
                pass
            except KeyboardInterrupt:
                self.interrupted = True
            finally:
                if self._own and self.executor is not None:
                    self._workers.stop(self.executor)
                    self.executor = None
        self.spans = self._comparable()

    @property
    def alive(self) -> list[Model]:
        """Models that are still in the race."""
        return [model for model in self.models if model.name not in self.out]

    @property
    def field(self) -> list[Candidate]:
        """Candidates that are still in the race."""
        return [
            c for c in self.candidates if c.model.name not in self.out and c not in self.dropped
        ]

    def _race(self) -> None:
        if self._own:
            self.executor = self._workers.start(Limits())
        for number in range(self.partitions):
            if number and self._needed(self.alive, FOLDS) > self._left():
                return
            self.matrix.partitions.append(self.folding(number))
            for fold in range(FOLDS):
                self._fold(number, fold)
                self._at = (number + 1, fold + 1)
                self._after(number, fold + 1)

    def _after(self, number: int, finished: int) -> None:
        if number == 0 and finished in RACES:
            self._drop_hopeless(finished)
        elif finished == FOLDS:
            self._rank([(p, ALL) for p in range(number + 1)])
        self._tell(f"partition {number + 1}, fold {finished} of {FOLDS}")
        if number == 0:
            self._spare(FOLDS - finished)

    # --- One fold

    def _fold(self, number: int, fold: int) -> None:
        waiting = deque(self._jobs_of(number, fold))
        while waiting or self._flying:
            if waiting and self._left() <= 0 and not self._flying:
                raise _OutOfTime
            limit = 1 if self._suspected else self.jobs
            while waiting and len(self._flying) < limit:
                job = waiting.popleft()
                if number == 0 and fold == 0 and not self._admits(job):
                    continue
                self._submit(job)
            done, _ = wait(self._flying, timeout=TICK, return_when=FIRST_COMPLETED)
            waiting.extendleft(self._collect(done))
            waiting.extendleft(self._end_overdue())
            self._tell("")

    def _jobs_of(self, number: int, fold: int) -> list[Job]:
        """Give the jobs of a fold: models of one synthesizer share its fit; once timed, the longest go first."""
        grouped: dict[str, list[Model]] = {}
        for model in self.alive:
            alone = model.method == "identity"
            grouped.setdefault(model.name if alone else model.method, []).append(model)
        split = self.matrix.partitions[number][fold]
        jobs = [
            Job(self._place, tuple(g), number, fold, split, self.seed) for g in grouped.values()
        ]
        if (number, fold) != (0, 0):
            jobs.sort(key=lambda job: -self._cost(job.models))
        return jobs

    def _submit(self, job: Job) -> None:
        assert self.executor is not None
        future = self.executor.submit(fit_fold, job)
        self._flying[future] = (job, now())

    def _collect(self, done: set[Future]) -> list[Job]:
        """Take the answers; give the jobs that a broken pool has lost."""
        lost = []
        for future in done:
            job, _ = self._flying.pop(future)
            try:
                answer = future.result()
            except BrokenExecutor:
                lost.append(job)
                continue
            self._suspected.discard(tuple(m.name for m in job.models))
            self._take(job, answer)
        if not lost:
            return []
        lost += [job for job, _ in self._flying.values()]
        self._restart()
        return [job for job in lost if not self._is_guilty(job)]

    def _is_guilty(self, job: Job) -> bool:
        """Say whether a job whose pool has broken ran alone; the others run alone next."""
        names = tuple(model.name for model in job.models)
        if names in self._suspected:
            self._suspected.discard(names)
            self._leave(job.models, "its process died, out of memory perhaps")
            return True
        self._suspected.add(names)
        return False

    def _restart(self) -> None:
        self._flying.clear()
        if self._own and self.executor is not None:
            self._workers.stop(self.executor)
            self.executor = self._workers.start(Limits())

    def _take(self, job: Job, answer: Answer) -> None:
        for name, reason in answer.failures.items():
            if name == self.models[0].name:
                raise DataError(f"the classifier cannot be fitted on these rows: {reason}")
            self.out.setdefault(name, f"failed: {reason}")
        for name, prediction in answer.predictions.items():
            self.matrix.add(job.partition, job.fold, name, prediction)
            self.seconds[name] = max(self.seconds.get(name, 0.0), prediction.seconds)
            self.notes |= {f"{name}: {text}": None for text in prediction.fallbacks}

    def _leave(self, models: Sequence[Model], reason: str) -> None:
        for model in models:
            self.out.setdefault(model.name, reason)

    # --- Time

    def _unit(self) -> float:
        return self.seconds.get(self.models[0].name, 0.0)

    def _cost(self, models: Sequence[Model]) -> float:
        """Give the seconds of one fold of these models, measured or guessed."""
        return sum(self.seconds.get(m.name, self._guess(m) / len(models)) for m in models)

    def _guess(self, model: Model) -> float:
        if model.costly:
            cells = len(self.table.y) * max(self.table.X.shape[1], 1) / 10_000
            return max(3.0, NETWORKS.get(model.method, 10.0) * cells)
        word = f"{model.classifier} {model.method}"
        return self._unit() * next((f for key, f in FACTORS.items() if key in word), 1.0)

    def _left(self) -> float:
        """Give the seconds that fits of the contest may still take, by the wall."""
        final = max((FINAL * self.seconds.get(m.name, 0.0) for m in self.alive), default=0.0)
        return self.clock.for_contest(final)

    def _needed(self, models: Sequence[Model], folds: int) -> float:
        return self._cost(models) * folds / self.jobs if models else 0.0

    def _admits(self, job: Job) -> bool:
        """Decide, before its first fit, whether a treatment can be afforded: cheap rungs come first."""
        if not self.seconds and not self._flying:
            return True  # doing nothing is timed first
        while not self.seconds:
            self._collect(wait(self._flying, timeout=TICK, return_when=FIRST_COMPLETED).done)
            if self._left() <= 0:
                raise _OutOfTime
        before = [m for m in self.alive if m.name in self.seconds or self._is_flying(m)]
        wanted = 2 if job.models[0].costly else FOLDS
        if self._needed(before, FOLDS) + self._needed(job.models, wanted) <= self._left():
            return True
        self._leave(job.models, f"no time: a fold takes about {said(self._cost(job.models))}")
        return False

    def _is_flying(self, model: Model) -> bool:
        return any(model in job.models for job, _ in self._flying.values())

    def _spare(self, folds: int) -> None:
        """Let go, from the most involved on, what the rest of the first partition has no time for."""
        simple = {c.model.name for c in self.candidates if c.is_simple}
        costly = [m for m in self.alive if m.costly]
        while costly and self._needed(costly, folds) > COSTLY_SHARE * max(self._left(), 0.0):
            self._leave(self._sharing(costly[-1]), self._no_time(costly[-1]))
            costly = [m for m in self.alive if m.costly]
        others = [m for m in self.alive if m.name not in simple]
        while others and self._needed(self.alive, folds) > self._left():
            self._leave(self._sharing(others[-1]), self._no_time(others[-1]))
            others = [m for m in self.alive if m.name not in simple]
        needed = self._needed(self.alive, folds)
        if folds and needed > self._left() + 0.05 * self.clock.budget:
            self._refuse(needed)

    def _sharing(self, model: Model) -> list[Model]:
        return [m for m in self.alive if m.method == model.method and m.method != "identity"] or [
            model
        ]

    def _no_time(self, model: Model) -> str:
        return f"no time: a fold takes {said(math.ceil(self._cost(self._sharing(model))))}"

    def _refuse(self, needed: float) -> None:
        smallest = (self.clock.spent + needed) / 0.8 + 2.0
        raise OptionError(
            f"a budget of {said(self.clock.budget)} is too small for one repeat on this table; about "
            f"{said(math.ceil(smallest / 5) * 5)} would do"
        )

    def _end_overdue(self) -> list[Job]:
        """End what has run out of time: the whole contest, or a first fit that takes too long; give the innocent."""
        left = self._left()
        if left <= 0 and self._flying:
            if not self._own:
                return []
            self._leave_unfinished()
            raise _OutOfTime
        late = [
            job
            for job, since in self._flying.values()
            if job.models[0].costly
            and job.partition == job.fold == 0
            and now() - since > left / 2 + 1.0
        ]
        if not late or not self._own:
            return []
        innocent = [job for job, _ in self._flying.values() if job not in late]
        self._restart()
        for job in late:
            self._leave(job.models, f"no time: a fold takes more than {said(left / 2)}")
        return innocent

    def _leave_unfinished(self) -> None:
        """In the first partition, what is in flight at the end leaves; of later ones nothing is used."""
        if len(self.matrix.partitions) == 1:
            for job, _ in self._flying.values():
                if not any(m.name == self.models[0].name for m in job.models):
                    self._leave(job.models, "no time")
        self._flying.clear()

    # --- Standings

    def _drop_hopeless(self, finished: int) -> None:
        folds = tuple(range(finished))
        found = [c for c in self.field if not self._lacks(c.model, folds)]
        rng = generator(self.seed, "race", self.table.name, finished)
        tested = np.zeros(len(self.table.y), dtype=bool)
        tested[self.matrix.rows(0, folds)] = True
        bootstrap = Bootstrap(self.bootstrap.strata, tested, self.bootstrap.groups)
        scores = np.concatenate(
            [self.matrix.scores(found, [(0, folds)], w) for w in bootstrap.draws(RACE_DRAWS, rng)]
        )
        point = self._rank([(0, folds)], found)
        leader = int(point.argmax())
        reaches = (scores >= scores[:, [leader]]).mean(axis=0)
        for j, candidate in enumerate(found):
            if reaches[j] < HOPELESS and j != leader and not candidate.is_untreated:
                self.dropped[candidate] = (
                    f"dropped after fold {finished}: reached {found[leader].name} in "
                    f"{reaches[j]:.0%} of bootstraps"
                )
        self._let_go()

    def _lacks(self, model: Model, folds: tuple[int, ...]) -> bool:
        return any((0, k, model.name) not in self.matrix.cells for k in folds)

    def _let_go(self) -> None:
        """Let models go whose candidates have all been dropped; plain bagging stays while balanced ensembles do."""
        for model in self.alive:
            own = [c for c in self.candidates if c.model == model]
            if all(c in self.dropped for c in own) and not self._is_yardstick(model):
                self.out[model.name] = self.dropped[own[0]]

    def _is_yardstick(self, model: Model) -> bool:
        if model.name != "bagging":
            return False
        return any(c.model.name in ("balanced bagging", "easy ensemble") for c in self.field)

    def _rank(self, spans: Spans, found: list[Candidate] | None = None) -> NDArray[np.float64]:
        """Give the scores (c,) of the field so far, and keep them for whoever watches."""
        found = self.field if found is None else found
        point = self.matrix.scores(found, spans, self._counting(spans)[None, :])[0]
        nothing = point[next(j for j, c in enumerate(found) if c.is_identity)]
        order = np.argsort(-point, kind="stable")
        self._standings = tuple(
            (found[j].name, float(point[j]), float(point[j] - nothing)) for j in order
        )
        return point

    def _counting(self, spans: Spans) -> NDArray[np.float32]:
        counting = np.zeros(len(self.table.y), dtype=np.float32)
        for partition, folds in spans:
            counting[self.matrix.rows(partition, folds)] = 1.0
        return counting

    def _comparable(self) -> list[tuple[int, tuple[int, ...]]]:
        """Give the partitions that all models in the race have finished, or the folds of the only one."""
        if not self.interrupted and self.matrix.partitions:
            self._leave([m for m in self.alive[1:] if self._lacks(m, ALL)], "no time")
        whole = [
            (p, folds)
            for p in range(len(self.matrix.partitions))
            if len(folds := self.matrix.folds(p, self.alive)) == FOLDS
        ]
        if whole or not self.matrix.partitions:
            return whole
        if not self.interrupted:
            self._refuse(self._needed(self.alive, FOLDS))
        folds = self.matrix.folds(0, self.models[:1])
        for model in self.alive:
            if self._lacks(model, folds):
                self.out[model.name] = "interrupted"
        return [(0, folds)] if len(folds) >= 2 else []

    def _tell(self, news: str) -> None:
        if self.progress is None:
            return
        running = tuple(job.models[0].name for job, _ in self._flying.values())
        self.progress.update(
            View(*self._at, self._standings, running, dict(self.out), self.clock.left, news)
        )
