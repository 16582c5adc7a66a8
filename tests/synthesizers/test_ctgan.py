"""CTGAN as a synthesizer: classes, conditions, determinism, what it does with too little, what it learns."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import spearmanr

from equipoise.errors import OptionError
from equipoise.networks.training import Training
from equipoise.synthesizers import ctgan as module
from equipoise.synthesizers.ctgan import CTGAN, PUBLISHED, condition_blocks
from equipoise.tables.coded import Coded, code
from equipoise.tables.encoder import TableEncoder
from equipoise.tables.schema import Schema

QUICK = {"max_steps": 60, "hidden": (16, 16), "noise": 8, "random_state": 0}


def mixed(n=200, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "income": np.round(rng.lognormal(3, 1, n), 2),
            "age": rng.integers(18, 90, n),
            "job": rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]),
            "member": rng.random(n) < 0.5,
            "same": 7,
        }
    )
    X.loc[rng.random(n) < 0.1, "income"] = np.nan
    X.loc[rng.random(n) < 0.1, "job"] = None
    return X, pd.Series(np.where(np.arange(n) < n - 6, "many", "few"), name="y")


def two_classes(n=4000, share=0.05, gap=4.0, seed=0):
    """x | y ~ N(gap y, 1)."""
    y = (np.arange(n) < share * n).astype(int)
    return pd.DataFrame({"x": gap * y + np.random.default_rng(seed).standard_normal(n)}), y


def fitted(X, y, **options):
    return CTGAN(**{**QUICK, **options}).fit(X, y)


def test_rows_have_the_classes_asked_for_and_the_dtypes_of_training():
    X, y = mixed()
    new, labels = fitted(X, y).sample({"few": 30, "many": 20}, random_state=1)
    assert labels.value_counts().to_dict() == {"few": 30, "many": 20}
    assert list(new.dtypes) == list(X.dtypes)
    assert set(new["job"].dropna()) <= {"a", "b", "c"}
    assert new[["age", "member", "same"]].notna().all().all()


def test_the_published_model_has_the_choices_of_the_paper_and_spends_its_budget():
    assert set(PUBLISHED) == set(CTGAN().get_params()) - {"max_steps", "patience", "random_state"}
    X, y = mixed(600)
    model = CTGAN.published(max_steps=3, random_state=0)
    assert {name: getattr(model, name) for name in PUBLISHED} == PUBLISHED
    model.fit(X, y)
    assert (model.sizes_.batch_size, model.n_steps_) == (500, 3)
    assert model.stopped_ == "the budget of steps is spent"
    assert model.marginals_ is None
    assert CTGAN.published(pack=1).pack == 1


def test_of_the_published_model_the_last_generator_is_kept(monkeypatch):
    made = []

    class Seen(module.Duel):
        def __init__(self, *parts):
            super().__init__(*parts)
            made.append(self)

    monkeypatch.setattr(module, "Duel", Seen)
    monkeypatch.setattr(module.Slices, "distance", lambda *_: 1.0)  # no checkpoint beats the first
    monkeypatch.setattr(module, "EVALUATE_EVERY", 1)
    monkeypatch.setattr(module, "LEAST_STEPS", 3)  # a third of them come before patience counts
    X, y = mixed(60)
    quick = {"max_steps": 40, "hidden": (8, 8), "noise": 4, "batch_size": 20, "random_state": 0}
    for model, n_steps in ((CTGAN(**quick), 21), (CTGAN.published(**quick), 40)):
        assert model.fit(X, y).n_steps_ == n_steps
    assert (model.best_step_, "score" in model.history_) == (40, False)
    assert [duel.kept is duel.generator for duel in made] == [False, True]
    assert [duel.critic.pack for duel in made] == [1, 10]


def test_rows_that_are_held_out_judge_and_are_not_trained_on(monkeypatch):
    made, judges = [], []

    class Seen(module.Duel):
        def __init__(self, *parts):
            super().__init__(*parts)
            made.append(self)

    def of(table, y, n_classes, rng):
        judges.append((len(table), np.bincount(y, minlength=n_classes).tolist()))
        return whole(table, y, n_classes, rng)

    whole = module.Slices.of
    monkeypatch.setattr(module, "Duel", Seen)
    monkeypatch.setattr(module.Slices, "of", of)
    X, y = mixed()  # 194 and 6 rows
    counts = {"few": 10, "many": 10}
    for judge_by, held in (("training", [0, 0]), ("held-out", [0, 19])):
        model = fitted(X, y, judge_by=judge_by)
        trained = np.bincount(made[-1].conditions.y, minlength=2)
        assert trained.tolist() == [6 - held[0], 194 - held[1]]
        assert judges[-1] == ((19, held) if sum(held) else (200, [6, 194]))
        assert len(model.history_["score"]) == 1
        assert model.sample(counts, random_state=0)[1].value_counts().to_dict() == counts
    few = fitted(X[-30:], y[-30:], judge_by="held-out")  # too few to hold any out
    assert (judges[-1][0], len(few.history_["score"])) == (30, 1)
    with pytest.raises(OptionError, match="judge_by must be one of 'training', 'held-out', None"):
        CTGAN(judge_by="test").fit(X, y)


def test_one_seed_gives_one_table_and_another_seed_another():
    X, y = mixed()
    model, again = fitted(X, y), fitted(X, y)
    first, second = (m.sample(50, random_state=5)[0] for m in (model, again))
    pd.testing.assert_frame_equal(first, second)
    assert model.history_ == again.history_
    assert not first.equals(model.sample(50, random_state=6)[0])


def test_a_saved_model_gives_the_same_rows(tmp_path):
    from equipoise.saving.model_file import load

    X, y = mixed()
    model = fitted(X, y)
    model.save(tmp_path / "ctgan.eqp")
    back = load(tmp_path / "ctgan.eqp")
    pd.testing.assert_frame_equal(
        back.sample(40, random_state=3)[0], model.sample(40, random_state=3)[0]
    )


def test_no_global_random_stream_moves():
    X, y = mixed()
    before, legacy = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    fitted(X, y).sample(20, random_state=0)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert (np.random.get_state()[1] == legacy).all()  # noqa: NPY002


def test_conditions_name_columns_without_a_scalar_only():
    X, _ = mixed()
    schema = Schema.infer(X)
    encoder = TableEncoder().fit(schema, code(schema, X), np.random.default_rng(0))
    blocks = condition_blocks(encoder.layout_)
    assert blocks == [
        (start, start + levels.width)
        for start, levels in zip(encoder.level_starts_, encoder.levels_, strict=True)
    ]


def test_the_round_trip_of_the_encoding_is_exact_where_nothing_is_clipped():
    rng = np.random.default_rng(0)
    values = rng.permutation(
        np.concatenate([rng.normal(m, s, n) for m, s, n in ((0, 1, 2000), (9, 0.5, 2000), (30, 4, 1000))])
    )  # fmt: skip
    frame = pd.DataFrame({"x": values})
    schema = Schema.infer(frame)
    table = code(schema, frame)
    encoder = TableEncoder().fit(schema, table, rng)
    rows = encoder.transform(table, rng)
    scalars, ones = rows[:, 0], rows[:, 1:]
    assert (np.abs(scalars) <= 0.99).all()
    assert (ones.sum(axis=1) == 1).all()
    clipped = np.abs(scalars) == np.float32(0.99)
    assert clipped.mean() < 0.001
    back = encoder.inverse(rows.astype(np.float64), rng).numbers[:, 0]
    # encoded rows are single precision: half a unit in the last place of a scalar is 3e-8, times 4 deviations of 4
    np.testing.assert_allclose(back[~clipped], values[~clipped], rtol=0, atol=1e-6)


def test_the_checkpoint_that_is_kept_is_the_nearest_one():
    X, y = mixed()
    model = fitted(X, y, max_steps=400)
    keys = {"step", "critic", "penalty", "generator", "mismatch", "score"}
    assert set(model.history_) == keys
    best = int(np.argmin(model.history_["score"]))
    assert model.history_["step"][best] == model.best_step_


def test_a_row_does_not_depend_on_the_rows_drawn_with_it():
    X, y = mixed()
    model = fitted(X, y)
    z = torch.randn(30, 8, generator=torch.Generator().manual_seed(0))
    conditions = torch.zeros(30, model.law_.width)
    conditions[:, 0] = 1
    together = model.generator_(z, conditions)
    alone = torch.cat([model.generator_(z[k : k + 1], conditions[k : k + 1]) for k in range(30)])
    torch.testing.assert_close(together, alone)


def test_a_class_of_one_row_is_made_and_recorded():
    X, y = mixed()
    y.iloc[0] = "one"
    model = fitted(X, y)
    _, labels = model.sample({"one": 25, "few": 5}, random_state=0)
    assert labels.value_counts().to_dict() == {"one": 25, "few": 5}
    fallbacks = {delivery.label: delivery.fallback for delivery in model.deliveries_}
    assert fallbacks["one"].startswith("one training row")
    assert fallbacks["few"] == ""


@pytest.mark.parametrize("n", [2, 9])
def test_a_table_too_small_for_a_network_falls_back_and_says_so(n):
    X, y = mixed(200)
    rows = np.r_[0 : n - n // 2, 200 - n // 2 : 200]
    model = fitted(X.iloc[rows], y.iloc[rows])
    new, labels = model.sample(40, random_state=0)
    assert len(new) == len(labels) == 40
    assert model.generator_ is None
    assert all("too few to train" in d.fallback for d in model.deliveries_)


def test_a_training_that_fails_at_once_falls_back_and_says_so(monkeypatch):
    def fail(*_):
        return Training(n_steps=100, stopped="a number was not finite at step 100", failed=True)

    monkeypatch.setattr(module, "train", fail)
    X, y = mixed()
    model = fitted(X, y)
    new, _ = model.sample({"few": 8}, random_state=0)
    assert len(new) == 8
    assert "not finite" in model.deliveries_[0].fallback


def test_a_training_that_diverges_falls_back_and_says_so():
    X, y = mixed()
    model = fitted(X, y, learning_rate=1e20)
    new, _ = model.sample({"few": 8, "many": 12}, random_state=0)
    assert model.generator_ is None
    assert len(model.deliveries_) == 2
    assert all("not finite" in delivery.fallback for delivery in model.deliveries_)
    assert new["age"].between(X["age"].min(), X["age"].max()).all()


def test_levels_and_numbers_of_each_class_have_their_training_shares():
    X, y = mixed(2000)
    y = pd.Series(np.where(np.arange(2000) < 600, "few", "many"))
    X["age"] = np.where(y == "few", 30, 60) + X["age"] // 10
    model = fitted(X, y, max_steps=100)
    new, labels = model.sample({"few": 4000, "many": 4000}, random_state=0)
    for label in ("few", "many"):
        old_rows, new_rows = X[y == label], new[labels == label]
        # 600 rows or more: 4 standard errors of a share of a half are 0.08; the calibration sample has 0.03
        for level in ("a", "b", "c"):
            share = (old_rows["job"] == level).mean()
            assert (new_rows["job"] == level).mean() == pytest.approx(share, abs=0.05)
        assert new_rows["age"].mean() == pytest.approx(old_rows["age"].mean(), abs=1.0)


def test_a_constant_table_and_one_without_columns_to_learn_are_given_back():
    X = pd.DataFrame({"a": [1] * 40, "b": ["u"] * 40})
    new, _ = fitted(X, np.arange(40) % 2).sample(10, random_state=0)
    assert (new == X.iloc[:10]).all().all()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("noise", 0), ("hidden", (16,)), ("hidden", (16, 0)), ("batch_size", -10), ("max_steps", 2.5),
        ("patience", None), ("pack", 0), ("critic_steps", 0), ("learning_rate", 0.0),
        ("critic_learning_rate", -1.0),
        ("weight_decay", -1.0), ("penalty", float("nan")), ("temperature", 0), ("dropout", 1.0),
        ("average", 1.0), ("calibrate", "no"), ("log_frequency", None),
    ],
)  # fmt: skip
def test_a_parameter_out_of_range_is_named_in_fit(option, value):
    X, y = mixed(20)
    with pytest.raises(OptionError, match=option):
        CTGAN(**{option: value}).fit(X, y)


def test_a_batch_that_is_no_multiple_of_the_pack_is_refused():
    with pytest.raises(OptionError, match="multiple of pack"):
        CTGAN(batch_size=55, pack=10).fit(*mixed(20))


def test_the_default_batch_is_a_multiple_of_any_pack():
    for pack in (1, 7, 10, 60):
        assert CTGAN(pack=pack)._sizes(300).batch_size % pack == 0


@pytest.mark.truth
@pytest.mark.parametrize("calibrate", [False, True])
def test_a_rare_class_of_known_law_is_learnt_and_its_rows_lie_on_its_side(calibrate):
    X, y = two_classes()
    model = CTGAN(random_state=0, max_steps=1000, calibrate=calibrate).fit(X, y)
    new, labels = model.sample({0: 5000, 1: 5000}, random_state=1)
    ones, zeros = new["x"][np.asarray(labels) == 1], new["x"][np.asarray(labels) == 0]
    assert ones.mean() == pytest.approx(4, abs=0.5)
    assert zeros.mean() == pytest.approx(0, abs=0.5)
    # 2.3 % of a class lie beyond the middle under the law itself
    assert (ones > 2).mean() > 0.95
    assert (zeros < 2).mean() > 0.95


def drawn(model, block, category, n=2000):
    """Draw rows under one condition, through the networks."""
    asked = torch.zeros(n, model.law_.width)
    asked[:, 0] = 1  # the only class
    asked[:, int(model.law_.offsets[block]) + category] = 1
    noise = torch.Generator().manual_seed(0)
    raw = model.generator_(torch.randn(n, model.noise, generator=noise), asked).detach()
    rows = module.Activation(model.encoder_.layout_.block_ids, 0.2).hard(raw, noise).numpy()
    return model.encoder_.inverse(rows, np.random.default_rng(0))


@pytest.mark.truth
def test_generated_rows_carry_the_condition_in_the_column_that_it_names():
    # the paper's own arrangement: the label is one of several columns that conditions name
    X, y = two_classes()
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "before": rng.choice(["a", "b", "c"], len(y), p=[0.5, 0.3, 0.2]),
            "x": X["x"],
            "y": y.astype(str),
            "after": rng.choice(["u", "v"], len(y), p=[0.7, 0.3]),
        }
    )
    means = {0: [], 1: []}
    for seed in range(5):
        model = CTGAN(random_state=seed, max_steps=1000, calibrate=False)
        model.fit(table, np.zeros(len(y)))
        levels = [column.levels for column in model.schema_.discrete]
        assert [list(found) for found in levels] == [["a", "b", "c"], ["0", "1"], ["u", "v"]]
        for block, category in ((1, 0), (1, 1), (0, 2), (2, 1)):
            rows = drawn(model, block, category)
            assert isinstance(rows, Coded)
            assert (rows.codes[:, block] == category).mean() >= 0.95
            for other in {0, 1, 2} - {block}:  # these are left free
                assert len(np.unique(rows.codes[:, other])) == len(levels[other])
            if block == 1:
                means[category].append(rows.numbers[:, 0].mean())
    # single fits give -0.2 to 0.1 and 4.2 to 4.6
    assert np.median(means[0]) == pytest.approx(0, abs=0.5)
    assert np.median(means[1]) == pytest.approx(4, abs=0.5)


@pytest.mark.truth
@pytest.mark.parametrize("seed", [0, 1])
def test_numbers_of_many_modes_that_go_together_do_so_in_generated_rows(seed):
    rng = np.random.default_rng(0)
    n = 4000
    value = rng.choice([40.0, 60.0, 75.0, 95.0, 130.0, 200.0], n) * np.exp(rng.normal(0, 0.12, n))
    table = {"value": value, "owed": value * rng.uniform(0.5, 0.95, n), "other": rng.normal(size=n)}
    model = CTGAN(random_state=seed, max_steps=1000).fit(pd.DataFrame(table), np.arange(n) % 5 == 0)
    assert min(modes.n_gaussians for modes in model.encoder_.numbers_) >= 9
    new, _ = model.sample(n, random_state=1)
    assert spearmanr(table["value"], table["owed"])[0] > 0.9
    # measured: 0.76 and 0.77; 0.15 and 0.71 with one rate of 1e-3 for both networks and dropout 0.5
    assert spearmanr(new["value"], new["owed"])[0] > 0.7
    assert abs(spearmanr(new["value"], new["other"])[0]) < 0.1
