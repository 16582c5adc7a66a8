"""A saved estimator predicts as the one that was saved, and a file that is none ends in one sentence."""

import json
import random

import numpy as np
import pandas as pd
import pytest
from handmade import opened, written
from imblearn.over_sampling import SMOTE
from sklearn.tree import DecisionTreeClassifier

import equipoise as eq
from equipoise.classifiers._booster_checks import check_booster
from equipoise.classifiers._ubjson import read
from equipoise.classifiers.native import make_classifier
from equipoise.classifiers.tuning import draw
from equipoise.errors import DataError, EquipoiseError, NotFittedError
from equipoise.tables.schema import Schema

pytestmark = pytest.mark.filterwarnings("ignore::equipoise.errors.EquipoiseWarning")

KINDS = ("xgboost", "xgboost-regularised", "xgboost-bagging", "xgboost-tuned")


def table(n=150, n_classes=3, seed=0):
    """Give a frame of all kinds of columns with missing cells, and labels that depend on it."""
    rng = np.random.default_rng(seed)
    town = rng.choice(["ash", "birch", "cedar", "oak", "yew"], n)
    X = pd.DataFrame(
        {
            "town": pd.Series(town).mask(rng.random(n) < 0.1),
            "a": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
            "whole": rng.integers(0, 9, n),
            "flag": rng.random(n) < 0.4,
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D"),
            "same": "x",
            "id": [f"secret {i}" for i in range(n)],
        }
    )
    score = X["a"].fillna(0) + (X["town"] == "oak") + 0.3 * rng.normal(size=n)
    codes = np.digitize(score, [0.4, 1.3][: n_classes - 1])
    return X, pd.Series(np.array(["low", "mid", "high"], dtype=object)[codes], name="level")


def fitted(method="identity", **parameters):
    return eq.AugmentedClassifier(method, random_state=0, **parameters).fit(*table())


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model.eqp"
    model = fitted(eq.Smote(k_neighbors=3), weights="balanced", offsets={"mid": 0.2})
    model.save(path)
    return model, path


def boosters(document):
    """Give the names of the tensors that are boosters."""
    nodes = document["nodes"]
    slots = next(n[2] for n in nodes if n[0] == "object" and n[1] == "Boosters")
    return [nodes[slot[0]][1] for slot in nodes[slots["raw"][0]][1:]]


def predicts_as(loaded, model):
    fresh, _ = table(seed=9)
    fresh.loc[3:5, "town"] = "a town never met"
    np.testing.assert_array_equal(loaded.predict_proba(fresh), model.predict_proba(fresh))
    np.testing.assert_array_equal(loaded.predict(fresh), model.predict(fresh))


# What is saved comes back


@pytest.mark.parametrize(
    ("kind", "n_classes"), [*((kind, 2) for kind in KINDS), ("xgboost", 3), ("xgboost-bagging", 3)]
)
def test_a_loaded_estimator_predicts_bit_by_bit_as_the_saved_one(kind, n_classes, tmp_path):
    X, y = table(n_classes=n_classes)
    model = eq.AugmentedClassifier(
        "smote", classifier=kind, weights="ladder", synthetic_weight=0.5, random_state=0,
        prior=dict(zip(sorted(set(y)), [0.5, 0.3, 0.2] if n_classes == 3 else [0.6, 0.4], strict=True)),
    ).fit(X, y)  # fmt: skip
    model.save(tmp_path / "m.eqp")
    loaded = eq.load(tmp_path / "m.eqp")
    predicts_as(loaded, model)
    assert type(loaded.classifier_) is type(model.classifier_)
    assert loaded.get_params() == model.get_params()
    assert loaded.deliveries_ == model.deliveries_
    assert loaded.synthetic_rows_ == model.synthetic_rows_
    assert loaded.classes_.dtype == model.classes_.dtype
    loaded.save(tmp_path / "again.eqp")
    assert (tmp_path / "again.eqp").read_bytes() == (tmp_path / "m.eqp").read_bytes()


