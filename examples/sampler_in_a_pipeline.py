"""A synthesizer inside imbalanced-learn's pipeline: cross-validated without leaking, tuned by a grid search."""

from imblearn.pipeline import Pipeline
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_validate
from sklearn.preprocessing import OrdinalEncoder

import equipoise as eq

X, y = eq.load_dataset("adult")
X, y = X.iloc[:2500], y.iloc[:2500]

# Categories go into the sampler as they are; the encoder comes after it, for the classifier alone.
encoder = make_column_transformer(
    (
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        make_column_selector(dtype_exclude="number"),
    ),
    remainder="passthrough",
)
model = Pipeline(
    [
        ("sampler", eq.SyntheticOverSampler(eq.Cart(), random_state=0)),
        ("encoder", encoder),
        ("classifier", HistGradientBoostingClassifier(max_iter=40, random_state=0)),
    ]
)
folds = StratifiedKFold(4, shuffle=True, random_state=0)

without = Pipeline(model.steps[1:])
for name, candidate in (("without new rows", without), ("balanced by Cart", model)):
    scores = cross_validate(
        candidate, X, y, cv=folds, scoring=["f1_macro", "balanced_accuracy", "neg_log_loss"]
    )
    print(
        f"{name}: macro F1 {scores['test_f1_macro'].mean():.3f}, "
        f"balanced accuracy {scores['test_balanced_accuracy'].mean():.3f}, "
        f"log-loss {-scores['test_neg_log_loss'].mean():.3f}"
    )

# Parameters of the synthesizer, the synthesizer itself and how many rows it makes are all within reach of a search.
grid = [
    {
        "sampler__synthesizer__min_leaf": [5, 50],
        "sampler__sampling_strategy": [eq.grow(0.5), eq.balance()],
    },
    {"sampler__synthesizer": [eq.Smote()], "sampler__sampling_strategy": [eq.balance()]},
]
search = GridSearchCV(model, grid, cv=folds, scoring="f1_macro").fit(X, y)
print("\nMacro F1 of the search")
for parameters, score in zip(
    search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
):
    words = ", ".join(
        f"{name.removeprefix('sampler__')}={value}" for name, value in parameters.items()
    )
    print(f"{score:.3f}  {words}")
print("best:", search.best_params_)
