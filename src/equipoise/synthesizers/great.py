"""GReaT: a pretrained language model that writes rows as sentences.

V. Borisov, K. Sessler, T. Leemann, M. Pawelczyk and G. Kasneci, Language models are realistic tabular data generators,
ICLR 2023, arXiv:2210.06280: section 3.1 (text of a row, order of its columns, fine-tuning), 3.2 (sampling from a
prompt). Written from the paper.

Departures. The class comes first in every sentence, and only the other columns are permuted, afresh for each reading:
every row made is asked of a class. A row has an end. What may stand in a column is an automaton over tokens, so that no
row is ever wrong and none is rejected; a row is trained by its likelihood under just that law, where the paper has the
likelihood of every token of the vocabulary, names of columns included. Embeddings and head are cut to the tokens that
the table can use. The temperature is 1, where the paper has 0.7: below 1, rare values come more rarely than they are.
Low-rank adapters in place of full tuning, no dropout, and a budget in steps and seconds in place of 100 epochs.
"""

import time
import warnings
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from equipoise.errors import EquipoiseWarning, OptionError
from equipoise.synthesizers import _pretrained
from equipoise.synthesizers._language import LanguageModel
from equipoise.synthesizers._networks import NetworkSynthesizer, generator_of
from equipoise.synthesizers._options import (
    check_above_zero,
    check_choices,
    check_share,
    check_whole,
)
from equipoise.synthesizers._prompted import Given, Prompted
from equipoise.synthesizers._sentences import safe_names
from equipoise.synthesizers._tuning import Settings, Speaker, Tuner
from equipoise.synthesizers._words import Lexicon, Words, words_of_levels, words_of_numbers
from equipoise.synthesizers._writer import Writer
from equipoise.tables.coded import Coded

FIRST, AT_ONCE = 8, 64  # rows that are written together: to learn the pace, and then at most
SAFE = 0.7  # share of the seconds left that a batch is planned to take


