"""The command line: parses, calls, prints; no science."""

from equipoise.cli.app import main

__all__ = ["main"]
