"""TailCalib on the codes of a TVAE: the same calibration, an inner network, and its failures reported."""

import doctest
import inspect

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

from equipoise.datasets.laws import law
from equipoise.errors import OptionError
from equipoise.networks.training import Training
from equipoise.samplers.oversampler import SyntheticOverSampler
from equipoise.synthesizers import latent_tailcalib as module
from equipoise.synthesizers.latent_tailcalib import FROM_TVAE, LatentTailCalib, nats
from equipoise.synthesizers.tailcalib import TailCalib
from equipoise.synthesizers.tvae import TVAE
from equipoise.tables.coded import Coded

QUICK = {"max_steps": 150, "hidden": (16, 16), "latent": 4, "random_state": 0}


class Identity(TVAE):
    """A TVAE whose code is the row's numbers, known exactly, and then as many dimensions as asked that say nothing."""

    unused = 0

    def _fit(self, table, y, rng):
        self.network_ = object()
        self.agreement_ = {}

    def _latent(self, table, y, rng):
        n, p = table.numbers.shape
        means = torch.from_numpy(np.hstack([table.numbers, np.zeros((n, self.unused))]))
        return means, torch.tensor([-40.0] * p + [0.0] * self.unused).expand(n, -1)

    def _decode(self, z, y, rng):
        self.last = z.numpy()
        numbers = self.last[:, : self.last.shape[1] - self.unused].astype(np.float64)
        return Coded(numbers, np.zeros((len(y), 0), dtype=np.int64))


def points(counts=(100, 30, 7), d=4, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(counts)), counts)
    return rng.standard_normal((len(y), d)) + 2 * rng.standard_normal((len(counts), d))[y], y


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"n_neighbours": 3, "shift": None, "spread": "full", "shrinkage": "none"},
        {"own": "exclude", "alpha": 0.3, "covariance": "own_or_neighbour"},
    ],
)
@pytest.mark.parametrize("start", ["mean", "posterior"])
def test_with_the_identity_for_networks_it_is_tailcalib_on_rows(monkeypatch, options, start):
    monkeypatch.setattr(module, "TVAE", Identity)
    X, y = points()
    counts = {0: 50, 1: 60, 2: 70}
    raw = TailCalib(scaling="none", **options).fit(X, y)
    latent = LatentTailCalib(start=start, **options).fit(X, y)
    assert latent.used_.tolist() == [0, 1, 2, 3]
    expected = raw.sample(counts, random_state=3)[0]
    if start == "mean":  # codes are single precision
        np.testing.assert_allclose(latent.sample(counts, random_state=3)[0], expected, atol=1e-5)
    else:  # posteriors have the deviation exp(-20), and drawing from them takes numbers of the stream
        new = latent.sample({2: 4_000}, random_state=3)[0]
        old = raw.sample({2: 4_000}, random_state=3)[0]
        # Clipped to the range of training; 5 standard errors of a difference of means.
        error = (new.var(axis=0) + old.var(axis=0)) ** 0.5 / 4_000**0.5
        assert (np.abs(new.mean(axis=0) - old.mean(axis=0)) < 5 * error).all()


def test_dimensions_that_say_nothing_are_drawn_from_the_prior(monkeypatch):
    monkeypatch.setattr(module, "TVAE", Identity)
    monkeypatch.setattr(Identity, "unused", 3)
    X, y = points()
    model = LatentTailCalib().fit(X, y)
    assert model.used_.tolist() == [0, 1, 2, 3]
    assert model._calibration.points.shape == (137, 4)
    model.sample({2: 10_000}, random_state=0)
    noise = model.tvae_.last[:, 4:]
    # 5 standard errors of a mean, 1 %, and of a variance, 1.4 %
    assert np.abs(noise.mean(axis=0)).max() < 0.05
    assert np.abs(noise.var(axis=0) - 1).max() < 0.07
    assert np.abs(np.corrcoef(model.tvae_.last.T)[4:, :4]).max() < 0.05
    monkeypatch.setattr(
        Identity, "_latent", lambda self, table, y, rng: (torch.zeros(len(y), 7),) * 2
    )
    model = LatentTailCalib().fit(X, y)
    assert model.used_.tolist() == []
    assert all("no dimension" in reason for reason in model.fallbacks_.values())
    assert len(model.fallbacks_) == 3
    assert len(model.sample({1: 5}, random_state=0)[0]) == 5


