"""Adult, and synthetic rows half of which are independent columns and half its own rows, moved by up to 2 %."""

import numpy as np
import pandas as pd

import parity_tables

CHECKED = 500  # rows that the rival is timed on, and that both sides must agree on


def pair() -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """Give the real and the synthetic table and the kinds of their columns."""
    real, synthetic, kinds = parity_tables.adult_pair()
    moved = np.random.default_rng(1).uniform(0.98, 1.02, size=len(real))
    own = np.arange(len(real)) % 2 == 0
    for name, kind in kinds.items():
        cells = real[name] * moved if kind == "numeric" else real[name]
        synthetic[name] = cells.where(own, synthetic[name])
    return real, synthetic, kinds
