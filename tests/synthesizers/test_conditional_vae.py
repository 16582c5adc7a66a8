"""The class-conditional VAE as a synthesizer: classes, ways of drawing codes, what it does with too little."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import kstest
from sklearn.base import clone

from equipoise.errors import OptionError
from equipoise.networks.training import Training
from equipoise.synthesizers import conditional_vae as module
from equipoise.synthesizers.conditional_vae import ConditionalVAE

QUICK = {"max_steps": 60, "hidden": (16, 16), "latent": 4, "random_state": 0}


def mixed(n=200, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "income": np.round(rng.lognormal(3, 1, n), 2),
            "age": rng.integers(18, 90, n),
            "gain": np.where(rng.random(n) < 0.8, 0, rng.integers(500, 9000, n)),
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


def fitted(X, y, **options):
    return ConditionalVAE(**{**QUICK, **options}).fit(X, y)


def test_rows_have_the_classes_asked_for_and_values_seen_in_training():
    X, y = mixed()
    new, labels = fitted(X, y).sample({"few": 300, "many": 200}, random_state=1)
    assert labels.value_counts().to_dict() == {"few": 300, "many": 200}
    assert list(new.dtypes) == list(X.dtypes)  # integers are integers
    assert set(new["job"].dropna()) <= {"a", "b", "c"}
    assert "m" not in set(new["size"])
    assert new[["age", "gain", "member", "joined", "size", "same"]].notna().all().all()
    for name in ("income", "age", "gain", "joined"):
        assert new[name].dropna().between(X[name].min(), X[name].max()).all()
    assert not new["gain"].between(1, 499).any()  # an atom at 0, then nothing up to 500


def test_missing_cells_and_atoms_come_as_often_as_in_training():
    X, y = mixed(600)
    new, _ = fitted(X, y, max_steps=600).sample(600, random_state=1)
    # 10 % and 80 % of 600: 4 standard errors are 5 % and 7 %, as much again for the model
    for name in ("income", "job"):
        assert 0.0 < new[name].isna().mean() < 0.2
    assert (new["gain"] == 0).mean() == pytest.approx(0.8, abs=0.14)


def test_one_seed_gives_one_table_and_another_seed_another():
    X, y = mixed()
    model, again = fitted(X, y), fitted(X, y)
    first, second = (m.sample(50, random_state=5)[0] for m in (model, again))
    pd.testing.assert_frame_equal(first, second)
    assert model.history_ == again.history_
    assert not first.equals(model.sample(50, random_state=6)[0])


def test_no_global_random_stream_moves_and_a_clone_is_unfitted():
    X, y = mixed()
    before, legacy = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    model = fitted(X, y)
    model.sample(20, random_state=0)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert (np.random.get_state()[1] == legacy).all()  # noqa: NPY002
    assert not hasattr(clone(model), "network_")


def test_the_history_is_numbers_and_says_why_it_ended():
    X, y = mixed()
    model = fitted(X, y)
    assert set(model.history_) == {"step", "loss", "reconstruction", "divergence", "score"}
    assert len({len(curve) for curve in model.history_.values()}) == 1
    assert model.history_["step"][-1] == model.n_steps_ == 60
    held_out = "a tenth of each class of 10 rows or more"
    assert model.stopped_ == f"the budget of steps is spent (held out: {held_out})"
    assert model.fallbacks_ == {}


def test_training_ends_early_when_held_out_rows_gain_nothing():
    X = pd.DataFrame(np.random.default_rng(0).standard_normal((60, 4)))
    model = fitted(X, np.arange(60) % 2, max_steps=3000, warm_up=100, patience=4, hidden=(32, 32))
    assert model.best_step_ < model.n_steps_ < 3000
    assert "no better score in 4 evaluations" in model.stopped_


def learner(X, y, **options):
    model = fitted(X, y, **options)
    x = torch.zeros(len(X), model.encoder_.width_)
    g = torch.Generator().manual_seed(0)
    positions = torch.from_numpy(model.labels_.code(y))
    return module.Learner(model, model.network_, x, positions, g)


def test_the_divergence_counts_more_from_step_to_step_until_the_warm_up_is_over(monkeypatch):
    train = learner(*mixed(), warm_up=10, free_nats=0.05)

    def bound(x, y, noise):
        tie = 0 * train.network.law.log_sigma.sum()
        return torch.ones(len(x)) + tie, torch.full((len(x), 4), 0.5) + tie

    monkeypatch.setattr(train.network, "bound", bound)
    losses = [float(train.step(torch.arange(8))["loss"]) for _ in range(12)]
    expected = 1 + 2.0 * np.minimum(np.arange(1, 13) / 10, 1)
    np.testing.assert_allclose(losses, expected, rtol=1e-6)


def test_the_learning_rate_falls_to_a_hundredth():
    train = learner(*mixed(), max_steps=40, learning_rate=0.5)
    rates = []
    for _ in range(40):
        train.step(torch.arange(8))
        rates.append(train.optimiser.learning_rate)
    assert rates[0] == 0.5
    assert (np.diff(rates) < 0).all()
    assert rates[-1] == pytest.approx(0.005, abs=0.001)


def test_batches_hold_the_rare_class_by_the_root_of_its_rows():
    X, _ = mixed(1000)
    train = learner(X, np.where(np.arange(1000) < 900, "many", "few"), batch_size=100)
    batches = train.batches()
    seen = torch.cat([train.y[next(batches)] for _ in range(90)])
    # Held-out rows gone, 810 and 90 rows: shares as 3 to 1, drawn systematically, so all but exact
    assert float((seen == 0).double().mean()) == pytest.approx(0.25, abs=0.005)


def two_groups():
    """One number that tells two groups of a class apart, and a class of few rows."""
    rng = np.random.default_rng(0)
    x = np.where(rng.random(400) < 0.5, -3.0, 3.0) + 0.3 * rng.standard_normal(400)
    return pd.DataFrame({"x": x, "z": x + 0.3 * rng.standard_normal(400)}), np.arange(400) < 20


def test_modes_of_sampling_are_what_they_say(monkeypatch):
    X, y = two_groups()
    model = fitted(X, y, filled=20.0)
    asked = {}

    def draw(self, k, n, generator, spread):
        asked[k] = (n, spread)
        return torch.full((n, 4), 77.0)

    monkeypatch.setattr(module.Posteriors, "draw", draw)
    g = torch.Generator().manual_seed(0)
    labels = torch.zeros(4000, 2)
    labels[:, 1] = 1

    def share(mode):
        model.sampling = mode
        z = model._codes(model.network_, model.posteriors_, 1, labels, g)
        return float((z[:, 0] == 77).double().mean())

    assert share("posterior") == 1
    assert share("prior") == 0
    # 20 rows and filled = 20: a half; 4 standard errors of 4,000 draws are 0.032
    assert share("mix") == pytest.approx(0.5, abs=0.032)
    assert asked[1] == (4000, 1.0)


def test_the_prior_of_a_class_is_around_its_learnt_mean():
    X, y = two_groups()
    model = fitted(X, y, sampling="prior", class_prior=True)
    assert fitted(X, y).network_.prior_means is None
    with torch.no_grad():
        model.network_.prior_means[1] = 9.0
    labels = torch.zeros(4000, 2)
    labels[:, 1] = 1
    g = torch.Generator().manual_seed(0)
    z = model._codes(model.network_, model.posteriors_, 1, labels, g).detach()
    assert float((z.mean(dim=0) - 9).abs().max()) < 4 / np.sqrt(4000) * 1.2
    assert float(z.std()) == pytest.approx(1, abs=0.05)


def test_a_class_of_one_row_is_made_and_recorded():
    X, y = mixed()
    y.iloc[0] = "one"
    model = fitted(X, y)
    new, labels = model.sample({"one": 25}, random_state=0)
    assert len(new) == 25
    assert set(labels) == {"one"}
    assert "one training row" in model.deliveries_[0].fallback


@pytest.mark.parametrize("n", [1, 2, 9])
def test_a_table_too_small_for_a_network_falls_back_and_says_so(n):
    X, y = mixed(200)
    rows = np.r_[0 : n - n // 2, 200 - n // 2 : 200]
    model = fitted(X.iloc[rows], y.iloc[rows])
    assert len(model.sample(40, random_state=0)[0]) == 40
    assert model.network_ is None
    assert all("too few to train" in d.fallback for d in model.deliveries_)


def test_a_training_that_fails_at_once_falls_back_and_says_so(monkeypatch):
    def fail(*_):
        return Training(n_steps=25, stopped="a number was not finite at step 25", failed=True)

    monkeypatch.setattr(module, "train", fail)
    X, y = mixed()
    model = fitted(X, y)
    new, _ = model.sample({"few": 8}, random_state=0)
    assert "not finite" in model.deliveries_[0].fallback
    assert new["age"].isin(X["age"][y == "few"]).all()


def test_a_training_that_diverges_falls_back_and_says_so():
    X, y = mixed()
    model = fitted(X, y, learning_rate=1e20)
    new, _ = model.sample({"few": 8, "many": 12}, random_state=0)
    assert model.network_ is None
    assert len(model.deliveries_) == 2
    assert all("not finite" in delivery.fallback for delivery in model.deliveries_)
    assert new["age"].between(X["age"].min(), X["age"].max()).all()


def test_tables_without_numbers_or_without_anything_to_learn_are_made():
    for X in (
        pd.DataFrame({"a": list("xyzw") * 20, "b": ["u", "v"] * 40}),
        pd.DataFrame({"a": [1] * 80, "b": ["u"] * 80}),
        pd.DataFrame({"a": np.random.default_rng(0).lognormal(300, 80, 80)}),
    ):
        model = fitted(X, np.arange(80) % 2)
        assert len(model.sample(30, random_state=0)[0]) == 30
        assert model.fallbacks_ == {}


def test_more_rows_than_a_chunk_are_made(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 16)
    X, y = mixed()
    assert len(fitted(X, y).sample({"few": 20, "many": 33}, random_state=0)[0]) == 53


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("latent", 0),
        ("hidden", ()),
        ("hidden", (16, 0)),
        ("batch_size", None),
        ("max_steps", 2.5),
        ("patience", None),
        ("learning_rate", 0.0),
        ("weight_decay", -1.0),
        ("free_nats", float("nan")),
        ("warm_up", -1),
        ("class_power", 1.5),
        ("class_prior", "yes"),
        ("sampling", "mean_ball"),
        ("filled", -1.0),
        ("spread", -0.5),
        ("temperature", 0),
    ],
)
def test_a_parameter_out_of_range_is_named_in_fit(option, value):
    X, y = mixed(20)
    with pytest.raises(OptionError, match=option):
        ConditionalVAE(**{option: value}).fit(X, y)


@pytest.mark.truth
@pytest.mark.parametrize("sampling", ["mix", "posterior", "prior"])
def test_a_rare_class_of_known_law_is_learnt(sampling):
    """Take N(0, I) and N((4, 0), I) at 95/5: the card's test, with its tolerances."""
    rng = np.random.default_rng(0)
    y = (np.arange(4000) < 200).astype(int)
    X = pd.DataFrame(rng.standard_normal((4000, 2)) + np.outer(y, [4.0, 0.0]), columns=["a", "b"])
    model = ConditionalVAE(random_state=0, sampling=sampling).fit(X, y)
    new, _ = model.sample({1: 2000}, random_state=1)
    # 200 rows fix a mean to 4 standard errors of 0.07, and a distribution to 1.36 / sqrt(200) = 0.096
    assert new["a"].mean() == pytest.approx(4, abs=0.4)
    assert new["b"].mean() == pytest.approx(0, abs=0.4)
    for name, centre in (("a", 4), ("b", 0)):
        assert kstest(new[name] - centre, "norm").statistic <= 0.12


