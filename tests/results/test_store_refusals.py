"""Claims about files and folders that are not ours, are damaged, full or read-only: one sentence, nothing written."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from equipoise.errors import StoreError
from equipoise.results import format as tables
from equipoise.results.records import Observation, QualityRecord, RunInfo, TrialRecord
from equipoise.results.store import Store

INFO = RunInfo("demo", 7)


def trial(number=0, n_scores=3):
    scores = tuple(
        Observation("none", "plain", "xgboost", "test", f"m{number}-{i}", "", 0.5)
        for i in range(n_scores)
    )
    quality = (QualityRecord("smote", "", "coverage", "", 0.5, 0.4, 0.6),)
    return TrialRecord(
        f"t{number}", "adult", number, "smote", "done", observations=scores, quality=quality
    )


@pytest.fixture
def run(tmp_path):
    with Store.create(tmp_path / "run", INFO) as store:
        store.write_trial(trial())
    return tmp_path / "run"


def tamper(folder, *statements):
    connection = sqlite3.connect(folder / "results.sqlite", isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def is_refused(folder, sentence):
    """Both doors refuse, with one line, and leave the folder as it was."""
    before = {item.name: item.read_bytes() for item in folder.iterdir() if item.is_file()}
    for door in (lambda: Store.open(folder), lambda: Store.create(folder, INFO)):
        with pytest.raises(StoreError, match=sentence) as caught:
            door().close()
        assert "\n" not in str(caught.value)
    after = {item.name: item.read_bytes() for item in folder.iterdir() if item.is_file()}
    assert {k: v for k, v in after.items() if v} == {k: v for k, v in before.items() if v}


def test_a_folder_of_another_program_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(StoreError, match="holds 'thesis.tex'"):
        Store.create(tmp_path, INFO)
    assert [item.name for item in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_where_the_folder_should_be_is_refused(tmp_path):
    (tmp_path / "run").write_text("x")
    with pytest.raises(StoreError, match="is a file"):
        Store.create(tmp_path / "run", INFO)


def test_results_that_do_not_exist_are_refused(tmp_path):
    with pytest.raises(StoreError, match="there are no results at"):
        Store.open(tmp_path)
    with pytest.raises(StoreError, match="there are no results at"):
        Store.open(tmp_path / "absent" / "results.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_sqlite_is_refused(tmp_path):
    (tmp_path / "results.sqlite").write_bytes(b"PK\x03\x04" + b"garbage" * 100)
    is_refused(tmp_path, "is not a results file")


def test_the_database_of_another_program_is_refused(tmp_path):
    tamper(tmp_path, "CREATE TABLE bookmarks (url TEXT)")
    is_refused(tmp_path, "belongs to another program")


def test_a_newer_format_is_refused(run):
    tamper(run, f"PRAGMA user_version = {tables.FORMAT + 1}")
    is_refused(run, f"has format {tables.FORMAT + 1}.*upgrade")


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE history",
        "CREATE TRIGGER trap AFTER INSERT ON trial BEGIN DELETE FROM score; END",
        "ALTER TABLE trial ADD COLUMN more TEXT",
    ],
)
def test_tables_that_are_not_exactly_ours_are_refused(run, statement):
    tamper(run, statement)
    is_refused(run, "its tables are not those of format")


def test_a_truncated_file_is_refused(run):
    file = run / "results.sqlite"
    file.write_bytes(file.read_bytes()[: 3 * 4096 + 100])
    with pytest.raises(StoreError, match="damaged"), Store.open(run) as store:
        store.observations()


def test_random_damage_never_raises_anything_but_a_store_error(run):
    """Every page after the first is overwritten in turn."""
    file = run / "results.sqlite"
    whole = file.read_bytes()
    n_pages = len(whole) // 4096
    refused = 0
    for page in range(1, n_pages):
        file.write_bytes(whole[: page * 4096] + b"\xa5" * 4096 + whole[(page + 1) * 4096 :])
        try:
            with Store.open(run) as store:
                for name in (
                    "trials",
                    "observations",
                    "asked",
                    "datasets",
                    "history",
                    "run",
                    "quality",
                ):
                    getattr(store, name)()
        except StoreError:
            refused += 1
    assert refused > 0


@pytest.mark.parametrize(
    ("statement", "reader"),
    [
        ("UPDATE trial SET notes = 'import os'", "trials"),
        ("UPDATE trial SET repeat = 'first'", "trials"),
        ("UPDATE trial SET notes = CAST(x'ff00ff' AS TEXT)", "trials"),
        ("UPDATE trial SET notes = '" + "[" * 50_000 + "'", "trials"),
        ("UPDATE score SET value = 'high'", "observations"),
        ("UPDATE score SET series = series + 900", "observations"),
        ("INSERT INTO history VALUES (1, 'loss', 'text')", "history"),
        ("UPDATE quality SET value = 'high'", "quality"),
        ("UPDATE quality SET low = x'00'", "quality"),
        ("UPDATE quality SET label = CAST(x'ff00ff' AS TEXT)", "quality"),
        (
            "INSERT INTO ground VALUES (1, 'x', 1000000000000, x'00', x'00')",
            "predictions",
        ),
    ],
)
def test_hostile_values_are_a_damaged_file_and_allocate_nothing(run, statement, reader):
    extra = ["INSERT INTO prediction VALUES (1, 1, '', '', '', '', 1, 2, x'00', x'00')"]
    tamper(run, statement, *(extra if "ground" in statement else []))
    with pytest.raises(StoreError, match="is damaged") as caught, Store.open(run) as store:
        getattr(store, reader)()
    assert "\n" not in str(caught.value)


def test_an_empty_file_left_by_a_killed_driver_is_filled_at_the_next_start(tmp_path):
    (tmp_path / "results.sqlite").touch()
    with pytest.raises(StoreError, match="is empty"):
        Store.open(tmp_path)
    with Store.create(tmp_path, INFO) as store:
        store.write_trial(trial())


def test_a_second_writer_is_refused_with_the_number_of_the_first(tmp_path):
    script = (
        "import sys; from equipoise.results.records import RunInfo\n"
        "from equipoise.results.store import Store\n"
        "store = Store.create(sys.argv[1], RunInfo('demo', 7)); print('open', flush=True)\n"
        "sys.stdin.read()"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "run")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with owner:
        assert owner.stdout.readline() == b"open\n"
        with pytest.raises(StoreError, match=f"in use by process {owner.pid}:"):
            Store.create(tmp_path / "run", INFO)
        owner.kill()
        owner.wait()
        Store.create(tmp_path / "run", INFO).close()


def test_a_full_file_is_a_sentence_and_keeps_what_is_finished(tmp_path):
    with Store.create(tmp_path, INFO) as store:
        store.write_trial(trial(0))
        pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
        store._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StoreError, match="no room left to write .*: what is finished is kept"):
            store.write_trial(trial(1, n_scores=5000))
        assert store.trials()["trial_id"].tolist() == ["t0"]
    with Store.open(tmp_path) as reader:
        assert len(reader.observations()) == 3


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte; only the administrator may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("mounting a small disk needs Linux and root")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True
    )
    if made.returncode:
        pytest.skip("this machine does not let us mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(store):
    for number in range(100):
        store.write_trial(trial(number, n_scores=2000))


def test_a_full_disk_is_a_sentence_and_keeps_what_is_finished(small_disk):
    with Store.create(small_disk / "run", INFO) as store:
        with pytest.raises(StoreError, match="no room left|disk I/O error"):
            fill(store)
    with Store.open(small_disk / "run") as reader:
        kept = reader.trials()
        assert 0 < len(kept) < 100
        assert len(reader.observations()) == 2000 * len(kept)


def test_a_disk_that_is_full_from_the_start_is_a_sentence(small_disk):
    with open(small_disk / "ballast", "wb", buffering=0) as ballast, suppress(OSError):
        while True:
            ballast.write(bytes(4096))
    with pytest.raises(StoreError, match="no room left|disk I/O error"):
        Store.create(small_disk / "run", INFO)


@pytest.fixture
def read_only(small_disk):
    """Make a disk with a run on it read-only, its log left beside it or not."""

    def make(log):
        with Store.create(small_disk / "run", INFO) as store:
            store.write_trial(trial())
            if log:  # as a killed driver leaves it
                for item in (small_disk / "run").iterdir():
                    (small_disk / f"copy-{item.name}").write_bytes(item.read_bytes())
        if log:
            for item in list(small_disk.glob("copy-*")):
                if not item.name.endswith("-shm"):
                    item.rename(small_disk / "run" / item.name.removeprefix("copy-"))
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        return small_disk / "run"

    return make


@pytest.mark.parametrize("log", [False, True])
def test_a_run_on_a_read_only_disk_is_read_in_full_and_not_written(read_only, log):
    folder = read_only(log)
    with Store.open(folder) as reader:
        assert len(reader.observations()) == 3
        assert len(reader.trials()) == 1
    with pytest.raises(StoreError, match="cannot be written .*: name a folder of your own"):
        Store.create(folder, INFO)
    with pytest.raises(StoreError, match="cannot be written"):
        Store.create(folder.parent / "new", INFO)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_write_permission_is_read_and_not_written(run):
    run.chmod(0o555)
    Path(run / "lock").chmod(0o444)
    try:
        with Store.open(run) as reader:
            assert len(reader.trials()) == 1
        with pytest.raises(StoreError, match="cannot be written"):
            Store.create(run, INFO)
    finally:
        run.chmod(0o755)
