"""What a reader meets on a page: texts that are hard to read, things that stick out, links that lead nowhere."""

from html.parser import HTMLParser
from pathlib import Path

NARROW = 360
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
# What scrolls inside a box of its own does not stick out.
STICK_OUT = """(() => {
  const wide = e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1;
  const box = e => e.closest(".scroll, .panels .chart");
  const boxed = e => box(e) && getComputedStyle(box(e)).overflowX === "auto";
  return Array.from(document.querySelectorAll("body *")).filter(e => wide(e) && !boxed(e))
    .map(e => `${e.tagName} ${e.textContent.slice(0, 30)} in ${(e.closest("[id]") || e).id}`);
})()"""
OPEN_VALUES = """(async () => {
  document.querySelectorAll("details.values").forEach(fold => { fold.open = true; });
  for (let left = 200; left && document.querySelectorAll(".values > .scroll:empty").length; left -= 1)
    await new Promise(done => setTimeout(done, 20));
})()"""


def values_of(tab, chart):
    """Give the open table of values of a chart: a list of dicts in words."""
    table = tab.run(
        f"""Array.from(document.querySelectorAll("#chart-{chart} + .values tr"), row =>
          Array.from(row.cells, cell => cell.textContent))"""
    )
    return [dict(zip(table[0], row, strict=True)) for row in table[1:]]


def poor_contrast(tab):
    """Give the texts that do not stand out from what is behind them, and how many were looked at."""
    tab.whole()
    found = tab.run(CONTRAST)
    return found["poor"], found["checked"]


def check_narrow(tab, page):
    """Nothing sticks out of a narrow screen."""
    tab.open(page, "#open", width=NARROW)
    tab.run(OPEN_VALUES)
    assert tab.run("document.documentElement.scrollWidth") == NARROW
    assert tab.run(STICK_OUT) == []


def check_readable(tab, page, n_charts):
    """Links lead somewhere, texts stand out, nothing sticks out, every chart has a table of its values."""
    check_links(page.read_text(encoding="utf-8"))
    check_narrow(tab, page)
    for scheme in ("light", "dark"):
        tab.open(page, "#open", scheme=scheme)
        tab.run(OPEN_VALUES)
        poor, checked = poor_contrast(tab)
        assert checked > 50
        assert poor == []
        assert tab.run("document.querySelectorAll('.values td:first-child').length") >= n_charts
        assert tab.run("document.querySelectorAll('.values table').length") == n_charts
        assert tab.said == []


class Anchors(HTMLParser):
    """Collects the places of a page and where its links lead."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.of_nav, self.sections = [], [], [], []
        self.open = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given.get("href", ""))
            if "nav" in self.open:
                self.of_nav.append(given.get("href", ""))
        if tag == "section" and "id" in given:
            self.sections.append(given["id"])
        if tag in ("nav", "main"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            self.open.remove(tag)


def check_links(text):
    """Every link leads to a place that is there once, and the sections' list leaves none of them out."""
    found = Anchors(text)
    assert len(set(found.ids)) == len(found.ids)
    assert found.links
    assert [link for link in found.links if link[:1] != "#" or link[1:] not in found.ids] == []
    assert [link[1:] for link in found.of_nav] == found.sections
