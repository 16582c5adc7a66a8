"""Where the name of a dot can stand without covering another dot or name: beside it, or at the end of a line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Align = Literal["left", "center", "right"]
Box = tuple[float, float, float, float]  # left, top, right, bottom

LETTER, LINE, DOT = 5.8, 13.0, 5.0  # pixels: a letter's width, a line's height, a dot's radius
BESIDE = 9.0  # from the middle of a dot to a name beside it
# Names at the end of a line: how far out they begin, how much farther in each row, and the rows.
NEAR, STEPS, ROWS = 12.0, (5.0, 15.0), 6


@dataclass(frozen=True)
class Place:
    """Where a name begins, in pixels from its dot, how it is aligned, and whether a line leads to it."""

    dx: float
    dy: float
    align: Align
    led: bool = False

    @property
    def between(self) -> bool:
        """Whether a name there could be taken for that of another dot near by."""
        return self.align == "center"


def _led() -> Iterator[Place]:
    for row, step, up in product(range(1, ROWS + 1), STEPS, (-1, 1)):
        down = up * row * (LINE + 1)
        yield Place(NEAR + step * row, down, "left", True)
        yield Place(-NEAR - step * row, down, "right", True)


NOWHERE = 0
PLACES: dict[int, Place] = dict(
    enumerate(
        (
            Place(BESIDE, 0.0, "left"),
            Place(-BESIDE, 0.0, "right"),
            Place(0.0, -DOT - LINE / 2 - 1, "center"),
            Place(0.0, DOT + LINE / 2 + 1, "center"),
            *_led(),
        ),
        start=1,
    )
)
LEFT_FIRST = (2, 3, 4, 1, *range(5, len(PLACES) + 1))  # a front goes on to the right


def spots(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    names: Sequence[str],
    first: Sequence[bool],
    size: tuple[float, float],
) -> list[int]:
    """Give for each dot the key in `PLACES` of where its name stands, `NOWHERE` where there is no room.

    Parameters
    ----------
    x, y : (n,) arrays
        Places of the dots, 0 to 1, left to right and top to bottom.
    names : sequence of str
    first : sequence of bool
        Whose names are placed before the others'.
    size : (float, float)
        Width and height of the plot in pixels.
    """
    wide, high = size
    middles = [(float(a) * wide, float(b) * high) for a, b in zip(x, y, strict=True)]
    dots = [(a - DOT, b - DOT, a + DOT, b + DOT) for a, b in middles]
    taken: list[Box] = []
    found = [NOWHERE] * len(middles)
    order = sorted(range(len(middles)), key=lambda i: not first[i])
    for led in (False, True):  # a line to a name must not take the room of a name beside its dot
        for i in order:
            if found[i]:
                continue
            rivals = dots[:i] + dots[i + 1 :]
            for key in LEFT_FIRST if first[i] else PLACES:
                box = _box(*middles[i], len(names[i]) * LETTER, PLACES[key])
                covers = [box, *_line(*middles[i], PLACES[key])]
                if PLACES[key].led != led or not _inside(box, size):
                    continue
                alone = not PLACES[key].between or not _any_meet([_grown(box)], rivals)
                if alone and not _any_meet(covers, rivals + taken):
                    found[i] = key
                    taken += covers
                    break
    return found


def _grown(box: Box) -> Box:
    return (box[0] - 2 * DOT, box[1] - 2 * DOT, box[2] + 2 * DOT, box[3] + 2 * DOT)


def _inside(box: Box, size: tuple[float, float]) -> bool:
    return box[0] >= 0 and box[2] <= size[0] and box[1] >= 0 and box[3] <= size[1]


def _any_meet(some: Sequence[Box], others: Sequence[Box]) -> bool:
    return any(_meet(one, other) for one in some for other in others)


def _box(x: float, y: float, width: float, place: Place) -> Box:
    left = x + place.dx - {"left": 0.0, "center": 0.5, "right": 1.0}[place.align] * width
    middle = y + place.dy
    return (left, middle - LINE / 2, left + width, middle + LINE / 2)


def _line(x: float, y: float, place: Place) -> list[Box]:
    """Give what the line from a dot to its name covers, as small boxes; nothing where none is drawn."""
    if not place.led:
        return []
    shares = np.linspace(0.0, 1.0, 12)[2:-1]
    return [
        (a - 1, b - 1, a + 1, b + 1)
        for a, b in zip(x + shares * place.dx, y + shares * place.dy, strict=True)
    ]


def _meet(one: Box, two: Box) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]
