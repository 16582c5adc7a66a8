"""GReaT with language models of a few thousand weights: only valid rows, of the class asked for, and no surprises."""

import importlib.util
import json
import time
import warnings

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from equipoise.checks import iter_checks  # noqa: E402
from equipoise.checks.rows import same  # noqa: E402
from equipoise.errors import (  # noqa: E402
    DataError,
    EquipoiseWarning,
    MissingExtra,
    MissingModel,
    OptionError,
)
from equipoise.saving.model_file import load  # noqa: E402
from equipoise.synthesizers import _tuning  # noqa: E402
from equipoise.synthesizers import great as module  # noqa: E402
from equipoise.synthesizers._language import LanguageModel, plain  # noqa: E402
from equipoise.synthesizers._sentences import read  # noqa: E402
from equipoise.synthesizers._tuning import Speaker, Tuner  # noqa: E402
from equipoise.synthesizers._words import Lexicon  # noqa: E402
from equipoise.synthesizers._writer import Reading, Writer, entry_logits  # noqa: E402
from equipoise.synthesizers.great import GReaT  # noqa: E402
from equipoise.tables.coded import code  # noqa: E402

CHECKS = dict(iter_checks())
FULL = {"tuning": "full", "learning_rate": 3e-3, "random_state": 0}


def mixed(n=80, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "cost, net": np.round(rng.lognormal(3, 1, n), 2),
            "age": rng.integers(18, 90, n),
            "this is": rng.choice(["a, b", "a", "c is d", "None", "two-part"], n),
            "member": rng.random(n) < 0.5,
        }
    )
    X.loc[rng.random(n) < 0.2, "this is"] = None
    X.loc[rng.random(n) < 0.2, "cost, net"] = np.nan
    return X, pd.Series(np.where(np.arange(n) < n - 8, "many", "few, rare"), name="kind")


@pytest.fixture
def quick(tiny_model):
    """Give a function that fits a tiny model in a few steps."""

    def fit(X, y, kind="llama", **options):
        options = {"model": tiny_model(kind), "max_steps": 2, "random_state": 0} | options
        return GReaT(**options).fit(X, y)

    return fit


@pytest.mark.parametrize("check", CHECKS)
def test_the_method_keeps_the_promise(check, tiny_model):
    folder = tiny_model("gpt2")
    CHECKS[check](lambda: GReaT(model=folder, max_steps=2, batch_size=4))


# What is written


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
@pytest.mark.parametrize("values", ["seen", "range"])
def test_every_row_is_valid_and_of_its_class_even_from_an_untrained_model(quick, kind, values):
    X, y = mixed()
    great = quick(X, y, kind, values=values, max_steps=1)
    new, labels = great.sample({"few, rare": 150, "many": 50}, random_state=1)
    assert labels.value_counts().to_dict() == {"few, rare": 150, "many": 50}
    assert list(new.dtypes) == list(X.dtypes)
    for name in ("this is", "member"):
        assert set(new[name].dropna()) <= set(X[name].dropna())
    for name in ("cost, net", "age"):
        if values == "seen":
            assert set(new[name].dropna()) <= set(X[name].dropna())
        else:
            assert new[name].dropna().between(X[name].min(), X[name].max()).all()
            assert np.allclose(new[name].dropna(), new[name].dropna().round(2), atol=1e-9)
            assert not set(new[name].dropna()) <= set(X[name].dropna())
    assert new[["age", "member"]].notna().all().all()
    assert new[["this is", "cost, net"]].isna().any().all()
    assert not great.fallbacks_
    assert [d.fallback for d in great.deliveries_] == ["", ""]


def speaker_of(great, X, y):
    """Give the sentences of training rows as fine-tuning reads them."""
    table, classes = code(great.schema_, X), great.labels_.code(y)
    rows = []
    for words, cells in zip(great.words_, [*table.numbers.T, *table.codes.T], strict=True):
        cells = np.where(cells == -1, np.nan, cells)
        rows.append([np.flatnonzero((words.values == v) | (np.isnan(words.values) & np.isnan(v)))[0]
                     for v in cells])  # fmt: skip
    return Speaker(great.label_words_, great.words_, np.array(rows).T, classes, *great._marks)