@pytest.mark.parametrize("make", [lambda X: X.to_numpy(), lambda X: X], ids=["array", "frame"])
@pytest.mark.parametrize("y", [np.arange(90) % 2 == 0, np.zeros(90, int), np.arange(90) % 12])
def test_arrays_single_classes_and_any_labels_come_back(make, y, tmp_path):
    X = make(pd.DataFrame(np.random.default_rng(0).normal(size=(90, 2)), columns=["a", "b"]))
    model = eq.AugmentedClassifier("duplicate", random_state=np.random.default_rng(0)).fit(X, y)
    model.save(tmp_path / "m.eqp")
    loaded = eq.load(tmp_path / "m.eqp")
    assert loaded.random_state is None
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert loaded.predict(X).dtype == model.predict(X).dtype
    refitted = loaded.set_params(random_state=1).fit(X, y)
    assert refitted.method_ is not None or refitted.synthetic_rows_ == 0


@pytest.mark.filterwarnings("error")
def test_no_training_row_is_in_the_file_not_even_of_a_fitted_method(tmp_path):
    X, y = table()
    with pytest.warns(eq.EquipoiseWarning, match="identifier"):
        smote = eq.Smote().fit(X, y)
    with pytest.warns(eq.EquipoiseWarning, match="identifier"):
        model = eq.AugmentedClassifier(smote, random_state=0).fit(X, y)
    model.save(tmp_path / "m.eqp")
    assert b"secret" not in (tmp_path / "m.eqp").read_bytes()
    document, tensors = opened(tmp_path / "m.eqp")
    assert document["keeps_rows"] is False
    assert document["identifiers"] == []
    assert not any(
        node[1] in ("Coded", "Neighbourhood") for node in document["nodes"] if len(node) > 1
    )
    loaded = eq.load(tmp_path / "m.eqp")
    assert loaded.method_ is None
    assert not hasattr(loaded.method, "schema_")


@pytest.mark.parametrize(
    ("classifier", "name"),
    [
        ("random-forest", "random-forest"),
        ("sklearn.linear_model:LogisticRegression", "sklearn.linear_model:LogisticRegression"),
        (DecisionTreeClassifier(), "DecisionTreeClassifier"),
    ],
)
def test_a_classifier_of_scikit_learn_is_refused_in_one_sentence(classifier, name, tmp_path):
    model = fitted(classifier=classifier)
    with pytest.raises(
        eq.OptionError, match=f"{name} .* no format without pickle.* fit it"
    ) as told:
        model.save(tmp_path / "m.eqp")
    assert "\n" not in str(told.value)
    assert not list(tmp_path.iterdir())


def test_what_no_file_can_hold_is_named(tmp_path):
    X = np.random.default_rng(0).normal(size=(60, 2))
    model = eq.AugmentedClassifier(SMOTE()).fit(X, np.repeat([0, 1], [45, 15]))
    with pytest.raises(eq.OptionError, match="AugmentedClassifier: method .a SMOTE"):
        model.save(tmp_path / "m.eqp")
    with pytest.raises(NotFittedError, match="before save"):
        eq.AugmentedClassifier().save(tmp_path / "m.eqp")
    assert not list(tmp_path.iterdir())


def test_every_setting_that_tuning_may_choose_can_be_saved():
    """The checks of a booster know all that XGBoost writes for us, be trees deep, tiny or without a split."""
    rng = np.random.default_rng(0)
    for k in range(12):
        X, y = table(n=int(rng.integers(20, 200)), n_classes=2 + k % 2, seed=k)
        codes = pd.factorize(y)[0]
        model = make_classifier("xgboost", schema=Schema.infer(X, warn=False), n_classes=3)
        model.parameters = {**draw(rng), "n_estimators": 20}
        weights = rng.choice([0.0, 1.0, 5.0], len(codes))
        model.fit(X, codes, weights)
        state = model._state()
        assert len(state.raw) == len(set(codes)) // 2 or state.learns


