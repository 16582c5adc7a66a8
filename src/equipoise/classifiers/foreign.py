"""Any scikit-learn classifier: named ``module:Class``, or an instance as a prototype."""

import importlib
import inspect
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier

from equipoise.classifiers._base import Classifier
from equipoise.classifiers.matrices import OneHot, Standardised
from equipoise.errors import OptionError
from equipoise.seeds import seed_parts
from equipoise.tables.coded import Coded
from equipoise.tables.schema import Schema


class Foreign(Classifier):
    """A scikit-learn classifier on one-hot levels and standardised numbers.

    Missing numbers get the median and an indicator column. A class gets its default parameters, `random_state` where it
    has one, and one job where its default is more; an instance keeps its parameters, and what has no seed gets one.

    Parameters
    ----------
    source : str or classifier
        ``module:Class``, such as ``sklearn.linear_model:LogisticRegression``, or an instance, which is cloned.
    schema : Schema
    n_classes : int
    random_state : int, default=0
    """

    def __init__(
        self, *, source: Any, schema: Schema, n_classes: int, random_state: int = 0
    ) -> None:
        super().__init__(schema=schema, n_classes=n_classes, random_state=random_state)
        self.source = source

    def _fit(self, table: Coded, y: NDArray[np.int64], weights: NDArray | None) -> None:
        self._model = make_foreign(self.source, self.random_state)
        self._one_hot = OneHot(self.schema).fit(table)
        self._standardised = Standardised().fit(self._one_hot.numbers(table))
        matrix = self._matrix(table)
        if weights is None:
            self._model.fit(matrix, y)
            return
        if not accepts_weights(self._model):
            raise OptionError(
                f"the classifier {_said(self.source)} takes no weights, so the decisions 'balanced' and "
                "'ladder' cannot be made with it; leave them out or choose another classifier"
            )
        self._model.fit(matrix, y, sample_weight=weights)

    def _probabilities(self, table: Coded) -> NDArray:
        return self._model.predict_proba(self._matrix(table))

    def _matrix(self, table: Coded) -> NDArray[np.float64]:
        numbers = self._standardised.transform(self._one_hot.numbers(table))
        return np.hstack([numbers, self._one_hot.levels(table)])


def accepts_weights(model: Any) -> bool:
    """Whether the `fit` of a scikit-learn classifier has a parameter `sample_weight`."""
    return "sample_weight" in inspect.signature(model.fit).parameters


def make_foreign(source: Any, random_state: int) -> Any:
    """Make the scikit-learn classifier behind ``module:Class``, or a clone of an instance.

    Raises
    ------
    OptionError
        The name leads nowhere, or either is no classifier with probabilities.
    """
    if isinstance(source, str):
        return _made(source, random_state)
    if isinstance(source, type):
        raise OptionError(
            f"the classifier {source.__name__} is a class; give an instance of it, "
            f"{source.__name__}(), or its name as module:Class"
        )
    _check(source, source)
    return seed_parts(clone(source), random_state)


def _made(name: str, random_state: int) -> Any:
    found = _load(name)
    try:
        model = found()
    except TypeError as error:
        raise OptionError(
            f"the classifier {name} cannot be made without arguments: {error}"
        ) from error
    _check(model, name)
    own = model.get_params(deep=False)
    fixed = {"random_state": random_state} if "random_state" in own else {}
    if own.get("n_jobs") not in (None, 1):  # None is one job, and some classes object to any number
        fixed["n_jobs"] = 1
    return model.set_params(**fixed)


def _check(model: Any, source: Any) -> None:
    if not (hasattr(model, "fit") and hasattr(model, "get_params") and is_classifier(model)):
        raise OptionError(
            f"{_said(source)} is not a scikit-learn classifier; name a class that is one"
        )
    if not hasattr(model, "predict_proba"):
        raise OptionError(
            f"the classifier {_said(source)} gives no probabilities, which ranking scores and "
            "thresholds need; name one that has predict_proba"
        )


def _said(source: Any) -> str:
    return source if isinstance(source, str) else type(source).__name__


def _load(name: str) -> Any:
    path, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(path)
    except (ImportError, ValueError, TypeError) as error:
        raise OptionError(
            f"the classifier {name!r} cannot be imported ({error}); it must be module:Class, "
            "such as sklearn.linear_model:LogisticRegression"
        ) from error
    found = getattr(module, attribute, None)
    if not isinstance(found, type):
        near = get_close_matches(attribute, [k for k in dir(module) if not k.startswith("_")], n=3)
        raise OptionError(
            f"there is no class {attribute!r} in {path}"
            + (f"; did you mean {' or '.join(near)}?" if near else "; give it as module:Class")
        )
    return found
