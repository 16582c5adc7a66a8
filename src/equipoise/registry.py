"""The methods, as one literal dictionary; a method's class is imported when it is used.

`code_version` is raised by whoever changes a method's numbers: stored results of an older one stop counting.
"""

import importlib
import importlib.util
import inspect
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal

from equipoise import plugins
from equipoise.errors import MissingExtra, OptionError

Family = Literal[
    "none", "resampling", "noise", "neighbours", "trees", "copula", "network", "language model",
    "own",
]  # fmt: skip


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
    max_rows : int
        Rows of a table above which a benchmark skips it, with that reason; 0 if there is no limit.
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
    max_rows: int = 0
    code_version: int = 1


_S = "equipoise.synthesizers"

# What a report says of the stand-in for a pretrained language model, so that nobody takes one for the other.
STAND_IN = "tabgpt"
STAND_IN_IS = (
    "is a small transformer trained from scratch on the training rows: the stand-in for a pretrained language model, "
    "and none itself"
)

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
    "gaussian-copula": Method(
        "gaussian-copula", f"{_S}.gaussian_copula:GaussianCopula", "copula", "Patki et al. 2016"
    ),
    "tailcalib": Method(
        "tailcalib", f"{_S}.tailcalib:TailCalib", "noise", "Vigneswaran et al. 2021"
    ),
    "basic-vae": Method(
        "basic-vae",
        f"{_S}.basic_vae:BasicVAE",
        "network",
        "the tutorial, as published",
        costly=True,
        extra="torch",
    ),
    "cvae": Method(
        "cvae",
        f"{_S}.conditional_vae:ConditionalVAE",
        "network",
        "the tutorial, repaired",
        costly=True,
        extra="torch",
    ),
    "tvae": Method(
        "tvae",
        f"{_S}.tvae:TVAE",
        "network",
        "Xu et al. 2019",
        costly=True,
        extra="torch",
        code_version=3,
    ),
    "tvae-tailcalib": Method(
        "tvae-tailcalib",
        f"{_S}.latent_tailcalib:LatentTailCalib",
        "network",
        "TailCalib in the latent space of a TVAE",
        costly=True,
        extra="torch",
        code_version=2,
    ),
    "ctgan": Method(
        "ctgan",
        f"{_S}.ctgan:CTGAN",
        "network",
        "Xu et al. 2019",
        costly=True,
        extra="torch",
        code_version=6,
    ),
    "tabgpt": Method(
        "tabgpt",
        f"{_S}.tabgpt:TabGPT",
        "network",
        "the idea of GReaT from scratch, no pretrained model",
        costly=True,
        extra="torch",
        code_version=3,
    ),
    "great": Method(
        "great",
        f"{_S}.great:GReaT",
        "language model",
        "Borisov et al. 2023, a pretrained language model",
        costly=True,
        extra="llm",
        max_rows=1_000,
        code_version=2,
    ),
}

VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
EXTRAS = {"torch": "torch", "llm": "transformers", "dask": "distributed"}


def method(name: str) -> Method:
    """Give a method by name: Equipoise's, that of an installed package, or the user's own as ``module:Class``.

    Raises
    ------
    OptionError
        There is no such method, or what brings it is broken.
    """
    if name in METHODS:
        return METHODS[name]
    if ":" in name:
        return _own(name, name, "the user's own")
    if (plugin := plugins.find(name)) is not None:
        try:
            return _own(name, plugin.target, plugin.package)
        except OptionError as error:
            raise OptionError(
                f"the method {name!r} of {plugin.package} is broken: {error}"
            ) from error
    known = ", ".join((*METHODS, *plugins.names(METHODS)))
    raise OptionError(
        f"there is no method {name!r}; the methods are {known}, or your own as module:Class"
    )


def installed(tell: Callable[[str], None]) -> list[Method]:
    """Give the methods that other packages bring; those that cannot be used are told of, one sentence each.

    Parameters
    ----------
    tell : callable
        Takes a sentence.
    """
    found = []
    for name in plugins.names(METHODS):
        try:
            found.append(method(name))
        except OptionError as error:
            tell(str(error))
    for sentence in plugins.unreachable(METHODS):
        tell(sentence)
    return found


def _own(name: str, target: str, source: str) -> Method:
    """Take a class that is not Equipoise's: a synthesizer, or an imbalanced-learn sampler under `balance`.

    Its code version is a hash of its source and of where it comes from, so that results of older code stop counting.
    """
    cls = load_class(target)
    makes_rows = hasattr(cls, "fit") and hasattr(cls, "sample")
    if not makes_rows and not hasattr(cls, "fit_resample"):
        raise OptionError(
            f"{target} is no method: it needs fit(X, y) and sample(n), or fit_resample(X, y)"
        )
    try:
        text = inspect.getsource(cls)
    except (OSError, TypeError):
        text = ""
    if name != target:
        text += source  # a package's class may rest on other files of it
    version = zlib.crc32(text.encode())
    plans = () if makes_rows else ("balance",)
    return Method(name, target, "own", source, plans=plans, code_version=version)


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
        The text is not of that form, names nothing, or its module cannot be imported.
    """
    module, _, attribute = target.partition(":")
    if not module or not attribute:
        raise OptionError(f"a class is named as module:Class, got {target!r}")
    try:
        return attrgetter(attribute)(importlib.import_module(module))
    except (ImportError, AttributeError) as error:
        raise OptionError(f"cannot import {target!r}: {error}") from error
    except Exception as error:  # a stranger's module may raise anything while it is imported
        reason = f"{type(error).__name__}: {error}"
        raise OptionError(f"cannot import {target!r}: {reason}") from error


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


def check_parameters(entry: Method, given: Mapping[str, Any]) -> None:
    """Refuse what a person cannot set: a parameter that a method does not have, a value that is out of its range.

    What the seed, the plan or the table decides cannot be set, either.

    Raises
    ------
    OptionError
        The sentence names the parameters that there are, or says what was expected of a value.
    """
    if not given:
        return
    if not entry.target:
        raise OptionError(f"{entry.name} leaves the rows as they are; it has no parameters to set")
    if missing_extra(entry):
        return
    decided = {"random_state": "the seed"}  # by whom a trial is asked for, not by its parameters
    if entry.needs_law:
        decided["law"] = "the table"
    if entry.name == "undersample":
        decided["sampling_strategy"] = "the plan"
    there = inspect.signature(load_class(entry.target)).parameters.values()
    known = [p.name for p in there if p.kind not in VARIADIC and p.name not in decided]
    takes_any = any(p.kind is p.VAR_KEYWORD for p in there)
    for name in given:
        if name in decided:
            raise OptionError(f"{name} of {entry.name} follows from {decided[name]}; leave it out")
        if name not in known and not takes_any:
            offer = f"its parameters are {', '.join(known)}" if known else "it has none to set"
            raise OptionError(f"{entry.name} has no parameter {name!r}; {offer}")
    check_values = getattr(load_class(entry.target), "_check_options", None)
    if check_values is not None and not entry.needs_law:
        check_values(load_class(entry.target)(**given))
