"""XGBoost on a plain matrix, for judgements that need many small fits: who made a row, what class it looks like.

Fewer, sampled trees on 64 bins. On equal numbers of fresh rows and of a mix of independent columns and copies, from
three article tables, it told the two apart as well as XGBoost's defaults (AUC 0.73 against 0.72 on thomas) in two
thirds of the time, and in a quarter of that of scikit-learn's histogram boosting (0.70).
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import NotFittedError

ROUNDS = 60
PARAMETERS: dict[str, Any] = {
    "tree_method": "hist",
    "max_bin": 64,
    "max_depth": 6,
    "eta": 0.15,
    "subsample": 0.7,
    "colsample_bytree": 0.7,
    "nthread": 1,
}


class Boosted:
    """Boosted trees of rows (n, d) into classes; missing cells and levels as they are.

    With a single class in training every row gets it.

    Parameters
    ----------
    types : sequence of str
        "q" for a column of numbers, "c" for one of codes.
    n_classes : int
        A class without a training row gets probability 0.
    seed : int
    """

    def __init__(self, *, types: Sequence[str], n_classes: int, seed: int) -> None:
        self.types = types
        self.n_classes = n_classes
        self.seed = seed

    def fit(
        self, X: NDArray[np.float32], y: NDArray[np.int64], weights: NDArray | None = None
    ) -> Self:
        """Learn from rows (n, d) and class positions (n,)."""
        import xgboost

        self.classes_, places = np.unique(y, return_inverse=True)
        self._model = None
        if len(self.classes_) < 2 or not X.shape[1]:
            return self
        rows = xgboost.QuantileDMatrix(
            X, places, weight=weights, feature_types=list(self.types), enable_categorical=True,
            max_bin=PARAMETERS["max_bin"], nthread=1,
        )  # fmt: skip
        objective: dict[str, Any] = {"objective": "binary:logistic"}
        if len(self.classes_) > 2:
            objective = {"objective": "multi:softprob", "num_class": len(self.classes_)}
        self._model = xgboost.train(PARAMETERS | objective | {"seed": self.seed}, rows, ROUNDS)
        return self

    def predict_proba(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """Give the probability (n, n_classes) of each class position."""
        if not hasattr(self, "classes_"):
            raise NotFittedError("these trees are not fitted yet; call fit before predict_proba")
        out = np.zeros((len(X), self.n_classes))
        if self._model is None:
            out[:, self.classes_] = 1 / len(self.classes_)
            return out
        p = self._model.inplace_predict(X)
        out[:, self.classes_] = p if p.ndim == 2 else np.column_stack([1 - p, p])
        return out
