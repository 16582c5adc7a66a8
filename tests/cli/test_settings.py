"""`--set`: what a person writes becomes a parameter, or one sentence."""

import pytest

from equipoise import OptionError
from equipoise.cli.settings import settings, settings_of_methods


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-2", -2), ("0.5", 0.5), (".5", 0.5), ("-.5", -0.5), ("1e-3", 1e-3), ("true", True),
        ("False", False), ("None", None), ("[1, 2]", [1, 2]), ('"7"', "7"), ("'a # b'", "a # b"),
        ("./model", "./model"), ("low-rank", "low-rank"), ("1#2", "1#2"), ("1\nb = 2", "1\nb = 2"),
        ("2024-01-01", "2024-01-01"), ("10:00:00", "10:00:00"), ("{a=1}", "{a=1}"), ("a=b", "a=b"),
        ("1" * 5000, "1" * 5000), ("[" * 3000, "[" * 3000),
    ],
)  # fmt: skip
def test_a_value_is_read_as_a_person_means_it(text, value):
    found = settings([f"name={text}"])["name"]
    assert found == value
    assert type(found) is type(value)


def test_names_of_methods_may_hold_dots_and_colons():
    given = ["pkg.mod:Class.n=3.5", "cvae:half.max_steps=1", "cvae:half.patience=2"]
    assert settings_of_methods(given) == {
        "pkg.mod:Class": {"n": 3.5}, "cvae:half": {"max_steps": 1, "patience": 2},
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "a", "a=", "=1", " = "])
def test_what_is_no_setting_is_refused(text):
    with pytest.raises(OptionError, match="NAME=VALUE"):
        settings([text])
