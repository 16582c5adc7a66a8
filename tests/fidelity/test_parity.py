"""Scores that SDMetrics also has are its own, to 1e-9; where the rivals' environment is not there, this is skipped."""

import importlib
import subprocess
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PYTHON = BENCHMARKS.parent / ".peers/bin/python"


def has_sdmetrics():
    if not PYTHON.exists():
        return False
    done = subprocess.run(
        [PYTHON, "-c", "import importlib.metadata as m; print(m.version('sdmetrics'))"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() == "0.32.0"


@pytest.mark.skipif(
    not has_sdmetrics(), reason="no SDMetrics 0.32.0 in .peers (benchmarks/install_peers.sh)"
)
def test_scores_on_twenty_random_tables_equal_those_of_sdmetrics(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    parity = importlib.import_module("parity")
    found = parity.compare(PYTHON, "--no-adult")
    assert len(found) == 17
    for name, (n, worst, table) in found.items():
        assert n >= 20, name
        assert worst <= 1e-9, (name, table)


def test_a_difference_of_scores_is_seen_and_so_is_a_score_that_one_side_lacks(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    difference = importlib.import_module("parity").difference
    nan = float("nan")
    assert difference([1.0, nan], [1.0, nan]) == 0
    assert difference([1.0, 0.5], [1.0, 0.25]) == 0.25
    assert difference([], []) == 0
    assert difference([nan], [1.0]) == difference([1.0], [1.0, 1.0]) == float("inf")
