import time

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chisquare, kstest, norm
from sklearn.tree import DecisionTreeRegressor

from equipoise.errors import OptionError
from equipoise.synthesizers._chain import Grid, bootstrap, level_ranks, target_scores
from equipoise.synthesizers._leaves import STUMP, Pools, class_weights, pruned
from equipoise.synthesizers.cart import Cart, informations
from equipoise.tables.coded import Coded


def two_gaussians(n, rng):
    y = np.where(np.arange(n) < 0.03 * n, "rare", "common")
    z = rng.standard_normal((n, 2))
    z[:, 1] = 0.7 * z[:, 0] + np.sqrt(1 - 0.7**2) * z[:, 1]
    return pd.DataFrame(z + np.where(y == "rare", 3.0, 0.0)[:, None], columns=["a", "b"]), y


@pytest.mark.parametrize("per_class_rows", [200, 10**6])
def test_the_rare_one_of_two_gaussians_comes_back_with_its_law(per_class_rows):
    # 300 rare training rows and 2,000 drawn ones: KS to the law below 1.36 / sqrt(300) + 1.36 / sqrt(2000) = 0.11 in
    # 95 % of cases; the mean of 300 rows errs by 0.06, and 0.4 is what a method that blurs the classes would miss.
    X, y = two_gaussians(10_000, np.random.default_rng(0))
    cart = Cart(random_state=0, per_class_rows=per_class_rows).fit(X, y)
    new, labels = cart.sample({"rare": 2000}, random_state=1)
    assert set(labels) == {"rare"}
    for name in new:
        assert abs(new[name].mean() - 3) <= 0.4
        assert kstest(new[name], norm(3, 1).cdf).statistic <= 0.12
    assert 0.5 <= np.corrcoef(new["a"], new["b"])[0, 1] <= 0.9


def test_a_number_follows_the_level_that_it_depends_on():
    # 500 rows a level: the mean of x within a level errs by 0.1 / sqrt(500) = 0.005; frequencies of 2,000 draws against
    # 2,000 rows differ by a total variation of about 0.02.
    rng = np.random.default_rng(1)
    a = rng.integers(4, size=2000)
    X = pd.DataFrame({"x": rng.normal(a, 0.1), "a": np.array(list("pqrs"))[a]})
    y = rng.integers(2, size=2000)
    new, _ = Cart(random_state=0).fit(X, y).sample(2000, random_state=2)
    for k, level in enumerate("pqrs"):
        assert abs(new["x"][new["a"] == level].mean() - k) <= 0.15
    shares = [frame["a"].value_counts(normalize=True).sort_index() for frame in (X, new)]
    assert 0.5 * (shares[0] - shares[1]).abs().sum() <= 0.05


def test_a_third_bit_is_the_xor_of_two_though_neither_alone_says_anything():
    # The law has 95 %; one leaf impure in ten would give 90 %, independent bits 50 %.
    rng = np.random.default_rng(2)
    a, b = rng.integers(2, size=(2, 2000))
    c = a ^ b ^ (rng.random(2000) < 0.05)
    X = pd.DataFrame({"a": a, "b": b, "c": c}).astype(str)
    y = rng.integers(2, size=2000)
    new, _ = Cart(random_state=0).fit(X, y).sample(2000, random_state=3)
    bits = new.astype(int)
    assert ((bits["a"] ^ bits["b"]) == bits["c"]).mean() >= 0.85


def test_with_one_column_it_is_the_bootstrap():
    rng = np.random.default_rng(3)
    X = pd.DataFrame({"x": rng.choice([0.5, 1.5, 2.5, 7.5], size=300, p=[0.4, 0.3, 0.2, 0.1])})
    y = np.repeat(["a", "b"], [250, 50])
    cart = Cart(random_state=0).fit(X, y)
    for label in ("a", "b"):
        own = X["x"][y == label].value_counts().sort_index()
        new, _ = cart.sample({label: 4000}, random_state=4)
        drawn = new["x"].value_counts().reindex(own.index, fill_value=0)
        assert drawn.sum() == 4000
        assert chisquare(drawn, own / own.sum() * 4000).pvalue > 1e-4


