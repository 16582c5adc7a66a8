"""How far more rows change what a treatment does: gap closed and F1 gained by growth rate, relative to untreated rows.

Both are those of the benchmark article: (gap_identity - gap) / gap_identity, and (F1 - F1_identity) / F1_identity.
Inside a table each is a ratio of means over splits; over tables, a mean of those ratios.
"""

import pandas as pd

from equipoise.analysis.gaps import TRAINS_ON_FEWER_ROWS

GROW = "grow:"
BALANCE = "balance"


def growth_rate(plan: str) -> float | None:
    """Give the rate of a plan that grows every class by the same rate; None for any other."""
    kind, _, rate = plan.partition(":")
    return float(rate) if kind + ":" == GROW and rate else None


def rate_plans(plans: list[str]) -> list[str]:
    """Give the plans of a comparison by rate: balancing first, then the rates, rising; [] for fewer than two rates."""
    rates = {plan: rate for plan in plans if (rate := growth_rate(plan)) is not None}
    if len(rates) < 2:
        return []
    return [p for p in plans if p == BALANCE] + sorted(rates, key=rates.__getitem__)


def by_rate(per_table: pd.DataFrame) -> pd.DataFrame:
    """Give gap closed and relative gain of every method, table and plan; the plain decision, for methods that can grow.

    A failed split counts as no change. What failed in every split of a table stands as no change, and is marked.

    Parameters
    ----------
    per_table : DataFrame
        As `gaps.GapTable.per_table`.

    Returns
    -------
    DataFrame
        Columns dataset, method, plan, classifier, closed (NaN where the untreated gap is too small), relative, lost.
    """
    grown = {m for m, p in zip(per_table["method"], per_table["plan"], strict=True) if GROW in p}
    grown -= set(TRAINS_ON_FEWER_ROWS)
    mine = per_table[per_table["method"].isin(grown) & (per_table["decision"] == "plain")]
    comparable = [p for p in mine["plan"].unique() if p == BALANCE or growth_rate(p) is not None]
    mine = mine[mine["plan"].isin(comparable)]
    found = mine[["dataset", "method", "plan", "classifier"]].copy()
    found["closed"] = mine["improvement"]
    found["relative"] = mine["test_change"] / mine["base_test"].where(mine["base_test"] > 0)
    found["lost"] = mine["n_failed"] >= mine["n"]
    return found.reset_index(drop=True)


def mean_by_rate(table: pd.DataFrame) -> pd.DataFrame:
    """Average over tables: columns method, plan, classifier, closed, relative, tables (with a result)."""
    grouped = table.groupby(["method", "plan", "classifier"], sort=False)
    means = grouped[["closed", "relative"]].mean()
    means["tables"] = grouped["dataset"].nunique()
    means["lost"] = grouped["lost"].all()
    return means.reset_index()
