"""The classifiers on frames: equality with their plain selves, and what happens to strange rows."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from equipoise.classifiers.ensembles import bootstrap
from equipoise.classifiers.native import (
    CLASSIFIERS,
    check_classifier,
    make_classifier,
    takes_weights,
)
from equipoise.errors import DataError, NotFittedError, OptionError
from equipoise.tables.schema import Schema

LOGISTIC = "sklearn.linear_model:LogisticRegression"
EVERY = (*CLASSIFIERS, LOGISTIC, f"{LOGISTIC}+easy-ensemble")
WEIGHTED = [name for name in EVERY if not name.endswith(("balanced-bagging", "easy-ensemble"))]


def mixed(n=300, seed=0, n_classes=3):
    """A frame of all kinds with missing cells, and class positions that depend on it."""
    rng = np.random.default_rng(seed)
    a, town = rng.normal(size=n), rng.choice(["ash", "birch", "cedar", "oak", "yew"], n)
    frame = pd.DataFrame(
        {
            "town": pd.Series(town).mask(rng.random(n) < 0.1),
            "a": np.where(rng.random(n) < 0.1, np.nan, a),
            "whole": rng.integers(0, 50, n),
            "flag": rng.random(n) < 0.4,
            "rank": pd.Categorical(rng.choice(["lo", "hi"], n), categories=["lo", "mid", "hi"]),
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D"),
            "same": "x",
            "id": [f"row {i}" for i in range(n)],
        }
    )
    y = np.digitize(a + (town == "oak") + 0.5 * rng.normal(size=n), [0.3, 1.3][: n_classes - 1])
    return frame, y


def schema_of(frame):
    return Schema.infer(frame, warn=False)


def plain_frame(schema, frame):
    """The frame as a person would give it to XGBoost: categories declared, ids and constants dropped."""
    out = frame[[c.name for c in schema.columns if c.is_number or c.is_discrete]].copy()
    for column in schema.columns:
        if column.kind == "categorical":
            out[column.name] = pd.Categorical(out[column.name], categories=column.levels)
        elif column.kind == "datetime":
            out[column.name] = (out[column.name] - frame[column.name].min()).dt.days
    return out


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_xgboost_equals_plain_xgbclassifier_bit_by_bit(n_classes, weighted):
    X, y = mixed(n_classes=n_classes)
    train, test = X.iloc[:200], X.iloc[200:]
    schema = schema_of(train)
    weights = np.random.default_rng(0).uniform(0.5, 2, 200) if weighted else None
    ours = make_classifier("xgboost", schema=schema, n_classes=n_classes, random_state=1)
    plain = XGBClassifier(enable_categorical=True, n_jobs=1, random_state=1)
    plain.fit(plain_frame(schema, train), y[:200], sample_weight=weights)
    base = train["day"].min()
    there = plain_frame(schema, test)
    there["day"] = (test["day"] - base).dt.days
    np.testing.assert_array_equal(
        ours.fit(train, y[:200], weights).predict_proba(test),
        plain.predict_proba(there).astype(np.float64),
    )


TABLES = {"hmeq": "BAD", "eucalyptus": "Utility", "popularkids": "Goals", "ionosphere": "class"}


@pytest.mark.parametrize("name", TABLES)
def test_xgboost_equals_plain_xgbclassifier_on_the_tables_of_the_articles(name):
    folder = os.environ.get("EQUIPOISE_DATA")
    if not folder or not (Path(folder) / f"{name}.csv").exists():
        pytest.skip("EQUIPOISE_DATA does not name a folder with the tables of the articles")
    X = pd.read_csv(Path(folder) / f"{name}.csv", keep_default_na=False, na_values=[""])
    y = pd.factorize(X.pop(TABLES[name]), sort=True)[0]
    train = np.arange(len(X)) % 5 > 0
    schema = schema_of(X[train])
    ours = make_classifier("xgboost", schema=schema, n_classes=y.max() + 1).fit(X[train], y[train])
    plain = XGBClassifier(enable_categorical=True, n_jobs=1, random_state=0)
    plain.fit(plain_frame(schema, X[train]), y[train])
    np.testing.assert_array_equal(
        ours.predict_proba(X[~train]),
        plain.predict_proba(plain_frame(schema, X[~train])).astype(np.float64),
    )


@pytest.mark.parametrize("name", EVERY)
def test_every_classifier_learns_from_mixed_columns_with_missing_cells(name):
    X, y = mixed()
    before = X.copy()
    model = make_classifier(name, schema=schema_of(X[:200]), n_classes=3)
    p = model.fit(X[:200], y[:200]).predict_proba(X[200:])
    assert p.shape == (100, 3)
    assert p.dtype == np.float64
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-6)
    # the largest class holds 57 of the 100 rows; over seeds the five find 69 to 80 of them
    assert (p.argmax(axis=1) == y[200:]).mean() > 0.62
    pd.testing.assert_frame_equal(X, before)


@pytest.mark.parametrize("name", EVERY)
def test_same_seed_same_probabilities_and_the_global_stream_stays(name):
    X, y = mixed(120)
    schema = schema_of(X)
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    runs = [
        make_classifier(name, schema=schema, n_classes=3, random_state=5).fit(X, y).predict_proba(X)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*runs)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


@pytest.mark.parametrize("name", EVERY)
def test_levels_first_met_in_prediction_count_as_missing_and_are_counted(name):
    X, y = mixed()
    train, strange = X[:200], X[200:].copy()
    model = make_classifier(name, schema=schema_of(train), n_classes=3).fit(train, y[:200])
    model.predict_proba(X[200:])
    assert model.unseen_ == {}
    known = strange["town"].notna().to_numpy()
    strange["town"] = strange["town"].mask(known, "baobab")
    p = model.predict_proba(strange)
    assert model.unseen_ == {"town": known.sum()}
    strange["town"] = None
    np.testing.assert_array_equal(model.predict_proba(strange), p)
    assert model.unseen_ == {}


def test_a_declared_level_without_a_training_row_counts_as_unseen_too():
    X, y = mixed()
    model = make_classifier("xgboost", schema=schema_of(X[:200]), n_classes=3).fit(X[:200], y[:200])
    strange = X[200:].copy()
    strange["rank"] = pd.Categorical(["mid"] * 100, categories=["lo", "mid", "hi"])
    model.predict_proba(strange)
    assert model.unseen_ == {"rank": 100}


@pytest.mark.parametrize("name", EVERY)
def test_a_class_absent_from_training_gets_probability_zero(name):
    X, y = mixed(150)
    kept = y != 1
    model = make_classifier(name, schema=schema_of(X), n_classes=4).fit(X[kept], y[kept])
    p = model.predict_proba(X)
    assert (p[:, [1, 3]] == 0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("name", EVERY)
def test_one_class_or_no_column_gives_the_training_shares(name):
    X, y = mixed(60)
    alone = make_classifier(name, schema=schema_of(X), n_classes=3).fit(X, np.full(60, 2))
    assert (alone.predict_proba(X) == [0, 0, 1]).all()
    bare = X[["same", "id"]]
    p = make_classifier(name, schema=schema_of(bare), n_classes=3).fit(bare, y).predict_proba(bare)
    np.testing.assert_allclose(p, np.tile(np.bincount(y, minlength=3) / 60, (60, 1)))


@pytest.mark.parametrize("name", EVERY)
def test_classes_of_one_row_and_no_test_rows_are_no_trouble(name):
    X, _ = mixed(60)
    y = np.r_[np.zeros(57, dtype=int), 1, 2, 3]
    model = make_classifier(name, schema=schema_of(X), n_classes=4).fit(X, y)
    assert (model.predict_proba(X)[:, 1:].sum(axis=0) > 0).all()
    assert model.predict_proba(X[:0]).shape == (0, 4)


@pytest.mark.parametrize("name", ["xgboost", LOGISTIC])
def test_weights_of_two_equal_doubled_rows(name):
    X, y = mixed(150, n_classes=2)
    schema = schema_of(X)
    times = np.where(y == 1, 2, 1)
    rows = np.repeat(np.arange(150), times)
    weighted = make_classifier(name, schema=schema, n_classes=2).fit(X, y, times.astype(float))
    doubled = make_classifier(name, schema=schema, n_classes=2).fit(X.iloc[rows], y[rows])
    p, q = weighted.predict_proba(X), doubled.predict_proba(X)
    if name == "xgboost":  # fewer values than bins: the same cuts and the same sums
        np.testing.assert_array_equal(p, q)
    else:  # doubled rows also count twice in means and deviations, which moves the penalty a little
        assert np.abs(p - q).mean() < 0.01


@pytest.mark.parametrize("name", WEIGHTED)
def test_weights_move_probabilities_towards_the_heavier_class(name):
    X, y = mixed(200, n_classes=2)
    schema = schema_of(X)
    plain = make_classifier(name, schema=schema, n_classes=2).fit(X[:120], y[:120])
    heavy = make_classifier(name, schema=schema, n_classes=2)
    heavy.fit(X[:120], y[:120], np.where(y[:120] == 1, 20.0, 1.0))
    gain = heavy.predict_proba(X[120:])[:, 1] - plain.predict_proba(X[120:])[:, 1]
    if name == "random-forest":  # grown until leaves are pure, where weights have hardly a say
        assert (gain != 0).any()
    else:
        assert gain.mean() > 0


def test_identifier_and_constant_columns_change_nothing():
    X, y = mixed()
    without = X.drop(columns=["same", "id"])
    p, q = (
        make_classifier("xgboost", schema=schema_of(f), n_classes=3).fit(f, y).predict_proba(f)
        for f in (X, without)
    )
    np.testing.assert_array_equal(p, q)


def test_a_foreign_classifier_sees_one_hot_levels_and_standardised_numbers():
    X = pd.DataFrame({"v": [1.0, 2.0, np.nan, 6.0] * 20, "k": ["u", "v", "v", None] * 20})
    y = np.array([0, 1, 0, 1] * 20)
    p = make_classifier(LOGISTIC, schema=schema_of(X), n_classes=2).fit(X, y).predict_proba(X)
    filled = np.array([1.0, 2.0, 2.0, 6.0] * 20)
    level = X["k"].to_numpy(dtype=object)
    matrix = np.c_[
        (filled - filled.mean()) / filled.std(),
        X["v"].isna(),
        level == "v",
        level == "u",
        X["k"].isna(),
    ].astype(float)
    np.testing.assert_allclose(p, LogisticRegression().fit(matrix, y).predict_proba(matrix))


def test_very_many_levels_are_pooled_for_one_hot_learners():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"k": [f"l{i % 700}" for i in range(2000)], "v": rng.normal(size=2000)})
    y = (X["v"].to_numpy() > 0).astype(int)
    model = make_classifier("random-forest", schema=schema_of(X), n_classes=2).fit(X, y)
    assert model._models[0].n_features_in_ == 1 + 100 + 1
    assert (model.predict_proba(X).argmax(axis=1) == y).all()


def test_numbers_beyond_single_precision_are_taken_as_its_largest():
    X, y = mixed(100)
    X["a"] = X["a"] * 1e300
    for name in EVERY:
        p = make_classifier(name, schema=schema_of(X), n_classes=3).fit(X, y).predict_proba(X)
        assert np.isfinite(p).all()


def test_a_bootstrap_has_every_class_and_is_otherwise_plain():
    y = np.r_[np.zeros(500, dtype=int), 1, 3]
    for seed in range(30):
        rows = bootstrap(y, np.random.default_rng(seed))
        assert len(rows) == len(y)
        assert set(y[rows]) == {0, 1, 3}
    big = np.repeat([0, 1], 5000)
    rows = bootstrap(big, np.random.default_rng(0))
    plain = np.random.default_rng(0).integers(10_000, size=10_000)
    np.testing.assert_array_equal(rows, plain)


def test_bagging_lowers_the_log_loss_of_a_noisy_table():
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.normal(size=(700, 5)), columns=list("abcde"))
    y = (X["a"].to_numpy() + 1.5 * rng.normal(size=700) > 0).astype(int)
    loss = {}
    for name in ("xgboost", "xgboost-bagging", "xgboost-regularised"):
        model = make_classifier(name, schema=schema_of(X), n_classes=2).fit(X[:300], y[:300])
        loss[name] = -np.log(model.predict_proba(X[300:])[np.arange(400), y[300:]]).mean()
    # differences of 0.18 to 0.3 nats over seeds, with a paired standard error of 0.03 to 0.04 each
    assert loss["xgboost-bagging"] < loss["xgboost"]
    assert loss["xgboost-regularised"] < loss["xgboost"]


THREADS = """
import numpy as np, pandas as pd, psutil, sklearn.ensemble, xgboost
from equipoise.classifiers.native import CLASSIFIERS, make_classifier
from equipoise.tables.schema import Schema
X = pd.DataFrame(np.random.default_rng(0).normal(size=(3000, 5)), columns=list("abcde"))
y = (X["a"].to_numpy() > 0).astype(int)
before = psutil.Process().num_threads()
for name in CLASSIFIERS:
    model = make_classifier(name, schema=Schema.infer(X), n_classes=2)
    model.fit(X[:1000], y[:1000]).predict_proba(X)
