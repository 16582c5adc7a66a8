"""The tutorial run again: errors in percent, what treatments change of them, and mean confusion matrices.

Tables in, tables out; all of one table and one classifier, as the tutorial has them. A treatment is a method and a
decision; untreated rows are those of `identity` decided by `plain`.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from equipoise.analysis.intervals import corrected
from equipoise.errors import OptionError
from equipoise.metrics.decision import apply_offsets
from equipoise.metrics.utility import confusion
from equipoise.results.records import UNTREATED

NAMES = ["method", "decision"]
PLAIN = "plain"


def errors(observations: pd.DataFrame) -> pd.DataFrame:
    """Give the share of test rows that are misclassified, in percent: of all rows and of each class.

    Parameters
    ----------
    observations : DataFrame
        As `Store.observations` gives them.

    Returns
    -------
    DataFrame
        Columns method, decision, repeat, label, error; the label is empty for all rows.

    Raises
    ------
    OptionError
        A treatment has two errors in one repeat: there are several tables, classifiers or plans.
    """
    test = observations[observations["part"] == "test"]
    whole = (test["metric"] == "accuracy") & (test["label"] == "")
    by_class = (test["metric"] == "recall") & (test["label"] != "")
    found = test[whole | by_class]
    keys = [*NAMES, "repeat", "label"]
    if found.duplicated(keys).any():
        raise OptionError(
            "errors are those of one table, one classifier and one plan a method; these "
            f"observations have {found['dataset'].nunique()}, {found['classifier'].nunique()} and "
            f"{found.groupby('method')['plan'].nunique().max()}"
        )
    table = found[keys].assign(error=100 * (1 - found["value"].astype(float)))
    return table.reset_index(drop=True)


def changes(
    errors: pd.DataFrame,
    treatment: str,
    against: str = UNTREATED,
    label: str = "",
    *,
    decision: str = PLAIN,
    against_decision: str = PLAIN,
) -> pd.DataFrame:
    """Pair two treatments by repeat.

    Parameters
    ----------
    errors : DataFrame
        As `errors` gives it.
    treatment, against : str
        Methods.
    label : str, default=""
        Of a class, or empty for all rows.
    decision, against_decision : str, default="plain"

    Returns
    -------
    DataFrame
        Columns repeat, error, against, change (in points of percent; below 0 is better), for the repeats that both
        have.
    """
    mine, other = (
        errors.loc[
            (errors["method"] == name) & (errors["decision"] == how) & (errors["label"] == label),
            ["repeat", "error"],
        ]
        for name, how in ((treatment, decision), (against, against_decision))
    )
    both = mine.merge(other.rename(columns={"error": "against"}), on="repeat", how="inner")
    return both.assign(change=both["error"] - both["against"]).sort_values(
        "repeat", ignore_index=True
    )


def summary(errors: pd.DataFrame, against: str = UNTREATED) -> pd.DataFrame:
    """Average the errors of every treatment over the repeats, with their change against another method.

    Intervals (95 %) allow for training sets that overlap (Nadeau and Bengio).

    Parameters
    ----------
    errors : DataFrame
        As `errors` gives it.
    against : str, default="identity"
        A method, decided by `plain`.

    Returns
    -------
    DataFrame
        Columns method, decision, label, n (repeats), error, low, high, change, change_low, change_high. The change
        is of the repeats that both have; NaN where there are none.
    """
    rows = []
    for key, group in errors.groupby([*NAMES, "label"], sort=False):
        name, decision, label = (str(part) for part in key)
        level = corrected(group["error"])
        paired = changes(errors, name, against, label, decision=decision)["change"]
        moved = (np.nan,) * 3
        if len(paired):
            found = corrected(paired)
            moved = found.mean, found.low, found.high
        rows.append((name, decision, label, level.n, level.mean, level.low, level.high, *moved))
    columns = [*NAMES, "label", "n", "error", "low", "high", "change", "change_low", "change_high"]
    return pd.DataFrame(rows, columns=columns)


def confusions(predictions: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Average the confusion matrix of every treatment over the repeats.

    Parameters
    ----------
    predictions : DataFrame
        As `Store.predictions` gives them.
    classes : sequence of str
        Labels in the order of the class positions.

    Returns
    -------
    DataFrame
        Columns method, decision, truth, predicted, rows (mean number of test rows) and percent (of the rows of that
        true class; NaN where there are none).
    """
    test = predictions[predictions["part"] == "test"]
    rows = []
    for key, group in test.groupby(NAMES, sort=False):
        tables = [
            confusion(row.truth, apply_offsets(row.probabilities, row.offsets), len(classes))
            for row in group.itertuples(index=False)
        ]
        mean = np.mean(tables, axis=0)  # (C, C)
        totals = mean.sum(axis=1, keepdims=True)
        percent = 100 * np.divide(mean, totals, out=np.full_like(mean, np.nan), where=totals > 0)
        rows += [
            (*key, true, guess, float(mean[i, j]), float(percent[i, j]))
            for i, true in enumerate(classes)
            for j, guess in enumerate(classes)
        ]
    return pd.DataFrame(rows, columns=[*NAMES, "truth", "predicted", "rows", "percent"])
