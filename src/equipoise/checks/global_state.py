"""The global random streams of numpy, Python and torch, seen from outside."""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

UNUSUAL = 7_340_033  # a seed that no method is likely to set the global streams to


@contextmanager
def kept_global_states() -> Iterator[Callable[[], dict[str, Any]]]:
    """Put the global streams in an unusual state, give a function that reads it, and put all back at the end.

    A method that seeds a global stream would go unseen if the stream stood there already.
    """
    torch = sys.modules.get("torch")
    numbers, plain = np.random.get_state(), random.getstate()  # noqa: NPY002
    tensors = torch.get_rng_state() if torch else None

    def read() -> dict[str, Any]:
        state: Any = np.random.get_state()  # noqa: NPY002
        states = {"numpy": (state[1].tobytes(), *state[2:]), "random": random.getstate()}
        if torch:
            states["torch"] = torch.get_rng_state().numpy().tobytes()
        return states

    try:
        np.random.seed(UNUSUAL)  # noqa: NPY002
        random.seed(UNUSUAL)
        if torch:
            torch.manual_seed(UNUSUAL)
        yield read
    finally:
        np.random.set_state(numbers)  # noqa: NPY002
        random.setstate(plain)
        if torch:
            torch.set_rng_state(tensors)