@pytest.mark.truth
def test_rows_lie_on_the_side_of_their_class():
    rng = np.random.default_rng(1)
    y = (np.arange(2000) < 100).astype(int)
    X = pd.DataFrame({"x": 7.0 * y + rng.standard_normal(2000), "z": rng.standard_normal(2000)})
    new, labels = (
        ConditionalVAE(random_state=0).fit(X, y).sample({0: 3000, 1: 3000}, random_state=0)
    )
    right = (new["x"] > 3.5) == (labels == 1)
    for k in (0, 1):
        assert right[labels == k].mean() >= 0.95


@pytest.mark.truth
def test_dependence_and_marginals_of_a_known_law_are_learnt():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(3000)
    X = pd.DataFrame({"x": x, "z": 0.8 * x + 0.6 * rng.standard_normal(3000), "s": x > 0.5})
    model = ConditionalVAE(random_state=0).fit(X, np.arange(3000) % 2)
    new, _ = model.sample(5000, random_state=0)
    assert np.corrcoef(new["x"], new["z"])[0, 1] == pytest.approx(0.8, abs=0.1)
    assert new["s"].mean() == pytest.approx(0.309, abs=0.05)
    assert new["x"][new["s"]].mean() - new["x"][~new["s"]].mean() > 1.2  # 1.65 under the law


@pytest.mark.truth
def test_fewer_than_a_twentieth_of_the_rows_are_copies():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((400, 4)))
    model = ConditionalVAE(random_state=0).fit(X, (np.arange(400) < 20).astype(int))
    new, _ = model.sample({1: 500}, random_state=0)
    width = (X.max() - X.min()).to_numpy()
    gaps = np.abs(new.to_numpy()[:, None] - X.to_numpy()[None]) / width
    assert (gaps.max(axis=2).min(axis=1) < 0.01).mean() < 0.05