def copies(frame, of):
    keys = set(of.itertuples(index=False, name=None))
    return np.mean([row in keys for row in frame.itertuples(index=False, name=None)])


def test_rows_are_copied_no_more_often_than_a_second_real_sample_has_them_by_chance():
    rng = np.random.default_rng(4)

    def draw(n):
        z = rng.standard_normal(n)
        parts = [np.round(z + rng.standard_normal(n), 0) for _ in range(5)]
        return pd.DataFrame(dict(zip("abcde", parts, strict=True)))

    X, fresh = draw(1000), draw(1000)
    new, _ = Cart(random_state=0).fit(X, np.arange(1000) % 2).sample(1000, random_state=5)
    assert copies(new, X) <= copies(fresh, X) + 0.05  # two binomial shares of 1,000 differ by 0.03


def test_categorical_rows_are_copied_little_more_often_than_by_chance():
    rng = np.random.default_rng(5)

    def draw(n):
        z = rng.integers(3, size=n)
        parts = [(z + rng.integers(3, size=n)) % 5 for _ in range(7)]
        return pd.DataFrame({f"c{j}": part.astype(str) for j, part in enumerate(parts)})

    X, fresh = draw(1000), draw(1000)
    new, _ = Cart(random_state=0).fit(X, np.arange(1000) % 2).sample(1000, random_state=6)
    assert copies(new, X) <= copies(fresh, X) + 0.2


@pytest.mark.parametrize("n", [400, 4000])
def test_rows_asked_of_a_class_lie_on_its_side_of_a_separated_law(n):
    # 5 % of 400 rows are 20, which share trees with the others; of 4,000 they are 200, with trees of their own.
    rng = np.random.default_rng(6)
    y = np.where(np.arange(n) < 0.05 * n, "rare", "common")
    centre = np.where(y == "rare", 4.0, 0.0)
    X = pd.DataFrame({f"x{j}": rng.normal(centre, 1) for j in range(4)})
    X["word"] = np.where(rng.random(n) < 0.9, y, "other")
    cart = Cart(random_state=0).fit(X, y)
    for label, sign in (("rare", 1), ("common", -1)):
        new, _ = cart.sample({label: 1000}, random_state=7)
        side = sign * (new[["x0", "x1", "x2", "x3"]].mean(axis=1) - 2)
        assert (side > 0).mean() >= 0.95


def test_a_class_of_one_row_is_recorded_and_still_gives_rows_of_its_first_column():
    rng = np.random.default_rng(7)
    X = pd.DataFrame({"x": rng.random(61), "word": rng.choice(["u", "v"], 61)})
    y = ["a"] * 60 + ["b"]
    cart = Cart(random_state=0).fit(X, y)
    new, labels = cart.sample({"a": 5, "b": 20}, random_state=8)
    assert list(labels) == ["a"] * 5 + ["b"] * 20
    assert len(new) == 25
    assert [d.fallback != "" for d in cart.deliveries_] == [False, True]


def test_a_table_of_classes_of_one_row_each_is_accepted():
    X = pd.DataFrame({"x": [1.0, 2.0, 3.0], "word": ["u", "v", "u"]})
    new, labels = (
        Cart(random_state=0)
        .fit(X, ["a", "b", "c"])
        .sample({"a": 2, "b": 2, "c": 2}, random_state=0)
    )
    assert list(labels) == ["a", "a", "b", "b", "c", "c"]
    assert new["x"].between(1, 3).all()


def test_a_column_that_one_class_misses_throughout_stays_missing_there():
    rng = np.random.default_rng(8)
    y = np.repeat(["a", "b"], 300)
    X = pd.DataFrame({"x": rng.random(600), "z": rng.random(600), "never": np.nan})
    X.loc[y == "a", "x"] = np.nan
    new, labels = Cart(random_state=0).fit(X, y).sample({"a": 50, "b": 50}, random_state=9)
    assert new["x"][labels == "a"].isna().all()
    assert new[["x", "z"]][labels == "b"].notna().all().all()
    assert new["never"].isna().all()


