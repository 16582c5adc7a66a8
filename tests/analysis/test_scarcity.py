"""Gains are averaged over the tables of a share, the name tells the share, and a table counts once over tables."""

import pandas as pd
import pytest

from equipoise.analysis.gains import over_tables
from equipoise.analysis.intervals import over_these_tables
from equipoise.analysis.scarcity import by_share, whole_tables
from equipoise.results.thinned import base_of, share_of


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


def test_thinned_forms_of_a_table_are_one_table_over_tables():
    """Their test rows are the same, so four shares of six tables are no 24 tables."""
    shares = ("@0.1", "@0.25", "@0.5", "")
    rows = [
        (base + share, "smote", "balance", "plain", "xgboost", "xgboost", 5, 0, 0.8, 0.7, gain, low, 4.0)
        for base, gain in (("a", 0.04), ("b", 0.02), ("c@d", 0.03))
        for share, low in zip(shares, (1e-4, 4e-4, 1e-4, 4e-4), strict=True)
    ]  # fmt: skip
    names = ["n", "n_failed", "score", "opponent_score", "gain", "variance", "df"]
    columns = ["dataset", "method", "plan", "decision", "classifier", "home", *names]
    within = pd.DataFrame(rows, columns=columns)
    within["p"] = within["p_holm"] = 0.5
    whole = whole_tables(within)
    assert list(whole["dataset"]) == ["a", "b", "c@d"]
    assert list(whole["gain"]) == pytest.approx([0.04, 0.02, 0.03])
    assert list(whole["variance"]) == pytest.approx(
        [0.015**2] * 3
    )  # as wide as if all shares moved together
    (over,) = over_tables(within, datasets=[r[0] for r in rows]).itertuples(index=False)
    assert (over.n, over.n_splits, over.absent) == (3, 60, ())
    assert over.wilcoxon_p == pytest.approx(0.25)  # three of three up: 2 / 2^3
    assert [base_of(n) for n in ("a", "a@0.5", "a@b.csv")] == ["a", "a", "a@b.csv"]
