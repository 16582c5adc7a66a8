"""What can be told of restored state without using it: types of fields, indices within bounds, parts that fit."""

import dataclasses
import functools
import types
import typing
from typing import Any, Literal

import numpy as np
import pandas as pd

from equipoise.tables.coded import Coded
from equipoise.tables.frames import Container
from equipoise.tables.labels import Labels
from equipoise.tables.schema import Schema


def checked(cls: Any, values: dict[str, Any], *, strict: bool) -> Any:
    """Make a dataclass from the values of its fields, all of the types that it declares if `strict`.

    Raises
    ------
    ValueError
        A field is unknown, lacking, or holds what it cannot.
    """
    fields = {f.name: f for f in dataclasses.fields(cls)}
    if unknown := [name for name in values if name not in fields]:
        raise ValueError(f"{cls.__name__} has no field {unknown[0][:80]!r}")
    hints = _hints(cls) if strict else {}
    for name, value in values.items():
        if not fits(value, hints.get(name, Any)):
            raise ValueError(f"the field {name} of a {cls.__name__} is a {type(value).__name__}")
    made = cls(**{name: value for name, value in values.items() if fields[name].init})
    for name, value in values.items():
        if not fields[name].init:
            object.__setattr__(made, name, value)
    check = CHECKS.get(cls.__name__) if strict else None
    if check is not None and not check(made):
        raise ValueError(f"the arrays of a {cls.__name__} do not fit together")
    return made


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(cls)
    except NameError:  # a name imported for type checkers only
        return {}


def fits(value: Any, hint: Any) -> bool:
    """Tell whether a value is of a declared type; a hint that cannot be looked into fits everything."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if origin is Literal:
        return value in parts
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, part) for part in parts)
    if origin is np.ndarray:
        return isinstance(value, np.ndarray) and _kind_fits(value, parts)
    if origin is tuple and len(parts) == 2 and parts[1] is Ellipsis:
        return isinstance(value, tuple) and all(fits(v, parts[0]) for v in value)
    if origin is tuple:
        return (
            isinstance(value, tuple) and len(value) == len(parts) and all(map(fits, value, parts))
        )
    if origin is list:
        return isinstance(value, list) and all(fits(v, parts[0]) for v in value)
    if origin is dict:
        return isinstance(value, dict) and all(
            fits(k, parts[0]) and fits(v, parts[1]) for k, v in value.items()
        )
    if hint is int:
        return isinstance(value, int | np.integer) and not isinstance(value, bool)
    if hint is float:
        return isinstance(value, int | float | np.integer | np.floating)
    if hint is None or hint is types.NoneType:
        return value is None
    if not isinstance(hint, type) or getattr(hint, "_is_protocol", False):
        return True
    return isinstance(value, hint)


def _kind_fits(value: np.ndarray, parts: tuple) -> bool:
    scalar = typing.get_args(parts[1])[:1] if len(parts) > 1 else ()
    declared = scalar[0] if scalar and isinstance(scalar[0], type) else np.generic
    if declared in (np.generic, np.number, np.floating, np.integer):
        return True
    return np.dtype(declared).kind == value.dtype.kind


def _splits(made: Any) -> bool:
    """Tell whether a tree ends: children come after their parents, and every node without children is a leaf."""
    n = len(made.feature)
    arrays = (made.threshold, made.left, made.right, made.leaf)
    if n == 0 or any(a.shape != (n,) for a in (made.feature, *arrays)):
        return False
    inner = made.feature >= 0
    after = np.flatnonzero(inner)
    children = np.stack([made.left[inner], made.right[inner]])
    leaves = made.leaf[~inner]
    return bool((children > after).all() and (children < n).all() and (leaves >= 0).all())


def _pools(made: Any) -> bool:
    n_leaves = int(made.splits.leaf.max()) + 1
    starts = made.starts
    whole = starts.shape == (n_leaves + 1,) and starts[0] == 0 and starts[-1] == len(made.rows)
    return bool(whole and (np.diff(starts) > 0).all() and (made.rows >= 0).all())


def _coded(made: Any) -> bool:
    flat = made.numbers.ndim == made.codes.ndim == 2
    return flat and len(made.numbers) == len(made.codes) and bool((made.codes >= -1).all())


CHECKS = {"Splits": _splits, "Pools": _pools, "Coded": _coded}

BASE: dict[str, type] = {
    "container_": Container,
    "labels_": Labels,
    "schema_": Schema,
    "class_counts_": np.ndarray,
    "fallbacks_": dict,
    "history_": dict,
    "_identifiers": dict,
    "_header": pd.Index,
    "_complete": tuple,
}


def check_method(method: Any, values: list[Any]) -> None:
    """Check what all synthesizers have, and that the restored codes are levels of the schema.

    Raises
    ------
    ValueError
        Something is lacking or does not fit.
    """
    for name, kind in BASE.items():
        if not isinstance(getattr(method, name, None), kind):
            raise ValueError(f"its {name} is no {kind.__name__}")
    schema, n_classes = method.schema_, len(method.labels_)
    counts = method.class_counts_
    if (
        not n_classes
        or counts.shape != (n_classes,)
        or counts.dtype.kind != "i"
        or counts.min() < 0
    ):
        raise ValueError("its classes and their counts do not fit together")
    if len(method._header) != len(schema):
        raise ValueError("its columns and their names do not fit together")
    places = [j for j, column in enumerate(schema.columns) if column.kind == "identifier"]
    held = method._identifiers
    if list(held) != places or not all(isinstance(v, pd.Series) and len(v) for v in held.values()):
        raise ValueError("its identifier columns and their values do not fit together")
    widths = (len(schema.numbers), len(schema.discrete))
    if [getattr(part, "shape", None) for part in method._complete] != [
        (width,) for width in widths
    ]:
        raise ValueError("its record of complete columns does not fit its columns")
    sizes = np.array([len(column.levels) for column in schema.discrete], dtype=np.int64)
    for table in values:
        if isinstance(table, Coded) and (table.numbers.shape[1], table.codes.shape[1]) == widths:
            if (table.codes >= sizes).any():
                raise ValueError("a table in it has levels that its columns have not")
    method.sample({})  # no rows: every part that gives rows back is used once
