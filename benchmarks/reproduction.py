"""Write docs/reproduction.md and its figures from the results of the article's and the tutorial's runs.

    python benchmarks/reproduction.py [--results docs/results] [--docs docs] [--check]

Needs no hours: it reads the compact results that are committed (`equipoise export RUN -o FILE.sqlite.gz` makes them).
With --check nothing is written, and it fails if the page is not what the results say.
"""

import argparse
import difflib
import sys
from pathlib import Path
from typing import Any

import jinja2

from equipoise.analysis.frames import Results
from equipoise.report.figures import figures, standalone
from equipoise.report.summary import summarize
from equipoise.results.store import Store

HERE = Path(__file__).parent
SHOWN = {
    "article": (
        "headline", "untreated-f1", "levels-0", "gap-closed-0", "rates-gap", "rates-f1", "boxes-calibrated",
        "f1-quality-calibrated", "gain-cost",
    ),
    "tutorial": ("errors-0", "confusion"),
    "scarce": ("scarcity",),
}  # fmt: skip
WIDTH, SCALE = 620, 1.5
SHORT = "article-headline-short.png"  # for the README: rows as they are decided on by default


def summary_of(path: Path) -> dict[str, Any]:
    """Give all that the page of a run says, and what the run was made with."""
    with Store.open(path) as store:
        results = Results.read(store)
    trials = results.trials
    found = summarize(results)
    found["made_with"] = dict(results.run.get("versions", {}))
    found["trials"] = trials["status"].value_counts().to_dict()
    found["cpu_minutes"] = float(trials["total_seconds"].sum()) / 60
    found["figure_titles"] = {figure.name: figure.title for figure in figures(found)}
    counts = results.datasets["class_counts"].iloc[0]
    found["positives"] = min(counts.values()) / sum(counts.values())
    return found


def draw(name: str, summary: dict[str, Any], folder: Path) -> list[str]:
    """Write the figures of a run that the page shows, and give their file names."""
    import vl_convert

    written = []
    for figure in figures(summary):
        if figure.name in SHOWN[name]:
            svg = vl_convert.vegalite_to_svg(standalone(figure, summary, width=WIDTH))
            path = folder / f"{name}-{figure.name}.png"
            path.write_bytes(vl_convert.svg_to_png(svg, scale=SCALE))
            written.append(path.name)
    return written


def draw_short(summary: dict[str, Any], folder: Path) -> str:
    """Write the headline without the rows of tuned thresholds, and give its file's name."""
    import vl_convert

    (headline,) = (f for f in figures(summary) if f.name == "headline")
    spec = standalone(headline, summary, width=WIDTH)
    kept = [row for row in spec["datasets"][headline.table] if " + " not in row["label"]]
    spec["datasets"][headline.table] = kept
    svg = vl_convert.vegalite_to_svg(spec)
    (folder / SHORT).write_bytes(vl_convert.svg_to_png(svg, scale=SCALE))
    return SHORT


def page(summaries: dict[str, dict[str, Any]]) -> str:
    """Give the text of docs/reproduction.md."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters["cell"] = lambda text: str(text).replace("|", "\\|")
    return environment.get_template("reproduction.md.j2").render(**summaries)


def main() -> int:
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("docs/results"))
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    summaries = {
        name: summary_of(given.results / f"{name}.sqlite.gz") | {"name": name} for name in SHOWN
    }
    text, target = page(summaries), given.docs / "reproduction.md"
    if given.check:
        lines = difflib.unified_diff(
            target.read_text(encoding="utf-8").splitlines(),
            text.splitlines(),
            "docs",
            "results",
            lineterm="",
        )
        differences = list(lines)
        print("\n".join(differences) or f"{target} says what the results say")
        return 1 if differences else 0
    target.write_text(text, encoding="utf-8")
    folder = given.docs / "figures"
    folder.mkdir(exist_ok=True)
    for name, summary in summaries.items():
        print(*draw(name, summary, folder), sep="\n")
    print(draw_short(summaries["article"], folder))
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
