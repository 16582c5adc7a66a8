"""Equipoise: seconds of an epoch on Adult as ctgan encodes it, at its settings: epochs.py ctgan|tvae FILE.npz.

Each line that comes in asks for an epoch, whose seconds are printed. First come what the matrix products of a step ask
for and what a plain product reaches: no step of these layers can take less than the one divided by the other.
"""

import json
import sys
import time

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from equipoise.networks.adversarial import Activation, Critic, Generator
from equipoise.networks.conditions import Conditions
from equipoise.networks.duel import Duel, Rules
from equipoise.networks.variational_learner import Recipe, learner_of_rows

BATCH = 500
SIDE, PRODUCTS = 1024, 50  # of the plain product, and how often it is tried
torch.set_num_threads(2)
with np.load(sys.argv[2]) as file:
    rows, spans = torch.from_numpy(file["rows"]), file["spans"]
noise = torch.Generator().manual_seed(0)
starts = np.cumsum(spans[:, 2]) - spans[:, 2]
is_scalar = spans[:, 1] == 1
block = np.where(is_scalar, -1, np.cumsum(~is_scalar) - 1)
block_ids = np.repeat(block, spans[:, 2])


def duel() -> tuple[int, int, object]:
    """Give parameters, steps of an epoch, and what takes so many steps."""
    mixed = set(spans[is_scalar, 0])
    named = [
        (start, start + width)
        for (column, _, width), start in zip(spans, starts, strict=True)
        if column not in mixed
    ]
    conditions = Conditions(rows, named, torch.zeros(len(rows), dtype=torch.int64), 0)
    width, condition = rows.shape[1], conditions.law.width
    generator = Generator(
        width=width, condition=condition, noise=128, hidden=(256, 256), generator=noise
    )
    critic = Critic(
        width=width,
        condition=condition,
        pack=10,
        hidden=(256, 256),
        dropout=0.5,
        generator=noise,
    )
    rules = Rules(BATCH, 1, 2e-4, 2e-4, 1e-6, 10.0, 0.0)
    fight = Duel(generator, critic, Activation(block_ids, 0.2), conditions, rows, rules, noise)
    batches, steps = fight.batches(), len(rows) // BATCH

    def run(epochs: int) -> None:
        for _ in range(epochs * steps):
            fight.step(next(batches))

    modules = [*generator.parameters(), *critic.parameters()]
    return sum(p.numel() for p in modules), steps, run


def autoencoder() -> tuple[int, int, object]:
    """Give parameters, steps of an epoch, and what takes so many steps."""
    n_modes = [int(spans[k + 1, 2]) if k + 1 < len(spans) else 0 for k in np.flatnonzero(is_scalar)]
    learner = learner_of_rows(
        rows,
        scalars=starts[is_scalar],
        n_modes=n_modes,
        block_ids=block_ids,
        recipe=Recipe(batch_size=BATCH, whole=True),
    )
    batches = learner.batches()

    def run(epochs: int) -> None:
        for _ in range(epochs * learner.n_batches):
            learner.step(next(batches))

    return sum(p.numel() for p in learner.network.parameters()), learner.n_batches, run


def operations_of(run: object, steps: int) -> float:
    """Give the operations of a step's matrix products, from their shapes; a multiply-add is two."""
    with FlopCounterMode(display=False) as counter:
        run(1)
    return counter.get_total_flops() / steps


def rate() -> float:
    """Give the operations a second of a plain product in single precision, the fastest of several."""
    a, b = torch.rand(2, SIDE, SIDE, generator=noise)
    seconds = []
    for _ in range(PRODUCTS):
        start = time.perf_counter()
        torch.mm(a, b)
        seconds.append(time.perf_counter() - start)
    return 2 * SIDE**3 / min(seconds)


parameters, steps, run = {"ctgan": duel, "tvae": autoencoder}[sys.argv[1]]()
run(1)
sizes = {"rows": len(rows), "columns": parameters, "steps": steps, "batch": BATCH}
print(json.dumps({**sizes, "operations": operations_of(run, steps), "rate": rate()}), flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    run(1)
    print(time.perf_counter() - start, flush=True)