def texts_of(great, tiny_model, sentences, X, y):
    """Give sentences as text; the tokens are numbered as a fresh lexicon numbers them."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_model("llama"))
    lexicon = Lexicon(tokenizer)

    great._name(code(great.schema_, X), great.labels_.code(y), lexicon)
    return [tokenizer.decode(lexicon.kept[s.tokens]) for s in sentences]


def test_a_sentence_of_two_columns_is_in_either_order_half_of_the_time(quick, tiny_model):
    X, y = pd.DataFrame({"a": [1, 2] * 10, "b": ["x", "z"] * 10}), ["k"] * 10 + ["l"] * 10
    great = quick(X, y)
    speaker = speaker_of(great, X, y)
    sentences = speaker.batch([0] * 1000, np.random.default_rng(0))
    texts = texts_of(great, tiny_model, sentences, X, y)
    assert set(texts) == {
        "<end> class is k, a is 1, b is x<end>",
        "<end> class is k, b is x, a is 1<end>",
    }
    first = sum("a is 1, b" in text for text in texts)
    assert abs(first - 500) < 80  # five standard deviations of a binomial of 1,000 draws


def test_a_sentence_gives_back_the_row_whatever_it_holds(quick, tiny_model):
    X, y = mixed()
    great = quick(X, y, float_precision=2)
    speaker = speaker_of(great, X, y)
    sentences = speaker.batch(range(len(X)), np.random.default_rng(0))
    texts = texts_of(great, tiny_model, sentences, X, y)
    names = {"F1": "cost, net", "age": "age", "F3": "this is", "member": "member"}
    for row, text in enumerate(texts):
        assert text.startswith("<end> kind is ")
        assert text.endswith("<end>")
        cells = read(text.removeprefix("<end> ").removesuffix("<end>"))
        assert set(cells) == {"kind", *names}
        assert cells["kind"] == y[row].replace(",", "\\c")
        for name, column in names.items():
            value = X[column][row]
            if value is None or value != value:
                assert cells[name] == "None"
            elif name == "F1":
                assert float(cells[name]) == value
            else:
                expected = str(value).replace(",", "\\c")
                assert cells[name] == (f"\\{expected}" if expected == "None" else expected)


def test_numbers_that_read_the_same_are_drawn_as_often_as_training_has_them(quick):
    X = pd.DataFrame({"x": [0.101, 0.101, 0.101, 0.102, 5.0] * 8})
    great = quick(X, ["a", "b"] * 20, float_precision=1)
    (words,) = great.words_
    assert len(set(words.ends[:2].tolist())) == 1
    rng = np.random.default_rng(0)
    end = int(words.ends[0])
    drawn = np.array([words.value(end, words.written(0), rng) for _ in range(2000)])
    assert set(drawn) == {0.101, 0.102}
    # the share of 3 in 4, within five standard deviations of a binomial of 2,000 draws
    assert abs((drawn == 0.101).mean() - 0.75) < 5 * np.sqrt(0.75 * 0.25 / 2000)


# The law that rows are written by


def law_of(great, prompt, j, terminator):
    """Give the probability of each value of a column after a prompt, one full reading for each, without a cache."""
    words, logs = great.words_[j], []
    for value in range(len(words)):
        tokens = words.written(value)
        _, choices = words.graph.walk(tokens)
        whole = torch.tensor([[great._marks[0], *prompt, great._marks[1], *words.opening, *tokens]])
        at = torch.arange(whole.shape[1])[None]
        logits, _ = great.network_(whole, torch.ones_like(whole), at)
        before = whole.shape[1] - len(tokens) - 1
        total = 0.0
        for place, node, entry in choices:
            scores = entry_logits(
                logits[0, before + place][None], words.graph, np.array([node]), terminator
            )
            total += float(torch.log_softmax(scores, dim=1)[0, entry])
        logs.append(total)
    return np.exp(logs)


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_values_are_written_as_often_as_the_model_says(quick, kind):
    levels = ["a", "ab", "abab", "b", "zzz"]  # some begin like others
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"first": rng.choice(levels, 60), "second": rng.choice(levels, 60)})
    great = quick(X, ["k", "a longer class"] * 30, kind, max_steps=8, **{**FULL})
    n = 1000
    new, labels = great.sample({"k": n // 2, "a longer class": n // 2}, random_state=1)
    for k, label in enumerate(great.labels_.classes):
        prompt = great._class(k)
        with torch.no_grad():
            # either column comes first in half of the batches; it is followed by a comma then
            first = [law_of(great, prompt, j, great._marks[1]) for j in (0, 1)]
            assert np.allclose([p.sum() for p in first], 1, atol=1e-5)
            mixed = []
            for j in (0, 1):
                second = np.zeros(len(levels))
                for value, p in enumerate(first[1 - j]):
                    other = great.words_[1 - j]
                    longer = [*prompt, great._marks[1], *other.opening, *other.written(value)]
                    second += p * law_of(great, longer, j, great._marks[2])
                mixed.append((first[j], second))
        for j, name in enumerate(("first", "second")):
            low, high = np.sort(np.array(mixed[j]), axis=0)
            shares = new[name][labels == label].value_counts(normalize=True)
            shares = shares.reindex(levels, fill_value=0).to_numpy()
            slack = 5 * np.sqrt(0.25 / (n // 2))  # five standard deviations of a share at most
            assert (shares > low - slack).all()
            assert (shares < high + slack).all()


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_reading_with_a_cache_and_padding_gives_the_logits_of_reading_alone(quick, kind):
    X, y = mixed()
    network = quick(X, y, kind).network_
    rng = np.random.default_rng(0)
    size = network.config["model"]["vocab_size"]
    pieces = [[rng.integers(size, size=k).tolist() for k in lengths]
              for lengths in ((3, 0, 2, 4), (1, 5, 0, 1), (2, 2, 2, 2))]  # fmt: skip
    reading = Reading(network, 0, 3)
    for step in range(4):
        reading.pending = [row[step] for row in pieces]
        logits = reading.read()
        for i, row in enumerate(pieces):
            if not row[step]:
                continue
            whole = torch.tensor([[0, *sum(row[: step + 1], [])]])
            with torch.no_grad():
                alone, _ = network(
                    whole, torch.ones_like(whole), torch.arange(whole.shape[1])[None]
                )
            torch.testing.assert_close(logits[i], alone[0, -1], rtol=1e-4, atol=1e-5)


def test_the_loss_is_minus_the_log_of_the_law_and_padding_changes_nothing(quick):
    X, y = mixed()
    great = quick(X, y)
    speaker = speaker_of(great, X, y)
    sentences = speaker.batch(range(6), np.random.default_rng(1))
    with torch.no_grad():
        alone = [float(speaker.loss(great.network_, [s])) for s in sentences]
        together = float(speaker.loss(great.network_, sentences))
        assert together == pytest.approx(np.mean(alone), rel=1e-4)
        one = speaker.sentence(0, [2, 0, 1, 3])
        prompt, total = great._class(speaker.y[0]), 0.0
        for j in (2, 0, 1, 3):
            mark = great._marks[2] if j == 3 else great._marks[1]
            value = speaker.rows[0, j]
            ps = law_of(great, prompt, j, mark)
            alike = great.words_[j].ends == great.words_[j].ends[value]
            total -= np.log(ps[alike][0])
            words = great.words_[j]
            prompt = [*prompt, great._marks[1], *words.opening, *words.written(value)]
        assert float(speaker.loss(great.network_, [one])) == pytest.approx(total / 4, rel=1e-4)


def test_at_first_a_column_of_equal_levels_costs_about_their_logarithm(quick):
    X = pd.DataFrame({name: list("stuv") * 20 for name in "ab"})
    great = quick(X, ["k", "l"] * 40)
    assert great.loss_before_ == pytest.approx(np.log(4), abs=0.2)  # weights are small, not zero


# What is learnt


def test_rows_lie_on_the_side_of_their_class(quick):
    rng = np.random.default_rng(0)
    y = np.where(np.arange(400) < 380, "many", "few")
    x = np.round(rng.standard_normal(400) + 7 * (y == "few"), 1)  # Bayes error 0.02 %
    great = quick(pd.DataFrame({"x": x}), y, max_steps=200, batch_size=16, **FULL)
    new, labels = great.sample({"few": 150, "many": 150}, random_state=1)
    right = (new["x"] > 3.5) == (labels == "few")
    for label in ("few", "many"):
        assert right[labels == label].mean() >= 0.95
    assert great.loss_after_ < great.loss_before_
    assert great.history_["step"] == sorted(great.history_["step"])


def test_adapters_learn_and_are_taken_into_the_model(quick):
    X = pd.DataFrame({"a": ["s", "t"] * 40, "b": [1.5, 2.5] * 40})
    great = quick(X, ["k", "l"] * 40, max_steps=60, learning_rate=1e-2)
    assert great.loss_after_ < great.loss_before_
    assert not any("thin" in name for name in great.network_.state_dict())
    assert not any(p.requires_grad for p in great.network_.parameters())


def test_a_column_that_copies_another_does_so_in_both_orders_and_from_given_cells(quick):
    X = pd.DataFrame({"a": ["s", "t"] * 60, "b": ["s", "t"] * 60})
    options = {**FULL, "learning_rate": 1e-2}
    great = quick(X, ["k"] * 100 + ["l"] * 20, max_steps=160, batch_size=16, **options)
    new, _ = great.sample({"k": 40, "l": 40}, random_state=1)
    assert (new["a"] == new["b"]).mean() > 0.9
    for one, other in (("a", "b"), ("b", "a")):
        for level in ("s", "t"):
            new, labels = great.sample({"l": 40}, given={one: level}, random_state=1)
            assert set(new[one]) == {level}
            assert set(labels) == {"l"}
            assert (new[other] == level).mean() > 0.85


def test_given_cells_come_back_exactly_known_or_not(quick):
    X = pd.DataFrame({"a": ["s", "t"] * 20, "b": [None, "u"] * 20, "c": np.arange(40) / 4})
    for values in ("seen", "range"):
        great = quick(X.drop(index=7), ["k"] * 30 + ["l"] * 9, values=values)
        given = {"b": None, "c": 1.75}  # the number of the row that is left out
        new, _ = great.sample({"l": 5}, given=given, random_state=1)
        assert new["b"].isna().all()
        assert set(new["c"]) == {1.75}
        with pytest.raises(OptionError, match="'a'"):
            great.sample(3, given={"a": "unknown"})


def test_all_cells_may_be_given(quick):
    X = pd.DataFrame({"a": ["s", "t"] * 10})
    new, _ = quick(X, ["k", "l"] * 10).sample({"k": 4}, given={"a": "t"}, random_state=1)
    assert list(new["a"]) == ["t"] * 4


# Budgets


def test_seconds_end_the_fine_tuning_and_the_reason_is_told(quick):
    X, y = mixed()
    start = time.monotonic()
    great = quick(X, y, max_steps=100_000, train_seconds=0.05)
    assert time.monotonic() - start < 30
    assert 0 < great.n_steps_ < 100_000
    assert "train_seconds" in great.stopped_
    assert len(great.sample(5, random_state=1)[0]) == 5


def test_a_shortfall_in_time_is_delivered_with_a_warning_and_its_reason(quick):
    X, y = mixed()
    great = quick(X, y, max_seconds=1e-6)
    with pytest.warns(EquipoiseWarning, match=r"0 of 7 rows .*max_seconds"):
        new, labels = great.sample({"many": 4, "few, rare": 3}, random_state=1)
    assert len(new) == len(labels) == 0
    assert [(d.requested, d.delivered) for d in great.deliveries_] == [(3, 0), (4, 0)]
    assert all("max_seconds" in d.fallback for d in great.deliveries_)


class SlowClock:
    """Seconds that pass only while rows are written: two a batch and one a row."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now

    def writes(self, n):
        self.now += 2 + n


