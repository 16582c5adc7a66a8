"""The tutorial's VAE: as published, defects included, and what each switch mends."""

import warnings
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import ks_2samp
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from equipoise.datasets import load_dataset
from equipoise.errors import NotFittedError, OptionError
from equipoise.networks.training import Training
from equipoise.synthesizers import basic_vae as module
from equipoise.synthesizers._standard_rows import StandardRows
from equipoise.synthesizers.basic_vae import BasicVAE
from equipoise.tables.coded import code, decode
from equipoise.tables.schema import Schema

RICH = ">50K"
REPAIRED = {"kl_scale": "elbo", "head": "mixed"}


def mixed(n=200, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "income": np.round(rng.lognormal(3, 1, n), 2),
            "age": rng.integers(18, 90, n),
            "job": rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]),
            "member": rng.random(n) < 0.5,
            "size": pd.Categorical(rng.choice(["s", "l"], n), categories=["s", "m", "l"]),
            "same": 7,
        }
    )
    X.loc[rng.random(n) < 0.2, "income"] = np.nan
    X.loc[rng.random(n) < 0.2, "job"] = None
    return X, pd.Series(np.where(np.arange(n) < n - 40, "many", "few"), name="y")


def fitted(X, y, **options):
    return BasicVAE(**{"epochs": 3, "random_state": 0, **options}).fit(X, y)


