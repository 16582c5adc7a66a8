"""More rows for the rare class of a table: exact counts, the table's own types, in Python and from file to file."""

import pandas as pd
from sklearn.model_selection import train_test_split

import equipoise as eq
from equipoise.cli import main

X, y = eq.load_dataset("adult")
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=3000, stratify=y, random_state=0
)

# The split comes first: rows made from test rows have no place in training.
cart = eq.Cart(random_state=0).fit(X_train, y_train)
X_new, y_new = cart.sample({">50K": 500}, random_state=1)
print("Three of 500 new rows of the class >50K:")
print(X_new.head(3).to_string())
assert (X_new.dtypes == X.dtypes).all()
assert set(X_new["workclass"].dropna()) <= set(X_train["workclass"].dropna())

# In a model, a sampler keeps the originals first and new rows behind them.
sampler = eq.SyntheticOverSampler(eq.Cart(), sampling_strategy=eq.balance(), random_state=0)
X_more, y_more = sampler.fit_resample(X_train, y_train)
print("\nBefore:", y_train.value_counts().to_dict(), "after:", y_more.value_counts().to_dict())
for delivery in sampler.deliveries_:
    print(delivery)

# The same from a file to a file, on the command line: equipoise augment train.csv --target income ...
X_train.assign(income=y_train).to_csv("train.csv", index=False)
words = (
    "augment train.csv --target income --method cart --plan grow:0.5 --mark synthetic -o more.csv"
)
print(f"\n$ equipoise {words}")
assert main(words.split()) == 0
print(pd.read_csv("more.csv").groupby(["synthetic", "income"]).size().to_string())
