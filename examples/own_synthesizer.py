"""A synthesizer of one's own: it passes the conformance suite, and takes part in a fair trial by its module:Class."""

import numpy as np

import equipoise as eq


class Crossover(eq.Synthesizer):
    """New rows are children of two training rows of their class: most cells of the one, some of the other.

    Parameters
    ----------
    share : float, default=0.3
        Probability in [0, 1] that a cell is the second parent's.
    random_state : None, int, Generator or RandomState, default=None
    """

    how_it_conditions = "pairs of rows of the class"
    keeps_rows = True

    def __init__(self, *, share=0.3, random_state=None):
        self.share = share
        self.random_state = random_state

    def _fit(self, table, y, rng):
        if not 0 <= self.share <= 1:
            raise eq.OptionError(f"share must lie in [0, 1], got {self.share!r}")
        self._rows = [table.take(y == k) for k in range(y.max() + 1)]
        for k, rows in enumerate(self._rows):
            if len(rows) == 1:
                self.fallbacks_[k] = "one row has nobody to be crossed with: it is repeated"

    def _sample(self, counts, rng):
        pairs = zip(self._rows, counts, strict=True)
        return eq.Coded.concat([self._children(rows, n, rng) for rows, n in pairs])

    def _children(self, rows, n, rng):
        one, other = (rows.take(rng.integers(len(rows), size=n)) for _ in range(2))

        def mixed(first, second):
            return np.where(rng.random(first.shape) < self.share, second, first)

        return eq.Coded(mixed(one.numbers, other.numbers), mixed(one.codes, other.codes))


def main():
    from equipoise.checks import run_checks
    from equipoise.trials.experiment import Cells

    results = run_checks(Crossover)
    wrong = [f"{result.name}: {result.message}" for result in results if not result.passed]
    print(f"{len(results)} checks of its conduct, {len(wrong)} failed", *wrong, sep="\n")

    experiment = eq.Experiment(
        name="own",
        datasets=("ionosphere",),
        methods=("identity", "smote", "own_synthesizer:Crossover"),
        cells=(Cells(plans=("balance",), decisions=("plain",)),),
        repeats=1,
    )
    run = eq.bench(experiment, run="runs/own")
    scores = run.observations().query("part == 'test' and metric == 'macro_f1' and label == ''")
    scores = scores[scores["classifier"] == "xgboost"]
    print("\nMacro F1 on the test rows")
    print(scores.groupby("method")["value"].mean().round(3).to_string())
    close = run.quality().query("metric == 'too-close' and label == ''")
    print("\nShare of rows that are too close to a training row (0 for fresh rows, 1 for copies)")
    print(close.groupby("method")["value"].mean().round(2).to_string())


if __name__ == "__main__":
    main()