# Files that are none


def test_any_byte_that_is_changed_or_cut_off_is_noticed(saved, tmp_path):
    model, path = saved
    raw = path.read_bytes()
    rng, messages = random.Random(0), []
    for _ in range(60):
        damaged = bytearray(raw)
        if rng.random() < 0.2:
            del damaged[rng.randrange(len(raw)) :]
        if damaged:
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        (tmp_path / "m.eqp").write_bytes(damaged)
        try:
            predicts_as(eq.load(tmp_path / "m.eqp"), model)
        except EquipoiseError as error:
            messages.append(str(error))
    assert not [message for message in messages if "\n" in message]


def part(document, key):
    return next(n[2] for n in document["nodes"] if n[0] == "object" and n[1] == key)


def tensor_of(document, slot):
    return document["nodes"][slot[0]][1]


def other_booster(n_columns, n_classes):
    """Put the booster of another table in the place of the first."""

    def change(document, tensors):
        X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, n_columns)))
        model = make_classifier("xgboost", schema=Schema.infer(X), n_classes=n_classes)
        model.fit(X, np.arange(60) % n_classes)
        tensors[boosters(document)[0]] = model._state().raw[0]

    return change


def raw_booster(raw):
    def change(document, tensors):
        tensors[boosters(document)[0]] = np.frombuffer(raw, dtype=np.uint8)

    return change


def replaced(old, new, count=1):
    def change(document, tensors):
        name = boosters(document)[0]
        raw = tensors[name].tobytes()
        assert old in raw
        tensors[name] = np.frombuffer(raw.replace(old, new, count), dtype=np.uint8)

    return change


def children_of(value):
    """Set the first children of the first tree to a node."""

    def change(document, tensors):
        name = boosters(document)[0]
        raw = bytearray(tensors[name].tobytes())
        at = raw.index(b"left_children[$l#L") + len(b"left_children[$l#L") + 8
        raw[at : at + 4] = value.to_bytes(4, "big", signed=True)
        tensors[name] = np.frombuffer(bytes(raw), dtype=np.uint8)

    return change


def state_of(name, value):
    return lambda document, tensors: document["state"].update({name: value})


def shares_beyond_one(document, tensors):
    name = tensor_of(document, document["state"]["prior_"])
    tensors[name] = tensors[name] * 2


def shared_schema_parted(document, tensors):
    nodes = document["nodes"]
    copy = next(n for n in nodes if n[0] == "object" and n[1] == "Schema")
    nodes.append(json.loads(json.dumps(copy)))
    document["state"]["schema_"] = [len(nodes) - 1]


