"""Values to nodes and tensors: the writing half of `codec`."""

import base64
import dataclasses
import functools
import inspect
import math
import sys
from collections.abc import Collection, Iterable
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import OptionError
from equipoise.saving import codec_pandas
from equipoise.saving.allowed import ALLOWED, is_own, key_of
from equipoise.saving.codec import (
    DTYPE,
    FALSE,
    FLOAT,
    INT,
    MOST_DEPTH,
    OTHER,
    SINGLE,
    TEXT,
    TRUE,
    hides_code,
    is_stream,
)

NATIVE = {f"<{kind}{size}" for kind in "iuf" for size in (2, 4, 8)} | {"|b1", "|i1", "|u1"}
LARGEST_INT = 2**63


class Encoder:
    """Turns values into nodes and tensors.

    Parameters
    ----------
    owner : str
        Whose state it is, for messages.

    Attributes
    ----------
    nodes : list
    tensors : dict of str to ndarray
    """

    def __init__(self, owner: str) -> None:
        self.nodes: list[list] = []
        self.tensors: dict[str, NDArray] = {}
        self._owner = owner
        self._places: dict[int, int] = {}
        self._kept: list[Any] = []  # what has a place stays alive, lest its id be given anew
        self._open: set[int] = set()
        self._path: list[str] = []
        self._depths: list[int] = []
        self._below: list[int] = [0]  # of each value that is being written, the depth of its parts

    def child(self, value: Any, step: str = "") -> Any:
        """Give what stands for a value in a node: itself, or ``[i]``."""
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        if kind is int and -LARGEST_INT < value < LARGEST_INT:
            return value
        if kind is float and math.isfinite(value):
            return value
        if id(value) not in self._places:
            self._write(value, step)
        place = self._places[id(value)]
        self._below[-1] = max(self._below[-1], self._depths[place])
        return [place]

    def _write(self, value: Any, step: str) -> None:
        self._path.append(step)
        if id(value) in self._open:
            self.refuse(value, "contains itself")
        self._open.add(id(value))
        self._below.append(0)
        if len(self._path) > MOST_DEPTH:
            self.refuse(value, "is nested too deeply")
        node = self._node(value)
        self._depths.append(1 + self._below.pop())
        if self._depths[-1] > MOST_DEPTH:
            self.refuse(value, "is nested too deeply")
        self._open.discard(id(value))
        self._path.pop()
        self._places[id(value)] = len(self.nodes)
        self._kept.append(value)
        self.nodes.append(node)

    def refuse(self, value: Any, why: str) -> NoReturn:
        """Say what cannot be saved, and where it is."""
        raise OptionError(
            f"cannot save this {self._owner}: {''.join(self._path).lstrip('.')} "
            f"(a {type(value).__name__}) {why}"
        )

    def attributes(self, value: Any, leave_out: Collection[str] = ()) -> dict[str, Any]:
        """Give children for the attributes of an instance; what its class computes again is left out."""
        cls = type(value)
        forgotten = getattr(cls, "_not_saved", ())
        out = {}
        for name, held in vars(value).items():
            static = inspect.getattr_static(cls, name, None)
            if name in leave_out or isinstance(static, functools.cached_property):
                continue
            if hides_code(cls, name):
                self.refuse(held, f"is in the attribute {name!r}, which is also a method")
            forget = name in forgotten or (name == "random_state" and is_stream(held))
            out[name] = self.child(None if forget else held, f".{name}")
        return out

    def named(self, value: Any) -> str:
        """Give the name of a value's class in the file."""
        cls = type(value)
        key = key_of(cls)
        if key not in ALLOWED and not is_own(cls):
            self.refuse(
                value,
                f"is of the class {key}, which no file may name; what can be kept is numbers, texts, arrays, "
                "dataclasses, and networks with a `config`",
            )
        return key

    def store(self, array: NDArray) -> str:
        """Keep an array of a native dtype, in row order, under a new name."""
        name = f"{len(self.tensors):04d}"
        self.tensors[name] = array
        return name

    def _node(self, value: Any) -> list:
        kind = type(value)
        if kind is float:
            return ["float", repr(value)]
        if kind is int:
            return ["int", hex(value)]
        if kind is bytes:
            return ["bytes", base64.b64encode(value).decode("ascii")]
        if kind is tuple or kind is list:
            return [kind.__name__, *(self.child(v, f"[{i}]") for i, v in enumerate(value))]
        if kind is set or kind is frozenset:
            return [kind.__name__, *(self.child(v, "{}") for v in sorted(value, key=repr))]
        if kind is dict:
            return ["dict", *self._pairs(value)]
        if kind is np.ndarray:
            return self._array(value)
        if isinstance(value, np.generic):
            array = np.array([value])
            self._check_dtype(value, array.dtype)
            return ["numpy", array.dtype.str, array.tobytes().hex()]
        if isinstance(value, np.dtype):
            if value.kind != "O":
                self._check_dtype(value, value)
            return ["dtype", value.str]
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.Tensor | torch.nn.Module):
            from equipoise.saving import codec_torch

            return codec_torch.encode(value, self)
        try:
            node = codec_pandas.encode(value, self.child)
        except codec_pandas.CannotBeKept as reason:
            self.refuse(value, str(reason))
        return node or self._object(value)

    def _pairs(self, value: dict) -> Iterable[Any]:
        for key, held in value.items():
            yield self.child(key, f"[{key!r}]")
            yield self.child(held, f"[{key!r}]")

    def _object(self, value: Any) -> list:
        cls = type(value)
        key = self.named(value)
        if hasattr(cls, "_restore"):
            return ["restored", key, self.child(value._state(), "._state()")]
        if dataclasses.is_dataclass(cls):
            fields = [f.name for f in dataclasses.fields(cls)]
            return ["object", key, {f: self.child(getattr(value, f), f".{f}") for f in fields}]
        return ["object", key, self.attributes(value)]

    def _check_dtype(self, value: Any, dtype: np.dtype) -> None:
        if not DTYPE.fullmatch(dtype.str):
            self.refuse(value, f"is of the dtype {dtype}, which a file cannot hold")

    def _array(self, value: NDArray) -> list:
        if value.dtype == object:
            return self._cells(value)
        if value.dtype.itemsize == 0:
            value = value.astype(f"{value.dtype.kind}1")
        self._check_dtype(value, value.dtype)
        # The order in memory is kept: sums and products may depend on it in their last digit.
        order = sorted(range(value.ndim), key=lambda axis: -value.strides[axis])
        turned = value.transpose(order)
        if value.flags.c_contiguous or not turned.flags.c_contiguous:
            turned, order = np.array(value, order="C", copy=None), []
        if turned.dtype.str in NATIVE:
            return ["array", self.store(turned), order]
        raw = turned.reshape(-1).view(np.uint8)
        return ["raw", self.store(raw), order, turned.dtype.str, list(turned.shape)]

    def _cells(self, value: NDArray) -> list:
        kinds = np.empty(value.size, dtype=np.uint8)
        ints, floats, texts, others = [], [], [], []
        for i, cell in enumerate(value.ravel()):
            kinds[i] = code = _code_of(cell)
            if code == INT:
                ints.append(cell)
            elif code == FLOAT:
                floats.append(cell)
            elif code == TEXT:
                texts.append(cell.encode("utf-8", "surrogatepass"))
            elif code == OTHER:
                others.append(self.child(cell, f"[{i}]"))
        parts: list[NDArray] = [
            kinds,
            np.array(ints, dtype=np.int64),
            np.array(floats, dtype=np.float64),
            np.frombuffer(b"".join(texts), dtype=np.uint8),
            np.array([len(text) for text in texts], dtype=np.int64),
        ]
        names = [self.store(part) if len(part) else None for part in parts]
        return ["cells", list(value.shape), *names, others]


def _code_of(cell: Any) -> int:
    kind = type(cell)
    if kind is str:
        return TEXT
    if kind is float:
        return FLOAT
    if kind is int and -LARGEST_INT <= cell < LARGEST_INT:
        return INT
    if kind is bool:
        return TRUE if cell else FALSE
    for code, single in SINGLE.items():
        if cell is single:
            return code
    return OTHER
