"""What the claims are decided by: gains, gaps and scores of quality, paired by split, as means over the tables."""

from dataclasses import replace

import numpy as np
import pandas as pd

from equipoise.analysis.claim import Claim, Judged, in_words, verdict_on
from equipoise.analysis.frames import Results
from equipoise.analysis.gains import EVERY_PLAN, FAILED, failed_cells, pair, scores
from equipoise.analysis.gaps import with_base
from equipoise.analysis.intervals import (
    Interval,
    beyond_these_tables,
    corrected,
    over_these_tables,
)
from equipoise.analysis.kept import once_a_run
from equipoise.analysis.opponents import TREATMENT
from equipoise.analysis.pooled import counts_table, split_gains
from equipoise.analysis.quality import Scale, within_tables
from equipoise.analysis.rules import (
    LEVEL,
    Check,
    Measured,
    Region,
    check,
    count,
    spread_between,
)
from equipoise.analysis.signed_ranks import holm
from equipoise.results.records import REFERENCE

SCORE = "overall-quality"
SCALES = {SCORE: Scale("independent", True)}
HOME = "xgboost"
BETTER = Region(0.0, float("inf"))
TELLING_CHANGE = -0.01  # of the test score: a gap that closes with less lost than this is progress


def over_splits(table: pd.DataFrame, value: str) -> Interval:
    """Give the mean over tables of a value's means over splits, with the interval on these very tables.

    Parameters
    ----------
    table : DataFrame
        Columns dataset, repeat and the value; several rows of a split are averaged first.
    value : str
    """
    per_split = table.groupby(["dataset", "repeat"], sort=False)[value].mean()
    found = [corrected(group) for _, group in per_split.groupby(level="dataset", sort=False)]
    return over_these_tables(
        [f.mean for f in found], [f.variance for f in found], [f.df for f in found]
    )


def held(
    name: str, table: pd.DataFrame, value: str, region: Region, *, level: bool = False
) -> Check:
    """Hold the mean over tables of a value against a region, with the interval for tables like these beside it.

    Parameters
    ----------
    name : str
    table : DataFrame
    value : str
        As `over_splits` takes them.
    region : Region
    level : bool, default=False
    """
    found = check(name, over_splits(table, value), region, level=level)
    per_split = table.groupby(["dataset", "repeat"], sort=False)[value].mean()
    return _beside(found, per_split.groupby(level="dataset", sort=False).mean())


def _beside(found: Check, means: pd.Series) -> Check:
    there = beyond_these_tables(means)
    return replace(found, beyond_low=there.low, beyond_high=there.high)


def rows_of(claim: Claim, table: pd.DataFrame, method: str) -> pd.DataFrame:
    """Give a method's rows under the plans and the decision of a claim; a method that always failed has no plan."""
    mine = (table["method"] == method) & (table["decision"] == claim.given.get("decision", "plain"))
    return table[
        mine & (table["classifier"] == HOME) & table["plan"].isin([*claim.plans, EVERY_PLAN])
    ]


def lacking(results: Results, table: pd.DataFrame) -> list[str]:
    """Say on which tables there is nothing, and on which some splits are missing."""
    everywhere = list(results.datasets["name"]) or sorted(results.observations["dataset"].unique())
    held = {
        str(d): int(n) for d, n in table.groupby("dataset", sort=False)["repeat"].nunique().items()
    }
    notes = []
    if absent := [d for d in everywhere if d not in held]:
        notes.append(f"not on {', '.join(absent)}")
    asked = results.splits()
    notes += [f"{n} of {asked[d]} splits on {d}" for d, n in held.items() if n < asked.get(d, 0)]
    return notes


def noted(claim: Claim, results: Results, method: str, table: pd.DataFrame) -> tuple[str, ...]:
    """Say where a method has no result, and where a failure stands as no gain."""
    notes = lacking(results, table)
    failed = results.trials[results.trials["status"].isin(FAILED)]
    n = int((failed["method"] == method).sum())
    if n:
        notes.append(f"{n} trials failed and count as no gain")
    held = table.groupby(["dataset", "repeat"])["plan"].nunique()
    whole = len(claim.plans)
    partly = held[held < whole].index.get_level_values("dataset").unique()
    if whole > 1 and len(partly):
        notes.append(f"not on every plan of {', '.join(partly)}")
    return tuple(notes)


