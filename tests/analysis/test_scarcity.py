"""Gains are averaged over the tables of a share, and the name tells the share."""

import pandas as pd
import pytest

from equipoise.analysis.intervals import over_these_tables
from equipoise.analysis.scarcity import by_share, share_of


def test_the_name_tells_the_share():
    assert [share_of(n) for n in ("hmeq", "hmeq@0.1", "a@b.csv", "a@b@0.5")] == [1, 0.1, 1, 0.5]


def test_gains_of_a_share_are_averaged_over_its_tables():
    rows = [
        (name, "smote", "balance", "plain", "xgboost", "xgboost", gain, 0.01**2, 4.0)
        for name, gain in (("a@0.1", 0.04), ("b@0.1", 0.02), ("a", 0.0), ("b", -0.01))
    ]
    columns = ["dataset", "method", "plan", "decision", "classifier", "home", "gain", "variance", "df"]  # fmt: skip
    found = by_share(pd.DataFrame(rows, columns=columns)).set_index("share")
    want = over_these_tables([0.04, 0.02], [0.01**2] * 2, [4.0] * 2)
    assert tuple(found.loc[0.1, ["gain", "low", "high"]]) == pytest.approx(
        (want.mean, want.low, want.high)
    )
    assert found.loc[1.0, "gain"] == pytest.approx(-0.005)
    assert list(found["n"]) == [2, 2]