HOSTILE = {
    "fewer columns": (other_booster(2, 3), "types of columns"),
    "more classes": (other_booster(5, 4), "types of columns|number of classes"),
    "no booster": (raw_booster(b"hello"), "marker"),
    "an empty booster": (raw_booster(b""), "cut short"),
    "json": (raw_booster(b'{"learner": {}}'), "."),
    "an endless length": (raw_booster(b"[$d#L" + b"\x7f" + b"\xff" * 7), "length"),
    "deep": (raw_booster(b"[#U\x01" * 200), "too deeply|cut short"),
    "children before parents": (children_of(0), "children"),
    "children beyond the tree": (children_of(10**6), "children"),
    "a negative child": (children_of(-7), "leaves"),
    "another objective": (replaced(b"multi:softprob", b"multi:softmixt"), "objective"),
    "more features": (
        replaced(b"num_featureSL\0\0\0\0\0\0\0\x015", b"num_featureSL\0\0\0\0\0\0\0\x019"),
        "number of columns|size of a tree",
    ),
    "another kind of booster": (replaced(b"gbtree}", b"gblin1}"), "kind"),
    "no boosters": (
        lambda document, tensors: (
            part(document, "Boosters").update(raw=[len(document["nodes"])])
            or document["nodes"].append(["tuple"])
        ),
        ".",
    ),
    "classes out of order": (
        lambda document, tensors: tensors.update(
            {tensor_of(document, part(document, "Boosters")["classes"]): np.array([2, 1, 0])}
        ),
        "not in order",
    ),
    "another number of classes": (
        lambda document, tensors: part(document, "Boosters").update(n_classes=7),
        "other columns or classes",
    ),
    "a number of classes that is a text": (
        lambda document, tensors: part(document, "Boosters").update(n_classes="3"),
        "n_classes of a Boosters",
    ),
    "columns of another table": (shared_schema_parted, "other columns or classes"),
    "no classifier": (state_of("classifier_", None), "classifier_"),
    "a classifier that is a word": (state_of("classifier_", "xgboost"), "classifier_"),
    "no offsets": (lambda document, tensors: document["state"].pop("_offsets"), "_offsets"),
    "shares beyond one": (shares_beyond_one, "no shares"),
    "a number of columns": (state_of("n_features_in_", 3), "number of columns"),
    "a method of the class": (state_of("predict", 1), "predict"),
    "a parameter in the state": (state_of("plan", "none"), "a parameter"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_made_by_hand_is_refused_in_one_sentence(name, saved, tmp_path):
    change, words = HOSTILE[name]
    document, tensors = opened(saved[1])
    change(document, tensors)
    with pytest.raises(DataError, match=words) as failure:
        eq.load(written(tmp_path / "m.eqp", document, tensors))
    assert "m.eqp cannot be loaded: " in str(failure.value)
    assert "\n" not in str(failure.value)


def test_what_is_written_by_hand_without_a_change_is_loaded(saved, tmp_path):
    model, path = saved
    predicts_as(eq.load(written(tmp_path / "m.eqp", *opened(path))), model)


def survives_changed_boosters(path, target, n, seed):
    """Change bytes of a booster, right digest and all; what is loaded must predict, what is not must say so."""
    rng = random.Random(seed)
    document, tensors = opened(path)
    name = boosters(document)[0]
    raw, n_loaded, messages = tensors[name].tobytes(), 0, []
    fresh, _ = table(seed=9)
    for _ in range(n):
        changed = bytearray(raw)
        for _ in range(rng.choice((1, 1, 2, 8))):
            at = rng.randrange(len(raw))
            changed[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, changed[at] ^ 1 << rng.randrange(8)))
        written(target, document, {**tensors, name: np.frombuffer(bytes(changed), np.uint8)})
        try:
            eq.load(target).predict_proba(fresh)
            n_loaded += 1
        except EquipoiseError as error:
            messages.append(str(error))
    assert not [message for message in messages if "\n" in message]
    return n_loaded


def test_a_booster_that_is_wrong_on_purpose_ends_in_a_prediction_or_in_our_error(saved, tmp_path):
    assert 0 < survives_changed_boosters(saved[1], tmp_path / "m.eqp", 40, seed=1) < 40


@pytest.mark.truth
def test_thousands_of_wrong_boosters_end_in_a_prediction_or_in_our_error(saved, tmp_path):
    assert survives_changed_boosters(saved[1], tmp_path / "m.eqp", 2000, seed=2) < 2000


def test_two_values_of_one_name_are_refused_lest_two_readers_differ():
    assert read(b"{U\x01aU\x01U\x01bU\x02}") == {"a": 1, "b": 2}
    with pytest.raises(ValueError, match="'a' twice"):
        read(b"{U\x01aU\x01U\x01aU\x02}")
    with pytest.raises(ValueError, match="followed by bytes"):
        read(b"U\x01U")
    with pytest.raises(ValueError, match="form known here"):
        check_booster(b"{}", Schema.infer(table()[0], warn=False), 2)
