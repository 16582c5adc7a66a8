"""What a language model may say of each column, in its own tokens."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import OptionError
from equipoise.synthesizers._sentences import (
    MISSING,
    SEPARATOR,
    Figures,
    level_texts,
)
from equipoise.synthesizers._tries import Graph, numbers_between, tree_of
from equipoise.tables.schema import Column

FIGURES = "0123456789"


class Lexicon:
    """The tokens that are met, numbered anew in the order in which they are.

    Parameters
    ----------
    tokenizer : tokenizer of transformers

    Attributes
    ----------
    start, comma, end : int
        Tokens before a sentence, after a value that another follows, and after the last value.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._known: dict[int, int] = {}
        comma = self._ids([SEPARATOR.strip()])[0][-1:]
        last = tokenizer.eos_token_id
        end = comma[0] if last is None else last
        first = end if tokenizer.bos_token_id is None else tokenizer.bos_token_id
        self.start, self.comma, self.end = map(self._number, (first, comma[0], end))

    @property
    def kept(self) -> NDArray[np.int64]:
        """The tokenizer's own numbers (U,) of the tokens met so far."""
        return np.array(list(self._known), dtype=np.int64)

    def encode(self, texts: Iterable[str]) -> list[list[int]]:
        """Give the tokens of each text."""
        return [[self._number(token) for token in tokens] for tokens in self._ids(list(texts))]

    def figures(self) -> tuple[dict[str, list[int]], dict[str, int]]:
        """Give the tokens with which a number begins with each character, and the one with which it goes on."""
        heads = self.encode(f" {c}" for c in f"{FIGURES}-")
        inner = {
            c: tokens[-1]
            for c, tokens in zip(f"{FIGURES}.", self.encode(f"{FIGURES}."), strict=True)
        }
        if len(set(inner.values())) < len(inner) or not all(heads):
            raise OptionError(
                "values must be 'seen' with this model: its tokenizer has no token for each digit"
            )
        return dict(zip(f"{FIGURES}-", heads, strict=True)), inner

    def _ids(self, texts: list[str]) -> list[list[int]]:
        if not texts:
            return []
        # Special tokens are words of their own in no table.
        return self._tokenizer(
            texts, add_special_tokens=False, split_special_tokens=True, verbose=False
        )["input_ids"]

    def _number(self, token: int) -> int:
        return self._known.setdefault(token, len(self._known))


