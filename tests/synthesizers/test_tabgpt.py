"""TabGPT as a synthesizer: valid rows whatever it has learnt, classes, given cells, what it does with too little."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import ks_2samp
from sklearn.base import clone

from equipoise.checks import run_checks
from equipoise.errors import OptionError
from equipoise.networks.training import Training
from equipoise.synthesizers import tabgpt as module
from equipoise.synthesizers._row_learner import Orders
from equipoise.synthesizers.tabgpt import TabGPT

QUICK = {"max_steps": 40, "width": 16, "heads": 2, "random_state": 0}


def mixed(n=200, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "income": np.round(rng.lognormal(3, 1, n), 2),
            "age": rng.integers(18, 90, n),
            "job": rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]),
            "member": rng.random(n) < 0.5,
            "joined": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D"),
            "size": pd.Categorical(rng.choice(["s", "l"], n), categories=["s", "m", "l"]),
            "same": 7,
        }
    )
    X.loc[rng.random(n) < 0.1, "income"] = np.nan
    X.loc[rng.random(n) < 0.1, "job"] = None
    return X, pd.Series(np.where(np.arange(n) < n - 6, "many", "few"), name="y")


def two_classes(n, distance, share, seed=0):
    """x | y ~ N(distance y, 1), with a share of ones."""
    rng = np.random.default_rng(seed)
    y = (np.arange(n) < share * n).astype(int)
    return pd.DataFrame({"x": distance * y + rng.standard_normal(n)}), y


def fitted(X, y, **options):
    return TabGPT(**{**QUICK, **options}).fit(X, y)


@pytest.mark.parametrize("precision", [1, 8])
@pytest.mark.parametrize("decode", ["jitter", "value", "uniform"])
def test_rows_of_a_network_that_learnt_nothing_are_valid_all_the_same(precision, decode):
    X, y = mixed()
    model = fitted(X, y, max_steps=1, learning_rate=1e-9, precision=precision, decode=decode)
    new, labels = model.sample({"few": 5_000, "many": 5_000}, random_state=1)
    assert labels.tolist() == ["few"] * 5_000 + ["many"] * 5_000
    assert list(new.dtypes) == list(X.dtypes)
    assert set(new["job"].dropna()) == {"a", "b", "c"}
    assert set(new["size"]) == {"s", "l"}  # and not "m", a level that no training row has
    for name in ("income", "age", "joined"):
        assert X[name].min() <= new[name].min()
        assert new[name].max() <= X[name].max()
    assert new[["age", "member", "joined", "size", "same"]].notna().all().all()


def test_one_seed_gives_one_table_and_another_seed_another():
    X, y = mixed()
    model, again = fitted(X, y), fitted(X, y)
    first, second = (m.sample(50, random_state=5)[0] for m in (model, again))
    pd.testing.assert_frame_equal(first, second)
    assert model.history_ == again.history_
    assert not first.equals(model.sample(50, random_state=6)[0])


@pytest.mark.truth
def test_rows_of_a_rare_class_follow_its_law():
    X, y = two_classes(9_000, 4, 0.03)
    model = TabGPT(random_state=0).fit(X, y)
    new, _ = model.sample({1: 5_000}, random_state=1)
    fresh = 4 + np.random.default_rng(9).standard_normal(5_000)
    # 270 training rows of the class are within 0.083 of its law at the level 5 %; the tolerance is the method's own.
    assert ks_2samp(new["x"], fresh).statistic <= 0.1


@pytest.mark.truth
def test_labels_mean_something():
    X, y = two_classes(2_000, 7, 0.05)
    model = TabGPT(random_state=0).fit(X, y)
    new, labels = model.sample({0: 2_000, 1: 2_000}, random_state=1)
    right = (new["x"].to_numpy() > 3.5) == labels
    assert right[labels == 0].mean() >= 0.95
    assert right[labels == 1].mean() >= 0.95


@pytest.mark.truth
@pytest.mark.parametrize("order", ["random", "table"])
def test_a_copied_column_is_copied_and_can_be_given_either_way(order):
    rng = np.random.default_rng(0)
    a = rng.integers(10, size=3_000).astype(str)
    X, y = pd.DataFrame({"a": a, "b": a}), rng.integers(2, size=3_000)
    model = TabGPT(order=order, max_steps=600, random_state=0).fit(X, y)
    new, _ = model.sample(2_000, random_state=1)
    assert (new["a"] == new["b"]).mean() >= 0.99
    for name, other in (("a", "b"), ("b", "a")):
        new, _ = model.sample(1_000, given={name: "7"}, random_state=1)
        assert (new[name] == "7").all()
        assert (new[other] == "7").mean() >= 0.97  # 4 standard errors of 99 % are 1.3 %


@pytest.mark.truth
def test_columns_that_know_nothing_of_each_other_are_left_so():
    rng = np.random.default_rng(0)
    sizes = [4, 8, 3]
    X = pd.DataFrame({f"c{v}": rng.integers(v, size=8_000).astype(str) for v in sizes})
    model = TabGPT(max_steps=600, random_state=0).fit(X, rng.integers(2, size=8_000))
    # The held-out score is the mean over columns; 800 rows of nearly uniform laws have next to no sampling error.
    assert abs(min(model.history_["score"]) - np.log(sizes).mean()) < 0.02


def test_a_given_cell_is_in_every_row_and_a_number_is_no_other_of_its_bin():
    X, y = mixed(400)
    model = fitted(X, y, precision=4)
    for given in (
        {"age": 37},
        {"income": 20.01, "job": "c"},
        {"member": True, "joined": "2021-01-05"},
        {"size": "s", "same": 7},
        {"income": None},
    ):
        new, labels = model.sample({"few": 7, "many": 5}, given=given, random_state=1)
        assert labels.tolist() == ["few"] * 7 + ["many"] * 5
        for name, value in given.items():
            cells = new[name]
            assert cells.isna().all() if value is None else (cells == value).all()
        assert list(new.dtypes) == list(X.dtypes)


def test_nothing_given_changes_nothing():
    model = fitted(*mixed())
    plain = model.sample(30, random_state=3)[0]
    pd.testing.assert_frame_equal(model.sample(30, given={}, random_state=3)[0], plain)


@pytest.mark.truth
def test_the_other_cells_follow_from_what_is_given():
    rng = np.random.default_rng(0)
    a = rng.uniform(0, 1, 3_000)
    X = pd.DataFrame({"a": a, "b": a + 0.05 * rng.standard_normal(3_000)})
    model = TabGPT(max_steps=600, random_state=0).fit(X, rng.integers(2, size=3_000))
    for name, other, value in (("a", "b", 0.5), ("b", "a", 0.5), ("a", "b", 0.2), ("b", "a", 0.8)):
        new, _ = model.sample(1_000, given={name: value}, random_state=1)
        # b - a has a deviation of 0.05, and b alone one of 0.29. The mean is within the one, and at most half of the
        # other is left; a network that ignores what is given is at 0.5 and 0.29 for any value, hence the second one.
        assert abs(new[other].mean() - value) < 0.05
        assert new[other].std() < 0.145


def test_a_lower_temperature_makes_likely_cells_likelier():
    X, y = mixed(400)
    model = fitted(X, np.zeros(len(X)), max_steps=300)
    shares = []
    for temperature in (1.0, 0.5):
        model.set_params(temperature=temperature)
        shares.append((model.sample(4_000, random_state=1)[0]["job"] == "a").mean())
    # 0.54 of all cells are "a", and 0.54^2 over the sum of squares 0.80: the tolerance is that of 400 rows, 4 x 0.025.
    assert abs(shares[0] - 0.54) < 0.1
    assert abs(shares[1] - 0.80) < 0.1


def test_columns_are_written_in_any_order_unless_told_otherwise():
    assert TabGPT().order == "random"  # as published


def test_orders_keep_the_tokens_of_a_column_together_and_begin_with_what_is_given():
    groups = [(0,), (1, 2), (3,), (4, 5)]
    g = torch.Generator().manual_seed(0)
    for as_in_table in (True, False):
        orders = Orders(groups, as_in_table)
        seen = set()
        for _ in range(1_000):
            order = orders.draw(g).tolist()
            assert sorted(order) == list(range(6))
            assert order.index(2) == order.index(1) + 1
            assert order.index(5) == order.index(4) + 1
            seen.add(tuple(order))
        # Of the table: any of 15 sets first, then the rest; four of the sets give the order of the table itself. Each
        # other comes in 1 draw of 36 at least, so 1,000 draws miss one with a probability below 10^-10.
        assert len(seen) == (12 if as_in_table else 24)
        assert orders.after([2, 3], g)[:3] == [3, 4, 5]
    assert Orders(groups, True).after([2], g) == [3, 0, 1, 2, 4, 5]


def test_too_few_rows_are_drawn_column_by_column_and_said_so():
    X, y = mixed(8)
    model = fitted(X, y)
    assert model.network_ is None
    assert "too few" in model.stopped_
    new, _ = model.sample({"few": 4, "many": 3}, given={"age": int(X["age"].max())}, random_state=1)
    assert (new["age"] == X["age"].max()).all()
    assert all("independently" in delivery.fallback for delivery in model.deliveries_)


def test_a_training_that_is_not_finite_is_said_so_and_gives_rows(monkeypatch):
    monkeypatch.setattr(module, "train", lambda *_: Training(stopped="not finite", failed=True))
    X, y = mixed()
    model = fitted(X, y)
    assert len(model.sample(20, random_state=1)[0]) == 20
    assert set(model.fallbacks_) == {0, 1}


def test_a_class_of_one_row_is_recorded_and_others_are_not():
    X, y = mixed()
    y = y.copy()
    y.iloc[0] = "once"
    model = fitted(X, y)
    assert list(model.fallbacks_) == [2]
    assert len(model.sample({"once": 5}, random_state=1)[0]) == 5


def test_only_constants_give_rows_without_a_network():
    X, y = pd.DataFrame({"one": [1] * 40}), ["a"] * 20 + ["b"] * 20
    model = fitted(X, y)
    new, _ = model.sample({"b": 3}, given={"one": 1}, random_state=1)
    assert new["one"].tolist() == [1, 1, 1]
    assert not model.fallbacks_


def test_training_stops_early_and_keeps_the_best_network():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((120, 4)), columns=list("abcd"))  # nothing to learn
    model = fitted(X, ["a", "b"] * 60, max_steps=3_000, patience=3)
    assert model.n_steps_ < 3_000
    assert "no better score" in model.stopped_
    scores = model.history_["score"]
    assert model.history_["step"][int(np.argmin(scores))] == model.best_step_


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"width": 30, "heads": 4}, "multiple of heads"),
        ({"depth": 0}, "depth"),
        ({"max_steps": 0}, "max_steps"),
        ({"max_bins": 1}, "max_bins"),
        ({"precision": 0}, "precision"),
        ({"temperature": 0}, "temperature"),
        ({"learning_rate": -1}, "learning_rate"),
        ({"dropout": 1.0}, "dropout"),
        ({"token_dropout": -0.1}, "token_dropout"),
        ({"weight_decay": -1}, "weight_decay"),
        ({"class_power": 2}, "class_power"),
        ({"order": "mine"}, "order"),
        ({"decode": "mean"}, "decode"),
    ],
)
def test_options_out_of_range_are_refused(options, words):
    with pytest.raises(OptionError, match=words):
        fitted(*mixed(), **options)


def test_a_clone_is_unfitted_and_equal_in_its_options():
    model = fitted(*mixed())
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "network_")


@pytest.mark.truth
def test_the_conformance_suite_passes():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = run_checks(lambda: TabGPT(max_steps=30))
    assert not [r for r in results if not r.passed]