def test_a_slow_machine_writes_as_many_rows_as_the_seconds_allow(quick, monkeypatch):
    X, y = mixed()
    great = quick(X, y, max_seconds=60)
    clock, write, sizes = SlowClock(), Writer.write, []

    def slow(writer, prompts, order, rng, deadline):
        sizes.append(len(prompts))
        clock.writes(len(prompts))
        return write(writer, prompts, order, rng, np.inf) if clock.now <= deadline else None

    monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(Writer, "write", slow)
    with pytest.warns(EquipoiseWarning, match=r"of 200 rows .*max_seconds"):
        _, labels = great.sample({"many": 200}, random_state=1)
    assert max(sizes) < module.AT_ONCE  # such a batch would have been lost
    assert len(labels) == sum(sizes) >= 45


def test_the_clock_changes_nothing_where_there_is_time(quick, monkeypatch):
    X, y = mixed()
    great, sizes, write = quick(X, y), [], Writer.write

    def counted(writer, prompts, *rest):
        sizes.append(len(prompts))
        return write(writer, prompts, *rest)

    monkeypatch.setattr(Writer, "write", counted)
    great.sample({"many": 150}, random_state=1)
    assert sizes == [8, 64, 64, 14]


def test_an_evaluation_reads_fewer_rows_where_they_are_long(quick, monkeypatch):
    rng = np.random.default_rng(0)
    X, y = pd.DataFrame({"a": rng.choice(["u", "v"], 400)}), ["k"] * 200 + ["l"] * 200
    held = []
    init = Tuner.__init__

    def noted(tuner, *rest):
        init(tuner, *rest)
        held.append((len(tuner.held), len(tuner.held[0].tokens)))

    monkeypatch.setattr(Tuner, "__init__", noted)
    quick(X, y)
    ((most, length),) = held
    monkeypatch.setattr(_tuning, "MOST_TOKENS", 10 * length + 1)
    held.clear()
    quick(X, y)
    assert most > 10 >= held[0][0] >= 8