@dataclass(frozen=True)
class Words:
    """The values of one column as tokens.

    Attributes
    ----------
    name : str
        In sentences.
    opening : tuple of int
        Tokens of its name and " is".
    graph : Graph
        What may follow.
    values : (m,) float64
        The distinct values of training: numbers or codes, NaN where missing.
    counts : (m,) int64
        Training rows that have each.
    tokens : (k,) int64
        How they are written, one after the other.
    starts : (m + 1,) int64
        Where the tokens of each begin, and where the last ones end.
    ends : (m,) int64
        Node of the graph at which each ends. Several values may share one: they read the same.
    figures : Figures or None
        How numbers are read, where others than those of training may be written.
    characters : dict of int to str
        What each token of such a number stands for.
    """

    name: str
    opening: tuple[int, ...]
    graph: Graph
    values: NDArray[np.float64]
    counts: NDArray[np.int64]
    tokens: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    figures: Figures | None = None
    characters: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse arrays, of a file perhaps, that do not belong together."""
        n = len(self.values)
        if not (
            n
            and self.counts.shape == self.ends.shape == (n,)
            and (self.counts > 0).all()
            and self.starts.shape == (n + 1,)
            and self.starts[0] == 0
            and self.starts[-1] == len(self.tokens)
            and (np.diff(self.starts) >= 0).all()
        ):
            raise ValueError("the values of a column and their tokens do not fit together")

    def __len__(self) -> int:
        """Give the number of values."""
        return len(self.values)

    def written(self, value: int) -> list[int]:
        """Give the tokens of the value at a position."""
        return self.tokens[self.starts[value] : self.starts[value + 1]].tolist()

    @property
    def longest(self) -> int:
        """Tokens of the name and of the longest value of training, with the one that ends it."""
        return len(self.opening) + int(np.diff(self.starts).max()) + 1

    def nearest(self, value: float) -> list[int]:
        """Give the tokens of the training value that comes nearest to one."""
        if np.isnan(value):
            return self.written(int(np.flatnonzero(np.isnan(self.values))[0]))
        return self.written(int(np.nanargmin(np.abs(self.values - value))))

    def value(self, end: int, tokens: Sequence[int], rng: np.random.Generator) -> float:
        """Give the value that has been written; one of those that read the same is drawn, as often as training has it.

        Parameters
        ----------
        end : int
            Node at which it ended.
        tokens : sequence of int
        rng : Generator
        """
        if self.figures is not None:
            text = "".join(self.characters.get(token, "?") for token in tokens)
            return float("nan") if "?" in text else self.figures.value(text)
        alike = np.flatnonzero(self.ends == end)
        if len(alike) > 1:
            weights = self.counts[alike] / self.counts[alike].sum()
            return float(self.values[rng.choice(alike, p=weights)])
        return float(self.values[alike[0]])


def words_of_levels(
    name: str, levels: Sequence[Any], codes: NDArray[np.int64], lexicon: Lexicon
) -> tuple[Words, NDArray[np.int64]]:
    """Give the words of a column of levels and, for each row, the position (n,) of its value."""
    texts = level_texts(levels)
    distinct, rows, counts = np.unique(codes, return_inverse=True, return_counts=True)
    spoken = [MISSING if k < 0 else texts[k] for k in distinct]
    tokens = lexicon.encode(f" {text}" for text in spoken)
    values = np.where(distinct < 0, np.nan, distinct.astype(np.float64))
    return _known(name, tokens, values, counts, lexicon), rows


def words_of_numbers(
    name: str,
    column: Column,
    numbers: NDArray[np.float64],
    lexicon: Lexicon,
    precision: int | None,
    in_range: bool,
) -> tuple[Words, NDArray[np.int64]]:
    """Give the words of a column of numbers and, for each row, the position (n,) of its value.

    Parameters
    ----------
    precision : int or None
        Decimals to be written.
    in_range : bool
        Whether all numbers of the range may be written, or those of training only.
    """
    values, rows, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    figures = Figures.fit(column, numbers, precision)
    gaps = [MISSING] if np.isnan(values[-1]) else []
    whole = figures.counted(values[: len(values) - len(gaps)])
    if not in_range:
        tokens = lexicon.encode(f" {text}" for text in [*map(figures.text, whole), *gaps])
        return _known(name, tokens, values, counts, lexicon), rows
    heads, inner = lexicon.figures()
    missing = lexicon.encode(f" {text}" for text in gaps)
    written = [figures.digits(count) for count in whole]
    tokens = [[*heads[t[0]], *(inner[c] for c in t[1:])] for t in written] + missing
    graph = numbers_between(figures.low, figures.high, figures.point, heads, inner, missing)
    characters = {token: "" for head in heads.values() for token in head[:-1]}
    characters |= {head[-1]: c for c, head in heads.items()} | {t: c for c, t in inner.items()}
    words = _words(name, graph, tokens, values, counts, lexicon)
    return Words(**{**vars(words), "figures": figures, "characters": characters}), rows


def _known(
    name: str,
    tokens: list[list[int]],
    values: NDArray[np.float64],
    counts: NDArray[np.int64],
    lexicon: Lexicon,
) -> Words:
    return _words(name, tree_of(tokens), tokens, values, counts, lexicon)


def _words(
    name: str,
    graph: Graph,
    tokens: list[list[int]],
    values: NDArray[np.float64],
    counts: NDArray[np.int64],
    lexicon: Lexicon,
) -> Words:
    (opening,) = lexicon.encode([f" {name} is"])
    ends = np.array([graph.walk(value)[0] for value in tokens], dtype=np.int64)
    flat = np.array([token for value in tokens for token in value], dtype=np.int64)
    starts = np.cumsum([0, *map(len, tokens)], dtype=np.int64)
    return Words(name, tuple(opening), graph, values, counts, flat, starts, ends)
