"""The loop: budget, patience, the best state, and numbers that are not finite."""

import itertools
import math

import pytest
import torch
from torch import nn

from equipoise.networks.training import Budget, train


class Counter(nn.Module):
    """One parameter that counts steps."""

    def __init__(self):
        super().__init__()
        self.at = nn.Parameter(torch.zeros(()))


def counting(module, losses=None):
    def step(batch):
        with torch.no_grad():
            module.at += 1
        loss = module.at.detach() if losses is None else torch.tensor(losses(int(module.at)))
        return {"loss": loss}

    return step


def run(budget, evaluate=None, losses=None, batches=None):
    module = Counter()
    score = None if evaluate is None else (lambda: evaluate(int(module.at)))
    batches = itertools.repeat(None) if batches is None else batches
    return module, train(module, counting(module, losses), batches, budget, score)


def test_the_budget_of_steps_is_spent_to_the_last():
    module, training = run(Budget(max_steps=105, evaluate_every=50))
    assert training.n_steps == training.best_step == int(module.at) == 105
    assert training.stopped == "the budget of steps is spent"
    assert training.history["step"] == [50, 100, 105]
    assert training.history["loss"] == [25.5, 75.5, 103.0]  # means since the evaluation before


def test_the_best_state_comes_back_and_patience_ends_the_training():
    budget = Budget(max_steps=1000, evaluate_every=10, patience=3)
    module, training = run(budget, evaluate=lambda n: abs(n - 40))
    assert (training.n_steps, training.best_step, int(module.at)) == (70, 40, 40)
    assert "no better score in 3 evaluations" in training.stopped
    assert training.history["score"] == [30, 20, 10, 0, 10, 20, 30]
    assert not training.failed


def test_patience_does_not_run_out_before_the_least_steps():
    budget = Budget(max_steps=1000, min_steps=200, evaluate_every=10, patience=3)
    _, training = run(budget, evaluate=lambda n: abs(n - 40))
    assert (training.n_steps, training.best_step) == (200, 40)


def test_the_best_state_comes_back_when_the_budget_ends_first():
    budget = Budget(max_steps=60, evaluate_every=10)
    module, training = run(budget, evaluate=lambda n: abs(n - 40))
    assert (training.n_steps, int(module.at)) == (60, 40)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_ends_with_the_last_good_state(bad):
    module, training = run(
        Budget(max_steps=1000, evaluate_every=10), losses=lambda n: bad if n == 25 else 1.0
    )
    assert training.failed
    assert (training.n_steps, int(module.at)) == (30, 20)
    assert "not finite at step 30" in training.stopped
    assert all(map(math.isfinite, training.history["loss"]))


def test_a_score_that_is_not_finite_ends_with_the_best_state():
    budget = Budget(max_steps=1000, evaluate_every=10)
    module, training = run(budget, evaluate=lambda n: math.nan if n >= 30 else -n)
    assert training.failed
    assert int(module.at) == 20


def test_a_failure_before_the_first_evaluation_leaves_the_first_state():
    module, training = run(
        Budget(max_steps=50, evaluate_every=10), losses=lambda n: math.nan if n == 3 else 1.0
    )
    assert training.failed
    assert int(module.at) == training.best_step == 0
    assert training.history == {}


def test_parameters_that_are_not_finite_are_seen_even_if_the_loss_is():
    module = Counter()

    def step(batch):
        with torch.no_grad():
            module.at += math.nan
        return {"loss": torch.ones(())}

    training = train(module, step, itertools.repeat(None), Budget(max_steps=20, evaluate_every=10))
    assert training.failed
    assert float(module.at.detach()) == 0


def test_batches_that_run_out_end_the_training():
    module, training = run(Budget(max_steps=100, evaluate_every=10), batches=iter(range(25)))
    assert training.n_steps == 25
    assert training.stopped == "there are no more batches"
    assert int(module.at) == 25


def test_no_steps_leave_the_module_as_it_was():
    module, training = run(Budget(max_steps=0))
    assert int(module.at) == 0
    assert training.history == {}
