"""The classifier on untreated rows: its scores on training and test rows, average and worst class, on every table."""

from typing import Any

from equipoise.analysis.gains import scores
from equipoise.analysis.intervals import corrected
from equipoise.report.charted import Charted, Table, number

AVERAGE, WORST = "average", "worst class"
# chart (F1, AUC), which part of the classes, metric of the store
PARTS = (
    (0, AVERAGE, "macro_f1"),
    (0, WORST, "worst_f1"),
    (1, AVERAGE, "macro_roc_auc"),
    (1, WORST, "worst_roc_auc"),
)
SCORES = ("F1", "AUC")


def untreated(charted: Charted) -> Table:
    """One row per table, home classifier, score and part of the classes: train and test with the test's interval."""
    columns = ["table", "classifier", "score", "part", "train", "test", "low", "high", "n", "order"]
    ledger = charted.ledger
    observations = charted.results.observations
    mine = observations[
        (observations["method"] == "identity")
        & (observations["decision"] == "plain")
        & observations["classifier"].isin(ledger.classifiers)
        & (observations["label"] == "")
    ]
    there = set(mine["metric"])
    rows: list[list[Any]] = []
    for score, part, metric in PARTS:
        if metric not in there:
            continue
        sides = [scores(mine, metric, side) for side in ("train", "test")]
        both = sides[0].merge(
            sides[1], on=["dataset", "repeat", "classifier"], suffixes=("_train", "_test")
        )
        for (dataset, classifier), group in both.groupby(["dataset", "classifier"], sort=False):
            if dataset not in ledger.datasets:
                continue
            found = corrected(group["score_test"])
            numbers = [group["score_train"].mean(), found.mean, found.low, found.high]
            order = ledger.datasets.index(dataset)
            home = ledger.classifiers.index(classifier)
            values = [number(v) for v in numbers]
            rows.append([dataset, home, score, part, *values, found.n, order])
    return {"columns": columns, "rows": rows}
