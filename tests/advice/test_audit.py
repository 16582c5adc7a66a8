"""What advice says of a table before the trial."""

import numpy as np
import pandas as pd

from equipoise.advice.audit import audit
from equipoise.tables.schema import Schema

TEXTS = ("bad", "good")


def table(n=400, seed=0):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.8).astype(np.int64)
    X = pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "pay": rng.normal(size=n),
            "job": rng.choice(list("abc"), n),
        }
    )
    return X, y


def said(X, y, texts=TEXTS, **more):
    return audit(X, y, texts, Schema.infer(X, warn=False), **more).sentences


def about(sentences, word):
    return [s for s in sentences if word in s]


def test_an_ordinary_table_has_nothing_to_say_but_its_size():
    X, y = table()
    sentences = said(X, y, unlabelled=3)
    assert sentences[0] == "400 rows, 3 columns (2 numeric, 1 categorical)"
    counts = np.bincount(y)
    assert (
        sentences[1]
        == f"2 classes: good {counts[1]}, bad {counts[0]}; {counts[1] / counts[0]:.3g} to 1"
    )
    assert sentences[2] == "3 rows have no label and are left out"
    assert len(sentences) == 3


def test_cells_that_are_missing_at_random_tell_nothing():
    X, y = table()
    X.loc[np.random.default_rng(1).random(400) < 0.2, "pay"] = np.nan
    sentences = said(X, y)
    assert about(sentences, "missing cells in 1 column: pay")
    assert not about(sentences, "tells the class")


def test_missing_cells_that_give_the_class_away_are_named():
    X, y = table()
    gone = np.where(y == 0, 0.6, 0.05) > np.random.default_rng(1).random(400)
    X.loc[gone, "pay"] = np.nan
    (sentence,) = about(said(X, y), "being missing tells the class")
    share = (y[gone] == 0).mean()
    assert sentence.startswith(f"where pay is missing, {share:.0%} are bad")


def test_repeated_rows_say_what_they_do_to_folds():
    """One pair of twins in 200 rows: each of the two has its twin in another fold four times of five."""
    X, y = table(200)
    X.loc[1], y[1] = X.loc[0].to_numpy(), y[0]
    (sentence,) = about(said(X.infer_objects(), y), "repeats an earlier row")
    assert sentence.startswith("1 row repeats")
    assert "0.8% of the tested rows" in sentence


def test_rows_alike_of_different_classes_are_counted():
    X, y = table()
    X.loc[1], y[0], y[1] = X.loc[0].to_numpy(), 0, 1
    assert about(
        said(X.infer_objects(), y), "2 rows share all features with a row of another class"
    )


def test_identifiers_and_constants_are_named():
    X, y = table()
    X["id"] = [f"k{i}" for i in range(400)]
    X["same"] = 1
    sentences = said(X, y)
    assert about(sentences, "id: every value differs")
    assert about(sentences, "same: one value only")


def test_classes_too_small_are_named():
    X, y = table()
    y[:7] = 2
    assert about(said(X, y, ("bad", "good", "odd")), "below 10 rows: odd (7)")


def test_a_column_that_knows_the_outcome_is_named():
    X, y = table()
    X["closed"] = y * 10.0 + np.random.default_rng(2).random(400)
    X["word"] = np.where(y == 0, "lost", "won")
    sentences = said(X, y)
    assert about(sentences, "closed alone tells the classes apart (balanced accuracy 1.00)")
    assert about(sentences, "word alone tells the classes apart")
    assert len(about(sentences, "alone")) == 2
