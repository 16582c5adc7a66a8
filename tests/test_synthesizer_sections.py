"""docs/synthesizers.md has a section for every method, all laid out alike."""

import re
from pathlib import Path

import pytest

from equipoise.registry import METHODS, load_class

PAGE = (Path(__file__).parents[1] / "docs/synthesizers.md").read_text(encoding="utf-8")
YARDSTICKS = ("identity", "undersample", "oracle")
PARTS = ["Idea.", "Equations.", "Good when", "Fails when", "Cost.", "Source."]


def section(head):
    """Give what stands under a heading."""
    return PAGE.split(f"\n## {head}\n", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize("name", [name for name in METHODS if name not in YARDSTICKS])
def test_a_method_has_its_idea_equations_uses_failures_cost_and_source_in_this_order(name):
    text = section(f"`{name}`: `{METHODS[name].target.split(':')[1]}`")
    assert re.findall(r"^\*\*(.+?)\*\*", text, re.MULTILINE) == PARTS
    idea, equations, *_, source = re.split(r"^\*\*(?:.+?)\*\*", text, flags=re.MULTILINE)[1:]
    assert len(re.findall(r"[.?!]\)?(?=\s)", re.sub(r"`[^`]*`", "", idea))) == 3
    assert re.search(r"^    \S", equations, re.MULTILINE)
    assert re.search(r"\b(19|20)\d\d\b|No paper", source)


def test_what_makes_no_rows_of_its_own_has_a_sentence():
    assert all(f"`{name}`" in section("Yardsticks") for name in YARDSTICKS)


def test_every_method_that_keeps_rows_is_said_to():
    keepers = [
        name
        for name, method in METHODS.items()
        if name not in YARDSTICKS and load_class(method.target).keeps_rows is True
    ]
    assert len(keepers) >= 8
    said = section("What a saved model keeps").split("The others keep")[0]
    assert [name for name in keepers if f"`{name}`" not in said] == []
