"""How scores spread over splits and tables: the numbers of a box plot, raw and calibrated."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from equipoise.analysis.quality import CALIBRATED, Scale, paired, within_tables

WHISKER = 1.5  # times the box: Tukey's


def boxes(table: pd.DataFrame, keys: Sequence[str], value: str) -> pd.DataFrame:
    """Give the five numbers of Tukey's box plot of each group.

    The whiskers end at the last value within one and a half times the box's length from the box.

    Returns
    -------
    DataFrame
        Columns ``keys``, n, low, q1, median, q3, high.
    """
    rows = []
    known = table[np.isfinite(table[value].astype(float))]
    for key, group in known.groupby(list(keys), sort=False):
        values = group[value].to_numpy(dtype=float)
        q1, median, q3 = np.quantile(values, [0.25, 0.5, 0.75])
        reach = WHISKER * (q3 - q1)
        inside = values[(values >= q1 - reach) & (values <= q3 + reach)]
        ends = min(inside.min(), q1), max(inside.max(), q3)  # a quartile may lie between two values
        rows.append((*key, len(values), ends[0], q1, median, q3, ends[1]))
    return pd.DataFrame(rows, columns=[*keys, "n", "low", "q1", "median", "q3", "high"])


def calibrated_splits(quality: pd.DataFrame, scales: Mapping[str, Scale]) -> pd.DataFrame:
    """Give every split's score of whole tables, raw and between floor (0) and ceiling (1) of that split.

    A split's calibrated score is r + (value - floor - r width) / mean width, where r is the calibrated score of the
    table: the ratio of means of `quality.within_tables`, which is the mean of these values, too. So no split is divided
    by a width of its own, which may be nearly nothing.

    Returns
    -------
    DataFrame
        Columns dataset, repeat, method, metric, value, calibrated (NaN where it is not informative there).
    """
    whole = quality[quality["label"] == ""]
    splits = paired(whole, scales)
    keys = ["dataset", "method", "metric"]
    over = within_tables(whole, scales)[[*keys, "state", "calibrated"]]
    splits = splits.merge(over.rename(columns={"calibrated": "ratio"}), on=keys, how="left")
    width = (splits["ceiling"] - splits["floor"]).astype(float)
    mean = width.groupby([splits[k] for k in keys]).transform("mean")
    own = splits["ratio"] + (splits["value"] - splits["floor"] - splits["ratio"] * width) / mean
    splits["calibrated"] = own.where(splits["state"] == CALIBRATED)
    return splits[["dataset", "repeat", "method", "metric", "value", "calibrated"]]
