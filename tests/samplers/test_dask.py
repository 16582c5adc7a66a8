"""Cross-validation and a grid search on a Dask cluster give what they give in one process."""

import joblib
import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.tree import DecisionTreeClassifier

from equipoise import Cart, GaussianNoise, Smote, SyntheticOverSampler, balance, grow

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as made,
    ):
        yield made


def rows():
    rng = np.random.default_rng(0)
    y = (np.arange(120) % 5 == 0).astype(int)
    X = pd.DataFrame(rng.normal(size=(120, 3)) + 0.8 * y[:, None], columns=list("abc"))
    return X.assign(whole=rng.integers(0, 9, 120)), y


def pipeline(synthesizer):
    return make_pipeline(
        SyntheticOverSampler(synthesizer, sampling_strategy=balance(), random_state=0),
        DecisionTreeClassifier(random_state=0),
    )


@pytest.mark.parametrize("synthesizer", [Smote(), Cart()], ids=["smote", "cart"])
def test_cross_validation_gives_the_scores_of_one_process(client, synthesizer):
    X, y = rows()
    asked = {"cv": 4, "scoring": ["f1", "roc_auc"], "return_train_score": True}
    here = cross_validate(pipeline(synthesizer), X, y, **asked)
    with joblib.parallel_config(backend="dask"):
        there = cross_validate(pipeline(synthesizer), X, y, n_jobs=-1, **asked)
    for name in ("test_f1", "test_roc_auc", "train_f1"):
        np.testing.assert_array_equal(here[name], there[name])


def test_a_grid_search_over_a_synthesizer_finds_the_same(client):
    X, y = rows()
    grid = {
        "syntheticoversampler__synthesizer__scale": [0.05, 0.5],
        "syntheticoversampler__sampling_strategy": [grow(1.0), balance(0.5)],
    }
    here = GridSearchCV(pipeline(GaussianNoise()), grid, cv=3).fit(X, y)
    with joblib.parallel_config(backend="dask"):
        there = GridSearchCV(pipeline(GaussianNoise()), grid, cv=3, n_jobs=-1).fit(X, y)
    np.testing.assert_array_equal(
        here.cv_results_["mean_test_score"], there.cv_results_["mean_test_score"]
    )
    assert here.best_params_ == there.best_params_
