"""How good is a synthetic table that another tool made? Scores between a floor and what fresh real rows reach.

The other tool is a Gaussian mixture of scikit-learn, one a class, and then a cheat: training rows with a little noise.
On the command line, with a page to read:

    equipoise quality real.csv synthetic.csv --target returned --holdout fresh.csv -o quality.html
"""

import numpy as np
import pandas as pd
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import train_test_split

import equipoise as eq

X, y = eq.load_dataset("ionosphere")
real, holdout = train_test_split(X.assign(returned=y), test_size=0.4, stratify=y, random_state=0)
numbers = X.columns


def mixture(rows):
    """Give as many rows as came, drawn from a mixture."""
    law = GaussianMixture(4, covariance_type="diag", random_state=0).fit(rows[numbers])
    return pd.DataFrame(law.sample(len(rows))[0], columns=numbers)


parts = [mixture(rows).assign(returned=label) for label, rows in real.groupby("returned")]
drawn = pd.concat(parts, ignore_index=True)
noise = np.random.default_rng(0).normal(scale=0.01, size=real[numbers].shape)
copied = real.assign(**(real[numbers] + noise))

for name, synthetic in (("mixture", drawn), ("copies with noise", copied)):
    synthetic.to_csv("synthetic.csv", index=False)  # as the other tool would leave it
    table = pd.read_csv("synthetic.csv")
    found = eq.quality(real, table, target="returned", holdout=holdout, random_state=0)
    shapes, pairs = found.score("column-shapes"), found.score("column-pair-trends")
    print(f"{name}: columns {shapes.calibrated:.2f}, pairs of columns {pairs.calibrated:.2f}")
    print(f"  {found.copying[''].sentence}\n")
