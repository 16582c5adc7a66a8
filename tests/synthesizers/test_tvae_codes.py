"""The four ways in which a TVAE makes rows of one class, and the TVAE of the paper."""

import numpy as np
import pandas as pd
import pytest
import torch

import equipoise
from equipoise.errors import OptionError
from equipoise.synthesizers._rejection import Tries
from equipoise.synthesizers._tvae_options import PUBLISHED
from equipoise.synthesizers.tvae import TVAE
from equipoise.tables import modes
from equipoise.tables.coded import code, decode
from equipoise.tables.mixture import fit_mixture

QUICK = {"max_steps": 60, "hidden": (16, 16), "latent": 4, "random_state": 0}
WAYS = [
    {"codes": "class"},
    {"codes": "prior"},
    {"codes": "posterior"},
    {"label": "column", "codes": "class"},
    {"label": "column", "codes": "posterior"},
    {"label": "column", "codes": "rejection"},
]


def names(way):
    return "-".join(way.values())


def table(n=300, share=0.2, seed=0):
    """Two classes that lie apart: x | y ~ N(7 y, 1), and a category that goes with them."""
    rng = np.random.default_rng(seed)
    y = (np.arange(n) < share * n).astype(int)
    side = np.where(rng.random(n) < 0.9, y, 1 - y)
    X = pd.DataFrame({"x": 7.0 * y + rng.standard_normal(n), "s": np.array(["u", "v"])[side]})
    return X, y


def fitted(**options):
    return TVAE(**{**QUICK, **options}).fit(*table())


@pytest.mark.parametrize("way", WAYS, ids=names)
def test_every_way_makes_as_many_rows_of_each_class_as_are_asked(way):
    model = fitted(**way)
    X, y = model.sample({1: 50, 0: 30}, random_state=1)
    assert y.tolist() == [0] * 30 + [1] * 50
    assert set(X["s"]) <= {"u", "v"}
    pd.testing.assert_frame_equal(X, model.sample({1: 50, 0: 30}, random_state=1)[0])
    assert len(model.sample({0: 0}, random_state=1)[0]) == 0


@pytest.mark.filterwarnings("ignore:.* holds codes of training rows")
@pytest.mark.parametrize("way", WAYS, ids=names)
def test_every_way_survives_save_and_load_with_its_encoder_and_its_decoder(way, tmp_path):
    model = fitted(**way)
    model.save(tmp_path / "model.eqp")
    back = equipoise.load(tmp_path / "model.eqp")
    for a, b in zip(model.sample(60, random_state=2), back.sample(60, random_state=2), strict=True):
        assert a.equals(b) if hasattr(a, "equals") else (a == b).all()
    X, y = table()
    rows = code(model.schema_, X)
    for a, b in zip(
        model._latent(rows, y, np.random.default_rng(0)),
        back._latent(rows, y, np.random.default_rng(0)),
        strict=True,
    ):
        assert torch.equal(a, b)


@pytest.mark.truth
@pytest.mark.parametrize("way", WAYS, ids=names)
def test_rows_of_a_class_lie_on_its_side(way):
    X, y = table(1500, 0.1)
    model = TVAE(random_state=0, max_steps=1500, **way).fit(X, y)
    new, labels = model.sample({0: 1000, 1: 1000}, random_state=0)
    right = ((new["x"] > 3.5) == (labels == 1)).groupby(labels).mean()
    # An unconditional network makes the label and the number from one code but each on its own, so that they part
    # where codes of the classes meet; rows that know nothing of the label would be right in 10 % of the rare class.
    assert right.min() >= (0.95 if way.get("label") != "column" else 0.6)
    assert model.fallbacks_ == {}
    assert all(delivery.fallback == "" for delivery in model.deliveries_)


