"""The race: all candidates on the same folds, the hopeless dropped early, within a budget (card, steps 3 to 6).

Fits run in processes of this machine, so that one that takes too long can be ended. The driver goes fold by fold: all
models that are still in the race meet a fold before the next begins, so that finished folds are always paired.
"""

import tempfile
from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path

from equipoise.advice.budget import Clock, said
from equipoise.advice.candidates import Candidate, Model
from equipoise.advice.choice import Spans
from equipoise.advice.fitting import Answer, Job, Table, fit_fold, keep
from equipoise.advice.folds import Folding
from equipoise.advice.matrix import Matrix, Scale
from equipoise.advice.pace import Pace
from equipoise.advice.race import RACES, hopeless, is_yardstick, ranked
from equipoise.advice.resample import Bootstrap
from equipoise.advice.view import Progress, Standings, View
from equipoise.errors import DataError
from equipoise.seeds import generator
from equipoise.trials.limits import Limits
from equipoise.trials.progress import now
from equipoise.trials.workers import LocalWorkers

FOLDS = 5
ALL = tuple(range(FOLDS))
PARTITIONS = 10
RACE_SHARE = 0.05  # of the budget, that the bootstraps of a race may take: less, the more partitions there are
COSTLY_SHARE = 0.5  # of the contest's time, that networks may take together
TICK = 0.2  # seconds
LEAST_LATE = 2.0  # seconds that any first fit may take
RESTART = 4.0  # seconds until new processes have begun


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
    races : tuple of int, default=(2, 3, 5)
        Folds of the first partition after which the hopeless leave, as after every later one; none: all stay.

    Attributes
    ----------
    matrix : Matrix
    out : dict of model name to reason
    dropped : dict of Candidate to str
        When and why a candidate left the race.
    pace : Pace
    spans : list of (partition, folds)
        What may be compared: every model that is still in has finished it.
    interrupted : bool
    notes : dict of str to None
        Fallbacks that happened, in their order.
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
    races: tuple[int, ...] = RACES
    out: dict[str, str] = field(default_factory=dict)
    dropped: dict[Candidate, str] = field(default_factory=dict)
    spans: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    interrupted: bool = False
    notes: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Prepare an empty matrix."""
        self.matrix = Matrix(self.table.y, self.scale)
        self.pace = Pace(self.clock, self.jobs, self.table.X.shape, self.models[0].name)
        self._workers = LocalWorkers(self.jobs)
        self._own = self.executor is None
        self._flying: dict[Future, tuple[Job, float]] = {}
        self._suspected: set[tuple[str, ...]] = set()
        self._standings: Standings = ()
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
            if number and self.pace.needed(self.alive, FOLDS) > self._left():
                return
            self.matrix.partitions.append(self.folding(number))
            for fold in range(FOLDS):
                self._fold(number, fold)
                self._at = (number + 1, fold + 1)
                self._after(number, fold + 1)

    def _after(self, number: int, finished: int) -> None:
        began = now()
        whole = finished == FOLDS
        spans = [(p, ALL) for p in range(number + whole)] or [(0, tuple(range(finished)))]
        goes_on = number + 1 < self.partitions  # a race after the last would spare no fit
        if self.races and (whole and goes_on if number else finished in self.races):
            self._drop_hopeless(spans)
        elif whole:
            _, self._standings = ranked(self.matrix, self.field, spans)
        self.pace.scoring = max(self.pace.scoring, (now() - began) / FOLDS)
        self._tell(f"partition {number + 1}, fold {finished} of {FOLDS}")
        if number == 0:
            self._spare(FOLDS - finished)

    # --- One fold

    def _fold(self, number: int, fold: int) -> None:
        waiting = deque(self._jobs_of(number, fold))
        while waiting or self._flying:
            if waiting and self._left() <= 0 and not self._flying:
                raise _OutOfTime
            alone = self._suspected or not self.pace.seconds  # doing nothing is timed first
            limit = 1 if alone else self.jobs
            while waiting and len(self._flying) < limit:
                job = waiting.popleft()
                if number == 0 and fold == 0 and not self._admits(job):
                    continue
                if not self._submit(job):
                    waiting.appendleft(job)
                    break
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
            jobs.sort(key=lambda job: -self.pace.cost(job.models))
        return jobs

    def _submit(self, job: Job) -> bool:
        """Send a job; False if the pool had broken and was made anew."""
        assert self.executor is not None
        try:
            future = self.executor.submit(fit_fold, job)
        except BrokenExecutor:
            if not self._flying:  # else the broken futures tell whose fault it was
                self._restart()
            return False
        self._flying[future] = (job, now())
        return True

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
            if self.models[0] in job.models:
                raise DataError(
                    "fitting the classifier on the rows as they are ended its process, out of memory perhaps; "
                    "use fewer rows or columns"
                )
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
            self.pace.note(name, prediction.seconds)
            self.notes |= {f"{name}: {text}": None for text in prediction.fallbacks}

    def _leave(self, models: Sequence[Model], reason: str) -> None:
        for model in models:
            self.out.setdefault(model.name, reason)

    # --- Time

    def _left(self) -> float:
        return self.pace.left(self.alive)

    def _admits(self, job: Job) -> bool:
        """Decide, before its first fit, whether a treatment can be afforded: cheap rungs come first."""
        known = self.pace.seconds
        if not known:
            return True
        before = [m for m in self.alive if m.name in known or self._is_flying(m)]
        wanted = 2 if job.models[0].costly else FOLDS
        needed = self.pace.needed(before, FOLDS) + self.pace.needed(job.models, wanted)
        if needed <= self._left():
            return True
        self._leave(job.models, self.pace.no_time(job.models))
        return False

    def _is_flying(self, model: Model) -> bool:
        return any(model in job.models for job, _ in self._flying.values())

    def _spare(self, folds: int) -> None:
        """Let go, from the most involved on, what the rest of the first partition has no time for."""
        simple = {c.model.name for c in self.candidates if c.is_simple}
        needed = self.pace.needed
        costly = [m for m in self.alive if m.costly]
        while costly and needed(costly, folds) > COSTLY_SHARE * max(self._left(), 0.0):
            self._let_go_for_time(costly[-1])
            costly = [m for m in self.alive if m.costly]
        others = [m for m in self.alive if m.name not in simple]
        while others and needed(self.alive, folds) > self._left():
            self._let_go_for_time(others[-1])
            others = [m for m in self.alive if m.name not in simple]
        if folds and needed(self.alive, folds) > self._left() + 0.05 * self.clock.budget:
            raise self.pace.too_small(needed(self.alive, folds))

    def _let_go_for_time(self, model: Model) -> None:
        """Let go of a model, and of those that share its treatment's fit."""
        sharing = [m for m in self.alive if m.method == model.method and m.method != "identity"]
        self._leave(sharing or [model], self.pace.no_time(sharing or [model]))

    def _end_overdue(self) -> list[Job]:
        """End what has run out of time: the whole contest, or a first fit that takes too long; give the innocent."""
        left = self._left()
        if left <= 0 and self._flying:
            if not self._own:
                return []
            self._leave_unfinished()
            raise _OutOfTime
        late = {
            job: now() - since for job, since in self._flying.values() if self._is_late(job, since)
        }
        if not late or not self._own:
            return []
        innocent = [job for job, _ in self._flying.values() if job not in late]
        self._restart()
        for job, spent in late.items():
            self._leave(job.models, f"no time: a fold takes more than {said(spent)}")
        return innocent

    def _is_late(self, job: Job, since: float) -> bool:
        """Say whether a first fit takes what others need: half of what is left, or the simple treatments' time."""
        simple = [c.model for c in self.candidates if c.is_simple and c.rule == "plain"]
        if job.partition or job.fold or any(model in simple for model in job.models):
            return False
        left = self._left()
        others = self.pace.needed(simple, FOLDS - 1) + RESTART
        return now() - since > max(min(left / 2, left - others), LEAST_LATE)

    def _leave_unfinished(self) -> None:
        """In the first partition, what is in flight at the end leaves; of later ones nothing is used."""
        if len(self.matrix.partitions) == 1:
            for job, _ in self._flying.values():
                if not any(m.name == self.models[0].name for m in job.models):
                    self._leave(job.models, "no time")
        self._flying.clear()

    # --- Standings

    def _drop_hopeless(self, spans: Spans) -> None:
        found = [c for c in self.field if not self._lacks(c.model, spans[0][1])]
        rng = generator(self.seed, "race", self.table.name, sum(len(folds) for _, folds in spans))
        point, self._standings = ranked(self.matrix, found, spans)
        until = self.clock.spent + RACE_SHARE / len(spans) * self.clock.budget
        now_dropped = hopeless(
            self.matrix, found, point, spans, self.bootstrap, rng, lambda: self.clock.spent > until
        )
        self.dropped |= now_dropped
        for model in self.alive:
            own = [c for c in self.candidates if c.model == model]
            if all(c in self.dropped for c in own) and not is_yardstick(model, self.field):
                last = [c for c in own if c in now_dropped] or own
                self.out[model.name] = self.dropped[last[-1]]

    def _lacks(self, model: Model, folds: tuple[int, ...]) -> bool:
        return any((0, k, model.name) not in self.matrix.cells for k in folds)

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
            raise self.pace.too_small(self.pace.needed(self.alive, FOLDS))
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