def test_rows_are_encoded_as_standardised_numbers_then_one_hots_and_come_back():
    X, _ = mixed()
    schema = Schema.infer(X)
    table = code(schema, X)
    rows = StandardRows.fit(schema, table)
    encoded = rows.transform(table)
    assert rows.names == (
        "income", "age", "job=a", "job=b", "job=c", "job=missing", "member=False", "member=True",
        "size=s", "size=l", "income=present", "income=missing",
    )  # fmt: skip
    assert rows.block_ids.tolist() == [-1, -1, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3]
    np.testing.assert_allclose(encoded[:, :2].mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(encoded[:, :2].std(axis=0), 1, atol=1e-5)
    median = (X["income"].median() - rows.centres[0]) / rows.scales[0]
    np.testing.assert_allclose(encoded[X["income"].isna(), 0], median, rtol=1e-5)
    pd.testing.assert_frame_equal(decode(schema, rows.inverse(encoded)), decode(schema, table))


def test_a_level_that_training_did_not_have_is_a_block_of_zeros():
    X, y = mixed()
    model = fitted(X, y)
    other = model.encode(X.head(2).assign(size=["m", "s"], income=[1.0, None]).astype(X.dtypes))
    assert other[:, 8:10].tolist() == [[0, 0], [1, 0]]
    assert other[:, 10:].tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("head", ["sigmoid", "mixed"])
@pytest.mark.parametrize("n_classes", [1, 2, 3])
def test_the_label_is_the_last_column_and_one_hot_beyond_two_classes(head, n_classes):
    X, _ = mixed()
    model = fitted(X, np.arange(200) % n_classes, head=head, epochs=1)
    width = 1 if head == "sigmoid" and n_classes <= 2 else n_classes
    assert model.network_.width == 12 + width
    told = fitted(X, np.arange(200) % n_classes, head=head, epochs=1, conditional=True)
    assert (told.network_.width, told.network_.told) == (12, n_classes)
    x, _ = model._with_label(torch.zeros(3, 12), np.array([0, n_classes - 1, 0]))
    expected = [0.0, 1.0, 0.0] if n_classes > 1 else [0.0 if head == "sigmoid" else 1.0] * 3
    assert x[:, -1].tolist() == expected


def test_rows_have_the_classes_asked_for_and_values_seen_in_training():
    X, y = mixed()
    for options in ({}, {"decode": "draw"}, {**REPAIRED, "decode": "draw", "latent": "prior"}):
        new, labels = fitted(X, y, **options).sample({"few": 30, "many": 20}, random_state=1)
        assert labels.value_counts().to_dict() == {"few": 30, "many": 20}
        assert list(new.dtypes) == list(X.dtypes)
        assert set(new["job"].dropna()) <= {"a", "b", "c"}
        assert "m" not in set(new["size"])
        assert new["age"].between(X["age"].min(), X["age"].max()).all()
        assert new[["age", "member", "size", "same"]].notna().all().all()


def test_rows_as_published_are_the_largest_of_the_fractions():
    X, y = mixed()
    model = fitted(X, y)
    asked = {"many": 5, "few": 4}
    fractions, names = model.sample_encoded(asked, random_state=3)
    assert fractions.shape == (9, len(names)) == (9, 12)
    assert ((fractions > 0) & (fractions < 1)).all()
    new, _ = model.sample(asked, random_state=3)
    pd.testing.assert_frame_equal(new.drop(columns="same"), decode(
        model.schema_, model.rows_.inverse(fractions)).drop(columns="same"))  # fmt: skip


def test_decode_concerns_rows_alone_where_none_is_argmax():
    X, y = mixed()
    model = fitted(X, y)
    argmax, draw = (switched(model, decode=how) for how in ("argmax", "draw"))
    rows = [m.sample({"few": 200}, random_state=3)[0] for m in (model, argmax, draw)]
    fractions = [m.sample_encoded({"few": 200}, random_state=3)[0] for m in (model, argmax, draw)]
    # No row holds fractions: `sample` takes the largest, and `sample_encoded` gives fractions whatever is chosen.
    pd.testing.assert_frame_equal(rows[0], rows[1])
    assert not rows[0].equals(rows[2])
    assert np.array_equal(fractions[0], fractions[1])
    assert np.array_equal(fractions[0], fractions[2])


def test_an_array_of_published_rows_can_be_asked_for_at_training_proportions():
    X, y = mixed()
    with pytest.raises(NotFittedError):
        BasicVAE().sample_encoded(3)
    assert fitted(X, y).sample_encoded(10, random_state=0)[0].shape == (10, 12)
    assert fitted(X, y).sample_encoded({}, random_state=0)[0].shape == (0, 12)


def test_codes_of_a_class_lie_in_a_ball_around_its_mean():
    X, y = mixed()
    model = fitted(X, y)
    g = torch.Generator().manual_seed(0)
    z = model._codes(1, 20_000, g)
    torch.testing.assert_close(z.mean(dim=0), model.class_means_[1], atol=0.004, rtol=0)
    torch.testing.assert_close(z.std(dim=0), torch.full((8,), 0.1), atol=0.003, rtol=0)
    model.latent = "prior"
    assert float(model._codes(1, 20_000, g).std()) == pytest.approx(1, abs=0.02)
    model.latent = "posterior"
    with pytest.raises(OptionError, match="latent"):
        model.sample(3)
    codes = fitted(X, y, latent="posterior").posteriors_
    assert codes.starts.tolist() == [0, 40, 200]


def test_a_fifth_of_the_rows_is_left_out_of_the_training_as_published():
    X, y = mixed()
    model = fitted(X, y, batch_size=50)
    assert (model.n_train_, model.n_steps_) == (160, 12)  # 3 epochs of 4 batches, the last of 10
    assert len(model.history_["loss"]) == 3
    assert fitted(X, y, train_share=1.0).n_train_ == 200
    assert fitted(X.head(1), y.head(1)).n_train_ == 1


def test_a_class_of_one_row_is_made_and_recorded():
    X, y = mixed()
    y.iloc[0] = "one"
    model = fitted(X, y)
    model.sample({"one": 5, "few": 5}, random_state=0)
    fallbacks = {delivery.label: delivery.fallback for delivery in model.deliveries_}
    assert fallbacks["one"].startswith("one training row")
    assert fallbacks["few"] == ""


@pytest.mark.parametrize(("n", "noted"), [(1, True), (9, True), (10, False)])
def test_a_network_trained_on_too_few_rows_says_so(n, noted):
    X, y = mixed()
    model = fitted(X.tail(n), y.tail(n))
    model.sample({"few": 5}, random_state=0)
    assert model.network_ is not None
    assert ("too few to train" in model.deliveries_[0].fallback) == noted


def test_one_seed_gives_one_table_and_no_global_stream_moves():
    X, y = mixed()
    before, legacy = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    one, other = fitted(X, y, decode="draw"), fitted(X, y, decode="draw")
    first, second = (m.sample(50, random_state=5)[0] for m in (one, other))
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(one.sample(50, random_state=6)[0])
    assert torch.equal(torch.random.get_rng_state(), before)
    assert (np.random.get_state()[1] == legacy).all()  # noqa: NPY002
    assert not hasattr(clone(one), "network_")


def test_balanced_batches_hold_as_many_rows_of_each_class_and_shuffled_ones_each_row_once():
    y = torch.tensor([0] * 90 + [1] * 10)
    g = torch.Generator().manual_seed(0)
    passes = {
        balanced: torch.cat([next(batches) for _ in range(4)])
        for balanced in (True, False)
        for batches in [module._batches(y, balanced, 30, g)]
    }
    assert torch.bincount(y[passes[True]]).tolist() == [50, 50]
    assert sorted(passes[False].tolist()) == list(range(100))


def test_a_training_that_fails_at_once_falls_back_and_says_so(monkeypatch):
    def fail(*_):
        return Training(n_steps=2, stopped="a number was not finite at step 2", failed=True)

    monkeypatch.setattr(module, "train", fail)
    X, y = mixed()
    model = fitted(X, y)
    new, _ = model.sample({"few": 8}, random_state=0)
    assert "not finite" in model.deliveries_[0].fallback
    assert new["age"].isin(X["age"][y == "few"]).all()
    with pytest.raises(OptionError, match="no network"):
        model.sample_encoded(3)


TABLES = {
    "all numeric": pd.DataFrame(np.random.default_rng(0).standard_normal((80, 3))),
    "all categorical": pd.DataFrame({"a": list("xyzw") * 20, "b": ["u", "v"] * 40}),
    "constants only": pd.DataFrame({"a": [1] * 80, "b": ["u"] * 80}),
    "constant where it is not missing": pd.DataFrame({"a": [None, 5.0] * 40, "b": [1, 2] * 40}),
    "huge": pd.DataFrame({"a": np.random.default_rng(0).lognormal(300, 80, 80)}),
}


@pytest.mark.parametrize("options", [{}, {**REPAIRED, "decode": "draw", "conditional": True}])
@pytest.mark.parametrize("name", TABLES)
def test_every_kind_of_table_comes_back_within_its_values(name, options):
    X = TABLES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = fitted(X, np.arange(80) % 2, **options)
        new, _ = model.sample(60, random_state=0)
    assert model.fallbacks_ == {}
    for column in X:
        assert new[column].isna().any() <= X[column].isna().any()
        if pd.api.types.is_numeric_dtype(X[column]):
            assert new[column].dropna().between(X[column].min(), X[column].max()).all()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("kl_scale", "none"),
        ("head", "tanh"),
        ("decode", "mean"),
        ("latent", "ball"),
        ("conditional", "yes"),
        ("batches", "even"),
        ("radius", -0.1),
        ("n_latent", 0),
        ("hidden", 1.5),
        ("epochs", None),
        ("batch_size", True),
        ("learning_rate", 0.0),
        ("train_share", 0.0),
    ],
)
def test_a_parameter_out_of_range_is_named_in_fit(option, value):
    X, y = mixed(20)
    with pytest.raises(OptionError, match=option):
        BasicVAE(**{option: value}).fit(X, y)


