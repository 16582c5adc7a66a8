"""Gains by the share of training rows that was used: tables named ``hmeq@0.1`` beside ``hmeq``."""

import numpy as np
import pandas as pd

from equipoise.analysis.intervals import over_these_tables
from equipoise.analysis.opponents import TREATMENT
from equipoise.results.thinned import base_of, share_of


def of_whole_tables(table: pd.DataFrame) -> pd.DataFrame:
    """Give rows of thinned tables under the name of the table that they are made of."""
    return table.assign(dataset=table["dataset"].map(base_of))


def whole_tables(within: pd.DataFrame) -> pd.DataFrame:
    """Average gains over the thinned forms of each table, whose test rows are the same, so that a table counts once.

    Squared standard errors are those of a mean of numbers that go all together, which is the most that they can be.

    Parameters
    ----------
    within : DataFrame
        As `gains.within_tables` gives it; a table without thinned forms is left as it is.
    """
    base = within["dataset"].map(base_of)
    if (base == within["dataset"]).all():
        return within
    sums = {c: "sum" for c in ("n", "n_failed", "asked") if c in within.columns}
    means = dict.fromkeys(("score", "opponent_score", "gain"), "mean")
    table = within.assign(dataset=base, variance=np.sqrt(within["variance"]))
    found = table.groupby(["dataset", *TREATMENT, "home"], sort=False).agg(
        {**sums, **means, "variance": "mean", "df": "min"}
    )
    return found.assign(variance=found["variance"] ** 2).reset_index()


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
