"""Which training rows are held out to end a training early."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SHARE = 0.1
LEAST_ROWS = 40  # a table of fewer holds none out
LEAST_OF_CLASS = 10  # a class of fewer rows holds none out, unless all have fewer
NOTHING = "none"
OF_EACH = f"a tenth of each class of {LEAST_OF_CLASS} rows or more"
OF_ALL = f"a tenth of all rows, as no class has {LEAST_OF_CLASS}"


def hold_out(y: Tensor, generator: torch.Generator) -> Tensor:
    """Choose the rows (n,) that are held out, as a mask; `held_out_of` says of which."""
    held = torch.zeros(len(y), dtype=torch.bool)
    which = held_out_of(torch.bincount(y).numpy())
    if which == OF_EACH:
        for k in range(int(y.max()) + 1):
            members = torch.nonzero(y == k)[:, 0]
            if len(members) >= LEAST_OF_CLASS:
                order = torch.randperm(len(members), generator=generator)
                held[members[order[: round(SHARE * len(members))]]] = True
    elif which == OF_ALL:
        order = torch.randperm(len(y), generator=generator)
        _, first = np.unique(y[order].numpy(), return_index=True)  # these stay: no class goes
        spare = np.delete(order.numpy(), first)
        held[torch.from_numpy(spare[: round(SHARE * len(y))])] = True
    return held


def held_out_of(counts: NDArray[np.int64]) -> str:
    """Say which rows are held out where classes have so many rows (C,)."""
    if counts.sum() < LEAST_ROWS or counts.max() == 1:
        return NOTHING
    return OF_EACH if counts.max() >= LEAST_OF_CLASS else OF_ALL
