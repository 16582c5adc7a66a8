"""A call that narrows an experiment takes its title, which speaks of the whole, away."""

import pytest

from equipoise.cli.bench import _narrowed, _replaced
from equipoise.trials.experiment_files import load_experiment

OPTIONS = ("methods", "plans", "decisions", "classifiers", "datasets")


@pytest.mark.parametrize(
    ("option", "words"),
    [("methods", "smote"), ("datasets", "hmeq"), ("plans", "balance"), ("decisions", "plain")],
)
def test_a_narrowed_experiment_has_no_title(option, words):
    whole = load_experiment("article")
    calls = dict.fromkeys(OPTIONS) | {option: words}
    assert whole.title
    assert _narrowed(whole, **calls).title == ""


def test_other_repeats_take_the_title_and_another_seed_does_not():
    whole = load_experiment("article")
    assert _replaced(whole, repeats=2, seed=None, quality=None).title == ""
    assert _replaced(whole, repeats=None, seed=3, quality=False).title == whole.title
    assert _narrowed(whole, **dict.fromkeys(OPTIONS)).title == whole.title
