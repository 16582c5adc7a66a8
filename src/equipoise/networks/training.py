"""One training loop for all networks.

A step belongs to the method: it takes a batch, moves the parameters and gives back what it wants to see recorded. The
loop counts, evaluates, keeps the best state and knows when to stop; it knows no loss.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Budget:
    """How long to train.

    Attributes
    ----------
    max_steps : int
    min_steps : int
        Steps before which patience does not run out.
    evaluate_every : int
        Steps between evaluations.
    patience : int
        Evaluations without a better score after which training stops.
    """

    max_steps: int
    min_steps: int = 0
    evaluate_every: int = 50
    patience: int = 20


@dataclass
class Training:
    """What a training left.

    Attributes
    ----------
    n_steps : int
        Steps taken.
    best_step : int
        Steps after which the state that was kept had been reached.
    stopped : str
        Why training ended.
    failed : bool
        Whether it ended on a number that is not finite.
    history : dict of str to list of float
        ``step``, the means since the last evaluation of all that steps gave, and ``score`` if there is one. All lists
        are of one length.
    """

    n_steps: int = 0
    best_step: int = 0
    stopped: str = ""
    failed: bool = False
    history: dict[str, list[float]] = field(default_factory=dict)


def train(
    module: nn.Module,
    step: Callable[[Any], Mapping[str, Tensor]],
    batches: Iterator[Any],
    budget: Budget,
    evaluate: Callable[[], float] | None = None,
) -> Training:
    """Train until the budget or the patience is spent, and leave the best state in `module`.

    Parameters
    ----------
    module : nn.Module
        Holds every parameter and buffer that steps move.
    step : callable
        Takes a batch, moves the parameters, gives named scalars to be recorded; one of them that is not finite ends
        the training.
    batches : iterator
        Gives as many batches as are asked for; a training ends early if it does not.
    budget : Budget
    evaluate : callable, optional
        Gives a score on rows that are not trained on, lower is better. Without it the last finite state is kept.

    Returns
    -------
    Training
    """
    out = Training()
    best, best_score, stale = _snapshot(module), math.inf, 0
    for record in _intervals(step, batches, budget, out):
        score = None if evaluate is None else float(evaluate())
        seen = [*record.values(), 0.0 if score is None else score]
        if not all(map(math.isfinite, seen)) or not _is_finite(module):
            out.failed = True
            out.stopped = f"a number was not finite at step {out.n_steps}"
            break
        _append(out.history, out.n_steps, record, score)
        if score is None or score < best_score:
            best, best_score, stale = _snapshot(module), score if score is not None else math.inf, 0
            out.best_step = out.n_steps
        else:
            stale += 1
        if stale >= budget.patience and out.n_steps >= budget.min_steps:
            out.stopped = f"no better score in {stale} evaluations"
            break
    module.load_state_dict(best)
    return out


def _intervals(
    step: Callable[[Any], Mapping[str, Tensor]],
    batches: Iterator[Any],
    budget: Budget,
    out: Training,
) -> Iterator[dict[str, float]]:
    """Take the steps up to each evaluation, and give the means of what they gave."""
    while out.n_steps < budget.max_steps:
        n = min(budget.evaluate_every, budget.max_steps - out.n_steps)
        sums: dict[str, Tensor] = {}
        taken = 0
        for batch in itertools.islice(batches, n):
            for name, value in step(batch).items():
                sums[name] = sums[name] + value if name in sums else value.detach().clone()
            taken += 1
        out.n_steps += taken
        if taken < n:
            out.stopped = "there are no more batches"
        if taken:
            yield {name: float(total) / taken for name, total in sums.items()}
        if taken < n:
            return
    out.stopped = "the budget of steps is spent"


def _append(
    history: dict[str, list[float]], step: int, record: Mapping[str, float], score: float | None
) -> None:
    row = {"step": float(step), **record} | ({} if score is None else {"score": score})
    for name, value in row.items():
        history.setdefault(name, []).append(value)


def _is_finite(module: nn.Module) -> bool:
    return all(bool(torch.isfinite(p).all()) for p in module.parameters())


def _snapshot(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in module.state_dict().items()}
