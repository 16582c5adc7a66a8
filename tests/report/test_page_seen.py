"""The page can be read: light and dark, on a narrow screen, on paper, by keys, and soon after it was asked for."""

from pathlib import Path

import pytest
from browser import needs_browser
from fake_run import FakeRun
from hostile_names import hostile_run
from seeing import OPEN_VALUES, STICK_OUT, check_links, check_narrow, poor_contrast, values_of

from equipoise.analysis.frames import Results
from equipoise.report.figures import figures
from equipoise.report.page import write_page
from equipoise.report.style import DARK, LIGHT, TONES
from equipoise.report.summary import summarize
from equipoise.report.words import FAMILY_LABELS
from equipoise.results.store import Store

pytestmark = pytest.mark.truth  # minutes in a browser; test_page.py has what a change breaks first

COMMITTED = Path(__file__).parents[2] / "docs" / "results"
PAPER = 718  # pixels of the width of A4 between margins of one centimetre
MOST_SECONDS = 2.0
MOST_BYTES = 5_000_000


def summary_of(name):
    with Store.open(COMMITTED / f"{name}.sqlite.gz") as store:
        return summarize(Results.read(store))


@pytest.fixture(scope="module")
def pages(summary, rerun_summary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    thinned = FakeRun(
        datasets={f"t{i}{end}": {"a": 200, "b": 60} for i in range(5) for end in ("@0.1", "")},
        repeats=2,
        noise=0.001,
    )
    found = {"run": summary, "rerun": rerun_summary}
    found |= {"thinned": summarize(thinned.make()), "hostile": summarize(hostile_run())}
    return {name: write_page(s, folder / f"{name}.html") for name, s in found.items()}


@pytest.fixture(scope="module")
def article(tmp_path_factory):
    folder = tmp_path_factory.mktemp("article")
    return write_page(summary_of("article"), folder / "article.html")


def seconds_to_open(tab, page, folder):
    """Give the least of five openings over the least of a blank page: what else the machine does only adds."""
    blank = folder / "blank.html"
    blank.write_text("<!DOCTYPE html><title>blank</title>")
    least = [min(tab.open(p) for _ in range(5)) for p in (page, blank)]
    return least[0] - least[1]


def rgb(colour):
    return "rgb({}, {}, {})".format(*(int(colour[i : i + 2], 16) for i in (1, 3, 5)))


@pytest.mark.parametrize("name", ["run", "rerun", "thinned", "hostile"])
def test_every_link_leads_somewhere_and_every_section_is_in_the_list(pages, name):
    check_links(pages[name].read_text(encoding="utf-8"))


def test_a_run_of_thinned_tables_lists_ranks_and_scarce_data(pages):
    text = pages["thinned"].read_text(encoding="utf-8")
    assert 'href="#ranks"' in text
    assert 'href="#scarcity"' in text


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    lower, upper = sorted((luminance(one), luminance(other)))
    return (upper + 0.05) / (lower + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_that_words_are_written_in_stand_out_from_their_paper(palette):
    words = {"ink", "soft", "helps", "hurts", *TONES, *FAMILY_LABELS}
    poor = {
        name: palette[name] for name in words if contrast(palette[name], palette["paper"]) < 4.5
    }
    assert poor == {}
    assert contrast(palette["soft"], palette["band"]) > 4.5  # "failed" stands on the band


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["run", "rerun", "thinned"])
def test_every_text_stands_out_from_what_is_behind_it(tab, pages, name, scheme):
    tab.open(pages[name], "#open", scheme=scheme)
    tab.run(OPEN_VALUES)
    poor, checked = poor_contrast(tab)
    assert checked > 1000
    assert poor == []
    assert tab.said == []


@needs_browser
def test_the_probe_of_contrast_finds_what_is_hard_to_read(tab, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        """<!DOCTYPE html><body style="background: #17191d; color: #fff">
        <p>white</p><p style="color: #b4521a">rust</p><p style="opacity: .3">faint</p>
        <p style="color: #b4521a; font-size: 24px">large rust</p>
        <svg width="90" height="40"><rect width="90" height="40" fill="#fff"/>
          <text y="20" fill="#b07d00">amber</text></svg>
        <svg width="90" height="40"><rect width="90" height="40" fill="#fff"/>
          <text y="20" fill="#000">ink</text></svg>"""
    )
    tab.open(page)
    poor, checked = poor_contrast(tab)
    assert checked == 6
    assert [text.split('"')[1] for text in poor] == ["rust", "faint", "amber"]
    assert [float(text.split()[0]) for text in poor[::2]] == pytest.approx([3.49, 3.63], abs=0.01)


@needs_browser
@pytest.mark.parametrize("name", ["run", "rerun", "thinned", "hostile"])
def test_nothing_sticks_out_of_a_narrow_screen(tab, pages, name):
    check_narrow(tab, pages[name])


@needs_browser
@pytest.mark.parametrize(("scheme", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_page_and_charts_follow_the_colour_scheme(tab, pages, scheme, palette):
    tab.open(pages["run"], scheme=scheme)
    paper, ink, label, band = tab.run(
        """[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color,
          getComputedStyle(document.querySelector("#chart-headline .role-axis-label text")).fill,
          getComputedStyle(document.querySelector("#chart-headline .mark-rect path")).fill]"""
    )
    assert (paper, ink) == (rgb(palette["paper"]), rgb(palette["ink"]))
    assert label == rgb(palette["soft"])
    assert band == rgb(palette["band"])


@needs_browser
@pytest.mark.parametrize("name", ["run", "rerun", "thinned"])
def test_on_paper_everything_is_inside_the_sheet_and_light(tab, pages, name):
    tab.open(pages[name], "#open", scheme="dark")
    tab.dress(width=PAPER, scheme="dark", media="print")
    assert tab.run(STICK_OUT) == []
    assert tab.run("document.documentElement.scrollWidth") == PAPER
    assert tab.run("getComputedStyle(document.body).color") == rgb(LIGHT["ink"])
    hidden, stuck = tab.run(
        """[["nav", ".values"].map(s => document.querySelector(s).checkVisibility()),
          Array.from(document.querySelectorAll("body *"), e => getComputedStyle(e).position)
            .filter(position => position === "sticky").length]"""
    )
    assert hidden == [False, False]
    assert stuck == 0


@needs_browser
def test_every_chart_has_a_table_of_its_values(tab, pages, summary, rerun_summary):
    for name, found in (("run", summary), ("rerun", rerun_summary)):
        tab.open(pages[name], "#open")
        tab.run(OPEN_VALUES)
        drawn = figures(found)
        tables = {f.name: values_of(tab, f.name) for f in drawn}
        assert [name for name, rows in tables.items() if not rows] == []
        labels = tab.run(
            """Array.from(document.querySelectorAll(".values > summary"), s => s.ariaLabel)"""
        )
        assert sorted(labels) == sorted(f"Values of the chart: {f.title}" for f in drawn)
        assert tab.said == []


@needs_browser
def test_values_are_reached_by_keys_and_follow_the_choices(tab, pages, summary):
    tab.open(pages["run"])
    values = "#chart-gains-0 + .values"
    place = f"Array.from(document.querySelectorAll('{values}')).indexOf(document.activeElement.parentElement)"
    for _ in range(200):
        tab.press("Tab", 9)
        if tab.run(place) == 0:
            break
    tab.press("Enter", 13)
    tab.run(
        f"new Promise(done => setInterval(() => document.querySelector('{values} td') && done(), 20))"
    )
    assert check_gains(tab, summary, scope=0)
    tab.run(
        """(() => { const choice = document.querySelector('select[data-steer="scope"]');
          choice.value = "1"; choice.dispatchEvent(new Event("change")); })()"""
    )
    tab.run("new Promise(done => setTimeout(done, 500))")
    assert check_gains(tab, summary, scope=1)


def check_gains(tab, summary, scope):
    """The table of values of the first score has the numbers of the summary, from the best to the worst."""
    table = summary["tables"]["gains"]
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    mine = [r for r in rows if (r["scope"], r["metric"], r["against"]) == (scope, 0, 0)]
    mine = sorted((r for r in mine if r["plan"] in (0, -1)), key=lambda r: r["first"])
    want = [
        (
            summary["lookups"]["treatment"][r["treatment"]],
            "–" if r["gain"] is None else f"{r['gain']:+.4f}".replace("-", "−"),
        )
        for r in mine
    ]
    got = [(r["treatment"], r["gain"]) for r in values_of(tab, "gains-0")]
    assert got == want
    return len(want)


@needs_browser
def test_what_has_no_number_is_not_shown_as_zero(tab, tmp_path):
    failed = tuple(("hmeq", r, "smote") for r in range(5))
    run = FakeRun(datasets={"hmeq": {"0": 90, "1": 40}}, gains={"smote": 0.0}, failed=failed)
    page = write_page(summarize(run.make()), tmp_path / "page.html")
    tab.open(page)
    tab.run(OPEN_VALUES)
    rows = [r for r in values_of(tab, "gains-0") if r["treatment"] == "smote"]
    assert [(r["gain"], r["from"], r["failed splits"], r["verdict"]) for r in rows] == [
        ("–", "–", "5", "Failed")
    ]


@needs_browser
def test_the_page_opens_within_two_seconds(tab, pages, tmp_path):
    assert seconds_to_open(tab, pages["run"], tmp_path) < MOST_SECONDS


def test_the_page_of_the_committed_article_is_light_and_its_links_lead_somewhere(article):
    assert article.stat().st_size < MOST_BYTES
    check_links(article.read_text(encoding="utf-8"))


@needs_browser
def test_the_page_of_the_committed_article_opens_within_two_seconds(tab, article, tmp_path):
    assert seconds_to_open(tab, article, tmp_path) < MOST_SECONDS


@needs_browser
def test_the_page_of_the_committed_article_can_be_read(tab, article):
    for scheme in ("light", "dark"):
        tab.open(article, "#open", scheme=scheme)
        poor, _ = poor_contrast(tab)
        assert poor == []
        assert tab.said == []
    check_narrow(tab, article)
    tab.open(article, "#open")
    tab.run(OPEN_VALUES)
    assert tab.run("document.querySelectorAll('.values > .scroll:empty').length") == 0
    tab.dress(width=PAPER, media="print")
    assert tab.run(STICK_OUT) == []
