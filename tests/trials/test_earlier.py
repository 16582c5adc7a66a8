"""A second call on a run folder adds to what is there: it loses nothing and mixes nothing."""

import numpy as np
import pandas as pd
import pytest

from equipoise.errors import StoreError
from equipoise.results.store import Store
from equipoise.trials.bench import bench
from equipoise.trials.experiment import Cells, Experiment, TableFile


@pytest.fixture
def call(tmp_path):
    """Bench a small table in one run folder."""
    rng = np.random.default_rng(0)
    y = np.where(np.arange(80) < 24, "yes", "no")
    X = pd.DataFrame({"x": rng.normal(size=80) + (y == "yes"), "z": rng.normal(size=80)})
    X.assign(target=y).to_csv(tmp_path / "small.csv", index=False)
    file = TableFile(str(tmp_path / "small.csv"), "target")

    def made(plans=("balance",), methods=("smote",), **more):
        options = {"repeats": 1, "controls": False, "quality": False} | more
        cells = (Cells(("none",), ("plain",), ("identity",)), Cells(plans, ("plain",)))
        methods = tuple(dict.fromkeys(("identity", *methods)))
        return bench(
            Experiment("own", (), methods, cells, files=(file,), **options), run=tmp_path / "run"
        )

    return made


def held(run, method="smote"):
    table = run.observations()
    mine = table[table["method"] == method]
    return sorted(set(zip(mine["plan"], mine["classifier"], mine["repeat"], strict=True)))


def test_another_plan_is_made_beside_the_one_that_is_there(call):
    first = call(("balance",)).observations()
    run = call(("grow:0.5",))
    assert held(run) == [("balance", "xgboost", 0), ("grow:0.5", "xgboost", 0)]
    again = run.observations()
    keys = ["method", "plan", "decision", "classifier", "part", "metric", "label"]
    both = first.merge(again, on=keys)
    assert len(both) == len(first)
    assert (both["value_x"].fillna(-1) == both["value_y"].fillna(-1)).all()
    assert call(("balance",)).summary.kept == 2  # all of it is there: nothing is made again


def test_another_classifier_is_fitted_beside_the_one_that_is_there(call):
    call()
    run = call(classifiers=("random-forest",))
    assert held(run, "identity") == [("none", "random-forest", 0), ("none", "xgboost", 0)]


def test_another_method_takes_nothing_from_doing_nothing(call):
    call(methods=("smote",), classifiers=("xgboost", "random-forest"))
    run = call(methods=("duplicate",))
    assert held(run, "identity") == [("none", "random-forest", 0), ("none", "xgboost", 0)]


@pytest.mark.parametrize("repeats", [1, 3])
def test_other_parameters_of_a_method_are_refused_whatever_the_repeats(call, repeats):
    call(repeats=2)
    before = call(repeats=2).observations()
    with pytest.raises(
        StoreError, match=r"smote on small with k_neighbors = its default.*k_neighbors = 2"
    ):
        call(repeats=repeats, parameters=(("smote", (("k_neighbors", 2),)),))
    after = call(repeats=2).observations()
    pd.testing.assert_frame_equal(before, after)


def test_a_run_of_an_older_format_goes_on_without_the_question(call, tmp_path):
    call()
    with Store.create(tmp_path / "run", _info()) as store:
        store._connection.execute("UPDATE asked SET settings = ''")
    assert call().summary.kept == 2


def _info():
    from equipoise.results.records import RunInfo

    return RunInfo("own", 0)
