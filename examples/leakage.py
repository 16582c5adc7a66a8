"""Why resampling before the split flatters: the same model, scored both ways on random labels."""

import numpy as np
import pandas as pd
from imblearn.pipeline import make_pipeline
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier

import equipoise as eq

rng = np.random.default_rng(0)
X = pd.DataFrame(rng.normal(size=(400, 5)), columns=list("abcde"))
y = pd.Series(rng.random(400) < 0.1)  # nothing to learn: the truth is a balanced accuracy of 0.5

sampler = eq.SyntheticOverSampler(eq.Duplicate(), random_state=0)
tree = DecisionTreeClassifier(random_state=0)

wrong = cross_val_score(tree, *sampler.fit_resample(X, y), scoring="balanced_accuracy")
right = cross_val_score(make_pipeline(sampler, tree), X, y, scoring="balanced_accuracy")
print(
    f"resampled before the split: {wrong.mean():.2f}; inside the training folds: {right.mean():.2f}"
)
assert wrong.mean() > 0.9
assert abs(right.mean() - 0.5) < 0.15
