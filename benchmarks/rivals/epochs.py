"""ctgan: seconds of an epoch on Adult at its own settings: epochs.py ctgan|tvae FILE.npz.

The seconds are the difference of two fits, so that encoding and start-up fall out. Parameters and steps are counted at
the optimisers that a fit makes.
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
FEW, MANY = 1, 6
METHOD = {"ctgan": CTGAN, "tvae": TVAE}[sys.argv[1]]
torch.set_num_threads(2)
table, discrete = adult.read()
made: list[torch.optim.Adam] = []


class Counted(torch.optim.Adam):
    """Adam that counts its steps."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.n_steps = 0
        made.append(self)

    def step(self, *arguments, **options):
        """Count, and move."""
        self.n_steps += 1
        return super().step(*arguments, **options)


def fit(epochs: int) -> float:
    """Give the seconds of a fit."""
    made.clear()
    model = METHOD(epochs=epochs)
    start = time.perf_counter()
    model.fit(table, discrete)
    return time.perf_counter() - start


torch.optim.Adam = Counted
for module in list(sys.modules.values()):
    if module.__name__.startswith("ctgan.") and hasattr(module, "Adam"):
        module.Adam = Counted
fit(FEW)
few, many = fit(FEW), fit(MANY)
parameters = sum(p.numel() for a in made for group in a.param_groups for p in group["params"])
print(
    json.dumps(
        {
            "seconds": (many - few) / (MANY - FEW),
            "rows": len(table),
            "columns": parameters,
            "steps": made[0].n_steps // MANY,
            "batch": inspect.signature(METHOD).parameters["batch_size"].default,
        }
    )
)