def test_rows_that_are_waited_for_have_the_label_that_the_network_made():
    model = fitted(label="column", codes="rejection", max_steps=200)
    model.sample({0: 400, 1: 100}, random_state=0)
    assert model.agreement_ == {0: 1.0, 1: 1.0}
    shares = {0: 0.8, 1: 0.2}
    for k, wanted in ((0, 400), (1, 100)):
        assert model.tries_[k] >= wanted
        assert model.tries_[k] < 10 * wanted / shares[k]


def test_a_class_that_the_network_does_not_make_is_decoded_from_posteriors_and_that_is_recorded():
    model = fitted(label="column", codes="rejection", max_steps=200)
    with torch.no_grad():
        model.network_.to_raw.bias[-1] = -1000.0  # of the label: class 1 never comes
    new, labels = model.sample({0: 40, 1: 25}, random_state=0)
    assert labels.tolist() == [0] * 40 + [1] * 25
    assert model.deliveries_[0].fallback == ""
    assert model.deliveries_[1].fallback.startswith("0 of 25 rows came in ")
    assert "posteriors" in model.deliveries_[1].fallback
    # 200 / pi tries and, since rows are made in batches, those of one batch more
    assert 200 / 0.2 <= model.tries_[1] <= 200 / 0.2 + 4_000
    assert model.agreement_ == {0: 1.0, 1: 0.0}
    model.sample({0: 40}, random_state=0)
    assert model.deliveries_[0].fallback == ""


def test_tries_end_one_by_one_and_are_counted():
    tries = Tries(np.array([2, 3, 0]), np.array([0.5, 0.25, 0.25]))  # limits of 400 and 800 rows
    labels = np.array([2, 1, 0, 1, 0, 0, 2])
    assert tries.keep(labels).tolist() == [1, 2, 3, 4]
    assert tries.missing.tolist() == [0, 1, 0]
    assert tries.open.tolist() == [1]
    assert tries.n_tries.tolist() == [5, 7, 0]
    assert tries.keep(np.zeros(796, dtype=np.int64)).tolist() == []  # with 3 of before: 799 in vain
    assert tries.open.tolist() == [1]
    late = tries.keep(np.array([0, 1]))  # the 801st is too late
    assert late.tolist() == []
    assert tries.open.tolist() == []
    assert (tries.missing[1], tries.n_tries[1], tries.given_up[1]) == (1, 805, True)


def test_a_row_in_the_last_try_counts():
    tries = Tries(np.array([2]), np.array([1.0]))
    assert len(tries.keep(np.full(199, 5))) == 0
    assert tries.keep(np.array([0])).tolist() == [0]
    assert tries.open.tolist() == [0]


def test_agreement_is_the_share_of_decoded_labels_that_are_those_of_their_class():
    model = fitted(label="column", codes="posterior", max_steps=400)
    model.sample({0: 200, 1: 200}, random_state=0)
    assert set(model.agreement_) == {0, 1}
    assert min(model.agreement_.values()) > 0.8  # the classes lie 7 deviations apart
    with torch.no_grad():
        model.network_.to_raw.bias[-1] = -1000.0
    model.sample({0: 200, 1: 200}, random_state=0)
    assert model.agreement_ == {0: 1.0, 1: 0.0}
    told = fitted()
    told.sample(10, random_state=0)
    assert told.agreement_ == {}


def test_without_spread_rows_are_the_reconstructions_of_rows_of_their_class(monkeypatch):
    X, y = table()
    # A mode a class, so that encoding leaves nothing to chance.
    monkeypatch.setattr(
        modes, "fit_mixture", lambda values, _, least: fit_mixture(values, 2, least)
    )
    model = fitted(codes="posterior", tau=0.0, decode="argmax", max_steps=200)
    network = model.network_
    with torch.no_grad():
        network.law.sigma.zero_()  # which row is chosen is all that is left to chance
    few = code(model.schema_, X[y == 1])
    told = torch.tensor([[0.0, 1.0]]).expand(len(few), 2)
    encodings = [model.encoder_.transform(few, np.random.default_rng(seed)) for seed in (0, 1)]
    assert np.array_equal(*encodings)
    with torch.no_grad():
        means, _ = network.encode(torch.from_numpy(encodings[0]), told)
        rows = network.law.likeliest(network.decode(means, told)).numpy()
    back = decode(model.schema_, model.encoder_.inverse(rows, np.random.default_rng(0)))
    expected = set(map(tuple, back.to_numpy()))
    new = set(map(tuple, model.sample({1: 400}, random_state=0)[0].to_numpy()))
    # 400 draws of 60 rows leave out one with probability 60 (59 / 60)^400 = 7 %.
    assert len(expected) > 30
    assert new <= expected
    assert len(new) >= len(expected) - 2
    model.tau = 1.0
    wide = set(map(tuple, model.sample({1: 400}, random_state=0)[0].to_numpy()))
    assert len(wide & expected) < 20


