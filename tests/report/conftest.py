import sys
from pathlib import Path

import pytest

for folder in (Path(__file__).parent, Path(__file__).parents[1] / "analysis"):  # its planted runs
    sys.path.insert(0, str(folder))

pytest.register_assert_rewrite("seeing")

from fake_run import FakeRun  # noqa: E402
from tab import Tab  # noqa: E402

from equipoise.analysis.frames import Results  # noqa: E402
from equipoise.report.summary import summarize  # noqa: E402
from equipoise.results.store import Store  # noqa: E402

TUTORIAL = Path(__file__).parents[2] / "docs" / "results" / "tutorial.sqlite.gz"


@pytest.fixture(scope="session")
def run():
    return FakeRun().make()


@pytest.fixture(scope="session")
def summary(run):
    return summarize(run)


@pytest.fixture(scope="session")
def rerun():
    """The tutorial's run as it is committed."""
    with Store.open(TUTORIAL) as store:
        return Results.read(store)


@pytest.fixture(scope="session")
def rerun_summary(rerun):
    return summarize(rerun)


@pytest.fixture(scope="session")
def tab(tmp_path_factory):
    tab = Tab(tmp_path_factory.mktemp("chromium"))
    yield tab
    tab.close()
