"""Methods of other installed packages: real distributions on the path, sound and broken."""

import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest

from equipoise import plugins
from equipoise.cli import main
from equipoise.errors import OptionError
from equipoise.registry import METHODS, installed, load_class, make, method

GOOD = """
    from equipoise import Duplicate

    class Echo(Duplicate):
        how_it_conditions = "by echo"

    class Outer:
        class Inner(Duplicate):
            pass
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Lay a distribution with one module on the path; its module is forgotten afterwards."""
    known = set(sys.modules)

    def lay(name, entries, source=GOOD, version="1.2"):
        folder = tmp_path / version / name
        information = folder / f"{name}-{version}.dist-info"
        information.mkdir(parents=True)
        (information / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        lines = entries if isinstance(entries, str) else "\n".join(entries)
        (information / "entry_points.txt").write_text(f"[equipoise.synthesizers]\n{lines}\n")
        (folder / f"{name}.py").write_text(textwrap.dedent(source))
        monkeypatch.syspath_prepend(str(folder))
        return folder

    yield lay
    for name in set(sys.modules) - known:
        if name in ("echoes", "wails", "broken"):
            del sys.modules[name]


def table(folder):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.normal(size=80), "y": np.arange(80) % 4 == 0})
    frame.to_csv(folder / "t.csv", index=False)
    return folder / "t.csv"


def test_an_installed_method_is_one_like_any_other(install, tmp_path, capsys):
    install("echoes", ["echo = echoes:Echo", "inner = echoes:Outer.Inner [extra]"])
    entry = method("echo")
    assert (entry.name, entry.target, entry.source) == ("echo", "echoes:Echo", "echoes 1.2")
    assert make("echo", random_state=0).how_it_conditions == "by echo"
    assert load_class(method("inner").target).__name__ == "Inner"
    assert main(["methods"]) == 0
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("echo\t")]
    assert row.split("\t") == ["echo", "own", "echoes 1.2", "by echo", "yes", "nothing more"]
    data = table(tmp_path)
    call = ["bench", "--data", data, "--target", "y", "--methods", "echo", "--repeats", "1"]
    assert main([str(w) for w in [*call, "--decisions", "plain", "--run", tmp_path / "run"]]) == 0
    call = ["augment", data, "--target", "y", "--method", "echo", "-o", tmp_path / "more.csv"]
    assert main([str(word) for word in call]) == 0
    assert len(pd.read_csv(tmp_path / "more.csv")) == 120
    capsys.readouterr()


def test_its_rows_are_those_of_its_class_by_module_and_name(install, tmp_path):
    install("echoes", ["echo = echoes:Echo"])
    X, y = pd.DataFrame({"a": np.arange(9.0)}), np.array([0, 1, 1] * 3)
    one, other = (
        make(name, random_state=0).fit(X, y).sample({0: 4}, random_state=1)[0]
        for name in ("echo", "echoes:Echo")
    )
    pd.testing.assert_frame_equal(one, other)


def test_of_two_versions_the_first_on_the_path_counts_and_results_of_the_other_do_not(install):
    install("echoes", ["echo = echoes:Echo"])
    before = method("echo")
    install("echoes", ["echo = echoes:Echo"], version="1.3")
    after = method("echo")
    assert (before.source, after.source) == ("echoes 1.2", "echoes 1.3")
    assert before.code_version != after.code_version


def test_a_name_of_equipoises_own_stays_its_own(install, capsys):
    install("echoes", ["smote = echoes:Echo", "identity = echoes:Echo"])
    assert method("smote") is METHODS["smote"]
    assert main(["methods"]) == 0
    out, err = capsys.readouterr()
    assert "echoes 1.2" not in out
    notes = [line for line in err.splitlines() if line.startswith("note: ")]
    assert len(notes) == 2
    assert "'smote'" in notes[1]
    assert "echoes:Echo" in notes[1]


def test_two_packages_of_one_name_are_told_apart_by_their_classes(install, capsys):
    install("echoes", ["echo = echoes:Echo"])
    install("wails", ["echo = wails:Echo"])
    with pytest.raises(OptionError, match=r"echoes 1.2 \(echoes:Echo\) and by wails 1.2") as caught:
        method("echo")
    assert "\n" not in str(caught.value)
    assert method("wails:Echo").target == "wails:Echo"
    assert main(["methods"]) == 0
    assert capsys.readouterr().err.count("note: ") == 1


BROKEN = {
    "absent": ("gone = vanished_module:Echo", GOOD, "vanished_module"),
    "no_class": ("gone = broken:Nothing", GOOD, "Nothing"),
    "no_attribute": ("gone = broken", GOOD, "module:Class"),
    "syntax": ("gone = broken:Echo", "def (", "SyntaxError"),
    "raises": ("gone = broken:Echo", "raise RuntimeError('the moon is full')", "moon"),
    "no_method": ("gone = broken:Thing", "class Thing: pass", "sample(n)"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_entry_point_is_one_sentence_and_stops_nothing_else(
    install, capsys, case, tmp_path
):
    entry, source, word = BROKEN[case]
    install("broken", [entry], source)
    install("echoes", ["echo = echoes:Echo"])
    with pytest.raises(OptionError, match="'gone' of broken 1.2 is broken") as caught:
        method("gone")
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)
    assert main(["methods"]) == 0
    out, err = capsys.readouterr()
    assert "echo\t" in out
    assert err.count("note: ") == 1
    assert "'gone'" in err
    call = ["bench", "--data", str(table(tmp_path)), "--target", "y", "--methods", "gone"]
    assert main(call) == 2
    err = capsys.readouterr().err
    assert err.count("equipoise: ") == 1
    assert "Traceback" not in err
    assert main(["--version"]) == 0
    assert method("smote") is METHODS["smote"]


@pytest.mark.parametrize("name", ["two words", "a,b", "é!", "-x"])
def test_a_name_that_options_cannot_hold_is_told_of(install, name):
    install("echoes", [f"{name} = echoes:Echo", "echo = echoes:Echo"])
    sentences = []
    assert [entry.name for entry in installed(sentences.append)] == ["echo"]
    (sentence,) = sentences
    assert repr(name) in sentence


@pytest.mark.parametrize("text", ["no equals sign", "= echoes:Echo"])
def test_a_damaged_file_of_entry_points_is_passed_over(install, text):
    install("broken", text)
    install("echoes", ["echo = echoes:Echo"])
    assert method("echo").target == "echoes:Echo"


def test_an_unknown_name_is_answered_with_the_installed_ones_too(install):
    install("echoes", ["echo = echoes:Echo"])
    with pytest.raises(OptionError, match=r"great, echo, or your own"):
        method("ecko")


def test_the_suite_runs_by_its_name(install, capsys):
    install("echoes", ["echo = echoes:Echo"])
    assert main(["check", "echo"]) == 0
    assert "all checks passed" in capsys.readouterr().out


def test_nothing_is_looked_for_until_a_strange_name_is_asked():
    program = (
        "import importlib.metadata as m\n"
        "def refuse(*a, **k): raise SystemExit('looked')\n"
        "m.distributions = m.entry_points = refuse\n"
        "import equipoise, equipoise.registry as r\n"
        "from equipoise.cli import main\n"
        "main(['--help']); r.method('smote'); r.method('equipoise:Duplicate')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_path_is_read_once(install, monkeypatch):
    install("echoes", ["echo = echoes:Echo"])
    first = plugins.plugins()
    monkeypatch.setattr(plugins.metadata, "distributions", None)
    assert plugins.plugins() is first
