"""Rules that turn probabilities into labels, by offsets or by costs, and one that moves them to another prior."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from equipoise.errors import OptionError
from equipoise.tables.labels import Labels

SUM = 1e-3  # by which stated class shares may miss 1


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


def least_cost(probabilities: NDArray[np.float64], costs: NDArray[np.float64]) -> NDArray[np.int64]:
    """Take the class of least expected cost (Elkan 2001, equation 1).

    Parameters
    ----------
    probabilities : (n, C) float
        Calibrated, at the class shares of use.
    costs : (C, C) float
        True class down, decision across.

    Returns
    -------
    predicted : (n,) int
        Class positions; ties go to the first.
    """
    return np.argmin(probabilities @ costs, axis=1)


def cost_matrix(costs: Any, labels: Labels) -> NDArray[np.float64]:
    """Turn what a mistake costs into a matrix (C, C): true class down, decision across.

    Parameters
    ----------
    costs : dict of (true, decided) to number, or DataFrame
        What is not named costs 0 where the decision is right and 1 where it is wrong. A frame has the true classes as
        index and the decisions as columns.
    labels : Labels

    Raises
    ------
    OptionError
        A class is unknown, a cost is no finite number, or a mistake costs no more than the right decision.
    """
    if not isinstance(costs, Mapping | pd.DataFrame):
        raise OptionError(
            f"costs must be a dict of (true class, decision) to number, or a frame, got {costs!r}"
        )
    matrix = 1.0 - np.eye(len(labels))
    cells: Mapping[Any, Any] = costs if isinstance(costs, Mapping) else costs.stack().to_dict()
    for key, value in cells.items():
        pair = tuple(labels.find(part) for part in key) if isinstance(key, tuple) else ()
        if len(pair) != 2 or None in pair:
            raise OptionError(
                f"a cost belongs to a pair (true class, decision) of the classes "
                f"{', '.join(map(repr, labels.texts))}; got {key!r}"
            )
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = np.nan
        if not np.isfinite(number):
            raise OptionError(f"the cost of {key!r} must be a finite number, got {value!r}")
        matrix[pair] = number
    wrong = matrix + np.diag(np.full(len(labels), np.inf))
    idle = (wrong <= np.diag(matrix)[:, None]).any(axis=1)
    if idle.any():
        raise OptionError(
            f"for rows of class {labels.texts[int(idle.argmax())]!r} a mistake costs no more than the right "
            "decision, so that there would be nothing to decide; give it a higher cost"
        )
    return matrix


def named_costs(matrix: NDArray[np.float64], labels: Labels) -> dict[tuple[Any, Any], float]:
    """Give the costs (C, C) that are not 0 where right and 1 where wrong, by their pair of labels."""
    usual = 1.0 - np.eye(len(labels))
    return {
        (labels.classes[i], labels.classes[j]): float(matrix[i, j])
        for i, j in np.argwhere(matrix != usual).tolist()
    }


def class_shares(prior: Any, labels: Labels) -> NDArray[np.float64]:
    """Read the class shares (C,) where a classifier is used.

    Parameters
    ----------
    prior : dict of label to share
        One class may be left out; it gets the rest.
    labels : Labels

    Raises
    ------
    OptionError
        A class is unknown, a share is no number above 0, or they do not add up to 1 within 0.001.
    """
    if not isinstance(prior, Mapping):
        raise OptionError(f"prior must be a dict of class to share, got {prior!r}")
    shares = np.full(len(labels), np.nan)
    for label, share in prior.items():
        place = labels.find(label)
        if place is None:
            raise OptionError(
                f"prior names the class {str(label)!r}; the classes are "
                f"{', '.join(map(repr, labels.texts))}"
            )
        try:
            shares[place] = float(share)
        except (TypeError, ValueError):
            raise OptionError(
                f"the share of class {label!r} must be a number, got {share!r}"
            ) from None
    absent = np.isnan(shares)
    if absent.sum() == 1:
        shares[absent] = 1.0 - np.nansum(shares)
    elif absent.any():
        missed = [t for t, gone in zip(labels.texts, absent, strict=True) if gone]
        raise OptionError(
            f"prior must give the share of every class (one may be left out); "
            f"{', '.join(map(repr, missed[:5]))} are missing"
        )
    if (shares <= 0).any() or abs(shares.sum() - 1) > SUM:
        raise OptionError(
            "the shares of prior must be above 0 and add up to 1, got "
            + ", ".join(f"{t}={s:g}" for t, s in zip(labels.texts, shares, strict=True))
        )
    return shares / shares.sum()
