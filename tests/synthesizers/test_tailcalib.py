"""TailCalib: the worked examples of the calibration, and rows that are rows."""

import doctest

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import Pipeline
from scipy import stats
from sklearn.model_selection import cross_validate
from sklearn.tree import DecisionTreeClassifier

from equipoise.datasets.laws import law
from equipoise.errors import OptionError
from equipoise.samplers.oversampler import SyntheticOverSampler
from equipoise.synthesizers import tailcalib as module
from equipoise.synthesizers._calibration import (
    REFERENCE,
    Calibration,
    Rule,
    Statistics,
    allocate,
    centres,
    covariance,
    neighbours,
    root,
)
from equipoise.synthesizers._scalings import fit_scaling, likeliest_power, powered, unpowered
from equipoise.synthesizers.tailcalib import TailCalib

N = 20_000
MEANS = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 10.0]])
UNITS = np.stack([np.eye(2)] * 3)
X0, Y0 = np.array([[1.0, 0.0]]), np.array([0])


def paper(k, **options):
    """Give the authors' rule with K neighbours."""
    return Rule(n_neighbours=k, shift=k / (k + 1), **options)


def three(seed=0, counts=(100, 30, 7), d=4):
    """Points of three classes with means and covariances of their own."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(counts)), counts)
    mixing = rng.standard_normal((len(counts), d, d))
    points = np.einsum("nij,nj->ni", mixing[y], rng.standard_normal((len(y), d)))
    return points + 3 * rng.standard_normal((len(counts), d))[y], y


# The worked examples


@pytest.mark.parametrize(
    ("k", "own", "near", "centre"),
    [
        (1, "include", [0], [0.5, 0.0]),
        (2, "include", [0, 1], [5 / 3, 0.0]),
        (1, "exclude", [1], [2.5, 0.0]),
        (3, "include", [0, 1, 2], [1.25, 2.5]),
    ],
)
def test_neighbours_and_centres_are_those_of_the_worked_example(k, own, near, centre):
    rule = paper(k, own=own)
    found = neighbours(X0, Y0, MEANS, rule)
    assert found.tolist() == [near]
    np.testing.assert_allclose(centres(X0, found, MEANS, rule.shift), [centre], atol=1e-12)
    np.testing.assert_allclose(covariance(found[0], 0, UNITS, rule), (1 + 1e-4) * np.eye(2))


def test_classes_at_the_same_distance_are_taken_in_order_after_the_own_one():
    means = np.zeros((4, 2))
    for own, expected in ((0, [0, 1]), (2, [0, 2]), (3, [0, 3])):
        assert neighbours(X0, np.array([own]), means, paper(2)).tolist() == [expected]


@pytest.mark.parametrize(
    ("shift", "expected"), [(0.0, [1.0, 0.0]), (0.2, [0.8, 0.0]), (1.0, [0.0, 0.0])]
)
def test_the_shift_moves_a_row_towards_the_mean_of_its_neighbours(shift, expected):
    near = np.array([[0]])
    np.testing.assert_allclose(centres(X0, near, MEANS, shift)[0], expected)


@pytest.mark.parametrize("mode", ["ones", "identity"])
def test_alpha_is_added_to_every_entry_or_to_the_diagonal(mode):
    d, alpha = 5, 0.5
    matrices = np.stack([np.cov(np.random.default_rng(0).standard_normal((d, 40)))])
    plain, more = (
        covariance(np.array([0]), 0, matrices, paper(1, alpha=a, alpha_mode=mode))
        for a in (0.0, alpha)
    )
    added = more - plain
    values = np.linalg.eigvalsh(added)
    if mode == "identity":
        np.testing.assert_allclose(added, alpha * np.eye(d), atol=1e-12)
        return
    np.testing.assert_allclose(added, np.full((d, d), alpha), atol=1e-12)
    direction = np.ones(d) / d**0.5
    assert direction @ added @ direction == pytest.approx(alpha * d)
    np.testing.assert_allclose(values[:-1], 0.0, atol=1e-12)  # no other direction is widened


def test_a_neighbours_covariance_can_take_the_size_of_the_own_one():
    matrices = np.stack([np.diag([0.5, 0.5]), np.diag([9.0, 1.0])])
    found = covariance(np.array([1]), 0, matrices, paper(1, covariance="own_or_neighbour"))
    np.testing.assert_allclose(found, np.diag([0.9, 0.1]) + 1e-4 * np.eye(2))


# Numbers of draws


def test_rows_of_a_class_start_equally_many_draws_and_the_rest_is_spread():
    rng = np.random.default_rng(0)
    seen = np.zeros(7)
    for _ in range(300):
        counts = allocate(7, 93, rng)
        assert counts.sum() == 93
        assert counts.min() >= 13
        assert counts.max() <= 15  # two left over, which one row may get both
        seen += counts - 13
    # 600 left over, 86 a row with a deviation of 8.6.
    assert np.abs(seen - 600 / 7).max() < 4 * (600 * 6 / 49) ** 0.5
    assert allocate(5, 0, rng).sum() == 0


def test_balancing_makes_the_largest_class_less_the_own_one():
    points, y = three()
    sampler = SyntheticOverSampler(TailCalib(), random_state=0)
    X_new, y_new = sampler.fit_resample(points, y)
    assert np.bincount(y_new).tolist() == [100, 100, 100]
    made = y_new[sampler.synthetic_mask_]
    assert np.bincount(made, minlength=3).tolist() == [0, 70, 93]
    assert np.array_equal(X_new[: len(points)], points)


# Statistics and draws


def test_moments_of_many_draws_are_those_of_the_calibrated_law():
    points, y = three()
    calibration = Calibration.fit(points, y, 3, paper(2, alpha=0.3, alpha_mode="ones"))
    n, seed = 100_000, 105
    rng = np.random.default_rng(1)
    new = calibration.draw(np.full(n, seed), rng.standard_normal((n, points.shape[1])))
    statistics = calibration.statistics
    near = calibration.near[seed]
    mean = (statistics.means[near].sum(axis=0) + points[seed]) / 3
    expected = statistics.covariances[near].mean(axis=0) + 0.3 + 1e-4 * np.eye(points.shape[1])
    deviations = np.sqrt(np.diag(expected))
    # The standard errors are 0.3 % of a deviation, and 0.45 % of a product of two.
    assert (np.abs(new.mean(axis=0) - mean) < 0.02 * deviations).all()
    assert (np.abs(np.cov(new.T) - expected) < 0.02 * np.outer(deviations, deviations)).all()


@pytest.mark.parametrize(
    "options",
    [
        {"n_neighbours": 1},
        {"n_neighbours": 2, "shift": None, "spread": "full"},
        {"n_neighbours": 3, "alpha": 0.4, "alpha_mode": "ones", "shrinkage": "ledoit-wolf"},
        {"n_neighbours": 2, "own": "exclude", "covariance": "own_or_neighbour", "shift": 0.4},
    ],
)
def test_draws_are_those_of_a_loop_over_rows(options):
    points, y = three(d=6)
    rule = Rule.of(TailCalib(**options), 3)
    calibration = Calibration.fit(points, y, 3, rule)
    rng = np.random.default_rng(2)
    seeds = rng.integers(len(y), size=200)
    noise = rng.standard_normal((200, 6))
    means = [points[y == k].mean(axis=0) for k in range(3)]
    sigmas = calibration.statistics.covariances
    expected = []
    for i, eps in zip(seeds, noise, strict=True):
        order = sorted(range(3), key=lambda j, x=points[i]: np.linalg.norm(means[j] - x))
        near = [j for j in order if rule.own == "include" or j != y[i]][: rule.n_neighbours]
        centre = (1 - rule.shift) * points[i] + rule.shift * np.mean(
            [means[j] for j in near], axis=0
        )
        sigma = np.mean([sigmas[j] for j in near], axis=0)
        if rule.covariance == "own_or_neighbour":
            sigma = sigma * np.trace(sigmas[y[i]]) / np.trace(sigma)
        if rule.spread == "kept":
            sigma = sigma * (1 - (1 - rule.shift) ** 2)
        sigma = sigma + rule.alpha * (np.ones((6, 6)) if rule.alpha_mode == "ones" else np.eye(6))
        expected.append(centre + np.linalg.cholesky(sigma + 1e-4 * np.eye(6)) @ eps)
    np.testing.assert_allclose(calibration.draw(seeds, noise), expected, rtol=0, atol=1e-10)


def test_covariances_are_shrunk_towards_that_within_all_classes():
    points, y = three(counts=(50, 20, 3))
    plain = Statistics.of(points, y, 3, "none").covariances
    shrunk = Statistics.of(points, y, 3, "pooled").covariances
    own = [np.cov(points[y == k].T) for k in range(3)]
    pooled = (49 * own[0] + 19 * own[1] + 2 * own[2]) / 70
    for k, n in enumerate((50, 20, 3)):
        rho = 4 / (4 + n)
        np.testing.assert_allclose(plain[k], own[k], atol=1e-12)
        np.testing.assert_allclose(shrunk[k], (1 - rho) * own[k] + rho * pooled, atol=1e-12)


@pytest.mark.parametrize("shrinkage", ["pooled", "ledoit-wolf", "none"])
def test_a_class_of_one_row_has_the_covariance_within_all_classes(shrinkage):
    points, y = three(counts=(50, 20, 1))
    statistics = Statistics.of(points, y, 3, shrinkage)
    assert np.isfinite(statistics.covariances).all()
    for k in range(3):
        near = np.array([k])
        np.linalg.cholesky(covariance(near, k, statistics.covariances, paper(1)))
    own = [np.cov(points[y == k].T) for k in range(2)]
    np.testing.assert_allclose(statistics.covariances[2], (49 * own[0] + 19 * own[1]) / 68)
    model = TailCalib(shrinkage=shrinkage).fit(points, y)
    assert list(model.fallbacks_) == [2]
    assert np.isfinite(model.sample({2: 50}, random_state=0)[0]).all()


def test_a_root_is_found_where_rounding_leaves_a_covariance_indefinite():
    matrix = np.array([[1.0, 1.0], [1.0, 1.0 - 1e-12]])
    np.testing.assert_allclose(root(matrix) @ root(matrix).T, matrix, atol=1e-10)


def test_a_class_that_is_its_own_neighbour_keeps_its_variances_unless_told_otherwise():
    rng = np.random.default_rng(0)
    points = rng.multivariate_normal([0, 0], [[1.0, 0.8], [0.8, 1.0]], 500)
    y = np.repeat([0, 1], [400, 100])
    points[y == 1] += 20
    for shift in (0.2, 0.7):
        kept = TailCalib(shift=shift, scaling="none").fit(points, y)
        full = TailCalib(shift=shift, scaling="none", spread="full").fit(points, y)
        sigma = kept._calibration.statistics.covariances[1]
        for model, own in ((kept, 1 - (1 - shift) ** 2), (full, 1.0)):
            seeds = np.resize(np.flatnonzero(y == 1), N)
            new = model._calibration.draw(seeds, rng.standard_normal((N, 2)))
            expected = (1 - shift) ** 2 * np.cov(points[y == 1].T, ddof=0) + own * sigma
            # 4 standard errors of a variance, sqrt(2 / N) = 1 %
            np.testing.assert_allclose(np.cov(new.T), expected, atol=0.04 * expected.max())


# Options


def test_the_number_of_neighbours_suits_the_number_of_classes():
    def rule(n_classes, **options):
        return Rule.of(TailCalib(**options), n_classes).n_neighbours

    assert [rule(c) for c in (1, 2, 3, 4, 9)] == [1, 1, 2, 3, 3]
    assert [rule(c, n_neighbours=5) for c in (1, 2, 9)] == [1, 2, 5]
    assert [rule(c, n_neighbours=5, own="exclude") for c in (2, 3, 9)] == [1, 2, 5]


@pytest.mark.parametrize(("k", "expected"), [(1, 1 / 2), (2, 2 / 3), (3, 3 / 4)])
def test_the_papers_shift_is_that_of_its_mean(k, expected):
    assert Rule.of(TailCalib(n_neighbours=k, shift=None), 9).shift == pytest.approx(expected)


def test_the_reference_is_that_of_the_authors():
    model = TailCalib.reference()
    rule = Rule.of(model, 10)
    assert (rule.n_neighbours, rule.shift, rule.own, rule.spread) == (3, 0.75, "include", "full")
    assert (rule.alpha, rule.alpha_mode, rule.shrinkage) == (0.0, "ones", "none")
    assert (rule.covariance, model.scaling, model.categories) == (
        "neighbours",
        "standard",
        "onehot",
    )
    assert TailCalib.reference(n_neighbours=1, alpha=0.2).get_params()["alpha"] == 0.2
    assert set(REFERENCE) <= set(TailCalib().get_params())


def test_without_the_own_class_rows_lie_between_the_classes():
    X, y = law("separated").table(np.random.default_rng(0))
    model = TailCalib(own="exclude", shift=None, scaling="none").fit(X, y)
    new = model.sample({"rare": 2_000}, random_state=0)[0]
    # Half-way between a rare row and the common mean: the mean of x is 4, with a deviation below 1.5.
    assert abs(new["x"].mean() - 4.0) < 0.3


def test_a_table_of_one_class_is_its_own_neighbour_and_says_so():
    points, _ = three()
    model = TailCalib(own="exclude").fit(points, np.zeros(len(points)))
    assert "no other class" in model.fallbacks_[0]
    assert len(model.sample(5, random_state=0)[0]) == 5
    assert TailCalib().fit(points, np.zeros(len(points))).fallbacks_ == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_neighbours": 0}, "n_neighbours must be a whole number of 1 or more, or None, got 0"),
        ({"n_neighbours": True}, "n_neighbours must be"),
        ({"own": "maybe"}, "own must be one of 'include', 'exclude'; got 'maybe'"),
        ({"shift": 1.5}, r"shift must lie in \[0, 1\], or None, got 1.5"),
        ({"spread": "wide"}, "spread must be one of"),
        ({"alpha": -1.0}, "alpha must be a number of 0 or more, got -1.0"),
        ({"alpha_mode": "all"}, "alpha_mode must be one of"),
        ({"covariance": "own"}, "covariance must be one of"),
        ({"shrinkage": None}, "shrinkage must be one of"),
        ({"scaling": "minmax"}, "scaling must be one of"),
        ({"categories": "draw"}, "categories must be one of"),
        ({"atom_share": 0.0}, r"atom_share must lie in \(0, 1\], got 0.0"),
    ],
)
def test_impossible_parameters_are_refused_by_fit(options, message):
    with pytest.raises(OptionError, match=message):
        TailCalib(**options).fit(pd.DataFrame({"x": [1.0, 2.5]}), ["a", "b"])


# Rows


@pytest.mark.parametrize("labels", [["a", "b", "c"], [3, 7, 9], [False, True]])
def test_names_of_classes_do_not_matter(labels):
    points, y = three(counts=(100, 30, 7)[: len(labels)])
    plain, named = TailCalib().fit(points, y), TailCalib().fit(points, [labels[k] for k in y])
    counts = {k: 10 + k for k in range(len(labels))}
    first, y_first = plain.sample(counts, random_state=0)
    second, y_second = named.sample({labels[k]: n for k, n in counts.items()}, random_state=0)
    assert np.array_equal(first, second)
    assert [labels[k] for k in y_first] == list(y_second)


def mixed(n=3_000, seed=0):
    """A number and a level of each class, a number that is mostly 0, missing cells."""
    rng = np.random.default_rng(seed)
    y = np.where(rng.random(n) < 0.2, "few", "many")
    few = y == "few"
    X = pd.DataFrame(
        {
            "x": np.round(rng.lognormal(0.0, 1.0, n) * np.where(few, 3, 1), 3),
            "gain": np.where(rng.random(n) < 0.8, 0.0, rng.uniform(500, 900, n)),
            "level": np.where(rng.random(n) < np.where(few, 0.9, 0.2), "p", "q"),
        }
    )
    X.loc[rng.random(n) < 0.1, "x"] = np.nan
    X.loc[rng.random(n) < 0.1, "level"] = None
    return X, y


@pytest.mark.parametrize("scaling", ["yeo-johnson", "quantile", "standard"])
def test_levels_gaps_and_values_of_many_rows_are_those_of_the_seed(scaling):
    X, y = mixed()
    model = TailCalib(scaling=scaling).fit(X, y)
    n_few = int((y == "few").sum())
    old, new = X[y == "few"], model.sample({"few": 2 * n_few}, random_state=0)[0]
    # Every row starts two new ones.
    for name in ("x", "level"):
        assert new[name].isna().sum() == 2 * old[name].isna().sum()
    assert (new["level"] == "p").sum() == 2 * (old["level"] == "p").sum()
    held = (new["gain"] == 0).sum() / 2 - (old["gain"] == 0).sum()
    assert 0 <= held < 0.1 * n_few  # what is drawn below the least value is clipped to it
    assert (new["x"].dropna().isin(old["x"])).mean() < 0.2  # three decimals coincide at times
    assert model.fallbacks_ == {}


def test_mixed_levels_have_the_calibrated_frequencies():
    X, y = mixed()
    X = X[["x", "level"]].fillna({"level": "r"}).dropna()
    y = y[X.index]
    model = TailCalib(categories="mix", n_neighbours=2, shift=None).fit(X, y)
    new = model.sample({"few": N}, random_state=0)[0]["level"].value_counts(normalize=True)
    shares = [X["level"][y == k].value_counts(normalize=True) for k in ("few", "many")]
    for level in "pqr":
        # (x + f_few + f_many) / 3, with x at the frequency of the class; 4 standard errors.
        expected = (2 * shares[0][level] + shares[1][level]) / 3
        assert new[level] == pytest.approx(expected, abs=4 * (0.25 / N) ** 0.5)


def test_one_hot_levels_are_points_one_apart_and_come_back():
    X, y = mixed()
    model = TailCalib.reference().fit(X, y)
    points = model._calibration.points
    assert points.shape[1] == 2 + 2 + 3  # numbers, whether x is missing, two levels and none
    blocks = points[:, 2:]
    assert set(np.round((blocks**2).sum(axis=1), 9)) == {1.0}  # half for each block
    still = TailCalib.reference(shift=0.0, spread="kept").fit(X, y)
    seeds = np.arange(len(X))
    back = still._columns.with_levels(still._columns.numbers(points[seeds]), points[seeds])
    assert np.array_equal(np.isnan(back.numbers[:, 0]), X["x"].isna())
    known = X["x"].notna().to_numpy()
    np.testing.assert_allclose(back.numbers[known, 0], X["x"][known])
    assert np.array_equal(back.codes, still._table.codes)


def test_labels_mean_something():
    X, y = law("separated").table(np.random.default_rng(0))
    seven = pd.DataFrame({"x": X["x"] - (y == "rare")})  # 7 apart
    for table in (X, seven):
        model = TailCalib().fit(table, y)
        assert (model.sample({"rare": 1_000}, random_state=0)[0]["x"] > 3.5).mean() >= 0.95
        assert (model.sample({"common": 1_000}, random_state=0)[0]["x"] < 3.5).mean() >= 0.95


def test_nothing_but_levels_gives_the_levels_of_the_rows():
    X = pd.DataFrame({"c": list("ppqqrr"), "d": list("uvuvuv")})
    y = ["a"] * 4 + ["b"] * 2
    new = TailCalib().fit(X, y).sample({"b": 4}, random_state=0)[0]
    assert set(map(tuple, new.to_numpy())) == {("r", "u"), ("r", "v")}
    # No distance tells classes apart here, and mixing stays in the own class.
    new = TailCalib(categories="mix", shift=1.0).fit(X, y).sample({"b": 40}, random_state=0)[0]
    assert set(new["c"]) == {"r"}


def test_training_rows_are_left_alone():
    X, y = mixed(400)
    kept = X.copy()
    X_res, y_res = SyntheticOverSampler(TailCalib(), random_state=0).fit_resample(X, y)
    pd.testing.assert_frame_equal(X_res[:400], kept)
    assert y_res[:400].tolist() == y.tolist()
    TailCalib().fit(X, y).sample(50, random_state=0)
    pd.testing.assert_frame_equal(X, kept)


def test_rows_made_are_the_same_whatever_the_test_rows_are():
    X, y = mixed(400)
    train, test = np.arange(300), np.arange(300, 400)
    made = []
    for factor in (1.0, 1e6):
        numbers = X[["x", "gain"]].fillna(1.0)
        numbers.iloc[test] *= factor
        pipe = Pipeline(
            [
                ("make", SyntheticOverSampler(TailCalib(), random_state=0)),
                ("tree", DecisionTreeClassifier(max_depth=2, random_state=0)),
            ]
        )
        # The whole table is handed over; the scores are those of the test rows.
        fold = cross_validate(pipe, numbers, y, cv=[(train, test)], return_estimator=True)
        sampler = fold["estimator"][0].named_steps["make"]
        made.append(sampler.synthesizer_.sample({"few": 200, "many": 200}, random_state=0)[0])
    pd.testing.assert_frame_equal(*made)


# Scalings


@pytest.mark.parametrize("kind", ["yeo-johnson", "quantile", "standard", "none"])
def test_a_scaling_is_undone_on_the_way_back_and_keeps_the_order(kind):
    rng = np.random.default_rng(0)
    for cells in (
        rng.lognormal(0, 2, 500),
        -rng.lognormal(0, 2, 500),
        1e9 + rng.standard_normal(500),
        rng.integers(0, 3, 500).astype(float),
        np.full(5, 7.0),
    ):
        scaling = fit_scaling(kind, cells)
        mapped = scaling.forward(cells)
        assert np.isfinite(mapped).all()
        np.testing.assert_allclose(scaling.backward(mapped), cells, rtol=1e-9, atol=1e-12)
        order = np.argsort(cells)
        assert (np.diff(mapped[order]) >= 0).all()
        assert np.isfinite(scaling.backward(np.array([-9.0, 9.0]))).all()


@pytest.mark.parametrize("power", [-1.3, 0.0, 0.5, 1.0, 2.0, 3.1])
def test_the_power_map_is_that_of_yeo_and_johnson(power):
    cells = np.linspace(-3, 3, 50)
    np.testing.assert_allclose(powered(cells, power), stats.yeojohnson(cells, lmbda=power))
    np.testing.assert_allclose(unpowered(powered(cells, power), power), cells, atol=1e-9)


def test_the_likeliest_power_is_found_and_is_no_steeper_than_a_logarithm():
    rng = np.random.default_rng(0)
    for cells, steep in ((rng.lognormal(0, 0.3, 3_000), False), (rng.lognormal(0, 1, 3_000), True)):
        cells = (cells - cells.mean()) / cells.std()
        best = stats.yeojohnson(cells)[1]
        assert (best < 0) == steep
        for sign, expected in ((1, max(best, 0.0)), (-1, min(2 - best, 2.0))):
            # The grid is 0.05 fine.
            assert likeliest_power(sign * cells) == pytest.approx(expected, abs=0.05)


def test_a_normal_column_keeps_its_shape_and_a_skewed_one_loses_its_skew():
    rng = np.random.default_rng(0)
    normal, skewed = rng.standard_normal(3_000), rng.gamma(4, 1, 3_000)
    for kind in ("yeo-johnson", "quantile"):
        for cells in (normal, skewed):
            mapped = fit_scaling(kind, cells).forward(cells)
            assert abs(mapped.mean()) < 0.01
            assert mapped.std() == pytest.approx(1.0, abs=0.01)
            # 4 standard errors of a skewness, sqrt(6 / n); that of the gamma law is 1.
            assert abs(stats.skew(mapped)) < 4 * (6 / 3_000) ** 0.5


def test_its_example_holds():
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed
