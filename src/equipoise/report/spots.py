"""Where the name of a dot can stand without covering another dot or name."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]  # left, top, right, bottom

SIDES = ("", "right", "left", "above", "below")
LETTER, LINE, DOT = 6.6, 13.0, 5.0  # pixels: a letter's width, a line's height, a dot's radius
FARTHEST = 9.0  # from the middle of a dot to its name


def spots(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    names: Sequence[str],
    first: Sequence[bool],
    size: tuple[float, float],
) -> list[int]:
    """Give for each dot the place in `SIDES` where its name stands, 0 where there is no room.

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
    taken = [(a - DOT, b - DOT, a + DOT, b + DOT) for a, b in middles]
    found = [0] * len(middles)
    for i in sorted(range(len(middles)), key=lambda i: not first[i]):
        others = taken[:i] + taken[i + 1 :]
        for side in (2, 3, 4, 1) if first[i] else (1, 2, 3, 4):  # a front goes on to the right
            box = _box(*middles[i], len(names[i]) * LETTER, side)
            inside = box[0] >= 0 and box[2] <= wide + 60 and box[1] >= 0 and box[3] <= high
            if inside and not any(_meet(box, other) for other in others):
                found[i] = side
                taken.append(box)
                break
    return found


def _box(x: float, y: float, width: float, side: int) -> Box:
    if SIDES[side] == "right":
        return (x + FARTHEST, y - LINE / 2, x + FARTHEST + width, y + LINE / 2)
    if SIDES[side] == "left":
        return (x - FARTHEST - width, y - LINE / 2, x - FARTHEST, y + LINE / 2)
    middle = y - FARTHEST - LINE / 2 if SIDES[side] == "above" else y + FARTHEST + LINE / 2
    return (x - width / 2, middle - LINE / 2, x + width / 2, middle + LINE / 2)


def _meet(one: Box, two: Box) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]
