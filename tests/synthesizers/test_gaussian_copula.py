"""The Gaussian copula: margins as they were, monotone ties kept, nothing else."""

import doctest

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp, norm

from equipoise.datasets.laws import law
from equipoise.synthesizers import gaussian_copula as module
from equipoise.synthesizers.gaussian_copula import (
    GaussianCopula,
    correlation,
    normal_scores,
    quantiles,
    shrunk,
)

N = 4_000


def drawn(name, n, seed=0):
    rng = np.random.default_rng(seed)
    return law(name).sample(n, rng)


def tied(n=N, seed=0):
    """Three numbers with the correlations 0.7, -0.4 and 0, one of them skewed, and labels that do not matter."""
    rng = np.random.default_rng(seed)
    z = rng.multivariate_normal([0, 0, 0], [[1, 0.7, -0.4], [0.7, 1, 0.0], [-0.4, 0.0, 1]], n)
    X = pd.DataFrame({"a": z[:, 0], "b": np.exp(z[:, 1]), "c": z[:, 2]})
    return X, np.where(rng.random(n) < 0.3, "few", "many")


def test_margins_of_a_class_are_kept():
    X, y = tied()
    model = GaussianCopula().fit(X, y)
    for label in ("few", "many"):
        old = X[y == label]
        new = model.sample({label: 20_000}, random_state=1)[0]
        for name in X:
            # Of 20,000 draws from the training cells' own distribution D is below 1.63 / sqrt(20,000) = 0.012 with
            # 99 %; the bound is 0.026 and 0.041. A shift by a tenth of a deviation would give 0.04.
            assert ks_2samp(new[name], old[name]).statistic <= 1.4 / len(old) ** 0.5


def test_correlations_are_kept():
    X, y = tied()
    new = GaussianCopula().fit(X, y).sample(N, random_state=1)[0]
    # Two estimates on 4,000 rows, each with a standard error of 0.016 at most: 0.05 is 2.2 of their difference.
    for old, made in (
        (X, new),
        (np.log(X[["b"]]).assign(a=X["a"]), new.assign(b=np.log(new["b"]))),
    ):
        columns = list(old.columns)
        assert np.abs(old.corr() - made[columns].corr()).to_numpy().max() < 0.05


def test_a_rare_class_has_its_own_means_margins_and_ties():
    X, y = drawn("two-gaussians", 10_000)  # 300 rare rows
    new = GaussianCopula().fit(X, y).sample({"rare": 2_000}, random_state=1)[0]
    fresh = law("two-gaussians").sample_class((0, 20_000), np.random.default_rng(9))[0]
    for name, mean in (("x", 2.0), ("y", 1.5)):
        assert abs(new[name].mean() - mean) < 0.4
        # Of 300 training rows sqrt(n) D is below 1.63 with 99 %, D below 0.094; 2,000 draws add 0.02 as a rule.
        assert ks_2samp(new[name], fresh[name]).statistic <= 0.12
    # 0.6 with a standard error of 0.64 / sqrt(300) = 0.037, shrunk by 2 / 302.
    assert abs(new["x"].corr(new["y"]) - 0.6) < 0.12


def test_a_number_follows_the_level_that_it_belongs_to():
    X, y = drawn("mixed", 5_000)
    new = GaussianCopula().fit(X, y).sample(5_000, random_state=1)[0]
    shares = [frame["a"].value_counts(normalize=True).sort_index() for frame in (X, new)]
    assert abs(shares[0] - shares[1]).sum() / 2 <= 0.05
    means = new.groupby("a")["x"].mean()
    assert np.abs(means - means.index.astype(int)).max() <= 0.15


def test_an_exclusive_or_is_lost_as_it_must_be():
    X, y = drawn("xor-column", N)
    new = GaussianCopula().fit(X, y).sample(N, random_state=1)[0]
    a, b, c = (new[name] == "yes" for name in "abc")
    # Half of the rows, with a standard error of 0.8 %, and the chance correlations of the training rows on top.
    assert abs(((a ^ b) == c).mean() - 0.5) < 0.05


