"""Equipoise: SMOTE on mixed columns until the classes are balanced, and the whole table given back."""

import pandas as pd

import adult
from equipoise.synthesizers.smote import Smote

X, _ = adult.read()
y = X.pop(adult.TARGET)


def balance() -> tuple[int, int]:
    """Balance the table once."""
    counts = y.value_counts()
    method = Smote(random_state=0).fit(X, y)
    wanted = {counts.index[-1]: int(counts.iloc[0] - counts.iloc[-1])}
    X_new, y_new = method.sample(wanted, random_state=0)
    balanced = pd.concat([X, X_new]).assign(**{adult.TARGET: pd.concat([y, y_new])})
    return balanced.shape


adult.measure(balance)
