"""Arrays as plain bytes: little-endian numbers whose length must agree with the stored shape.

Nothing is unpickled and nothing is unpacked, so a hostile file cannot make a reader allocate more than its own size.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray


def pack(array: NDArray, kind: str) -> bytes:
    """Give the bytes of an array as little-endian `kind` ("i4", "f4" or "f8"), in row order."""
    return np.ascontiguousarray(array, dtype=f"<{kind}").tobytes()


def unpack(blob: object, kind: str, *shape: int) -> NDArray:
    """Give back a read-only array of `shape`.

    Raises
    ------
    ValueError
        If the bytes are not exactly as many as the shape needs.
    """
    dtype = np.dtype(f"<{kind}")
    size = dtype.itemsize
    for length in shape:
        if not isinstance(length, int) or length < 0:
            raise ValueError(f"a stored array declares the shape {shape}")
        size *= length
    if not isinstance(blob, bytes) or len(blob) != size:
        came = f"{len(blob)} bytes" if isinstance(blob, bytes) else type(blob).__name__
        raise ValueError(f"a stored array of shape {shape} must be {size} bytes, found {came}")
    return np.frombuffer(blob, dtype=dtype).reshape(shape)


def digest(*blobs: bytes) -> str:
    """Name the content of some blobs."""
    total = hashlib.blake2b(digest_size=16)
    for blob in blobs:
        total.update(len(blob).to_bytes(8, "little"))
        total.update(blob)
    return total.hexdigest()