def test_what_was_written_in_time_is_given(quick, monkeypatch):
    X, y = mixed()
    great = quick(X, y)
    monkeypatch.setattr(module, "FIRST", 10)
    monkeypatch.setattr(module, "AT_ONCE", 10)
    writes, write = [], Writer.write

    def once(self, *arguments):
        writes.append(1)
        return write(self, *arguments) if len(writes) < 3 else None

    monkeypatch.setattr(Writer, "write", once)
    with pytest.warns(EquipoiseWarning, match="20 of 50 rows"):
        new, labels = great.sample({"many": 25, "few, rare": 25}, random_state=1)
    assert len(new) == 20
    delivered = {d.label: d.delivered for d in great.deliveries_}
    assert delivered == labels.value_counts().to_dict()
    assert all(d.fallback for d in great.deliveries_)


def test_a_model_that_gives_no_finite_numbers_is_given_up_after_max_tries(quick, monkeypatch):
    X, y = mixed()
    great = quick(X, y, max_tries=2)
    with torch.no_grad():
        great.network_.network.get_output_embeddings().weight.fill_(float("nan"))
    writes, write = [], Writer.write

    def counted(self, *arguments):
        writes.append(1)
        return write(self, *arguments)

    monkeypatch.setattr(Writer, "write", counted)
    with pytest.warns(EquipoiseWarning, match="not finite"):
        new, _ = great.sample({"many": 4}, random_state=1)
    assert len(new) == 0
    assert len(writes) == 2
    assert "2 times" in great.deliveries_[0].fallback


