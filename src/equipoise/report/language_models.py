"""Which language model wrote rows, and which only stands in for one: a reader must not take one for the other."""

import json
import re

from equipoise.analysis.frames import Results
from equipoise.registry import STAND_IN, STAND_IN_IS
from equipoise.tables.schema import listed

PRETRAINED = "great"


def language_models(results: Results) -> dict[str, str]:
    """Give a sentence for each method of the run that is a language model or stands in for one."""
    asked = results.asked if len(results.asked) else results.trials
    names = list(dict.fromkeys(asked["method"]))
    said = {}
    for name in names:
        kind = name.partition(":")[0]
        if kind == STAND_IN:
            said[name] = f"{name} {STAND_IN_IS}."
        elif kind == PRETRAINED:
            said[name] = _pretrained(name, results)
    return said


def _pretrained(name: str, results: Results) -> str:
    done = results.trials[(results.trials["status"] == "done") & (results.trials["method"] == name)]
    if done.empty:
        return f"{name} is a pretrained language model; no trial of it has run."
    used = f"{name} is a pretrained language model, fine-tuned on the training rows"
    if "settings" not in results.asked.columns:
        return f"{used}; which one, this run has not noted."
    keys = ["dataset", "repeat", "method"]
    settings = results.asked.merge(done[keys], on=keys)["settings"]
    models = dict.fromkeys(_model(text) for text in settings)
    if "" in models:
        return f"{used}; which one, this run has not noted."
    return f"{used}: {listed(list(models))}."


def _model(settings: str) -> str:
    """Give the name of the model that a trial was asked for with, without the folder that it lies in."""
    if not settings:
        return ""
    given = json.loads(settings).get("given", {})
    path = given.get("parameters.gguf_file") or given.get("parameters.model")
    if not path:
        return "the one that it takes by default"
    return re.split(r"[\\/]", str(path).rstrip("\\/"))[-1]
