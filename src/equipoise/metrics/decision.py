"""The rule that turns probabilities and offsets into labels, and the one that moves probabilities to another prior."""

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


def correct_prior(
    probabilities: NDArray[np.float64],
    trained_prior: NDArray[np.float64],
    true_prior: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Move probabilities from the class shares of training to those of use (Saerens et al. 2002, equation 2.4).

    Parameters
    ----------
    probabilities : (n, C) float
    trained_prior : (C,) float
        Class shares, or class weights times counts, that the classifier was trained at.
    true_prior : (C,) float
        Class shares where it is used.

    Returns
    -------
    corrected : (n, C) float
        Rows add up to 1. A class that training did not have keeps 0; a row left with nothing gets the true prior.
    """
    trained = np.asarray(trained_prior, dtype=np.float64)
    true = np.asarray(true_prior, dtype=np.float64)
    trained, true = trained / trained.sum(), true / true.sum()
    corrected = probabilities * np.divide(true, trained, out=np.zeros_like(true), where=trained > 0)
    total = corrected.sum(axis=1, keepdims=True)
    return np.where(total > 0, corrected / np.where(total > 0, total, 1.0), true)
