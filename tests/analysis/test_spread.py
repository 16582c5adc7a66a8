"""The numbers of a box plot, by hand."""

import numpy as np
import pandas as pd
import pytest

from equipoise.analysis.quality import Scale, within_tables
from equipoise.analysis.spread import boxes, calibrated_splits


def test_the_five_numbers_and_an_outlier():
    table = pd.DataFrame({"m": "a", "v": [1.0, 2.0, 3.0, 4.0, 5.0, 100.0, np.nan]})
    (box,) = boxes(table, ["m"], "v").itertuples(index=False)
    # quartiles 2.25 and 4.75, reach 3.75: 100 is beyond the whisker
    assert (box.n, box.low, box.high) == (6, 1.0, 5.0)
    assert (box.q1, box.median, box.q3) == pytest.approx((2.25, 3.5, 4.75))


def quality_of(*splits):
    rows = []
    for repeat, (value, floor, ceiling) in enumerate(splits):
        scored = (
            ("smote", value),
            ("reference:independent", floor),
            ("reference:ceiling", ceiling),
        )
        rows += [("t", repeat, m, "", "q", "", v, np.nan, np.nan) for m, v in scored]
    columns = ["dataset", "repeat", "method", "label", "metric", "item", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def test_a_split_is_calibrated_by_its_own_floor_and_the_mean_width():
    quality = quality_of((0.8, 0.4, 0.9), (0.6, 0.5, 0.99))
    found = calibrated_splits(quality, {"q": Scale("independent", True)})
    # the mean of value - floor is 0.25, the mean width 0.495
    ratio = 0.25 / 0.495
    assert list(found["calibrated"]) == pytest.approx(
        [ratio + (0.4 - ratio * 0.5) / 0.495, ratio + (0.1 - ratio * 0.49) / 0.495]
    )


def test_the_mean_over_splits_is_the_calibrated_score_of_the_table():
    quality = quality_of((0.8, 0.4, 0.9), (0.6, 0.5, 0.8), (0.7, 0.45, 0.95))
    scales = {"q": Scale("independent", True)}
    (table,) = within_tables(quality, scales).itertuples(index=False)
    assert calibrated_splits(quality, scales)["calibrated"].mean() == pytest.approx(
        table.calibrated
    )


def test_what_is_not_informative_has_no_calibrated_value():
    found = calibrated_splits(quality_of((0.8, 0.9, 0.9)), {"q": Scale("independent", True)})
    assert found["calibrated"].isna().all()
    assert list(found["value"]) == [0.8]
