"""The page is one file that loads nothing, draws everything, and lets no name from a table become markup or script."""

import json
import re
import time
from html.parser import HTMLParser

import pytest
from browser import look, needs_browser
from fake_run import FakeRun
from hostile_names import CLEAN, HOSTILE, hostile_run

from equipoise.analysis.frames import Results
from equipoise.report.figures import figures, scopes_of, standalone, write_figures
from equipoise.report.listings import listings
from equipoise.report.page import json_for_script, render, scripts, write_page
from equipoise.report.summary import summarize


class Elements(HTMLParser):
    """Collects elements with their attributes, and what scripts hold."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def hostile():
    return summarize(hostile_run())


def check_free_of_injection(text):
    elements = Elements(text).found
    assert not [a for _, a in elements if a.get("id") == "hacked" or "onerror" in a]
    assert not [t for t, _ in elements if t == "img"]
    assert "49{%" not in text


@pytest.fixture(scope="module")
def page(summary):
    return render(summary)


def test_the_page_loads_nothing(page):
    for tag, attributes in Elements(page).found:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base")
        assert "src" not in attributes
        assert not attributes.get("href", "#").startswith(("http", "//", "file"))
    style = re.search(r"<style>(.*?)</style>", page, re.S).group(1)
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in page


def test_the_page_is_light_and_quickly_made(summary, page):
    assert len(page.encode()) < 4_000_000
    start = time.process_time()
    render(summary)
    assert time.process_time() - start < 10


def test_the_bundled_scripts_cannot_end_their_element():
    assert "</script" not in scripts()
    assert "<!--" not in scripts()


def test_json_in_a_script_cannot_end_it_and_reads_back():
    value = {name: list(HOSTILE) for name in HOSTILE}
    text = json_for_script(value)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == value
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_for_script([float("nan")])


def test_no_name_from_the_data_is_in_a_specification(hostile):
    for figure in figures(hostile):
        text = json.dumps(figure.spec)
        assert "hacked" not in text
        assert "aaaa" not in text


def test_hostile_names_are_text_in_the_file(hostile):
    text = render(hostile)
    check_free_of_injection(text)
    assert text.count("<script") == len([1 for t, _ in Elements(text).found if t == "script"])


@needs_browser
def test_every_chart_is_drawn_without_a_complaint(summary, tmp_path):
    path = write_page(summary, tmp_path / "report.html")
    document, said = look(path, tmp_path, hold="#open")
    n = len(figures(summary))
    assert f'data-drawn="{n}"' in document
    assert "data-broken" not in document
    assert len(re.findall(r'<svg[^>]*class="marks"', document)) == n
    assert said == []


@needs_browser
def test_print_opens_the_folds_and_waits_for_their_charts(summary, tmp_path):
    """But for the tables of values: what a chart shows is on paper already, unless a reader has opened them."""
    script = """<script>
      window.print = () => {
        document.documentElement.dataset.printed = document.querySelectorAll(".chart svg").length
          + " charts, " + document.querySelectorAll("details:not([open], .values)").length + " closed";
      };
      document.querySelector("nav button").click();
    </script>"""
    page = tmp_path / "page.html"
    page.write_text(render(summary).removesuffix("\n") + script)
    document, said = look(page, tmp_path)
    n = len(figures(summary))
    assert f'data-printed="{n} charts, 0 closed"' in document
    assert "<details>" in document  # closed again afterwards
    assert said == []


@needs_browser
def test_hostile_names_do_nothing_in_a_browser(hostile, tmp_path):
    document, said = look(
        write_page(hostile, tmp_path / "report.html"), tmp_path, width=420, hold="#open"
    )
    check_free_of_injection(document)
    assert f'data-drawn="{len(figures(hostile))}"' in document
    assert said == []


@needs_browser
def test_an_empty_run_is_a_page_that_says_so(tmp_path):
    path = write_page(summarize(Results(run={"experiment": "demo"})), tmp_path / "report.html")
    document, said = look(path, tmp_path)
    assert "There are no scores yet." in document
    assert said == []


MANY_CLASSES = FakeRun(datasets={"many": {f"c{i}": 40 - i for i in range(18)}}, repeats=1, **CLEAN)
ALL_FAILED = FakeRun(
    datasets={"hmeq": {"0": 90, "1": 40}},
    gains={"smote": 0.0, "tvae": 0.0},
    failed=tuple(("hmeq", r, m) for r in range(5) for m in ("smote", "tvae")),
)


@needs_browser
@pytest.mark.parametrize(
    "wish", [MANY_CLASSES, ALL_FAILED], ids=["one table, one split, 18 classes", "all failed"]
)
def test_a_thin_run_still_draws(wish, tmp_path):
    found = summarize(wish.make())
    path = write_page(found, tmp_path / "report.html")
    document, said = look(path, tmp_path, hold="#open")
    assert f'data-drawn="{len(figures(found))}"' in document
    assert said == []


def test_figures_are_written_as_png_svg_and_csv(summary, tmp_path):
    one = {k: v for k, v in summary["tables"].items() if k == "counts"}
    none = {k: {"columns": [], "rows": []} for k in summary["tables"] if k != "counts"}
    written = write_figures({**summary, "tables": one | none}, tmp_path, scale=1)
    # all three tables together, and each by itself; beside them what stays a table on the page
    assert sorted(p.name for p in written if p.suffix == ".png") == [
        *("class-counts-eucalyptus.png", "class-counts-hmeq.png"),
        *("class-counts-ionosphere.png", "class-counts.png", "trial.png"),
    ]
    assert len(written) == 14 + len(listings(summary))
    assert {p.suffix for p in written} == {".png", ".svg", ".csv"}
    for path in written:
        data = path.read_bytes()
        begins = {".png": b"\x89PNG", ".svg": b"<svg", ".csv": b"scope,"}
        if path.suffix != ".csv" or path.stem.startswith("class-counts"):
            assert data.startswith(begins[path.suffix])
        assert b"var(--" not in data


def test_a_figure_for_print_has_its_colours_and_its_data(summary):
    for scope in (0, 2):
        spec = standalone(figures(summary)[0], summary, scope)
        assert "var(--" not in json.dumps(spec)
        rows = [r for r in summary["tables"]["gains"]["rows"] if r[0] == scope]
        assert len(spec["datasets"]["gains"]) == len(rows) > 0
        assert {p["value"] for p in spec["params"] if p["name"] == "scope"} == {scope}


def test_no_table_s_name_leaves_the_folder_of_figures(hostile):
    names = hostile["lookups"]["scope"]
    chart = figures(hostile)[0]
    ends = [end for _, end in scopes_of(chart, names)]
    assert len(set(ends)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]*", end) for end in ends)
    assert scopes_of(chart, [f"t{i}" for i in range(14)]) == [(0, "")]


def test_a_page_is_replaced_whole(summary, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    write_page(summary, path)
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert list(tmp_path.iterdir()) == [path]
