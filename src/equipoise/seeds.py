"""Where every random number comes from: a root seed and the names that the draw depends on.

A seed is a hash of names, so that what should be paired is paired by leaving a name out: the split of a table does not
know the method, hence every method meets the same split.
"""

import hashlib
from numbers import Integral
from typing import Any

import numpy as np


def seed_for(root: int, *names: Any) -> int:
    """Give a seed below 2**32 that depends on `root` and on the text of `names`, and on nothing else."""
    text = "\x1f".join([str(int(root)), *(str(name) for name in names)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")


def generator(root: int, *names: Any) -> np.random.Generator:
    """Give the generator of `seed_for(root, *names)`."""
    return np.random.default_rng(seed_for(root, *names))


def as_generator(random_state: Any) -> np.random.Generator:
    """Turn scikit-learn's `random_state` into a generator without touching a global stream.

    Parameters
    ----------
    random_state : None, int, numpy.random.Generator or numpy.random.RandomState
        `None` draws fresh entropy. A `RandomState` is asked for one number, which moves it, as scikit-learn's own
        estimators do; a `Generator` is used as it is.
    """
    if isinstance(random_state, np.random.Generator):
        return random_state
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(int(random_state.randint(2**31 - 1)))
    return np.random.default_rng(random_state)


def root_seed(random_state: Any) -> int:
    """Turn scikit-learn's `random_state` into the number that `seed_for` starts from; an integer stays itself."""
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(as_generator(random_state).integers(2**31))


def seed_parts(estimator: Any, seed: int) -> Any:
    """Seed an unfitted scikit-learn estimator, and its parts, wherever it has no seed of its own; give it back."""
    unseeded = [
        name
        for name, value in estimator.get_params(deep=True).items()
        if value is None and name.rpartition("__")[2] == "random_state"
    ]
    return estimator.set_params(
        **{name: seed if name == "random_state" else seed_for(seed, name) for name in unseeded}
    )
