"""What the runs of `advise.py` say, as the tables of docs/advise.md."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advice_laws import SETTINGS, Setting
from equipoise.analysis.intervals import corrected, over_these_tables

ROPE = 0.01
SURE = 3.0  # reported standard errors
Rows = list[dict[str, Any]]


def _read(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(folder.glob("*.json")):
        yield path.stem.rpartition("-")[0], json.loads(path.read_text())


def measured(folder: Path) -> dict[str, pd.DataFrame]:
    """Give the gains on fresh rows by law: a row a table, a column a candidate."""
    seen: dict[str, Rows] = defaultdict(list)
    for law, gains in _read(folder / "truth"):
        seen[law].append(gains)
    return {law: pd.DataFrame(gains) for law, gains in seen.items()}


def attainable(gains: pd.DataFrame) -> float:
    """Give what the best candidate gains on other tables than those that named it: the best of many noisy means is not.

    The mean over 200 ways to part the tables in halves; one half names the best, the other measures it.
    """
    rng, n = np.random.default_rng(0), len(gains)
    found = []
    for _ in range(200):
        order = rng.permutation(n)
        named = gains.iloc[order[: n // 2]].mean().idxmax()
        found.append(gains.iloc[order[n // 2 :]][named].mean())
    return float(np.mean(found))


def law_rows(folder: Path) -> Rows:
    """Give one row of figures a law."""
    gains = measured(folder)
    found: dict[str, Rows] = defaultdict(list)
    for law, table in _read(folder / "tables"):
        found[law].append(table)
    return [
        _law_row(SETTINGS[law], found[law], gains[law])
        for law in SETTINGS
        if law in found and law in gains
    ]


def _law_row(setting: Setting, tables: Rows, gains: pd.DataFrame) -> dict[str, Any]:
    truth = gains.mean().to_dict()
    best = max(truth, key=lambda name: truth[name])
    lean = np.array([truth[t["lean"]] for t in tables])
    verdict = np.array([truth[t["verdict"]] for t in tables])
    low, high = (np.array([t[end] for t in tables]) for end in ("low", "high"))
    middle, half = (low + high) / 2, (high - low) / 2
    miss = np.abs(lean - middle) / np.maximum(half, 1e-9)
    counts = setting.counts
    return {
        "law": setting.name,
        "shape": f"{sum(counts):,} rows, {len(counts)} classes, {max(counts) / min(counts):.3g} to 1",
        "classifier": setting.classifier.rpartition(":")[2],
        "seconds": setting.budget,
        "n": len(tables),
        "best": best,
        "gain": truth[best],
        "attainable": attainable(gains),
        "error": float(np.mean([t["sd"] for t in tables])),
        "nothing": float(np.mean([t["verdict"] == "do nothing" for t in tables])),
        "verdict": float(verdict.mean()),
        "lean": float(lean.mean()),
        "covered": float(((low - 1e-12 <= lean) & (lean <= high + 1e-12)).mean()),
        "half": float(half.mean()),
        "wide": float(1 / max(np.quantile(np.where(half > 1e-9, miss, 0.0), 0.95), 1e-9)),
    }


def law_tables(folder: Path) -> str:
    """Write the table of laws, and what it comes to."""
    rows = law_rows(folder)
    lines = [
        "| law | table | classifier | seconds | tables | best in hindsight | its gain | verdict is nothing | "
        "verdict gains | best guess gains | interval covers | half-width |",
        "| --- |" + " --- |" * 11,
    ]
    for r in rows:
        lines.append(
            f"| {r['law']} | {r['shape']} | {r['classifier']} | {r['seconds']:g} | {r['n']} | {r['best']} | "
            f"{r['gain']:+.3f} | {r['nothing']:.0%} | {r['verdict']:+.3f} | {r['lean']:+.3f} | "
            f"{r['covered']:.0%} | {r['half']:.3f} |"
        )
    return "\n".join([*lines, "", *_summary(rows)])


def _summary(rows: Rows) -> list[str]:
    total = sum(r["n"] for r in rows)
    flat = [r for r in rows if r["gain"] <= ROPE]
    sure = [r for r in rows if r["gain"] >= SURE * r["error"] and r["gain"] > ROPE]
    flat_runs = sum(r["n"] for r in flat)
    nothing = sum(r["nothing"] * r["n"] for r in flat) / max(flat_runs, 1)
    kept = sum(r["verdict"] for r in sure) / max(sum(r["gain"] for r in sure), 1e-9)
    leans = sum(r["lean"] for r in rows)
    lean = leans / max(sum(r["gain"] for r in rows), 1e-9)
    acted = sum(r["verdict"] for r in rows) / max(sum(r["gain"] for r in rows), 1e-9)
    fair = leans / max(sum(r["attainable"] for r in rows), 1e-9)
    covered = sum(r["covered"] * r["n"] for r in rows) / max(total, 1)
    worst = min(rows, key=lambda r: r["covered"])
    wide = float(np.median([r["wide"] for r in rows if r["half"] > 1e-9]))
    return [
        f"- Nothing gains more than the rope on {len(flat)} laws ({', '.join(r['law'] for r in flat)}): the verdict is "
        f"to do nothing in {nothing:.0%} of {flat_runs} runs.",
        f"- The best gains three reported standard errors or more on {len(sure)} laws "
        f"({', '.join(r['law'] for r in sure)}): the verdict keeps {kept:.0%} of it.",
        f"- The best guess keeps {lean:.0%} of the best gains over all laws, {fair:.0%} of what the best gain on "
        f"other tables than those that named them; the verdict keeps {acted:.0%}.",
        f"- The interval covers the truth on {covered:.1%} of {total} tables; worst law {worst['law']} with "
        f"{worst['covered']:.0%}.",
        f"- Its half-width, median over laws, is {wide:.2f} times what would cover exactly 95 %.",
    ]


def article_table(folder: Path) -> str:
    """Write the table of the articles' tables: gains on the outer folds, over doing nothing and over fixed recipes."""
    found: dict[str, Rows] = defaultdict(list)
    for name, fold in _read(folder / "articles"):
        found[name].append(fold)
    names = [n for n in next(iter(found.values()))[0]["scores"] if n != "nothing"]
    fixed = [n for n in names if n.startswith("always")]
    lines = ["| table | folds | nothing | " + " | ".join(names) + " | says nothing |"]
    lines.append("| --- |" + " --- |" * (len(names) + 3))
    gains: dict[str, list[Any]] = defaultdict(list)
    for table, folds in found.items():
        scores = {n: np.array([f["scores"][n] for f in folds]) for n in ["nothing", *names]}
        for n in names:
            gains[n].append(corrected(scores[n] - scores["nothing"]))
        for n in fixed:
            gains[f"over {n}"].append(corrected(scores["verdict"] - scores[n]))
        nothing = np.mean([f["verdict"] == "do nothing" for f in folds])
        cells = " | ".join(f"{gains[n][-1].mean:+.3f}" for n in names)
        lines.append(
            f"| {table} | {len(folds)} | {scores['nothing'].mean():.3f} | {cells} | {nothing:.0%} |"
        )
    means = {n: _pooled(gains[n]) for n in gains}
    cells = " | ".join(_words(means[n]) for n in names)
    lines.append(f"| mean over tables [95 %] | | | {cells} | |")
    best = max(fixed, key=lambda n: means[n].mean)
    lines += [
        "",
        f"- Against doing nothing the verdict gains {_words(means['verdict'])}.",
        f"- The best fixed recipe is {best}; against it the verdict gains {_words(means[f'over {best}'])}.",
    ]
    return "\n".join(lines)


def _pooled(found: list[Any]) -> Any:
    values = ([getattr(f, word) for f in found] for word in ("mean", "variance", "df"))
    return over_these_tables(*(np.array(v) for v in values))


def _words(interval: Any) -> str:
    return f"{interval.mean:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"