def half_of_adult():
    """Give four fifths of Adult, where a missing cell is the level "?", as the tutorial reads it."""
    X, y = load_dataset("adult")
    words = [name for name in X if not pd.api.types.is_numeric_dtype(X[name])]
    X[words] = X[words].astype(object).where(X[words].notna(), "?").astype(str)
    rows = np.random.default_rng(42).permutation(len(X))[:26_048]
    return X.iloc[rows].reset_index(drop=True), y.iloc[rows].reset_index(drop=True), words


@pytest.fixture(scope="module")
def adult():
    return half_of_adult()


@pytest.fixture(scope="module")
def published(adult):
    return BasicVAE(random_state=0).fit(*adult[:2])


@pytest.fixture(scope="module")
def repaired(adult):
    return BasicVAE(random_state=0, decode="draw", latent="posterior", **REPAIRED).fit(*adult[:2])


def switched(model, **options):
    """Give a fitted model with switches that act when it samples."""
    other = clone(model).set_params(**options)
    other.__dict__ |= {name: v for name, v in vars(model).items() if name not in other.__dict__}
    return other


def combinations(model, words, n=1000):
    new, _ = model.sample({RICH: n}, random_state=1)
    return len(new[words].drop_duplicates())


def stump(real, synthetic):
    """Give the AUC of one split that tells equally many real and synthetic encoded rows apart."""
    n = min(len(real), len(synthetic))
    rows, side = np.concatenate([real[:n], synthetic[:n]]), np.repeat([0, 1], n)
    tree = DecisionTreeClassifier(max_depth=1).fit(rows, side)
    return roc_auc_score(side, tree.predict_proba(rows)[:, 1])


def fidelity(model, real, words):
    """Give the mean over columns of 1 - total variation, or 1 - the largest gap of distribution functions."""
    new, _ = model.sample({RICH: len(real)}, random_state=1)
    scores = []
    for name in real:
        if name in words:
            pair = (part[name].value_counts(normalize=True) for part in (real, new))
            a, b = next(pair).align(next(pair), fill_value=0)
            scores.append(1 - (a - b).abs().sum() / 2)
        else:
            scores.append(1 - ks_2samp(real[name], new[name]).statistic)
    return float(np.mean(scores))


