"""The one rule that turns probabilities and offsets into labels."""

import numpy as np
from numpy.typing import NDArray


def apply_offsets(
    probabilities: NDArray[np.float64], offsets: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Decide by argmax_c (log p_c + b_c); ties go to the first class, and p = 0 is never chosen.

    Parameters
    ----------
    probabilities : (n, C) float
    offsets : (C,) float
        Zeros give the plain argmax, exactly.

    Returns
    -------
    predicted : (n,) int
        Class positions.
    """
    factors = np.exp(offsets - np.max(offsets))
    return np.argmax(probabilities * factors, axis=1)
