"""Fitted state as JSON and arrays, and back: what `saving` puts into a file.

The state is a list of nodes. A node is a JSON array ``[tag, ...]`` whose parts are texts, numbers, truth values, null,
or ``[i]``: node i, which stands before it. So what is shared stays shared and is stored once, nothing can contain
itself, and reading is a loop without recursion. Arrays are named tensors beside the nodes. A class is named by its key
in the table of `allowed`; nothing else can be named, and no callable can be stored at all.
"""

import inspect
import re
from typing import Any

import numpy as np
import pandas as pd

MOST_DEPTH = 64
MOST_EMPTY = 10**8  # rows of an array without columns, which take no room in a file
DTYPE = re.compile(r"[<>|]?([biufcUS]\d{1,9}|[Mm]8(\[\d{0,9}[A-Za-z]{1,7}\])?)")
# The cells of object arrays are kept by type; a code says which type the next one is of.
NONE, NA, NAT, FALSE, TRUE, INT, FLOAT, TEXT, OTHER = range(9)
SINGLE = {NONE: None, NA: pd.NA, NAT: pd.NaT, FALSE: False, TRUE: True}


def is_stream(value: Any) -> bool:
    """Tell whether a value is an open stream of random numbers, which no file holds."""
    return isinstance(value, np.random.Generator | np.random.RandomState)


def hides_code(cls: type, name: str) -> bool:
    """Tell whether an attribute of this name would hide a method, or another thing that runs code, of the class."""
    if not name.isidentifier() or name.startswith("__"):
        return True
    found = inspect.getattr_static(cls, name, None)
    return callable(found) or hasattr(type(found), "__get__")
