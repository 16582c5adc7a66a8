"""The random search: defaults take part, rows that score are unseen, and where there are no folds it gives up."""

import numpy as np
import pytest

from equipoise.classifiers.presets import DEFAULT
from equipoise.classifiers.tuning import N_DRAWS, N_FOLDS, draw, tuned
from equipoise.seeds import generator


class Recorder:
    """A model that is right about as many rows as its depth says, and remembers what it was fitted on."""

    fitted: list

    def __init__(self, settings, log):
        self.depth, self.log = settings.get("max_depth", 0), log

    def fit(self, X, y, sample_weight=None):
        self.log.append((self.depth, set(X[:, 0].astype(int)), sample_weight))
        return self

    def predict(self, X):
        truth = X[:, 1].astype(int)
        wrong = np.arange(len(truth)) % 10 >= self.depth
        self.log.append((self.depth, "asked", set(X[:, 0].astype(int))))
        return np.where(wrong, 1 - truth, truth)


def rows(n=90):
    y = np.tile([0, 1], n // 2)
    return np.column_stack([np.arange(n), y]).astype(float), y


def test_the_best_of_all_draws_wins_and_no_model_is_scored_on_its_own_rows():
    X, y = rows()
    log: list = []
    found = tuned(lambda s: Recorder(s, log), X, y, None, seed=3)
    fits, asked = log[::2], log[1::2]
    assert len(fits) == (N_DRAWS + 1) * N_FOLDS
    assert not any(seen & wanted for (_, seen, _), (_, _, wanted) in zip(fits, asked, strict=True))
    assert found["max_depth"] == max(depth for depth, *_ in fits)


def test_weights_travel_with_their_rows():
    X, y = rows()
    log: list = []
    tuned(lambda s: Recorder(s, log), X, y, np.arange(90.0), seed=0)
    assert all(set(w.astype(int)) == seen for _, seen, w in log[::2])


def test_the_defaults_stay_where_a_class_is_too_small_for_folds():
    X, y = rows()
    y = np.where(np.arange(90) < 2, 1, 0)
    assert tuned(lambda s: Recorder(s, []), X, y, None, seed=0) is DEFAULT


@pytest.mark.parametrize("seed", range(20))
def test_draws_lie_in_their_ranges(seed):
    drawn = draw(generator(seed, "tuning"))
    assert 50 <= drawn["n_estimators"] <= 300
    assert 0.02 <= drawn["learning_rate"] <= 0.4
    assert 2 <= drawn["max_depth"] <= 9
    assert 0.5 <= drawn["subsample"] <= 1
