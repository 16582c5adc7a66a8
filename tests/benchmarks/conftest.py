import importlib
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark_module(monkeypatch):
    """Import a module of the benchmarks, which import each other by plain names."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module
