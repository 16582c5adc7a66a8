"""Who may import whom: the data flows one way, and an arrow never points back."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "equipoise"
FLOORS = {
    "errors": 0,
    "seeds": 0,
    "tables": 1,
    "results": 1,
    "datasets": 2,
    "networks": 2,
    "metrics": 2,
    "plugins": 2,
    "classifiers": 3,
    "registry": 3,
    "saving": 4,
    "fidelity": 5,
    "synthesizers": 5,
    "samplers": 6,
    "augmentation": 7,
    "checks": 7,
    "trials": 7,
    "analysis": 7,
    "report": 8,
    "advice": 9,
    "cli": 10,
    "__main__": 11,
}
# Inside a package a file imports only those before it.
ORDER = {
    "tables": [
        "grids",
        "dates",
        "schema",
        "labels",
        "frames",
        "coded",
        "cells",
        "csv_text",
        "parquet",
        "writer",
        "io",
    ]
    + ["layout", "mixture", "modes", "encoder"],
}
ONLY = {"analysis": {"results", "metrics", "errors", "seeds", "analysis"}}
NEVER = {"report": {"trials", "networks", "synthesizers", "samplers"}}
HEAVY = {
    "torch": {"networks", "saving", "synthesizers", "checks", "trials"},
    "xgboost": {"classifiers"},
    "altair": {"report"},
    "sqlite3": {"results"},
    "pickle": {"trials"},  # between processes of one run, never into a file that lasts
    "joblib": set(),
}


def imports(path):
    """Give (module, line) of every import of a file, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield base, node.lineno
            for alias in node.names:
                yield f"{base}.{alias.name}", node.lineno


def room(path):
    """Give the floor's name of a source file, and the file's name in its package."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return parts[0], parts[-1] if len(parts) > 1 else ""


def own(module):
    """Give the room and the file that a module of ours names, or None."""
    parts = module.split(".")
    if parts[0] != "equipoise" or len(parts) < 2:
        return None
    return parts[1], parts[2] if len(parts) > 2 else ""


def broken(path):
    here, file = room(path)
    if here == "__init__":
        return
    for module, line in imports(path):
        where = f"{path.relative_to(SOURCE)}:{line} imports {module}"
        top = module.split(".")[0]
        if top in HEAVY and here not in HEAVY[top]:
            yield f"{where}: only {sorted(HEAVY[top])} may"
        there = own(module)
        if there is None or there[0] not in FLOORS:
            continue
        if there[0] == here:
            order = ORDER.get(here, [])
            if file in order and there[1] in order and order.index(there[1]) >= order.index(file):
                yield f"{where}: inside {here} a file imports only those before it"
        elif FLOORS[there[0]] >= FLOORS[here]:
            yield f"{where}: floor {FLOORS[here]} imports lower floors only"
        if there[0] in NEVER.get(here, ()):
            yield f"{where}: {here} never imports {there[0]}"
        if here in ONLY and there[0] not in ONLY[here]:
            yield f"{where}: {here} imports {sorted(ONLY[here])} only"


SOURCES = sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_file_imports_lower_floors_only(path):
    assert not list(broken(path))


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_every_source_file_has_a_floor_and_a_readable_size(path):
    here, _ = room(path)
    assert here in FLOORS or here == "__init__"
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    long = [
        f"{node.name}: {node.end_lineno - node.lineno} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno > 60
    ]
    assert not long


def test_an_arrow_that_points_back_is_caught(tmp_path, monkeypatch):
    wrong = tmp_path / "tables" / "wrong.py"
    wrong.parent.mkdir()
    wrong.write_text("import torch\nfrom equipoise.trials import runner\n")
    monkeypatch.setattr("sys.modules", {**__import__("sys").modules})
    monkeypatch.setitem(broken.__globals__, "SOURCE", tmp_path)
    assert len(list(broken(wrong))) == 3  # torch, equipoise.trials and equipoise.trials.runner
