"""Who leads, and who has no hope: pure functions of the matrix (card `advise`, step 5)."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from equipoise.advice.candidates import Candidate, Model
from equipoise.advice.choice import Spans
from equipoise.advice.matrix import Matrix
from equipoise.advice.measures import shown
from equipoise.advice.resample import Bootstrap
from equipoise.advice.view import Standings
from equipoise.classifiers.native import learns_balanced

RACES = (2, 3, 5)  # folds of the first partition after which the hopeless leave
RACE_DRAWS = 200
LEAST_DRAWS = 40  # below which nobody is dropped
HOPELESS = 0.05  # share of bootstraps in which a candidate reaches the leader


def ranked(matrix: Matrix, found: Sequence[Candidate], spans: Spans) -> tuple[NDArray, Standings]:
    """Give the scores (c,) of candidates, and (name, score, gain over doing nothing), best first."""
    counting = np.zeros((1, len(matrix.y)), dtype=np.float32)
    for partition, folds in spans:
        counting[0, matrix.rows(partition, folds)] = 1.0
    point = matrix.scores(found, spans, counting)[0]
    nothing = point[next(j for j, c in enumerate(found) if c.is_identity)]
    order = np.argsort(-point, kind="stable")
    measure = matrix.scale.measure
    told = tuple(
        (found[j].name, shown(measure, float(point[j])), float(point[j] - nothing)) for j in order
    )
    return point, told


def hopeless(
    matrix: Matrix, found: Sequence[Candidate], point: NDArray, spans: Spans, bootstrap: Bootstrap,
    rng: np.random.Generator, enough: Callable[[], bool],
) -> dict[Candidate, str]:  # fmt: skip
    """Give the candidates that hardly ever reach the leader, and say so; never nothing, the threshold or the leader.

    `enough` is asked after each piece of the bootstraps, and ends them early on a large table.
    """
    tested = np.zeros(len(matrix.y), dtype=bool)
    for partition, folds in spans:
        tested[matrix.rows(partition, folds)] = True
    pieces = []
    for weights in Bootstrap(bootstrap.strata, tested, bootstrap.groups).draws(RACE_DRAWS, rng):
        pieces.append(matrix.scores(found, spans, weights))
        if enough():
            break
    scores = np.concatenate(pieces)
    if len(scores) < LEAST_DRAWS:
        return {}
    leader = int(point.argmax())
    reaches = (scores >= scores[:, [leader]]).mean(axis=0)
    when = f"fold {len(spans[0][1])}" if len(spans) == 1 else f"partition {len(spans)}"
    return {
        candidate: f"dropped after {when}: reached {found[leader].name} in "
        f"{reaches[j]:.0%} of bootstraps"
        for j, candidate in enumerate(found)
        if reaches[j] < HOPELESS and j != leader and not candidate.is_untreated
    }


def is_yardstick(model: Model, field: Sequence[Candidate]) -> bool:
    """Whether a model stays although it is hopeless: balanced ensembles are credited for what bagging is not."""
    return model.name == "bagging" and any(learns_balanced(c.model.classifier) for c in field)
