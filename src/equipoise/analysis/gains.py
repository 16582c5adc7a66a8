"""Gains over an opponent, paired by split; inside a table and over several."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.analysis.intervals import RHO, beyond_these_tables, over_these_tables, student
from equipoise.analysis.opponents import OPPONENTS, TREATMENT, home_classifier, opposing_scores
from equipoise.analysis.scarcity import whole_tables
from equipoise.analysis.signed_ranks import bayesian_signed_rank, holm, wilcoxon_exact
from equipoise.analysis.verdicts import ROPE, verdict
from equipoise.errors import OptionError
from equipoise.results.thinned import base_of

FAILED = ("failed", "timeout")
EVERY_PLAN = ""  # the plan of a method that failed wherever it was tried
BESIDE_EVERY_PLAN = ("none", EVERY_PLAN)


def scores(observations: pd.DataFrame, metric: str, part: str = "test") -> pd.DataFrame:
    """Give one score per dataset, repeat and treatment: columns dataset, repeat, `TREATMENT`, score.

    Raises
    ------
    OptionError
        The observations do not hold that metric.
    """
    chosen = observations[
        (observations["metric"] == metric)
        & (observations["label"] == "")
        & (observations["part"] == part)
    ]
    if chosen.empty and not observations.empty:
        known = sorted(observations.loc[observations["label"] == "", "metric"].unique())
        raise OptionError(f"the results hold no metric {metric!r}, only {', '.join(known)}")
    table = chosen[["dataset", "repeat", *TREATMENT, "value"]].rename(columns={"value": "score"})
    return table.dropna(subset=["score"]).reset_index(drop=True)


def failed_cells(table: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """Give the cells that failed trials leave empty: dataset, repeat, `TREATMENT`.

    A failed trial stands for every treatment that its method has elsewhere in the run. One that has failed everywhere
    stands for `EVERY_PLAN` under the plain decision of each home classifier that untreated rows have.
    """
    failed = trials[trials["status"].isin(FAILED)][["dataset", "repeat", "method"]]
    if failed.empty:
        return pd.DataFrame(columns=["dataset", "repeat", *TREATMENT])
    known = table[TREATMENT].drop_duplicates()
    base = table[(table["method"] == "identity") & (table["decision"] == "plain")]
    lost = sorted(set(failed["method"]) - set(known["method"]))
    if lost and not base.empty:
        present = set(base["classifier"])
        homes = dict.fromkeys(home_classifier(c, present) for c in base["classifier"])
        extra = pd.DataFrame(
            [(m, EVERY_PLAN, "plain", c) for m in lost for c in homes], columns=TREATMENT
        )
        known = pd.concat([known, extra], ignore_index=True)
    return failed.merge(known, on="method")[["dataset", "repeat", *TREATMENT]]


def pair(table: pd.DataFrame, trials: pd.DataFrame, opponent: str) -> pd.DataFrame:
    """Pair every treatment's score with its opponent's in the same split.

    A failure counts as no gain and is marked; a declared skip, and what has not run yet, is absent.

    Parameters
    ----------
    table : DataFrame
        As `scores` gives it.
    trials : DataFrame
        Columns dataset, repeat, method, status.
    opponent : str
        "identity", "balanced", "ladder", "threshold", "tuned", "bagging" or "best-simple".

    Returns
    -------
    DataFrame
        Columns dataset, repeat, `TREATMENT`, home, score, opponent_score, gain, failed.
    """
    if opponent not in OPPONENTS:
        raise OptionError(f"there is no opponent {opponent!r}; choose from {', '.join(OPPONENTS)}")
    empty = failed_cells(table, trials)
    full = pd.concat([table.assign(failed=False), empty.assign(failed=True)], ignore_index=True)
    full["failed"] = full["failed"].astype(bool)
    paired = opposing_scores(full, opponent)
    paired = paired.dropna(subset=["opponent_score"])
    paired["gain"] = np.where(paired["failed"], 0.0, paired["score"] - paired["opponent_score"])
    return paired.reset_index(drop=True)


def gains(
    observations: pd.DataFrame, trials: pd.DataFrame, metric: str, opponent: str = "identity"
) -> pd.DataFrame:
    """Give the gains in a metric over an opponent, paired by split, as `pair` does.

    Examples
    --------
    >>> from equipoise.analysis.gains import gains, within_tables
    >>> paired = gains(observations, trials, "macro_f1")          # doctest: +SKIP
    >>> within_tables(paired)[["dataset", "method", "gain", "low", "high"]]  # doctest: +SKIP
    """
    return pair(scores(observations, metric), trials, opponent)


def families(table: pd.DataFrame) -> Iterator[NDArray[np.intp]]:
    """Give the positions of the rows that are shown together: same table, home classifier and plan.

    What has no plan (untreated rows, methods that always failed) stands beside every plan, so it is in every family.
    """
    keys = [c for c in ("dataset", "home") if c in table.columns]
    for rows in table.groupby(keys, sort=False).indices.values():
        plans = table["plan"].iloc[rows].to_numpy()
        beside = np.isin(plans, BESIDE_EVERY_PLAN)
        named = dict.fromkeys(plans[~beside])
        for plan in named or [EVERY_PLAN]:
            yield rows[beside | (plans == plan)]


def _holm_in_families(table: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Give p-values after Holm's correction; what is in several families keeps its largest."""
    adjusted = np.full(len(table), np.nan)
    p = table[column].to_numpy(dtype=float)
    for rows in families(table):
        adjusted[rows] = np.fmax(adjusted[rows], holm(p[rows]))
    return adjusted


