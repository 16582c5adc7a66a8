"""Gains by the share of training rows that was used: tables named ``hmeq@0.1`` beside ``hmeq``."""

import pandas as pd

from equipoise.analysis.intervals import over_these_tables
from equipoise.analysis.opponents import TREATMENT

MARK = "@"


def share_of(name: str) -> float:
    """Give the share that a table's name tells, 1 where it tells none."""
    _, mark, text = name.rpartition(MARK)
    try:
        return float(text) if mark else 1.0
    except ValueError:
        return 1.0


def by_share(within: pd.DataFrame) -> pd.DataFrame:
    """Average gains over the tables of each share.

    Parameters
    ----------
    within : DataFrame
        As `gains.within_tables` gives it.

    Returns
    -------
    DataFrame
        Columns share, `TREATMENT`, home, n (tables), gain, low, high: on these very tables.
    """
    shared = within.assign(share=[share_of(str(name)) for name in within["dataset"]])
    rows = []
    for key, group in shared.groupby(["share", *TREATMENT, "home"], sort=True):
        found = over_these_tables(group["gain"], group["variance"], group["df"])
        rows.append((*key, found.n, found.mean, found.low, found.high))
    return pd.DataFrame(rows, columns=["share", *TREATMENT, "home", "n", "gain", "low", "high"])
