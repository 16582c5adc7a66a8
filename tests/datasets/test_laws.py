"""The laws obey what they state: priors, posteriors, Bayes errors, moments."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from equipoise.datasets.laws import LAWS, law, logistic
from equipoise.errors import OptionError
from equipoise.tables.coded import code, decode
from equipoise.tables.schema import Schema

N = 20_000
KNOWN = [name for name, each in LAWS.items() if each.posterior is not None]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(12345)


@pytest.mark.parametrize("name", LAWS)
def test_labels_come_at_the_prior(name: str, rng: np.random.Generator) -> None:
    chosen = law(name)
    assert sum(chosen.prior) == pytest.approx(1)
    _, y = chosen.sample(4000, rng)
    shares = y.value_counts().reindex(chosen.classes, fill_value=0).to_numpy() / 4000
    p = np.array(chosen.prior)
    # 4.5 standard errors of a share, for up to 18 classes
    assert (np.abs(shares - p) <= 4.5 * np.sqrt(p * (1 - p) / 4000)).all()


@pytest.mark.parametrize("name", KNOWN)
def test_the_posterior_is_calibrated_and_gives_the_bayes_error(
    name: str, rng: np.random.Generator
) -> None:
    chosen = law(name)
    X, y = chosen.sample(N, rng)
    P = chosen.posterior(X)
    codes = y.map({label: k for k, label in enumerate(chosen.classes)}).to_numpy()
    np.testing.assert_allclose(P.sum(axis=1), 1)
    error = chosen.bayes_error
    margin = 4 * np.sqrt(max(error * (1 - error), 1 / N) / N)  # four standard errors of a rate
    assert (P.argmax(axis=1) != codes).mean() == pytest.approx(error, abs=margin)
    assert (1 - P.max(axis=1)).mean() == pytest.approx(error, abs=margin)
    for k in range(len(chosen.classes)):
        hits = codes == k
        noise = 4 * np.sqrt((P[:, k] * (1 - P[:, k])).sum() + 1)
        assert hits.sum() == pytest.approx(P[:, k].sum(), abs=noise)
        likely = P[:, k] > 0.5  # and calibrated among the confident ones
        noise = 4 * np.sqrt((P[likely, k] * (1 - P[likely, k])).sum() + 1)
        assert hits[likely].sum() == pytest.approx(P[likely, k].sum(), abs=noise)


def test_gaussians_have_the_moments_they_state(rng: np.random.Generator) -> None:
    chosen = law("two-gaussians")
    X, _ = chosen.sample_class((0, N), rng)
    # four standard errors: 4 / sqrt(20000) = 0.028 for a mean, less for the correlation
    assert X["x"].mean() == pytest.approx(chosen.known["mean_x"], abs=0.03)
    assert X["y"].mean() == pytest.approx(chosen.known["mean_y"], abs=0.03)
    assert X.corr().iloc[0, 1] == pytest.approx(chosen.known["correlation"], abs=0.03)
    assert law("separated").bayes_error < 0.001
    assert law("separated").prior == (0.95, 0.05)
    assert chosen.prior == (0.97, 0.03)


def test_the_mixed_law_puts_x_at_a(rng: np.random.Generator) -> None:
    X, _ = law("mixed").sample(N, rng)
    residual = X["x"] - X["a"].astype(int)
    assert stats.kstest(residual / 0.1, "norm").statistic < 1.95 / np.sqrt(N)  # 0.1 % level


@pytest.mark.parametrize("name", ["xor", "xor-column"])
def test_exclusive_or_holds_but_for_the_noise(name: str, rng: np.random.Generator) -> None:
    X, y = law(name).sample(N, rng)
    result = X["c"] == "yes" if name == "xor-column" else y == "different"
    broken = ((X["a"] != X["b"]) != result).mean()
    assert broken == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / N))
    assert (X["a"] == "yes").mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(N))


@pytest.mark.parametrize("prevalence", [0.001, 0.05, 0.3, 0.9])
def test_a_logistic_law_has_the_prevalence_asked_for(
    prevalence: float, rng: np.random.Generator
) -> None:
    chosen = logistic("t", prevalence, "")
    X = pd.DataFrame(rng.standard_normal((200_000, 4)), columns=["x1", "x2", "x3", "x4"])
    p = chosen.posterior(X)[:, 1]
    assert p.mean() == pytest.approx(prevalence, abs=4 * p.std() / np.sqrt(len(p)))
    assert chosen.bayes_error <= min(prevalence, 1 - prevalence)
    with pytest.raises(OptionError, match="between 0 and 1, got 1.5"):
        logistic("t", 1.5, "")


def test_fresh_rows_come_in_the_counts_asked_for_grouped_by_class(rng: np.random.Generator) -> None:
    X, y = law("wide").sample_class([3, 0, 2, *[0] * 14, 1], rng)
    assert y.tolist() == ["class 00"] * 3 + ["class 02"] * 2 + ["class 17"]
    assert len(X) == 6
    for counts in ([1], [0] * 18, [-1] + [1] * 17):
        with pytest.raises(OptionError, match="needs 18 counts"):
            law("wide").sample_class(counts, rng)
    with pytest.raises(OptionError, match="there is no law 'no'; the laws are two-gaussians"):
        law("no")


@pytest.mark.parametrize("name", LAWS)
def test_same_generator_state_same_rows_and_no_dtype_depends_on_the_counts(name: str) -> None:
    chosen = law(name)
    first, second = (chosen.sample(50, np.random.default_rng(3)) for _ in range(2))
    pd.testing.assert_frame_equal(first[0], second[0])
    pd.testing.assert_series_equal(first[1], second[1])
    table, _ = chosen.table(np.random.default_rng(0))
    assert table.dtypes.tolist() == first[0].dtypes.tolist()


def test_the_wide_table_holds_every_kind_and_survives_coding() -> None:
    X, y = law("wide").table(np.random.default_rng(0))
    schema = Schema.infer(X, warn=False)
    assert {c.kind for c in schema.columns} == {
        "numeric", "categorical", "boolean", "datetime", "constant",
    }  # fmt: skip
    assert y.nunique() == 18
    assert y.value_counts().min() == 1
    assert X.isna().any().sum() >= 5
    assert X["many"].nunique() > 100
    pd.testing.assert_frame_equal(decode(schema, code(schema, X)), X)
