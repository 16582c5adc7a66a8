"""The tidy tables of one run, as analysis and report take them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.analysis.opponents import TREATMENT
from equipoise.results.store import Store

COLUMNS: dict[str, list[str]] = {
    "observations": ["dataset", "repeat", *TREATMENT, "part", "metric", "label", "value"],
    "trials": [
        *["trial_id", "dataset", "repeat", "method", "status", "reason", "fit_seconds"],
        *["sample_seconds", "total_seconds", "peak_mb", "code_version", "keeps_rows", "notes"],
    ],
    "asked": ["dataset", "repeat", "method"],
    "deliveries": [
        *["dataset", "repeat", "method", "plan", "label", "requested", "delivered", "fallback"]
    ],
    "datasets": [
        *["name", "n_rows", "kinds", "class_counts", "unscored", "content_hash", "warnings"]
    ],
    "predictions": ["dataset", "repeat", *TREATMENT, "part", "truth", "probabilities", "offsets"],
    "history": ["dataset", "repeat", "method", "name", "step", "value"],
    "quality": [
        *["dataset", "repeat", "method", "label", "metric", "item", "value", "low", "high"]
    ],
}


def _empty(name: str) -> pd.DataFrame:
    return pd.DataFrame(columns=COLUMNS[name])


@dataclass(frozen=True, eq=False)
class Results:
    """One run as tables; columns are those of `COLUMNS`.

    Attributes
    ----------
    run : dict
        What was asked for, with versions, machine and seed.
    observations, trials, asked, deliveries, datasets, predictions, quality, history : DataFrame
        Cells of ``datasets``: kinds and class_counts are dicts, unscored and warnings sequences.
    """

    run: dict[str, Any] = field(default_factory=dict)
    observations: pd.DataFrame = field(default_factory=lambda: _empty("observations"))
    trials: pd.DataFrame = field(default_factory=lambda: _empty("trials"))
    asked: pd.DataFrame = field(default_factory=lambda: _empty("asked"))
    deliveries: pd.DataFrame = field(default_factory=lambda: _empty("deliveries"))
    datasets: pd.DataFrame = field(default_factory=lambda: _empty("datasets"))
    predictions: pd.DataFrame = field(default_factory=lambda: _empty("predictions"))
    quality: pd.DataFrame = field(default_factory=lambda: _empty("quality"))
    history: pd.DataFrame = field(default_factory=lambda: _empty("history"))

    @classmethod
    def read(cls, store: Store) -> "Results":
        """Read every table of a store that `equipoise.results.store.Store.open` has opened."""
        return cls(
            run=dict(store.run()),
            observations=store.observations(),
            trials=store.trials(),
            asked=store.asked(),
            deliveries=store.deliveries(),
            datasets=store.datasets().rename(columns={"dataset": "name"}),
            predictions=store.predictions(part="test"),
            quality=store.quality(),
            history=store.history(),
        )

    def scored(self) -> dict[str, NDArray[np.bool_]]:
        """Give, per dataset, which classes are large enough to be scored: (n_classes,) bool."""
        return {
            row.name_: np.array([label not in set(row.unscored) for label in row.class_counts])
            for row in self.datasets.rename(columns={"name": "name_"}).itertuples(index=False)
        }

    def splits(self) -> dict[str, int]:
        """Give how many splits of each table were asked for."""
        asked = self.asked if len(self.asked) else self.trials
        return {str(d): int(n) for d, n in asked.groupby("dataset")["repeat"].nunique().items()}

    def unfinished(self) -> pd.DataFrame:
        """Give what was asked for and has no trial yet: dataset, repeat, method."""
        keys = ["dataset", "repeat", "method"]
        both = self.asked[keys].merge(
            self.trials[keys].drop_duplicates(), on=keys, how="left", indicator=True
        )
        return both.loc[both["_merge"] == "left_only", keys].reset_index(drop=True)
