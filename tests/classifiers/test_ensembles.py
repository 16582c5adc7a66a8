"""Ensembles against imbalanced-learn's own classes, on classes of one row, and in the corrected decision."""

import doctest
import warnings

import numpy as np
import pandas as pd
import pytest
from imblearn.ensemble import BalancedBaggingClassifier, EasyEnsembleClassifier
from xgboost import XGBClassifier

from equipoise.classifiers import ensembles
from equipoise.classifiers.ensembles import balanced_counts, balanced_prior
from equipoise.classifiers.native import check_classifier, make_classifier, takes_weights
from equipoise.errors import OptionError
from equipoise.tables.schema import Schema

TREE = "sklearn.tree:DecisionTreeClassifier"
NEIGHBOURS = "sklearn.neighbors:KNeighborsClassifier"
WORDS = ("bagging", "balanced-bagging", "easy-ensemble")
BALANCED = [f"{single}{word}" for single in ("xgboost-", f"{TREE}+") for word in WORDS[1:]]
PLAIN = {
    "xgboost-balanced-bagging": BalancedBaggingClassifier,
    "xgboost-easy-ensemble": EasyEnsembleClassifier,
}
BOOTSTRAP = {"bootstrap": False, "replacement": True}  # balanced first, then drawn with replacement


def rows(counts=(200, 60, 30), seed=0):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    frame = pd.DataFrame(
        {
            "a": y + rng.normal(size=len(y)),
            "b": np.where(rng.random(len(y)) < 0.3, np.nan, rng.normal(size=len(y))),
            "town": pd.Series(rng.choice(["ash", "birch", "oak"], len(y))).mask(y == 1, "oak"),
        }
    )
    frame["town"] = frame["town"].mask(rng.random(len(y)) < 0.1)
    return frame, y


def made(name, X, y, n_classes=None, seed=7):
    schema = Schema.infer(X, warn=False)
    n_classes = n_classes or int(y.max()) + 1
    return make_classifier(name, schema=schema, n_classes=n_classes, random_state=seed)


@pytest.mark.parametrize("counts", [(200, 60), (200, 60, 30)])
@pytest.mark.parametrize("name", PLAIN)
def test_on_native_columns_they_are_imbalanced_learns_bit_by_bit(name, counts):
    X, y = rows(counts)
    types = ["q", "q", "c"]
    member = XGBClassifier(enable_categorical=True, feature_types=types, n_jobs=1, random_state=7)
    settings = BOOTSTRAP if "bagging" in name else {}
    theirs = PLAIN[name](
        estimator=member, n_estimators=10, sampling_strategy="all", random_state=7, **settings
    )
    matrix = X.assign(town=X["town"].map({"ash": 0, "birch": 1, "oak": 2})).to_numpy(np.float32)
    np.testing.assert_array_equal(
        made(name, X, y).fit(X, y).predict_proba(X), theirs.fit(matrix, y).predict_proba(matrix)
    )


def rows_learnt(member):
    """Rows at the root of the first tree; of them XGBoost tells the curvature, 2 (1/3) (2/3) each at the start."""
    if hasattr(member, "tree_"):
        return member.tree_.n_node_samples[0]
    trees = member.get_booster().trees_to_dataframe()
    return trees[(trees["Tree"] == 0) & (trees["Node"] == 0)]["Cover"].item() / (4 / 9)


@pytest.mark.parametrize("name", BALANCED)
def test_members_learn_from_balanced_samples(name):
    X, y = rows((900, 60, 12))
    model = made(name, X, y).fit(X, y)
    assert len(model._models) == 10
    assert [rows_learnt(member) for member in model._models] == pytest.approx([36.0] * 10)
    plain = made("xgboost", X, y).fit(X, y)
    there = y == 2
    assert model.predict_proba(X)[:, 2].mean() > 2 * plain.predict_proba(X)[:, 2].mean()
    assert model.predict_proba(X)[there, 2].mean() > 0.5


