"""The public conformance suite: what any synthesizer has to keep, one's own included."""

from equipoise.checks.outcome import CheckFailed, Result
from equipoise.checks.synthesizers import iter_checks, run_checks

__all__ = ["CheckFailed", "Result", "iter_checks", "run_checks"]