def test_a_training_that_is_not_finite_keeps_the_model_as_it_came(quick):
    X, y = mixed()
    great = quick(X, y, max_steps=30, tuning="full", learning_rate=1e30)
    assert set(great.fallbacks_) == {0, 1}
    assert "not finite" in great.fallbacks_[0]
    assert len(great.sample({"few, rare": 5}, random_state=1)[0]) == 5


def test_a_class_of_one_row_and_a_table_of_few_rows_are_recorded(quick):
    X, y = mixed()
    y.iloc[0] = "one"
    great = quick(X, y)
    great.sample({"one": 3, "many": 3}, random_state=1)
    fallbacks = {delivery.label: delivery.fallback for delivery in great.deliveries_}
    assert fallbacks["one"].startswith("one training row")
    assert fallbacks["many"] == ""
    for n, noted in ((9, True), (10, False)):
        great = quick(X.tail(n), y.tail(n))
        great.sample({"many": 3}, random_state=1)
        assert ("too few to train" in great.deliveries_[0].fallback) == noted


def test_a_row_that_the_model_cannot_hold_falls_back_and_says_so(quick):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({f"column {k}": rng.integers(0, 9, 30) for k in range(40)})
    great = quick(X, ["k", "l"] * 15, "gpt2")
    assert great.network_ is None
    assert "160" in great.fallbacks_[0]
    assert len(great.sample({"k": 5}, random_state=1)[0]) == 5


# Where models come from


def test_nothing_is_loaded_before_fit():
    great = GReaT(model="no/such/model")
    assert vars(great) == great.get_params(deep=False)


def test_a_folder_that_is_not_there_is_a_clear_error():
    X, y = mixed()
    with pytest.raises(MissingModel, match=r"no folder .*; give model as a folder") as failure:
        GReaT(model="./no-such-folder").fit(X, y)
    assert isinstance(failure.value, MissingExtra)


def test_a_folder_without_a_model_is_a_clear_error(tmp_path):
    X, y = mixed()
    with pytest.raises(MissingModel, match="give model as a folder"):
        GReaT(model=str(tmp_path)).fit(X, y)
    with pytest.raises(MissingExtra):
        GReaT(model=str(tmp_path), gguf_file="no.gguf").fit(X, y)


