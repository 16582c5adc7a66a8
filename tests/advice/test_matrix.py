"""Decisions without another fit: offsets never see the rows that they decide."""

import numpy as np
import pytest
from planted_contest import NOTHING, contest, labels

from equipoise.advice.candidates import Candidate
from equipoise.advice.fitting import Prediction
from equipoise.classifiers.thresholds import fit_offsets
from equipoise.metrics.utility import utility

PLAIN, TUNED = Candidate(NOTHING), Candidate(NOTHING, "threshold")
FOLDS = (0, 1, 2, 3, 4)


@pytest.fixture
def finished():
    made = contest({"do nothing": 0.8}, [NOTHING], partitions=1)
    made.run()
    return made


def test_scores_are_those_of_the_pooled_rows(finished):
    matrix = finished.matrix
    y, p, predicted = matrix.decided(PLAIN, 0, FOLDS)
    once = np.ones((1, len(y)), dtype=np.float32)
    assert matrix.scores([PLAIN], [(0, FOLDS)], once)[0, 0] == pytest.approx(
        utility(y, p, predicted)["macro_f1", None], abs=1e-6
    )


def test_offsets_of_a_fold_do_not_see_its_rows(finished):
    """Turn the labels of one fold round: the decisions on that very fold stay, those on others may move."""
    matrix = finished.matrix
    before = matrix.decided(TUNED, 0, FOLDS)[2]
    rows = [matrix.partitions[0][k].test for k in FOLDS]
    own = slice(len(rows[0]) + len(rows[1]), len(rows[0]) + len(rows[1]) + len(rows[2]))
    matrix.y = matrix.y.copy()
    matrix.y[rows[2]] = 1 - matrix.y[rows[2]]
    matrix._decided.clear()
    after = matrix.decided(TUNED, 0, FOLDS)[2]
    assert (before[own] == after[own]).all()
    assert (before != after).any()


def test_delivered_offsets_are_tuned_on_all_rows(finished):
    matrix = finished.matrix
    cells = [matrix.cells[0, k, "do nothing"] for k in FOLDS]
    raw = np.concatenate([c.probabilities for c in cells]).astype(float)
    y = np.concatenate([labels()[matrix.partitions[0][k].test] for k in FOLDS])
    assert matrix.offsets(TUNED, 0, FOLDS) == pytest.approx(fit_offsets(raw, y))
    assert (matrix.offsets(PLAIN, 0, FOLDS) == 0).all()


def test_probabilities_are_corrected_to_the_prior_of_use(finished):
    """What was trained at even shares is moved to those of the training rows."""
    matrix = finished.matrix
    cell = matrix.cells[0, 0, "do nothing"]
    even = Prediction(cell.probabilities, np.array([0.5, 0.5]), cell.natural_prior, 0.0)
    moved = matrix._corrected(even)
    odds = cell.probabilities[:, 1].astype(float) / cell.probabilities[:, 0]
    expected = odds * cell.natural_prior[1] / cell.natural_prior[0]
    assert moved[:, 1] / moved[:, 0] == pytest.approx(expected, rel=1e-4)
