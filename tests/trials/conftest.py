import os
import sys
from pathlib import Path

import pytest

FAKES = str(Path(__file__).parent / "fakes")


@pytest.fixture
def fakes(monkeypatch):
    """The module of fake trials, importable here and in whatever is started from here."""
    monkeypatch.syspath_prepend(FAKES)
    before = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [FAKES, before])))
    import equipoise_fakes

    yield equipoise_fakes
    sys.modules.pop("equipoise_fakes", None)
