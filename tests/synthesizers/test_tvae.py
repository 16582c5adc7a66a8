"""TVAE as a synthesizer: classes, categories, determinism, what it does with too little."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

from equipoise.checks import tables
from equipoise.errors import OptionError
from equipoise.networks.training import Training
from equipoise.synthesizers import tvae as module
from equipoise.synthesizers._codes import CodeLaw
from equipoise.synthesizers._held_out import hold_out
from equipoise.synthesizers._tvae_options import Sizes
from equipoise.synthesizers.tvae import TVAE
from equipoise.tables.coded import Coded, code

QUICK = {"max_steps": 60, "hidden": (16, 16), "latent": 4, "random_state": 0}


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


def two_classes(n=2000, seed=0):
    """x | y ~ N(4 y, 1), with 3 % ones."""
    rng = np.random.default_rng(seed)
    y = (np.arange(n) < 0.03 * n).astype(int)
    return pd.DataFrame({"x": 4.0 * y + rng.standard_normal(n)}), y


def fitted(X, y, **options):
    return TVAE(**{**QUICK, **options}).fit(X, y)


def test_rows_have_the_classes_asked_for_and_the_dtypes_of_training():
    X, y = mixed()
    new, labels = fitted(X, y).sample({"few": 30, "many": 20}, random_state=1)
    assert labels.value_counts().to_dict() == {"few": 30, "many": 20}
    assert list(new.dtypes) == list(X.dtypes)
    assert set(new["job"].dropna()) <= {"a", "b", "c"}
    assert "m" not in set(new["size"])  # a level that no training row has
    assert new[["age", "member", "joined", "size", "same"]].notna().all().all()


def test_missing_cells_come_where_training_had_them():
    X, y = mixed(600)
    model = fitted(X, y, max_steps=600)
    new, _ = model.sample(600, random_state=1)
    # 10 % missing; 4 standard errors are 5 %, as much again for the model
    for name in ("income", "job"):
        assert 0.0 < new[name].isna().mean() < 0.2


def test_one_seed_gives_one_table_and_another_seed_another():
    X, y = mixed()
    model, again = fitted(X, y), fitted(X, y)
    first, second = (m.sample(50, random_state=5)[0] for m in (model, again))
    pd.testing.assert_frame_equal(first, second)
    assert model.history_ == again.history_
    assert not first.equals(model.sample(50, random_state=6)[0])


def test_no_global_random_stream_moves():
    X, y = mixed()
    before, legacy = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    fitted(X, y).sample(20, random_state=0)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert (np.random.get_state()[1] == legacy).all()  # noqa: NPY002


def test_the_number_of_threads_is_left_to_the_caller():
    n = torch.get_num_threads()
    fitted(*mixed())
    assert torch.get_num_threads() == n


def test_a_clone_is_unfitted_and_fits_the_same():
    X, y = mixed()
    model = fitted(X, y)
    copy = clone(model)
    assert not hasattr(copy, "network_")
    pd.testing.assert_frame_equal(
        copy.fit(X, y).sample(20, random_state=0)[0], model.sample(20, random_state=0)[0]
    )


def test_the_history_is_numbers_and_says_why_it_ended():
    X, y = mixed()
    model = fitted(X, y)
    assert set(model.history_) == {"step", "loss", "reconstruction", "divergence", "score"}
    assert len({len(curve) for curve in model.history_.values()}) == 1
    assert model.history_["step"][-1] == model.n_steps_ == 60
    held_out = "a tenth of each class of 10 rows or more"
    assert model.stopped_ == f"the budget of steps is spent (held out: {held_out})"
    best = int(np.argmin(model.history_["score"]))
    assert model.history_["step"][best] == model.best_step_


def test_training_ends_early_when_held_out_rows_gain_nothing():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((60, 4)))
    model = TVAE(random_state=0, hidden=(32, 32), patience=4, learning_rate=5e-3)
    model.fit(X, np.arange(60) % 2)
    assert model.n_steps_ < 5000
    assert "no better score in" in model.stopped_
    assert model.best_step_ < model.n_steps_


def test_what_is_held_out_is_a_tenth_of_each_class_that_can_spare_it():
    y = torch.tensor([0] * 100 + [1] * 30 + [2] * 9)
    held = hold_out(y, torch.Generator().manual_seed(0))
    assert torch.bincount(y[held], minlength=3).tolist() == [10, 3, 0]
    assert not hold_out(y[:39], torch.Generator().manual_seed(0)).any()


def test_where_all_classes_are_small_a_tenth_of_all_rows_is_held_out_and_no_class_goes():
    y = torch.arange(300).repeat(5)
    held = hold_out(y, torch.Generator().manual_seed(0))
    assert int(held.sum()) == 150
    assert torch.bincount(y[~held], minlength=300).min() >= 1
    pairs = torch.tensor([0, 0, *range(1, 50)])
    assert pairs[hold_out(pairs, torch.Generator().manual_seed(0))].tolist() == [0]


def test_a_table_of_small_classes_alone_stops_early_and_says_what_was_held_out():
    X = pd.DataFrame(np.random.default_rng(0).standard_normal((60, 3)))
    model = TVAE(random_state=0, hidden=(16, 16), patience=1, learning_rate=0.02)
    model.fit(X, np.arange(60) % 12)
    assert model.n_steps_ < 3000
    assert "no better score" in model.stopped_
    assert "a tenth of all rows, as no class has 10" in model.stopped_
    alone = TVAE(random_state=0, hidden=(4,), latent=1, batch_size=4, max_steps=1).fit(
        X, np.arange(60)
    )
    assert "held out: none" in alone.stopped_
    assert Sizes.of(TVAE(), 60, held_out=False).max_steps == 1000


def test_rare_classes_start_from_posteriors_and_that_is_no_fallback():
    X, y = mixed()
    model = fitted(X, y)
    few, many = model.code_laws_
    assert (few.share, len(few.row_means)) == (1 - 6 / 50, 6)
    assert (many.share, len(many.row_means)) == (0.0, 0)
    model.sample({"few": 10})
    assert model.fallbacks_ == {}
    assert model.deliveries_[0].fallback == ""


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
    new, labels = model.sample(40, random_state=0)
    assert len(new) == len(labels) == 40
    assert model.network_ is None
    assert all("too few to train" in d.fallback for d in model.deliveries_)


@pytest.mark.parametrize("n", [10, 25])
def test_small_tables_train_without_held_out_rows(n):
    X, y = mixed(n)
    model = fitted(X, y)
    assert model.n_steps_ == 60
    assert "score" not in model.history_
    assert len(model.sample(15, random_state=0)[0]) == 15


def test_a_training_that_fails_at_once_falls_back_and_says_so(monkeypatch):
    def fail(*_, **__):
        return Training(n_steps=25, stopped="a number was not finite at step 25", failed=True)

    monkeypatch.setattr(module.Learner, "train", fail)
    X, y = mixed()
    model = fitted(X, y)
    new, _ = model.sample({"few": 8}, random_state=0)
    assert len(new) == 8
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


TABLES = {
    "all numeric": pd.DataFrame(np.random.default_rng(0).standard_normal((80, 3))),
    "all categorical": pd.DataFrame({"a": list("xyzw") * 20, "b": ["u", "v"] * 40}),
    "constants only": pd.DataFrame({"a": [1] * 80, "b": ["u"] * 80}),
    "one column missing": pd.DataFrame({"a": [None] * 80, "b": np.arange(80) % 3}),
    "huge": pd.DataFrame({"a": np.random.default_rng(0).lognormal(300, 80, 80)}),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_kind_of_table_comes_back_within_its_values(name):
    X = TABLES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = fitted(X, np.arange(80) % 2)
        new, _ = model.sample(60, random_state=0)
    assert list(new.dtypes) == list(X.dtypes)
    assert model.fallbacks_ == {}
    for column in X:
        assert (new[column].isna().any()) <= X[column].isna().any()
        if pd.api.types.is_numeric_dtype(X[column]):
            assert new[column].between(X[column].min(), X[column].max()).all()


def test_eighteen_classes_are_all_made():
    X, _ = mixed(180)
    y = np.arange(180) % 18
    model = fitted(X, y)
    _, labels = model.sample(dict.fromkeys(range(18), 3), random_state=0)
    assert (np.bincount(labels) == 3).all()


def test_one_class_alone_is_enough():
    X, _ = mixed(60)
    assert len(fitted(X, ["only"] * 60).sample(10, random_state=0)[0]) == 10


def test_no_rows_asked_is_no_rows_made():
    X, y = mixed()
    assert len(fitted(X, y).sample({"few": 0})[0]) == 0


def test_more_rows_than_a_chunk_are_made(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 16)
    X, y = mixed()
    new, _ = fitted(X, y).sample({"few": 20, "many": 33}, random_state=0)
    assert len(new) == 53


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("latent", 0),
        ("hidden", ()),
        ("hidden", (16, 0)),
        ("batch_size", -1),
        ("max_steps", 2.5),
        ("patience", 0),
        ("epochs", 1.5),
        ("label", "row"),
        ("means", "row"),
        ("tau", -0.1),
        ("tau", float("inf")),
        ("learning_rate", 0.0),
        ("weight_decay", -1.0),
        ("loss_factor", float("nan")),
        ("class_power", 1.5),
        ("codes", "mean"),
        ("decode", "mean"),
        ("temperature", 0),
    ],
)
def test_a_parameter_out_of_range_is_named_in_fit(option, value):
    X, y = mixed(20)
    with pytest.raises(OptionError, match=option):
        TVAE(**{option: value}).fit(X, y)


def rates_of_a_rare_category(**options):
    """Give its share among 1,500 training rows, among 20,000 that are drawn, and among 20,000 of the likeliest."""
    rare = np.random.default_rng(0).random(1500) < 0.05
    X = pd.DataFrame({"a": np.where(rare, "rare", "common")})
    model = TVAE(random_state=0, max_steps=600, patience=None, **options).fit(
        X, np.arange(1500) % 2
    )
    rates = [float(rare.mean())]
    for model.decode in ("draw", "argmax"):
        rates.append(float((model.sample(20_000, random_state=0)[0]["a"] == "rare").mean()))
    return rates


def test_draws_keep_a_rare_category_that_argmax_loses():
    truth, drawn, likeliest = rates_of_a_rare_category()
    assert drawn == pytest.approx(truth, abs=0.025)
    assert (
        likeliest < 0.7 * drawn
    )  # measured: 4.5 % drawn and 2.4 % likeliest, where the truth is 5.2 %


def test_with_the_proper_bound_both_rates_of_a_rare_category_bracket_the_truth():
    # The default counts the reconstruction twice, so that codes tell more of it and draws fall short of the truth.
    truth, drawn, likeliest = rates_of_a_rare_category(loss_factor=1.0)
    assert likeliest < 0.1 * truth
    # 4 standard errors of 5 % of 20,000 rows are 0.6 %.
    assert truth - 0.006 < drawn < truth + 0.025


def test_codes_of_a_class_follow_its_law():
    g = torch.Generator().manual_seed(0)
    mix = torch.tensor([[1.0, 0.0], [0.8, 0.3]])
    means = torch.randn(4000, 2, generator=g) @ mix.T + torch.tensor([2.0, -1.0])
    law = CodeLaw.fit(means, torch.full((4000, 2), np.log(0.25)), filled=50)
    codes = law.draw(20_000, g)
    assert law.share == 0
    # 4 standard errors of a mean (deviation 1.12) and of a covariance, over 4,000 rows
    torch.testing.assert_close(codes.mean(dim=0), torch.tensor([2.0, -1.0]), atol=0.07, rtol=0)
    expected = mix @ mix.T + 0.25 * torch.eye(2)
    torch.testing.assert_close(torch.cov(codes.T), expected, atol=0.12, rtol=0)


def test_codes_of_one_row_are_drawn_from_its_posterior():
    g = torch.Generator().manual_seed(0)
    law = CodeLaw.fit(torch.tensor([[3.0, 0.0]]), torch.tensor([[-20.0, 0.0]]), filled=50)
    codes = law.draw(2000, g)
    assert float((codes[:, 0] - 3).abs().max()) < 0.01
    assert float(codes[:, 1].std()) == pytest.approx(1.0, abs=0.07)


def test_a_code_is_decoded_into_the_row_it_came_from():
    rng = np.random.default_rng(0)
    side = rng.random(300) < 0.5
    X = pd.DataFrame({j: np.where(side, 10.0, -10.0) + rng.standard_normal(300) for j in range(3)})
    y = np.arange(300) % 2
    model = TVAE(random_state=0, max_steps=300).fit(X, y)
    table = Coded(X.to_numpy(), np.empty((300, 0), dtype=np.int64))
    means, log_variances = model._latent(table, y, rng)
    assert means.shape == log_variances.shape == (300, model.sizes_.latent)
    back = model._decode(means, y, rng)
    assert ((back.numbers > 0) == side[:, None]).mean() > 0.98


@pytest.mark.truth
@pytest.mark.parametrize("means", ["mode", "column"])
def test_sixty_four_rows_can_be_learnt_by_heart(means):
    X, y = tables.mixed((32, 32))
    budget = {"latent": 64, "max_steps": 2000, "batch_size": 64, "patience": None}
    model = TVAE(random_state=0, weight_decay=1e-5, means=means, **budget).fit(X, y)
    assert model.loss_factor == 2
    table, told = code(model.schema_, X), model._told(model.labels_.code(y))
    rows = model.encoder_.transform(table, np.random.default_rng(0))
    network, ids = model.network_, model.encoder_.layout_.block_ids
    with torch.no_grad():
        codes, _ = network.encode(torch.from_numpy(rows), told)
        back = network.law.likeliest(network.decode(codes, told)).numpy()
    right = [
        back[:, ids == k].argmax(axis=1) == rows[:, ids == k].argmax(axis=1)
        for k in range(ids.max() + 1)
    ]
    assert np.mean(right) >= 0.99  # of categories and modes
    found = model.encoder_.inverse(back.astype(np.float64), np.random.default_rng(0)).numbers
    errors = np.abs(found - table.numbers).mean(axis=0) / np.ptp(table.numbers, axis=0)
    assert errors.max() < 0.05


@pytest.mark.truth
def test_a_rare_class_of_known_law_is_learnt():
    X, y = two_classes()
    model = TVAE(random_state=0).fit(X, y)
    new, _ = model.sample({1: 5000}, random_state=1)
    # 60 rows fix the mean to 4 standard errors of 0.13; the variance to 4 of 0.18, less what shrinkage takes
    assert new["x"].mean() == pytest.approx(4, abs=0.4)
    assert new["x"].var() == pytest.approx(1, abs=0.5)
    common, _ = model.sample({0: 5000}, random_state=1)
    assert common["x"].mean() == pytest.approx(0, abs=0.2)
    assert common["x"].var() == pytest.approx(1, abs=0.2)


@pytest.mark.truth
@pytest.mark.parametrize("codes", ["class", "prior"])
def test_dependence_and_marginals_of_a_known_law_are_learnt(codes):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(3000)
    X = pd.DataFrame({"x": x, "z": 0.8 * x + 0.6 * rng.standard_normal(3000), "s": x > 0.5})
    model = TVAE(random_state=0, codes=codes).fit(X, np.arange(3000) % 2)
    new, _ = model.sample(5000, random_state=0)
    assert np.corrcoef(new["x"], new["z"])[0, 1] == pytest.approx(0.8, abs=0.1)
    assert new["s"].mean() == pytest.approx(0.309, abs=0.05)
    assert new["x"][new["s"]].mean() - new["x"][~new["s"]].mean() > 1.2  # 1.65 under the law


@pytest.mark.truth
def test_fewer_than_a_twentieth_of_the_rows_are_copies():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((400, 4)))
    model = TVAE(random_state=0).fit(X, (np.arange(400) < 20).astype(int))
    new, _ = model.sample({1: 500}, random_state=0)
    width = (X.max() - X.min()).to_numpy()
    gaps = np.abs(new.to_numpy()[:, None] - X.to_numpy()[None]) / width
    assert (gaps.max(axis=2).min(axis=1) < 0.01).mean() < 0.05


def test_a_budget_in_passes_is_spent_whole_and_holds_no_row_out():
    X, y = mixed()
    model = fitted(X, y, max_steps=None, epochs=3, batch_size=60, patience=None)
    assert model.n_steps_ == 3 * 4  # 200 rows: three batches of 60 and one of 20
    assert model.sizes_.max_steps == 12
    assert model.stopped_ == "the budget of steps is spent (held out: none)"
    held = fitted(X, y, max_steps=None, epochs=2, batch_size=60)
    assert held.n_steps_ == 2 * 4  # 181 rows, since a tenth of the class of 194 is held out


def test_a_mean_for_each_column_is_a_smaller_network():
    X, y = mixed()
    by_mode, by_column = fitted(X, y), fitted(X, y, means="column")
    n_modes = by_mode.network_.law.n_heads
    n_scalars = len(by_mode.network_.law.scalars)
    assert by_column.network_.law.n_heads == n_scalars < n_modes
    assert by_mode.network_.law.width - by_column.network_.law.width == n_modes - n_scalars
    assert len(by_column.sample(20, random_state=0)[0]) == 20


def test_kinds_belong_to_fit():
    with pytest.raises(TypeError, match="kinds"):
        TVAE(kinds={"x": "categorical"})
