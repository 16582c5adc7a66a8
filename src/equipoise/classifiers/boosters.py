"""Classifiers made of XGBoost models: how they predict, and how they are kept in a file, as the models' own bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.classifiers._base import Classifier
from equipoise.classifiers._booster_checks import check_booster
from equipoise.classifiers.matrices import native, native_types
from equipoise.errors import OptionError
from equipoise.tables.coded import Coded
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


class BoosterClassifier(Classifier):
    """The mean probabilities of one or more XGBoost models on native levels and missing values."""

    parameters: Mapping[str, Any] = {}
    _models: list[Any]

    def _probabilities(self, table: Coded) -> NDArray:
        matrix = native(self.schema, table)
        total = np.zeros((len(table), len(self.classes_)))
        for model in self._models:
            total += model.predict_proba(matrix)
        return total / len(self._models)

    def _state(self) -> Boosters:
        """Give what a file keeps."""
        models = self._models if self._learns else []
        raw = [model.get_booster().save_raw("ubj") for model in models]
        state = Boosters(
            self.schema, self.n_classes, self.random_state, dict(self.parameters), self._known,
            self.classes_, self._shares, tuple(np.frombuffer(part, dtype=np.uint8) for part in raw),
        )  # fmt: skip
        try:
            state.check()
        except ValueError as error:
            raise OptionError(
                f"this model of XGBoost cannot be saved: {error}; a newer version of Equipoise may "
                "know the format of the XGBoost that is installed: pip install -U equipoise"
            ) from error
        return state

    def _restore(self, state: Any) -> None:
        """Become the classifier that a file keeps."""
        if not isinstance(state, Boosters):
            raise ValueError("its classifier is not kept as boosters")
        state.check()
        Classifier.__init__(
            self, schema=state.schema, n_classes=state.n_classes, random_state=state.random_state
        )
        self.parameters = state.parameters
        self._known, self.classes_, self._shares = state.known, state.classes, state.shares
        self._learns = state.learns
        self._models = [_loaded(state, part.tobytes()) for part in state.raw]


def unfitted_booster(schema: Schema, parameters: Mapping[str, Any], random_state: int) -> Any:
    """Make an `XGBClassifier` of one thread for the matrix of a schema."""
    from xgboost import XGBClassifier

    return XGBClassifier(
        **parameters,
        enable_categorical=True,
        feature_types=native_types(schema),
        n_jobs=1,
        random_state=random_state,
    )


def _loaded(state: Boosters, raw: bytes) -> Any:
    from xgboost.core import XGBoostError

    model = unfitted_booster(state.schema, {}, state.random_state)
    try:
        model.load_model(bytearray(raw))
    except XGBoostError:
        raise ValueError("XGBoost cannot read one of its boosters") from None
    return model