def test_columns_after_one_that_a_class_with_trees_of_its_own_misses_are_drawn_for_every_row():
    rng = np.random.default_rng(8)
    y = np.repeat(["a", "b"], [300, 250])
    X = pd.DataFrame({"a": rng.random(550), "b": rng.random(550), "c": rng.integers(0, 9, 550)})
    X.loc[y == "a", "a"] = np.nan
    new, labels = Cart(random_state=0).fit(X, y).sample({"a": 40, "b": 40}, random_state=9)
    assert new["a"][labels == "a"].isna().all()
    assert new[["b", "c"]].notna().all().all()
    assert new["c"].dtype == X["c"].dtype


@pytest.mark.parametrize("n", [1, 2])
def test_a_class_of_one_or_two_rows_with_trees_of_its_own_is_recorded(n):
    X = pd.DataFrame({"x": np.arange(50.0) % 7})
    y = ["a"] * (50 - n) + ["b"] * n
    cart = Cart(per_class_rows=1, random_state=0).fit(X, y)
    cart.sample({"a": 5, "b": 5}, random_state=0)
    reasons = {d.label: d.fallback for d in cart.deliveries_}
    assert reasons == {"a": "", "b": f"{n} row(s): new rows are made of their cells alone"}


def test_kinds_belong_to_fit():
    with pytest.raises(TypeError, match="kinds"):
        Cart(kinds={"x": "categorical"})


def test_missing_cells_come_back_where_they_belong_and_at_their_rate():
    # x misses 60 % where the word is "u", never where it is "v"; 1,000 rows each: the rate errs by 0.016, twice.
    rng = np.random.default_rng(9)
    word = np.repeat(["u", "v"], 1000)
    x = np.where((word == "u") & (rng.random(2000) < 0.6), np.nan, rng.random(2000))
    X = pd.DataFrame({"x": x, "word": word, "full": rng.random(2000)})
    new, _ = Cart(random_state=0).fit(X, rng.integers(2, size=2000)).sample(2000, random_state=10)
    assert abs(new["x"][new["word"] == "u"].isna().mean() - 0.6) <= 0.1
    assert new["x"][new["word"] == "v"].isna().mean() <= 0.02
    assert new[["word", "full"]].notna().all().all()


def test_no_word_is_missing_where_none_was_and_levels_are_those_of_training():
    rng = np.random.default_rng(10)
    X = pd.DataFrame({f"c{j}": rng.choice(list("abcd"), 150) for j in range(4)})
    X["holes"] = rng.choice(["p", "q", None], 150)
    new, _ = Cart(random_state=0).fit(X, rng.integers(3, size=150)).sample(500, random_state=11)
    assert new[["c0", "c1", "c2", "c3"]].isin(list("abcd")).all().all()
    assert 0.2 <= new["holes"].isna().mean() <= 0.5  # a third; 150 rows err by 0.04
    assert new["holes"].dropna().isin(["p", "q"]).all()


