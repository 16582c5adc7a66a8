"""Quality results of small tables, with the scores that are quickly had."""

import numpy as np
import pandas as pd

from equipoise.fidelity.novelty import score_novelty, score_novelty_references
from equipoise.fidelity.quality import Quality
from equipoise.fidelity.reading import read_trio
from equipoise.fidelity.references import score_references, score_synthetic
from equipoise.fidelity.registry import METRICS, TRIAL_PRIVACY_METRICS
from equipoise.fidelity.scores import fidelity_scores, novelty_scores

SLOW = ("detection", "label-fidelity", "train-on-synthetic")
QUICK = tuple(m for m in METRICS if m.name not in SLOW)


def quality_of(real, made, held, target, **changed):
    """Give a result as `quality` does, but for the scores that train trees."""
    rng = np.random.default_rng(0)
    read = read_trio(real, made, target, holdout=held)
    trio = read.trio
    near, copying = score_novelty(trio, TRIAL_PRIVACY_METRICS, rng)
    beside = score_novelty_references(trio, TRIAL_PRIVACY_METRICS, rng)
    drawn = score_synthetic(trio, QUICK, rng, trio.synthetic)
    known = score_references(trio, QUICK, rng, trio.synthetic)
    found = {
        "target": target,
        "classes": tuple(label for label in copying if label),
        "held_out": True,
        "scores": fidelity_scores(QUICK, drawn, known),
        "privacy": novelty_scores(TRIAL_PRIVACY_METRICS, near, beside),
        "copying": copying,
        "too_few": (),
        "coerced": read.coerced,
        "notes": (*read.unseen, *read.left_out),
        "trio": trio,
    }
    return Quality(**{**found, **changed})


def mixed(n, seed, names=("age", "born", "job", "rich"), classes=("no", "yes")):
    """Rows with a number, a date, a level, missing cells and a class."""
    rng = np.random.default_rng(seed)
    y = rng.integers(len(classes), size=n)
    age = np.round(40 + 8 * y + 10 * rng.normal(size=n), 1)
    age[rng.random(n) < 0.1] = np.nan
    cells = (
        age,
        pd.Timestamp("1980-01-01") + pd.to_timedelta(rng.integers(9000, size=n), "D"),
        np.array(["cook", "smith", "clerk"])[rng.integers(3, size=n)],
        np.array(classes)[y],
    )
    return pd.DataFrame(dict(zip(names, cells, strict=True)))
