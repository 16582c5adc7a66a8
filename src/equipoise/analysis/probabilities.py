"""Probabilities as they come and after they are moved back to the true class shares.

Weights and new rows train a classifier at class shares that are not those of the table, so its probabilities are wrong
by a known factor. Moving them back needs no new fit (Saerens et al. 2002): the trained shares follow from the class
counts and from what was delivered.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.analysis.frames import Results
from equipoise.analysis.opponents import CORRECTED, TREATMENT
from equipoise.metrics.decision import correct_prior
from equipoise.metrics.utility import brier, calibration_error, log_loss
from equipoise.results.thinned import kept_rows, share_of

SCORES = {"brier": brier, "log_loss": log_loss, "ece": calibration_error}
DROPS_ROWS = ("undersample",)  # its deliveries are the rows that stayed, not rows that came
STORED = ("balanced", "ladder")  # weights, whose corrected probabilities a run has scored itself


def probability_scores(results: Results, plan: str = "balance") -> pd.DataFrame:
    """Give Brier score, log-loss and calibration error, raw and corrected, by split.

    Parameters
    ----------
    results : Results
    plan : str, default="balance"
        Of the methods.

    Returns
    -------
    DataFrame
        Columns dataset, repeat, `TREATMENT`, metric, raw, corrected (equal to raw where training moved no shares).
    """
    return pd.concat([_untreated(results), _treated(results, plan)], ignore_index=True)


def over_tables(scores: pd.DataFrame) -> pd.DataFrame:
    """Average over splits, then over tables: columns method, decision, metric, n (tables), raw, corrected."""
    keys = ["method", "decision", "metric"]
    means = (
        scores.groupby(["dataset", *keys], sort=False)[["raw", "corrected"]].mean().reset_index()
    )
    found = means.groupby(keys, sort=False)
    table = found[["raw", "corrected"]].mean()
    table.insert(0, "n", found.size())
    return table.reset_index()


def _untreated(results: Results) -> pd.DataFrame:
    """Take what the run scored itself: weights with their corrected twins, and the plain decision."""
    obs = results.observations
    mine = obs[
        (obs["method"] == "identity") & (obs["part"] == "test") & (obs["label"] == "")
        & obs["metric"].isin(list(SCORES)) & (obs["classifier"] == "xgboost")
    ]  # fmt: skip
    raw = mine[mine["decision"].isin(["plain", *STORED])].rename(columns={"value": "raw"})
    moved = mine[mine["decision"].str.endswith(CORRECTED)]
    moved = moved.assign(decision=moved["decision"].str.removesuffix(CORRECTED))
    keys = ["dataset", "repeat", *TREATMENT, "metric"]
    moved = moved[[*keys, "value"]].rename(columns={"value": "corrected"})
    both = raw[[*keys, "raw"]].merge(moved, on=keys, how="left")
    return both.assign(corrected=both["corrected"].fillna(both["raw"]))


def _treated(results: Results, plan: str) -> pd.DataFrame:
    counts = {
        name: (list(classes), np.array(list(classes.values()), dtype=float))
        for name, classes in zip(
            results.datasets["name"], results.datasets["class_counts"], strict=True
        )
    }
    found = results.predictions
    mine = found[
        (found["plan"] == plan)
        & (found["decision"] == "plain")
        & (found["classifier"] == "xgboost")
    ]
    delivered = results.deliveries[results.deliveries["plan"] == plan]
    came = delivered.groupby(["dataset", "repeat", "method", "label"])["delivered"].sum()
    rows = []
    for p in mine.itertuples(index=False):
        labels, whole = counts[p.dataset]
        train = _training(p.dataset, whole - np.bincount(p.truth, minlength=len(whole)))
        new = np.array([came.get((p.dataset, p.repeat, p.method, label), 0.0) for label in labels])
        trained = new if p.method in DROPS_ROWS else train + new
        probabilities = np.asarray(p.probabilities, dtype=float)
        moved = correct_prior(probabilities, trained, train)
        treatment = (p.dataset, p.repeat, p.method, p.plan, p.decision, p.classifier)
        rows += [(*treatment, *row) for row in _scored(p.truth, probabilities, moved)]
    return pd.DataFrame(
        rows, columns=["dataset", "repeat", *TREATMENT, "metric", "raw", "corrected"]
    )


def _training(dataset: str, rest: NDArray[Any]) -> NDArray[np.float64]:
    """Give the class counts (C,) of what a classifier was trained on, of the rows that are not for testing."""
    share = share_of(dataset)
    return np.array([kept_rows(int(n), share) if share < 1 else n for n in rest], dtype=float)


def _scored(
    truth: NDArray[np.int64], raw: NDArray[np.float64], moved: NDArray[np.float64]
) -> list[tuple[str, float, float]]:
    return [(name, score(truth, raw), score(truth, moved)) for name, score in SCORES.items()]
