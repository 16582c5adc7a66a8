import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fake_run import FakeRun  # noqa: E402

from equipoise.report.summary import summarize  # noqa: E402


@pytest.fixture(scope="session")
def run():
    return FakeRun().make()


@pytest.fixture(scope="session")
def summary(run):
    return summarize(run)
