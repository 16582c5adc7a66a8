"""docs/reproduction.md says what the committed results say, and shows figures that are there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
IMAGE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.truth
def test_the_page_is_what_the_results_say():
    program = [sys.executable, "benchmarks/reproduction.py", "--check"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def shown_by(page):
    """Give the files that a page shows as pictures."""
    return {page.parent / link for link in IMAGE.findall(page.read_text(encoding="utf-8"))}


def test_every_figure_that_a_page_shows_is_there_and_every_figure_is_shown():
    shown = set().union(*map(shown_by, [*DOCS.glob("*.md"), ROOT / "README.md"]))
    assert shown_by(DOCS / "reproduction.md")
    for figure in shown:
        assert figure.is_file(), f"{figure} is shown and is not there: make reproduction"
        assert figure.read_bytes().startswith(b"\x89PNG"), figure
    assert set((DOCS / "figures").iterdir()) <= shown
