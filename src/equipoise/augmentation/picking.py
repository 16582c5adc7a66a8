"""Rows at given places of a table that is read in parts."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
from numpy.typing import NDArray


def picked(parts: Iterable[Any], rows: NDArray | None) -> list[Any]:
    """Give of consecutive parts (tables or batches of Arrow) the rows at ascending positions; all parts, if None."""
    found, start, taken = [], 0, 0
    for part in parts:
        stop = start + part.num_rows
        if rows is None:
            found.append(part)
        else:
            until = int(rows.searchsorted(stop))
            if until > taken:
                found.append(part.take(pa.array(rows[taken:until] - start)))
            taken = until
        start = stop
    return found
