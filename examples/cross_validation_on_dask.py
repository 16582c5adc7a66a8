"""Cross-validation on a Dask cluster: scikit-learn's own loop, each fold's synthesizer fitted on a worker."""

import time

import joblib
from imblearn.pipeline import make_pipeline
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score

import equipoise as eq


def scores(jobs):
    """Give the scores of six folds."""
    X, y = eq.load_dataset("ionosphere")
    model = make_pipeline(
        eq.SyntheticOverSampler(eq.GaussianCopula(), random_state=0),
        HistGradientBoostingClassifier(max_iter=30, random_state=0),
    )
    folds = StratifiedKFold(6, shuffle=True, random_state=0)
    return cross_val_score(model, X, y, cv=folds, scoring="balanced_accuracy", n_jobs=jobs)


def main():
    from dask.distributed import Client, LocalCluster

    started = time.perf_counter()
    here = scores(1)
    print(f"here:    {here.round(3)} in {time.perf_counter() - started:.1f} s")
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        started = time.perf_counter()
        there = scores(-1)
        print(f"cluster: {there.round(3)} in {time.perf_counter() - started:.1f} s")
    assert (here == there).all()
    print("the same, since every random number comes from a seed and not from a worker")


# Workers are processes that import this file; without the guard each would start a cluster of its own.
if __name__ == "__main__":
    main()
