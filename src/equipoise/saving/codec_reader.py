"""Nodes and tensors to values: the reading half of `codec`, which takes nothing on trust."""

import base64
import dataclasses
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.saving import codec_pandas
from equipoise.saving.allowed import ALLOWED, class_of
from equipoise.saving.codec import (
    DTYPE,
    FLOAT,
    INT,
    MOST_DEPTH,
    MOST_EMPTY,
    OTHER,
    SINGLE,
    TEXT,
    hides_code,
)
from equipoise.saving.state_checks import checked

MOST_WEIGHT = 10_000_000  # of nested tuples, counted as if nothing were shared: hashing one takes so many steps
SEQUENCES: dict[str, Callable[[Iterable], Any]] = {
    "tuple": tuple,
    "list": list,
    "set": set,
    "frozenset": frozenset,
}


class Decoder:
    """Turns nodes and tensors back into values; whatever is not as `Encoder` writes it is a `ValueError`.

    Parameters
    ----------
    nodes : list
    tensors : dict of str to ndarray
    trusted : collection of str
        Classes outside of the table that may be named.

    Attributes
    ----------
    values : list
        One a node.
    """

    def __init__(
        self, nodes: list, tensors: Mapping[str, NDArray], trusted: Collection[str]
    ) -> None:
        self.values: list[Any] = []
        self._tensors = tensors
        self._trusted = trusted
        self._depths: list[int] = []
        self._weights: list[int] = []
        for node in nodes:
            self._depth, self._weight = 1, 1
            self.values.append(self._decode(node))
            if self._depth > MOST_DEPTH or self._weight > MOST_WEIGHT:
                raise ValueError("its values are nested too deeply")
            self._depths.append(self._depth)
            self._weights.append(self._weight)

    def child(self, slot: Any) -> Any:
        """Give the value that a part of a node stands for."""
        if slot is None or isinstance(slot, bool | int | float | str):
            return slot
        if not (isinstance(slot, list) and len(slot) == 1 and type(slot[0]) is int):
            raise ValueError(f"{str(slot)[:80]} stands for no value")
        if not 0 <= slot[0] < len(self._weights):
            raise ValueError(f"node {slot[0]} is used before it is there")
        self._depth = max(self._depth, 1 + self._depths[slot[0]])
        self._weight += self._weights[slot[0]]
        return self.values[slot[0]]

    def attributes(self, new: Any, slots: Any) -> Any:
        """Put children into the attributes of an instance, unless they would hide its code."""
        for name, held in self.named(slots).items():
            if hides_code(type(new), name):
                raise ValueError(f"{type(new).__name__} has no attribute {name[:80]!r}")
            vars(new)[name] = held
        return new

    def named(self, slots: Any) -> dict[str, Any]:
        """Give the values of a JSON object of children."""
        if not isinstance(slots, dict):
            raise ValueError(f"{str(slots)[:80]} holds no names")
        return {name: self.child(slot) for name, slot in slots.items()}

    def cls(self, key: Any) -> type:
        """Give the class of a name."""
        return class_of(key, self._trusted)

    def tensor(self, name: Any) -> NDArray:
        """Give a tensor by name."""
        if not isinstance(name, str) or name not in self._tensors:
            raise ValueError(f"it lacks the tensor {str(name)[:80]!r}")
        return self._tensors[name]

    def _decode(self, node: Any) -> Any:
        if not isinstance(node, list) or not node or not isinstance(node[0], str):
            raise ValueError(f"{str(node)[:80]} is no node")
        tag, *parts = node
        if tag in SEQUENCES:
            value = SEQUENCES[tag]([self.child(part) for part in parts])
        elif tag in READERS:
            value = READERS[tag](self, *parts)
        elif tag in ("tensor", "module"):
            from equipoise.saving import codec_torch

            value = getattr(codec_torch, tag)(self, *parts)
        elif tag in codec_pandas.READERS:
            value = codec_pandas.READERS[tag](self.child, *parts)
        else:
            raise ValueError(f"it holds a {tag[:80]!r}, which is not known here")
        if not isinstance(value, tuple | frozenset) and not dataclasses.is_dataclass(value):
            self._weight = 1
        return value


