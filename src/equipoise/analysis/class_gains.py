"""Gains in the F1 of each class, paired by split like all gains."""

import pandas as pd

from equipoise.analysis.gains import pair, within_tables
from equipoise.analysis.opponents import TREATMENT

METRIC = "f1"


def class_gains(
    observations: pd.DataFrame, trials: pd.DataFrame, opponent: str = "identity"
) -> pd.DataFrame:
    """Give each treatment's mean gain in the F1 of each class of each table.

    Returns
    -------
    DataFrame
        The columns of `gains.within_tables`, and label. No verdict is corrected for the number of classes.
    """
    chosen = observations[
        (observations["metric"] == METRIC)
        & (observations["label"] != "")
        & (observations["part"] == "test")
    ].dropna(subset=["value"])
    # a class of a table is paired as if it were a table of its own
    parts = chosen[["dataset", "label"]].drop_duplicates().reset_index(drop=True)
    parts["part_of"] = range(len(parts))
    table = chosen.drop(columns="part").merge(parts, on=["dataset", "label"])
    table["dataset"] = table["part_of"]
    table = table.rename(columns={"value": "score"})[["dataset", "repeat", *TREATMENT, "score"]]
    tried = trials[["dataset", "repeat", "method", "status"]].merge(parts, on="dataset")
    tried["dataset"] = tried["part_of"]
    found = within_tables(pair(table, tried, opponent))
    named = found.rename(columns={"dataset": "part_of"}).merge(parts, on="part_of")
    return named.drop(columns="part_of")