def test_a_column_of_two_hundred_levels_is_drawn_with_what_it_stands_for():
    # Five rows a level: a level's block of twenty is what can be learnt, and x tells the block.
    rng = np.random.default_rng(11)
    level = rng.integers(200, size=1000)
    X = pd.DataFrame({"level": [f"v{k:03d}" for k in level], "x": level // 20 + rng.random(1000)})
    with pytest.warns(UserWarning, match="levels"):
        cart = Cart(random_state=0).fit(X, np.zeros(1000, dtype=int) + (level >= 100))
    new, _ = cart.sample(1000, random_state=12)
    blocks = new["level"].str[1:].astype(int) // 20
    assert (np.floor(new["x"]) == blocks).mean() >= 0.7


def test_a_column_with_nearly_as_many_levels_as_rows_is_drawn_without_complaint():
    rng = np.random.default_rng(21)
    X = pd.DataFrame({"x": rng.random(60), "level": [f"v{k // 2}" for k in range(60)]})
    X.loc[:20, "level"] = [f"w{k}" for k in range(21)]
    new, _ = Cart(random_state=0).fit(X, np.arange(60) % 2).sample(100, random_state=0)
    assert new["level"].isin(X["level"]).all()


def test_same_seeds_give_the_same_rows_and_no_global_stream_moves():
    X, y = two_gaussians(400, np.random.default_rng(12))
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the claim is about this state
    first, second = (
        Cart(random_state=3).fit(X, y).sample(200, random_state=4)[0] for _ in range(2)
    )
    other = Cart(random_state=3).fit(X, y).sample(200, random_state=5)[0]
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(other)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_without_smoothing_numbers_are_observed_ones_and_with_it_they_are_new_and_in_bounds():
    X, y = two_gaussians(1000, np.random.default_rng(13))
    X["spike"] = np.where(np.arange(1000) % 4 == 0, X["a"], 0.0)
    plain, _ = Cart(random_state=0).fit(X, y).sample(500, random_state=6)
    smooth, _ = Cart(random_state=0, smoothing=1.0).fit(X, y).sample(500, random_state=6)
    assert plain["a"].isin(X["a"]).all()
    assert smooth["a"].isin(X["a"]).mean() <= 0.2
    assert smooth["a"].between(X["a"].min(), X["a"].max()).all()
    assert (smooth["spike"] == 0).mean() >= 0.65  # 0.75 but for chance


def test_more_columns_than_a_tree_looks_at_and_forty_classes_are_fitted_in_seconds():
    rng = np.random.default_rng(14)
    X = pd.DataFrame(rng.random((200, 80)), columns=[f"x{j}" for j in range(80)])
    start = time.process_time()
    new, labels = Cart(random_state=0).fit(X, np.arange(200) % 40).sample(200, random_state=0)
    assert time.process_time() - start < 30  # about 3 s of one core
    assert np.bincount(labels).tolist() == [5] * 40
    assert new.shape == (200, 80)


def test_both_orders_keep_the_label_and_the_tie_between_two_columns():
    rng = np.random.default_rng(20)
    y = rng.integers(2, size=1000)
    word = np.where(rng.random(1000) < 0.5, y, 1 - y)
    X = pd.DataFrame({"noise": rng.random(1000), "tied": word + 0.1 * rng.random(1000)})
    X["word"], X["signal"] = word.astype(str), y + 0.1 * rng.random(1000)
    for order in ("numbers-first", "information"):
        new, labels = Cart(random_state=0, order=order).fit(X, y).sample(500, random_state=0)
        assert (np.floor(new["tied"]) == new["word"].astype(int)).mean() >= 0.98
        assert (np.floor(new["signal"]) == labels).mean() >= 0.98


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_leaf": 0},
        {"n_trees": 1.5},
        {"per_class_rows": 0},
        {"feature_share": 0.0},
        {"significance": 2.0},
        {"smoothing": -1.0},
        {"order": "table"},
    ],
)
def test_a_parameter_out_of_range_is_named(wrong):
    with pytest.raises(OptionError, match=next(iter(wrong))):
        Cart(**wrong).fit([[0.0], [1.0]], ["a", "b"])


def grown(X, target, **kwargs):
    return DecisionTreeRegressor(min_samples_leaf=5, random_state=0, **kwargs).fit(X, target).tree_


def test_a_tree_that_keeps_all_splits_sends_rows_where_scikit_learn_does():
    rng = np.random.default_rng(15)
    X = rng.random((500, 4)).astype(np.float32)
    tree = grown(X, X[:, 0] + X[:, 1] ** 2)
    leaves = pruned(tree, 1.0, 1).apply(X)
    theirs = tree.apply(X)
    assert len(set(zip(leaves, theirs, strict=True))) == len(set(theirs)) == leaves.max() + 1


def test_descending_all_rows_at_once_is_descending_them_one_by_one():
    rng = np.random.default_rng(16)
    X = rng.random((200, 4)).astype(np.float32)
    splits = pruned(grown(X, X[:, 0]), 0.01, 1)

    def descend(row):
        node = 0
        while splits.feature[node] >= 0:
            low = row[splits.feature[node]] <= splits.threshold[node]
            node = splits.left[node] if low else splits.right[node]
        return splits.leaf[node]

    assert splits.apply(X).tolist() == [descend(row) for row in X]