def test_labels_mean_something():
    X, y = drawn("separated", 2_000)
    model = GaussianCopula().fit(X, y)
    assert (model.sample({"rare": 500}, random_state=0)[0]["x"] > 4).mean() >= 0.95
    assert (model.sample({"common": 500}, random_state=0)[0]["x"] < 4).mean() >= 0.95


def test_values_of_many_rows_come_back_as_often_and_others_stay_away_from_them():
    rng = np.random.default_rng(0)
    gain = np.where(rng.random(N) < 0.9, 0.0, rng.uniform(500, 900, N))
    gain[rng.random(N) < 0.02] = 999.5
    new = GaussianCopula().fit(pd.DataFrame({"gain": gain}), ["k"] * N).sample(N, random_state=1)[0]
    for value in (0.0, 999.5):
        share = (gain == value).mean()
        # 4 standard errors of a share
        assert abs((new["gain"] == value).mean() - share) < 4 * (share * (1 - share) / N) ** 0.5
    between = new["gain"][(new["gain"] > 0) & (new["gain"] < 999.5)]
    assert between.min() >= gain[gain > 0].min()
    assert between.max() <= 900
    assert (~between.isin(gain)).mean() > 0.9  # values held once are interpolated


def test_missing_cells_come_as_often_and_beside_the_same_levels():
    rng = np.random.default_rng(0)
    level = rng.choice(["p", "q"], N)
    x = rng.standard_normal(N)
    X = pd.DataFrame({"x": x, "level": level, "twin": x + 0.1 * rng.standard_normal(N)})
    X.loc[(level == "q") & (rng.random(N) < 0.6), "x"] = np.nan
    X.loc[rng.random(N) < 0.2, "level"] = None
    new = GaussianCopula().fit(X, ["k"] * N).sample(N, random_state=1)[0]
    for name in ("x", "level"):
        # 4 standard errors of a share of 0.3, in both tables
        assert abs(new[name].isna().mean() - X[name].isna().mean()) < 4 * (2 * 0.21 / N) ** 0.5
    gaps = new["x"].isna().groupby(new["level"]).mean()
    # 0.6 in training, of which a Gaussian tie to three levels in a row keeps about half; the standard error is 0.017.
    assert gaps["q"] - gaps["p"] > 0.2
    assert abs(new["x"].corr(new["twin"]) - X["x"].corr(X["twin"])) < 0.05
    assert new["twin"].notna().all()


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_a_level_that_a_number_decides_is_still_decided_by_it(share):
    x = np.random.default_rng(0).standard_normal(N)
    X = pd.DataFrame({"x": x, "high": x > norm.ppf(1 - share)})
    new = GaussianCopula().fit(X, ["k"] * N).sample(N, random_state=1)[0]
    # Training rows have no exception. With a score drawn within the level's interval in place of its mean, the
    # correlation would be 0.8 (halves) and 0.59 (a tenth), and a fifth of the rows or half of the few would be wrong.
    wrong = (new["high"] != (new["x"] > norm.ppf(1 - share))).mean()
    assert wrong < 0.05 * 2 * share


def test_tiny_classes_have_the_correlation_within_all_classes_and_say_so():
    X, y = tied(500)
    y = y.astype(object)
    y[:4] = "tiny"
    y[4] = "one"
    X.loc[y == "many", ["a", "b"]] += 50.0  # between classes, which must not count
    model = GaussianCopula().fit(X, y)
    assert set(model.fallbacks_) == {model.labels_.position("tiny"), model.labels_.position("one")}
    tiny = model.correlations_[model.labels_.position("tiny")]
    own = model.correlations_[model.labels_.position("many")]
    assert np.array_equal(tiny, model.correlations_[model.labels_.position("one")])
    assert np.abs(tiny - own).max() < 0.2  # about 350 rows: 4 standard errors
    new = model.sample({"tiny": 500}, random_state=0)[0]
    assert new["a"].max() <= X["a"][y == "tiny"].max()
    assert new["a"].corr(new["b"], method="spearman") > 0.4
    assert (model.sample({"one": 3}, random_state=0)[0] == X[y == "one"].iloc[0]).all().all()
    assert GaussianCopula().fit(*tied(500)).fallbacks_ == {}


