"""Automata over tokens: what can be written is exactly what is allowed."""

import numpy as np
import pytest

from equipoise.synthesizers._tries import END, Graph, numbers_between, tree_of

INNER = {c: k for k, c in enumerate("0123456789.")}
# A number begins with a space that is part of the first digit, and "-" is a token of its own after a space.
OPENING = {c: [20 + k] for k, c in enumerate("0123456789")} | {"-": [40, 41]}
CHARACTERS = {k: c for c, k in INNER.items()}
CHARACTERS |= {20 + k: str(k) for k in range(10)} | {40: "", 41: "-"}


def language(graph, node=0, so_far=()):
    """Give everything that a graph lets through, as tuples of tokens."""
    for token, target in zip(graph.entries(node), graph.targets[graph.first[node] :], strict=False):
        if token == END:
            yield so_far
        else:
            yield from language(graph, int(target), (*so_far, int(token)))


def test_a_prefix_tree_lets_its_values_through_and_nothing_else():
    values = [(1, 2, 3), (1, 2), (1, 4), (5,), (1, 2, 3)]
    assert sorted(language(tree_of(values))) == sorted(set(values))


def test_an_empty_value_is_a_value():
    assert sorted(language(tree_of([(), (3,)]))) == [(), (3,)]


def test_walking_a_value_names_every_choice_and_only_choices():
    graph = tree_of([(1, 2, 3), (1, 2), (5, 6)])
    end, choices = graph.walk((1, 2, 3))
    assert [place for place, _, _ in choices] == [0, 2]
    assert graph.entries(end).tolist() == [END]
    _, choices = graph.walk((5, 6))
    assert [place for place, _, _ in choices] == [0]
    _, choices = graph.walk((1, 2))
    assert [graph.step(node, entry)[0] for _, node, entry in choices] == [1, END]


@pytest.mark.parametrize("point", [0, 1, 2])
@pytest.mark.parametrize(
    ("low", "high"),
    [(0, 0), (0, 9), (3, 7), (8, 12), (0, 100), (95, 1203), (-5, 5), (-120, -7), (-1, 0), (-1000, 999)],
)  # fmt: skip
def test_the_numbers_of_a_range_are_written_once_each_and_no_others(low, high, point):
    graph = numbers_between(low, high, point, OPENING, INNER)
    texts = ["".join(CHARACTERS[t] for t in tokens) for tokens in language(graph)]
    assert len(set(texts)) == len(texts)
    assert sorted(round(float(t) * 10**point) for t in texts) == list(range(low, high + 1))
    for text in texts:
        digits = text.lstrip("-")
        assert len(digits.partition(".")[2]) == point
        assert digits == "0" or digits.startswith("0.") or not digits.startswith("0")


def test_a_large_range_takes_few_nodes():
    graph = numbers_between(-(10**15) + 17, 10**15 - 3, 4, OPENING, INNER)
    assert len(graph.first) < 200


def test_other_values_may_stand_beside_the_numbers_of_a_range():
    graph = numbers_between(-3, 3, 0, OPENING, INNER, [(40, 50, 51)])
    found = set(language(graph))
    assert (40, 50, 51) in found
    assert len(found) == 8


def test_a_graph_in_which_a_walk_would_not_end_is_refused():
    first, tokens = np.array([0, 1, 2]), np.array([5, 6])
    for targets in ([1, 0], [0, END], [1, 7], [1, 1]):
        with pytest.raises(ValueError, match="automaton"):
            Graph(first, tokens, np.array(targets))
