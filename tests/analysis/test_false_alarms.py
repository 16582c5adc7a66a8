"""Where two treatments are equal, a difference is claimed no oftener than announced; where they are not, it is found.

Learners are fitted on overlapping splits of a table that is drawn anew each time (`overlapping`): their difference is
the luck of that one sample, which splits share, so that an interval from splits taken as independent is too short.
"""

import numpy as np
import pandas as pd
import pytest
from overlapping import FOLDS, observed, scores
from scipy import stats

from equipoise.analysis.claim import claims
from equipoise.analysis.claims import STATISTICS
from equipoise.analysis.frames import COLUMNS, Results
from equipoise.analysis.gains import gains, over_tables, within_tables
from equipoise.analysis.intervals import RHO

RUNS, TABLES, PARTITIONS = 500, 6, 4
LEVEL = 0.05
PAIR = [("identity", "none", "plain"), ("smote", "balance", "plain")]
NO_TRIALS = pd.DataFrame(columns=COLUMNS["trials"])
SPLITS = pytest.mark.parametrize("partitions", [1, PARTITIONS], ids=["5 splits", "20 splits"])


def at_most(level, n):
    """Give the share that n tries of this level reach by chance: two standard errors above it."""
    return level + 2 * (level * (1 - level) / n) ** 0.5


def of_many_runs(seed, apart):
    """Give test scores (runs x tables, splits, 2) of two learners."""
    rng = np.random.default_rng(seed)
    return scores(rng, RUNS * TABLES, apart, PARTITIONS)


@pytest.fixture(scope="module")
def equal():
    return of_many_runs(1, (1.0, 1.0))


@pytest.fixture(scope="module")
def unequal():
    return of_many_runs(2, (1.0, 1.7))


def first(scored, partitions):
    return scored[:, : partitions * FOLDS]


def on_each(scored, rho=RHO):
    """Take test scores through the analysis of single tables, in the order of the tables."""
    found = within_tables(gains(observed(PAIR, scored), NO_TRIALS, "macro_f1"), rho)
    return found.assign(table=found["dataset"].astype(int)).sort_values("table")


def on_six(scored, rho=RHO):
    """Take test scores through the analysis over six tables, all runs at once: each has a method of its own."""
    within = on_each(scored, rho)
    return over_tables(within.assign(method="run " + (within["table"] // TABLES).astype(str)))


def alarms(found):
    return float(((found["low"] > 0) | (found["high"] < 0)).mean())


def test_neither_learner_is_better_and_splits_of_a_table_share_their_luck(equal):
    gain = equal[..., 1] - equal[..., 0]
    mean = gain.mean(axis=1)
    assert abs(mean.mean()) < 3 * mean.std() / len(mean) ** 0.5
    # Folds of one partition share training rows, and no test row
    between_folds = np.corrcoef(gain[:, :FOLDS].T)[np.triu_indices(FOLDS, 1)]
    assert between_folds.mean() > 0.03
    between_splits = np.corrcoef(gain.T)[np.triu_indices(PARTITIONS * FOLDS, 1)]
    assert between_splits.mean() > 0.15


@SPLITS
def test_one_table_claims_no_more_than_announced(equal, partitions):
    found = on_each(first(equal, partitions))
    assert len(found) == RUNS * TABLES
    assert set(found["n"]) == {partitions * FOLDS}
    assert alarms(found) <= at_most(LEVEL, len(found))
    assert found["verdict"].isin(["helps", "hurts"]).mean() <= at_most(LEVEL, len(found))


@SPLITS
def test_six_tables_claim_no_more_than_announced(equal, partitions):
    found = on_six(first(equal, partitions))
    assert len(found) == RUNS
    assert set(found["n"]) == {TABLES}
    assert set(found["n_splits"]) == {TABLES * partitions * FOLDS}
    assert alarms(found) <= at_most(LEVEL, RUNS)


def test_without_the_correction_they_claim_far_more(equal):
    """Else the two tests above would pass whatever the correction: this is what they guard against."""
    assert alarms(on_each(first(equal, 1), rho=0)) > at_most(LEVEL, RUNS * TABLES)
    assert alarms(on_each(equal, rho=0)) > 4 * LEVEL
    assert alarms(on_six(equal, rho=0)) > 4 * LEVEL


def power(found):
    """Give the share of runs that a t test finds whose mean errs as much as its intervals say.

    Intervals err on the long side, so that the share found can only be larger: means scatter less than that.
    """
    error, df = found["variance"].mean() ** 0.5, found["df"].mean()
    return float(stats.nct.sf(stats.t.ppf(1 - LEVEL / 2, df), df, found["gain"].mean() / error))


@SPLITS
def test_a_real_effect_is_found_as_often_as_its_size_allows(unequal, partitions):
    found = on_six(first(unequal, partitions))
    expected = power(found)
    assert expected > 0.8
    share = (found["low"] > 0).mean()
    assert share >= expected - 2 * (expected * (1 - expected) / RUNS) ** 0.5
    assert (found["high"] < 0).mean() == 0


# Of each rule: whom it is measured against, and who is measured; all are equal learners.
TREATMENTS_OF = {
    "tvae-gains-by-growth": [("identity", "none", "plain")]
    + [("tvae", f"grow:{rate}", "plain") for rate in ("0.1", "0.25", "0.5")],
    "smote-no-more-than-threshold": [
        ("identity", "none", "threshold"), ("smote", "balance", "plain"),
    ],
    "custom-weights-reduce-gap": [("identity", "none", "plain"), ("identity", "none", "ladder")],
}  # fmt: skip


def verdicts(name, runs, beyond=0.0):
    """Give the verdicts on a claim in many runs whose true gain lies this far above the border of its region.

    Every learner knows its training rows by heart, as boosted trees nearly do, so that gaps differ as test scores do.
    """
    claim = next(c for c in claims() if c.name == name)
    border = claim.region.low if np.isfinite(claim.region.low) else claim.region.high
    treatments = TREATMENTS_OF[name]
    rng = np.random.default_rng(3)
    test = scores(rng, runs * TABLES, (1.0,) * len(treatments), PARTITIONS)
    train = np.ones_like(test)
    test[..., 1:] += border + beyond
    keys = observed(treatments, test[:TABLES], train[:TABLES]).drop(columns="value")
    found = []
    for run in range(runs):
        mine = slice(run * TABLES, (run + 1) * TABLES)
        values = np.concatenate([test[mine].ravel(), train[mine].ravel()])
        results = Results(observations=keys.assign(value=values))
        found.append(STATISTICS[claim.statistic](claim, results).verdict)
    return found


@pytest.mark.truth
@pytest.mark.parametrize("name", TREATMENTS_OF)
def test_a_rule_whose_truth_lies_on_its_border_decides_seldom_on_either_side(name):
    found = verdicts(name, RUNS)
    for verdict in ("holds", "does not hold"):
        assert found.count(verdict) / RUNS <= at_most(LEVEL / 2, RUNS), verdict


@pytest.mark.parametrize("name", TREATMENTS_OF)
def test_a_rule_whose_truth_lies_far_from_its_border_decides_for_it(name):
    above, below = (set(verdicts(name, 10, beyond)) for beyond in (0.3, -0.3))
    sides = [{"holds"}, {"does not hold"}]
    assert [above, below] == (sides[::-1] if name == "smote-no-more-than-threshold" else sides)
