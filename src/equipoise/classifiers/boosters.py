"""Classifiers made of XGBoost models, as they are kept in a file: the models' own bytes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.classifiers._booster_checks import check_booster
from equipoise.classifiers.learners import Booster
from equipoise.tables.schema import Schema


@dataclass(frozen=True, eq=False)
class Boosters:
    """A fitted classifier of boosters, as it stands in a file.

    Attributes
    ----------
    schema : Schema
    n_classes, random_state : int
    parameters : dict of str to int or float
        Settings of the models, for the record; predictions need none.
    known : list of (levels,) bool
        Which levels of each discrete column training met.
    classes : (c,) int
        Class positions that training had.
    shares : (c,) float
        Their weights in training.
    raw : tuple of (bytes,) uint8
        One booster each, as `Booster.save_raw` gives it; none where there was nothing to learn.
    """

    schema: Schema
    n_classes: int
    random_state: int
    parameters: dict[str, int | float]
    known: list[NDArray[np.bool_]]
    classes: NDArray[np.int64]
    shares: NDArray[np.float64]
    raw: tuple[NDArray[np.uint8], ...]

    @property
    def learns(self) -> bool:
        """Whether there was something to learn."""
        return len(self.classes) > 1 and len(self.schema) > len(self.schema.carried)

    def check(self) -> None:
        """Refuse parts that do not fit together.

        Raises
        ------
        ValueError
            They do not.
        """
        c, levels = self.classes, [len(column.levels) for column in self.schema.discrete]
        if not (
            c.ndim == 1 and len(c) and c[0] >= 0 and c[-1] < self.n_classes and (np.diff(c) > 0).all()
        ):  # fmt: skip
            raise ValueError("the classes of its classifier are not in order")
        if self.shares.shape != c.shape or not (
            np.isfinite(self.shares).all() and (self.shares >= 0).all()
        ):
            raise ValueError("the shares of its classifier do not fit its classes")
        if [known.shape for known in self.known] != [(n,) for n in levels]:
            raise ValueError("the levels of its classifier do not fit its columns")
        if bool(self.raw) != self.learns:
            raise ValueError("the boosters of its classifier do not fit its classes and columns")
        for raw in self.raw:
            check_booster(raw.tobytes(), self.schema, len(c))


def loaded(state: Boosters) -> list[Any]:
    """Give the models of a file as `XGBClassifier`.

    Raises
    ------
    ValueError
        XGBoost cannot read one of them.
    """
    from xgboost.core import XGBoostError

    models = []
    for raw in state.raw:
        model = Booster(state.schema, {}).make(state.random_state)
        try:
            model.load_model(bytearray(raw.tobytes()))
        except XGBoostError:
            raise ValueError("XGBoost cannot read one of its boosters") from None
        models.append(model)
    return models