def test_divergences_are_those_of_normal_laws_from_the_prior():
    means = np.array([[0.0, 1.0, 0.0], [0.0, -1.0, 0.0]])
    log_variances = np.array([[0.0, 0.0, -2.0], [0.0, 0.0, -2.0]])
    # (mu^2 + s^2 - 1 - ln s^2) / 2
    np.testing.assert_allclose(
        nats(means, log_variances), [0.0, 0.5, (np.exp(-2) - 1 + 2) / 2], atol=1e-12
    )


def mixed(n=200, seed=0):
    """Columns that hang together, so that a code is worth its divergence after few steps."""
    rng = np.random.default_rng(seed)
    job = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    X = pd.DataFrame(
        {
            "income": np.round(rng.lognormal(3 + 2 * job, 0.3), 2),
            "age": 20 + 20 * job + rng.integers(0, 9, n),
            "job": np.array(["a", "b", "c"])[job],
            "same": 7,
        }
    )
    X.loc[rng.random(n) < 0.1, "income"] = np.nan
    return X, pd.Series(np.where(np.arange(n) < n - 6, "many", "few"), name="y")


def test_rows_have_the_classes_asked_for_and_the_dtypes_of_training():
    X, y = mixed()
    model = LatentTailCalib(**QUICK).fit(X, y)
    new, labels = model.sample({"few": 30, "many": 20}, random_state=1)
    assert labels.value_counts().to_dict() == {"few": 30, "many": 20}
    assert list(new.dtypes) == list(X.dtypes)
    assert set(new["job"]) <= {"a", "b", "c"}
    assert new[["age", "same"]].notna().all().all()
    assert model.fallbacks_ == {}
    assert model.history_ == model.tvae_.history_
    assert model.agreement_ == {}


def test_one_seed_gives_one_table_and_no_global_stream_moves():
    X, y = mixed()
    before = torch.random.get_rng_state()
    model = LatentTailCalib(**QUICK).fit(X, y)
    first = model.sample(50, random_state=5)[0]
    again = clone(model)
    assert not hasattr(again, "tvae_")
    pd.testing.assert_frame_equal(first, again.fit(X, y).sample(50, random_state=5)[0])
    assert not first.equals(model.sample(50, random_state=6)[0])
    assert torch.equal(torch.random.get_rng_state(), before)


def test_rows_made_in_several_parts_are_all_there(monkeypatch):
    X, y = mixed()
    model = LatentTailCalib(**QUICK, label="column").fit(X, y)
    monkeypatch.setattr(module, "CHUNK", 16)
    new, labels = model.sample({"few": 30, "many": 21}, random_state=1)
    assert labels.value_counts().to_dict() == {"few": 30, "many": 21}
    few = model.labels_.position("few")
    assert set(model.agreement_) == {0, 1}
    # A share of 30 rows.
    assert model.agreement_[few] * 30 == pytest.approx(round(model.agreement_[few] * 30))


def test_a_decoder_that_draws_labels_mostly_draws_those_asked_for():
    X, y = law("separated").table(np.random.default_rng(0))
    model = LatentTailCalib(label="column", latent=4, max_steps=600, random_state=0).fit(X, y)
    model.sample({"rare": 500, "common": 500}, random_state=0)
    # A decoder that knew nothing would draw the rare label for 5 % of the rows. Rare codes are few.
    assert model.agreement_[model.labels_.position("common")] > 0.9
    assert model.agreement_[model.labels_.position("rare")] > 0.7


