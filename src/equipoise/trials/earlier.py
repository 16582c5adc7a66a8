"""A call on a run folder that has results: what was asked before stays asked, and one method has one setting."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from equipoise.errors import StoreError
from equipoise.trials.experiment import Cell, Trial

Done = Mapping[tuple[str, int, str], str]  # settings of what is done, by dataset, repeat and method


def joined(trials: Sequence[Trial], done: Done) -> list[Trial]:
    """Give the trials with the cells that they were done with before, so that nothing gets lost.

    Parameters
    ----------
    trials : sequence of Trial
        As they are asked for now.
    done : mapping of (dataset, repeat, method) to str
        `Trial.settings` of what is stored as done; empty where an older format did not keep them.

    Raises
    ------
    StoreError
        A method was run with other settings on a table of this run, in whatever repeat: their scores would be averaged.
    """
    before: dict[tuple[str, str], dict[str, Any]] = {}
    for (dataset, _, method), text in done.items():
        if text:
            before[dataset, method] = json.loads(text)["given"]
    out = []
    for trial in trials:
        given = json.loads(trial.settings)["given"]
        _refuse_other(trial, given, before.get((trial.dataset, trial.method), given))
        text = done.get((trial.dataset, trial.repeat, trial.method), "")
        if text:
            trial = _extended(trial, json.loads(text))
        out.append(trial)
    return out


def _refuse_other(trial: Trial, given: dict[str, Any], before: dict[str, Any]) -> None:
    for name in sorted({*given, *before}):
        now, then = given.get(name), before.get(name)
        if now != then:
            what = name.removeprefix("parameters.")
            raise StoreError(
                f"this run folder holds {trial.method} on {trial.dataset} with {what} = {_told(then)}, and now it is "
                f"asked for with {what} = {_told(now)}: one mean would hold both; name another folder with --run"
            )


def _told(value: Any) -> str:
    return "its default" if value is None else json.dumps(value)


def _extended(trial: Trial, before: dict[str, Any]) -> Trial:
    cells = dict.fromkeys([*trial.cells, *(Cell(*cell) for cell in before["cells"])])
    return replace(trial, cells=tuple(cells), quality=trial.quality or before["quality"])
