"""What a contest can afford: seconds of fits, measured or guessed, against those that are left."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from equipoise.advice.budget import Clock, said
from equipoise.advice.candidates import Model
from equipoise.errors import OptionError

FINAL = 1.3  # a fit on all rows against one on four folds

# Fits of the plain classifier that one fit takes, until it has been timed.
FACTORS = {
    "balanced bagging": 5.0, "easy ensemble": 6.0, "bagging": 10.0, "regularised preset": 1.5,
    "duplicate": 2.0, "cart": 8.0, "gaussian-copula": 5.0, "smote": 4.0, "borderline-smote": 3.0,
    "adasyn": 3.0, "gaussian-noise": 3.0, "tailcalib": 3.0,
}  # fmt: skip
# Seconds a thousand rows of ten columns of a fit of a network, until it has been timed; never below three.
NETWORKS = {
    "basic-vae": 2.0, "cvae": 3.0, "tvae": 4.0, "tvae-tailcalib": 4.0, "tabgpt": 10.0, "ctgan": 10.0,
}  # fmt: skip
LEAST_NETWORK = 3.0


@dataclass(eq=False)
class Pace:
    """Keeps the times of fits and says what may still begin.

    Parameters
    ----------
    clock : Clock
    jobs : int
        Fits at a time.
    shape : (int, int)
        Rows and columns of the contest's table.
    plain : str
        Name of the model that does nothing, whose fit is the unit of guesses.

    Attributes
    ----------
    seconds : dict of model name to float
        Of its slowest fit on four folds.
    scoring : float
        Seconds that the driver takes after a fold, to decide, rank and race.
    """

    clock: Clock
    jobs: int
    shape: tuple[int, int]
    plain: str
    seconds: dict[str, float] = field(default_factory=dict)
    scoring: float = 0.0

    def note(self, name: str, seconds: float) -> None:
        """Take note of a fit."""
        self.seconds[name] = max(self.seconds.get(name, 0.0), seconds)

    def cost(self, models: Sequence[Model]) -> float:
        """Give the seconds of one fold of these models, measured or guessed."""
        return sum(self.seconds.get(m.name, self._guess(m) / len(models)) for m in models)

    def _guess(self, model: Model) -> float:
        if model.costly:
            cells = self.shape[0] * max(self.shape[1], 1) / 10_000
            return max(LEAST_NETWORK, NETWORKS.get(model.method, 10.0) * cells)
        factor = FACTORS.get(model.name, FACTORS.get(model.method, 1.0))
        return factor * self.seconds.get(self.plain, 0.0)

    def needed(self, models: Sequence[Model], folds: int) -> float:
        """Give the seconds by the wall of so many folds of these models."""
        return (self.cost(models) / self.jobs + self.scoring) * folds if models else 0.0

    def left(self, alive: Sequence[Model]) -> float:
        """Give the seconds by the wall that folds may still take, the winner's final fit set aside."""
        final = max((FINAL * self.seconds.get(m.name, 0.0) for m in alive), default=0.0)
        return self.clock.for_contest(final)

    def no_time(self, models: Sequence[Model]) -> str:
        """Say why models are let go."""
        about = "" if any(m.name in self.seconds for m in models) else "about "
        return f"no time: a fold takes {about}{said(math.ceil(self.cost(models)))}"

    def too_small(self, needed: float) -> OptionError:
        """Give the error for a budget in which not even the simple treatments are finished."""
        smallest = (self.clock.spent + needed) / 0.8 + 2.0
        return OptionError(
            f"a budget of {said(self.clock.budget)} is too small for one repeat on this table; about "
            f"{said(math.ceil(smallest / 5) * 5)} would do"
        )
