"""Mode-specific normalisation loses nothing but what it clips."""

import numpy as np
import pytest

from equipoise.tables.mixture import Mixture
from equipoise.tables.modes import SCALAR_BOUND, Modes, fit_modes


def rng(seed=0):
    return np.random.default_rng(seed)


def three(n, generator):
    means = generator.choice([-3.0, 0.0, 5.0], n, p=[0.4, 0.3, 0.3])
    return means + generator.normal(size=n) * 0.5


def test_values_of_a_known_mixture_come_back_unless_clipped():
    values = three(5000, rng())
    modes = fit_modes(values, rng())
    drawn, scalars = modes.draw(values, rng())
    clipped = np.abs(scalars) >= SCALAR_BOUND
    assert clipped.mean() < 1e-3
    back = modes.invert(drawn, scalars.astype(np.float32).astype(np.float64))
    # float32 keeps a scalar to 6e-8, and the widest mode here is below one: 4 x 1 x 6e-8.
    assert np.abs(back - values)[~clipped].max() <= 1e-6
    assert np.abs(scalars).max() <= SCALAR_BOUND
    assert not modes.atoms.size
    assert not modes.has_missing


def test_modes_are_drawn_at_their_responsibilities():
    modes = Modes(Mixture(np.array([0.75, 0.25]), np.zeros(2), np.ones(2)), np.empty(0), False)
    drawn, _ = modes.draw(np.full(100_000, 0.3), rng())
    # Both densities are equal, so the weights decide; five standard errors of a share are 0.007.
    assert np.mean(drawn == 0) == pytest.approx(0.75, abs=0.007)


def test_a_mode_that_would_clip_is_drawn_only_where_all_would():
    narrow_and_wide = Mixture(np.array([0.99, 0.01]), np.zeros(2), np.array([1.0, 10.0]))
    modes = Modes(narrow_and_wide, np.empty(0), False)
    drawn, scalars = modes.draw(np.full(1000, 4.5), rng())
    assert (drawn == 1).all()
    drawn, scalars = modes.draw(np.full(1000, 80.0), rng())
    assert (drawn == 1).all()
    assert (scalars == SCALAR_BOUND).all()


def test_the_draw_is_the_generators_and_the_inverse_is_not_random():
    values = three(500, rng())
    modes = Modes(
        Mixture(np.full(2, 0.5), np.array([-1.0, 1.0]), np.full(2, 2.0)), np.empty(0), False
    )
    first, again, other = (modes.draw(values, rng(seed))[0] for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    scalars = np.linspace(-1, 1, 500)
    assert (modes.invert(first, scalars) == modes.invert(first, scalars)).all()


def test_an_atom_comes_back_exactly_and_is_a_mode_of_its_own():
    gains = np.where(rng().random(4000) < 0.9, 0.0, np.exp(rng(1).normal(8, 1, 4000)))
    modes = fit_modes(gains, rng())
    assert modes.atoms.tolist() == [0.0]
    drawn, scalars = modes.draw(gains, rng())
    assert ((drawn == modes.n_gaussians) == (gains == 0)).all()
    assert (scalars[gains == 0] == 0).all()
    assert (modes.invert(drawn, scalars)[gains == 0] == 0).all()


@pytest.mark.parametrize(("share", "atoms"), [(0.04, 0), (0.06, 1)])
def test_a_value_is_an_atom_from_the_stated_share_on(share, atoms):
    values = rng().normal(size=1000)
    values[: int(share * 1000)] = 0.123
    assert len(fit_modes(values, rng(), atom_share=0.05).atoms) == atoms


def test_few_distinct_numbers_are_atoms_alone():
    values = rng().integers(1, 17, 500).astype(float)
    modes = fit_modes(values, rng())
    assert modes.n_gaussians == 0
    assert modes.width == 16
    drawn, scalars = modes.draw(values, rng())
    assert (modes.invert(drawn, scalars) == values).all()
    assert fit_modes(values, rng(), max_values=15, atom_share=0.5).n_gaussians > 0


def test_fifteen_rows_of_a_continuous_column_are_not_kept_as_atoms():
    modes = fit_modes(rng().normal(size=15), rng())
    assert len(modes.atoms) == 0
    assert modes.n_gaussians >= 1


def test_missing_cells_are_the_last_mode():
    values = np.append(three(200, rng()), [np.nan] * 10)
    modes = fit_modes(values, rng())
    drawn, scalars = modes.draw(values, rng())
    assert (drawn[-10:] == modes.width - 1).all()
    assert (scalars[-10:] == 0).all()
    assert np.isnan(modes.invert(drawn, scalars)).tolist() == np.isnan(values).tolist()


def test_what_training_did_not_have_has_no_mode():
    modes = fit_modes(np.array([1.0, 2.0, 1.0, 2.0]), rng())
    assert modes.draw(np.array([1.0, 1.5, np.nan, 9.0]), rng())[0].tolist() == [0, -1, -1, -1]


@pytest.mark.parametrize(
    "values",
    [
        [7.0],
        [7.0, 7.0],
        [np.nan],
        [1.0, np.nan],
        [1e300, -1e300, 5.0, 1e299, 0.0],
        [5e-324, 0.0, 1e-320, 1e-322, 3e-323],
        [1.0] * 40 + list(range(25)),
        [0.0] * 10_000 + [1.0, 2.0, 3.0],
    ],
)
def test_degenerate_columns_come_back(values):
    values = np.array(values, dtype=float)
    modes = fit_modes(values, rng())
    drawn, scalars = modes.draw(values, rng())
    back = modes.invert(drawn, scalars)
    assert (drawn >= 0).all()
    width = np.nanmax(values) - np.nanmin(values) if (~np.isnan(values)).any() else 0.0
    np.testing.assert_allclose(back, values, rtol=0, atol=width * 1e-9 + 1e-322)


def test_the_mixture_is_fitted_on_a_sample_of_a_long_column():
    values = three(50_000, rng())
    modes = fit_modes(values, rng(), max_rows=500)
    assert (
        fit_modes(values, rng(), max_rows=500).mixture.means.tolist()
        == modes.mixture.means.tolist()
    )
    drawn, scalars = modes.draw(values, rng())
    assert (np.abs(scalars) >= SCALAR_BOUND).mean() < 5e-3