def test_tau_widens_the_posteriors_of_rows():
    law = fitted(codes="posterior").code_laws_[1]
    start, near, wide = (
        law.draw(4000, torch.Generator().manual_seed(0), tau=tau) for tau in (0.0, 1.0, 2.0)
    )
    assert float((near - start).abs().min(dim=0).values.max()) > 0
    torch.testing.assert_close(wide - start, 2 * (near - start), rtol=1e-4, atol=1e-4)


@pytest.mark.truth
def test_fewer_than_a_twentieth_of_the_rows_from_posteriors_are_copies():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((400, 4)))
    model = TVAE(random_state=0, codes="posterior").fit(X, (np.arange(400) < 40).astype(int))
    new, _ = model.sample({1: 500}, random_state=0)
    width = (X.max() - X.min()).to_numpy()
    gaps = np.abs(new.to_numpy()[:, None] - X.to_numpy()[None]) / width
    assert (gaps.max(axis=2).min(axis=1) < 0.01).mean() < 0.05


@pytest.mark.truth
def test_a_rare_class_of_known_law_comes_from_the_prior_too():
    rng = np.random.default_rng(0)
    y = (np.arange(2000) < 60).astype(int)
    X = pd.DataFrame({"x": 4.0 * y + rng.standard_normal(2000)})
    new, _ = TVAE(random_state=0, codes="prior").fit(X, y).sample({1: 5000}, random_state=1)
    # 60 rows fix the mean to 4 standard errors of 0.13; the variance to 4 of 0.18, less what shrinkage takes
    assert new["x"].mean() == pytest.approx(4, abs=0.4)
    assert new["x"].var() == pytest.approx(1, abs=0.5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"codes": "rejection"}, "label='column'"),
        ({"codes": "prior", "label": "column"}, "codes='rejection'"),
        ({"max_steps": 10, "epochs": 10}, "two budgets"),
    ],
)
def test_choices_that_contradict_each_other_are_refused(options, words):
    with pytest.raises(OptionError, match=words):
        TVAE(**options).fit(*table(60))


def test_the_published_model_is_unconditional_and_takes_its_choices():
    model = TVAE.published(epochs=2, random_state=0)
    assert {name: getattr(model, name) for name in PUBLISHED} == {**PUBLISHED, "epochs": 2}
    assert TVAE.published().epochs == 300
    X, y = table(700)
    model.fit(X, y)
    network = model.network_
    width = model.encoder_.layout_.width + 2  # and the label
    square = 128 * 128 + 128
    expected = (width * 128 + 128) + 5 * square + (128 * width + width) + width
    assert sum(p.numel() for p in network.parameters()) == expected
    assert model.n_steps_ == 2 * 2  # 700 rows in batches of 500 and 200, none held out
    assert len(model.sample({1: 5}, random_state=0)[0]) == 5


def test_a_class_of_one_row_is_made_in_every_way():
    X, y = table(120)
    y = y.copy()
    y[-1] = 2
    for way in WAYS:
        model = TVAE(**QUICK, **way).fit(X, y)
        new, labels = model.sample({2: 7}, random_state=0)
        assert labels.tolist() == [2] * 7
