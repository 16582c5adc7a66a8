"""The settings of the built-in classifiers, as data."""

from typing import Any

# XGBoost's own defaults (100 trees of depth 6, learning rate 0.3): those of the benchmark article.
DEFAULT: dict[str, Any] = {}

# Against over-fitting, at about the same price: shallower trees that see 80 % of rows and columns, learning a third as
# fast; and leaves that need more than one row's worth of evidence.
REGULARISED: dict[str, Any] = {
    "n_estimators": 200,
    "learning_rate": 0.07,
    "max_depth": 4,
    "min_child_weight": 2,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
}

N_BAGS = 10
N_FOREST_TREES = 100
