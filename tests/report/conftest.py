import sys
from pathlib import Path

import pytest

for folder in (Path(__file__).parent, Path(__file__).parents[1] / "analysis"):  # its planted runs
    sys.path.insert(0, str(folder))

from fake_run import FakeRun  # noqa: E402

from equipoise.report.summary import summarize  # noqa: E402


@pytest.fixture(scope="session")
def run():
    return FakeRun().make()


@pytest.fixture(scope="session")
def summary(run):
    return summarize(run)