def judged(table: pd.DataFrame, splits: pd.Series, rope: float = ROPE) -> pd.DataFrame:
    """Add Holm's p over everything that is shown together (see `families`), and the word.

    Failures have no spread, so where half of the splits failed or more the interval tells nothing.
    """
    table = table.assign(p_holm=_holm_in_families(table, "p"))
    ends = zip(table["low"], table["high"], table["p_holm"], strict=True)
    words = pd.Series([verdict(*end, rope) for end in ends], index=table.index, dtype=object)
    words = words.where(2 * table["n_failed"] < splits, "cannot be told")
    table["verdict"] = words.where(table["n_failed"] < splits, "failed")
    return table


def within_tables(paired: pd.DataFrame, rho: float = RHO, rope: float = ROPE) -> pd.DataFrame:
    """Give each treatment's mean gain on each table with its Nadeau-Bengio interval.

    Holm's correction is over the treatments that are shown together: same table, home classifier and plan.

    Parameters
    ----------
    paired : DataFrame
        As `pair` gives it.
    rho : float, default=0.25
        Test rows over training rows.
    rope : float, default=0.01

    Returns
    -------
    DataFrame
        Columns dataset, `TREATMENT`, home, n (splits), n_failed, score, opponent_score, gain, low,
        high, variance, df, p, p_holm, verdict. `score` and `opponent_score` are means where the method did not fail.
    """
    met = paired["opponent_score"].where(~paired["failed"])
    paired = paired.assign(opponent_score=met)
    grouped = paired.groupby(["dataset", *TREATMENT, "home"], sort=False)
    table = grouped[["score", "opponent_score", "gain"]].mean()
    table.insert(0, "n", grouped.size())
    table.insert(1, "n_failed", grouped["failed"].sum().astype(int))
    table["variance"] = (1 / table["n"] + rho) * grouped["gain"].var(ddof=1)
    table["df"] = table["n"] - 1.0
    table = table.reset_index()
    low, high, _, p = student(table["gain"], table["variance"], table["df"])
    table = table.assign(low=low, high=high, p=p)
    return judged(table, table["n"], rope)


def over_tables(
    within: pd.DataFrame, rope: float = ROPE, datasets: Sequence[str] = ()
) -> pd.DataFrame:
    """Give each treatment's mean gain over the tables, on these tables and beyond them.

    Parameters
    ----------
    within : DataFrame
        As `within_tables` gives it; a column ``asked`` (splits asked for), if it is there, is summed too.
    rope : float, default=0.01
    datasets : sequence of str, optional
        Every table that was asked for, if some of them may have no gain at all.

    Returns
    -------
    DataFrame
        Columns `TREATMENT`, home, n (tables), absent (names of the tables where the treatment has no result), n_splits,
        n_failed, asked (splits), score, opponent_score, gain, low, high, variance, df, p (these tables), beyond_low,
        beyond_high (tables like these), wilcoxon_p, wilcoxon_holm, p_holm, verdict. Thinned forms of a table
        (``hmeq@0.1``) count as that one table.
    """
    within = whole_tables(within)
    everywhere = list(dict.fromkeys([*map(base_of, datasets), *within["dataset"]]))
    asked = within["asked"] if "asked" in within.columns else within["n"]
    grouped = within.assign(asked=asked).groupby([*TREATMENT, "home"], sort=False)
    table = grouped[["score", "opponent_score"]].mean()
    table["n"] = grouped.size()
    sums = grouped[["n", "n_failed", "asked"]].sum()
    table[["n_splits", "n_failed", "asked"]] = sums[["n", "n_failed", "asked"]].astype(int)
    rows = []
    for _, group in grouped:
        here = over_these_tables(group["gain"], group["variance"], group["df"])
        there = beyond_these_tables(group["gain"])
        seen = set(group["dataset"])
        rows.append(
            (here.mean, here.low, here.high, here.variance, here.df, here.p, there.low, there.high)
            + (wilcoxon_exact(group["gain"]), tuple(d for d in everywhere if d not in seen))
        )
    columns = ["gain", "low", "high", "variance", "df", "p", "beyond_low", "beyond_high"]
    columns += ["wilcoxon_p", "absent"]
    found = pd.DataFrame(rows, columns=columns, index=table.index)
    table = pd.concat([table, found], axis=1).reset_index()
    table["wilcoxon_holm"] = _holm_in_families(table, "wilcoxon_p")
    return judged(table, table["n_splits"], rope)


def equivalence(
    within: pd.DataFrame, rng: np.random.Generator, rope: float = ROPE, draws: int = 50_000
) -> pd.DataFrame:
    """Give each treatment's Bayesian signed-rank probabilities over tables: `TREATMENT`, n, left, rope, right."""
    rows = []
    within = whole_tables(within)
    for key, group in within.groupby(TREATMENT, sort=False):
        found = bayesian_signed_rank(group["gain"], rng, rope, draws)
        rows.append((*key, len(group), found.left, found.rope, found.right))
    return pd.DataFrame(rows, columns=[*TREATMENT, "n", "left", "rope", "right"])
