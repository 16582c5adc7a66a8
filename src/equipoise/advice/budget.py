"""Time: how much was given, how much is left, what a fit will take."""

import math
import re
import time
from dataclasses import dataclass, field

from equipoise.errors import OptionError

UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
FINAL_SHARE = 0.15  # of the budget, for the final fit and the page
LEAST = 1.0  # seconds


def seconds_of(budget: str | float) -> float:
    """Read a budget: ``90``, ``90s``, ``5m``, ``1.5h`` or a number of seconds.

    Raises
    ------
    OptionError
        It is no length of time, or below a second.
    """
    text = str(budget).strip().lower()
    found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*(s|m|min|h)?", text)
    if found is None:
        raise OptionError(
            f"the budget must be a length of time such as 90s, 5m or 1h, got {budget!r}"
        )
    seconds = float(found[1]) * UNITS[found[2] or ""]
    if not (math.isfinite(seconds) and seconds >= LEAST):
        raise OptionError(f"the budget must be a second or more, got {budget!r}")
    return seconds


def said(seconds: float) -> str:
    """Write a length of time as a budget would be written."""
    if seconds >= 100:
        return f"{seconds / 60:.0f}m" if seconds < 5400 else f"{seconds / 3600:.1f}h"
    return f"{max(seconds, 0):.0f}s"


@dataclass
class Clock:
    """A budget that runs.

    Attributes
    ----------
    budget : float
        Seconds from `started`.
    started : float
        On the monotonic clock.
    """

    budget: float
    started: float = field(default_factory=time.monotonic)

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    @property
    def left(self) -> float:
        """Seconds until the end of the budget."""
        return self.budget - self.spent

    def for_contest(self, final_fit: float) -> float:
        """Give the seconds that the contest may still take, if the final fit takes so many."""
        return self.left - max(FINAL_SHARE * self.budget, final_fit + 0.05 * self.budget)