def test_options_that_both_have_mean_the_same_and_have_the_same_defaults():
    own, inner, rows = (
        inspect.signature(cls).parameters for cls in (LatentTailCalib, TVAE, TailCalib)
    )
    for name in FROM_TVAE:
        assert own[name].default == (32 if name == "latent" else inner[name].default), name
    for name in set(rows) - {"scaling", "categories", "atom_share"}:
        assert own[name].default == rows[name].default, name
    assert set(own) == {*FROM_TVAE, *rows, "start"} - {"scaling", "categories", "atom_share"}


def test_options_reach_the_network():
    X, y = mixed()
    model = LatentTailCalib(random_state=0).set_params(max_steps=20, latent=3, hidden=(8,))
    model.fit(X, y)
    assert (model.tvae_.sizes_.latent, model.tvae_.sizes_.hidden) == (3, (8,))
    assert model.history_["step"][-1] == 20


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": "prior"}, "start must be one of 'posterior', 'mean'; got 'prior'"),
        ({"shift": -0.1}, r"shift must lie in \[0, 1\]"),
        ({"latent": 0}, "latent must be"),
        ({"n_neighbours": 1.5}, "n_neighbours must be a whole number"),
    ],
)
def test_impossible_parameters_are_refused_by_fit(options, message):
    with pytest.raises(OptionError, match=message):
        LatentTailCalib(**options).fit(pd.DataFrame({"x": [1.0, 2.5]}), ["a", "b"])


# What the inner network cannot do


def test_too_few_rows_are_drawn_column_by_column_and_it_says_so():
    X, y = mixed(9)
    model = LatentTailCalib(**QUICK).fit(X, y)
    assert set(model.fallbacks_) == {0, 1}
    assert all("too few to train a network" in reason for reason in model.fallbacks_.values())
    model.sample({"few": 4}, random_state=0)
    assert "too few" in model.deliveries_[0].fallback


def test_a_training_that_failed_is_reported_and_rows_come_all_the_same(monkeypatch):
    def fails(*_args, **_kwargs):
        return Training(stopped="the loss was not finite", failed=True)

    monkeypatch.setattr(TVAE, "_train", fails)
    X, y = mixed()
    model = LatentTailCalib(**QUICK).fit(X, y)
    assert all("not finite" in reason for reason in model.fallbacks_.values())
    assert len(model.sample(12, random_state=0)[0]) == 12


def test_a_class_of_one_row_has_the_covariance_of_the_others_and_says_so():
    X, y = mixed()
    y[5] = "one"
    model = LatentTailCalib(**{**QUICK, "max_steps": 300}).fit(X, y)
    assert list(model.fallbacks_) == [model.labels_.position("one")]
    assert "one row has no covariance" in model.fallbacks_[model.labels_.position("one")]
    assert len(model.sample({"one": 20}, random_state=0)[0].drop_duplicates()) > 1


def test_nothing_to_learn_is_no_failure():
    model = LatentTailCalib(**QUICK).fit(pd.DataFrame({"same": [7] * 30}), ["a"] * 20 + ["b"] * 10)
    new, labels = model.sample({"b": 3}, random_state=0)
    assert new["same"].tolist() == [7, 7, 7]
    assert model.fallbacks_ == {}


def test_original_rows_come_first_and_unchanged():
    X, y = mixed()
    sampler = SyntheticOverSampler(LatentTailCalib(**QUICK), random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    pd.testing.assert_frame_equal(X_new[: len(X)], X)
    assert y_new.value_counts().to_dict() == {"few": 194, "many": 194}


def test_labels_mean_something():
    X, y = law("separated").table(np.random.default_rng(0))
    seven = pd.DataFrame({"x": X["x"] - (y == "rare")})  # 7 apart
    model = LatentTailCalib(random_state=0).fit(seven, y)
    assert (model.sample({"rare": 1_000}, random_state=0)[0]["x"] > 3.5).mean() >= 0.95
    assert (model.sample({"common": 1_000}, random_state=0)[0]["x"] < 3.5).mean() >= 0.95


def test_its_example_holds():
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed
