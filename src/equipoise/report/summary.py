"""From the tables of a run to one dictionary that holds everything on its page, words included, and no HTML."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from equipoise.analysis.frames import Results
from equipoise.analysis.gaps import SMALLEST_GAP
from equipoise.analysis.verdicts import ROPE
from equipoise.report import shortfalls
from equipoise.report.across import across
from equipoise.report.charted import Charted, Table, families_drawn
from equipoise.report.claimed import claimed
from equipoise.report.findings import findings, one_split
from equipoise.report.further import Further
from equipoise.report.language_models import language_models
from equipoise.report.ledger import Ledger, keep_ledger
from equipoise.report.rerun import Rerun
from equipoise.report.run_quality import RunQuality
from equipoise.report.scarcity import scarcity
from equipoise.report.words import (
    FAMILY_LABELS,
    GLOSSARY,
    METRICS,
    OPPONENT_LABELS,
    counted,
    tables_text,
)
from equipoise.results.thinned import base_of, share_of
from equipoise.tables.schema import listed

Summary = dict[str, Any]


def summarize(results: Results) -> Summary:
    """Say everything that the page says.

    Parameters
    ----------
    results : Results
        The tables of a run, finished or not.

    Returns
    -------
    dict
        Plain values only (JSON can hold them all): title, asked, progress, found, controls, lookups, tables (of
        the charts), quality, sections of HTML tables, versions, glossary.
    """
    ledger = keep_ledger(results)
    charted = Charted(results, ledger)
    quality = RunQuality(results, ledger)
    further = Further(charted, quality)
    tables = {
        "gains": charted.gains(),
        "levels": charted.levels(),
        "counts": charted.counts(),
        "cost": charted.cost(),
        **quality.tables(),
        **further.tables,
    }
    lookups = {**charted.lookups(), **further.lookups}
    plan = ledger.plans[0] if ledger.plans else ""
    found = findings(ledger, ledger.metrics[0], plan) if ledger.metrics else None
    return {
        "title": _title(results, ledger),
        "asked": _asked(results, ledger),
        "progress": _progress(results),
        "found": found,
        "found_in": {"metric": METRICS[ledger.metrics[0]] if ledger.metrics else "", "plan": plan},
        **_evidence(results, ledger, plan, further.rerun),
        "main_opponent": ledger.headline_opponent,
        "main_words": OPPONENT_LABELS[ledger.headline_opponent],
        "opponents": ledger.opponents,
        "failed_everywhere": any((t["verdict"] == "failed").any() for t in ledger.within.values()),
        "pooled": ledger.pooled,
        "gap_excluded": {
            METRICS[m]: list(found_.excluded)
            for m, found_ in ledger.gaps.items()
            if found_.excluded
        },
        "tables": tables,
        "quality": quality.section(),
        "lookups": lookups,
        "chosen": further.chosen,
        "families": _families(tables["gains"], lookups),
        "quality_families": _families(tables["quality"], lookups),
        **_captions(results, ledger, further),
        "datasets": _datasets(results),
        "trouble": _trouble(results),
        "fallbacks": _fallbacks(results),
        "short": shortfalls.off_count(results),
        "notes": _notes(results),
        "versions": _versions(results),
    }


def _captions(results: Results, ledger: Ledger, further: Further) -> dict[str, Any]:
    """Give what stands at the charts in words, and the glossary."""
    models = language_models(results)
    return {
        "rope": ROPE,
        "smallest_gap": SMALLEST_GAP,
        "one_split": one_split(ledger, ledger.metrics[0]) if ledger.metrics else "",
        "trend": further.trend_words,
        "trend_drawn": further.trend_drawn,
        "not_ranked": further.not_ranked,
        "method_notes": [*models.values(), *shortfalls.sentences(results)],
        "glossary": [*map(list, GLOSSARY), *map(list, models.items())],
    }


def _evidence(results: Results, ledger: Ledger, plan: str, rerun: Rerun) -> dict[str, Any]:
    """Give the sections that are tables in words; None each where a run has nothing for it."""
    metric = ledger.metrics[0] if ledger.metrics else ""
    return {
        "across": across(results, ledger, metric, plan) if metric else None,
        "claims": claimed(results),
        "rerun": rerun.section(),
        "scarcity": scarcity(ledger, metric) if metric else None,
    }


def _families(table: Table, lookups: dict[str, list[Any]]) -> list[dict[str, str]]:
    """Give the key of a chart: the families that it draws."""
    drawn = families_drawn(table, lookups)
    return [{"name": f, "label": word} for f, word in FAMILY_LABELS.items() if word in drawn]


def _title(results: Results, ledger: Ledger) -> str:
    names = list(results.datasets["name"]) or ledger.datasets
    name = str(results.run.get("experiment", "") or "")
    bases, on = list(dict.fromkeys(map(base_of, names))), tables_text(names)
    if own := _own_title(results, names):
        start = f"{own} A" if own.endswith(("?", "!", ".")) else f"{own}: a"
        return own if len(bases) == len(names) else f"{start} fair trial on {on}"
    if _declared(results):
        return name
    if len(bases) == 1:
        return f"A fair trial on {names[0] if len(names) == 1 else bases[0]}{on.removeprefix('1 table')}"
    if not names:
        return f"{name or 'A fair trial'}: nothing has run yet"
    return (
        f"{name[:1].upper()}{name[1:]}: a fair trial on {on}" if name else f"A fair trial on {on}"
    )


def _own_title(results: Results, names: list[str]) -> str:
    """Give the experiment's own title; empty where it has none, or where the run is not of all its tables."""
    options = dict(results.run.get("options", {}) or {})
    whole = bool(options.get("files")) or set(options.get("datasets") or ()) == set(names)
    return str(options.get("title") or "") if whole else ""


