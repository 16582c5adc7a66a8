"""Gains of single classes, by hand."""

import pandas as pd
import pytest

from equipoise.analysis.class_gains import class_gains
from equipoise.analysis.opponents import TREATMENT


def run(failed=False):
    rows = []
    for repeat, shift in enumerate((0.0, 0.1)):
        for method, plan, gain in (("identity", "none", 0.0), ("smote", "balance", 0.2)):
            if failed and repeat == 1 and method == "smote":
                continue
            for label, base, share in (("common", 0.8, 0.0), ("rare", 0.3, 1.0)):
                value = base + shift + share * gain
                rows.append(
                    ("t", repeat, method, plan, "plain", "xgboost", "test", "f1", label, value)
                )
                rows.append(
                    ("t", repeat, method, plan, "plain", "xgboost", "train", "f1", label, 1.0)
                )
    columns = ["dataset", "repeat", *TREATMENT, "part", "metric", "label", "value"]
    trials = [
        ("t", r, m, "failed" if failed and r == 1 and m == "smote" else "done")
        for r in (0, 1)
        for m in ("identity", "smote")
    ]
    return (
        pd.DataFrame(rows, columns=columns),
        pd.DataFrame(trials, columns=["dataset", "repeat", "method", "status"]),
    )


def test_each_class_has_its_own_gain():
    found = class_gains(*run()).set_index("label")
    assert found.loc["rare", "gain"] == pytest.approx(0.2)
    assert found.loc["common", "gain"] == pytest.approx(0.0)
    assert found.loc["rare", "score"] == pytest.approx(0.55)
    assert list(found["dataset"]) == ["t", "t"]


def test_a_failed_split_is_no_gain_of_any_class():
    found = class_gains(*run(failed=True)).set_index("label")
    assert found.loc["rare", "gain"] == pytest.approx(0.1)
    assert list(found["n_failed"]) == [1, 1]
