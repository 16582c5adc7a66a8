"""A results file of format 1, as a version that wrote that format left it, still gives page and figures, and goes on.

`saved/format_1.sql` says how it was made. What is expected of its page is what that version itself printed.
"""

import csv
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from equipoise.results import format as tables
from equipoise.results.compact import write_compact
from equipoise.results.records import RunInfo
from equipoise.results.store import Store

SCRIPT = Path(__file__).parent / "saved/format_1.sql"
ASKED = [("pebbles", r, m) for r in range(3) for m in ("identity", "smote")]
# Of the terminal's table of that version: opponent, gain of smote in macro F1 with its interval
PRINTED = {
    "doing nothing": (0.040, -0.444, 0.524),
    "the best simple choice": (0.068, -0.318, 0.454),
}

WITHOUT_TORCH = """
import sys

class NotInstalled:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name=name)

sys.meta_path.insert(0, NotInstalled)
from equipoise.cli import main
sys.exit(main())
"""


@pytest.fixture
def earlier(tmp_path):
    """Make the run folder that the older version left."""
    path = tmp_path / "run" / "results.sqlite"
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.executescript(SCRIPT.read_text(encoding="utf-8"))
    connection.close()
    return path


def plain(path, query):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def asked_columns(path):
    return [row[1] for row in plain(path, "PRAGMA table_info(asked)")]


def test_the_file_is_older_than_ours(earlier):
    assert plain(earlier, "PRAGMA user_version") == [(1,)]
    assert tables.FORMAT > 1
    assert "settings" not in asked_columns(earlier)


def test_it_is_read_whole_and_left_as_it_is(earlier):
    before = earlier.read_bytes()
    with Store.open(earlier) as store:
        asked, trials, scores = store.asked(), store.trials(), store.observations()
        predictions, quality, run = store.predictions(), store.quality(), store.run()
        settings = store.settings_done()
    for frame in (asked, trials):
        assert list(frame[["dataset", "repeat", "method"]].itertuples(index=False)) == ASKED
    assert set(trials["status"]) == {"done"}
    stored = plain(
        earlier,
        "SELECT dataset, repeat, method, plan, decision, classifier, part, metric, label, value "
        "FROM observation",
    )
    assert sorted(scores.itertuples(index=False, name=None)) == sorted(stored)
    assert len(predictions) == plain(earlier, "SELECT count(*) FROM prediction")[0][0]
    assert len(quality) == plain(earlier, "SELECT count(*) FROM quality")[0][0]
    assert all(np.allclose(p.sum(axis=1), 1, atol=0.002) for p in predictions["probabilities"])
    assert (run["experiment"], run["seed"]) == ("pebbles", 0)
    assert settings == dict.fromkeys(ASKED, "")  # format 1 kept none
    assert earlier.read_bytes() == before


def test_page_and_figures_are_made_of_it_where_there_is_no_torch(earlier, tmp_path):
    before = earlier.read_bytes()
    page, folder = tmp_path / "page.html", tmp_path / "figures"
    command = ["report", str(earlier), "-o", str(page), "--figures", str(folder)]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "The fair trial on pebbles" in page.read_text(encoding="utf-8")
    with open(folder / "headline.csv", encoding="utf-8") as handle:
        rows = [r for r in csv.DictReader(handle) if r["treatment"] == "smote"]
    shown = {
        r["against"]: tuple(round(float(r[c]), 3) for c in ("gain", "low", "high")) for r in rows
    }
    assert {against: shown[against] for against in PRINTED} == PRINTED
    drawn = {path.stem for path in folder.glob("*.svg")}
    assert {"headline", "train-test", "boxes-raw"} <= drawn
    for name in drawn:
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "</svg>" in (folder / f"{name}.svg").read_text(encoding="utf-8")
    numbers = {path.stem for path in folder.glob("*.csv")}
    assert drawn - numbers == {"trial"}  # the drawing of the trial's flow has none
    assert "tables" in numbers - drawn
    assert earlier.read_bytes() == before


def test_a_driver_goes_on_with_it_in_the_present_format(earlier):
    again = SimpleNamespace(
        dataset="pebbles",
        repeat=3,
        method="smote",
        trial_id="id",
        code_version="1.1",
        settings="{}",
    )
    with Store.create(earlier.parent, RunInfo("pebbles", 0)) as store:
        assert store.settings_done() == dict.fromkeys(ASKED, "")
        store.plan_trials([again])
        assert len(store.trials()) == len(ASKED)
        assert len(store.asked()) == len(ASKED) + 1
    assert plain(earlier, "PRAGMA user_version") == [(tables.FORMAT,)]
    assert "settings" in asked_columns(earlier)


def test_a_small_copy_of_it_is_of_the_present_format(earlier, tmp_path):
    write_compact(earlier, tmp_path / "small.sqlite.gz")
    with Store.open(tmp_path / "small.sqlite.gz") as small, Store.open(earlier) as whole:
        assert small.observations().equals(whole.observations())
        assert small.asked().equals(whole.asked())
    assert plain(earlier, "PRAGMA user_version") == [(1,)]
