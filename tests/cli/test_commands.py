"""The commands do what they say and end with the status that they promise."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pandas as pd
import pytest

from equipoise.cli import main
from equipoise.cli.results import conclude
from equipoise.registry import METHODS


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run on a table of one's own, and its folder."""
    folder = tmp_path_factory.mktemp("run")
    rng = np.random.default_rng(0)
    n = 120
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, n).astype(str),
            "pay": np.round(rng.normal(1000, 100, n), 1),
            "job": rng.choice(["cook", "smith", "?"], n),
            "y": np.where(rng.random(n) < 0.3, 1, 0),
        }
    )
    frame.loc[3, "age"] = "?"
    frame.to_csv(folder / "staff.csv", index=False)
    call = ["bench", "--data", folder / "staff.csv", "--target", "y", "--missing", "?"]
    call += ["--methods", "smote", "--repeats", "2", "--run", folder / "run", "--jobs", "2"]
    assert main([str(word) for word in call]) == 0
    return folder / "run"


def test_a_run_leaves_its_results_and_a_page(finished):
    assert (finished / "results.sqlite").exists()
    assert "staff" in (finished / "report.html").read_text(encoding="utf-8")


def test_the_page_says_how_faithful_the_rows_are_unless_told_not_to(finished, tmp_path):
    assert "How faithful are the rows?" in (finished / "report.html").read_text(encoding="utf-8")
    call = ["bench", "--data", finished.parent / "staff.csv", "--target", "y", "--missing", "?"]
    call += ["--methods", "smote", "--decisions", "plain", "--repeats", "1", "--no-quality"]
    assert main([str(word) for word in [*call, "--run", tmp_path / "run"]]) == 0
    assert "How faithful" not in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


def test_the_same_command_again_runs_nothing_again(finished, capsys):
    folder = finished.parent
    call = ["bench", "--data", folder / "staff.csv", "--target", "y", "--missing", "?"]
    call += ["--methods", "smote", "--repeats", "2", "--run", finished]
    started = time.perf_counter()
    assert main([str(word) for word in call]) == 0
    assert time.perf_counter() - started < 30
    assert "done in" not in capsys.readouterr().err


def test_status_counts_and_names_the_slowest(finished, capsys):
    assert main(["status", str(finished)]) == 0
    said = capsys.readouterr().out
    assert "4 trials asked: 4 done, 0 failed, 0 timed out, 0 skipped, 0 left" in said
    assert "slowest" in said


@pytest.mark.parametrize("name", ["o.csv", "o.csv.gz", "o.parquet"])
def test_export_writes_the_tidy_table(finished, tmp_path, name):
    assert main(["export", str(finished), "-o", str(tmp_path / name)]) == 0
    read = pd.read_parquet if name.endswith("parquet") else pd.read_csv
    frame = read(tmp_path / name)
    assert {"dataset", "method", "metric", "value"} <= set(frame.columns)
    assert len(frame) > 100


def test_report_makes_the_page_and_the_figures_from_the_results_file_alone(finished, tmp_path):
    copy = tmp_path / "elsewhere.sqlite"
    copy.write_bytes((finished / "results.sqlite").read_bytes())
    page, figures = tmp_path / "page.html", tmp_path / "figures"
    assert main(["report", str(copy), "-o", str(page), "--figures", str(figures)]) == 0
    assert page.stat().st_size > 10_000
    assert {path.suffix for path in figures.iterdir()} == {".png", ".svg", ".csv"}


@pytest.mark.parametrize("words", [
    ("report", "RUN", "-o", "nowhere/page.html"), ("report", "RUN", "-o", "."),
    ("report", "RUN", "--figures", "file.txt"),
])  # fmt: skip
def test_a_place_where_no_page_can_be_put_is_refused_in_a_sentence(
    finished, words, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.txt").write_text("mine")
    assert main([str(finished) if word == "RUN" else word for word in words]) == 2
    said = capsys.readouterr().err
    assert said.startswith("equipoise: ")
    assert said.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]


def test_a_pipe_that_closes_leaves_the_page(finished, monkeypatch):
    def closed(*args, **kwargs):
        raise BrokenPipeError

    monkeypatch.setattr("equipoise.report.terminal.show", closed)
    page = finished / "report.html"
    page.unlink()
    with pytest.raises(BrokenPipeError):
        conclude(finished)
    assert page.exists()


def test_report_loads_no_torch(finished, tmp_path):
    program = (
        "import sys; from equipoise.cli import main; "
        f"status = main(['report', {str(finished)!r}, '-o', {str(tmp_path / 'p.html')!r}]); "
        "sys.exit(status or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_datasets_and_methods_list_all_there_is(capsys):
    assert main(["datasets"]) == 0
    assert "ionosphere" in capsys.readouterr().out
    assert main(["methods"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in METHODS)


def test_no_words_give_the_help_and_version_the_version(capsys):
    assert main([]) == 0
    assert "bench" in capsys.readouterr().out
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("equipoise 0.")


OWN = textwrap.dedent(
    """
    from equipoise import Duplicate

    class Good(Duplicate):
        pass

    class Broken(Duplicate):
        def _sample(self, counts, rng):
            raise ValueError("the moon is full")

    class Sleepy(Duplicate):
        def _fit(self, table, y, rng):
            import time
            time.sleep(60)
    """
)


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "my_methods.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("my_methods", None)


def test_check_passes_a_good_synthesizer_and_names_what_a_broken_one_does(own, capsys):
    assert main(["check", "my_methods:Good"]) == 0
    assert "all checks passed" in capsys.readouterr().out
    assert main(["check", "my_methods:Broken"]) == 1
    assert "the moon is full" in capsys.readouterr().out


def test_a_method_that_raises_is_recorded_and_the_rest_finishes_with_status_1(own, capsys):
    call = ["bench", "demo", "--datasets", "ionosphere", "--repeats", "1", "--run", "out"]
    call += ["--methods", "my_methods:Broken,my_methods:Good", "--decisions", "plain"]
    assert main(call) == 1
    assert "--retry-failed" in capsys.readouterr().out
    assert main(["status", "out"]) == 1
    said = capsys.readouterr().out
    assert "2 done, 1 failed" in said
    assert "the moon is full" in said


def test_interrupted_keeps_what_was_finished_and_gives_130(own):
    call = [sys.executable, "-m", "equipoise", "bench", "demo", "--datasets", "ionosphere"]
    call += ["--methods", "my_methods:Sleepy", "--repeats", "1", "--run", "out"]
    call += ["--decisions", "plain"]
    environment = {**os.environ, "PYTHONPATH": str(own)}
    driver = subprocess.Popen(call, stderr=subprocess.PIPE, text=True, env=environment)
    for line in driver.stderr:
        if "identity; done" in line:
            break
    driver.send_signal(signal.SIGINT)
    said = driver.stderr.read()
    driver.stderr.close()
    assert driver.wait(timeout=30) == 130, said
    assert "Traceback" not in said
    assert said.endswith("interrupted: what was finished is kept\n")
    assert main(["status", "out"]) == 0
