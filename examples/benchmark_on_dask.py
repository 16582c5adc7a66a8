"""The trials of a benchmark on a Dask cluster: the same numbers as on one machine, wherever the workers are."""

import equipoise as eq
from equipoise.trials.experiment import Cells


def main():
    from dask.distributed import LocalCluster

    experiment = eq.Experiment(
        name="on-dask",
        datasets=("ionosphere",),
        methods=("identity", "smote"),
        cells=(Cells(plans=("balance",), decisions=("plain",)),),
        controls=False,
        quality=False,
        repeats=1,
    )
    # A cluster elsewhere is its address: workers need the same environment, and see the same files.
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        print("scheduler at", cluster.scheduler_address)
        there = eq.bench(experiment, run="runs/dask", dask=cluster.scheduler_address)
    here = eq.bench(experiment, run="runs/here")

    print(there.summary)
    keys = ["method", "repeat", "plan", "decision", "classifier", "part", "metric", "label"]
    one, other = (run.observations().set_index(keys)["value"] for run in (there, here))
    assert one.sort_index().equals(other.sort_index())
    print(f"{len(one)} scores, the same on the cluster and on this machine")
    macro = one.xs(("test", "macro_f1", ""), level=("part", "metric", "label"))
    print(macro.groupby("method").mean().round(3).to_string())


# Workers are processes that import this file; without the guard each would start a cluster of its own.
if __name__ == "__main__":
    main()
