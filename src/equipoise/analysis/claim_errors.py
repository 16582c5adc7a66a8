"""What the tutorial's claims are decided by: errors in percent over its seeds, and their paired changes."""

import pandas as pd

from equipoise.analysis import tutorial
from equipoise.analysis.claim import PERCENT, Claim, Judged, verdict_on
from equipoise.analysis.frames import Results
from equipoise.analysis.gains import FAILED
from equipoise.analysis.intervals import corrected
from equipoise.analysis.rules import Measured, check

POSITIVE = ">50K"  # the class that the tutorial balances


def tutorial_error(claim: Claim, results: Results) -> Judged:
    """Error of a treatment in percent, over seeds."""
    treatment = claim.given["treatment"]
    errors = _errors(claim, results, treatment)
    checks = (check("error", corrected(errors), claim.region, level=True),)
    return verdict_on(claim, [Measured(treatment, checks)] if len(errors) else [], unit=PERCENT)


def tutorial_change(claim: Claim, results: Results) -> Judged:
    """Paired change of the error, in points of percent."""
    treatment, against = claim.given["treatment"], claim.given["against"]
    base = _errors(claim, results, against)
    change = (_errors(claim, results, treatment) - base).dropna()
    trials = results.trials
    lost = trials[trials["status"].isin(FAILED) & (trials["method"] == treatment)]["repeat"]
    lost = sorted(set(lost) & set(base.index) - set(change.index))
    change = pd.concat([change, pd.Series(0.0, index=lost)])
    if change.empty:
        return verdict_on(claim, [])
    name = f"change of the {claim.given['class'] or 'overall'} error"
    checks = (check(name, corrected(change), claim.region),)
    seeds = max(results.splits().values(), default=0)
    notes = [f"{len(lost)} trials failed and count as no change"] if lost else []
    if len(change) < seeds:
        notes.append(f"{len(change)} of {seeds} seeds")
    mostly = 2 * len(lost) >= len(change)
    return verdict_on(claim, [Measured(treatment, checks, tuple(notes), mostly)], unit=" points")


def _errors(claim: Claim, results: Results, treatment: str) -> pd.Series:
    """Give the error in percent of a treatment under the plain decision, by seed."""
    table = tutorial.errors(results.observations)
    label = POSITIVE if claim.given["class"] == "positive" else ""
    mine = table[
        (table["method"] == treatment) & (table["decision"] == "plain") & (table["label"] == label)
    ]
    return mine.set_index("repeat")["error"]
