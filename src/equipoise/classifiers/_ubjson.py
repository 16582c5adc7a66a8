"""Universal Binary JSON, as XGBoost writes it, read without taking anything on trust.

XGBoost reads its own bytes in C++, which believes lengths and indices. A file may come from a stranger, so its boosters
are read here first. Whatever is not as XGBoost writes it is a `ValueError`: a form that only one of two readers knows
would let a stranger show each of them another model.
"""

from typing import Any

import numpy as np

MOST_DEPTH = 32
TYPES = {
    "i": ">i1", "U": ">u1", "I": ">i2", "l": ">i4", "L": ">i8", "d": ">f4", "D": ">f8",
}  # fmt: skip
LENGTHS = {"i": 1, "U": 1, "I": 2, "l": 4, "L": 8}  # in bytes
WORDS = {"T": True, "F": False, "Z": None}


def read(raw: bytes) -> Any:
    """Give the value of a document: dicts, lists, texts, numbers, truth values; typed arrays as arrays."""
    reader = _Reader(raw)
    value = reader.value(reader.marker(), 0)
    if reader.at != len(raw):
        raise ValueError("a booster is followed by bytes that are none of it")
    return value


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self.raw, self.at = raw, 0

    def take(self, n: int) -> bytes:
        if not 0 <= n <= len(self.raw) - self.at:
            raise ValueError("a booster is cut short")
        self.at += n
        return self.raw[self.at - n : self.at]

    def marker(self) -> str:
        return self.take(1).decode("latin-1")

    def value(self, marker: str, depth: int) -> Any:
        if depth > MOST_DEPTH:
            raise ValueError("a booster is nested too deeply")
        if marker in TYPES:
            return self.numbers(marker, 1)[0].item()
        if marker in WORDS:
            return WORDS[marker]
        if marker == "S":
            return self.text()
        if marker == "{":
            return self.object(depth)
        if marker == "[":
            return self.array(depth)
        raise ValueError(f"a booster holds the marker {marker!r}")

    def numbers(self, marker: str, n: int) -> np.ndarray:
        dtype = np.dtype(TYPES[marker])
        return np.frombuffer(self.take(n * dtype.itemsize), dtype=dtype)

    def length(self) -> int:
        if (marker := self.marker()) not in LENGTHS:
            raise ValueError(f"a length of a booster has the marker {marker!r}")
        n = int.from_bytes(self.take(LENGTHS[marker]), "big", signed=marker != "U")
        if not 0 <= n <= len(self.raw):
            raise ValueError("a length of a booster is beyond its bytes")
        return n

    def text(self) -> str:
        return self.take(self.length()).decode("utf-8")

    def object(self, depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        while self.raw[self.at : self.at + 1] != b"}":
            key = self.text()
            if key in out:
                raise ValueError(f"a booster has {key[:80]!r} twice")
            out[key] = self.value(self.marker(), depth + 1)
        self.at += 1
        return out

    def array(self, depth: int) -> Any:
        if self.raw[self.at : self.at + 1] == b"$":
            self.at += 1
            marker = self.marker()
            if marker not in TYPES or self.marker() != "#":
                raise ValueError("an array of a booster has no type of numbers")
            return self.numbers(marker, self.length())
        if self.marker() != "#":
            raise ValueError("an array of a booster has no length")
        return [self.value(self.marker(), depth + 1) for _ in range(self.length())]
