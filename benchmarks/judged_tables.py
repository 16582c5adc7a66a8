"""The tables of docs/synthesizers.md that say how every synthesizer was judged, from docs/results/judged.jsonl.

    python benchmarks/judged_tables.py [--check]

With --check nothing is written, and it fails if the page is not what the records say.
"""

import argparse
import math
import sys
from pathlib import Path

import tables
from equipoise.registry import METHODS
from judged_records import REFERENCES, VARIANTS, Records, difference, has_cell, mean
from judged_targets import RIVAL_OF, targets

ROOT = Path(__file__).parents[1]
RECORDS = ROOT / "docs/results/judged.jsonl"
PAGE = ROOT / "docs/synthesizers.md"
START, END = "<!-- made by benchmarks/judged_tables.py -->\n", "<!-- end -->\n"

UNJUDGED = ("identity", "oracle", "undersample")
JUDGED = [*REFERENCES, *(name for name in METHODS if name not in UNJUDGED), *VARIANTS]
SHOWN = {
    "reference-ctgan": "ctgan 0.12.1's CTGAN",
    "reference-tvae": "ctgan 0.12.1's TVAE",
    "tabgpt-table-order": '`tabgpt`, `order="table"`',
}
HEADS = {"steel_plates_fault": "steel"}
SEEDS = (0, 1, 2)
FIGURES = {
    "c2st_unseen": "**Told from unseen real rows** (AUC of XGBoost; 0.5 is as good as real, 1 always)",
    "tstr_f1": "**Train on synthetic, test on real** (macro F1 of XGBoost)",
    "quality": "**SDMetrics' quality** against the training rows",
    "too_close": "**Too close to training rows** (0 for fresh rows, 1 for copies)",
    "fit_cpu_s": "**Seconds of the fit**, one thread",
}


def cell(value: float, metric: str) -> str:
    """Write one figure; a hyphen where there is none."""
    if math.isnan(value):
        return "-"
    if metric == "fit_cpu_s":
        return f"{value:.0f}" if value >= 10 else f"{value:.1f}"
    return f"{value:.2f}"


def row(head: str, values: list[float], metric: str) -> str:
    """Write a row and the mean over the tables, which has no meaning where one is missing."""
    overall = math.fsum(values) / len(values)
    return f"| {head} | " + " | ".join(cell(v, metric) for v in [*values, overall]) + " |"


def figure(records: Records, metric: str) -> list[str]:
    """Write one figure of all methods by tables, mean over seeds."""
    heads = [HEADS.get(name, name) for name in tables.TARGETS]
    lines = [FIGURES[metric], "", "| method | " + " | ".join([*heads, "mean"]) + " |"]
    lines.append("| --- |" + " --- |" * (len(heads) + 1))
    if metric == "tstr_f1":
        real = [mean(records.of("duplicate", t), "trtr_f1") for t in tables.TARGETS]
        lines.append(row("(training rows)", real, metric))
    for method in JUDGED:
        values = [mean(records.of(method, t), metric) for t in tables.TARGETS]
        lines.append(row(SHOWN.get(method, f"`{method}`"), values, metric))
    return [*lines, ""]


def signed(value: float, width: float) -> str:
    """Write a difference with two standard errors of it, and say where it is worse by more."""
    if math.isnan(value):
        return "-"
    return f"{value:+.3f} ± {width:.3f}" + (" worse" if value < -width else "")


def against_the_reference(records: Records) -> list[str]:
    """Write what ours have over the reference, and whether all classes were delivered."""
    lines = ["**Against the reference**, difference over the same seeds, ± two standard errors", ""]
    lines += ["| method | table | quality | macro F1 | classes kept |", "| --- |" + " --- |" * 4]
    for ours, theirs in RIVAL_OF.items():
        for table in tables.TARGETS:
            a, b = records.of(ours, table), records.of(theirs, table)
            found = [signed(*difference(a, b, m)) for m in ("quality", "tstr_f1")]
            kept = " and ".join(
                f"{sum(r['labels'][0] for r in side)} of {sum(r['labels'][1] for r in side)}"
                for side in (a, b)
            )
            head = HEADS.get(table, table)
            lines.append(f"| `{ours}` | {head} | {found[0]} | {found[1]} | {kept} |")
    return [*lines, "", "(Classes summed over seeds, ours and the reference's.)", ""]


def seeds(records: Records) -> str:
    """Say over how many seeds the means are, what is not there yet, and what is of older code."""
    cells = [(m, t) for m in JUDGED for t in tables.TARGETS if has_cell(m, t)]
    usual = [len(records.of(m, t, SEEDS)) == len(SEEDS) for m, t in cells]
    words = f"Means of {len(SEEDS)} seeds"
    if not all(usual):
        words += f" in {sum(usual)} of {len(usual)} cells, of fewer in the others"
    old = [f"`{method}`" for method in records.outdated()]
    if old:
        words += f". Made by an older version of the code: {', '.join(old)}"
    return words + "."


def text(records: Records) -> str:
    """Give all that stands between the two marks."""
    lines = [seeds(records), ""]
    for metric in FIGURES:
        lines += figure(records, metric)
    return "\n".join(lines + against_the_reference(records) + targets(records))


def write_page(*, check: bool = False) -> bool:
    """Write the tables into the page unless it is only to be checked, and say whether it had them."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(START)
    after = rest.split(END, 1)[1]
    whole = before + START + text(Records(RECORDS)) + END + after
    if not check:
        PAGE.write_text(whole, encoding="utf-8")
    return whole == page


def main() -> int:
    """Write the tables, or check them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail if they differ")
    options = parser.parse_args()
    same = write_page(check=options.check)
    return 0 if same or not options.check else 1


if __name__ == "__main__":
    sys.exit(main())