print(psutil.Process().num_threads() - before)
"""


def test_no_pool_of_threads_is_started_even_where_six_are_allowed():
    done = subprocess.run(
        [sys.executable, "-c", THREADS],
        env={**os.environ, "OMP_NUM_THREADS": "6"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) <= 1  # one helper of XGBoost's own, whatever the number of jobs


def test_importing_the_classifiers_imports_no_xgboost():
    code = "import sys, equipoise.classifiers.native; print('xgboost' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("xgbost", "did you mean 'xgboost'"),
        ("forest", "The classifiers are xgboost"),
        ("sklearn.linear_model:LogisticRegresion", "did you mean LogisticRegression"),
        ("sklearn.linear_modell:LogisticRegression", "cannot be imported"),
        (":LogisticRegression", "cannot be imported"),
        ("sklearn.linear_model:", "no class ''"),
        ("sklearn.linear_model:Ridge", "not a scikit-learn classifier"),
        ("pandas:DataFrame", "not a scikit-learn classifier"),
        ("sklearn.linear_model:RidgeClassifier", "gives no probabilities"),
        ("sklearn.ensemble:VotingClassifier", "cannot be made without arguments"),
    ],
)
def test_a_wrong_name_is_refused_in_one_sentence(name, sentence):
    with pytest.raises(OptionError, match=sentence) as caught:
        check_classifier(name)
    assert "\n" not in str(caught.value)


def test_a_classifier_without_weights_says_so_and_works_plain():
    X, y = mixed(100)
    name = "sklearn.neighbors:KNeighborsClassifier"
    assert not takes_weights(name)
    assert all(takes_weights(other) for other in WEIGHTED)
    model = make_classifier(name, schema=schema_of(X), n_classes=3)
    assert model.fit(X, y).predict_proba(X).shape == (100, 3)
    with pytest.raises(OptionError, match="takes no weights"):
        model.fit(X, y, np.ones(100))


def test_an_instance_is_a_prototype_that_keeps_its_parameters_and_is_never_fitted_itself():
    X, y = mixed(200)
    prototype = LogisticRegression(C=1e-6)
    flat = make_classifier(prototype, schema=schema_of(X), n_classes=3).fit(X, y)
    named = make_classifier(LOGISTIC, schema=schema_of(X), n_classes=3).fit(X, y)
    assert np.ptp(flat.predict_proba(X), axis=0).max() < 0.01
    assert np.ptp(named.predict_proba(X), axis=0).max() > 0.1
    assert not hasattr(prototype, "coef_")


def test_an_instance_is_seeded_in_all_its_parts_unless_it_has_a_seed():
    X, y = mixed(200)

    def probabilities(prototype, seed):
        model = make_classifier(prototype, schema=schema_of(X), n_classes=3, random_state=seed)
        return model.fit(X, y).predict_proba(X)

    free = BaggingClassifier(DecisionTreeClassifier(max_features=1), n_estimators=3)
    np.testing.assert_array_equal(probabilities(free, 1), probabilities(free, 1))
    assert (probabilities(free, 1) != probabilities(free, 2)).any()
    fixed = DecisionTreeClassifier(max_features=1, random_state=7)
    np.testing.assert_array_equal(probabilities(fixed, 1), probabilities(fixed, 2))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (LogisticRegression, r"is a class; give an instance of it, LogisticRegression\(\)"),
        (Ridge(), "Ridge is not a scikit-learn classifier"),
        (RidgeClassifier(), "RidgeClassifier gives no probabilities"),
        (7, "int is not a scikit-learn classifier"),
    ],
)
def test_a_wrong_instance_is_refused_in_one_sentence(source, sentence):
    with pytest.raises(OptionError, match=sentence):
        check_classifier(source)
    assert not takes_weights(KNeighborsClassifier())
    assert takes_weights(LogisticRegression())


def test_wrong_calls_are_refused():
    X, y = mixed(50)
    model = make_classifier("xgboost", schema=schema_of(X), n_classes=3)
    with pytest.raises(NotFittedError, match="fit before predict_proba"):
        model.predict_proba(X)
    with pytest.raises(DataError, match="same number"):
        model.fit(X, y[:-1])
    with pytest.raises(DataError, match="same number"):
        model.fit(X, y, np.ones(3))
    with pytest.raises(DataError, match="lacks columns"):
        model.fit(X, y).predict_proba(X.drop(columns="town"))
