"""Experiments as they are written: TOML files, tables of one's own, and what a call sets."""

import dataclasses
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from equipoise.errors import OptionError
from equipoise.registry import METHODS, check_parameters, method
from equipoise.trials.experiment import DECISIONS, Cells, Experiment, TableFile
from equipoise.trials.protocols import FAIR
from equipoise.trials.variants import parameters_of, read_variants

EXPERIMENTS = Path(__file__).parent / "experiments"
KEYS = {"name", "title", "datasets", "methods", "classifiers", "repeats", "controls", "cells"}
KEYS |= {"parameters", "quality", "protocol", "variants"}


def experiment_names() -> list[str]:
    """Give the names of the experiments in the package."""
    return sorted(path.stem for path in EXPERIMENTS.glob("*.toml"))


def load_experiment(name: str) -> Experiment:
    """Read an experiment by name, or from a TOML file of one's own.

    Raises
    ------
    OptionError
        There is none of that name, or the file does not hold one; the message says where.
    """
    path = Path(name) if name.endswith(".toml") else EXPERIMENTS / f"{name}.toml"
    if not path.is_file():
        raise OptionError(
            f"there is no experiment {name!r}; the experiments are "
            f"{', '.join(experiment_names())}, or a file of your own ending in .toml"
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OptionError(f"{path} is not a TOML file: {error}") from None
    return from_dict(content, str(path))


def from_dict(content: dict[str, Any], where: str) -> Experiment:
    """Build an experiment from the values of a TOML file.

    Raises
    ------
    OptionError
        A key is unknown or absent, or a value has another type than expected.
    """
    if unknown := sorted(set(content) - KEYS):
        raise OptionError(
            f"{where}: unknown key {unknown[0]!r}; an experiment has {', '.join(sorted(KEYS))}"
        )
    for key in ("name", "datasets", "methods", "cells"):
        if key not in content:
            raise OptionError(f"{where}: the key {key!r} is missing")
    if Path(str(content["name"])).name != content["name"]:
        raise OptionError(
            f"{where}: the name {content['name']!r} must be a plain word, since it names the run folder"
        )
    cells = content["cells"]
    if not isinstance(cells, list) or not all(isinstance(part, dict) for part in cells):
        raise OptionError(f"{where}: cells must be tables, each headed [[cells]]")
    products = []
    for part in cells:
        if unknown := sorted(set(part) - {"plans", "decisions", "methods"}):
            raise OptionError(f"{where}: unknown key {unknown[0]!r} in [[cells]]")
        products.append(
            Cells(
                words(part.get("plans", ["balance"]), f"{where}: plans"),
                words(part.get("decisions", ["plain"]), f"{where}: decisions"),
                words(part.get("methods", []), f"{where}: methods"),
            )
        )
    parameters = _parameters(content.get("parameters", {}), f"{where}: parameters")
    variants, own = read_variants(content.get("variants", {}), f"{where}: variants")
    methods = words(content["methods"], f"{where}: methods")
    named = [m for part in products for m in part.methods]
    _check_taking_part(named, methods, f"{where}: [[cells]]")
    _check_taking_part(
        parameters, [*methods, *(v.method for v in variants)], f"{where}: [parameters]"
    )
    for variant in variants:  # is its method as this experiment has it, but for what it says itself
        parameters[variant.name] = {**parameters.get(variant.method, {}), **own[variant.name]}
    return Experiment(
        name=str(content["name"]),
        title=str(content.get("title", "")),
        datasets=words(content["datasets"], f"{where}: datasets"),
        methods=methods,
        cells=tuple(products),
        classifiers=words(content.get("classifiers", ["xgboost"]), f"{where}: classifiers"),
        controls=_switch(content.get("controls", True), f"{where}: controls"),
        quality=_switch(content.get("quality", True), f"{where}: quality"),
        repeats=content.get("repeats", 5),
        parameters=tuple((name, parameters_of(name, given)) for name, given in parameters.items()),
        protocol=str(content.get("protocol", FAIR)),
        variants=variants,
    )


def _check_taking_part(names: Iterable[str], methods: Sequence[str], where: str) -> None:
    for name in names:
        if name not in ("identity", *methods):
            raise OptionError(
                f"{where} names {name!r}, which takes no part; the methods are {', '.join(dict.fromkeys(methods))}"
            )


def _parameters(values: Any, where: str) -> dict[str, dict[str, Any]]:
    """Read ``[parameters.METHOD]`` tables."""
    if not isinstance(values, dict) or not all(isinstance(v, dict) for v in values.values()):
        raise OptionError(f"{where} must be tables, each headed [parameters.METHOD]")
    for name in values:
        method(name)
    return dict(values)


def with_parameters(experiment: Experiment, given: Mapping[str, Mapping[str, Any]]) -> Experiment:
    """Give the experiment with parameters of its methods set, beside those that it sets itself.

    Raises
    ------
    OptionError
        A method does not take part, has no such parameter, or has variants, which would stay as they are.
    """
    found = {name: dict(own) for name, own in experiment.parameters}
    for name, own in given.items():
        if name not in experiment.methods:
            raise OptionError(
                f"{name} takes no part, so it has no parameters to set; the methods are "
                f"{', '.join(experiment.methods)}"
            )
        variants = [v.name for v in experiment.variants if v.method == name]
        if variants:
            raise OptionError(
                f"{name} is compared with {', '.join(variants)}, which would stay as they are; change it in a "
                "TOML file of your own, where they follow"
            )
        check_parameters(experiment.entry(name), own)
        found[name] = {**found.get(name, {}), **own}
    pairs = tuple((name, parameters_of(name, own)) for name, own in found.items())
    return dataclasses.replace(experiment, parameters=pairs)


def words(values: Any, where: str) -> tuple[str, ...]:
    """Give a list of texts as a tuple, each once.

    Raises
    ------
    OptionError
        It is no list of texts.
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise OptionError(f"{where} must be a list of words, got {values!r}")
    return tuple(dict.fromkeys(str(value).strip() for value in values))


def own_tables(
    files: Sequence[TableFile],
    methods: Sequence[str] = (),
    repeats: int = 5,
) -> Experiment:
    """Give the experiment that tables of one's own get: XGBoost, plan `balance`, all decisions."""
    return Experiment(
        name="-".join(file.name for file in files),
        title=f"The fair trial on {', '.join(file.name for file in files)}",
        datasets=(),
        files=tuple(files),
        methods=tuple(methods) or tuple(m.name for m in METHODS.values() if not m.needs_law),
        cells=(
            Cells(("none",), DECISIONS, ("identity",)),
            Cells(("balance",), ("plain", "balanced", "ladder", "threshold", "corrected")),
        ),
        repeats=repeats,
    )


def _switch(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise OptionError(f"{where} must be true or false, got {value!r}")
    return value
