"""What can be told of an `AugmentedClassifier` from a file: parts that fit, and a first prediction."""

from typing import Any

import numpy as np
import pandas as pd

from equipoise.classifiers.ensembles import Estimators
from equipoise.saving.state_checks import fits
from equipoise.tables.coded import Coded, decode
from equipoise.tables.labels import Labels
from equipoise.tables.schema import Schema

KINDS: dict[str, Any] = {
    "schema_": Schema,
    "labels_": Labels,
    "classes_": np.ndarray,
    "classifier_": Estimators,
    "deliveries_": tuple,
    "n_features_in_": int,
    "synthetic_rows_": int | None,
    "method_": None,
}
SHARES = ("trained_prior_", "natural_prior_", "prior_")


def check_augmented(model: Any) -> None:
    """Check that the parts of a restored `AugmentedClassifier` fit together, and have it predict.

    Raises
    ------
    ValueError
        Something is lacking or does not fit.
    """
    for name, kind in KINDS.items():
        if not (hasattr(model, name) and fits(getattr(model, name), kind)):
            raise ValueError(f"its {name} is lacking or of another kind")
    model.get_params(deep=True)  # a method or classifier in it may lack its own
    labels, classifier = model.labels_, model.classifier_
    if classifier.schema is not model.schema_ or classifier.n_classes != len(labels):
        raise ValueError("its classifier is of other columns or classes")
    if not np.array_equal(model.classes_, np.asarray(labels.decode(np.arange(len(labels))))):
        raise ValueError("its classes do not fit its labels")
    _check_columns(model)
    _check_numbers(model, len(labels))
    _check_costs(model, len(labels))
    _predict_once(model)


def _check_columns(model: Any) -> None:
    names = getattr(model, "feature_names_in_", None)
    if model.n_features_in_ != len(model.schema_):
        raise ValueError("its number of columns does not fit its columns")
    if names is not None and (
        not isinstance(names, np.ndarray) or names.tolist() != model.schema_.names
    ):
        raise ValueError("its names of columns do not fit its columns")


def _check_numbers(model: Any, n_classes: int) -> None:
    for name in (*SHARES, "_offsets"):
        numbers: Any = getattr(model, name, None)
        if not isinstance(numbers, np.ndarray) or numbers.dtype.kind != "f":
            raise ValueError(f"its {name} is lacking or of another kind")
        if numbers.shape != (n_classes,) or not np.isfinite(numbers).all():
            raise ValueError(f"its {name} does not fit its classes")
        if name in SHARES and ((numbers < 0).any() or abs(numbers.sum() - 1) > 1e-6):
            raise ValueError(f"its {name} holds no shares of classes")


def _check_costs(model: Any, n_classes: int) -> None:
    costs = getattr(model, "_costs", None)
    if costs is not None and not (
        isinstance(costs, np.ndarray)
        and costs.dtype.kind == "f"
        and costs.shape == (n_classes, n_classes)
        and np.isfinite(costs).all()
    ):
        raise ValueError("its costs do not fit its classes")


def _predict_once(model: Any) -> None:
    """Predict a row of missing cells, and a frame without rows as a user would give it."""
    schema, classifier = model.schema_, model.classifier_
    if classifier._learns:
        cells = np.full((1, len(schema.numbers)), np.nan), np.full((1, len(schema.discrete)), -1)
        if not np.isfinite(classifier._probabilities(Coded(*cells))).all():
            raise ValueError("its classifier gives no probabilities")
    empty = Coded(np.empty((0, len(schema.numbers))), np.empty((0, len(schema.discrete)), int))
    frame = decode(schema, empty)
    for place, column in enumerate(schema.columns):
        if column.kind == "identifier":
            frame.insert(place, column.name, pd.Series(dtype=column.dtype))
    model.predict(frame)
    model.predict_proba(frame)
