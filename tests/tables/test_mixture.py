"""The mixture fits as well as scikit-learn's, the witness, and finds laws that are known."""

import warnings

import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.mixture import BayesianGaussianMixture

from equipoise.tables.mixture import REACH, fit_mixture

N = 4_000


def three(rng):
    return np.concatenate(
        [rng.normal(-3, 0.5, 1600), rng.normal(0, 1, 1200), rng.normal(5, 0.3, 1200)]
    )


LAWS = {
    "three modes": three,
    "one Gaussian": lambda rng: rng.normal(2, 3, N),
    "uniform": lambda rng: rng.random(N),
    "lognormal": lambda rng: np.exp(rng.normal(size=N)),
    "heavy tails": lambda rng: rng.standard_t(3, N),
    "whole numbers": lambda rng: np.round(rng.normal(38, 13, N)),
    "few rows": lambda rng: rng.normal(size=60),
}


def log_likelihood(mixture, values):
    return logsumexp(mixture.log_densities(values), axis=1).mean()


@pytest.mark.parametrize("law", LAWS)
def test_fresh_rows_are_as_likely_as_under_scikit_learns_mixture(law):
    rng = np.random.default_rng(0)
    values, fresh = LAWS[law](rng), LAWS[law](rng)
    scale = values.std()
    witness = BayesianGaussianMixture(
        n_components=10, weight_concentration_prior=0.001, random_state=0, max_iter=100
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        witness.fit(values[:, None] / scale)
    theirs = witness.score(fresh[:, None] / scale) - np.log(scale)
    ours = log_likelihood(fit_mixture(values, 10, 0.005), fresh)
    # Ours leaves light components out, which costs tail rows; two hundredths of a nat a row are not worth a component.
    assert ours > theirs - 0.02


def test_the_likelihood_of_a_known_law_is_reached():
    rng = np.random.default_rng(1)
    values, fresh = three(rng), three(rng)
    parts = [(0.4, -3, 0.5), (0.3, 0, 1), (0.3, 5, 0.3)]
    density = sum(
        w * np.exp(-0.5 * ((fresh - m) / s) ** 2) / (s * np.sqrt(2 * np.pi)) for w, m, s in parts
    )
    # 29 free parameters at most cost about 29 / (2 n) = 0.004 nats a row.
    assert log_likelihood(fit_mixture(values, 10, 0.005), fresh) > np.log(density).mean() - 0.01


def test_superfluous_components_die_out():
    mixture = fit_mixture(np.random.default_rng(0).normal(size=60), 10, 0.005)
    assert len(mixture.means) <= 3


@pytest.mark.parametrize("law", ["lognormal", "heavy tails", "three modes"])
def test_nearly_all_values_are_within_reach_of_a_mode(law):
    values = LAWS[law](np.random.default_rng(0))
    mixture = fit_mixture(values, 10, 0.005)
    distance = np.abs(values[:, None] - mixture.means) / mixture.deviations
    assert (distance.min(axis=1) > REACH).mean() < 1e-3


@pytest.mark.parametrize("factor", [1e-300, 1e-9, 1e9, 1e300])
@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_the_fit_does_not_depend_on_the_unit(factor, offset):
    values = np.random.default_rng(0).normal(size=500) + offset
    plain, scaled = fit_mixture(values, 5, 0.005), fit_mixture(values * factor, 5, 0.005)
    np.testing.assert_allclose(scaled.means, plain.means * factor, rtol=1e-6)
    np.testing.assert_allclose(scaled.deviations, plain.deviations * factor, rtol=1e-6)


@pytest.mark.parametrize(
    "values",
    [
        [1.0, 2.0],
        [0.0, 5e-324],
        [-1.7e308, 1.7e308, 0.0],
        [1e16, 1e16 + 2, 1e16 + 4],
        [0, 0, 0, 1e-12],
    ],
)
def test_degenerate_columns_give_finite_modes(values):
    mixture = fit_mixture(np.array(values), 10, 0.005)
    assert np.isfinite(mixture.means).all()
    assert (mixture.deviations > 0).all()
    assert mixture.weights.sum() == pytest.approx(1.0)
