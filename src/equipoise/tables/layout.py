"""Where each column of a table lies in an encoded row: the contract between an encoder and a network.

A row is a concatenation of spans. A `tanh` span is one scalar in [-1, 1]; a `softmax` span is a one-hot block.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import DataError


@dataclass(frozen=True)
class Span:
    """A run of positions of an encoded row.

    Attributes
    ----------
    start, stop : int
        First position, and the one after the last.
    activation : {"tanh", "softmax"}
        What a network should put on these positions.
    column : int
        Position in `Schema.columns` of the column that it encodes.
    """

    start: int
    stop: int
    activation: Literal["tanh", "softmax"]
    column: int

    @property
    def width(self) -> int:
        """Number of positions."""
        return self.stop - self.start


@dataclass(frozen=True)
class Layout:
    """The spans of an encoded row, in order and without gaps.

    Raises
    ------
    DataError
        A span does not start where the one before it stops, is empty, or is a scalar of more than one position.
    """

    spans: tuple[Span, ...]

    def __post_init__(self) -> None:
        """Refuse spans that are no layout."""
        at = 0
        for span in self.spans:
            scalar_is_wide = span.activation == "tanh" and span.width != 1
            if span.start != at or span.width < 1 or scalar_is_wide:
                raise DataError(
                    f"the spans of a layout follow each other from 0 on and scalars are 1 wide; {span} comes at {at}"
                )
            at = span.stop

    @property
    def width(self) -> int:
        """Number of positions of a row."""
        return self.spans[-1].stop if self.spans else 0

    @cached_property
    def scalars(self) -> NDArray[np.int64]:
        """Positions of the scalars."""
        return np.array([s.start for s in self.spans if s.activation == "tanh"], dtype=np.int64)

    @cached_property
    def blocks(self) -> tuple[tuple[int, int], ...]:
        """Start and stop of each one-hot block."""
        return tuple((s.start, s.stop) for s in self.spans if s.activation == "softmax")

    @cached_property
    def block_ids(self) -> NDArray[np.int64]:
        """Index (width,) into `blocks` of each position, -1 at the scalars."""
        ids = np.full(self.width, -1, dtype=np.int64)
        for k, (start, stop) in enumerate(self.blocks):
            ids[start:stop] = k
        return ids
