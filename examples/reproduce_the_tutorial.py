"""A published tutorial run again: does its variational auto-encoder lower the error on Adult?

One seed, the published one, and one of its sixteen treatments; `equipoise bench tutorial --jobs 2` runs all of them ten
times, and `docs/reproduction.md` has the outcome.
"""

import dataclasses

import equipoise as eq
from equipoise.analysis import tutorial
from equipoise.trials.experiment_files import load_experiment

whole = load_experiment("tutorial")
experiment = dataclasses.replace(
    whole,
    methods=("identity", "basic-vae"),
    cells=tuple(dataclasses.replace(cells, decisions=("plain",)) for cells in whole.cells),
    repeats=1,
)
run = eq.bench(experiment, run="runs/tutorial", jobs=2)

errors = tutorial.errors(run.observations())
print("Misclassified test rows, in percent; the tutorial says that its method lowers them")
table = errors.assign(label=errors["label"].replace("", "all rows"))
print(table.pivot_table(index="method", columns="label", values="error").round(2).to_string())
