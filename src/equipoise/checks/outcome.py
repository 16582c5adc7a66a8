"""What a check says: nothing if the promise is kept, one sentence if it is not."""

from dataclasses import dataclass


class CheckFailed(AssertionError):
    """A promise of the interface is not kept; the message is one sentence that says which and how."""


@dataclass(frozen=True)
class Result:
    """What came of one check.

    Attributes
    ----------
    name : str
        The check's name without ``check_``.
    passed : bool
    message : str
        What was wrong; empty if nothing was.
    seconds : float
    """

    name: str
    passed: bool
    message: str
    seconds: float


def require(kept: bool, sentence: str) -> None:
    """Raise `CheckFailed` with a sentence if a promise is not kept."""
    if not kept:
        raise CheckFailed(sentence)
