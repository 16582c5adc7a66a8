"""The advice page loads nothing, draws everything, says the verdict, and lets no name become markup or script."""

import numpy as np
import pandas as pd
import pytest
from browser import look, needs_browser
from seeing import check_readable

from equipoise.advice.advise import answer
from equipoise.advice.budget import Clock
from equipoise.advice.question import question
from equipoise.advice.summary import advice_summary
from equipoise.report.advice_page import render_advice, write_advice_page

HACK = "document.body.id='hacked'"
HOSTILE = (f"</script><script>{HACK}</script>", f'<img src=x onerror="{HACK}">')


@pytest.fixture(scope="module")
def summary():
    rng = np.random.default_rng(0)
    y = pd.Series(np.where(np.arange(200) % 4 == 0, *HOSTILE), name=HOSTILE[0])
    X = pd.DataFrame({HOSTILE[1]: rng.choice(HOSTILE, 200), "x": rng.normal(y == HOSTILE[0], 1.0)})
    asked = question(
        X, y, budget="20s", methods=["undersample"], partitions=1, by=HOSTILE[1], name=HOSTILE[0],
        classifier="sklearn.linear_model:LogisticRegression",
    )  # fmt: skip
    return advice_summary(answer(asked, Clock(asked.seconds)))


def test_the_page_says_the_verdict_and_loads_nothing(summary):
    page = render_advice(summary)
    assert "stand-in" not in page
    assert "default-src 'none'" in page
    assert summary["metric"] in page
    assert "As good as the best" in page
    for name in HOSTILE:
        assert name not in page
    assert len(page.encode()) < 2_000_000


def test_shares_of_bootstraps_add_up(summary):
    rows = summary["tables"]["draws"]["rows"]
    assert sum(share for *_, share in rows) == pytest.approx(1.0)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)


def test_the_stand_in_for_a_language_model_is_called_one_where_it_takes_part():
    rng = np.random.default_rng(0)
    y = np.where(np.arange(200) % 4 == 0, "few", "many")
    X = pd.DataFrame({"x": rng.normal(y == "few", 1.0)})
    asked = question(
        X, y, budget="20s", methods=["tabgpt"], partitions=1, classifier="sklearn.linear_model:LogisticRegression",
    )  # fmt: skip
    page = render_advice(advice_summary(answer(asked, Clock(asked.seconds))))
    assert "stand-in for a pretrained language model" in page


@needs_browser
def test_both_charts_are_drawn_and_no_name_runs(summary, tmp_path):
    page = write_advice_page(summary, tmp_path / "advice.html")
    document, said = look(page, tmp_path)
    assert 'data-drawn="2"' in document
    assert "data-broken" not in document
    assert 'id="hacked"' not in document
    assert not said, said


@needs_browser
def test_the_page_can_be_read(summary, tab, tmp_path):
    check_readable(tab, write_advice_page(summary, tmp_path / "advice.html"), 2)
