"""What may stand in a column, as an automaton over tokens: a prefix tree of known values, or the numbers of a range.

A node has entries, one for each token that may follow, and one for the end of the value where it may end there. A model
is asked only where a node has more than one entry, and chooses among these entries: what it writes is always one of the
values.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

END = -1


@dataclass(frozen=True)
class Graph:
    """An automaton over tokens, with its entries in one array.

    Attributes
    ----------
    first : (n_nodes + 1,) int64
        The entries of node v are those from ``first[v]`` to ``first[v + 1]``; node 0 is the start, and no node leads to
        one before it.
    tokens : (n_entries,) int64
        Token of each entry; `END` where the value ends.
    targets : (n_entries,) int64
        Node that it leads to; `END` where the value ends.
    """

    first: NDArray[np.int64]
    tokens: NDArray[np.int64]
    targets: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Refuse arrays, of a file perhaps, in which a walk would not end."""
        sizes = np.diff(self.first)
        owner = np.repeat(np.arange(len(sizes)), np.maximum(sizes, 0))
        goes_on = self.tokens != END
        if not (
            self.first[:1].tolist() == [0]
            and (sizes > 0).all()
            and self.tokens.shape == self.targets.shape == owner.shape
            and (self.tokens >= END).all()
            and (self.targets[~goes_on] == END).all()
            and (self.targets[goes_on] > owner[goes_on]).all()
            and (self.targets < len(sizes)).all()
        ):
            raise ValueError("the nodes of an automaton do not fit together")

    @classmethod
    def of(cls, children: Sequence[Mapping[int, int]]) -> "Graph":
        """Take it from one dict a node, token to node."""
        order = _forward_order(children)
        new = dict(zip(order, range(len(order)), strict=True)) | {END: END}
        sizes = [len(children[node]) for node in order]
        pairs = [
            (token, new[target])
            for node in order
            for token, target in sorted(children[node].items())
        ]
        tokens, targets = np.array(pairs, dtype=np.int64).reshape(-1, 2).T.copy()
        return cls(np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]), tokens, targets)

    def entries(self, node: int) -> NDArray[np.int64]:
        """Give the tokens (k,) of the entries of a node."""
        return self.tokens[self.first[node] : self.first[node + 1]]

    def is_choice(self, node: int) -> bool:
        """Whether more than one thing may follow."""
        return bool(self.first[node + 1] - self.first[node] > 1)

    def step(self, node: int, entry: int) -> tuple[int, int]:
        """Give the token of an entry and the node that it leads to, both `END` if the value ends."""
        at = self.first[node] + entry
        return int(self.tokens[at]), int(self.targets[at])

    def walk(self, tokens: Iterable[int]) -> tuple[int, list[tuple[int, int, int]]]:
        """Follow a value to its end.

        Parameters
        ----------
        tokens : iterable of int
            Its tokens, without `END`.

        Returns
        -------
        node : int
            Where it ends.
        choices : list of (place, node, entry)
            What was chosen among several entries: before which of its tokens (their number stands for the end), at
            which node, and which entry.
        """
        node, at, choices = 0, 0, []
        for place, token in enumerate([*tokens, END]):
            at = node
            entry = int(np.flatnonzero(self.entries(node) == token)[0])
            if self.is_choice(node):
                choices.append((place, node, entry))
            _, node = self.step(node, entry)
        return at, choices


def _forward_order(children: Sequence[Mapping[int, int]]) -> list[int]:
    """Order the nodes that can be reached so that each leads to later ones only; the start is first."""
    done: list[int] = []
    seen = {0}
    stack = [(0, iter(children[0].values()))]
    while stack:
        node, ways = stack[-1]
        target = next((t for t in ways if t != END and t not in seen), None)
        if target is None:
            done.append(node)
            stack.pop()
        else:
            seen.add(target)
            stack.append((target, iter(children[target].values())))
    return done[::-1]


def tree_of(values: Iterable[Sequence[int]]) -> Graph:
    """Give the prefix tree of values, each a sequence of tokens.

    Examples
    --------
    >>> graph = tree_of([(5, 7), (5,), (6,)])
    >>> graph.entries(0).tolist(), graph.entries(1).tolist()
    ([5, 6], [-1, 7])
    """
    children: list[dict[int, int]] = [{}]
    for tokens in values:
        _add(children, tokens)
    return Graph.of(children)


def _add(children: list[dict[int, int]], tokens: Iterable[int]) -> None:
    node = 0
    for token in tokens:
        node = _follow(children, node, token)
    children[node][END] = END


def _follow(children: list[dict[int, int]], node: int, token: int) -> int:
    if token not in children[node]:
        children[node][token] = len(children)
        children.append({})
    return children[node][token]


# A state is what may still be written: for each number of digits left, the least and the greatest number that they may
# make, and whether the decimal point has been written.
State = frozenset[tuple[int, int, int, bool]]


def numbers_between(
    low: int,
    high: int,
    point: int,
    opening: Mapping[str, Sequence[int]],
    inner: Mapping[str, int],
    others: Iterable[Sequence[int]] = (),
) -> Graph:
    """Give the automaton of all decimal numbers of a range: each is written in one way, and nothing else can be.

    Parameters
    ----------
    low, high : int
        Bounds, in units of the last digit.
    point : int
        Digits behind the decimal point; none is written if 0.
    opening : dict of character to tokens
        How a number begins with a digit or with "-".
    inner : dict of character to token
        How it goes on with a digit, or with ".".
    others : iterable of sequence of int
        Values to be allowed besides, as tokens.
    """
    children: list[dict[int, int]] = [{}]
    known: dict[State, int] = {}

    def node_of(state: State) -> int:
        if state not in known:
            known[state] = len(children)
            children.append({})
            entries = {inner[c]: node_of(after) for c, after in _moves(state, point)}
            if any(left == 0 for left, *_ in state):
                entries[END] = END
            children[known[state]] = entries
        return known[state]

    def begin(character: str, after: State) -> None:
        *start, last = opening[character]
        node = 0
        for token in start:
            node = _follow(children, node, token)
        children[node][last] = node_of(after)

    if high >= 0:
        for character, after in _moves(_magnitudes(max(low, 0), high, point), point):
            begin(character, after)
    if low < 0:
        begin("-", _magnitudes(max(-high, 1), -low, point))
    for tokens in others:
        _add(children, tokens)
    return Graph.of(children)


def _magnitudes(low: int, high: int, point: int) -> State:
    """Give the state in which a number from low to high is to be written, without needless zeros before it."""
    state = set()
    for left in range(point + 1, max(len(str(high)), point + 1) + 1):
        least, most = (0 if left == point + 1 else 10 ** (left - 1)), 10**left - 1
        if max(least, low) <= min(most, high):
            state.add((left, max(least, low), min(most, high), False))
    return frozenset(state)


def _moves(state: State, point: int) -> Iterable[tuple[str, State]]:
    """Give each character that may follow and the state after it."""
    after: dict[str, set[tuple[int, int, int, bool]]] = {}
    for left, low, high, passed in state:
        if point and left == point and not passed:
            after.setdefault(".", set()).add((left, low, high, True))
        elif left:
            size = 10 ** (left - 1)
            for digit in range(low // size, high // size + 1):
                least, most = max(low - digit * size, 0), min(high - digit * size, size - 1)
                after.setdefault(str(digit), set()).add((left - 1, least, most, passed))
    return [(character, frozenset(states)) for character, states in sorted(after.items())]
