"""What is said about scores is what they are."""

import math

import pytest

from equipoise.fidelity.quality import calibrated_text
from equipoise.fidelity.scores import Score
from equipoise.fidelity.sentences import sentences

NAN = math.nan


def score(metric="coverage", *, value=0.5, floor=0.2, ceiling=0.9, scaled=(0.5, 0.4, 0.6), **more):
    """Give a score whose value's interval reaches 0.01 to either side."""
    options = {"better": "higher", "informative": True, "group": "Whole rows", "items": {}} | more
    return Score(
        metric, metric, options["group"], options["better"], "", value, value - 0.01, value + 0.01,
        floor, ceiling, NAN, *scaled, options["informative"], options["items"],
    )  # fmt: skip


def said_of(*scores):
    from equipoise.fidelity.copying import Bound, Copying

    nothing = Copying(0.0, 0.0, 0.0, False, False, *[Bound(0.0, 0.0, 0.0, 0.1)] * 2)
    return sentences(scores, {"": nothing}, ())


@pytest.mark.parametrize(
    ("scaled", "words"),
    [
        ((0.95, 0.9, 1.0), "As good as real rows"),
        ((1.25, 1.05, 1.44), "Surely above real rows, which is no merit"),
        ((1.25, 0.9, 1.6), "As good as real rows"),
        ((0.6, 0.5, 0.7), "Between"),
        ((0.1, -0.1, 0.3), "Nearer to the floor"),
        ((-0.8, -0.9, -0.7), "Surely worse than the floor"),
        ((0.88, -0.37, 2.12), "Too uncertain"),
        ((0.6, NAN, NAN), "Between"),  # of a single block there is no interval
    ],
)
def test_a_score_stands_in_the_sentence_that_its_interval_allows(scaled, words):
    text = said_of(score(scaled=scaled))["good"]
    assert text.startswith(words)
    assert f"the spread of whole rows ({scaled[0]:.2f})" in text


def test_rows_that_every_column_gives_away_are_not_said_to_be_given_away_by_none():
    found = score("detection", value=1.0, floor=0.9, ceiling=0.5, better="lower", items={"a": 0.0})
    assert "the others still do" in said_of(found)["gives_away"]


@pytest.mark.parametrize(
    ("better", "value", "text"),
    [
        ("higher", 0.37, "worse than the floor"),
        ("higher", 0.86, "not informative"),  # within 0.02 and the noise of the nearer of both
        ("higher", 0.99, "not informative"),
        ("lower", 0.99, "worse than the floor"),
        ("lower", 0.37, "not informative"),
    ],
)
def test_where_floor_and_ceiling_meet_what_is_worse_than_both_is_said_to_be(better, value, text):
    none = score(
        value=value, floor=0.9, ceiling=0.87, scaled=(NAN,) * 3, informative=False, better=better
    )
    assert calibrated_text(none) == text


@pytest.mark.parametrize(
    ("crowded", "class_crowded"), [(False, False), (True, False), (False, True)]
)
def test_each_class_is_called_clean_only_where_it_and_the_table_are(crowded, class_crowded):
    from equipoise.fidelity.copying import Bound, Copying

    def found(crowds):
        near = Bound(0.4 if crowds else 0.0, 0.3 if crowds else 0.0, 0.5 if crowds else 0.1, 0.1)
        return Copying(near.value, near.low, near.high, False, crowds, near, near)

    copying = {"": found(crowded), "a": found(class_crowded), "b": found(False)}
    said = " ".join(str(value) for value in sentences([score()], copying, ("a", "b")).values())
    assert ("That holds for each class" in said) == (not crowded and not class_crowded)
