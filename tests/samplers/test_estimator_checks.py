"""Scikit-learn's and imbalanced-learn's own estimator checks, on the sampler over two synthesizers."""

import imblearn.utils.estimator_checks as imblearn_checks
import pytest
import sklearn.utils.estimator_checks as sklearn_checks

from equipoise import Duplicate, Smote, SyntheticOverSampler

EXPECTED = {}


def samplers():
    return [
        SyntheticOverSampler(Duplicate(), random_state=0),
        SyntheticOverSampler(Smote(), random_state=0),
    ]


pytestmark = pytest.mark.filterwarnings("ignore")  # the checks feed odd data on purpose


@sklearn_checks.parametrize_with_checks(samplers(), expected_failed_checks=lambda sampler: EXPECTED)
def test_scikit_learn_checks_pass(estimator, check):
    check(estimator)


@imblearn_checks.parametrize_with_checks(
    samplers(), expected_failed_checks=lambda sampler: EXPECTED
)
def test_imbalanced_learn_checks_pass(estimator, check):
    check(estimator)


def test_at_most_three_checks_are_expected_to_fail():
    assert len(EXPECTED) <= 3
