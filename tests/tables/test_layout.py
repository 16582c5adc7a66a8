"""A layout says where each column lies in an encoded row."""

import pytest

from equipoise.errors import DataError
from equipoise.tables.layout import Layout, Span

LAYOUT = Layout(
    (
        Span(0, 1, "tanh", 0),
        Span(1, 4, "softmax", 0),
        Span(4, 6, "softmax", 2),
        Span(6, 7, "tanh", 3),
        Span(7, 8, "softmax", 3),
    )
)


def test_positions_are_either_scalars_or_in_one_block():
    assert LAYOUT.width == 8
    assert LAYOUT.scalars.tolist() == [0, 6]
    assert LAYOUT.blocks == ((1, 4), (4, 6), (7, 8))
    assert LAYOUT.block_ids.tolist() == [-1, 0, 0, 0, 1, 1, -1, 2]


def test_a_layout_of_nothing_has_no_width():
    empty = Layout(())
    assert empty.width == 0
    assert empty.blocks == ()
    assert empty.scalars.shape == empty.block_ids.shape == (0,)


def test_layouts_of_the_same_spans_are_equal():
    assert Layout(LAYOUT.spans) == LAYOUT


@pytest.mark.parametrize(
    "spans",
    [
        (Span(1, 2, "softmax", 0),),
        (Span(0, 2, "softmax", 0), Span(3, 4, "softmax", 1)),
        (Span(0, 0, "softmax", 0),),
        (Span(0, 2, "tanh", 0),),
    ],
)
def test_gaps_empty_spans_and_wide_scalars_are_refused(spans):
    with pytest.raises(DataError, match="the spans of a layout"):
        Layout(spans)