def test_no_training_row_can_be_read_off_a_fitted_model():
    X = pd.DataFrame({"a": [3.0, 1.0, 2.5], "b": [1.0, 3.0, 2.5], "c": list("qpp")})
    model = GaussianCopula().fit(X, ["k"] * 3)
    assert not model.keeps_rows
    assert model._margins[0].numbers.tolist() == [[1.0, 1.0], [2.5, 2.5], [3.0, 3.0]]
    assert model._margins[0].places[:, 0].tolist() == [0, 0, 1]


def test_rows_are_new():
    X, y = tied()
    new = GaussianCopula().fit(X, y).sample(N, random_state=1)[0]
    assert len(new.merge(X, on=list(X.columns))) == 0


def one_quantile(column, u):
    """Give what `quantiles` gives for one u, by its definition."""
    n = len(column)
    near = min(int(u * n), n - 1)
    beside = u * n - near - 0.5
    other = min(max(near + (1 if beside >= 0 else -1), 0), n - 1)
    if (column == column[near]).sum() > 1 or (column == column[other]).sum() > 1:
        return column[near]
    return column[near] + abs(beside) * (column[other] - column[near])


def test_quantiles_of_all_cells_are_those_of_one_cell_after_the_other():
    rng = np.random.default_rng(0)
    for column in (rng.standard_normal(7), rng.integers(0, 5, 40).astype(float), np.array([2.0])):
        column.sort()
        u = np.append(rng.random(200), [0.0, 1.0])
        expected = [one_quantile(column, each) for each in u]
        np.testing.assert_allclose(quantiles(column, u), expected, rtol=0, atol=1e-12)
    assert np.isnan(quantiles(np.array([]), np.array([0.5]))).all()
    assert quantiles(np.array([1.0, 2.0, 4.0, 4.0]), np.array([0.25, 0.6])).tolist() == [1.5, 4.0]


def test_scores_are_means_of_the_normal_law_over_the_interval_of_a_value():
    cells = np.array([[0.0, 1.0], [0.0, 2.0], [1.0, 3.0], [1.0, 4.0], [np.nan, 5.0]])
    scores, kept = normal_scores(cells)
    half = 2 * norm.pdf(0)  # the mean of a half normal law, sqrt(2 / pi)
    np.testing.assert_allclose(scores[:4, 0], [-half, -half, half, half])
    assert np.isnan(scores[4, 0])
    # Of four distinct values: phi(z_1/4) * 4 = 1.2711 and (phi(0) - phi(z_1/4)) * 4 = 0.3247, in squares 0.8606.
    assert kept == pytest.approx([half**2 / 0.8606, 1.0], abs=1e-3)


def test_correlations_are_positive_definite_whatever_is_missing():
    rng = np.random.default_rng(0)
    base = rng.standard_normal(60)
    cells = np.column_stack([base, base, base, rng.integers(0, 2, 60)])
    cells[:30, 0] = np.nan
    cells[30:, 1] = np.nan
    cells[::2, 2] = -cells[::2, 2]
    matrix = shrunk(correlation(*normal_scores(cells)), 60)
    assert matrix[0, 1] == pytest.approx(0.0, abs=0.05)  # never seen together
    assert np.allclose(np.diag(matrix), 1.0)
    np.linalg.cholesky(matrix)
    bent = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    np.linalg.cholesky(shrunk(bent, 10**6))


def test_shrinkage_has_the_weight_of_the_card():
    matrix = np.array([[1.0, 0.8], [0.8, 1.0]])
    assert shrunk(matrix, 8)[0, 1] == pytest.approx(0.8 * (1 - 2 / 10))


def test_its_example_holds():
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed
