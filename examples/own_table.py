"""The fair trial on a table of one's own: what helps, against doing nothing, on folds that no fit has seen."""

from pathlib import Path

import equipoise as eq
from equipoise.trials.experiment import TableFile
from equipoise.trials.experiment_files import own_tables

X, y = eq.load_dataset("ionosphere")
X.assign(returned=y).to_csv("radar.csv", index=False)

experiment = own_tables(
    [TableFile(str(Path("radar.csv").resolve()), "returned")],
    methods=["identity", "smote"],
    repeats=1,  # five, the default, test every row once
)
run = eq.bench(experiment, run="runs/radar")

scores = run.observations().query("metric == 'macro_f1' and label == '' and part == 'test'")
print(scores.groupby(["method", "plan", "decision", "classifier"])["value"].mean().round(3))
