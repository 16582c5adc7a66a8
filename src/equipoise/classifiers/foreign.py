"""Any scikit-learn classifier: named ``module:Class``, or an instance as a prototype."""

import importlib
import inspect
from difflib import get_close_matches
from typing import Any

from sklearn.base import clone, is_classifier

from equipoise.errors import OptionError
from equipoise.seeds import seed_parts


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
