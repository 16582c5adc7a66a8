"""The rule that turns an interval into a word."""

import math
from typing import Literal

Verdict = Literal[
    "helps", "may help", "no difference", "cannot be told", "may hurt", "hurts", "failed"
]

ROPE = 0.01  # half-width of the region of practical equivalence, in units of F1 or AUC


def verdict(low: float, high: float, p_adjusted: float, rope: float = ROPE) -> Verdict:
    """Give the word for a gain.

    Parameters
    ----------
    low, high : float
        Ends of its 95 % interval; NaN where there is none.
    p_adjusted : float
        Its p after Holm's correction for the comparisons made beside it.
    rope : float, default=0.01
        Gains this small make no difference in practice.

    Returns
    -------
    str
        "no difference" if the whole interval lies within the region of practical equivalence; "helps" or "hurts" if
        it excludes zero and still does after Holm's correction, "may help" or "may hurt" if it does only
        without; "cannot be told" otherwise.
    """
    if math.isnan(low) or math.isnan(high):
        return "cannot be told"
    if -rope <= low and high <= rope:
        return "no difference"
    sure = p_adjusted < 0.05
    if low > 0:
        return "helps" if sure else "may help"
    if high < 0:
        return "hurts" if sure else "may hurt"
    return "cannot be told"
