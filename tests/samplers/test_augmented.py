"""The estimator: what it trains on, what its probabilities mean, how it decides."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from imblearn.combine import SMOTEENN
from imblearn.over_sampling import SMOTE, RandomOverSampler
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from equipoise import (
    TVAE,
    AugmentedClassifier,
    DataError,
    Duplicate,
    OptionError,
    Smote,
    SyntheticOverSampler,
)
from equipoise.classifiers.native import make_classifier
from equipoise.classifiers.weights import balanced_weights, ladder_weights
from equipoise.datasets.laws import law
from equipoise.registry import make
from equipoise.samplers.oversampler import oversample
from equipoise.samplers.strategies import parse_plan, shrink
from equipoise.seeds import seed_for
from equipoise.tables.schema import Schema

LOGISTIC = LogisticRegression(C=1e3)


@pytest.fixture
def gaussians():
    """Three classes of 70, 25 and 5 %, 400 rows."""
    return law("three-gaussians").sample(400, np.random.default_rng(0))


@pytest.fixture
def mixed():
    rng = np.random.default_rng(3)
    n = 80
    X = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "pay": np.round(rng.normal(1000, 200, n), 2),
            "job": rng.choice(["cook", "smith", None], n),
            "member": rng.random(n) < 0.5,
        },
        index=rng.permutation(n) + 100,
    )
    X.loc[X.index[:5], "pay"] = np.nan
    y = pd.Series(np.where(rng.random(n) < 0.25, "yes", "no"), index=X.index, name="default")
    return X, y


def two_normals(n, share, rng):
    """Give rows and truth of N(0, 1) against N(1, 1), the second of a share, and the posterior of it."""
    y = (rng.random(n) < share).astype(int)
    x = rng.normal(y, 1.0)
    return x.reshape(-1, 1), y, lambda x: 1 / (1 + np.exp(-(x - 0.5 + np.log(share / (1 - share)))))


# What it is made of


def test_it_is_the_composition_of_its_parts_with_the_same_seeds(gaussians):
    X, y = gaussians
    model = AugmentedClassifier("smote", plan="balance:0.5", weights="ladder", random_state=7)
    model.fit(X, y)
    smote = make("smote", random_state=seed_for(7, "fit")).fit(X, y)
    wanted = parse_plan("balance:0.5").new_rows(y)
    X_all, y_all, mask = oversample(smote, X, y, wanted, seed_for(7, "sample"))
    codes = model.labels_.code(y_all)
    by_hand = make_classifier(
        "xgboost",
        schema=Schema.infer(X),
        n_classes=3,
        random_state=seed_for(7, "classifier"),
    ).fit(X_all, codes, ladder_weights(codes, 3)[codes])
    fresh, _ = law("three-gaussians").sample(300, np.random.default_rng(1))
    raw = by_hand.predict_proba(fresh)
    np.testing.assert_array_equal(model.predict(fresh), model.classes_[raw.argmax(axis=1)])
    np.testing.assert_array_equal(model.classifier_.predict_proba(fresh), raw)
    assert model.synthetic_rows_ == mask.sum() == sum(d.delivered for d in model.deliveries_)
    assert {d.label: d.requested for d in model.deliveries_} == wanted


def test_undersample_is_the_benchmarks_own_with_classes_under_ten_rows_left_alone(gaussians):
    X, y = gaussians
    keep = np.r_[
        np.flatnonzero(y == "left"), np.flatnonzero(y == "middle"), np.flatnonzero(y == "right")[:6]
    ]
    X, y = X.iloc[keep].reset_index(drop=True), y.iloc[keep].reset_index(drop=True)
    model = AugmentedClassifier("undersample", random_state=3).fit(X, y)
    codes = model.labels_.code(y)
    totals = shrink(codes, np.array([True, True, False]))
    sampler = make("undersample", random_state=seed_for(3, "sample"), sampling_strategy=totals)
    X_kept, codes_kept = sampler.fit_resample(X, codes)
    n_middle = int((y == "middle").sum())
    assert np.bincount(codes_kept).tolist() == [n_middle, n_middle, 6]
    np.testing.assert_array_equal(sampler.sample_indices_, model.method_.sample_indices_)
    by_hand = make_classifier(
        "xgboost",
        schema=Schema.infer(X),
        n_classes=3,
        random_state=seed_for(3, "classifier"),
    ).fit(X_kept, codes_kept)
    np.testing.assert_array_equal(model.classifier_.predict_proba(X), by_hand.predict_proba(X))
    assert model.synthetic_rows_ == 0


def test_undersampling_only_tiny_classes_or_a_single_one_leaves_the_rows():
    X = np.arange(24.0).reshape(-1, 1)
    tree = DecisionTreeClassifier()
    for y in (np.repeat([0, 1], [8, 4]), np.zeros(12, int)):
        model = AugmentedClassifier("undersample", classifier=tree).fit(X[:12], y)
        np.testing.assert_array_equal(model.trained_prior_, model.natural_prior_)


def test_weights_go_with_the_rows_that_are_kept(gaussians):
    X, y = gaussians
    weights = np.where(np.arange(len(y)) % 2, 1.0, 3.0)
    model = AugmentedClassifier("undersample", classifier=DecisionTreeClassifier(), random_state=0)
    model.fit(X, y, weights)
    kept = model.method_.sample_indices_
    mass = np.bincount(model.labels_.code(y.iloc[kept]), weights=weights[kept])
    np.testing.assert_allclose(model.trained_prior_, mass / mass.sum())
    mass = np.bincount(model.labels_.code(y), weights=weights)
    np.testing.assert_allclose(model.prior_, mass / mass.sum())


@pytest.mark.parametrize("synthetic_weight", [0.0, 0.25])
def test_new_rows_get_the_synthetic_weight_and_originals_their_own(gaussians, synthetic_weight):
    X, y = gaussians
    weights = np.linspace(1, 2, len(y))
    seen = {}

    class Watched(DecisionTreeClassifier):
        def fit(self, X, y, sample_weight=None):
            seen["weights"] = sample_weight
            return super().fit(X, y, sample_weight)

    model = AugmentedClassifier(
        Smote(), weights="balanced", classifier=Watched(), synthetic_weight=synthetic_weight
    ).fit(X, y, weights)
    n_new = model.synthetic_rows_
    assert n_new > 0
    # After `balance` every class has as many rows, hence the class weight 1.
    np.testing.assert_allclose(seen["weights"][: len(y)], weights)
    np.testing.assert_allclose(seen["weights"][len(y) :], np.full(n_new, synthetic_weight))


def test_a_row_of_weight_two_is_two_rows():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), rng.integers(0, 2, 60)
    times = rng.integers(1, 4, 60)
    model = AugmentedClassifier(classifier=DecisionTreeClassifier(max_depth=3), random_state=0)
    weighted = clone(model).fit(X, y, times).predict_proba(X)
    repeated = clone(model).fit(np.repeat(X, times, axis=0), np.repeat(y, times)).predict_proba(X)
    plain = clone(model).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(weighted, repeated)
    assert abs(weighted - plain).max() > 0.01


def test_no_method_and_no_weights_leave_a_classifier_that_takes_none_alone(gaussians):
    X, y = gaussians
    AugmentedClassifier(Smote(), classifier=KNeighborsClassifier()).fit(X, y)
    with pytest.raises(OptionError, match="KNeighborsClassifier takes no weights"):
        AugmentedClassifier(weights="balanced", classifier=KNeighborsClassifier()).fit(X, y)


@pytest.mark.parametrize(
    "sampler", [SMOTE(), RandomOverSampler(), SyntheticOverSampler(Smote(), random_state=1)]
)
def test_an_imbalanced_learn_sampler_is_a_method(gaussians, sampler):
    X, y = gaussians
    model = AugmentedClassifier(
        sampler, classifier=DecisionTreeClassifier(), synthetic_weight=0.0, random_state=0
    ).fit(X, y)
    assert model.synthetic_rows_ == 3 * (y == "left").sum() - len(y)
    # Rows of no weight leave the shares that the training rows have.
    np.testing.assert_allclose(model.trained_prior_, model.natural_prior_)
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))


def test_a_sampler_that_does_not_say_what_it_kept_takes_no_weights(gaussians):
    X, y = gaussians
    model = AugmentedClassifier(SMOTEENN(), classifier=DecisionTreeClassifier(), random_state=0)
    assert model.fit(X, y).synthetic_rows_ is None
    with pytest.raises(OptionError, match="SMOTEENN does not say which"):
        model.fit(X, y, np.ones(len(y)))


# What its probabilities mean


@pytest.mark.parametrize(
    "parameters",
    [
        {"weights": "balanced"},
        {"weights": "ladder"},
        {"method": "duplicate"},
        {"method": "undersample"},
        {"method": Duplicate(), "weights": "ladder", "synthetic_weight": 0.5},
    ],
    ids=str,
)
def test_corrected_probabilities_are_those_of_the_law(parameters):
    known = law("logistic")
    X, y = known.sample(30_000, np.random.default_rng(0))
    model = AugmentedClassifier(**parameters, classifier=LOGISTIC, random_state=0).fit(X, y)
    fresh, _ = known.sample(4000, np.random.default_rng(1))
    truth = known.posterior(fresh)[:, known.classes.index("rare")]
    rare = model.classes_.tolist().index("rare")
    raw = model.classifier_.predict_proba(fresh)[:, rare]
    assert abs(raw.mean() - truth.mean()) > 0.05  # the treatment has moved the shares
    corrected = model.predict_proba(fresh)[:, rare]
    assert abs(corrected.mean() - truth.mean()) < 0.006
    assert abs(corrected - truth).mean() < 0.015


def test_probabilities_go_to_the_prior_that_is_stated_and_decisions_with_them():
    X, y, _ = two_normals(20_000, 0.1, np.random.default_rng(0))
    fresh, _, posterior = two_normals(4000, 0.6, np.random.default_rng(1))
    model = AugmentedClassifier(prior={0: 0.4, 1: 0.6}, classifier=LOGISTIC).fit(X, y)
    truth = posterior(fresh[:, 0])
    assert abs(model.predict_proba(fresh)[:, 1] - truth).max() < 0.06
    assert (model.predict(fresh) == (truth > 0.5)).mean() > 0.98
    unmoved = AugmentedClassifier(classifier=LOGISTIC).fit(X, y)
    assert (unmoved.predict(fresh) == (truth > 0.5)).mean() < 0.7


def test_the_natural_shares_as_the_prior_change_nothing(gaussians):
    X, y = gaussians
    shares = y.value_counts(normalize=True).to_dict()
    plain = AugmentedClassifier("smote", classifier=LOGISTIC, random_state=0).fit(X, y)
    stated = clone(plain).set_params(prior=shares).fit(X, y)
    np.testing.assert_allclose(stated.predict_proba(X), plain.predict_proba(X))
    np.testing.assert_array_equal(stated.predict(X), plain.predict(X))


def test_predict_is_not_the_argmax_of_corrected_probabilities():
    X, y, _ = two_normals(5000, 0.05, np.random.default_rng(0))
    model = AugmentedClassifier(weights="balanced", classifier=LOGISTIC).fit(X, y)
    predicted, likely = model.predict(X), model.predict_proba(X).argmax(axis=1)
    assert 0.28 < predicted.mean() < 0.38  # what is above x = 0.5: 0.33 of the law
    assert likely.mean() < 0.03
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


def test_offsets_move_decisions_by_as_much_as_they_say_and_no_probability():
    X, y, _ = two_normals(5000, 0.3, np.random.default_rng(0))
    plain = AugmentedClassifier(classifier=LOGISTIC).fit(X, y)
    moved = AugmentedClassifier(offsets={1: 1.5}, classifier=LOGISTIC).fit(X, y)
    p = plain.predict_proba(X)
    np.testing.assert_array_equal(moved.predict_proba(X), p)
    np.testing.assert_array_equal(
        moved.predict(X), (np.log(p[:, 1]) + 1.5 > np.log(p[:, 0])).astype(int)
    )
    assert moved.predict(X).mean() > plain.predict(X).mean() + 0.2


# What goes in


@pytest.mark.parametrize("method", ["identity", Smote(), "undersample"])
def test_polars_and_arrow_frames_predict_as_the_pandas_one(mixed, method):
    X, y = mixed
    predictions = []
    for other in (X, pl.from_pandas(X), pa.Table.from_pandas(X, preserve_index=False)):
        model = AugmentedClassifier(method, classifier="xgboost", random_state=0)
        target = pl.Series("default", y.tolist()) if isinstance(other, pl.DataFrame) else y
        predictions.append(model.fit(other, target).predict_proba(other))
        assert model.feature_names_in_.tolist() == X.columns.tolist()
        assert model.n_features_in_ == 4
    np.testing.assert_array_equal(predictions[0], predictions[1])
    np.testing.assert_array_equal(predictions[0], predictions[2])


def test_an_array_is_read_by_place_by_a_model_of_a_frame(gaussians):
    X, y = gaussians
    model = AugmentedClassifier(classifier=DecisionTreeClassifier(), random_state=0).fit(X, y)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        by_place = model.predict_proba(X.to_numpy())
    np.testing.assert_array_equal(by_place, model.predict_proba(X))


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(["b", "a"] * 40, dtype=pd.CategoricalDtype(["b", "unused", "a"])),
        pd.Series([True, False] * 40),
        pd.Series([3, 1] * 40, dtype="Int64"),
        np.array(["a", "b"] * 40),
        list("ab" * 40),
    ],
    ids=lambda y: str(getattr(y, "dtype", "list")),
)
def test_labels_of_any_type_are_predicted_as_they_came(mixed, y):
    X, _ = mixed
    X = X.assign(signal=np.arange(80) % 2)
    model = AugmentedClassifier("smote", classifier=DecisionTreeClassifier(max_depth=3)).fit(X, y)
    assert model.predict(X).tolist() == list(y)
    assert model.classes_.tolist() == (["b", "a"] if hasattr(y, "cat") else sorted(set(y)))


def test_the_same_seed_gives_the_same_predictions_and_another_gives_others(gaussians):
    X, y = gaussians
    one, other, third = (
        AugmentedClassifier(Smote(), classifier="xgboost-bagging", random_state=seed)
        .fit(X, y)
        .predict_proba(X)
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, other)
    assert (one != third).any()


def test_a_plan_that_asks_for_nothing_fits_no_method(gaussians):
    X, y = gaussians
    model = AugmentedClassifier(TVAE(), plan="none", classifier=LOGISTIC).fit(X, y)
    assert model.method_ is None
    assert model.deliveries_ == ()
    assert model.synthetic_rows_ == 0


def test_it_is_searched_cross_validated_and_piped(gaussians):
    X, y = gaussians
    model = AugmentedClassifier(Smote(), classifier=LogisticRegression(), random_state=0)
    search = GridSearchCV(
        model,
        {"method__k_neighbors": [2, 4], "classifier__C": [0.1, 1.0], "weights": [None, "balanced"]},
        cv=2,
        scoring="roc_auc_ovr",
    ).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.method_.k_neighbors == search.best_params_["method__k_neighbors"]
    scores = cross_validate(model, X, y, cv=3, params={"sample_weight": np.ones(len(y))})
    assert scores["test_score"].min() > 0.6
    piped = make_pipeline(StandardScaler(), model).fit(X, y)
    assert piped.predict(X).shape == y.shape


def test_what_is_given_is_neither_fitted_nor_changed(gaussians):
    X, y = gaussians
    before = X.copy(), y.copy()
    smote, tree = Smote(), DecisionTreeClassifier()
    AugmentedClassifier(smote, classifier=tree, random_state=0).fit(X, y)
    assert vars(smote) == vars(Smote())
    assert not hasattr(tree, "tree_")
    pd.testing.assert_frame_equal(X, before[0])
    pd.testing.assert_series_equal(y, before[1])


# What is refused


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"method": "smot"}, "there is no method 'smot'"),
        ({"method": "oracle"}, "known law"),
        ({"method": Smote}, "method must be a name"),
        ({"method": LOGISTIC}, "method must be a name"),
        ({"plan": "double"}, "the plan must be"),
        ({"weights": "heavy"}, "weights must be None, 'balanced' or 'ladder', got 'heavy'"),
        ({"classifier": "xgbost"}, "did you mean 'xgboost'"),
        ({"offsets": {"up": 1.0}}, "there is no class 'up'"),
        ({"offsets": {"left": "much"}}, "offset of class 'left' must be a finite number"),
        ({"offsets": [0.0, 1.0]}, "offsets must be a dict"),
        ({"prior": {"left": 0.5, "middle": 0.5}}, "above 0 and add up to 1"),
        ({"prior": {"left": 0.5, "middle": 0.5, "right": 0.1}}, "add up to 1"),
        ({"prior": {"left": 1.2, "middle": -0.1, "right": -0.1}}, "above 0"),
        ({"prior": {"left": 0.5, "middle": 0.4, "up": 0.1}}, "prior names the class 'up'"),
        ({"synthetic_weight": -1}, "synthetic_weight must be a finite number"),
        ({"kinds": {"z": "numeric"}}, "'z'"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_one_sentence(gaussians, parameters, sentence):
    given = {"classifier": DecisionTreeClassifier(), **parameters}
    with pytest.raises(OptionError, match=sentence) as caught:
        AugmentedClassifier(**given).fit(*gaussians)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "weights", [np.ones(3), np.ones((400, 2)), np.r_[-1, np.ones(399)], [np.nan] * 400, ["a"] * 400]
)
def test_weights_that_cannot_be_used_are_one_sentence(gaussians, weights):
    with pytest.raises(DataError, match="sample_weight must") as caught:
        AugmentedClassifier().fit(*gaussians, weights)
    assert "\n" not in str(caught.value)


def test_balanced_weights_count_the_rows_that_are_trained_on(gaussians):
    X, y = gaussians
    model = AugmentedClassifier(
        "smote", plan="balance:0.5", weights="balanced", classifier=DecisionTreeClassifier()
    ).fit(X, y)
    np.testing.assert_allclose(model.trained_prior_, 1 / 3)
    codes = model.labels_.code(y)
    stale = balanced_weights(codes, 3) * np.maximum(np.bincount(codes), 0.5 * np.bincount(codes)[0])
    assert abs(stale / stale.sum() - 1 / 3).max() > 0.1  # counts from before the treatment
