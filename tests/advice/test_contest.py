"""The race: who stays, who leaves and why, and what time does to it."""

import pytest
from planted_contest import NETWORK, NOTHING, SMOTE, WEIGHTS, Watcher, contest, labels

from equipoise.advice.contest import FOLDS
from equipoise.errors import DataError, OptionError


def test_all_candidates_meet_the_same_folds():
    made = contest(
        {"do nothing": 1.0, "balanced weights": 1.0, "smote": 1.0}, [NOTHING, WEIGHTS, SMOTE]
    )
    made.run()
    assert [p for p, folds in made.spans] == [0, 1]
    for number, folds in made.spans:
        rows = made.matrix.rows(number, folds)
        assert sorted(rows) == list(range(len(labels())))
    assert made.matrix.partitions[0][0].test.tolist() != made.matrix.partitions[1][0].test.tolist()


def test_the_hopeless_leave_early_and_their_models_are_not_fitted_again():
    made = contest(
        {"do nothing": 0.5, "smote": 0.0, "balanced weights": 2.0}, [NOTHING, WEIGHTS, SMOTE]
    )
    made.run()
    assert "dropped after fold 2" in made.out["smote"]
    assert "smote" not in {name for p, k, name in made.executor.seen if (p, k) > (0, 1)}


def test_nothing_and_threshold_never_leave():
    made = contest({"do nothing": 0.0, "smote": 3.0}, [NOTHING, SMOTE])
    made.run()
    names = [c.name for c in made.field]
    assert names[:2] == ["do nothing", "threshold"]
    assert "smote" in names


def test_a_failure_costs_its_own_model():
    made = contest({"do nothing": 1.0, "balanced weights": 1.0}, [NOTHING, WEIGHTS, SMOTE])
    made.run()
    assert made.out["smote"] == "failed: planted"
    assert {c.model.name for c in made.field} == {"do nothing", "balanced weights"}


def test_doing_nothing_must_work():
    with pytest.raises(DataError, match="planted"):
        contest({"smote": 1.0}, [NOTHING, SMOTE]).run()


def test_a_network_that_has_no_time_is_never_fitted():
    """Two of its folds do not fit in what is left; cheap rungs come first."""
    made = contest({"do nothing": 1.0, "tvae": 1.0}, [NOTHING, NETWORK], budget=5.0)
    made.run()
    assert made.out["tvae"].startswith("no time")
    assert not [name for _, _, name in made.executor.seen if name == "tvae"]
    assert len(made.spans) == 2


def test_a_slow_fit_is_let_go_when_it_is_timed():
    """Its first fold was affordable by guess; timed, the other four are not."""
    made = contest(
        {"do nothing": 1.0, "smote": 1.0}, [NOTHING, SMOTE], budget=5.0, seconds={"smote": 4.0}
    )
    made.run()
    assert made.out["smote"] == "no time: a fold takes 4s"
    assert [folds for _, folds in made.spans] == [tuple(range(FOLDS))] * 2


def test_a_budget_too_small_says_which_would_do():
    made = contest({"do nothing": 1.0}, [NOTHING], budget=2.0, seconds={"do nothing": 3.0})
    with pytest.raises(OptionError, match=r"budget of 2s is too small .* about \d+s would do"):
        made.run()


def test_ctrl_c_keeps_the_folds_that_are_finished():
    class Impatient(Watcher):
        def update(self, view):
            if view.news and view.fold == 3:
                raise KeyboardInterrupt

    made = contest({"do nothing": 1.0, "smote": 1.0}, [NOTHING, SMOTE], progress=Impatient())
    made.run()
    assert made.interrupted
    assert made.spans == [(0, (0, 1, 2))]


def test_of_a_partition_that_is_not_finished_nothing_is_used():
    class Impatient(Watcher):
        def update(self, view):
            if view.news and (view.partition, view.fold) == (2, 4):
                raise KeyboardInterrupt

    made = contest({"do nothing": 1.0, "smote": 1.0}, [NOTHING, SMOTE], progress=Impatient())
    made.run()
    assert made.spans == [(0, tuple(range(FOLDS)))]


def test_the_watcher_is_told_of_every_fold():
    watcher = Watcher()
    contest({"do nothing": 1.0, "smote": 1.0}, [NOTHING, SMOTE], progress=watcher).run()
    told = [(v.partition, v.fold) for v in watcher.views if v.news]
    assert told == [(p, k) for p in (1, 2) for k in range(1, FOLDS + 1)]
    assert watcher.views[-1].standings[0][1] >= watcher.views[-1].standings[-1][1]


def test_a_model_leaves_when_and_why_its_last_candidate_does():
    """Its plain candidate is dropped first; with a threshold it stays in the race until later."""
    skills = {"do nothing": 0.5, "balanced weights": 1.0, "smote": 0.9}
    made = contest(skills, [NOTHING, WEIGHTS, SMOTE])
    made.run()
    plain, tuned = (made.dropped[c] for c in made.candidates if c.model == SMOTE)
    assert "after fold 2" in plain
    assert "after fold 3" in tuned
    assert made.out["smote"] == tuned


def test_who_falls_behind_later_leaves_after_a_later_partition():
    skills = {"do nothing": 0.5, "balanced weights": 1.0, "smote": 0.85}
    made = contest(skills, [NOTHING, WEIGHTS, SMOTE], partitions=8, y=labels(200, 0.5))
    made.run()
    reason = made.out["smote"]
    assert "dropped after partition" in reason
    last = int(reason.split("partition ")[1].split(":")[0])
    assert {p for p, _, name in made.executor.seen if name == "smote"} == set(range(last))
    assert [p for p, _ in made.spans] == list(range(8))