def test_a_missing_package_is_a_missing_extra(monkeypatch):
    X, y = mixed()
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *a: None if n == "transformers" else find(n, *a)
    )
    with pytest.raises(MissingExtra, match=r"pip install 'equipoise\[llm\]'"):
        GReaT().fit(X, y)


def test_no_pickle_is_read(tiny_model, tmp_path):
    X, y = mixed()
    from pathlib import Path

    for file in Path(tiny_model("gpt2")).iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    torch.save({"transformer.wte.weight": torch.zeros(1)}, tmp_path / "pytorch_model.bin")
    with pytest.raises(MissingModel):
        GReaT(model=str(tmp_path)).fit(X, y)


# Saving


def test_saved_and_loaded_gives_the_same_rows_without_the_folder(quick, tmp_path):
    X, y = mixed()
    for dtype, values in (("float32", "range"), ("bfloat16", "seen")):
        great = quick(X, y, dtype=dtype, values=values)
        great.save(tmp_path / "great.eqp")
        place = "equipoise.synthesizers"
        trusted = [
            f"{place}.great:GReaT", f"{place}._language:LanguageModel", f"{place}._words:Words",
            f"{place}._tries:Graph", f"{place}._sentences:Figures",
        ]  # fmt: skip
        again = load(tmp_path / "great.eqp", trusted=trusted)
        again.set_params(model="gone")
        counts = {"few, rare": 9, "many": 4}
        assert same(again.sample(counts, random_state=3), great.sample(counts, random_state=3))
        assert not again.network_.training


def test_a_network_is_made_again_from_plain_values_and_its_tensors(quick):
    X, y = mixed()
    network = quick(X, y).network_
    config = json.loads(json.dumps(network.config))
    again = LanguageModel(**config, generator=torch.Generator())
    state = {name: value.clone() for name, value in network.state_dict().items()}
    assert list(again.state_dict()) == list(state)
    again.load_state_dict(state)
    tokens = torch.tensor([[0, 3, 5]])
    with torch.no_grad():
        one, _ = network(tokens, torch.ones_like(tokens), torch.arange(3)[None])
        other, _ = again(tokens, torch.ones_like(tokens), torch.arange(3)[None])
    assert torch.equal(one, other)


def test_a_configuration_cannot_name_code():
    given = {
        "model_type": "llama", "auto_map": {"AutoConfig": "evil.Config"}, "hidden_size": 8,
        "_attn_implementation": "who/kernels", "attn_implementation": "who/kernels",
        "quantization_config": {"quant_method": "x"}, "rope_parameters": {"rope_theta": 1.0, "_x": 1},
    }  # fmt: skip
    assert plain(given) == {
        "model_type": "llama", "hidden_size": 8, "rope_parameters": {"rope_theta": 1.0},
    }  # fmt: skip


# Options


@pytest.mark.parametrize(
    "wrong",
    [
        {"values": "any"}, {"tuning": "none"}, {"dtype": "float16"}, {"rank": 0}, {"max_steps": 0},
        {"batch_size": 2.5}, {"learning_rate": 0}, {"train_seconds": -1}, {"class_power": 2},
        {"temperature": 0.0}, {"max_tries": 0}, {"max_seconds": 0}, {"device": "toaster"},
        {"model": 3}, {"gguf_file": 3}, {"float_precision": -1},
    ],
    ids=lambda wrong: next(iter(wrong)),
)  # fmt: skip
def test_a_wrong_option_is_refused_by_name(wrong):
    X, y = mixed()
    with pytest.raises(OptionError, match=next(iter(wrong))):
        GReaT(**wrong).fit(X, y)


def test_a_colder_temperature_makes_the_likely_likelier(quick):
    X = pd.DataFrame({"a": ["s"] * 48 + ["t"] * 16})
    y = ["k", "l"] * 32
    shares = []
    for temperature in (0.5, 1.0):
        great = quick(X, y, max_steps=30, temperature=temperature, **{**FULL})
        shares.append((great.sample(600, random_state=1)[0]["a"] == "s").mean())
    assert abs(shares[1] - 0.75) < 0.12
    assert shares[0] > shares[1] + 0.08


def test_the_examples_of_the_documentation_hold():
    import doctest

    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert result.attempted
    assert not result.failed


def test_no_warning_of_transformers_reaches_the_user(quick):
    X, y = mixed()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quick(X, y).sample(3, random_state=1)
    assert issubclass(MissingModel, ImportError)
    assert not issubclass(MissingModel, DataError)