def _declared(results: Results) -> str:
    """Give the sentence in which a run says which rules of the fair trial it breaks on purpose; empty if none."""
    return str(dict(results.run.get("options", {}) or {}).get("declares", ""))


def _asked(results: Results, ledger: Ledger) -> list[str]:
    """Say what was asked, in sentences."""
    asked = results.asked if len(results.asked) else results.trials
    methods = [m for m in dict.fromkeys(asked["method"]) if m != "identity"]
    tables = list(dict.fromkeys(asked["dataset"]))
    repeats = asked["repeat"].nunique()
    bases = list(dict.fromkeys(map(base_of, tables)))
    on = f"on {listed(bases)}" if len(bases) <= 8 else f"on {len(bases)} tables"
    on += _thinned(tables)
    question = (
        f"Does treating the imbalance of the training rows help a classifier {on}, and against what? "
        f"{counted(len(methods), 'method')} of making or dropping rows"
        + (f" ({listed(methods)})" if 0 < len(methods) <= 24 else "")
        + (
            f", on the plan{'s' * (len(ledger.plans) > 1)} {listed(ledger.plans)}"
            if ledger.plans
            else ""
        )
        + ", beside answers that leave the rows as they are: class weights, thresholds, tamer classifiers."
    )
    declared = _declared(results)
    how = "folds of stratified five-fold partitions, so that five test every row once"
    met = asked[["method", "dataset", "repeat"]].drop_duplicates()["method"].value_counts()
    everybody = "Every method met the same" if met.nunique() < 2 else "Methods met on the same"
    unlike = (
        " Some were asked for on fewer of them, as is said beside them."
        if met.nunique() > 1
        else ""
    )
    folds = f"{everybody} {counted(int(repeats), 'split')}" + (
        f" ({'random ones' if declared else how})."
        if repeats > 1
        else ": one split has no interval."
    )
    by = [f"Classifier: {listed(ledger.classifiers)}."] if ledger.classifiers else []
    return [question, " ".join([folds + unlike, *by]), *([declared] if declared else [])]


def _thinned(tables: Iterable[str]) -> str:
    """Say with which shares of their training rows tables were used; empty where all were whole."""
    shares = sorted(set(map(share_of, tables)))
    if shares in ([], [1.0]):
        return ""
    words = ["all" if share == 1 else f"{100 * share:g} %" for share in shares]
    return f" (with {listed(words)} of the training rows)"


