"""The race at one moment, for whoever watches."""

from dataclasses import dataclass
from typing import Protocol

Standings = tuple[tuple[str, float, float], ...]  # name, score, gain over doing nothing; best first


class Progress(Protocol):
    """Who is told how the race goes."""

    def update(self, view: "View") -> None:
        """Take note of the race."""


@dataclass(frozen=True)
class View:
    """The race at one moment.

    Attributes
    ----------
    partition, fold : int
        Folds finished: `fold` of them in partition number `partition`, from 1.
    standings : tuple of (name, score, gain over doing nothing)
        Best first; as of the last race or partition.
    running : tuple of str
    out : dict of name to reason
        Models that have left.
    left : float
        Seconds of the whole budget.
    news : str
        What has just happened; empty where nothing but time has passed.
    """

    partition: int
    fold: int
    standings: Standings
    running: tuple[str, ...]
    out: dict[str, str]
    left: float
    news: str = ""