def mostly_failed(table: pd.DataFrame) -> bool:
    """Whether a method failed in half of its splits or more."""
    by_split = table.groupby(["dataset", "repeat"], sort=False)["failed"].any()
    return bool(by_split.mean() >= 0.5)


@once_a_run
def paired(results: Results, metric: str, opponent: str) -> pd.DataFrame:
    """Give gains over an opponent, as `gains.pair` does; of worst-class F1 over pooled folds where it can be."""
    table = pair(scores(results.observations, metric), results.trials, opponent)
    if metric != "worst_f1" or results.predictions.empty:
        return table
    failed = failed_cells(scores(results.observations, metric), results.trials)
    pooled = split_gains(_counts(results), failed, opponent, results.scored())
    return table.drop(columns="gain").merge(
        pooled, on=["dataset", "repeat", *TREATMENT, "home"], how="inner"
    )


@once_a_run
def _counts(results: Results) -> pd.DataFrame:
    return counts_table(results.predictions)


def gain(claim: Claim, results: Results) -> Judged:
    """Gain over an opponent."""
    opponent = claim.given["opponent"]
    table = paired(results, claim.metric, opponent)
    measured = []
    for method in claim.methods:
        mine = rows_of(claim, table, method)
        if len(mine):
            found = held(f"gain over {opponent}", mine, "gain", claim.region)
            notes = noted(claim, results, method, mine)
            measured.append(Measured(method, (found,), notes, mostly_failed(mine)))
    judged = verdict_on(claim, measured)
    if "at_most_a_quarter_above" in claim.given:
        judged = _not_too_many(judged, claim, table)
    return judged


def _not_too_many(judged: Judged, claim: Claim, table: pd.DataFrame) -> Judged:
    """Refute the claim if more than a quarter of the methods clearly gain more than it allows."""
    above = Region(claim.given["at_most_a_quarter_above"], float("inf"))
    found = []
    for one in judged.measured:
        mine = over_splits(rows_of(claim, table, one.method), "gain")
        found.append(replace(one, checks=(check("gain", mine, above),)))
    winners = count(found).inside
    if len(winners) > len(found) / 4:
        return replace(
            judged,
            verdict="does not hold",
            notes=(*judged.notes, f"{', '.join(winners)} clearly gain"),
        )
    return judged


def gap_reduction(claim: Claim, results: Results) -> Judged:
    """Gap between train and test of untreated rows, minus that of the treatment."""
    table = _reduction(results, claim.metric)
    measured = []
    for method in claim.methods:
        mine = rows_of(claim, table, method)
        if mine.empty:
            continue
        notes = list(noted(claim, results, method, mine))
        found = held("gap reduced by", mine, "reduction", claim.region)
        change = over_splits(mine, "change")
        if found.value > 0 and not change.low > TELLING_CHANGE:
            notes.append(
                "by a lower train score alone, as far as can be told: the test score changes by "
                f"{in_words(check('', change, BETTER))}"
            )
        measured.append(Measured(method, (found,), tuple(notes), mostly_failed(mine)))
    return verdict_on(claim, measured)


@once_a_run
def _reduction(results: Results, metric: str) -> pd.DataFrame:
    table = with_base(results.observations, results.trials, metric)
    return table.assign(
        reduction=(table["base_train"] - table["base_test"]) - (table["train"] - table["test"]),
        change=table["test"] - table["base_test"],
    )


