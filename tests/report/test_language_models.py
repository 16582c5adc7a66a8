"""A reader learns which language model a run used, and that a stand-in is none."""

import html
import io
import json
from dataclasses import replace

import pytest
from fake_run import FakeRun
from rich.console import Console

from equipoise.report.language_models import language_models
from equipoise.report.page import render
from equipoise.report.summary import summarize
from equipoise.report.terminal import show

ONE = {"iono": {"g": 225, "b": 126}}


def run(gains=("tabgpt", "great", "smote"), skipped=(), **given):
    wish = FakeRun(datasets=ONE, gains=dict.fromkeys(gains, 0.0), failed=(), skipped=skipped)
    made = wish.make()
    settings = json.dumps({"given": {f"parameters.{k}": v for k, v in given.items()}})
    return replace(made, asked=made.asked.assign(settings=settings))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"model": "runs/models/small-135m"}, "small-135m"),
        ({"model": "C:\\models\\small-135m\\"}, "small-135m"),
        ({"model": "someone/Small-135M"}, "Small-135M"),
        ({"model": "folder", "gguf_file": "small.q8.gguf"}, "small.q8.gguf"),
        ({"max_seconds": 60}, "the one that it takes by default"),
    ],
)
def test_the_pretrained_model_is_named_as_the_run_was_asked_for_it(given, name):
    assert language_models(run(**given))["great"].endswith(f"on the training rows: {name}.")


def test_what_a_run_has_not_noted_is_not_guessed():
    older = run()
    unnoted = "which one, this run has not noted."
    assert language_models(replace(older, asked=older.asked.assign(settings="")))["great"].endswith(
        unnoted
    )
    bare = replace(older, asked=older.asked.drop(columns="settings"))
    assert language_models(bare)["great"].endswith(unnoted)


def test_a_model_that_did_not_run_is_not_named():
    said = language_models(run(skipped=(("iono", "great"),), model="small"))["great"]
    assert said == "great is a pretrained language model; no trial of it has run."


def test_a_run_without_such_a_method_says_nothing():
    assert language_models(run(gains=("smote",))) == {}


def test_the_page_and_the_terminal_say_that_the_stand_in_is_trained_from_scratch():
    found = summarize(run(model="models/small-135m"))
    scratch = "tabgpt is a small transformer trained from scratch"
    text = html.unescape(render(found))
    # under what was asked, at the keys of gains and of quality, at rates and cost, and in the glossary
    assert text.count(scratch) == 6
    assert text.count("small-135m") == 6
    out = io.StringIO()
    show(found, Console(file=out, width=80))
    assert scratch in out.getvalue()
    assert found["glossary"][-2][0] == "tabgpt"
