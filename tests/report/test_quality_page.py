"""The quality page loads nothing, draws everything, and lets no name from a table become markup or script."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from browser import look, needs_browser
from fake_quality import mixed, quality_of
from seeing import check_narrow, check_readable

from equipoise.report.quality_figures import HEADING, LEFT, RIGHT, quality_figures
from equipoise.report.quality_page import quality_summary, render_quality, write_quality_page

HOSTILE = (
    "</script><script>document.body.id='hacked'</script>",
    "<img src=x onerror=\"document.body.id='hacked'\">",
    "' + (document.body.id='hacked') + '",
    "{{ 7 * 7 }}{% raw %}${document.body.id='hacked'}",
)


class Elements(HTMLParser):
    """Collects elements with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def found():
    return quality_of(mixed(500, 0), mixed(400, 1), mixed(160, 2), "rich")


@pytest.fixture(scope="module")
def hostile():
    tables = [mixed(n, s, HOSTILE, HOSTILE[:2]) for n, s in ((300, 0), (240, 1), (120, 2))]
    for table in tables:
        table[HOSTILE[2]] = table[HOSTILE[2]].replace("cook", HOSTILE[0])
    made = tables[1]
    made[HOSTILE[2]] = made[HOSTILE[2]].replace("smith", HOSTILE[1] + "!")
    return quality_of(tables[0], made, tables[2], HOSTILE[3], too_few=(HOSTILE[0],))


def test_the_page_loads_nothing(found):
    page = render_quality(found)
    for tag, attributes in Elements(page).found:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base")
        assert "src" not in attributes
        assert not attributes.get("href", "#").startswith(("http", "//", "file"))
    assert "default-src 'none'" in page
    assert len(page.encode()) < 4_000_000


def test_the_page_says_what_was_found(found):
    page = render_quality(found, "Quality of mine.csv")
    assert "<title>Quality of mine.csv</title>" in page
    assert "400 synthetic rows against 160 fresh rows" in page
    for score in found.scores:
        assert score.title in page
    assert found.sentences["copies"] in page


def test_hostile_names_are_text_in_the_file_and_in_no_specification(hostile):
    page = render_quality(hostile, HOSTILE[1])
    elements = Elements(page).found
    assert not [a for _, a in elements if a.get("id") == "hacked" or "onerror" in a]
    assert not [t for t, _ in elements if t == "img"]
    assert "49{%" not in page
    for figure in quality_figures(quality_summary(hostile, "")):
        assert "hacked" not in json.dumps(figure.spec)


def test_scores_stand_in_groups_and_inside_the_scale(found):
    table = quality_summary(found, "")["tables"]["scores"]
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    whole = [row for row in rows if row["scope"] == 0]
    assert whole[0]["label"] == HEADING + "Whole rows"
    assert [row["order"] for row in rows] == list(range(len(rows)))
    drawn = [row["at"] for row in rows if row["at"] is not None]
    assert LEFT <= min(drawn) <= max(drawn) <= RIGHT
    for row in whole:
        if row["calibrated"] is None and not row["label"].startswith(HEADING):
            assert "says nothing here" in row["text"]


def test_bars_hold_all_rows_but_the_missing_ones(found):
    summary = quality_summary(found, "")
    for column in summary["columns"]:
        table = summary["tables"][column["table"]]
        share = table["columns"].index("share")
        total = sum(row[share] for row in table["rows"])
        wanted = 1 - np.isnan(found.trio.fresh.numbers[:, 0]).mean()
        if not column["title"].startswith("age"):
            wanted = 1.0
        assert total == pytest.approx(wanted, abs=1e-3)  # shares are rounded to 5 digits


def test_dates_are_drawn_as_dates(found):
    summary = quality_summary(found, "")
    (column,) = [c for c in summary["columns"] if c["dates"]]
    first = summary["tables"][column["table"]]["rows"][0]
    assert 1980 <= pd.Timestamp(first[0], unit="ms").year <= 1981
    assert first[2].startswith("1980-")


@needs_browser
def test_every_chart_is_drawn_without_a_complaint(found, tmp_path):
    document, said = look(write_quality_page(found, tmp_path / "page.html"), tmp_path)
    n = len(quality_figures(quality_summary(found, "")))
    assert f'data-drawn="{n}"' in document
    assert "data-broken" not in document
    assert len(re.findall(r'<svg[^>]*class="marks"', document)) == n
    assert said == []


@needs_browser
def test_the_page_can_be_read(found, hostile, tab, tmp_path):
    n = len(quality_figures(quality_summary(found, "")))
    check_readable(tab, write_quality_page(found, tmp_path / "page.html"), n)
    check_narrow(tab, write_quality_page(hostile, tmp_path / "hostile.html"))


@needs_browser
def test_hostile_names_do_nothing_in_a_browser(hostile, tmp_path):
    path = write_quality_page(hostile, tmp_path / "page.html", HOSTILE[0])
    document, said = look(path, tmp_path, width=420)
    elements = Elements(document).found
    assert not [a for _, a in elements if a.get("id") == "hacked" or "onerror" in a]
    assert "data-broken" not in document
    assert said == []


@needs_browser
def test_a_single_column_and_many_classes_still_draw(tmp_path):
    classes = tuple(f"c{i}" for i in range(9))
    tables = [mixed(n, n, classes=classes)[["job", "rich"]] for n in (700, 600, 330)]
    thin = quality_of(*tables, "rich")
    document, said = look(write_quality_page(thin, tmp_path / "page.html"), tmp_path)
    assert "other classes" in document
    assert "data-broken" not in document
    assert said == []


def test_a_page_is_replaced_whole(found, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old")
    write_quality_page(found, path)
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert list(tmp_path.iterdir()) == [path]