def class_gap(claim: Claim, results: Results) -> Judged:
    """Gap of the rarest scored class minus that of the commonest, of untreated rows."""
    obs = results.observations
    mine = obs[
        (obs["method"] == "identity") & (obs["decision"] == "plain") & (obs["classifier"] == HOME)
        & (obs["metric"] == "f1") & (obs["label"] != "")
    ]  # fmt: skip
    wide = mine.pivot_table(index=["dataset", "repeat", "label"], columns="part", values="value")
    gaps = (wide["train"] - wide["test"]).rename("gap").reset_index() if len(wide) else wide
    rows = []
    for entry in results.datasets.rename(columns={"name": "table"}).itertuples(index=False):
        sizes = {c: n for c, n in entry.class_counts.items() if c not in set(entry.unscored)}
        here = gaps[gaps["dataset"] == entry.table] if len(gaps) else gaps
        if len(set(sizes.values())) < 2 or here.empty:  # no class is the rarest
            continue
        of = {c: here[here["label"] == c].set_index("repeat")["gap"] for c in sizes}
        apart = of[min(sizes, key=sizes.__getitem__)] - of[max(sizes, key=sizes.__getitem__)]
        rows += [(entry.table, repeat, value) for repeat, value in apart.items()]
    table = pd.DataFrame(rows, columns=["dataset", "repeat", "apart"])
    found = held("gap of the rarest class minus the commonest", table, "apart", claim.region)
    notes = tuple(lacking(results, table.dropna()))
    return verdict_on(claim, [Measured("identity", (found,), notes)] if len(table) else [])


def new_rows(claim: Claim, results: Results) -> Judged:
    """Share of new rows minus that of fresh ones, and share of rows too close to training rows."""
    table = results.quality[(results.quality["label"] == "") & (results.quality["item"] == "")]
    new = table[table["metric"] == "new-row-synthesis"]
    fresh = new[new["method"] == f"{REFERENCE}fresh"][["dataset", "repeat", "value"]]
    apart = new.merge(fresh, on=["dataset", "repeat"], suffixes=("", "_of_fresh"))
    apart = apart.assign(excess=apart["value"] - apart["value_of_fresh"])
    close = table[table["metric"] == "too-close"]
    limit = Region(float("-inf"), claim.given["too_close_below"])
    measured = []
    for method in claim.methods:
        mine, near = apart[apart["method"] == method], close[close["method"] == method]
        if mine.empty or near.empty:
            continue
        checks = (
            held("new rows beyond fresh ones", mine, "excess", claim.region),
            held("too close", near, "value", limit, level=True),
        )
        measured.append(Measured(method, checks, tuple(lacking(results, mine))))
    return verdict_on(claim, measured)


@once_a_run
def scaled(results: Results) -> pd.DataFrame:
    """Give overall quality within tables, raw and calibrated."""
    return within_tables(results.quality[results.quality["label"] == ""], SCALES)


def calibrated_quality(claim: Claim, results: Results) -> Judged:
    """Overall quality between independent columns (0) and real rows (1), and raw beside it."""
    within = scaled(results).dropna(subset=["calibrated"])
    measured = []
    for method in claim.methods:
        mine = within[within["method"] == method]
        if mine.empty:
            continue
        found = over_these_tables(mine["calibrated"], mine["variance"], mine["df"])
        raw = f"raw {mine['value'].mean():.3f}, independent columns {mine['floor'].mean():.3f}"
        whole = results.quality[results.quality["method"] == method]
        scored = whole[whole["dataset"].isin(mine["dataset"])]
        notes = (raw, *lacking(results, scored))
        one = check("calibrated quality", found, claim.region, level=True)
        measured.append(Measured(method, (_beside(one, mine["calibrated"]),), notes))
    return verdict_on(claim, measured)


def rate_slope(claim: Claim, results: Results) -> Judged:
    """Slope of the score on the logarithm of the rate, and the gap's reduction at the least rate."""
    rates = {plan: float(plan.partition(":")[2]) for plan in claim.plans}
    x = {plan: np.log(rate) for plan, rate in rates.items()}
    least = min(rates, key=rates.__getitem__)
    table = paired(results, claim.metric, claim.given["opponent"])
    reduced = _reduction(results, claim.metric)
    measured = []
    for method in claim.methods:
        mine = rows_of(claim, table, method)
        named = mine[mine["plan"] != EVERY_PLAN]
        if named["plan"].nunique() < 2:
            continue
        named = named.assign(x=named["plan"].map(x))
        slopes = named.groupby(["dataset", "repeat"]).apply(
            lambda g: np.polyfit(g["x"], g["gain"], 1)[0] if len(g) > 1 else np.nan,
            include_groups=False,
        )
        slopes = slopes.dropna().rename("slope").reset_index()
        at_least = rows_of(replace(claim, plans=(least,)), reduced, method)
        checks = (
            held("slope on log rate", slopes, "slope", claim.region),
            held(f"gap reduced at {least}", at_least, "reduction", BETTER),
        )
        notes = noted(claim, results, method, mine)
        measured.append(Measured(method, checks, notes, mostly_failed(mine)))
    return verdict_on(claim, measured)


