"""What several claims measure alike is measured once a run."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

import pandas as pd

from equipoise.analysis.frames import Results


def once_a_run(measure: Callable[..., pd.DataFrame]) -> Callable[..., pd.DataFrame]:
    """Keep the table that a function of a run and some words gives, for as long as somebody holds the run.

    The table is shared: callers must not change it.
    """
    kept: WeakKeyDictionary[Results, dict[tuple[Any, ...], pd.DataFrame]] = WeakKeyDictionary()

    @wraps(measure)
    def recalled(results: Results, *words: str) -> pd.DataFrame:
        own = kept.setdefault(results, {})
        if words not in own:
            own[words] = measure(results, *words)
        return own[words]

    return recalled
