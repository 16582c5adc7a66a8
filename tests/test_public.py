"""The public face: quick to import, documented as it is, and its README runs."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import equipoise
from equipoise.registry import METHODS, load_class

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "xgboost", "altair")


def loaded_by(code):
    """Give which heavy packages are loaded, and the seconds taken, after running code in a fresh process."""
    program = (
        f"import time, sys\nstart = time.perf_counter()\n{code}\n"
        f"print(time.perf_counter() - start, *[m for m in {HEAVY} if m in sys.modules])"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        for _ in range(3)
    ]
    words = [run.stdout.strip().splitlines()[-1].split() for run in runs]
    return min(float(first) for first, *_ in words), words[0][1:]


def test_importing_is_quick_and_brings_nothing_heavy():
    seconds, heavy = loaded_by("import equipoise")
    assert not heavy
    assert seconds < 0.5


def test_help_is_quick_and_brings_nothing_heavy():
    seconds, heavy = loaded_by("from equipoise.cli import main\nmain(['--help'])")
    assert not heavy
    assert seconds < 1.5  # 0.3 s on an idle machine; tests run beside others


def test_every_public_name_is_there_and_listed():
    for name in equipoise.__all__:
        assert getattr(equipoise, name) is not None
    assert set(equipoise.__all__) <= set(dir(equipoise))
    with pytest.raises(AttributeError, match="nothing"):
        equipoise.nothing  # noqa: B018


def documented():
    """Give the public classes and functions, and those of every method."""
    for name in equipoise.__all__:
        value = getattr(equipoise, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            yield pytest.param(value, id=name)


def parameters_in(docstring):
    """Give {name: text after the colon} of the parameters (or a dataclass's attributes) of a docstring."""
    match = re.search(
        r"\n\s*(?:Parameters|Attributes)\n\s*-+\n(.*?)(\n\s*\n\s*[A-Z]\w+\n\s*-+\n|\Z)",
        docstring,
        re.S,
    )
    if not match:
        return {}
    lines = match.group(1).splitlines()
    indent = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    found = {}
    for line in lines:
        if len(line) - len(line.lstrip()) == indent and " : " in line:
            names, _, kind = line.strip().partition(" : ")
            found |= dict.fromkeys((name.strip() for name in names.split(",")), kind)
    return found


@pytest.mark.parametrize("value", documented())
def test_docstrings_name_the_parameters_and_their_defaults(value):
    if inspect.isclass(value) and issubclass(value, Exception):
        assert value.__doc__
        return
    signature = inspect.signature(value)
    if (
        value is equipoise.Synthesizer
    ):  # a base to write one's own from: no parameters, only attributes
        assert not signature.parameters
        return
    said = parameters_in(inspect.getdoc(value) or "")
    assert list(said) == list(signature.parameters), "names or their order"
    for name, parameter in signature.parameters.items():
        if (match := re.search(r"default=(.+)$", said[name])) is not None:
            stated = ast.literal_eval(match.group(1))
            assert stated == parameter.default, name
        elif parameter.default is not inspect.Parameter.empty:
            assert parameter.default is None or "optional" in said[name], name


@pytest.mark.parametrize("entry", METHODS.values(), ids=lambda entry: entry.name)
def test_every_method_has_a_public_class(entry):
    if not entry.target.startswith("equipoise.synthesizers."):
        return
    cls = load_class(entry.target)
    assert getattr(equipoise, cls.__name__) is cls
    assert isinstance(cls.how_it_conditions, str)
    assert isinstance(cls().keeps_rows, bool)


def test_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    assert blocks
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - to see that it has not moved
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


LONG = (
    "reproduce_the_tutorial", "own_table", "benchmark_on_dask", "sampler_in_a_pipeline", "own_synthesizer",
    "quality_of_another_tools_file",
)  # fmt: skip
EXAMPLES = [
    pytest.param(path, id=path.stem, marks=[pytest.mark.truth] if path.stem in LONG else [])
    for path in sorted((ROOT / "examples").glob("*.py"))
]
NEEDS = {"dask": "distributed", "tutorial": "torch"}  # a word of the name: what the example needs


@pytest.mark.parametrize("path", EXAMPLES)
def test_every_example_runs_says_what_it_shows_and_prints_it(path, tmp_path):
    for word, package in NEEDS.items():
        if word in path.stem:
            pytest.importorskip(package)
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    # As a person runs it: workers of a cluster import the file.
    done = subprocess.run(
        [sys.executable, str(path)], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) > 5
    assert "Traceback" not in done.stdout


def test_doctests_of_the_samplers_hold():
    import doctest

    for name in ("samplers.strategies", "samplers.oversampler", "samplers.augmented"):
        result = doctest.testmod(importlib.import_module(f"equipoise.{name}"))
        assert result.attempted
        assert not result.failed
