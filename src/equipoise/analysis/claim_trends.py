"""Whether faithful rows are useful rows: rank correlations within tables, over methods, and between tables."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from equipoise.analysis.claim import Claim, Judged
from equipoise.analysis.claim_statistics import SCORE, paired, scaled
from equipoise.analysis.frames import Results
from equipoise.analysis.intervals import Interval
from equipoise.analysis.rules import Finding, Measured, check, count, decide
from equipoise.analysis.wording import level, signed
from equipoise.seeds import generator

PERMUTATIONS = 20_000
BY_CHANCE = "± what chance alone gives in 95 % of permutations"
LEAST_METHODS = 4
LEAST_TABLES = 4  # below that Fisher's interval of a correlation over tables does not exist


def points(claim: Claim, results: Results) -> pd.DataFrame:
    """Give quality and score of each method, table and split.

    Returns
    -------
    DataFrame
        Columns dataset, repeat, method, quality (raw), calibrated (mean of the table), score, gain.
    """
    quality = results.quality[(results.quality["label"] == "") & (results.quality["item"] == "")]
    mine = quality[(quality["metric"] == SCORE) & quality["method"].isin(claim.methods)]
    named = mine.rename(columns={"value": "quality"})[["dataset", "repeat", "method", "quality"]]
    calibrated = scaled(results)[["dataset", "method", "calibrated"]]
    named = named.merge(calibrated, on=["dataset", "method"], how="left")
    gains = paired(results, claim.metric, "identity")
    here = gains[
        gains["plan"].isin(claim.plans) & (gains["decision"] == "plain")
        & (gains["classifier"] == "xgboost") & ~gains["failed"]
    ]  # fmt: skip
    here = here[["dataset", "repeat", "method", "score", "gain"]]
    return named.merge(here, on=["dataset", "repeat", "method"])


def on_every_table(table: pd.DataFrame) -> set[str]:
    """Give the methods that have rows for every table that anybody has rows for."""
    held = table.groupby("method")["dataset"].nunique()
    return set(held[held == table["dataset"].nunique()].index)


def _standard_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give ranks in each row (T, k), centred and of length one, so that products are correlations; 0 if all tie."""
    ranks = stats.rankdata(values, axis=1)
    ranks = ranks - ranks.mean(axis=1, keepdims=True)
    length = np.sqrt((ranks**2).sum(axis=1, keepdims=True))
    return np.divide(ranks, length, out=np.zeros_like(ranks), where=length > 0)