@pytest.mark.parametrize("name", [*BALANCED, "xgboost-bagging", f"{TREE}+bagging"])
@pytest.mark.parametrize("counts", [(57, 1), (57, 2, 1), (1, 1), (40, 12, 1), (60, 0, 1, 30)])
def test_classes_of_one_row_are_no_trouble(name, counts):
    X, y = rows(counts)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        p = made(name, X, y, n_classes=5).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-6)
    assert (p[:, [c for c in range(5) if c >= len(counts) or not counts[c]]] == 0).all()


def test_a_class_of_one_row_does_not_take_the_others_rows_away():
    assert balanced_counts(np.repeat([0, 1, 2], [900, 70, 1])).tolist() == [70, 70, 1]
    assert balanced_counts(np.repeat([0, 1, 2], [900, 9, 1])).tolist() == [9, 9, 1]
    assert balanced_counts(np.repeat([0, 1], [30, 900])).tolist() == [30, 30]
    assert balanced_counts(np.repeat([0, 1], [50, 50])).tolist() == [50, 50]
    assert balanced_counts(np.zeros(4, dtype=int)).tolist() == [4]
    X, y = rows((300, 100, 1))
    p = made("xgboost-easy-ensemble", X, y).fit(X, y).predict_proba(X)
    assert (p.argmax(axis=1) == y).mean() > 0.7


def test_the_prior_of_a_balanced_sample_is_even_over_classes_that_have_rows():
    y = np.repeat([0, 2, 3], [900, 70, 1])
    np.testing.assert_allclose(balanced_prior(y, 5), np.array([70, 0, 70, 1, 0]) / 141)
    assert balanced_prior(np.full(9, 1), 3).tolist() == [0, 1, 0]


@pytest.mark.parametrize("word", WORDS)
def test_an_ensemble_of_a_class_lowers_the_variance_of_its_trees(word):
    X, y = rows((300, 200), seed=1)
    X_new, y_new = rows((300, 200), seed=2)
    loss = {}
    for name in (TREE, f"{TREE}+{word}"):
        p = made(name, X, y).fit(X, y).predict_proba(X_new)[:, 1]
        loss[name] = ((p - y_new) ** 2).mean()
    # a single tree grown to the end has a Brier score of about 0.33, ten of them one of 0.23
    assert loss[f"{TREE}+{word}"] < loss[TREE] - 0.03


def test_members_of_a_bagged_class_have_seeds_of_their_own_and_the_same_ones_again():
    X, y = rows()
    model = made(f"{TREE}+bagging", X, y).fit(X, y)
    assert len({member.random_state for member in model._models}) == 10
    again = made(f"{TREE}+bagging", X, y).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))


def test_only_ensembles_that_do_not_balance_take_weights():
    assert takes_weights("xgboost-bagging")
    assert takes_weights(f"{TREE}+bagging")
    assert not takes_weights(f"{NEIGHBOURS}+bagging")
    assert not any(takes_weights(name) for name in BALANCED)
    X, y = rows()
    for name in (*BALANCED, f"{NEIGHBOURS}+bagging"):
        with pytest.raises(OptionError, match="takes no weights"):
            made(name, X, y).fit(X, y, np.ones(len(y)))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("xgboost-baging", "did you mean 'xgboost-bagging'"),
        (f"{TREE}+baging", "did you mean 'bagging'"),
        (f"{TREE}+", r"no ensemble ''; The ensembles of sklearn.tree:DecisionTreeClassifier are"),
        (f"{TREE}+boosting+x", "no ensemble"),
        ("sklearn.tree:DecisionTree+bagging", "no class 'DecisionTree'"),
    ],
)
def test_a_wrong_ensemble_is_refused_in_one_sentence(name, sentence):
    for refuse in (check_classifier, takes_weights):
        with pytest.raises(OptionError, match=sentence) as caught:
            refuse(name)
        assert "\n" not in str(caught.value)


def test_doctests_hold():
    result = doctest.testmod(ensembles)
    assert result.attempted
    assert not result.failed