def fidelity_of_fractions(model, real, words):
    """Give the same of rows that were not made into rows: no fraction is a category that real rows have."""
    encoded, names = model.sample_encoded({RICH: len(real)}, random_state=1)
    there = model.encode(real)
    scores = []
    for name in real:
        if name in words:
            block = [j for j, column in enumerate(names) if column.startswith(f"{name}=")]
            pair = [Counter(map(tuple, part[:, block].tolist())) for part in (there, encoded)]
            scores.append((pair[0] & pair[1]).total() / len(real))
        else:
            j = names.index(name)
            scores.append(1 - ks_2samp(there[:, j], encoded[:, j]).statistic)
    return float(np.mean(scores))


@pytest.mark.truth
def test_adult_has_the_published_width_and_rows_and_outputs_between_zero_and_one(published):
    assert published.network_.width == 109
    assert len(published.rows_.names) == 108
    assert int(published.class_counts_.sum()) == 26_048
    assert published.n_train_ == 20_838
    rows, _ = published.sample_encoded({RICH: 15_000}, random_state=0)
    assert rows.shape == (15_000, 108)
    assert rows.min() > 0
    assert rows.max() < 1


@pytest.mark.truth
def test_the_published_loss_collapses_every_code_and_a_proper_one_none(published, repaired, adult):
    assert published.history_["divergence"][-1] < 0.1  # measured: 0.0000 nats a row
    assert repaired.history_["divergence"][-1] > 1  # measured: 3.9
    # Whatever the code, the published decoder gives the means of the columns: its error is their variance.
    x = published.encode(adult[0])
    rows, _ = published.sample_encoded({RICH: 1000}, random_state=0)
    blocks = published.rows_.block_ids >= 0
    np.testing.assert_allclose(rows.mean(axis=0)[blocks], x.mean(axis=0)[blocks], atol=0.03)
    assert rows[:, blocks].std(axis=0).max() < 0.01


@pytest.mark.truth
def test_one_split_tells_fractions_from_rows_but_not_drawn_categories(published, repaired, adult):
    X, y, _ = adult
    real = published.encode(X[y == RICH])
    blocks = published.rows_.block_ids >= 0
    fractions, _ = published.sample_encoded({RICH: len(real)}, random_state=1)
    assert stump(real, fractions) > 0.99
    assert stump(real[:, blocks], fractions[:, blocks]) > 0.99
    for model in (switched(published, decode="draw"), repaired):
        drawn = model.encode(model.sample({RICH: len(real)}, random_state=1)[0])
        assert stump(real[:, blocks], drawn[:, blocks]) < 0.75
        # Numbers are another matter, sigmoids or Gaussians: one split at the zeros of gains has 0.95 and 0.77.
        assert stump(real, drawn) > 0.75


@pytest.mark.truth
def test_codes_of_rows_give_ten_times_the_combinations_of_the_published_ball(
    published, repaired, adult
):
    words = adult[2]
    # measured: 3 and 622 of 1,000
    assert combinations(repaired, words) >= 10 * combinations(published, words)
    # The codes alone, categories being the likeliest of their rows on both sides; measured: 2 and 86.
    ball, rows = (
        switched(repaired, decode="argmax", latent=latent) for latent in ("mean_ball", "posterior")
    )
    assert combinations(rows, words) >= 10 * combinations(ball, words)


@pytest.mark.truth
def test_each_repair_of_the_tutorial_brings_columns_no_further_from_the_class(published, adult):
    X, y, words = adult
    real = X[y == RICH]
    codes = BasicVAE(random_state=0, latent="posterior", decode="draw").fit(*adult[:2])
    decoded = [switched(published, decode=how) for how in ("argmax", "draw")]
    scores = [fidelity_of_fractions(published, real, words)]
    scores += [fidelity(model, real, words) for model in (*decoded, codes)]
    # measured: 0.14, 0.54, 0.59, 0.60; all codes have collapsed, so that it matters little where they are
    assert scores[0] + 0.1 < scores[1]
    assert scores[1] + 0.03 < scores[2]
    assert scores[2] < scores[3] + 0.01


@pytest.mark.truth
def test_each_repair_beside_those_of_loss_and_head_brings_columns_nearer_to_the_class(
    published, repaired, adult
):
    X, y, words = adult
    real = X[y == RICH]
    balls = (switched(repaired, latent="mean_ball", decode=how) for how in ("argmax", "draw"))
    scores = [fidelity(model, real, words) for model in (published, *balls, repaired)]
    # measured: 0.54, 0.55, 0.76, 0.88; 6,000 rows fix a column to about 0.01, a mean over fourteen far better
    assert scores[0] < scores[1] + 0.01
    assert scores[1] + 0.1 < scores[2]
    assert scores[2] + 0.05 < scores[3]
