"""The methods, as one literal dictionary; a method's class is imported when it is used.

`code_version` is raised by whoever changes a method's numbers: stored results of an older one stop counting.
"""

import importlib
import importlib.util
import inspect
import zlib
from dataclasses import dataclass
from typing import Any, Literal

from equipoise.errors import MissingExtra, OptionError

Family = Literal["none", "resampling", "noise", "neighbours", "trees", "network"]


@dataclass(frozen=True)
class Method:
    """One treatment of the training rows.

    Attributes
    ----------
    name : str
    target : str
        ``module:Class``; empty for `identity`, which does nothing.
    family : str
    source : str
        Where the method comes from.
    plans : tuple of str
        The only plans that make sense; empty if all do.
    costly : bool
        Whether fits are costly, so that thresholds are tuned on one inner split in place of five folds.
    extra : str
        The extra that brings its packages; empty if the core suffices.
    needs_law : bool
        Whether it runs on tables of a known law only.
    code_version : int
    """

    name: str
    target: str
    family: Family
    source: str
    plans: tuple[str, ...] = ()
    costly: bool = False
    extra: str = ""
    needs_law: bool = False
    code_version: int = 1


_S = "equipoise.synthesizers"

METHODS: dict[str, Method] = {
    "identity": Method("identity", "", "none", "the rows as they are", plans=("none",)),
    "duplicate": Method(
        "duplicate", f"{_S}.duplicate:Duplicate", "resampling", "random over-sampling"
    ),
    "oracle": Method(
        "oracle",
        "equipoise.trials.oracle:Oracle",
        "none",
        "fresh rows of a known law",
        needs_law=True,
    ),
    "undersample": Method(
        "undersample",
        "imblearn.under_sampling:RandomUnderSampler",
        "resampling",
        "random under-sampling",
        plans=("balance",),
    ),
    "independent": Method(
        "independent", f"{_S}.independent:IndependentColumns", "noise", "the floor"
    ),
    "gaussian-noise": Method(
        "gaussian-noise", f"{_S}.gaussian_noise:GaussianNoise", "noise", "jittered rows"
    ),
    "smote": Method("smote", f"{_S}.smote:Smote", "neighbours", "Chawla et al. 2002"),
    "borderline-smote": Method(
        "borderline-smote",
        f"{_S}.borderline_smote:BorderlineSmote",
        "neighbours",
        "Han et al. 2005",
    ),
    "adasyn": Method("adasyn", f"{_S}.adasyn:Adasyn", "neighbours", "He et al. 2008"),
    "cart": Method("cart", f"{_S}.cart:Cart", "trees", "Reiter 2005"),
    "tvae": Method(
        "tvae", f"{_S}.tvae:TVAE", "network", "Xu et al. 2019", costly=True, extra="torch"
    ),
}

EXTRAS = {"torch": "torch", "llm": "transformers", "dask": "distributed"}


def method(name: str) -> Method:
    """Give a method by name, or one of the user's own as ``module:Class``.

    Raises
    ------
    OptionError
        There is no such method.
    """
    if name in METHODS:
        return METHODS[name]
    if ":" in name:
        return _own(name)
    raise OptionError(
        f"there is no method {name!r}; the methods are {', '.join(METHODS)}, "
        "or your own as module:Class"
    )


def _own(name: str) -> Method:
    """Take a class of the user's own: a synthesizer, or an imbalanced-learn sampler under `balance`.

    Its code version is a hash of its source, so that results of older code stop counting.
    """
    cls = load_class(name)
    makes_rows = hasattr(cls, "fit") and hasattr(cls, "sample")
    if not makes_rows and not hasattr(cls, "fit_resample"):
        raise OptionError(
            f"{name} is no method: it needs fit(X, y) and sample(n), or fit_resample(X, y)"
        )
    try:
        source = inspect.getsource(cls)
    except (OSError, TypeError):
        source = ""
    version = zlib.crc32(source.encode())
    plans = () if makes_rows else ("balance",)
    return Method(name, name, "none", "the user's own", plans=plans, code_version=version)


def missing_extra(entry: Method) -> str:
    """Say what is missing and the command that brings it; empty if nothing is."""
    if entry.extra and importlib.util.find_spec(EXTRAS[entry.extra]) is None:
        return (
            f"{entry.name} needs {EXTRAS[entry.extra]}, which is not installed: "
            f"pip install 'equipoise[{entry.extra}]'"
        )
    return ""


def load_class(target: str) -> type:
    """Import the class behind ``module:Class``.

    Raises
    ------
    OptionError
        The text is not of that form, or names nothing.
    """
    module, _, attribute = target.partition(":")
    if not module or not attribute:
        raise OptionError(f"a class is named as module:Class, got {target!r}")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise OptionError(f"cannot import {target!r}: {error}") from error


def make(name: str, random_state: Any = None, **parameters: Any) -> Any:
    """Make an unfitted instance of a method.

    Raises
    ------
    OptionError
        There is no such method, or it is `identity`, of which there is nothing to make.
    MissingExtra
        Its packages are not installed.
    """
    entry = method(name)
    if not entry.target:
        raise OptionError(f"{name!r} leaves the rows as they are; there is nothing to fit")
    if reason := missing_extra(entry):
        raise MissingExtra(reason)
    return load_class(entry.target)(random_state=random_state, **parameters)