def _float(decoder: Decoder, text: Any) -> float:
    if text not in ("nan", "inf", "-inf"):
        raise ValueError(f"{str(text)[:80]!r} is no number")
    return float(text)


def _dict(decoder: Decoder, *parts: Any) -> dict:
    values = [decoder.child(part) for part in parts]
    return dict(zip(values[::2], values[1::2], strict=True))


def _numpy(decoder: Decoder, dtype: str, cell: str) -> np.generic:
    return np.frombuffer(bytes.fromhex(cell), dtype=_dtype(decoder, dtype))[0]


def _dtype(decoder: Decoder, text: str) -> np.dtype:
    if text != "|O" and not DTYPE.fullmatch(text):
        raise ValueError(f"{str(text)[:80]!r} is no dtype")
    return np.dtype(text)


def _array(decoder: Decoder, name: str, order: list) -> NDArray:
    return _turned_back(decoder.tensor(name), order)


def _raw(decoder: Decoder, name: str, order: list, dtype: str, shape: list) -> NDArray:
    raw, kind = decoder.tensor(name), _dtype(decoder, dtype)
    if kind.hasobject or kind.itemsize == 0 or raw.dtype != np.uint8:
        raise ValueError(f"an array of bytes cannot be read as {dtype!r}")
    return _turned_back(raw.view(kind).reshape(_shape(shape, raw.size // kind.itemsize)), order)


def _turned_back(array: NDArray, order: list) -> NDArray:
    if not order:
        return array
    if sorted(order) != list(range(array.ndim)):
        raise ValueError(f"an array of {array.ndim} dimensions has the order {str(order)[:80]}")
    return array.transpose(np.argsort(order))


def _shape(shape: Any, size: int) -> tuple[int, ...]:
    whole = isinstance(shape, list) and all(
        type(n) is int and 0 <= n <= max(size, MOST_EMPTY) for n in shape
    )
    if not whole or math.prod(shape) != size:
        raise ValueError(f"{size} cells cannot have the shape {str(shape)[:80]}")
    return tuple(shape)


def _cells(decoder: Decoder, shape: list, *parts: Any) -> NDArray:
    *names, others = parts
    kinds, ints, floats, texts, lengths = (
        [] if name is None else decoder.tensor(name).tolist() for name in names
    )
    text, at = bytes(texts), 0
    words = []
    for length in lengths:
        if not 0 <= length <= len(text) - at:
            raise ValueError("the texts of an array are cut wrongly")
        words.append(text[at : at + length].decode("utf-8", "surrogatepass"))
        at += length
    queues = {
        INT: iter(ints),
        FLOAT: iter(floats),
        TEXT: iter(words),
        OTHER: iter([decoder.child(other) for other in others]),
    }
    out = np.empty(len(kinds), dtype=object)
    for i, code in enumerate(kinds):
        out[i] = SINGLE[code] if code in SINGLE else next(queues[code], NotImplemented)
        if out[i] is NotImplemented:
            raise ValueError("an array of objects lacks cells")
    return out.reshape(_shape(shape, len(kinds)))


def _object(decoder: Decoder, key: str, slots: Any) -> Any:
    cls: Any = decoder.cls(key)
    if hasattr(cls, "load_state_dict") or hasattr(cls, "_restore"):
        raise ValueError(f"{key} is not stored as its attributes")
    if dataclasses.is_dataclass(cls):
        return checked(cls, decoder.named(slots), strict=key in ALLOWED)
    return decoder.attributes(cls.__new__(cls), slots)


def _restored(decoder: Decoder, key: str, slot: Any) -> Any:
    cls: Any = decoder.cls(key)
    if not hasattr(cls, "_restore"):
        raise ValueError(f"{key} is stored as its attributes")
    new = cls.__new__(cls)
    new._restore(decoder.child(slot))
    return new


READERS: dict[str, Callable[..., Any]] = {
    "float": _float,
    "int": lambda decoder, text: int(text, 16),
    "bytes": lambda decoder, text: base64.b64decode(text, validate=True),
    "dict": _dict,
    "numpy": _numpy,
    "dtype": _dtype,
    "array": _array,
    "raw": _raw,
    "cells": _cells,
    "object": _object,
    "restored": _restored,
}