def rank_correlations(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give Spearman's correlation (T,) of two tables (T, methods), row by row; 0 where one side is all ties."""
    return np.einsum("tk,tk->t", _standard_ranks(a), _standard_ranks(b))


def within(claim: Claim, results: Results) -> Judged:
    """Mean over tables of the rank correlation of quality and score over the methods that ran on every table.

    Gains stand for scores: within a table they differ by a constant, and gains stay paired where a split is missing.
    It stands with ends that reach as far as chance does, and are no confidence interval: the 95 % quantile of the
    correlation's size when the methods' labels are permuted, in the same way on all tables, since a method that is good
    on one table is good on others.
    """
    table = points(claim, results)
    means = table.groupby(["dataset", "method"])[["quality", "gain"]].mean()
    quality, score = (means[c].unstack().dropna(axis="columns") for c in ("quality", "gain"))
    if quality.shape[1] < LEAST_METHODS:
        return Judged(claim, "cannot be told", "too few methods that ran on every table")
    rho = rank_correlations(quality.to_numpy(), score.to_numpy())
    value = float(rho.mean())
    by_chance = permuted(quality.to_numpy(), score.to_numpy(), generator(0, "claims", claim.name))
    reach = float(np.quantile(np.abs(by_chance), 0.95))
    p = float((np.abs(by_chance) >= abs(value) - 1e-12).mean())
    ends = max(value - reach, -1.0), min(value + reach, 1.0)
    found = Interval(value, *ends, (reach / 1.96) ** 2, 1e6, math.nan, p, len(rho))
    one = check("mean rank correlation", found, claim.region, kind=BY_CHANCE)
    measured = Measured("makers", (one,))
    reliable = reliability(table[table["method"].isin(quality.columns)])
    verdict: Finding = decide(count([measured]), claim.quantifier)
    if not reliable >= claim.given["reliability"]:
        verdict = "cannot be told"
    left_out = sorted(set(claim.methods) - set(quality.columns))
    notes = [
        f"p by permuting {quality.shape[1]} methods {p:.3f}; "
        f"split-half reliability of the gains {level(reliable, 2)}; "
        + "by table " + ", ".join(f"{d} {signed(r, 2)}" for d, r in zip(quality.index, rho, strict=True)),
    ]  # fmt: skip
    if left_out:
        notes.append(f"without {', '.join(left_out)}, which did not run on every table")
    shown = f"mean rank correlation {signed(value, 2)} ± {reach:.2f} ({BY_CHANCE})"
    return Judged(claim, verdict, shown, (measured,), tuple(notes))


def permuted(
    quality: NDArray[np.float64], score: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Give the mean correlation of `PERMUTATIONS` permutations of the methods, each the same on all tables."""
    # Sums over tables, of any pair of methods.
    products = _standard_ranks(quality).T @ _standard_ranks(score)
    k = len(products)
    orders = rng.permuted(np.tile(np.arange(k), (PERMUTATIONS, 1)), axis=1)
    return products[np.arange(k), orders].sum(axis=1) / len(quality)


def reliability(table: pd.DataFrame) -> float:
    """Give the split-half reliability of the gains over methods: even against odd splits, stepped up."""
    mean = (
        table.assign(odd=table["repeat"] % 2).groupby(["odd", "dataset", "method"])["gain"].mean()
    )
    halves = [mean.loc[k].unstack() for k in (0, 1) if k in mean.index.levels[0]]
    if len(halves) < 2 or halves[0].isna().to_numpy().any() or halves[1].isna().to_numpy().any():
        return math.nan
    r = float(rank_correlations(halves[0].to_numpy(), halves[1].to_numpy()).mean())
    return 2 * r / (1 + r) if r > -1 else -1.0


def chance(metric: str, n_classes: int) -> float:
    """Give the score of a guess: a half for an area under the curve, 1/C for F1 of C classes."""
    return 0.5 if metric.endswith("roc_auc") else 1 / n_classes


def between(claim: Claim, results: Results) -> Judged:
    """Rank correlation over tables of mean quality and mean score above chance, (s - c) / (1 - c).

    Means are over the methods that ran on every table; else tables would differ by who ran.
    """
    table = points(claim, results)
    everywhere = on_every_table(table)
    left_out = sorted(set(table["method"]) - everywhere)
    table = table[table["method"].isin(everywhere)]
    if table.empty or table["dataset"].nunique() < LEAST_TABLES:
        return Judged(claim, "cannot be told", "too few tables in this run")
    means = table.groupby("dataset")[["quality", "score"]].mean()
    named = results.datasets.set_index("name")
    guessed = np.array(
        [chance(claim.metric, len(named.loc[d, "class_counts"])) for d in means.index]
    )
    corrected = (means["score"].to_numpy() - guessed) / (1 - guessed)
    rho = float(stats.spearmanr(means["quality"], corrected).statistic)
    critical = claim.given["critical"]
    verdict: Finding = "cannot be told"
    if round(abs(rho), 3) >= critical and len(means) == 6:  # 31/35, which the bound rounds up
        verdict = "holds" if rho > 0 else "does not hold"
    notes = [] if len(means) == 6 else ["the bound is that of six tables"]
    if left_out:
        notes.append(f"without {', '.join(left_out)}, which did not run on every table")
    value = f"rank correlation over {len(means)} tables {signed(rho, 2)}"
    return Judged(claim, verdict, value, (), tuple(notes))