def test_pruning_leaves_little_of_a_tree_grown_on_noise_and_the_way_to_a_deep_effect():
    # The best of some 1,000 cuts passes a level of 1e-5 in about 1 % of nodes, and a tree here has some 60.
    rng = np.random.default_rng(17)
    X = rng.random((500, 2)).astype(np.float32)
    noise = pruned(grown(X, rng.random(500)), 1e-5, 1)
    assert noise.leaf.max() + 1 <= 10
    xor = ((X[:, 0] > 0.5) ^ (X[:, 1] > 0.5)) + rng.normal(0, 0.1, 500)
    leaves = pruned(grown(X, xor), 1e-5, 1).apply(X)
    within = sum(xor[leaves == k].var() * (leaves == k).sum() for k in np.unique(leaves)) / 500
    assert within <= 0.03  # 0.25 without any split, 0.01 the noise


def test_donors_are_of_the_class_asked_for_where_a_leaf_has_three_and_weighted_by_class_elsewhere():
    y = np.array([0] * 90 + [1] * 10 + [2] * 2)
    X = np.zeros((102, 1), dtype=np.float32)
    pools = Pools.fill(STUMP, X, np.arange(102), y)
    wanted = np.zeros((30_000, 1), dtype=np.float32)
    unused = np.empty((30_000, 0), dtype=np.int32)
    rng = np.random.default_rng(18)
    assert set(y[pools.draw(wanted, np.full(30_000, 1), y, unused, rng)]) == {1}
    shares = np.bincount(y[pools.draw(wanted, np.full(30_000, 2), y, unused, rng)]) / 30_000
    np.testing.assert_allclose(shares, 1 / 3, atol=0.015)  # five standard errors


def test_a_donor_is_not_used_twice_for_one_row_unless_it_stands_alone():
    y = np.zeros(4, dtype=np.int64)
    pools = Pools.fill(STUMP, np.zeros((4, 1), dtype=np.float32), np.arange(4), y)
    wanted = np.zeros((2000, 1), dtype=np.float32)
    nobody = np.zeros(2000, dtype=np.int64)
    used = np.tile(np.array([[0, 1]], dtype=np.int32), (2000, 1))
    drawn = pools.draw(wanted, nobody, y, used, np.random.default_rng(19))
    assert (drawn < 2).mean() <= 0.05  # (1 / 2) ** 6 = 0.016 after the first draw and five more
    alone = Pools.fill(STUMP, np.zeros((1, 1), dtype=np.float32), np.arange(1), y[:1])
    assert not alone.draw(wanted, nobody, y[:1], used, np.random.default_rng(0)).any()


def test_the_small_pieces_give_their_values():
    grid = Grid.of(np.array([5.0, 1.0, 5.0, np.nan]))
    np.testing.assert_allclose(grid.ranks(np.array([1, 3, 5, np.nan])), [1 / 6, 5 / 12, 2 / 3, -1])
    np.testing.assert_allclose(class_weights(np.array([0, 0, 0, 2])), [4 / 6, 2, 2])
    codes = np.array([0, 0, 1, 1, 2, 2, -1])
    scores = target_scores(np.array([0.0, 0, 9, 9, 5, 5, 4]), True)
    assert np.argsort(level_ranks(codes, scores, 4)).tolist() == [1, 0, 3, 2]
    bag, times = bootstrap(np.repeat([0, 1], [50, 3]), np.random.default_rng(0))
    assert times.sum() == 53
    assert times[bag >= 50].sum() == 3
    y = np.arange(400) % 2
    table = Coded(np.stack([y * 1.0, np.zeros(400)], axis=1), (np.arange(400) % 4)[:, None])
    np.testing.assert_allclose(informations(table, y)[:2], [np.log(2) - 1 / 800, 0], atol=1e-12)