class GReaT(NetworkSynthesizer, Prompted):
    """A pretrained causal language model, fine-tuned on rows written as sentences.

    Parameters
    ----------
    model : str, default="distilgpt2"
        A folder that transformers can load a causal model and its tokenizer from, or a name on the Hugging Face hub.
        Nothing is loaded before `fit`, and no code that comes with a model is ever run.
    gguf_file : str, optional
        The GGUF file in there that holds weights and tokenizer.
    values : {"seen", "range"}, default="seen"
        What numbers may be written. With "seen", those of training: the safe choice, exact whatever the column holds
        (a column may be dates, or mostly zero), and its tokens are the ones that the model has learnt numbers by. With
        "range", every number of the column's range and decimals, digit by digit: new numbers come, at the price of
        more tokens and of numbers that are possible but odd. Levels are always those of training.
    float_precision : int, optional
        Decimals that numbers are written with, at most those of the column. By default enough for four digits within
        the middle nine tenths of the column. Numbers of training that read the same are told apart at random.
    tuning : {"low-rank", "full"}, default="low-rank"
        Whether adapters of all layers are trained, or all weights.
    rank : int, default=16
        Of the adapters.
    max_steps : int, default=200
        Steps of the optimiser at most.
    batch_size : int, default=8
        Rows of a step.
    learning_rate : float, optional
        Falls to zero by the last step. By default 1e-3 for adapters, 5e-5 for all weights.
    train_seconds : float, default=300.0
        Seconds for fine-tuning at most. Where this ends it, and not the number of steps, the same seed may give other
        rows another time; `stopped_` says so.
    class_power : float, default=0.5
        A batch holds class c in proportion to n_c to this power: 1 is as in the table, 0 is balanced.
    temperature : float, default=1.0
        Of sampling. The paper has 0.7, which makes rare values rarer.
    max_tries : int, default=3
        Times that a row is written at most, where the model gives something that is not a finite number.
    max_seconds : float, default=600.0
        Seconds for one call of `sample` at most. Rows that were not written by then are missing from what is returned,
        with a warning and the reason in `deliveries_`. Where they are short, fewer rows are written together, and the
        same seed may give other rows another time.
    device : str, default="auto"
        "cpu", "cuda", ...; "auto" takes a graphics card if there is one.
    dtype : {"auto", "float32", "bfloat16"}, default="auto"
        Of the weights; adapters are float32. "auto" takes bfloat16 for adapters on a graphics card, else float32.
    random_state : None, int, Generator or RandomState

    Attributes
    ----------
    network_ : LanguageModel or None
        None where no model was needed or none could be used.
    label_words_, words_ : Words, tuple of Words
        How the class and the other columns are written.
    loss_before_, loss_after_ : float
        Nats a cell before and after fine-tuning, of rows that it did not see (of some that it saw, where none are held
        out).
    n_steps_, best_step_ : int
        Steps taken, and those after which the weights that were kept had been reached.
    stopped_ : str
        Why fine-tuning ended.
    history_ : dict of str to list of float
        At each evaluation ``step``, the mean ``loss`` since the last one and the ``score`` of held-out rows.

    Notes
    -----
    The model is fine-tuned however few the rows are; where they are fewer than 10, or one of a class, `fallbacks_` says
    so.

    References
    ----------
    V. Borisov, K. Sessler, T. Leemann, M. Pawelczyk and G. Kasneci, Language models are realistic tabular data
    generators, ICLR 2023, arXiv:2210.06280.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"height": [1.5, 1.6, 1.7, 1.8] * 25, "left": [True, False] * 50})
    >>> great = GReaT(model="./no-such-folder", random_state=0)
    >>> great.fit(X, ["a"] * 90 + ["b"] * 10)
    Traceback (most recent call last):
    equipoise.errors.MissingModel: the language model './no-such-folder' cannot be had: there is no folder ...
    """

    how_it_conditions: ClassVar[str] = "the class as a prompt"
    keeps_rows: ClassVar[bool] = False

    def __init__(
        self,
        *,
        model: str = "distilgpt2",
        gguf_file: str | None = None,
        values: Literal["seen", "range"] = "seen",
        float_precision: int | None = None,
        tuning: Literal["low-rank", "full"] = "low-rank",
        rank: int = 16,
        max_steps: int = 200,
        batch_size: int = 8,
        learning_rate: float | None = None,
        train_seconds: float = 300.0,
        class_power: float = 0.5,
        temperature: float = 1.0,
        max_tries: int = 3,
        max_seconds: float = 600.0,
        device: str = "auto",
        dtype: Literal["auto", "float32", "bfloat16"] = "auto",
        random_state: Any = None,
    ) -> None:
        self.model = model
        self.gguf_file = gguf_file
        self.values = values
        self.float_precision = float_precision
        self.tuning = tuning
        self.rank = rank
        self.max_steps = max_steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.train_seconds = train_seconds
        self.class_power = class_power
        self.temperature = temperature
        self.max_tries = max_tries
        self.max_seconds = max_seconds
        self.device = device
        self.dtype = dtype
        self.random_state = random_state

    def _fit(self, table: Coded, y: NDArray[np.int64], rng: np.random.Generator) -> None:
        super()._fit(table, y, rng)
        self.network_: LanguageModel | None = None
        self.words_: tuple[Words, ...] = ()
        self.loss_before_ = self.loss_after_ = 0.0
        self.n_steps_ = self.best_step_ = 0
        self._columns = None
        if not self.schema_.numbers and not self.schema_.discrete:
            self.stopped_ = "there is no column to learn"
            return
        tokenizer, source = _pretrained.load(self.model, self.gguf_file)
        lexicon = Lexicon(tokenizer)
        rows = self._name(table, y, lexicon)
        self._marks = lexicon.start, lexicon.comma, lexicon.end
        network = _pretrained.cut(self.model, source, lexicon.kept, self._dtype())
        del tokenizer, source
        n_tokens = 1 + sum(words.longest for words in (self.label_words_, *self.words_))
        if n_tokens > network.length:
            self._fall_back(
                table, y, rng,
                f"a row takes up to {n_tokens} tokens and {self.model} reads {network.length}",
            )  # fmt: skip
            return
        self.network_ = network.to(self._device())
        self._tune(rows, y, rng)

    def _name(self, table: Coded, y: NDArray[np.int64], lexicon: Lexicon) -> NDArray[np.int64]:
        """Find the words of all columns, and for each cell the position (n, D) of its value."""
        numbers, discrete = self.schema_.numbers, self.schema_.discrete
        target = "class" if self.labels_.name is None else self.labels_.name
        called, *names = safe_names([target, *(c.name for c in (*numbers, *discrete))])
        self.label_words_, _ = words_of_levels(called, self.labels_.classes, y, lexicon)
        in_range = self.values == "range"
        found = [
            words_of_numbers(
                name, column, table.numbers[:, j], lexicon, self.float_precision, in_range
            )
            for j, (name, column) in enumerate(zip(names, numbers, strict=False))
        ]
        found += [
            words_of_levels(name, column.levels, table.codes[:, j], lexicon)
            for j, (name, column) in enumerate(zip(names[len(numbers) :], discrete, strict=True))
        ]
        self.words_ = tuple(words for words, _ in found)
        return np.column_stack([rows for _, rows in found])

    def _tune(
        self, rows: NDArray[np.int64], y: NDArray[np.int64], rng: np.random.Generator
    ) -> None:
        speaker = Speaker(self.label_words_, self.words_, rows, y, *self._marks)
        settings = Settings(
            self.tuning, self.rank, self.max_steps, self.batch_size, self.learning_rate,
            self.class_power, self.train_seconds,
        )  # fmt: skip
        tuner = Tuner(self._network(), speaker, settings, rng)
        training = tuner.tune()
        self.history_, self.stopped_ = training.history, training.stopped
        self.n_steps_, self.best_step_ = training.n_steps, training.best_step
        self.loss_before_, self.loss_after_ = tuner.before, tuner.after
        self._note_classes_of_one_row("its rows are mostly like those of others")
        self._note_few_rows(len(y))
        if training.failed and not training.best_step:
            for k in range(len(self.labels_)):
                self.fallbacks_[k] = f"{self.stopped_}: rows are written by the model as it came"

    def _sample_given(
        self, counts: NDArray[np.int64], given: Given, rng: np.random.Generator
    ) -> tuple[Coded, NDArray[np.int64]]:
        if self._columns is not None:
            return self._columns._sample(counts, rng), counts
        y = np.repeat(np.arange(len(counts)), counts)
        if self.network_ is None:
            return Coded(np.empty((len(y), 0)), np.empty((len(y), 0), dtype=np.int64)), counts
        labels, values, reason = self._written(rng.permutation(y), given, rng)
        made = np.bincount(labels, minlength=len(counts))
        if reason:
            for k in np.flatnonzero(made < counts):
                self._sample_fallbacks[int(k)] = reason
            warnings.warn(
                f"{len(labels)} of {len(y)} rows were written: {reason}",
                EquipoiseWarning,
                stacklevel=5,
            )
        values = values[np.argsort(labels, kind="stable")]
        n_numbers = len(self.schema_.numbers)
        levels = values[:, n_numbers:]
        codes = np.where(np.isnan(levels), -1.0, levels).astype(np.int64)
        return Coded(values[:, :n_numbers], codes), made

    def _written(
        self, y: NDArray[np.int64], given: Given, rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], str]:
        """Write rows of the classes y (n,): classes (m,) and values (m, D) of those that came, and why some did not."""
        deadline = time.monotonic() + self.max_seconds
        network = self._network().to(self._device())
        generator = generator_of(rng)
        writer = Writer(network, self.words_, *self._marks, self.temperature, generator)
        labels: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
        values: list[NDArray[np.float64]] = [np.empty((0, len(self.words_)))]
        size = FIRST
        for _ in range(self.max_tries):
            failed = []
            while len(y):
                here, y = y[:size], y[size:]
                began = time.monotonic()
                prompt, order = self._prompt(given, rng)
                prompts = [[*self._class(k), *prompt] for k in here]
                written = writer.write(prompts, order, rng, deadline) if size else None
                if written is None:
                    why = f"max_seconds={self.max_seconds:g} were over"
                    return np.concatenate(labels), np.concatenate(values), why
                rows, fine = written
                labels.append(here[fine])
                values.append(rows[fine])
                failed.append(here[~fine])
                size = affordable(len(here), began, time.monotonic(), deadline)
            y = np.concatenate([y[:0], *failed])
            if not len(y):
                break
        why = (
            f"the model gave numbers that are not finite, {self.max_tries} times" if len(y) else ""
        )
        return np.concatenate(labels), np.concatenate(values), why

    def _class(self, k: int) -> Sequence[int]:
        return [*self.label_words_.opening, *self.label_words_.written(k)]

    def _prompt(self, given: Given, rng: np.random.Generator) -> tuple[list[int], list[int]]:
        """Give the tokens of the given cells, and an order of the columns left, both in random order."""
        n_numbers = len(self.schema_.numbers)
        cells = dict(given.numbers)
        cells |= {n_numbers + j: np.nan if k < 0 else k for j, k in given.codes.items()}
        order = rng.permutation(len(self.words_)).tolist()
        prompt: list[int] = []
        for j in order:
            if j in cells:
                words = self.words_[j]
                prompt += [self._marks[1], *words.opening, *words.nearest(cells[j])]
        return prompt, [j for j in order if j not in cells]

    def _network(self) -> LanguageModel:
        if self.network_ is None:
            raise OptionError(f"this GReaT has no model: {self.stopped_}")
        return self.network_

    def _device(self) -> torch.device:
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        try:
            return torch.empty(0, device=self.device).device
        # A torch without CUDA says so by an AssertionError.
        except (RuntimeError, AssertionError):
            raise OptionError(
                f"device must be one that torch has here, as 'cpu' is; got {self.device!r}"
            ) from None

    def _dtype(self) -> str:
        if self.dtype != "auto":
            return self.dtype
        half = self._device().type == "cuda" and self.tuning == "low-rank"
        return "bfloat16" if half else "float32"

    def _check_options(self) -> None:
        for name in ("model", "device"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name):
                raise OptionError(f"{name} must be a text, got {getattr(self, name)!r}")
        if self.gguf_file is not None and not isinstance(self.gguf_file, str):
            raise OptionError(f"gguf_file must be the name of a file, got {self.gguf_file!r}")
        check_whole(self, "rank", "max_steps", "batch_size", "max_tries")
        check_whole(self, "float_precision", least=0, optional=True)
        check_above_zero(self, "train_seconds", "temperature", "max_seconds")
        check_above_zero(self, "learning_rate", optional=True)
        check_share(self, "class_power")
        check_choices(
            self,
            values=("seen", "range"),
            tuning=("low-rank", "full"),
            dtype=("auto", "float32", "bfloat16"),
        )
        self._device()


def affordable(n_rows: int, began: float, now: float, deadline: float) -> int:
    """Give how many rows the next batch may have to be whole before the deadline, at the pace of the last one.

    Rows of an unfinished batch are lost, so that a slow machine must write few at a time.
    """
    return min(AT_ONCE, int(SAFE * n_rows * max(deadline - now, 0.0) / max(now - began, 1e-9)))