def _progress(results: Results) -> dict[str, Any]:
    """Count what is done, failed, skipped and left, and say it."""
    status = results.trials["status"].value_counts().to_dict()
    left = results.unfinished()
    counts = {k: int(status.get(k, 0)) for k in ("done", "failed", "timeout", "skipped")}
    counts["left"] = len(left)
    said = []
    if counts["left"]:
        said.append(
            f"This run is not finished: {counted(counts['left'], 'trial')} of {len(results.asked)} still to run. "
            "What is missing is absent from the means below."
        )
    bad = counts["failed"] + counts["timeout"]
    if bad:
        said.append(
            f"{counted(bad, 'trial')} failed or ran out of time; each counts as no gain and is named below."
        )
    if counts["skipped"]:
        said.append(
            f"{counted(counts['skipped'], 'trial')} declared as skipped: absent, with the reason below."
        )
    return {"counts": counts, "sentences": said, "total": len(results.asked)}


def _datasets(results: Results) -> list[dict[str, Any]]:
    rows = []
    for entry in results.datasets.itertuples(index=False):
        counts = {str(k): int(v) for k, v in entry.class_counts.items()}
        kinds = pd.Series(list(entry.kinds.values()), dtype=object).value_counts()
        least, most = (min(counts.values()), max(counts.values())) if counts else (0, 0)
        rows.append(
            {
                "name": entry.name,
                "rows": int(entry.n_rows),
                "columns": len(entry.kinds),
                "kinds": ", ".join(f"{n} {kind}" for kind, n in kinds.items()),
                "classes": counts,
                "ratio": round(most / least, 2) if least else None,
                "unscored": list(entry.unscored),
                "warnings": list(entry.warnings),
                "hash": str(entry.content_hash)[:12],
            }
        )
    return rows


def _splits(repeats: pd.Series, asked: int) -> str:
    """Name repeats shortly: "all 5", "1, 3"."""
    found = sorted({int(r) for r in repeats})
    if len(found) == asked > 1:
        return f"all {asked}"
    return ", ".join(str(r) for r in found) if len(found) <= 6 else f"{len(found)} splits"


def _trouble(results: Results) -> list[dict[str, str]]:
    """Give failures, timeouts and skips, one line per table, method and reason."""
    asked = results.splits()
    bad = results.trials[results.trials["status"] != "done"]
    words = {"failed": "failed", "timeout": "out of time", "skipped": "skipped"}
    rows = [
        {
            "dataset": dataset,
            "method": method,
            "status": words.get(status, status),
            "splits": _splits(group["repeat"], asked[dataset]),
            "reason": reason,
        }
        for (dataset, method, status, reason), group in bad.groupby(
            ["dataset", "method", "status", "reason"], sort=False
        )
    ]
    return sorted(rows, key=lambda r: r["status"] == "skipped")


def _fallbacks(results: Results) -> list[dict[str, Any]]:
    asked = results.splits()
    taken = results.deliveries[results.deliveries["fallback"] != ""]
    return [
        {
            "dataset": dataset,
            "method": method,
            "label": label,
            "plans": listed(list(dict.fromkeys(group["plan"]))),
            "splits": _splits(group["repeat"], asked[dataset]),
            "reason": reason,
        }
        for (dataset, method, label, reason), group in taken.groupby(
            ["dataset", "method", "label", "fallback"], sort=False
        )
    ]


def _notes(results: Results) -> list[dict[str, Any]]:
    """Give the notes of the trials (unseen levels and the like), each with how often it came."""
    seen: dict[tuple[str, str], list[str]] = {}
    for trial in results.trials.itertuples(index=False):
        for note in trial.notes if isinstance(trial.notes, (tuple, list)) else ():
            seen.setdefault((trial.dataset, str(note)), []).append(trial.method)
    rows: list[dict[str, Any]] = [
        {
            "dataset": d,
            "note": note,
            "times": len(methods),
            "methods": listed(list(dict.fromkeys(methods))[:6]),
        }
        for (d, note), methods in seen.items()
    ]
    return sorted(rows, key=lambda r: -r["times"])[:200]


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_flat(v)}" for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_flat(v) for v in value)
    return str(value)


def _versions(results: Results) -> list[list[str]]:
    run = results.run
    rows = [["experiment", run.get("experiment", "")], ["seed", run.get("seed", "")]]
    rows += [["started", run.get("created", "")], ["machine", _flat(run.get("machine", ""))]]
    rows += [[k, v] for k, v in dict(run.get("versions", {}) or {}).items()]
    rows += [[f"asked: {k}", _flat(v)] for k, v in dict(run.get("options", {}) or {}).items()]
    return [[str(k), str(v)] for k, v in rows if str(v) != ""]
