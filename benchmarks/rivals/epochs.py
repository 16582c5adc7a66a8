"""ctgan: seconds of an epoch on Adult at its own settings: epochs.py ctgan|tvae.

Each line that comes in asks for an epoch, whose seconds are printed. A first fit of one epoch counts parameters and
steps at the optimisers that it makes; in a second, endless one the last optimiser step of an epoch waits for the line,
from the second epoch on.
"""

import inspect
import json
import sys
import time
import warnings

import torch
from ctgan import CTGAN, TVAE

import adult

warnings.filterwarnings("ignore")
ENDLESS = 10**6
METHOD = {"ctgan": CTGAN, "tvae": TVAE}[sys.argv[1]]
torch.set_num_threads(2)
table, discrete = adult.read()
made: list[torch.optim.Adam] = []
first_fit = True


class Counted(torch.optim.Adam):
    """Adam that counts its steps and, in the second fit, stops after each epoch until it is asked for another."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.n_steps = 0
        made.append(self)

    def step(self, *arguments, **options):
        """Move, count, and wait where an epoch ends."""
        moved = super().step(*arguments, **options)
        self.n_steps += 1
        if not first_fit and self is made[0] and self.n_steps % steps == 0:
            wait()
        return moved


def wait() -> None:
    """Print the seconds since the last line came in, at first the sizes, and take the next line; none is the end."""
    global start
    print(json.dumps(sizes) if start is None else time.perf_counter() - start, flush=True)
    if not sys.stdin.readline():
        sys.exit(0)
    start = time.perf_counter()


torch.optim.Adam = Counted
for module in list(sys.modules.values()):
    if module.__name__.startswith("ctgan.") and hasattr(module, "Adam"):
        module.Adam = Counted
METHOD(epochs=1).fit(table, discrete)
steps, start = made[0].n_steps, None
sizes = {
    "rows": len(table),
    "columns": sum(p.numel() for a in made for group in a.param_groups for p in group["params"]),
    "steps": steps,
    "batch": inspect.signature(METHOD).parameters["batch_size"].default,
}
made.clear()
first_fit = False
METHOD(epochs=ENDLESS).fit(table, discrete)
