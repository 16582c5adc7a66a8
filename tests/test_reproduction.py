"""docs/reproduction.md says what the committed results say."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.truth
def test_the_page_is_what_the_results_say():
    program = [sys.executable, "benchmarks/reproduction.py", "--check"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
