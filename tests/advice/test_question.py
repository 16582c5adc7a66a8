"""What is asked is checked before any work: one sentence, and what to do."""

import numpy as np
import pandas as pd
import pytest

from equipoise.advice.budget import seconds_of
from equipoise.advice.candidates import candidates, models
from equipoise.advice.question import question
from equipoise.errors import DataError, OptionError


def table(n=120):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "a": rng.normal(size=n),
            "who": np.arange(n) // 4,
            "day": np.arange(n),
            "b": rng.normal(size=n),
        }
    )
    return X, pd.Series(np.where(np.arange(n) % 5 == 0, "yes", "no"), name="y")


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("90", 90), ("90s", 90), ("5m", 300), ("1.5h", 5400), (45, 45), ("2 min", 120)],
)
def test_budgets_are_read(given, seconds):
    assert seconds_of(given) == seconds


@pytest.mark.parametrize("given", ["", "soon", "5 days", "-3", "0.5", "nan", "1e3"])
def test_what_is_no_budget_is_refused(given):
    with pytest.raises(OptionError, match="budget"):
        seconds_of(given)


WRONG = {
    "metric": ({"metric": "makro_f1"}, "macro_f1"),
    "group": ({"group": "whoo"}, "'who'"),
    "time": ({"time": "dat"}, "'day'"),
    "both": ({"group": "who", "time": "day"}, "one of the two"),
    "prior_class": ({"prior": {"maybe": 0.1}}, "'maybe'"),
    "prior_sum": ({"prior": {"yes": 0.5, "no": 0.6}}, "add up to 1"),
    "prior_zero": ({"prior": {"yes": 0.0}}, "above 0"),
    "costs_and_metric": ({"costs": {("yes", "no"): 5}, "metric": "mcc"}, "give one"),
    "methods": ({"methods": ["smot"]}, "'smote'"),
    "oracle": ({"methods": ["oracle"]}, "true law"),
    "classifier": ({"classifier": "xgbost"}, "xgboost"),
    "rope": ({"rope": 0}, "above 0"),
    "jobs": ({"jobs": 0}, "jobs"),
    "partitions": ({"partitions": 1.5}, "partitions"),
    "by": ({"by": "wo"}, "'who'"),
    "length": ({"group": [1, 2]}, "one value a row"),
}


@pytest.mark.parametrize("case", sorted(WRONG))
def test_wrong_questions_are_refused(case):
    X, y = table()
    given, word = WRONG[case]
    with pytest.raises((OptionError, DataError)) as caught:
        question(X, y, **given)
    assert word in str(caught.value)


def test_tables_that_cannot_be_judged_are_refused():
    X, y = table()
    for labels, word in ((y.mask(y != ""), "missing"), (y.replace("yes", "no"), "one class")):
        with pytest.raises(DataError, match=word):
            question(X, labels)
    with pytest.raises(DataError, match="same number of rows"):
        question(X, y[:40])
    with pytest.raises(DataError, match="10 rows"):
        question(X[:30], y[:30])
    with pytest.raises(DataError, match="varies"):
        question(X[["a"]] * 0, y)


def test_rows_without_a_label_are_left_out_everywhere():
    X, y = table()
    y[3] = None
    asked = question(X, y, group="who", by="b")
    assert asked.unlabelled == 1
    assert len(asked.X) == len(asked.codes) == len(asked.groups) == len(asked.by) == 119
    assert list(asked.X.columns) == ["a", "day", "b"]


def test_rows_without_a_group_stand_alone():
    X, y = table()
    X["who"] = X["who"].astype(float)
    X.loc[:4, "who"] = np.nan
    codes = question(X, y, group="who").groups
    assert len(set(codes[:5])) == 5


def test_one_share_may_be_left_out():
    X, y = table()
    assert question(X, y, prior={"yes": 0.02}).prior == pytest.approx({"no": 0.98, "yes": 0.02})


def test_dates_order_rows():
    X, y = table()
    X["day"] = pd.date_range("2020-01-01", periods=120).astype(str)
    assert question(X, y, time="day").times.dtype.kind == "M"
    X.loc[5, "day"] = "yesterday"
    with pytest.raises(DataError, match="yesterday"):
        question(X, y, time="day")


def test_the_field_suits_the_classes():
    uneven, even = np.repeat([0, 1], [90, 10]), np.repeat([0, 1], [50, 50])
    names = {m.name for m in models(uneven)[0]}
    assert {"do nothing", "balanced weights", "regularised preset", "undersample", "duplicate", "bagging",
            "balanced bagging", "easy ensemble", "smote", "smote balance:0.5", "cart grow:0.5",
            "tvae"} <= names  # fmt: skip
    fair = {m.name for m in models(even)[0]}
    assert not {n for n in fair if n.startswith(("balanced", "undersample", "easy"))}
    assert {"do nothing", "regularised preset", "bagging", "cart grow:0.5"} <= fair
    assert {m.name for m in models(uneven, methods=["smote"])[0]} == {
        "do nothing", "balanced weights", "ladder weights", "regularised preset", "smote", "smote balance:0.5",
        "smote grow:0.5",
    }  # fmt: skip


def test_rankings_have_no_thresholds():
    found = models(np.repeat([0, 1], [90, 10]))[0]
    assert len(candidates(found, decided=True)) == 2 * len(candidates(found, decided=False))