def heterogeneity(claim: Claim, results: Results) -> Judged:
    """How much the gain differs between tables, beyond what their folds explain."""
    table = paired(results, claim.metric, claim.given["opponent"])
    measured = []
    for method in claim.methods:
        mine = rows_of(claim, table, method)
        found = [corrected(group["gain"]) for _, group in mine.groupby("dataset", sort=False)]
        found = [f for f in found if f.n > 1]
        if found:
            spread = spread_between(
                [f.mean for f in found],
                [f.variance for f in found],
                [f.df for f in found],
                claim.region,
                "SD between tables",
            )
            notes = noted(claim, results, method, mine)
            measured.append(Measured(method, (spread,), notes, mostly_failed(mine)))
    return verdict_on(claim, measured)


def dominance(claim: Claim, results: Results) -> Judged:
    """Whether a method beats all others everywhere, or each is beaten somewhere: gains of each pair, split by split."""
    table = paired(results, claim.metric, "identity")
    by_method = {m: rows_of(claim, table, m) for m in claim.methods}
    by_method = {m: rows for m, rows in by_method.items() if len(rows)}
    notes = [f"{m}: {n}" for m, rows in by_method.items() for n in noted(claim, results, m, rows)]
    if len(by_method) < 2:
        return Judged(claim, "cannot be told", "fewer than two methods to compare in this run")
    mine = pd.concat([rows.assign(method=m) for m, rows in by_method.items()])
    wide = mine.pivot_table(index=["dataset", "repeat"], columns="method", values="gain")
    measured = tuple(Measured(m, ()) for m in by_method)
    master = [m for m in by_method if _beats_all(m, wide)]
    if master:
        value = f"{master[0]} beats all others and leads on every table"
        return Judged(claim, "does not hold", value, measured, tuple(notes))
    unbeaten = [m for m in by_method if not _beaten_somewhere(m, wide)]
    value = f"{len(by_method) - len(unbeaten)} of {len(by_method)} methods are clearly beaten by another on some table"
    if unbeaten:
        notes.append(f"not clearly beaten anywhere: {', '.join(unbeaten)}")
    return Judged(claim, "cannot be told" if unbeaten else "holds", value, measured, tuple(notes))


def _beaten_somewhere(method: str, wide: pd.DataFrame) -> bool:
    """Whether some rival is clearly better on some table, after Holm over all rivals on all tables.

    ``wide`` holds gains: a row per dataset and repeat, a column per method.
    """
    apart = wide.drop(columns=method).sub(wide[method], axis="index")
    found = [
        corrected(here[rival].dropna())
        for _, here in apart.groupby(level="dataset")
        for rival in here
    ]
    p = [check("", f, BETTER).inside for f in found if f.n > 1]
    return bool(p) and bool(holm(p).min() < LEVEL)


def _beats_all(method: str, wide: pd.DataFrame) -> bool:
    """Whether a method clearly beats all others in the mean over tables and leads on every table.

    It must have run on every table; a rival is beaten where both ran.
    """
    apart = -wide.drop(columns=method).sub(wide[method], axis="index")
    means = apart.groupby(level="dataset").mean()
    leads = (means > 0) | means.isna()
    if not leads.all(axis=None) or means.isna().all(axis="columns").any():
        return False
    found = [over_splits(apart[rival].dropna().reset_index(), rival) for rival in apart]
    return bool(holm([check("", f, BETTER).inside for f in found]).max() < LEVEL)
